import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { xray } from "../../../src/clouds/aws/xray.ts";
import { otlp } from "../../../src/archive/neutral/otlp.ts";
import { idKeys } from "../../../src/model/id-keys.ts";
import type { Invocation, Json, Rec, Span } from "../../../src/model/records.ts";
import { openBatchWriter, openCommitter, openDataset } from "../../../src/store/index.ts";
import type { Dataset } from "../../../src/store/types.ts";
import { shared } from "../../support/shared.ts";

const NOON = Date.UTC(2026, 0, 15, 12);
const ANY = { from: null, to: null, functions: [], clouds: [] };
const scope = { cloud: "aws", account: "111122223333", region: "eu-west-1" } as const;
const REQUEST = "11111111-1111-4111-8111-111111111111";

let next = 0;
function span(from: number, to: number | null, fields: Partial<Span> = {}): Span {
  return {
    type: "span",
    ...scope,
    traceId: "t1",
    spanId: `s${String(next++)}`,
    parentSpanId: "run",
    name: "DynamoDB",
    fn: "orders",
    requestId: null,
    kind: "client",
    isInvocation: false,
    startedAt: NOON + from,
    endedAt: to === null ? null : NOON + to,
    inProgress: to === null,
    error: false,
    fault: false,
    throttle: false,
    inferred: false,
    origin: null,
    namespace: "aws",
    links: [],
    attributes: {},
    ids: [],
    ...fields,
  };
}
const run = (from: number, to: number | null, fields: Partial<Span> = {}): Span =>
  span(from, to, {
    spanId: "run",
    parentSpanId: null,
    name: "orders",
    kind: "server",
    isInvocation: true,
    attributes: { coldStart: false },
    ...fields,
  });

function logged(fields: Partial<Invocation> = {}): Invocation {
  return {
    type: "invocation",
    ...scope,
    fn: "orders",
    version: "$LATEST",
    requestId: REQUEST,
    startedAt: NOON,
    endedAt: NOON + 100,
    durationMs: 100,
    billedMs: 100,
    memoryMib: 512,
    maxMemoryMib: 80,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: false,
    outcome: "ok",
    errorType: null,
    traceId: null,
    spanId: null,
    parentSpanId: null,
    stream: "s1",
    architecture: null,
    plan: null,
    trigger: null,
    weight: 1,
    emulator: false,
    seenIn: "platform-log",
    ids: [],
    ...fields,
  };
}

let dir: string;
let dataset: Dataset | null = null;
beforeEach(() => {
  next = 0;
  dir = mkdtempSync(join(tmpdir(), "evscope-downstream-"));
});
afterEach(async () => {
  await dataset?.close();
  dataset = null;
  rmSync(dir, { recursive: true, force: true });
});

async function downstream(...records: Rec[]) {
  const committer = openCommitter(dir);
  const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 128 });
  for (const record of records) writer.write(record);
  await writer.finish();
  await writer.close();
  committer.close();
  dataset = await openDataset(dir);
  return dataset.downstreamTime(ANY);
}

