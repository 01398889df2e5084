import { readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { neutralFormats } from "../../../../src/archive/neutral/index.ts";
import { durationMsOf } from "../../../../src/archive/neutral/jaeger.ts";
import type { Json } from "../../../../src/model/records.ts";
import { only, readWith } from "../../../support/read-format.ts";
import { shared } from "../../../support/shared.ts";

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => `${folder}/${name}`)
    .flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : path.endsWith(".json") ? [path] : []));
}

const read = (...documents: Json[]) => readWith(neutralFormats, documents);
const TRACE = "2be38093ead7a083";

const span: { [key: string]: Json } = {
  traceID: TRACE,
  spanID: "7606ddfe69932d34",
  flags: 1,
  operationName: "pay",
  references: [{ refType: "CHILD_OF", traceID: TRACE, spanID: "492770a15935810f" }],
  startTime: 1_605_223_981_761_425,
  duration: 267_037,
  tags: [
    { key: "span.kind", type: "string", value: "server" },
    { key: "order-id", type: "string", value: "ord-1" },
    { key: "http.status_code", type: "int64", value: 200 },
  ],
  logs: [],
  process: { serviceName: "payment", tags: [{ key: "host.name", type: "string", value: "h" }] },
};

describe("Jaeger spans", () => {
  const expected = {
    cloud: "other",
    // 64-bit trace IDs are the low half of the W3C form
    traceId: `0000000000000000${TRACE}`,
    spanId: "7606ddfe69932d34",
    parentSpanId: "492770a15935810f",
    name: "pay",
    kind: "server",
    startedAt: 1_605_223_981_761.425,
    endedAt: expect.closeTo(1_605_223_982_028.462, 3),
    fault: false,
    ids: [{ kind: "correlation", value: "ord-1" }],
  };
  const { process, ...bare } = span;

  it.each<[string, Json]>([
    [
      "the query API",
      { data: [{ traceID: TRACE, spans: [{ ...bare, processID: "p1" }], processes: { p1: process! } }], total: 0, errors: null },
    ],
    ["a download of one trace", { traceID: TRACE, spans: [{ ...bare, processID: "p1" }], processes: { p1: process! } }],
    ["an array of storage documents", [span]],
    ["one storage document", span],
    ["an Elasticsearch answer", { took: 1, hits: { hits: [{ _id: "x", _source: span }] } }],
    ["a bulk write", { method: "POST", path: "/_bulk", ndjson: [{ index: { _id: "x" } }, span] }],
  ])("in %s", (_name, document) => {
    const { format, records, broken } = read(document);
    expect(format).toBe("jaeger");
    expect(broken).toEqual([]);
    expect(records).toEqual([expect.objectContaining(expected)]);
    expect(only(records, "span")[0]!.attributes).toMatchObject({ "service.name": "payment", "http.status": 200 });
  });

  it("protobuf dumps: base64 IDs, RFC 3339, Go durations, typed tags with defaults left out", () => {
    const dumped: Json = {
      traceId: "AAAAAAAAAAAAAAAAAAAAEQ==",
      spanId: "AAAAAAAAAAM=",
      operationName: "op",
      references: [
        { traceId: "AAAAAAAAAAAAAAAAAAAAEQ==", spanId: "AAAAAAAAAAI=" },
        { refType: "FOLLOWS_FROM", traceId: "AAAAAAAAAAAAAAAAAAAAEg==", spanId: "AAAAAAAAAAE=" },
      ],
      startTime: "2017-01-26T16:46:31.639875Z",
      duration: "100000ns",
      tags: [
        { key: "error", vType: "BOOL", vBool: true },
        { key: "http.status_code", vType: "INT64", vInt64: "500" },
        { key: "sampled", vType: "BOOL" },
      ],
      process: { serviceName: "s" },
    };
    expect(read({ spans: [dumped] }).records).toEqual([
      expect.objectContaining({
        traceId: "0".repeat(30) + "11",
        spanId: "0".repeat(15) + "3",
        parentSpanId: "0".repeat(15) + "2",
        startedAt: expect.closeTo(Date.UTC(2017, 0, 26, 16, 46, 31) + 639.875, 3),
        endedAt: expect.closeTo(Date.UTC(2017, 0, 26, 16, 46, 31) + 639.975, 3),
        fault: true,
        links: [{ traceId: "0".repeat(30) + "12", spanId: "0".repeat(15) + "1" }],
      }),
    ]);
  });

  it("FOLLOWS_FROM is the parent where there is no other; a reference to another trace is a link", () => {
    const follows = { ...span, references: [{ refType: "FOLLOWS_FROM", traceID: TRACE, spanID: "aa" }] };
    const elsewhere = { ...span, references: [{ refType: "CHILD_OF", traceID: "ff", spanID: "aa" }] };
    const [a, b] = only(read([follows, elsewhere]).records, "span");
    expect(a).toMatchObject({ parentSpanId: "00000000000000aa", links: [] });
    expect(b).toMatchObject({ parentSpanId: null, links: [{ traceId: "0".repeat(30) + "ff", spanId: "00000000000000aa" }] });
  });

  it("tags as Elasticsearch keeps them, errors as text", () => {
    const document = { ...span, tags: [], tag: { "span@kind": "client", error: "true", "http@status_code": "404" } };
    expect(read(document).records[0]).toMatchObject({ kind: "client", error: true, fault: false, namespace: "remote" });
  });

  it.each<[Json, number | null]>([
    [267_037, 267.037],
    ["1000", 1],
    ["1000ns", 0.001],
    ["5ms", 5],
    ["1m2.5s", 62_500],
    ["invalid", null],
    ["", null],
    [{}, null],
  ])("duration %j", (value, ms) => expect(durationMsOf(value)).toBe(ms));

  it("a function's tags make an invocation, as in OTLP", () => {
    const tags = [
      { key: "span.kind", value: "server" },
      { key: "faas.name", value: "pay" },
      { key: "faas.execution", value: "r-7001" },
      { key: "cloud.provider", value: "aws" },
    ];
    expect(only(read({ ...span, tags }).records, "invocation")[0]).toMatchObject({
      cloud: "aws",
      fn: "pay",
      requestId: "r-7001",
      durationMs: expect.closeTo(267.037, 3),
    });
  });

  it("reports what is broken and reads the rest", () => {
    const { records, broken } = read([
      span,
      { ...span, duration: "invalid" },
      { traceID: TRACE, spanID: "1" },
      { ...span, spanID: "not hex" },
    ]);
    expect(records).toHaveLength(1);
    expect(broken).toEqual([
      'span 7606ddfe69932d34: "invalid" is not a duration',
      "span 0000000000000001 without a readable start time",
      "span without a span ID",
    ]);
  });
});

