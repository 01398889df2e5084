import { describe, expect, it } from "vitest";
import {
  anyOf,
  lineFilters,
  type LoggedAs,
  type LogScope,
  MAX_FILTER_CHARS,
  packed,
  quoted,
  SEARCH_CHARS,
  searchFilters,
  seriesFilter,
} from "../../../../src/clouds/gcp/log-filter.ts";
import { searchFiltersOf, restrictionsOf } from "../../../../src/clouds/gcp/search-logs.ts";
import { labelFilter, labelKeys } from "../../../../src/clouds/gcp/search-traces.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import { matches, parseFilter } from "../../../peers/support/gcp/filter.ts";
import * as logs from "../../../support/gcp-logs.ts";
import { DAY_MS, HOUR_MS, NOW, PROJECT } from "../../../support/scripted-gcp.ts";

const window = { from: NOW - HOUR_MS, to: NOW };
const ALL: LogScope = { project: PROJECT, services: null, locations: [] };
const run = (name: string): LoggedAs => ({ type: "cloud_run_revision", name, location: "europe-west1" });
/** The entries that filters give, each filter read by the test server's reader of Google's language. */
const given = (filters: readonly string[], entries: readonly JsonObject[]): JsonObject[] =>
  entries.filter((entry) => filters.some((filter) => matches(parseFilter(filter), entry)));
const ids = (entries: readonly JsonObject[]): unknown[] => entries.map((one) => one["insertId"]);

const HOSTILE = [
  '" OR timestamp>="1970-01-01T00:00:00Z',
  "\\",
  '\\" OR "',
  "a\nOR b",
  "x) OR (y",
  "-- comment",
  "日本 ünïcode 🚀",
  "${jndi}",
  "\u0000\u001b[31m",
  "' OR '1'='1",
  "NOT x",
];

describe("a quoted value", () => {
  it("is one string to the reader of the language, whatever it holds", () => {
    for (const value of HOSTILE) {
      expect(parseFilter(`textPayload=${quoted(value)}`)).toEqual({
        kind: "compare",
        field: ["textPayload"],
        op: "=",
        value: { kind: "text", text: value },
      });
      expect(parseFilter(quoted(value))).toEqual({ kind: "global", text: value });
    }
  });

  it("is well-formed Unicode", () => {
    expect(quoted("a\ud800b")).toBe('"a\ufffdb"');
  });

  it("stands alone or in a list", () => {
    expect(anyOf("labels.execution_id", ["a"])).toBe('labels.execution_id="a"');
    expect(anyOf("textPayload", ["a", 'b"'], ":")).toBe('textPayload:("a" OR "b\\"")');
  });
});

describe("filters of lines", () => {
  const at = window.from;
  const entries = [
    logs.request("orders", 1, at),
    logs.line("orders", 1, at + 1, "hello"),
    logs.systemLine("orders", at + 2, "Starting new instance. Reason: AUTOSCALING"),
    logs.gen1Line("mail", "e1", at + 3, "Function execution started"),
    logs.gen1Line("mail", "e1", at + 4, "sent"),
    logs.gen1Line("mail", "e1", at + 5, "Function execution took 2 ms, finished with status: 'ok'"),
    logs.gen1Line("mail", "e2", at + 6, "Error: memory limit exceeded."),
    logs.auditEntry("orders", at + 7),
  ];

  it("ask for every line but audit logs, or for the platform's own", () => {
    const all = given(lineFilters(ALL, window, { lines: "all", lateFrom: null }), entries);
    expect(ids(all)).toEqual(ids(entries.slice(0, 7)));
    const platform = given(lineFilters(ALL, window, { lines: "platform", lateFrom: null }), entries);
    expect(ids(platform)).toEqual(ids([entries[0]!, entries[2]!, entries[3]!, entries[5]!, entries[6]!]));
  });

  it("are half-open in time", () => {
    const edge = [
      logs.line("orders", 1, window.from - 1, "x"),
      logs.line("orders", 1, window.from, "x"),
      logs.line("orders", 1, window.to - 1, "x"),
      logs.line("orders", 1, window.to, "x"),
    ];
    expect(ids(given(lineFilters(ALL, window, { lines: "all", lateFrom: null }), edge))).toEqual(ids(edge.slice(1, 3)));
  });

  it("take in requests that began before the window and were written in it, and nothing else of before", () => {
    const long = logs.request("orders", 2, window.from - 600_000, 900_000);
    const short = logs.request("orders", 3, window.from - 600_000, 100);
    const before = logs.line("orders", 2, window.from - 300_000, "working");
    const asked = { lines: "all" as const, lateFrom: window.from - HOUR_MS };
    expect(ids(given(lineFilters(ALL, window, asked), [long, short, before, entries[0]!]))).toEqual(ids([long, entries[0]!]));
  });

  it("name the services that are meant by the label of their kind, and regions", () => {
    const scope: LogScope = { ...ALL, services: [run("orders"), { type: "cloud_function", name: "mail", location: null }] };
    const others = [logs.line("other", 9, at, "x"), logs.gen1Line("orders", "e", at, "Function execution started")];
    const filters = lineFilters(scope, window, { lines: "all", lateFrom: null });
    expect(ids(given(filters, [...entries, ...others]))).toEqual(ids(entries.slice(0, 7)));
    const here = { ...ALL, locations: ["us-central1"] };
    const there = logs.line("orders", 1, at, "x", "us-central1");
    expect(ids(given(lineFilters(here, window, { lines: "all", lateFrom: null }), [...entries, there]))).toEqual(ids([there]));
  });

  it("none of which is too long name thousands of services, each once", () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `${"service-with-a-long-name".padEnd(50, "x")}-${i}`);
    const scope = { ...ALL, services: names.map(run), locations: ["europe-west1"] };
    const filters = lineFilters(scope, window, { lines: "platform", lateFrom: NOW - DAY_MS });
    for (const filter of filters) expect(filter.length).toBeLessThanOrEqual(MAX_FILTER_CHARS);
    // 5,000 names of 60 characters with quotes and OR, of which 18,000 characters hold some 300
    expect(filters.length).toBeLessThan(25);
    expect(filters.flatMap((filter) => filter.match(/"service-[^"]*"/g)!).sort()).toEqual(names.map((name) => `"${name}"`).sort());
  });

  it("that name no service are none: nothing is meant", () => {
    expect(lineFilters({ ...ALL, services: [] }, window, { lines: "all", lateFrom: null })).toEqual([]);
  });
});