describe("time in calls to others", () => {
  it.each<[string, Span[], number, number]>([
    // 10-30 and 20-50 cover 40 ms together, 60-70 another 10
    ["overlapping calls count once", [span(20, 50), span(10, 30), span(60, 70)], 50, 50],
    ["a call within another adds nothing", [span(10, 60), span(20, 30), span(25, 28)], 50, 50],
    ["two at exactly the same time count once", [span(10, 40), span(10, 40)], 30, 30],
    // -20..20 and 90..150 within 0..100: 20 + 10
    ["clipped to the run", [span(-20, 20), span(90, 150)], 30, 30],
    ["outside the run: nothing", [span(-50, -10), span(120, 150), span(40, 50)], 10, 10],
    ["below code of the run", [span(0, 90, { spanId: "own", kind: "internal" }), span(10, 25, { parentSpanId: "own" })], 15, 15],
    ["what lies below a call belongs to it", [span(10, 25, { spanId: "call" }), span(10, 60, { parentSpanId: "call" })], 15, 15],
    [
      "the run that a call starts is its own",
      [span(10, 25, { spanId: "call" }), run(12, 80, { spanId: "other", parentSpanId: "call", fn: "mail" })],
      15,
      15,
    ],
    // 71 872 bytes are more than 64 KiB; the small call 30-50 overlaps it by 10 ms
    ["bulk by its size", [span(10, 40, { attributes: { "http.response.body.size": 71_872 } }), span(30, 50)], 40, 20],
    ["an object of unknown size may be bulk", [span(10, 40, { attributes: { "aws.operation": "GetObject" } })], 30, 0],
    ["a small object is none", [span(10, 40, { attributes: { "aws.operation": "GetObject", "http.response.body.size": 65_536 } })], 30, 30],
    [
      "the answer to an upload does not say its size",
      [span(10, 40, { attributes: { "rpc.method": "PutObject", "http.response.body.size": 0 } })],
      30,
      0,
    ],
    ["a span read twice, once before it ended", [span(10, null, { spanId: "late" }), span(10, 40, { spanId: "late" })], 30, 30],
    [
      "parents in a circle end",
      [
        span(0, 90, { spanId: "a", kind: "internal", parentSpanId: "b" }),
        span(0, 90, { spanId: "b", kind: "internal", parentSpanId: "a" }),
        span(5, 9),
      ],
      4,
      4,
    ],
  ])("%s", async (_, calls, downstreamMs, waitingMs) => {
    const found = await downstream(run(0, 100), ...calls);
    expect(found.find(({ fn }) => fn === "orders")).toMatchObject({ ...scope, fn: "orders", runs: 1, runMs: 100, downstreamMs, waitingMs });
  });

  it.each<[string, Rec[]]>([
    ["no call is seen: its code may not be traced", [run(0, 100)]],
    ["it was a cold start", [run(0, 100, { attributes: { coldStart: true } }), span(10, 20)]],
    ["it does not say whether it was one", [run(0, 100, { attributes: {} }), span(10, 20)]],
    ["its log says that it was one", [run(0, 100, { requestId: REQUEST }), span(10, 20), logged({ coldStart: true })]],
    ["it failed", [run(0, 100, { fault: true }), span(10, 20)]],
    ["its log says that it failed", [run(0, 100, { requestId: REQUEST }), span(10, 20), logged({ outcome: "timeout" })]],
    ["it was a probe", [run(0, 100, { requestId: REQUEST }), span(10, 20), logged({ trigger: "probe" })]],
    ["it goes on", [run(0, null), span(10, 20)]],
    ["a call goes on", [run(0, 100), span(10, 20), span(30, null)]],
    ["the call is of another trace", [run(0, 100), span(10, 20, { traceId: "t2" })]],
  ])("nothing is said where %s", async (_, records) => {
    expect(await downstream(...records)).toEqual([]);
  });

  it("memory is that of the run's log line", async () => {
    const found = await downstream(run(0, 100, { requestId: REQUEST }), span(10, 20), logged());
    expect(found).toMatchObject([{ memoryMib: 512, runs: 1, downstreamMs: 10 }]);
  });

  it("several runs in one trace, each with its own calls; a run without any counts with none", async () => {
    const own = (n: number, to: number, waited: number | null): Span[] => [
      run(n * 1000, n * 1000 + to, { spanId: `run${n}` }),
      ...(waited === null ? [] : [span(n * 1000 + 10, n * 1000 + 10 + waited, { parentSpanId: `run${n}` })]),
    ];
    // sorted by duration 50, 100, 120, 200, 9000: a fifth of five is one at each end, so 100, 120 and 200 stay
    const found = await downstream(...own(0, 100, 40), ...own(1, 120, null), ...own(2, 200, 80), ...own(3, 50, 30), ...own(4, 9000, 8900));
    expect(found).toHaveLength(1);
    const [one] = found;
    expect(one).toMatchObject({ memoryMib: null, runs: 5, runMs: 140, downstreamMs: 40, waitingMs: 40 });
    // share 120 / 420 = 2/7; residuals 40 - 200/7, 0 - 240/7, 80 - 400/7 = 80/7, -240/7, 160/7
    const scatter = (80 ** 2 + 240 ** 2 + 160 ** 2) / 49;
    expect(one!.waitingShareSe).toBeCloseTo(Math.sqrt(scatter / 2 / 3) / 140, 9);
  });
});

