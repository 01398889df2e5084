import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LiveWorld } from "../../../src/app/live.ts";
import { traceLive } from "../../../src/app/live-trace.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import type { Scope } from "../../../src/app/targets.ts";
import { traceInDataset } from "../../../src/app/trace.ts";
import { EXIT, UserError } from "../../../src/model/errors.ts";
import { silentHost } from "../../../src/model/host.ts";
import { idKeys } from "../../../src/model/id-keys.ts";
import type { Config, Gap } from "../../../src/model/records.ts";
import { type FakeCloud, fakeClock, type FakeSession, fakeSession, fakeTarget } from "../../support/fake-session.ts";
import { correlation, line, message, run, T0 } from "../analyzer/chains/records.ts";

const PACE = { requestsPerS: null, requestTimeoutMs: 1, patienceMs: 1 };

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 23, 12);
const where = { cloud: "aws", account: "111122223333", region: "eu-central-1" } as const;

let dir: string;
let opened: FakeSession[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-live-"));
  opened = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function world(clouds: Record<string, FakeCloud | Error>): LiveWorld {
  return {
    host: silentHost,
    signal: new AbortController().signal,
    clock: fakeClock(NOW),
    keys: idKeys([]),
    connect: async (target) => {
      const cloud = clouds[target.name]!;
      if (cloud instanceof Error) throw cloud;
      const session = fakeSession(target, cloud);
      opened.push(session);
      return session;
    },
  };
}
const scope = (names: string[], more: Partial<Scope> = {}): Scope => ({
  targets: names.map((name) => fakeTarget(name)),
  signals: ["logs"],
  logs: "platform",
  window: { from: NOW - 14 * 24 * HOUR, to: NOW },
  searchTo: NOW,
  windowGiven: false,
  maxQueryUsd: 1,
  paces: { aws: PACE, azure: PACE, gcp: PACE },
  ...more,
});
const settings = loadSettings(null, mkdtempSync(join(tmpdir(), "evscope-none-")));
const fnConfig = (name: string, account: string, observedAt = NOW - HOUR): Config => ({
  type: "config",
  ...where,
  account,
  kind: "function",
  resource: `arn:aws:lambda:eu-central-1:${account}:function:${name}`,
  name,
  revision: null,
  observedAt,
  from: null,
  to: null,
  settings: {},
});

const ORDER = "order-0042";
const A = "11111111-1111-4111-8111-111111111111";
const B = "22222222-2222-4222-8222-222222222222";
const M = "33333333-3333-4333-8333-333333333333";

/** `checkout` logs the order and publishes an event; `ship`, in another account, receives it and knows nothing of the order. */
function orderAt(at: number): Record<"shop" | "pay", FakeCloud> {
  const ms = at - T0;
  const shop = {
    account: "111122223333",
    configs: [fnConfig("checkout", "111122223333")],
    found: {
      [ORDER]: [line("checkout", A, ms + 10, [correlation(ORDER)])],
      [A]: [run("checkout", A, ms, ms + 100), message("published", "checkout", A, ms + 60, { messageId: M })],
    },
  };
  const pay = {
    account: "444455556666",
    configs: [fnConfig("ship", "444455556666")],
    found: {
      [M]: [message("received", "ship", B, ms + 400, { messageId: M })],
      [B]: [run("ship", B, ms + 400, ms + 600)],
    },
  };
  return { shop, pay };
}

const hops = (result: Awaited<ReturnType<typeof traceLive>>): string[] => result.chain?.hops.map((hop) => hop.function ?? hop.name) ?? [];

it.each(["", " ", "\"'", "x", "unknown", "a".repeat(513)])("%j is no ID: nobody is asked", async (id) => {
  await expect(traceLive(dir, id, settings, scope(["shop"]), world({}))).rejects.toThrow(/names nothing/);
  expect(opened).toEqual([]);
});

describe("trace on live clouds", () => {
  it("says that the chain may lack what lies in a cloud that was not reached", async () => {
    const unreached = new UserError("pay: no usable credentials", { exitCode: EXIT.credentials });
    const result = await traceLive(dir, ORDER, settings, scope(["shop", "pay"]), world({ ...orderAt(NOW - 5 * HOUR), pay: unreached }));
    expect(hops(result)).toEqual(["checkout"]);
    expect(result.chain!.complete).toBe(false);
    expect(result.chain!.problems.map((one) => one.message)).toContain(
      "everything of pay eu-central-1 could not be read in this time: no usable credentials",
    );
  });

  it("follows the IDs it learns through all targets until nothing new appears, and the dataset then knows the chain", async () => {
    const result = await traceLive(dir, ORDER, settings, scope(["shop", "pay"]), world(orderAt(NOW - 5 * HOUR)));
    expect(hops(result)).toEqual(["checkout", "ship"]);
    expect(opened.map((session) => session.asked.searched.map((one) => one.ids))).toEqual([
      [[ORDER], [A], [M], [B]],
      [[ORDER], [A], [M], [B]],
    ]);
    expect(opened.map((session) => session.asked.closed)).toEqual([1, 1]);
    const offline = await traceInDataset(dir, ORDER, settings, silentHost, new AbortController().signal);
    expect(hops(offline)).toEqual(["checkout", "ship"]);
  });

  it("looks in the last day first, and in the whole window only when that holds nothing", async () => {
    await traceLive(dir, ORDER, settings, scope(["shop"]), world(orderAt(NOW - 5 * HOUR)));
    expect(new Set(opened[0]!.asked.searched.map((one) => one.from))).toEqual(new Set([NOW - 24 * HOUR]));
    const late = mkdtempSync(join(tmpdir(), "evscope-live-"));
    const result = await traceLive(late, ORDER, settings, scope(["shop"]), world(orderAt(NOW - 70 * HOUR)));
    expect(hops(result)).toContain("checkout");
    expect(opened[1]!.asked.searched.map((one) => one.from).slice(0, 2)).toEqual([NOW - 24 * HOUR, NOW - 14 * 24 * HOUR]);
    rmSync(late, { recursive: true, force: true });
  });

  it("stays in the window that was given", async () => {
    const given = scope(["shop"], { window: { from: NOW - 6 * HOUR, to: NOW }, windowGiven: true });
    const result = await traceLive(dir, ORDER, settings, given, world(orderAt(NOW - 70 * HOUR)));
    expect(result.chain).toBeNull();
    expect(result.searched).toEqual({ where: "shop eu-central-1 from 2026-11-23T06:00Z to 2026-11-23T12:00Z", unread: [] });
    expect(opened[0]!.asked.searched.map((one) => [one.ids, one.from])).toEqual([[[ORDER], NOW - 6 * HOUR]]);
  });

  it("asks for the inventory only where the dataset has none of the last day", async () => {
    const clouds = orderAt(NOW - 5 * HOUR);
    await traceLive(dir, ORDER, settings, scope(["shop"]), world(clouds));
    await traceLive(dir, ORDER, settings, scope(["shop", "pay"]), world(clouds));
    expect(opened.map((session) => [session.account, session.asked.inventories])).toEqual([
      ["111122223333", 1],
      ["111122223333", 0],
      ["444455556666", 1],
    ]);
  });

  it("says in the chain what could not be searched, and where a target could not be reached", async () => {
    const gap: Gap = { type: "gap", ...where, what: "log search", why: "not allowed", from: NOW - 24 * HOUR, to: NOW };
    const clouds = orderAt(NOW - 5 * HOUR);
    const denied = { ...clouds.shop, found: { ...clouds.shop.found, [ORDER]: [...clouds.shop.found![ORDER]!, gap] } };
    const failed = new UserError("no credentials", { exitCode: EXIT.credentials });
    const result = await traceLive(dir, ORDER, settings, scope(["shop", "pay"]), world({ shop: denied, pay: failed }));
    expect(hops(result)).toContain("checkout");
    expect(result.chain!.complete).toBe(false);
    expect(result.chain!.problems.map((one) => one.message).join("\n")).toMatch(/log search could not be read in this time: not allowed/);
    await expect(traceLive(dir, ORDER, settings, scope(["pay"]), world({ pay: failed }))).rejects.toBe(failed);
  });

  it("keeps what the inventory could not read for the second look, and a gap of the search beside the inventory's of the same words", async () => {
    const inventory: Gap = { type: "gap", ...where, what: "log groups", why: "not allowed", from: null, to: null };
    const ofSearch: Gap = { ...inventory, from: NOW - 14 * 24 * HOUR, to: NOW };
    const { shop } = orderAt(NOW - 70 * HOUR);
    const configs = [...shop.configs!, inventory];
    const none = await traceLive(dir, "order-none", settings, scope(["shop"]), world({ shop: { ...shop, configs } }));
    expect(none.searched!.unread).toEqual(["log groups: not allowed"]);
    const late = mkdtempSync(join(tmpdir(), "evscope-live-"));
    const found = { ...shop.found, [ORDER]: [...shop.found![ORDER]!, ofSearch] };
    const result = await traceLive(late, ORDER, settings, scope(["shop"]), world({ shop: { ...shop, configs, found } }));
    expect(result.chain!.problems.map((one) => one.message)).toContain("log groups could not be read in this time: not allowed");
    rmSync(late, { recursive: true, force: true });
  });

  it("gives each round what is left of the price limit", async () => {
    const clouds = orderAt(NOW - 5 * HOUR);
    const limits: number[] = [];
    const priced = world({ shop: { ...clouds.shop, searchUsd: 0.3 } });
    const connect = priced.connect!;
    priced.connect = async (target, context) => {
      const session = await connect(target, context);
      const search = session.collector.search;
      session.collector.search = (ids, configs, window, maxUsd) => {
        limits.push(Math.round(maxUsd * 100) / 100);
        return search(ids, configs, window, maxUsd);
      };
      return session;
    };
    await traceLive(dir, ORDER, settings, scope(["shop"]), priced);
    expect(limits).toEqual([1, 0.7, 0.4]);
  });
});
