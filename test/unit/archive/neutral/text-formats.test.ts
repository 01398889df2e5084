import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSource, type SourceResult } from "../../../../src/archive/index.ts";
import { cellsOf } from "../../../../src/archive/neutral/csv-line.ts";
import { serviceOfPod } from "../../../../src/archive/neutral/csv-traces.ts";
import { textFormats } from "../../../../src/archive/neutral/text-formats.ts";
import { idKeys } from "../../../../src/model/id-keys.ts";
import type { LogEvent, Rec, Span } from "../../../../src/model/records.ts";
import { shared } from "../../../support/shared.ts";

async function read(input: string | URL): Promise<{ result: SourceResult; records: Rec[] }> {
  async function* stdin(): AsyncGenerator<Buffer> {
    yield input instanceof URL ? readFileSync(input) : Buffer.from(input);
  }
  const records: Rec[] = [];
  const result = await readSource("-", { formats: textFormats, keys: idKeys(), record: (r) => records.push(r), stdin: stdin() });
  return { result, records };
}

describe("CSV", () => {
  it.each([
    ["a,b,,c", ["a", "b", "", "c"]],
    ['"a,b","c ""d""",', ["a,b", 'c "d"', ""]],
    ["", [""]],
    ['"a\nb",c', ["a\nb", "c"]],
  ])("%j has its cells", (line, cells) => {
    expect(cellsOf(line, ",")).toEqual(cells);
  });

  it("knows that a quoted cell goes on", () => {
    expect(cellsOf('a,"b', ",")).toBeNull();
  });

  it.each([
    ["ts-gateway-service-6f6cfc45b-h5m2n", "ts-gateway-service"],
    ["frontend-579b9bff58-t2dbm", "frontend"],
    ["plain", "plain"],
    ["", null],
  ])("pod %j is of service %j", (pod, service) => {
    expect(serviceOfPod(pod)).toBe(service);
  });

  it("gives spans; `root` is no parent", async () => {
    const text =
      "TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano,Duration\n" +
      "898fbabdd1894463575af052c4cd7982,233D5101E107E112,root,pay-6f6cfc45b-h5m2n,/*,1674982159219000000,1674982159247500000,28500\n" +
      '898fbabdd1894463575af052c4cd7982,f613c6a34f920926,233d5101e107e112,pay-6f6cfc45b-h5m2n,"GET, all",1674982159219500000,1674982159220000000,500\n' +
      "not-hex,f613c6a34f920926,root,p,x,1674982159219500000,1674982159220000000,500\n" +
      "898fbabdd1894463575af052c4cd7982,1\n";
    const { result, records } = await read(text);
    expect(result.formats).toEqual(["csv.spans"]);
    const spans = records as Span[];
    expect(spans.map((s) => [s.spanId, s.parentSpanId, s.name, s.startedAt, s.endedAt, s.attributes])).toEqual([
      ["233d5101e107e112", null, "/*", 1674982159219, 1674982159247.5, { "service.name": "pay" }],
      ["f613c6a34f920926", "233d5101e107e112", "GET, all", 1674982159219.5, 1674982159220, { "service.name": "pay" }],
    ]);
    expect(result.broken).toEqual([
      { line: 4, byte: text.indexOf("not-hex"), reason: "a span without trace ID and span ID" },
      { line: 5, byte: text.lastIndexOf("898f"), reason: "2 cells where the header has 8" },
    ]);
  });

  it("gives log lines out of Docker's JSON, over several lines, with the IDs in them", async () => {
    const { records } = await read(
      "Timestamp\tTimeUnixNano\tNode\tPodName\tContainer\tTraceID\tSpanID\tLog\r\n" +
        '2023-01-29T08:48:42Z\t1674982122425000000\tn\tpay-6f6cfc45b-h5m2n\ts\t49a51828322183eb20bfe4ace3060000\t083e5d40259e7999\t"{""log"":""16:48:42 WARN x orderId=o-123\\n""}"\r\n' +
        '2023-01-29T08:48:42Z\t1674982122425000000\tn\tpay-6f6cfc45b-h5m2n\ts\t\t\t"two\r\nlines"\r\n',
    );
    const [first, second] = records as LogEvent[];
    expect(first).toMatchObject({
      at: 1674982122425,
      fn: "pay",
      stream: "pay-6f6cfc45b-h5m2n",
      level: "WARN",
      traceId: "49a51828322183eb20bfe4ace3060000",
      spanId: "083e5d40259e7999",
      message: "16:48:42 WARN x orderId=o-123",
      ids: [{ kind: "correlation", value: "o-123" }],
    });
    expect(second).toMatchObject({ message: "two\nlines", traceId: null, spanId: null, level: null });
  });

  it("takes no sentence about columns for a header", () => {
    const sentence =
      "what: log(Timestamp,TimeUnixNano,TraceID,SpanID,Log), trace(TraceID,SpanID,ParentID,OperationName,StartTimeUnixNano,EndTimeUnixNano).";
    expect(textFormats.map((f) => f.recognise(sentence))).toEqual([0, 0, 0]);
  });

  it("says where a quote never ends", async () => {
    const { result } = await read('TimeUnixNano,TraceID,SpanID,Log\n1674982122425000000,,,"never\nends\n');
    expect(result.broken).toEqual([{ line: 2, byte: 32, reason: "a quote that never ends" }]);
  });
});

