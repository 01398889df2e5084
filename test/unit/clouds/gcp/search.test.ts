import { describe, expect, it } from "vitest";
import { openSearch } from "../../../../src/clouds/gcp/search.ts";
import type { Span, Target } from "../../../../src/clouds/room.ts";
import type { Id, IdKind } from "../../../../src/model/ids.ts";
import { idKeys } from "../../../../src/model/id-keys.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Config, Rec } from "../../../../src/model/records.ts";
import * as logs from "../../../support/gcp-logs.ts";
import {
  collected,
  denied,
  failure,
  gcpContext,
  gcpTarget,
  HOUR_MS,
  NOW,
  PROJECT,
  type Scripted,
  scriptedGcp,
  type ScriptedGcp,
  service,
  typed,
} from "../../../support/scripted-gcp.ts";

const WINDOW: Span = { from: NOW - HOUR_MS, to: NOW };
const AT = WINDOW.from + 60_000;
const notSampled = failure("cloudtrace:traces.get", "not-found", "NOT_FOUND", 404);
const id = (value: string, kind: IdKind = "correlation"): Id => ({ kind, value });

function server(entries: readonly JsonObject[], pageSize?: number, more: { [api: string]: Scripted } = {}): ScriptedGcp {
  return scriptedGcp({
    "logging:ListLogEntries": logs.logPages(entries, pageSize),
    "cloudtrace:traces.get": notSampled,
    "cloudtrace:traces.list": {},
    ...more,
  });
}
const searcher = (api: ScriptedGcp, target: Partial<Target> = {}) => openSearch(api, gcpTarget(target), gcpContext());
const found = (api: ScriptedGcp, ids: Id[], configs: Config[] = [], target: Partial<Target> = {}): Promise<Rec[]> =>
  collected(searcher(api, target).search(ids, configs, WINDOW));
const reads = (api: ScriptedGcp): number => api.counts()["logging:ListLogEntries"] ?? 0;

/** Two services, a 1st gen function, and a request that has nothing to do with the order. */
const ENTRIES = [
  logs.request("orders", 1, AT),
  logs.line("orders", 1, AT + 10, { message: "placed", orderId: "ORD-77123" }),
  logs.line("orders", 1, AT + 20, { message: "published", messageId: "9912345678901" }),
  logs.request("billing", 2, AT + 500),
  logs.line("billing", 2, AT + 510, { message: "received", messageId: "9912345678901" }),
  logs.gen1Line("mail", "k3xq9", AT + 900, "Function execution started"),
  logs.gen1Line("mail", "k3xq9", AT + 910, "mail for order_id=ORD-77123"),
  logs.gen1Line("mail", "k3xq9", AT + 990, "Function execution took 90 ms, finished with status: 'ok'"),
  logs.request("orders", 3, AT),
  logs.line("orders", 3, AT + 10, { message: "placed", orderId: "ORD-88888" }),
  logs.auditEntry("orders", AT),
];

describe("a business ID", () => {
  it("brings the requests and executions whole that have a line with it, and nothing else", async () => {
    const api = server(ENTRIES);
    const records = await found(api, [id("ORD-77123")]);
    expect(
      typed(records, "invocation")
        .map((one) => [one.fn, one.requestId, one.outcome])
        .sort(),
    ).toEqual([
      ["mail", "k3xq9", "ok"],
      ["orders", logs.requestId(1), "ok"],
    ]);
    expect(typed(records, "log")).toHaveLength(6);
    expect(typed(records, "gap")).toEqual([]);
    // one call finds the lines, one reads what they belong to
    expect(reads(api)).toBe(2);
  });

  it("is found in pages of any length, some of them empty", async () => {
    const one = await found(server(ENTRIES), [id("ORD-77123")]);
    const other = await found(server(ENTRIES, 1), [id("ORD-77123")]);
    expect(other).toEqual(one);
    const empty = server(ENTRIES, undefined, {
      "logging:ListLogEntries": (asked) => [{ nextPageToken: "a" }, { nextPageToken: "b" }, ...logs.logPages(ENTRIES)(asked)],
    });
    expect(await found(empty, [id("ORD-77123")])).toEqual(one);
  });

  it("is case-sensitive, though the search is not", async () => {
    expect(await found(server(ENTRIES), [id("ord-77123")])).toEqual([]);
  });

  it("is not a part of another one", async () => {
    const holds = ["ORD-7", "id=ORD-7;", "(ORD-7)", "say\\nORD-7", "ORD-77 ORD-7", "x_ORD-7_y", "ORD-7."];
    const not = ["ORD-77", "ORD-7a", "XORD-7", "1ORD-7", "ORD-7é"];
    const records = await found(server([...holds, ...not].map((text, i) => logs.line("orders", i + 1, AT + i, text))), [id("ORD-7")]);
    expect(typed(records, "log").map((one) => one.message)).toEqual(holds);
  });

  it("with quotes, backslashes and letters of any alphabet is found as loggers write it", async () => {
    for (const value of ['A"77', "A\\77", "Ä-日-77", "a b 77"]) {
      const own = logs.line("orders", 1, AT, { orderId: value });
      const quoted = logs.line("orders", 2, AT, JSON.stringify({ orderId: value }));
      const records = await found(server([own, quoted, ...ENTRIES.slice(8)]), [id(value)]);
      expect(typed(records, "log")).toHaveLength(2);
    }
  });

  it("of a request that ran out of memory brings the platform's word for it, which names no request", async () => {
    const failed = logs.request("orders", 9, AT, 300, {
      httpRequest: { requestMethod: "POST", requestUrl: "https://orders.a.run.app/", status: 500, latency: "0.3s", userAgent: "curl" },
    });
    const said = logs.systemLine(
      "orders",
      AT + 350,
      "Memory limit of 512 MiB exceeded with 530 MiB used. Consider increasing the memory limit.",
    );
    const elsewhere = logs.systemLine("billing", AT + 350, "Memory limit of 256 MiB exceeded with 260 MiB used.");
    const records = await found(server([failed, logs.line("orders", 9, AT + 5, { orderId: "ORD-99" }), said, elsewhere]), [id("ORD-99")]);
    expect(typed(records, "invocation").map((one) => [one.fn, one.outcome, one.memoryMib, one.maxMemoryMib])).toEqual([
      ["orders", "oom", 512, 530],
    ]);
    expect(typed(records, "log")).toHaveLength(3);
  });

  it("of which no line tells is looked for in a fixed number of calls", async () => {
    const api = server(ENTRIES);
    expect(await found(api, [id("nowhere-1")])).toEqual([]);
    expect(reads(api)).toBe(1);
  });
});

