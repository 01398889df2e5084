import { describe, expect, it } from "vitest";
import { chainOf, correlate, invocationGraph } from "../../../../src/analyzer/chains/index.ts";
import type { Chain, ChainRecords } from "../../../../src/model/chains.ts";
import type { Gap } from "../../../../src/model/records.ts";
import { correlation, delivery, emptyRecords, execution, line, message, run, span, T0, together, trigger } from "./records.ts";

const A = correlation("order-A1");
const B = correlation("order-B2");
const chainsOf = (...parts: Partial<ChainRecords>[]): Chain[] => correlate(together(...parts));
const pairs = (chain: Chain): string[] => invocationGraph(chain).edges.map((e) => `${e.from} > ${e.to}`);
const hops = (chain: Chain): string[] => invocationGraph(chain).hops.sort();
const byId = (chains: Chain[], id: string): Chain => chains.find((c) => c.id === id)!;
const codes = (chain: Chain): string[] => chain.problems.map((p) => p.code);

describe("correlate", () => {
  it("gives nothing for nothing, and no chain for a lone run without IDs", () => {
    expect(correlate(emptyRecords())).toEqual([]);
    expect(chainsOf({ invocations: [run("f", "r1", 0, 10)] })).toEqual([]);
  });

  /*  api |--publish m1--|            queue            worker
   *  0   5             20                            100    130      all carry order-A1                    */
  it("joins sender and receiver of a message, with the wait from sending to start", () => {
    const [chain] = chainsOf({
      invocations: [run("api", "r1", 0, 20, { ids: [A] }), run("worker", "r2", 100, 130, { ids: [A] })],
      messages: delivery("msg-1", ["api", "r1", 5], [["worker", "r2", 100]]),
    });
    expect(chain).toMatchObject({ id: "order-A1", endToEndMs: 130, complete: true, outcome: "ok", route: "api > worker", problems: [] });
    expect(chain!.edges).toMatchObject([
      { from: "aws:r1", to: "aws:r2", kind: "message", confidence: 0.9, invocation: "async", channel: "q" },
    ]);
    expect(chain!.hops.map((h) => [h.id, h.waitMs])).toEqual([
      ["aws:r1", null],
      ["aws:r2", 95],
    ]);
    // 0-5 api works, 5-100 the message waits, 100-130 worker works
    expect(chain!.criticalPath).toEqual([
      { hopId: "aws:r1", fromMs: 0, toMs: 5, spent: "working", category: "computation" },
      { hopId: "aws:r2", fromMs: 5, toMs: 100, spent: "queue-wait", category: "queueing" },
      { hopId: "aws:r2", fromMs: 100, toMs: 130, spent: "working", category: "computation" },
    ]);
    expect(chain!.breakdownMs).toEqual({ computation: 35, queueing: 95, unclassified: 0 });
  });

  it("counts duplicated records of overlapping exports once", () => {
    const once = {
      invocations: [run("api", "r1", 0, 20, { ids: [A] }), run("worker", "r2", 100, 130, { ids: [A] })],
      messages: delivery("msg-1", ["api", "r1", 5], [["worker", "r2", 100]]),
      logs: [line("api", "r1", 3, [A])],
      spans: [span("1111111111111111", 0, 20, { requestId: "r1", fn: "api", isInvocation: true })],
    };
    expect(chainsOf(once, once)).toEqual(chainsOf(once));
  });

  /*  batch consumer receives m1 (order-A1) and m2 (order-B2) in one run:
   *  pubA --m1--\
   *              batch        two chains, half of the batch in each; its own message m3 says order-A1 only
   *  pubB --m2--/     \--m3--> next                                                                       */
  it("lets a batch belong to each of its messages' chains in parts, and never merges them", () => {
    const chains = chainsOf({
      invocations: [run("pub", "pa", 0, 10), run("pub", "pb", 2, 12), run("batch", "b1", 50, 80), run("next", "n1", 100, 110)],
      logs: [line("pub", "pa", 1, [A]), line("pub", "pb", 3, [B]), line("batch", "b1", 60, [A]), line("batch", "b1", 61, [B])],
      messages: [
        ...delivery("msg-1", ["pub", "pa", 5], [["batch", "b1", 50]], { ids: [A] }),
        ...delivery("msg-2", ["pub", "pb", 6], [["batch", "b1", 50]], { ids: [B] }),
        ...delivery("msg-3", ["batch", "b1", 70], [["next", "n1", 100]], { ids: [A] }),
      ],
    });
    expect(chains.map((c) => c.id)).toEqual(["order-A1", "order-B2"]);
    const a = byId(chains, "order-A1");
    const b = byId(chains, "order-B2");
    expect(hops(a)).toEqual(["aws:b1", "aws:n1", "aws:pa"]);
    expect(hops(b)).toEqual(["aws:b1", "aws:pb"]);
    expect(pairs(a).sort()).toEqual(["aws:b1 > aws:n1", "aws:pa > aws:b1"]);
    expect(pairs(b)).toEqual(["aws:pb > aws:b1"]);
    expect(a.hops.find((h) => h.id === "aws:b1")!.share).toBe(0.5);
    expect(b.hops.find((h) => h.id === "aws:b1")!.share).toBe(0.5);
    expect(a.patterns.map((p) => p.name)).toContain("batch");
  });

  it("finds a batch by its several correlation IDs where its messages were not logged", () => {
    const chains = chainsOf({
      invocations: [run("api", "r1", 0, 9, { ids: [A] }), run("api", "r2", 1, 9, { ids: [B] }), run("batch", "b1", 50, 80)],
      logs: [line("batch", "b1", 60, [A]), line("batch", "b1", 61, [B])],
    });
    expect(chains.map((c) => hops(c))).toEqual([
      ["aws:b1", "aws:r1"],
      ["aws:b1", "aws:r2"],
    ]);
  });

  it("takes an order number and a UUID in one run for two names of one thing", () => {
    const uuid = correlation("7d1f4b9e-6a0c-4f6e-9a41-0d6d3f5b2c11");
    const chains = chainsOf({
      invocations: [run("a", "r1", 0, 9), run("b", "r2", 20, 30), run("c", "r3", 40, 50)],
      logs: [line("a", "r1", 1, [A, uuid]), line("b", "r2", 21, [A]), line("c", "r3", 41, [uuid])],
    });
    expect(chains).toHaveLength(1);
    expect(hops(chains[0]!)).toEqual(["aws:r1", "aws:r2", "aws:r3"]);
  });

  it("takes two UUIDs that are always seen together for names of one thing, too", () => {
    const x = correlation("7d1f4b9e-6a0c-4f6e-9a41-0d6d3f5b2c11");
    const y = correlation("9a1f4b9e-6a0c-4f6e-9a41-0d6d3f5b2c22");
    const chains = chainsOf({
      invocations: [run("a", "r1", 0, 9), run("b", "r2", 20, 30)],
      logs: [line("a", "r1", 1, [x, y]), line("b", "r2", 21, [x, y])],
    });
    expect(chains).toHaveLength(1);
    expect(chains[0]!.hops.map((h) => h.share)).toEqual([1, 1]);
  });

  /*  one scheduled run (no order of its own) starts two orders within its trace */
  it("does not merge orders that share a scheduler's trace", () => {
    const trace = "b".repeat(32);
    const chains = chainsOf({
      invocations: [
        run("tick", "t1", 0, 9, { traceId: trace }),
        run("work", "w1", 20, 30, { traceId: trace, ids: [A] }),
        run("work", "w2", 21, 33, { traceId: trace, ids: [B] }),
      ],
    });
    expect(chains.map((c) => [c.id, hops(c)])).toEqual([
      ["order-A1", ["aws:w1"]],
      ["order-B2", ["aws:w2"]],
    ]);
  });

  it("joins nothing by an ID that is a constant or is carried by too many", () => {
    const constant = correlation("tenant-1");
    const invocations = Array.from({ length: 60 }, (_, i) =>
      run("f", `r${i}`, i * 100, i * 100 + 9, { ids: [constant, correlation(`order-${1000 + i}`)] }),
    );
    const chains = chainsOf({ invocations });
    expect(chains).toHaveLength(60);
    expect(codes(chains[0]!)).toContain("hub");
    const shared = Array.from({ length: 30 }, (_, i) => run(`f${i}`, `s${i}`, i * 100, i * 100 + 9, { ids: [correlation("everywhere")] }));
    expect(correlate(together({ invocations: shared }), { hubLimit: 20 })).toEqual([]);
    expect(correlate(together({ invocations: shared }), { hubLimit: 30 })).toHaveLength(1);
  });

  it("joins nothing by placeholders", () => {
    const none = correlation("unknown");
    expect(chainsOf({ invocations: [run("f", "r1", 0, 9, { ids: [none] }), run("g", "r2", 5, 9, { ids: [none] })] })).toEqual([]);
  });

  /*  START..REPORT (error)      60 s later the same request again: START..REPORT (ok) */
  it("shows an asynchronous retry, which keeps its request ID, as an attempt of the same hop", () => {
    const [chain] = chainsOf({
      invocations: [
        run("f", "r1", 0, 100, { outcome: "error", ids: [A] }),
        run("f", "r1", 60_100, 60_150, { ids: [A] }),
        // the tracer saw the second attempt as well
        run("f", "r1", 60_101, 60_149, { seenIn: "span" }),
      ],
    });
    expect(chain!.hops).toHaveLength(1);
    expect(chain!.hops[0]!.attempts.map((a) => [a.startedAt - T0, a.durationMs, a.outcome])).toEqual([
      [0, 100, "error"],
      [60_100, 50, "ok"],
    ]);
    expect(chain).toMatchObject({ outcome: "ok", endToEndMs: 60_150 });
    expect(chain!.criticalPath.map((s) => [s.fromMs, s.toMs, s.spent])).toEqual([
      [0, 100, "working"],
      [100, 60_100, "retry-backoff"],
      [60_100, 60_150, "working"],
    ]);
  });

  it("shows a redelivery, which has a new request ID, as a hop that follows from the failed one", () => {
    const [chain] = chainsOf({
      invocations: [
        run("pub", "p", 0, 10, { ids: [A] }),
        run("work", "w1", 20, 30, { outcome: "error" }),
        run("work", "w2", 30_030, 30_040),
      ],
      messages: [
        message("published", "pub", "p", 5, { messageId: "msg-1", channel: "q" }),
        message("received", "work", "w1", 20, { messageId: "msg-1", channel: "q", attempt: 1, sentAt: T0 + 5 }),
        message("received", "work", "w2", 30_030, { messageId: "msg-1", channel: "q", attempt: 2, sentAt: T0 + 5 }),
      ],
    });
    expect(chain!.edges.map((e) => `${e.from} ${e.kind} ${e.to}`).sort()).toEqual([
      "aws:p message aws:w1",
      "aws:p message aws:w2",
      "aws:w1 retry aws:w2",
    ]);
    expect(chain).toMatchObject({ outcome: "ok", endToEndMs: 30_040 });
    expect(chain!.criticalPath.map((s) => [s.hopId, s.fromMs, s.toMs, s.spent])).toEqual([
      ["aws:p", 0, 5, "working"],
      ["aws:w1", 5, 20, "queue-wait"],
      ["aws:w1", 20, 30, "working"],
      ["aws:w2", 30, 30_030, "retry-backoff"],
      ["aws:w2", 30_030, 30_040, "working"],
    ]);
  });

  it("joins a consumer that lost all IDs by payload, if only one send fits", () => {
    const sent = (request: string, at: number): ReturnType<typeof message> =>
      message("published", "pub", request, at, { channel: "q", payloadHash: "h1", ids: [A] });
    const got = message("received", "work", "w", 60, { channel: "q", payloadHash: "h1" });
    const one = chainsOf({ invocations: [run("pub", "p1", 0, 10), run("work", "w", 60, 70)], messages: [sent("p1", 5), got] });
    expect(one[0]!.edges).toMatchObject([{ from: "aws:p1", to: "aws:w", kind: "payload" }]);
    expect(one[0]!.edges[0]!.confidence).toBeGreaterThanOrEqual(0.6);
    expect(one[0]!.edges[0]!.confidence).toBeLessThanOrEqual(0.8);
    const two = chainsOf({
      invocations: [run("pub", "p1", 0, 10), run("pub", "p2", 1, 11), run("work", "w", 60, 70)],
      messages: [sent("p1", 5), sent("p2", 6), got],
    });
    expect(two.flatMap((c) => c.edges)).toEqual([]);
  });

  it("guesses by time where two hops share nothing but their correlation ID, says so by confidence, and refuses where two fit", () => {
    const two = chainsOf({ invocations: [run("a", "r1", 0, 9, { ids: [A] }), run("b", "r2", 20, 30, { ids: [A] })] });
    expect(two[0]!.edges).toMatchObject([{ from: "aws:r1", to: "aws:r2", kind: "time", confidence: 0.4 }]);
    const three = chainsOf({
      invocations: [run("a", "r1", 0, 9, { ids: [A] }), run("c", "r3", 2, 9, { ids: [A] }), run("b", "r2", 20, 30, { ids: [A] })],
    });
    expect(three[0]!.edges).toEqual([]);
    expect(codes(three[0]!)).toContain("ambiguous");
  });

  it("finds the cause by configured route where only the publisher's side is left, and refuses where two publishers fit", () => {
    const base = {
      configs: [trigger("arn:aws:sqs:us-east-1:111122223333:q", "arn:aws:lambda:us-east-1:111122223333:function:work")],
      invocations: [run("pub", "p1", 0, 10, { ids: [A] }), run("work", "w", 60, 70, { ids: [A] })],
    };
    const sent = message("published", "pub", "p1", 5, { channel: "q", messageId: "msg-1" });
    const [one] = chainsOf(base, { messages: [sent] });
    expect(one!.edges).toMatchObject([{ from: "aws:p1", to: "aws:w", kind: "correlation", confidence: 0.7 }]);
    const other = {
      invocations: [run("pub", "p2", 1, 11, { ids: [A] })],
      messages: [message("published", "pub", "p2", 6, { channel: "q", messageId: "msg-2" })],
    };
    const [two] = chainsOf(base, { messages: [sent] }, other);
    expect(two!.edges).toEqual([]);
    expect(codes(two!)).toContain("ambiguous");
  });

  it("names the function that a published message should have reached", () => {
    const [chain] = chainsOf({
      configs: [trigger("arn:aws:sqs:us-east-1:111122223333:q", "arn:aws:lambda:us-east-1:111122223333:function:work")],
      invocations: [run("pub", "p1", 0, 10, { ids: [A] })],
      messages: [message("published", "pub", "p1", 5, { channel: "q", messageId: "msg-1" })],
    });
    expect(chain!.problems).toMatchObject([{ code: "lost-hop", hopId: "aws:p1", message: expect.stringContaining("work") }]);
    expect(chain!.complete).toBe(false);
  });

  it("names a message whose publisher was not seen", () => {
    const [chain] = chainsOf({
      invocations: [run("api", "r0", 0, 10, { ids: [A] }), run("work", "w", 60, 70, { ids: [A] })],
      messages: [message("received", "work", "w", 60, { channel: "q", messageId: "msg-1" })],
    });
    expect(chain!.problems).toMatchObject([{ code: "lost-hop", hopId: "aws:w", message: expect.stringContaining("q") }]);
  });

  it("says that the end of a run was not seen, and keeps the run", () => {
    const [chain] = chainsOf({ invocations: [run("f", "r1", 0, null, { ids: [A] })] });
    expect(codes(chain!)).toEqual(["no-end"]);
    expect(chain).toMatchObject({ complete: false, endToEndMs: null, outcome: "unknown", criticalPath: [] });
    const [lines] = chainsOf({ logs: [line("f", "r1", 5, [A])] });
    expect(lines!.hops).toMatchObject([{ id: "aws:r1", function: "f", endedAt: null, durationMs: null }]);
  });

  /*  order-saga: |--- charge (ok) ---|--- reserve (fails) ---|--- refund ---|   started by api      */
  it("puts a workflow between its starter and its tasks, and names the compensation", () => {
    const arn = "arn:aws:states:us-east-1:111122223333:execution:order-saga:e1";
    const state = (n: number, name: string, fn: string, start: number, end: number, more = {}): ReturnType<typeof span> =>
      span(`${arn}#${n}`, start, end, { kind: "state", parentSpanId: arn, name, fn, traceId: null, ...more });
    const [chain] = chainsOf({
      invocations: [
        run("api", "r0", 0, 30, { ids: [A] }),
        run("charge-card", "r1", 45, 60, { ids: [A] }),
        run("reserve", "r2", 75, 90, { ids: [A], outcome: "error" }),
        run("refund-card", "r3", 105, 120, { ids: [A] }),
      ],
      logs: [line("api", "r0", 20, [execution(arn)])],
      spans: [
        span(arn, 25, 130, { kind: "workflow", traceId: null, name: "order-saga", fault: true }),
        state(1, "Charge", "charge-card", 40, 65),
        state(2, "Reserve", "reserve", 70, 95, { fault: true }),
        state(3, "Refund", "refund-card", 100, 125),
      ],
    });
    expect(pairs(chain!).sort()).toEqual([`aws:${arn} > aws:r1`, `aws:${arn} > aws:r2`, `aws:${arn} > aws:r3`, `aws:r0 > aws:${arn}`]);
    expect(chain!.patterns).toEqual([{ name: "compensated-saga", hopIds: [arn, "aws:r3"] }]);
    expect(chain!.hops.find((h) => h.id === "aws:r3")!.roles).toEqual(["compensation"]);
    expect(chain).toMatchObject({ outcome: "error", endToEndMs: 130 });
    const total = chain!.criticalPath.reduce((sum, s) => sum + s.toMs - s.fromMs, 0);
    expect(total).toBe(130);
  });

  it("names fan-out, replay and dead letter", () => {
    const [chain] = chainsOf({
      invocations: [
        run("pub", "p", 0, 10, { ids: [A] }),
        run("x", "x1", 20, 30),
        run("y", "y1", 21, 30),
        run("x", "x2", 90_000, 90_010),
        run("alarm", "d1", 95_000, 95_001),
      ],
      messages: [
        ...delivery(
          "evt-1",
          ["pub", "p", 5],
          [
            ["x", "x1", 20],
            ["y", "y1", 21],
          ],
          { channelKind: "bus", channel: "orders" },
        ),
        message("received", "x", "x2", 90_000, { messageId: "evt-1", channel: "orders", channelKind: "bus", replay: "replay-1" }),
        message("received", "alarm", "d1", 95_000, { messageId: "evt-1", channel: "orders-dlq", deadLetter: true }),
      ],
    });
    expect(chain!.patterns).toEqual([
      { name: "fan-out", hopIds: ["aws:p"] },
      { name: "replay", hopIds: ["aws:x2"] },
      { name: "dead-letter", hopIds: ["aws:d1"] },
    ]);
  });

  it("reports a circle of parents and leaves out the edge that closes it", () => {
    const ids = Array.from({ length: 6 }, (_, i) => String(i).repeat(16));
    const spans = ids.map((id, i) => span(id, i, 100 - i, { parentSpanId: ids[(i + 1) % 6]!, attributes: { "xray.type": "segment" } }));
    const [chain] = correlate(together({ spans }));
    expect(codes(chain!)).toContain("cycle");
    expect(chain!.edges).toHaveLength(5);
    expect(chain).toMatchObject({ endToEndMs: 100, complete: false });
    const covered = chain!.criticalPath.reduce((sum, s) => sum + s.toMs - s.fromMs, 0);
    expect(covered).toBe(100);
  });

  it("has failed where the service that was called from outside failed, whatever its function says", () => {
    const gateway = span("1".repeat(16), 0, 100, { fn: null, name: "api/dev", fault: true });
    const call = span("4".repeat(16), 5, 95, {
      fn: null,
      name: "Lambda",
      parentSpanId: "1".repeat(16),
      attributes: { "xray.type": "subsegment" },
    });
    const handler = span("2".repeat(16), 10, 90, { fn: "orders", isInvocation: true, requestId: "r1", parentSpanId: "4".repeat(16) });
    expect(correlate(together({ spans: [gateway, call, handler] }))[0]).toMatchObject({ outcome: "error" });
    // a failure inside that the function dealt with is not the chain's
    const table = span("3".repeat(16), 20, 30, { fn: null, name: "DynamoDB", fault: true, parentSpanId: "2".repeat(16) });
    expect(correlate(together({ spans: [{ ...gateway, fault: false }, call, handler, table] }))[0]).toMatchObject({ outcome: "ok" });
  });

  it("reports a span that is its own parent", () => {
    const [chain] = correlate(
      together({
        spans: [
          span("1".repeat(16), 0, 10, { parentSpanId: "1".repeat(16) }),
          span("2".repeat(16), 2, 8, { parentSpanId: "1".repeat(16) }),
        ],
      }),
    );
    expect(chain!.problems).toMatchObject([{ code: "cycle", hopId: "1".repeat(16) }]);
    expect(chain).toMatchObject({ endToEndMs: 10, complete: false });
  });

  it("is not complete where the tracer says that it did not keep the whole trace, and only there", () => {
    const gap = (what: string): Gap => ({
      type: "gap",
      cloud: "aws",
      account: null,
      region: null,
      what,
      why: "its limit",
      from: null,
      to: null,
    });
    const traceId = "5fbcfc1f4d2e9bed6dc0c41c39dfdb2f";
    const spans = [span("1".repeat(16), 0, 10, { traceId }), span("2".repeat(16), 2, 8, { traceId, parentSpanId: "1".repeat(16) })];
    const cut = correlate(together({ spans, gaps: [gap("trace 1-5fbcfc1f-4d2e9bed6dc0c41c39dfdb2f")] }));
    expect(cut[0]).toMatchObject({ complete: false, problems: [{ code: "cut" }] });
    const other = correlate(together({ spans, gaps: [gap("trace 1-5fbcfc1f-000000000000000000000001")] }));
    expect(other[0]).toMatchObject({ complete: true, problems: [] });
  });

  it("says once that a source could not be read, though a search and a collection both say so; permissions one by one", () => {
    const gap = (what: string, why: string): Gap => ({
      type: "gap",
      cloud: "aws",
      account: "111122223333",
      region: "us-east-1",
      what,
      why,
      from: T0,
      to: T0 + 1000,
    });
    const traceId = "5fbcfc1f4d2e9bed6dc0c41c39dfdb2f";
    const spans = [span("1".repeat(16), 0, 10, { traceId }), span("2".repeat(16), 2, 8, { traceId, parentSpanId: "1".repeat(16) })];
    const told = (...gaps: Gap[]): string[] => correlate(together({ spans, gaps }))[0]!.problems.map((one) => one.message);
    const unknown = (operation: string): string => `this endpoint does not know xray:${operation} (UnknownOperation, HTTP 404)`;
    expect(
      told(
        gap("traces", unknown("BatchGetTraces")),
        gap("traces of X-Ray", unknown("GetTraceSummaries")),
        gap("traces", unknown("GetTraceSummaries")),
        gap("traces of X-Ray", unknown("GetTraceSummaries")),
      ),
    ).toEqual([`traces of X-Ray could not be read in this time: ${unknown("GetTraceSummaries")}`]);
    const denied = (action: string): Gap => gap("traces", `not allowed: the IAM action xray:${action} is missing (AccessDenied)`);
    expect(told(denied("BatchGetTraces"), denied("GetTraceSummaries"))).toHaveLength(2);
    // another source
    expect(told(gap("logs of a", "unreachable"), gap("logs of b", "unreachable"))).toHaveLength(2);
  });

  it("reports the missing parent of a span", () => {
    const [chain] = correlate(
      together({ spans: [span("1".repeat(16), 0, 10), span("2".repeat(16), 2, 8, { parentSpanId: "9".repeat(16) })] }),
    );
    expect(chain!.problems).toMatchObject([{ code: "missing-parent", hopId: "2".repeat(16) }]);
  });

  /*  aws sends at 5; azure, whose clock is behind, "receives" at -295 and answers on a queue at -280, aws gets that at 40
   *  lag there -300, back 320: azure + 300..320 restores the order                                                     */
  it("estimates clock skew from messages that arrive before they were sent, shows it and leaves times alone", () => {
    const azure = { cloud: "azure" as const };
    const [chain] = chainsOf({
      invocations: [
        run("a", "r1", 0, 20, { ids: [A] }),
        run("b", "r2", -295, -270, { ...azure, ids: [A] }),
        run("c", "r3", 40, 50, { ids: [A] }),
      ],
      messages: [
        message("published", "a", "r1", 5, { messageId: "msg-1", channel: "q" }),
        message("received", "b", "r2", -295, { ...azure, messageId: "msg-1", channel: "q" }),
        message("published", "b", "r2", -280, { ...azure, messageId: "msg-2", channel: "q2" }),
        message("received", "c", "r3", 40, { messageId: "msg-2", channel: "q2" }),
      ],
    });
    const b = chain!.hops.find((h) => h.id === "azure:r2")!;
    expect(Math.abs(b.skewMs!)).toBe(300);
    expect(b.startedAt).toBe(T0 - 295);
    expect(codes(chain!)).toContain("clock-skew");
    const total = chain!.criticalPath.reduce((sum, s) => sum + s.toMs - s.fromMs, 0);
    expect(total).toBeCloseTo(chain!.endToEndMs!, 9);
    expect(chain!.criticalPath.every((s) => s.toMs >= s.fromMs)).toBe(true);
  });

  it("rebuilds a chain of 5,000 hops and 300,000 runs without a deep stack", () => {
    const n = 5_000;
    const invocations = Array.from({ length: n }, (_, i) => run(`f${i}`, `r${i}`, i * 10, i * 10 + 9, i === 0 ? { ids: [A] } : {}));
    const messages = Array.from({ length: n - 1 }, (_, i) =>
      delivery(`msg-${i}`, [`f${i}`, `r${i}`, i * 10 + 5], [[`f${i + 1}`, `r${i + 1}`, i * 10 + 10]]),
    ).flat();
    const noise = Array.from({ length: 295_000 }, (_, i) => run(`n${i % 50}`, `x${i}`, i, i + 5, { ids: [correlation(`c-${i >> 2}`)] }));
    const chains = chainsOf({ invocations: [...invocations, ...noise], messages });
    const long = byId(chains, "order-A1");
    expect(long.hops).toHaveLength(n);
    expect(long.edges).toHaveLength(n - 1);
    expect(long.endToEndMs).toBe((n - 1) * 10 + 9);
    expect(chains).toHaveLength(1 + 295_000 / 4);
  });

  it("finds a chain by request, message and execution ID as well", () => {
    const records = together({
      invocations: [run("api", "r1", 0, 20, { ids: [A], traceId: "c".repeat(32) }), run("worker", "r2", 100, 130)],
      messages: delivery("msg-1", ["api", "r1", 5], [["worker", "r2", 100]]),
    });
    for (const id of ["order-A1", "r1", "r2", "msg-1", `1-${"c".repeat(8)}-${"c".repeat(24)}`])
      expect(hops(chainOf(records, [id])!)).toEqual(["aws:r1", "aws:r2"]);
    expect(chainOf(records, ["order-A1"])!.id).toBe("order-A1");
    expect(chainOf(records, ["msg-1"])!.id).toBe("msg-1");
    expect(chainOf(records, ["nothing"])).toBeNull();
  });
});
