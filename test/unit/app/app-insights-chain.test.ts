/** An order over a Service Bus queue, rebuilt from rows of Application Insights: whole, and with each link lost that can be lost. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { importFiles } from "../../../src/app/import/index.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { traceInDataset } from "../../../src/app/trace.ts";
import type { Chain } from "../../../src/model/chains.ts";
import { silentHost } from "../../../src/model/host.ts";
import { type AppRow, classic, hostRows, lineRow, messageRow, queryAnswer, requestRow, type Run } from "../../support/app-insights-rows.ts";
import { shared } from "../../support/shared.ts";

const corpora = shared("corpora/azure/newrelic-azure-diagnostics");
const signal = new AbortController().signal;
let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "evscope-appinsights-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

type Dialect = "workspace" | "classic";

/** Imports each list of rows as the answer of a query of its own, then asks for `id`. */
async function traced(id: string, dialect: Dialect, ...files: AppRow[][]): Promise<Chain> {
  const data = join(dir, "data");
  const exported = join(dir, "exported");
  mkdirSync(exported, { recursive: true });
  for (const [i, rows] of files.entries())
    writeFileSync(join(exported, `${i}.json`), JSON.stringify(queryAnswer(dialect === "classic" ? rows.map(classic) : rows)));
  const hints = { fn: null, account: null, region: null };
  const result = await importFiles([exported], { dataDir: data, correlationKeys: [], hints, host: silentHost, signal, cores: 1 });
  expect(result.files.map(({ error, skipped, ignored }) => ({ error, skipped, ignored }))).toEqual(
    files.map(() => ({ error: null, skipped: 0, ignored: [] })),
  );
  const { chain } = await traceInDataset(data, id, loadSettings(null, dir), silentHost, signal);
  return chain!;
}

