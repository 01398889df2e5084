import { describe, expect, it } from "vitest";
import { correlate, invocationGraph, observedRoutes } from "../../../../src/analyzer/chains/index.ts";
import { estimateSkew } from "../../../../src/analyzer/chains/skew.ts";
import type { Chain } from "../../../../src/model/chains.ts";
import { correlation, line, message, run, span, T0, together } from "./records.ts";

const A = correlation("order-A1");
const xray = (type: "segment" | "subsegment", order: number): { attributes: { [key: string]: string | number } } => ({
  attributes: { "xray.type": type, "xray.order": order },
});
const SERVICE = "5".repeat(16);
const FUNCTION = "f".repeat(16);

/*  API stage 0-100 > AWS::Lambda 10-95 > AWS::Lambda::Function 20-90, platform log START 20, REPORT 90 */
const traced = [
  span("a".repeat(16), 0, 100, { name: "api/prod", origin: "AWS::ApiGateway::Stage", ...xray("segment", 0) }),
  span(SERVICE, 10, 95, {
    name: "f",
    fn: "f",
    requestId: "req-1",
    origin: "AWS::Lambda",
    parentSpanId: "a".repeat(16),
    ...xray("segment", 1),
  }),
  span(FUNCTION, 20, 90, {
    name: "f",
    fn: "f",
    requestId: "req-1",
    isInvocation: true,
    origin: "AWS::Lambda::Function",
    parentSpanId: SERVICE,
    ...xray("segment", 2),
  }),
  span("0".repeat(15) + "1", 30, 60, {
    name: "Invocation",
    fn: "f",
    requestId: "req-1",
    parentSpanId: FUNCTION,
    kind: "internal",
    ...xray("subsegment", 3),
  }),
];

function only(chains: Chain[]): Chain {
  expect(chains).toHaveLength(1);
  return chains[0]!;
}

describe("spans and platform logs", () => {
  it("go by their span IDs where only the tracer saw the run", () => {
    const chain = only(correlate(together({ spans: traced })));
    expect(chain.hops.map((h) => [h.id, h.kind, h.partOf])).toEqual([
      ["a".repeat(16), "service", null],
      [SERVICE, "service", null],
      [FUNCTION, "function", null],
      ["0".repeat(15) + "1", "part", FUNCTION],
    ]);
    expect(chain.endToEndMs).toBe(100);
    expect(chain.edges.map((e) => [e.kind, e.confidence, e.invocation])).toEqual(Array.from({ length: 3 }, () => ["parent", 1, "sync"]));
  });

  it("are one hop by its request ID where the platform logged the run too; the log's figures win", () => {
    const invocations = [run("f", "req-1", 20, 90, { billedMs: 71, durationMs: 70.4, maxMemoryMib: 64 })];
    const chain = only(correlate(together({ spans: traced, invocations })));
    const f = chain.hops.find((h) => h.kind === "function")!;
    expect(f).toMatchObject({ id: "aws:req-1", durationMs: 70.4, coldStart: false });
    expect(chain.hops.filter((h) => h.kind === "function")).toHaveLength(1);
    const ids = new Set(chain.hops.map((h) => h.id));
    expect(chain.criticalPath.length).toBeGreaterThan(0);
    expect(chain.criticalPath.every((s) => ids.has(s.hopId))).toBe(true);
    expect(invocationGraph(chain)).toEqual({ hops: ["aws:req-1"], edges: [] });
  });

  it("find the run of a segment that does not name its request, by function, trace and time", () => {
    const alone = [{ ...traced[2]!, requestId: null, parentSpanId: null }];
    const chain = only(
      correlate(together({ spans: alone, invocations: [run("f", "req-1", 20, 90, { traceId: "a".repeat(32), ids: [A] })] })),
    );
    expect(chain.hops.map((h) => h.id)).toEqual(["aws:req-1"]);
  });

  it("find the caller of a function in another cloud by the span that its line names", () => {
    const chain = only(
      correlate(
        together({
          invocations: [
            run("ship", "req-1", 0, 100, { ids: [A] }),
            run("quote", "inv-2", 30, 80, {
              cloud: "azure",
              ids: [A],
              traceId: "b".repeat(32),
              spanId: "2".repeat(16),
              parentSpanId: "c".repeat(16),
              trigger: "http",
            }),
          ],
          logs: [
            line("ship", "req-1", 25, [A], { traceId: "b".repeat(32), spanId: "c".repeat(16) }),
            line("ship", "req-1", 85, [A], { traceId: "b".repeat(32), spanId: "c".repeat(16) }),
          ],
        }),
      ),
    );
    expect(chain.edges).toMatchObject([
      { from: "aws:req-1", to: "azure:inv-2", kind: "parent", confidence: 1, invocation: "sync", sentAt: T0 + 25 },
    ]);
    // 0-25 ship, 25-30 on the way, 30-80 quote, 80-100 ship: awaited, so the path comes back
    expect(chain.criticalPath.map((s) => [s.hopId, s.fromMs, s.toMs])).toEqual([
      ["aws:req-1", 0, 30],
      ["azure:inv-2", 30, 80],
      ["aws:req-1", 80, 100],
    ]);
  });

  it("count a cold start that came before the handler into the chain's time", () => {
    const chain = only(correlate(together({ invocations: [run("f", "req-1", 0, 50, { initMs: 200, coldStart: true, ids: [A] })] })));
    expect(chain.endToEndMs).toBe(250);
    expect(chain.breakdownMs).toEqual({ unclassified: 0, runtime_initialization: 200, computation: 50 });
  });

  it("join the workers of a batch to each linked trace without merging the traces", () => {
    const worker = span("9".repeat(16), 100, 120, {
      traceId: "9".repeat(32),
      kind: "consumer",
      name: "worker",
      links: ["1", "2"].map((d) => ({ traceId: d.repeat(32), spanId: d.repeat(16) })),
    });
    const senders = ["1", "2"].flatMap((d) => [
      span(d.repeat(16), 0, 10, { traceId: d.repeat(32), name: `send-${d}` }),
      span(d.repeat(15) + "0", 1, 9, { traceId: d.repeat(32), name: `step-${d}`, parentSpanId: d.repeat(16), kind: "internal" }),
    ]);
    const chains = correlate(together({ spans: [worker, ...senders] })).filter((c) => c.hops.length > 1);
    expect(chains.map((c) => c.hops.map((h) => h.name))).toEqual([
      ["send-1", "step-1", "worker"],
      ["send-2", "step-2", "worker"],
    ]);
    expect(chains.map((c) => c.hops.find((h) => h.name === "worker")!.share)).toEqual([0.5, 0.5]);
  });
});