describe("OpenTelemetry spans", () => {
  it("a run says its memory and its cold start itself; its calls lie below its own code", async () => {
    const ns = (ms: number): string => String(1_700_000_000_000_000_000n + BigInt(ms) * 1_000_000n);
    const traced = (
      id: number,
      parent: number | null,
      kind: number,
      from: number,
      to: number,
      attributes: Record<string, string | boolean>,
    ) => ({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: `aaaaaaaaaaaaaaa${id}`,
      ...(parent === null ? {} : { parentSpanId: `aaaaaaaaaaaaaaa${parent}` }),
      name: "span",
      kind,
      startTimeUnixNano: ns(from),
      endTimeUnixNano: ns(to),
      attributes: keyValues(attributes),
    });
    const resource = { "cloud.provider": "aws", "faas.name": "orders", "faas.max_memory": "1073741824" };
    const spans = [
      traced(1, null, 2, 0, 100, { "faas.invocation_id": REQUEST, "faas.coldstart": false }),
      traced(2, 1, 1, 1, 99, {}),
      traced(3, 2, 3, 10, 40, { "rpc.system": "aws-api", "rpc.method": "GetItem" }),
      traced(4, 1, 3, 30, 60, { "http.response.body.size": "100000" }),
    ];
    const records: Rec[] = [];
    const sink = { record: (one: Rec) => void records.push(one), broken: () => {}, ignored: () => {} };
    const reader = otlp.open({ path: "otlp.json", segments: [], fn: null, account: null, region: null }, sink as never, idKeys());
    const document = { resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans: [{ spans }] }] };
    reader.read(document, { line: 1, byte: 0 });
    reader.end();
    // 10-40 and 30-60: 50 ms; without the bulk transfer 30
    expect(await downstream(...records)).toMatchObject([
      { fn: "orders", memoryMib: 1024, runs: 1, runMs: 100, downstreamMs: 50, waitingMs: 30 },
    ]);
  });
});

function keyValues(of: Record<string, string | boolean>): Json[] {
  return Object.entries(of).map(([key, value]): Json =>
    typeof value === "string" ? { key, value: { stringValue: value } } : { key, value: { boolValue: value } },
  );
}

const root = shared("corpora/aws/servibench-xray");
describe.skipIf(root === null)("traces recorded from live clouds (ServiBench)", () => {
  const recordsOf = (name: string): Rec[] => {
    const records: Rec[] = [];
    const sink = { record: (one: Rec) => void records.push(one), broken: () => {}, ignored: () => {} };
    const reader = xray.open({ path: name, segments: [], fn: null, account: null, region: null }, sink as never, idKeys());
    reader.read(JSON.parse(readFileSync(`${root}/${name}/traces.json`, "utf8")), { line: 1, byte: 0 });
    reader.end();
    return records;
  };

  // start and end times of the documents' own subsegments, in seconds, subtracted by hand
  it.each([
    ["realworld_app", "realworld-dev-getComments", 22.957, 7 + 12, 7 + 12],
    // 22 778 bytes are no bulk transfer
    ["todo_app", "aws-dev-lst", 10, 8.421, 8.421],
    ["model_training_app", "model-training-dev-model-training", 9014.469, 121.914 + 74.326, 0],
    ["event_processing_app", "event-processing-dev-ingest", 30.964, 29, 29],
    ["event_processing_app", "event-processing-dev-format_state_change", 27.101, 25, 25],
    // 124 915 bytes are one
    ["thumbnail_app_in_progress", "thumbnail-generator-dev-thumbnail-generator", 115, 22 + 31, 0],
    ["thumbnail_app_in_progress", "thumbnail-generator-dev-upload", 35, 32, 0],
  ])("%s: %s", async (name, fn, runMs, downstreamMs, waitingMs) => {
    const one = (await downstream(...recordsOf(name))).find((found) => found.fn === fn)!;
    expect(one.runs).toBe(1);
    expect(one.runMs).toBeCloseTo(runMs, 2);
    expect(one.downstreamMs).toBeCloseTo(downstreamMs, 2);
    expect(one.waitingMs).toBeCloseTo(waitingMs, 2);
  });

  it.each(["matrix_app", "thumbnail_app"])("%s: every run was a cold start", async (name) => {
    expect(await downstream(...recordsOf(name))).toEqual([]);
  });
});