describe("other IDs", () => {
  const runs = async (ids: Id[]): Promise<string[]> =>
    typed(await found(server(ENTRIES), ids), "invocation")
      .map((one) => one.fn)
      .sort();

  it("are found in their forms: message, trace, execution, the request log's own name of a request", async () => {
    expect(await runs([id("9912345678901", "message")])).toEqual(["billing", "orders"]);
    expect(await runs([id(logs.traceId(2), "trace")])).toEqual(["billing"]);
    expect(await runs([id("k3xq9", "request")])).toEqual(["mail"]);
    expect(await runs([id(logs.requestId(3), "request")])).toEqual(["orders"]);
    expect(await runs([])).toEqual([]);
  });

  it("join a trace that came in X-Ray's form, in traceparent or in X-Cloud-Trace-Context", async () => {
    const hex = "5e1b41515ac6c58f00aabbccddeeff00";
    const carried = [
      logs.line("a", null, AT, `_X_AMZN_TRACE_ID=Root=1-5e1b4151-5ac6c58f00aabbccddeeff00;Parent=53995c3f42cd8ad8;Sampled=1`),
      logs.line("b", null, AT, { headers: { traceparent: `00-${hex}-00f067aa0ba902b7-01` } }),
      logs.line("c", null, AT, { headers: { "x-cloud-trace-context": `${hex.toUpperCase()}/1;o=1` } }),
      { ...logs.line("d", null, AT, "x"), trace: `projects/${PROJECT}/traces/${hex}` },
    ];
    const records = await found(server([...carried, ...ENTRIES]), [id(hex, "trace")]);
    expect(
      typed(records, "log")
        .map((one) => one.fn)
        .sort(),
    ).toEqual(["a", "b", "c", "d"]);
  });
});

describe("rounds", () => {
  it("do not read a trace whole a second time, and find what else holds its ID", async () => {
    const elsewhere = logs.line("audit", null, AT, `seen ${logs.traceId(1)}`);
    const api = server([...ENTRIES, elsewhere]);
    const search = searcher(api);
    await collected(search.search([id("ORD-77123")], [], WINDOW));
    const second = await collected(search.search([id(logs.traceId(1), "trace")], [], WINDOW));
    expect(typed(second, "log").map((one) => one.fn)).toEqual(["audit"]);
    expect(reads(api)).toBe(3);
    // another window is another search
    const wider = await collected(search.search([id(logs.traceId(1), "trace")], [], { from: WINDOW.from - 1, to: WINDOW.to }));
    expect(typed(wider, "log").length).toBeGreaterThan(1);
  });

  it("ask Cloud Trace for a trace once", async () => {
    const api = server([]);
    const search = searcher(api);
    for (let i = 0; i < 2; i++) await collected(search.search([id(logs.traceId(1), "trace")], [], WINDOW));
    expect(api.counts()["cloudtrace:traces.get"]).toBe(1);
  });
});