describe("estimateSkew", () => {
  it("bounds a clock from both sides and takes the smallest correction", () => {
    // sent at 5, got at -295 by the other clock; its answer sent at -280 arrives at 40: correction between 300 and 320
    const found = estimateSkew(
      [
        { from: "aws", to: "azure", lagMs: -300 },
        { from: "azure", to: "aws", lagMs: 320 },
      ],
      "aws",
    );
    expect(found.get("azure")).toEqual({ host: "azure", correctionMs: 300, spreadMs: 20 });
  });

  it("corrects nothing that agrees, and reaches hosts over hosts", () => {
    const found = estimateSkew(
      [
        { from: "aws", to: "gcp", lagMs: 12 },
        { from: "gcp", to: "azure", lagMs: -50 },
      ],
      "aws",
    );
    expect(found.get("gcp")!.correctionMs).toBe(0);
    expect(found.get("azure")).toEqual({ host: "azure", correctionMs: 50, spreadMs: null });
  });
});

describe("observedRoutes", () => {
  it("tells once for each pair who publishes where, and completes a chain whose message was lost on one side", () => {
    const sent = (n: number): ReturnType<typeof message> =>
      message("published", "pub", `req-p${n}`, n * 1000 + 5, { channel: "q", messageId: `msg-${n}` });
    expect(observedRoutes({ messages: [sent(1), sent(2)], spans: [] }).map((r) => [r.from, r.to])).toEqual([["pub", "q"]]);
    const other = { invocations: [run("pub", "req-p1", 1000, 1010, { ids: [correlation("order-B2")] })], messages: [sent(1)] };
    const lost = {
      invocations: [run("pub", "req-p2", 2000, 2010, { ids: [A] }), run("work", "req-w2", 2100, 2110, { ids: [A] })],
      messages: [message("received", "work", "req-w2", 2100, { channel: "q", messageId: "msg-2" })],
    };
    const chain = correlate(together(other, lost)).find((c) => c.id === "order-A1")!;
    expect(chain.edges).toMatchObject([{ from: "aws:req-p2", to: "aws:req-w2", kind: "correlation", confidence: 0.6 }]);
  });
});
