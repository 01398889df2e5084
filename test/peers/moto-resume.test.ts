/** A collection that is killed, by the built CLI on moto: whenever that is, the next one makes the dataset whole, and nothing is in it twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../src/store/index.ts";
import { jsonOf, type MotoOrders, startOrders } from "./support/moto-orders.ts";
import { clientEnv, has } from "./support/servers.ts";

const BIN = fileURLToPath(new URL("../../bin/run.js", import.meta.url));
const EVERYTHING = { from: null, to: null, functions: [], clouds: [] };

describe.skipIf(!has("moto"))("collect, killed and run again", () => {
  let orders: MotoOrders;
  /** One window for all runs, or their ends would differ. */
  let window: string[];
  let whole: unknown;
  /** Requests of a collection that nobody disturbs. */
  let requests: number;

  beforeAll(async () => {
    orders = await startOrders();
    const to = Date.now();
    window = ["--since", new Date(to - 12 * 86_400_000).toISOString(), "--until", new Date(to).toISOString()];
    const before = orders.proxy.requests.length;
    const ran = await orders.cli("collect", ...window, "--data", "whole", "--format", "json");
    expect(ran.code, ran.stderr).toBe(0);
    requests = orders.proxy.requests.length - before;
    whole = await contents("whole");
  });
  afterAll(() => orders?.stop());

  it("an undisturbed collection has every run and line that was put", () => {
    const { runs, lines } = whole as { runs: string[]; lines: number };
    expect(runs).toHaveLength(orders.runs.length);
    expect(new Set(runs).size).toBe(orders.runs.length);
    expect(lines).toBeGreaterThan(orders.runs.length);
  });

  it.each([0.05, 0.4, 0.7, 0.95])("after the share %s of its requests", async (share) => {
    const data = `killed-${share}`;
    const before = orders.proxy.requests.length;
    const killed = await start(data, () => orders.proxy.requests.length - before >= Math.floor(requests * share));
    expect(killed).toBe("SIGKILL");
    const asked = orders.proxy.requests.length;
    const again = await orders.cli("collect", ...window, "--data", data, "--format", "json");
    expect(again.code, again.stderr).toBe(0);
    expect(jsonOf(again).gaps).toEqual([]);
    // no more than an undisturbed one, but for how often a query is asked whether it is done
    expect(orders.proxy.requests.length - asked).toBeLessThanOrEqual(requests * 1.1);
    expect(await contents(data)).toEqual(whole);
    const third = await orders.cli("collect", ...window, "--data", data, "--format", "json");
    expect(jsonOf(third).byType).toEqual({});
    expect(orders.proxy.writes()).toEqual([]);
  });

  /** Kills the collection as soon as `when` says so; the signal that ended it. */
  function start(data: string, when: () => boolean): Promise<string | null> {
    const env = { PATH: process.env["PATH"]!, ...clientEnv(orders.proxy.url, orders.home), CI: "true" };
    const child: ChildProcess = spawn(process.execPath, [BIN, "collect", ...window, "--data", data], {
      cwd: orders.home,
      env,
      stdio: "ignore",
    });
    const watch = setInterval(() => {
      if (when()) child.kill("SIGKILL");
    }, 1);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (_, signal) => {
        clearInterval(watch);
        resolve(signal);
      });
    });
  }

  /** All that the dataset holds, in an order of its own. */
  async function contents(data: string): Promise<unknown> {
    const dataset = await openDataset(join(orders.home, data));
    try {
      const { configs, ...records } = await dataset.chainRecords(EVERYTHING);
      const { rows, gaps, functions } = await dataset.info();
      const { log, invocation, span, message, metric } = rows;
      return {
        functions,
        gaps,
        rows: { log, invocation, span, message, metric },
        records: Object.fromEntries(Object.entries(records).map(([kind, some]) => [kind, sorted(some as readonly unknown[])])),
        runs: sorted(records.invocations.map((one) => `${one.fn} ${one.requestId}`)),
        lines: log,
        // when they were looked at is not the same
        configs: sorted(configs.map((one) => ({ ...one, observedAt: null }))),
        usage: sorted(await dataset.usage(EVERYTHING)),
        stats: sorted(await dataset.functionStats(EVERYTHING)),
        bytes: sorted(await dataset.logBytes(EVERYTHING)),
      };
    } finally {
      await dataset.close();
    }
  }
});

/** Sums come in any order: their last digits are not compared. */
function sorted(some: readonly unknown[]): string[] {
  const exact = (_: string, value: unknown): unknown => (typeof value === "number" ? Number(value.toPrecision(14)) : value);
  return some.map((one) => (typeof one === "string" ? one : JSON.stringify(one, exact))).sort();
}