const said = (chain: Chain): string[] => chain.problems.map(({ code, message }) => `${code}: ${message}`);
/** Edges by the names of their hops. */
function edges(chain: Chain): string[] {
  const name = (id: string): string => chain.hops.find((hop) => hop.id === id)!.name;
  return chain.edges.map(({ from, to, kind, confidence }) => `${name(from)} > ${name(to)} ${kind} ${confidence}`).sort();
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SENT = "53995c3f42cd8ad8";
const MESSAGE = "4f0c9a0e6a3b4d7f8e2d1c0b9a887766";
const BUS = "sb://shop.servicebus.windows.net/shipments";
const place: Run = {
  app: "orders-api",
  fn: "PlaceOrder",
  invocationId: "11111111-aaaa-4aaa-8aaa-000000000001",
  operation: TRACE,
  id: "00f067aa0ba902b7",
  parent: TRACE,
  at: 0,
  ms: 120,
};
const ship: Run = {
  app: "shipping",
  fn: "ShipOrder",
  invocationId: "22222222-bbbb-4bbb-8bbb-000000000001",
  operation: TRACE,
  id: "b9c7c989f97918e1",
  parent: SENT,
  at: 900,
  ms: 60,
};
const httpRow = (run: Run): AppRow =>
  requestRow(
    run,
    { HttpMethod: "POST", HttpPath: "/api/orders" },
    { Url: "https://orders-api.azurewebsites.net/api/orders", ResultCode: "202" },
  );
const busRow = (run: Run, properties: AppRow = {}, more: AppRow = {}): AppRow =>
  requestRow(run, properties, { Source: BUS, Measurements: { timeSinceEnqueued: 815 }, ...more });

const sender = [httpRow(place), ...hostRows(place, "This function was programmatically called via the host APIs.")];
const sent = messageRow(place, SENT, 80);
const details = `MessageId: ${MESSAGE}, SequenceNumber: 17, DeliveryCount: 1, EnqueuedTimeUtc: 2026-11-23T09:00:00.0850000Z, LockedUntilUtc: 2026-11-23T09:01:00.0850000Z, SessionId: (null)`;
const consumerLines = [...hostRows(ship, "(null)"), lineRow(ship, 901, `Trigger Details: ${details}`)];
const consumer = busRow(ship);

const WHOLE = ["Message > ShipOrder parent 1", "PlaceOrder > Message parent 1"];

describe.each<Dialect>(["workspace", "classic"])("HTTP function, queue, function in the %s dialect", (dialect) => {
  it("is whole, by operation and by message, in one file or in three", async () => {
    const chain = await traced(TRACE, dialect, [...sender, sent, ...consumerLines, consumer]);
    expect(chain).toMatchObject({ complete: true, problems: [], route: "PlaceOrder > ShipOrder", outcome: "ok" });
    expect(edges(chain)).toEqual(WHOLE);
    // 900 + 60 ms
    expect(chain.endToEndMs).toBeCloseTo(960, 3);
    rmSync(join(dir, "data"), { recursive: true });
    const requests = [httpRow(place), consumer];
    const lines = [...sender.slice(1), ...consumerLines];
    const split = await traced(MESSAGE, dialect, requests, [sent], lines);
    expect(split).toMatchObject({ complete: true, problems: [], route: "PlaceOrder > ShipOrder" });
    expect(edges(split)).toEqual(WHOLE);
  });

  it("says that nobody is seen to have sent the message where the sender's span is lost", async () => {
    const chain = await traced(TRACE, dialect, [...sender, ...consumerLines, consumer]);
    expect(said(chain)).toEqual([`lost-hop: ShipOrder received ${MESSAGE} on shipments; who published it was not seen`]);
    expect(chain.complete).toBe(false);
    expect(edges(chain)).toEqual([]);
  });

  it("names the lost span, and only guesses, where the request rows are all there is", async () => {
    const chain = await traced(TRACE, dialect, [httpRow(place), consumer]);
    expect(said(chain)).toEqual([`missing-parent: ShipOrder: its parent span ${SENT} is not in the trace`]);
    expect(chain.complete).toBe(false);
    expect(edges(chain)).toEqual(["PlaceOrder > ShipOrder time 0.4"]);
  });

  it("is not whole where the sender is lost altogether: a message has one", async () => {
    const chain = await traced(MESSAGE, dialect, [...consumerLines, consumer]);
    expect(said(chain)).toEqual([`missing-parent: ShipOrder: its parent span ${SENT} is not in the trace`]);
    expect(chain.complete).toBe(false);
  });

  it("keeps the consumer by its lines where its request row is lost, and says which span would have joined it", async () => {
    const chain = await traced(TRACE, dialect, [...sender, sent, ...consumerLines]);
    expect(said(chain)).toEqual([
      `lost-hop: ShipOrder received ${MESSAGE} on queue; who published it was not seen, and the run's own span ${ship.id}, which would name it, is not in the records`,
    ]);
    expect(chain).toMatchObject({ complete: false, route: "PlaceOrder > ShipOrder" });
    expect(chain.hops.find(({ name }) => name === "ShipOrder")).toMatchObject({ durationMs: 60, outcome: "ok" });
    expect(edges(chain)).toEqual(["PlaceOrder > Message parent 1"]);
  });

  it("says that rows were sampled away where those that are left stand for several", async () => {
    const chain = await traced(TRACE, dialect, [
      { ...httpRow(place), ItemCount: 5 },
      { ...consumer, ItemCount: 5 },
    ]);
    expect(said(chain)).toEqual([
      `missing-parent: ShipOrder: its parent span ${SENT} is not in the trace; this telemetry is sampled, a row of it stands for 5`,
    ]);
  });
});

/** Operation, run and message of the i-th sender of a batch, from 1. */
const hex = (head: string, i: number, length: number): string => head + i.toString(16).padStart(length - head.length, "0");
const operationOf = (i: number): string => hex("abcdef01", i, 32);
const messageOf = (i: number): string => hex("fade", i, 16);
const BATCH = "1111111111111111222222222222aaaa";
const batch: Run = { ...ship, operation: BATCH, parent: BATCH };
const linksOf = (n: number): string =>
  JSON.stringify(Array.from({ length: n }, (_, i) => ({ operation_Id: operationOf(i + 1), id: messageOf(i + 1) })));
function senderOf(i: number): AppRow[] {
  const operation = operationOf(i);
  const invocationId = `11111111-aaaa-4aaa-8aaa-${hex("", i, 12)}`;
  const run: Run = { ...place, operation, parent: operation, id: hex("aaaa", i, 16), invocationId, at: i };
  return [httpRow(run), messageRow(run, messageOf(i), 80 + i)];
}
const FIVE = Array.from({ length: 5 }, (_, i) => `5000000${i}-0000-4000-8000-000000000000`);
const batchLines = [
  ...hostRows(batch, "(null)"),
  lineRow(batch, 901, `Trigger Details: MessageIdArray: ${FIVE.join(",")}, SequenceNumberArray: 1,2,3,4,5, DeliveryCountArray: 1,1,1,1,1`),
];

describe.each<Dialect>(["workspace", "classic"])("a batch in the %s dialect", (dialect) => {
  const rows = (links: string): AppRow[] => [...batchLines, busRow(batch, { "_MS.links": links })];

  it("of five messages of which two senders are known belongs to each in a fifth, and says which spans are not there", async () => {
    const all = [...senderOf(1), ...senderOf(2), ...rows(linksOf(5))];
    const one = await traced(operationOf(1), dialect, all);
    expect(said(one)).toEqual([]);
    expect(edges(one)).toEqual(["Message > ShipOrder link 1", "PlaceOrder > Message parent 1"]);
    expect(one.hops.find(({ name }) => name === "ShipOrder")!.share).toBeCloseTo(1 / 5, 9);
    const { chain } = await traceInDataset(join(dir, "data"), BATCH, loadSettings(null, dir), silentHost, signal);
    expect(said(chain!)).toEqual([
      `missing-parent: ShipOrder: 3 of the 5 spans that it continues are not in the records (${[3, 4, 5].map(messageOf).join(", ")})`,
    ]);
    expect(chain!.complete).toBe(false);
  });

  it("whose links name two of five messages belongs to these in a fifth, too", async () => {
    const one = await traced(operationOf(2), dialect, [...senderOf(1), ...senderOf(2), ...rows(linksOf(2))]);
    expect(said(one)).toEqual([]);
    expect(edges(one)).toEqual(["Message > ShipOrder link 1", "PlaceOrder > Message parent 1"]);
    expect(one.hops.find(({ name }) => name === "ShipOrder")!.share).toBeCloseTo(1 / 5, 9);
  });

  it("says how many links are known where the list is cut, and invents no edge to the others", async () => {
    // an entry and its comma are 76 characters: 107 of them are 8,132 of the 8,191 after the bracket, another entry has no room
    const cut = linksOf(120).slice(0, 8_192);
    const all = [...senderOf(1), ...senderOf(120), busRow(batch, { "_MS.links": cut })];
    const one = await traced(operationOf(1), dialect, all);
    const lost = `cut: trace ${BATCH} is not whole: the links of ShipOrder (_MS.links) are cut after 8192 characters: 107 messages are known, the others are lost`;
    expect(said(one)).toEqual([lost]);
    expect(one.complete).toBe(false);
    expect(edges(one)).toEqual(["Message > ShipOrder link 1", "PlaceOrder > Message parent 1"]);
    const ask = async (id: string): Promise<Chain> =>
      (await traceInDataset(join(dir, "data"), id, loadSettings(null, dir), silentHost, signal)).chain!;
    expect(edges(await ask(operationOf(120)))).toEqual(["PlaceOrder > Message parent 1"]);
    expect(said(await ask(BATCH))).toContain(lost);
  });
});

describe("SDKs of several ages in one chain", () => {
  const ROOT = "e766f18a0adc49418d297b1a244f1bfb";

  it("joins |trace.span. to the span that newer SDKs write bare", async () => {
    const old: Run = { ...place, id: `|${TRACE}.${place.id}.` };
    const message = { ...messageRow(old, `|${TRACE}.${SENT}.`, 80) };
    const chain = await traced(TRACE, "classic", [httpRow(old), message, consumer]);
    expect(chain).toMatchObject({ complete: true, problems: [] });
    expect(edges(chain)).toEqual(WHOLE);
  });

  it("joins hierarchical IDs of one root", async () => {
    const old: Run = { ...place, operation: ROOT, parent: `|${ROOT}.`, id: `|${ROOT}.1901.` };
    const next: Run = { ...ship, operation: ROOT, parent: `|${ROOT}.1901.2.`, id: `|${ROOT}.1901.2.b9c7c989_` };
    const chain = await traced(ROOT, "classic", [httpRow(old), messageRow(old, `|${ROOT}.1901.2.`, 80), busRow(next)]);
    expect(chain).toMatchObject({ complete: true, problems: [] });
    expect(edges(chain)).toEqual(WHOLE);
  });

  it("joins an operation that a W3C SDK began when it was called with an ID of another root", async () => {
    const old: Run = { ...place, operation: "wTn3xQ", parent: "|wTn3xQ.", id: "|wTn3xQ.1." };
    const next: Run = { ...ship, operation: TRACE, parent: "|wTn3xQ.1.2." };
    const all = [httpRow(old), messageRow(old, "|wTn3xQ.1.2.", 80), busRow(next, { ai_legacyRootId: "wTn3xQ" })];
    const chain = await traced(TRACE, "classic", all);
    expect(chain).toMatchObject({ complete: true, problems: [] });
    expect(edges(chain)).toEqual(["Message > ShipOrder link 1", "PlaceOrder > Message parent 1"]);
    const lost = await (async () => {
      rmSync(join(dir, "data"), { recursive: true });
      return traced(
        TRACE,
        "classic",
        all.filter((_, i) => i !== 1),
      );
    })();
    expect(said(lost)).toEqual(["missing-parent: ShipOrder: the span that it continues is not in the records (|wTn3xQ.1.2.)"]);
  });
});

describe.skipIf(corpora === null)("New Relic's records", () => {
  /** Traces once imported; null: no chain. */
  async function asked(...ids: string[]): Promise<(Chain | null)[]> {
    const dataDir = join(dir, "data");
    const hints = { fn: null, account: null, region: null };
    await importFiles([corpora!], { dataDir, correlationKeys: [], hints, host: silentHost, signal, cores: 1 });
    const settings = loadSettings(null, dir);
    return Promise.all(ids.map(async (id) => (await traceInDataset(dataDir, id, settings, silentHost, signal)).chain));
  }

  it("are chains by their operation IDs, and no operation is taken for another's", async () => {
    // operation_Id of AppRequests "12345" and "operationId", of AppDependencies "67890", "parentId" and "opId"
    const chains = await asked("12345", "operationId", "67890", "parentId", "opId");
    expect(chains.map((chain) => chain?.hops.map(({ kind, name }) => `${kind} ${name}`))).toEqual([
      ["function {function name}"],
      ["function functionName"],
      ["service {name property of client.trackDependency}"],
      ["service node buffer"],
      ["service select customers proc"],
    ]);
    // DurationMs 30021.5457 of the row, FunctionExecutionTimeMs 30020.222 of the host
    expect(chains[1]!.endToEndMs).toBeCloseTo(30_021.5457, 3);
    expect(chains[1]!.hops[0]).toMatchObject({ durationMs: 30_020.222, outcome: "ok", requestId: "invocationid" });
    expect(chains.flatMap((chain) => chain!.edges)).toEqual([]);
  });
});
