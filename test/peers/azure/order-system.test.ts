/** The main job on Azure, by the built CLI: collect, trace, cost, doctor. What happened is the simulator's truth, and what the vendor's page prices it at. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AzureOrders, startAzureOrders } from "../support/azure/azure-orders.ts";
import { WORKSPACE_GUID } from "../support/azure/orders.ts";
import { UNJUDGED } from "../support/azure/unjudged.ts";

describe("the order system on Azure", () => {
  let orders: AzureOrders;
  /** Orders with both hops on Azure, and the ID of each hop's run. */
  let shipped: { id: string; hops: Map<string, string>; edges: string[] }[];

  beforeAll(async () => {
    orders = await startAzureOrders();
    shipped = orders.truth.chains.flatMap((chain) => {
      const hops = new Map(chain.hops.filter((hop) => hop.cloud === "azure").map((hop) => [hop.id, hop.function]));
      const edges = chain.edges
        .filter((edge) => hops.has(edge.from) && hops.has(edge.to))
        .map((edge) => `${hops.get(edge.from)}>${hops.get(edge.to)}`);
      return hops.size === 2 ? [{ id: chain.id, hops, edges }] : [];
    });
  });
  afterAll(() => orders?.stop());

  const runs = (): number =>
    new Set(
      orders.world.rows.get(WORKSPACE_GUID)!["AppRequests"]!.map((row) => (row["Properties"] as { InvocationId: string }).InvocationId),
    ).size;

  it("collects configuration and telemetry, once, and only reads", async () => {
    const first = await orders.watched("collect");
    // what Azure does not have (histories, metrics of Consumption on Linux) is said, and makes nothing partial
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain("Gap: histories: no workflow histories here");
    expect(first.writes).toEqual([]);
    const info = (await orders.json("dataset", "info")).dataset;
    expect(info.rows.invocation).toBeGreaterThanOrEqual(runs());
    const again = await orders.cli("collect");
    expect(again.stdout).toContain("New in the dataset");
    expect((await orders.json("dataset", "info")).dataset.rows.invocation).toBe(info.rows.invocation);
  });

  it.each(["--offline", "--live"])("rebuilds orders over HTTP and queue, %s", async (where) => {
    for (const { id, hops, edges } of shipped.slice(0, 3)) {
      const { chain } = await orders.json("trace", id, where);
      const functions: { id: string; name: string }[] = chain.hops.filter((hop: { kind: string }) => hop.kind === "function");
      expect(functions.map((hop) => hop.id).sort()).toEqual([...hops.keys()].sort());
      const name = new Map(functions.map((hop) => [hop.id, hop.name]));
      const between = chain.edges.filter((edge: { from: string; to: string }) => name.has(edge.from) && name.has(edge.to));
      expect(between.map((edge: { from: string; to: string }) => `${name.get(edge.from)}>${name.get(edge.to)}`)).toEqual(edges);
      expect(chain.problems).toEqual([]);
    }
  });

  it("knows what it cost: at least a second of 2 GB for each run, at list price", async () => {
    const { rows } = await orders.json("cost", "--offline");
    const quote = rows.find((row: { function: string }) => row.function === "shipping-quote");
    const count = orders.world.rows.get(WORKSPACE_GUID)!["AppRequests"]!.filter((row) => row["Name"] === "shipping-quote").length;
    expect(quote.invocations).toBe(count);
    // https://azure.microsoft.com/pricing/details/functions: $0.000026 per GB-second, $0.40 per million; every run is shorter than the 1,000 ms that are billed at least
    expect(quote.usd).toBeCloseTo(count * (2 * 0.000026 + 0.4e-6), 12);
  });

  it("doctor: nothing is missing, and nothing is written to find that out", async () => {
    const ran = await orders.watched("doctor");
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/permissions granted, 0 denied/);
    expect(ran.writes).toEqual([]);
  });

  it("advice without evidence is refused", async () => {
    const { functions } = await orders.json("rightsize", "--offline");
    expect(functions.map((one: { function: string; proposedMib: null }) => [one.function, one.proposedMib])).toEqual(
      expect.arrayContaining([
        ["quote-fn", null],
        ["tracker-fn", null],
      ]),
    );
  });

  it("app settings are not asked for, and no secret is anywhere", async () => {
    expect(orders.azure.requests.filter((one) => /appsettings/i.test(one.path))).toEqual([]);
    expect(orders.leaks()).toEqual([]);
  });

  it("specification and parser objected to nothing; what they could not judge is known", () => {
    expect(orders.azure.violations).toEqual([]);
    if (orders.azure.judged) expect([...orders.azure.unjudged].sort()).toEqual(UNJUDGED);
    expect([...orders.azure.identity.audiences].sort()).toEqual([
      "https://api.loganalytics.io",
      "https://management.azure.com",
      "https://metrics.monitor.azure.com",
    ]);
  });
});