const fixtures = shared("corpora/other/jaeger-fixtures");

describe.skipIf(fixtures === null)("recorded fixtures", () => {
  it("traces of the integration tests are all read; spans are counted by their span IDs", () => {
    const files = filesIn(`${fixtures}/storage`).filter((path) => /fixtures/.test(path.slice(fixtures!.length)));
    expect(files.length).toBeGreaterThan(30);
    for (const path of files) {
      const text = readFileSync(path, "utf8");
      const { records, broken } = read(JSON.parse(text) as Json);
      expect(broken, path).toEqual([]);
      // each span has one name, a link none
      expect(only(records, "span").length, path).toBe(text.match(/"startTimeUnixNano"/g)!.length);
    }
  });

  it("the anonymiser's output: two spans, the second the child of the first", () => {
    const path = `${fixtures}/cmd/anonymizer/app/uiconv/fixtures`;
    const [first, second] = only(read(JSON.parse(readFileSync(`${path}/trace_success.json`, "utf8")) as Json).records, "span");
    expect(second).toMatchObject({ parentSpanId: first!.spanId, traceId: first!.traceId, fault: true, kind: "client" });
    const wrong = read(JSON.parse(readFileSync(`${path}/trace_wrong_format.json`, "utf8")) as Json);
    expect(wrong).toMatchObject({ format: "jaeger", records: [], broken: ["span 7606ddfe69932d34 without a readable start time"] });
  });

  it("queries to Elasticsearch are not telemetry", () => {
    for (const path of filesIn(`${fixtures}/storage/v2/elasticsearch/tracestore/core/testdata`)) {
      const { format } = read(JSON.parse(readFileSync(path, "utf8")) as Json);
      expect([path.split("/").at(-1), format]).toEqual([path.split("/").at(-1), path.endsWith("write_span.json") ? "jaeger" : null]);
    }
  });
});
