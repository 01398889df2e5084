/**
 * The order system on moto, read by the built CLI: collected, traced, costed, sized, examined. What there is was put by the vendor's SDK,
 * what was asked is seen by a proxy in between.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ran } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";
import { jsonOf, type MotoOrders, NAMES, ORDER, startOrders } from "./support/moto-orders.ts";
import { billedMsOf, durationMsAt, SIZES_MIB } from "./support/order-runs.ts";
import { has } from "./support/servers.ts";

const NO_FLOOR = ["--min-saving", "0"];

describe.skipIf(!has("moto"))("the order system on moto, read", () => {
  let orders: MotoOrders;

  /** A command that must not write: what it asked of the server was reads. */
  const reading = async (...args: string[]): Promise<Ran> => {
    const { writes, ...ran } = await orders.watched(...args);
    expect(writes, args.join(" ")).toEqual([]);
    return ran;
  };

  beforeAll(async () => {
    orders = await startOrders();
  });
  afterAll(() => orders?.stop());

  it("live, without a dataset, by the order, its trace, a request and the execution: the chain, as far as logs lead", async () => {
    const [checkout, charge] = orders.runs.filter((run) => run.order === ORDER);
    const inLogs = ["charge", "checkout", "notify"];
    for (const [id, hops] of [
      [ORDER, inLogs],
      [checkout!.traceId!, inLogs],
      [charge!.requestId, inLogs],
      // no log names the execution; its history names the order
      [orders.executionArn, ["charge", "checkout", "fulfil", "notify"]],
    ] as const) {
      const ran = await reading("trace", id, "--data", `live-${id.slice(-6)}`, "--format", "json");
      // moto cannot evaluate X-Ray's filter expressions: a gap
      expect(ran.code, ran.stderr).toBe(4);
      expect(hopsOf(jsonOf(ran)), id).toEqual(hops);
    }
  });

  it("a first collection holds what was put, a second one asks only for the time since", async () => {
    const first = await reading("collect", "--format", "json");
    expect(first.code, first.stderr).toBe(0);
    const said = jsonOf(first);
    expect(schemaErrors("collect", said)).toEqual([]);
    expect(said.gaps).toEqual([]);
    expect(said.byType).toMatchObject({ invocation: orders.runs.length });
    const traced = orders.runs.filter((run) => run.traceId !== null).length;
    // a segment for each traced order; the execution with its two states
    expect(said.byType.span).toBe(traced + 3);

    const before = orders.proxy.requests.length;
    const second = await reading("collect", "--format", "json");
    expect(second.code, second.stderr).toBe(0);
    expect(jsonOf(second).byType.invocation ?? 0).toBe(0);
    const asked = orders.proxy.requests.slice(before);
    const heldTo = Date.parse(said.window.to);
    const lines = asked.filter((one) => one.name === "logs:FilterLogEvents").map((one) => JSON.parse(one.body).startTime as number);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((from) => from < heldTo)).toEqual([]);
    const traces = asked.filter((one) => one.name === "xray:POST /TraceSummaries").map((one) => JSON.parse(one.body).StartTime as number);
    expect(traces).toHaveLength(1);
    // seconds
    expect(traces[0]! * 1000).toBeGreaterThanOrEqual(Math.floor(heldTo / 1000) * 1000);
  });

  it("offline, the same chain by every ID of it, with the workflow, and nothing is asked", async () => {
    const mine = orders.runs.filter((run) => run.order === ORDER && run.fn !== "invoice");
    const ids = [
      ORDER,
      mine[0]!.traceId!,
      mine[0]!.traceId!.slice(2).replace("-", ""),
      orders.executionArn,
      ...mine.map((run) => run.requestId),
    ];
    const before = orders.proxy.requests.length;
    for (const id of ids) {
      const ran = await reading("trace", id, "--offline", "--format", "json");
      expect(ran.code, ran.stderr).toBe(0);
      const said = jsonOf(ran);
      expect(schemaErrors("trace", said)).toEqual([]);
      expect(hopsOf(said), id).toEqual(["charge", "checkout", "fulfil", "notify"]);
      expect(edgesOf(said)).toEqual(expect.arrayContaining(["charge>notify", "checkout>charge"]));
    }
    expect(orders.proxy.requests).toHaveLength(before);
  });

  it("the bill is the billed time of the lines, at list price", async () => {
    const { rows } = jsonOf(await reading("cost", "--offline", "--format", "json"));
    for (const fn of NAMES) {
      const mine = orders.runs.filter((run) => run.fn === fn);
      // $0.0000166667 per GB-second (x86_64, us-east-1), $0.20 per million requests: https://aws.amazon.com/lambda/pricing/
      const gbSeconds = mine.reduce((sum, run) => sum + (run.memoryMib / 1024) * (billedMsOf(run) / 1000), 0);
      const row = rows.find((one: { function: string }) => one.function === fn);
      expect(row).toMatchObject({ invocations: mine.length, billedMs: mine.reduce((sum, run) => sum + billedMsOf(run), 0) });
      expect(row.usd).toBeCloseTo(gbSeconds * 0.0000166667 + mine.length * 0.2e-6, 12);
    }
  });

  it("sizes are near the best of the curves that made the lines, and the intervals hold the curves", async () => {
    const ran = await reading("rightsize", "--offline", ...NO_FLOOR, "--format", "json");
    expect(ran.code, ran.stderr).toBe(0);
    const said = jsonOf(ran);
    expect(schemaErrors("rightsize", said)).toEqual([]);
    const checkout = said.functions.find((one: { function: string }) => one.function === "checkout");
    expect(checkout).toMatchObject({ currentMib: 3008, tier: 2 });
    for (const { memoryMib, durationMs } of checkout.predicted.filter(within(384, 6016))) {
      const truth = durationMsAt("checkout", memoryMib);
      expect([memoryMib, truth > durationMs.p10 / 1.1, truth < durationMs.p90 * 1.1]).toEqual([memoryMib, true, true]);
    }
    // above one vCPU nothing gets faster; 1,548 MB is where it is a tenth slower (30 + 70 * 1769 / 1548 = 110 ms)
    expect(checkout.proposedMib).toBeGreaterThanOrEqual(1536);
    expect(checkout.proposedMib).toBeLessThan(3008);
    for (const fn of ["charge", "notify", "invoice"] as const) {
      const advice = said.functions.find((one: { function: string }) => one.function === fn);
      // it only waits: the less memory the cheaper, down to what it uses and a reserve
      expect(advice.proposedMib).toBeLessThanOrEqual(SIZES_MIB[fn][0]);
      expect(advice.floorMib).toBeGreaterThan(64);
    }
  });

  it("without money for queries: the logs all the same, X-Ray is a gap, nothing paid is asked", async () => {
    const before = orders.proxy.requests.length;
    const ran = await reading("collect", "--data", "free", "--max-query-usd", "0", "--format", "json");
    expect(ran.code, ran.stderr).toBe(4);
    const said = jsonOf(ran);
    expect(said.totals.spentUsd ?? 0).toBe(0);
    expect(said.gaps.map((one: { what: string }) => one.what)).toEqual(["traces"]);
    expect(said.byType.invocation).toBeGreaterThanOrEqual(orders.runs.length);
    const names = new Set(orders.proxy.requests.slice(before).map((one) => one.name));
    expect([...names].filter((name) => /StartQuery|TraceSummaries|GetMetricData|\/Traces$/.test(name))).toEqual([]);
  });

  it("doctor finds what is granted and what loses telemetry", async () => {
    const ran = await reading("doctor", "--format", "json");
    expect(ran.code, ran.stderr).toBe(0);
    const said = jsonOf(ran);
    expect(schemaErrors("doctor", said)).toEqual([]);
    const [target] = said.targets;
    expect(target).toMatchObject({ account: "123456789012", functions: NAMES.length, error: null });
    expect(target.permissions.filter((one: { state: string }) => one.state === "denied")).toEqual([]);
    const untraced = target.findings.find((one: { code: string }) => one.code === "no-tracing");
    expect(untraced.names).toEqual(NAMES);
  });

  it("what only reads, only reads: whatever the command and its form", async () => {
    for (const args of [
      ["collect"],
      ["trace", ORDER],
      ["cost"],
      ["cost", "--by", "route"],
      ["chains"],
      ["rightsize", ...NO_FLOOR],
      ["rightsize", "--explain", "checkout"],
      ["rightsize", ...NO_FLOOR, "--apply", "--dry-run"],
      ["plan", ...NO_FLOOR, "--out", "another.json"],
      ["apply", "another.json", "--dry-run"],
      ["verify"],
      ["journal"],
      ["doctor"],
      ["dataset", "info"],
    ]) {
      const ran = await reading(...args);
      expect([args.join(" "), ran.code === 1]).toEqual([args.join(" "), false]);
    }
    expect(await Promise.all(NAMES.map(orders.memoryOf))).toEqual([1024, 3008, 1024, 1024]);
  });
});

function hopsOf({ chain }: any): string[] {
  return chain.hops
    .filter((hop: { kind: string }) => hop.kind !== "state")
    .map((hop: { name: string }) => hop.name)
    .sort();
}

function edgesOf({ chain }: any): string[] {
  const name = new Map<string, string>(chain.hops.map((hop: { id: string; name: string }) => [hop.id, hop.name]));
  return chain.edges.map((edge: { from: string; to: string }) => `${name.get(edge.from)}>${name.get(edge.to)}`).sort();
}

function within(from: number, to: number): (one: { memoryMib: number }) => boolean {
  return ({ memoryMib }) => memoryMib >= from && memoryMib <= to;
}