describe("oslo.log text", () => {
  it("takes the request's ID as correlation, and keeps stack traces together", async () => {
    const { records } = await read(
      "nova-api.log.1 2017-05-16 00:00:00.008 25746 WARNING nova.wsgi [req-38101a0b-2096-447d-96ea-a692162415ae u t - - -] slow\n" +
        "  at line 1\n" +
        "2017-05-16 00:00:01.000 1 INFO nova.compute [-] idle\n",
    );
    expect(records).toHaveLength(2);
    expect(records[0]).toMatchObject({
      // 2017-05-16T00:00:00Z = 1494892800 s
      at: 1494892800008,
      fn: "nova-api",
      level: "WARN",
      message: "nova.wsgi [req-38101a0b-2096-447d-96ea-a692162415ae u t - - -] slow\n  at line 1",
      ids: [{ kind: "correlation", value: "req-38101a0b-2096-447d-96ea-a692162415ae" }],
    });
    expect(records[1]).toMatchObject({ fn: "nova", ids: [], stream: null });
  });
});

const openstack = shared("corpora/other/loghub-openstack");
const nezha = shared("corpora/other/nezha/construct_data/2023-01-29");

describe.skipIf(openstack === null)("the recorded OpenStack log", () => {
  it("has as many lines and requests over services as its collector counted", async () => {
    const { records } = await read(new URL(`file://${openstack}/OpenStack_2k.log`));
    const expected = JSON.parse(readFileSync(`${openstack}/expected.json`, "utf8")) as Record<string, number>;
    const services = new Map<string, Set<string | null>>();
    let withId = 0;
    for (const event of records as LogEvent[]) {
      const request = event.ids.filter((id) => id.value.startsWith("req-"));
      if (request.length > 0) withId++;
      for (const { value } of request) services.set(value, (services.get(value) ?? new Set()).add(event.fn));
    }
    expect(records).toHaveLength(expected["lines"]!);
    expect(withId).toBe(expected["lines_with_request_id"]);
    expect(services.size).toBe(expected["distinct_request_ids"]);
    expect([...services.values()].filter((s) => s.size > 1)).toHaveLength(expected["request_ids_in_more_than_one_service"]!);
  });
});

describe.skipIf(nezha === null)("the recorded Train Ticket traces", () => {
  it("give one record per row of the tables", async () => {
    for (const file of ["trace/08_50_trace.csv", "log/08_50_log.csv"]) {
      const { result, records } = await read(new URL(`file://${nezha}/${file}`));
      const rows = readFileSync(`${nezha}/${file}`, "utf8").trimEnd().split("\n").length - 1;
      expect(result.brokenCount).toBe(0);
      expect(records).toHaveLength(rows);
    }
  });
});