describe("limits", () => {
  it("of lines: an ID that too many hold identifies nothing, and a gap says so", async () => {
    const many = Array.from({ length: 10_500 }, (_, n) => logs.line("orders", null, AT + n, { orderId: "CONST-1" }));
    const records = await found(server(many), [id("CONST-1")]);
    expect(typed(records, "log").length).toBeGreaterThanOrEqual(10_000);
    expect(typed(records, "gap").map((one) => [one.what, one.from, one.to])).toEqual([["log search", WINDOW.from, WINDOW.to]]);
  });

  it("of traces: some are read whole, of the others the lines alone", async () => {
    const many = Array.from({ length: 400 }, (_, n) => [
      logs.request("orders", n + 1, AT),
      logs.line("orders", n + 1, AT, { orderId: "HUB-12" }),
    ]).flat();
    const records = await found(server(many), [id("HUB-12")]);
    expect(typed(records, "invocation")).toHaveLength(300);
    expect(typed(records, "log")).toHaveLength(700);
    expect(typed(records, "gap").map((one) => one.why)).toEqual(["one of the IDs is in 400 traces and executions; 300 were read whole"]);
  });

  it("of pages: a search that finds nothing for ever is given up", async () => {
    const endless = Array.from({ length: 5_000 }, (_, i) => ({ nextPageToken: `${i}` }));
    const api = server([], undefined, { "logging:ListLogEntries": endless });
    expect(typed(await found(api, [id("ORD-77123")]), "gap")).toHaveLength(1);
    expect(reads(api)).toBeLessThan(300);
  });
});

describe("scope", () => {
  it("is the functions of the filter, or everything that functions of the project log", async () => {
    const target = { functions: { names: ["billing"], tags: {} } };
    const ids = [id("9912345678901", "message")];
    const runsOf = (records: Rec[]): string[] => typed(records, "invocation").map((one) => one.fn);
    expect(runsOf(await found(server(ENTRIES), ids, [service("billing")], target))).toEqual(["billing"]);
    expect(runsOf(await found(server(ENTRIES), ids, [service("billing")])).sort()).toEqual(["billing", "orders"]);
    const none = server(ENTRIES);
    expect(await found(none, ids, [], target)).toEqual([]);
    expect(reads(none)).toBe(0);
  });

  it("is announced: two calls at one a second, free", () => {
    expect(searcher(server([])).estimate([], WINDOW)).toEqual({ calls: 2, seconds: 2, usd: 0, bytes: null });
  });
});

describe("labels of spans", () => {
  it("are asked for a correlation ID that no line holds, by each spelling of the configured keys", async () => {
    const trace = {
      projectId: PROJECT,
      traceId: logs.traceId(5),
      spans: [
        {
          spanId: "7",
          name: "/",
          startTime: new Date(AT).toISOString(),
          endTime: new Date(AT + 5).toISOString(),
          labels: { order_id: "ORD-5555" },
        },
      ],
    };
    const asked: string[] = [];
    const api = server([], undefined, {
      "cloudtrace:traces.list": (request) => {
        asked.push(String(request["filter"]));
        return request["filter"] === '+order_id:"ORD-5555"' ? { traces: [trace] } : {};
      },
    });
    const records = await found(api, [id("ORD-5555")]);
    expect(typed(records, "span").map((one) => one.traceId)).toEqual([logs.traceId(5)]);
    expect(asked).toContain('+orderId:"ORD-5555"');
    expect(asked).toHaveLength(idKeys().names.length * 3);
    const held = server(ENTRIES);
    await found(held, [id("ORD-77123")]);
    expect(held.counts()["cloudtrace:traces.list"]).toBeUndefined();
  });
});

describe("failures", () => {
  it("of one source are a gap, and the other is read", async () => {
    const noLogs = server([], undefined, {
      "logging:ListLogEntries": denied("logging:ListLogEntries"),
      "cloudtrace:traces.get": {
        projectId: PROJECT,
        traceId: logs.traceId(1),
        spans: [{ spanId: "7", name: "/", startTime: new Date(AT).toISOString(), endTime: new Date(AT).toISOString() }],
      },
    });
    const records = await found(noLogs, [id(logs.traceId(1), "trace")]);
    expect(typed(records, "gap").map((one) => one.what)).toEqual(["log search"]);
    expect(typed(records, "span")).toHaveLength(1);
    const noTraces = server(ENTRIES, undefined, { "cloudtrace:traces.get": denied("cloudtrace:traces.get") });
    const others = await found(noTraces, [id(logs.traceId(1), "trace")]);
    expect(typed(others, "gap").map((one) => one.what)).toEqual(["traces"]);
    expect(typed(others, "invocation")).toHaveLength(1);
  });

  it("of the credentials end it", async () => {
    const api = server([], undefined, {
      "logging:ListLogEntries": failure("logging:ListLogEntries", "credentials", "UNAUTHENTICATED", 401),
    });
    await expect(found(api, [id("ORD-77123")])).rejects.toMatchObject({ kind: "credentials" });
  });
});