describe("filters of a search", () => {
  it("find an ID in text, fields, labels and URLs, in either spelling of a trace", () => {
    const trace = logs.traceId(7);
    const found = [
      logs.request("orders", 7, window.from),
      logs.line("orders", null, window.from, `parent 00-${trace}-00f067aa0ba902b7-01`),
      logs.line("orders", null, window.from, { carrier: { "x-amzn-trace-id": `Root=1-${trace.slice(0, 8)}-${trace.slice(8)};Sampled=1` } }),
      { ...logs.line("orders", null, window.from, "x"), trace },
    ];
    const none = logs.line("orders", 8, window.from, "x");
    const filters = searchFiltersOf(ALL, window, restrictionsOf(PROJECT, [{ kind: "trace", value: trace }]));
    expect(ids(given(filters, [...found, none]))).toEqual(ids(found));
  });

  it("cannot be widened by an ID", () => {
    const entries = [
      logs.line("orders", 1, window.from - DAY_MS, "old"),
      logs.line("orders", 1, window.from, "x"),
      logs.auditEntry("orders", window.from),
    ];
    for (const value of HOSTILE.filter((one) => one.length > 1))
      for (const kind of ["correlation", "request", "message", "execution", "trace"] as const)
        expect(given(searchFiltersOf(ALL, window, restrictionsOf(PROJECT, [{ kind, value }])), entries)).toEqual([]);
  });

  it("find hostile IDs where they are", () => {
    for (const value of HOSTILE.filter((one) => one.length > 1)) {
      const entry = logs.line("orders", 1, window.from, { orderId: value });
      expect(given(searchFiltersOf(ALL, window, restrictionsOf(PROJECT, [{ kind: "correlation", value }])), [entry])).toEqual([entry]);
    }
  });

  it("find an execution by its label, and a request that only its trace and span name by the trace", () => {
    const execution = logs.gen1Line("mail", "abc123", window.from, "x");
    const request = logs.request("orders", 5, window.from);
    const asked = [
      { kind: "request" as const, value: "abc123" },
      { kind: "request" as const, value: logs.requestId(5) },
    ];
    expect(
      given(searchFiltersOf(ALL, window, restrictionsOf(PROJECT, asked)), [execution, request, logs.request("orders", 6, window.from)]),
    ).toEqual([execution, request]);
  });

  it("are at most 20,000 characters long however many IDs and services there are, and hold each ID", () => {
    const values = Array.from({ length: 500 }, (_, i) => `${"ORDER".padEnd(90, "x")}-${i}`);
    const scope = { ...ALL, services: Array.from({ length: 300 }, (_, i) => run(`service-${"y".repeat(40)}-${i}`)) };
    const filters = searchFiltersOf(
      scope,
      window,
      restrictionsOf(
        PROJECT,
        values.map((value) => ({ kind: "correlation" as const, value })),
      ),
    );
    for (const filter of filters) expect(filter.length).toBeLessThanOrEqual(MAX_FILTER_CHARS);
    for (const value of values) expect(filters.some((filter) => filter.includes(quoted(value)))).toBe(true);
  });

  it("put several restrictions in parentheses: OR binds closer than AND, but not closer than NOT", () => {
    expect(searchFilters(ALL, window, ['"a"', '"b"'])[0]).toMatch(/ AND \("a" OR "b"\)$/);
  });
});

it("values are packed in order, none left out, the too long alone", () => {
  expect(packed(["aa", "b", "cccccc", "d"], 4, (one) => one.length)).toEqual([["aa", "b"], ["cccccc"], ["d"]]);
  expect(packed([], 4, () => 1)).toEqual([]);
  expect(SEARCH_CHARS).toBeLessThan(MAX_FILTER_CHARS);
});

describe("filters of series", () => {
  it("name the resources, but not more than a hundred", () => {
    expect(seriesFilter("run.googleapis.com/request_count", "service_name", ["a"])).toBe(
      'metric.type = "run.googleapis.com/request_count" AND resource.labels.service_name = "a"',
    );
    expect(seriesFilter("m", "service_name", ["a", 'b"'])).toBe('metric.type = "m" AND resource.labels.service_name = one_of("a", "b\\"")');
    expect(seriesFilter("m", "service_name", null)).toBe('metric.type = "m"');
    expect(
      seriesFilter(
        "m",
        "service_name",
        Array.from({ length: 101 }, (_, i) => `s${i}`),
      ),
    ).toBe('metric.type = "m"');
  });
});

describe("filters of traces", () => {
  it("quote the value: https://cloud.google.com/trace/docs/trace-filters", () => {
    expect(labelFilter("orderId", 'A "1": \\x')).toBe('+orderId:"A \\"1\\": \\\\x"');
  });
  it("know the spellings of a label", () => {
    expect(labelKeys(["order-id", "x-correlation-id", "--"])).toEqual([
      "order-id",
      "order_id",
      "orderId",
      "x-correlation-id",
      "x_correlation_id",
      "xCorrelationId",
    ]);
  });
});
