import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeMermaid, formatMermaid } from "../../../../src/report/formats/mermaid.ts";
import { formatOtlp } from "../../../../src/report/formats/otlp.ts";
import { traceDocument } from "../../../../src/report/views/trace.ts";
import { chainOf, edge, hop, order } from "../sample.ts";

interface Otlp {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: object }[];
  events?: { name: string; timeUnixNano: string }[];
  links?: { spanId: string }[];
  status: { code: number; message?: string };
}

function spansOf(text: string): OtlpSpan[] {
  return (JSON.parse(text) as Otlp).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

describe("mermaid", () => {
  it("draws hops, evidence, the critical path and what is missing", () => {
    const text = formatMermaid(traceDocument(order()));
    expect(text.split("\n").slice(0, 6)).toEqual([
      "flowchart TD",
      '  subgraph cloud_aws["aws"]',
      '    h0["order-api<br/>120 ms, cold start 210 ms, $0.00000412"]',
      '    h1(["bus<br/>10 ms"])',
      '    h2["inventory<br/>96.4 ms, $0.0000021"]',
      '    h3["payment<br/>800 ms, error PaymentDeclined, 2 attempts, $0.0000345"]',
    ]);
    expect(text).toContain('  h0 -.->|"orders<br/>parent 1"| h1\n');
    expect(text).toContain('  h4 -.->|"orders<br/>guess, time .4"| h5\n');
    expect(text).toContain("cost unknown");
    expect(text).toContain("lost-hop: azure sent");
    expect(text).toMatch(/^ {2}class h3 failed$/m);
    expect(text).toMatch(/^ {2}class h0,h3,h4,h5 critical$/m);
  });

  it.each([
    ['end"] --> x["', "end#34;#93; --#62; x#91;#34;"],
    ["<script>", "#60;script#62;"],
    ["`code` #1;", "#96;code#96; #35;1#59;"],
    ["a\u001b[0m\nb", "a#92;x1b#91;0m#92;nb"],
    ["Zürich 東京", "Zürich 東京"],
  ])("%j cannot end a label", (text, escaped) => {
    expect(escapeMermaid(text)).toBe(escaped);
  });

  it("keeps the grammar whatever names say", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const document = traceDocument(chainOf([hop("f", 0, 1, { name, errorType: name, outcome: "error" })], []));
        for (const line of formatMermaid(document).trimEnd().split("\n").slice(2, 3)) expect(line).toMatch(/^ {4}h0\["[^"[\]]*"\]$/);
      }),
    );
  });
});

describe("otlp", () => {
  const spans = spansOf(formatOtlp(traceDocument(order())));

  it("has valid and stable IDs, parents that exist, and one trace", () => {
    expect(spans).toHaveLength(7);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set(["5e1b41515ac6c58f1d2c3b4a59687786"]));
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(ids.size).toBe(7);
    for (const { spanId, parentSpanId } of spans) {
      expect(spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
      if (parentSpanId !== undefined) expect(ids).toContain(parentSpanId);
    }
    expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name)).toEqual(["order-api"]);
    expect(formatOtlp(traceDocument(order()))).toBe(formatOtlp(traceDocument(order())));
  });

  it("hashes what is not hex, and keeps what is", () => {
    const [span] = spansOf(formatOtlp(traceDocument(chainOf([hop("f", 0, 1, { id: "53995c3f42cd8ad8" })], [], { ids: [] }))));
    expect(span!.spanId).toBe("53995c3f42cd8ad8");
    // sha256("order-7f3a") with the first digit kept from being 0
    expect(span!.traceId).toMatch(/^[1-9a-f][0-9a-f]{31}$/);
  });

  it("counts nanoseconds exactly and says what failed", () => {
    const pay = spans.find(({ name }) => name === "payment")!;
    expect(pay.startTimeUnixNano).toBe(String(BigInt(Date.UTC(2026, 10, 20, 8, 15, 31, 23)) * 1_000_000n));
    expect(BigInt(pay.endTimeUnixNano) - BigInt(pay.startTimeUnixNano)).toBe(800_000_000n);
    expect(pay.status).toEqual({ code: 2, message: "error: PaymentDeclined" });
    expect(pay.events!.map(({ name }) => name)).toEqual(["attempt 1", "attempt 2"]);
    expect(pay.attributes).toContainEqual({ key: "evscope.usd", value: { doubleValue: 0.0000345 } });
    expect(spans.find(({ name }) => name === "ship-order")!.attributes.some(({ key }) => key === "evscope.usd")).toBe(false);
  });

  it("puts every cloud and function into a resource of its own", () => {
    const { resourceSpans } = JSON.parse(formatOtlp(traceDocument(order()))) as Otlp;
    const names = resourceSpans.map(({ resource }) => resource.attributes.find(({ key }) => key === "service.name")!.value.stringValue);
    expect(names).toEqual(["order-api", "bus", "inventory", "payment", "ship-order", "notify-customer-by-electronic-mail"]);
  });

  it("makes no ring of spans out of a cycle, and keeps further causes as links", () => {
    const hops = [hop("a", 0, 1), hop("b", 5, 1), hop("c", 9, 1)];
    const edges = [edge("aws:a", "aws:b"), edge("aws:b", "aws:c"), edge("aws:c", "aws:a"), edge("aws:a", "aws:c", "correlation", 0.95)];
    const found = spansOf(formatOtlp(traceDocument(chainOf(hops, edges))));
    const parentOf = new Map(found.map((span) => [span.spanId, span.parentSpanId]));
    for (const { spanId } of found) {
      const above = new Set<string>();
      for (let at: string | undefined = spanId; at !== undefined; at = parentOf.get(at)) {
        expect(above).not.toContain(at);
        above.add(at);
      }
    }
    expect(found.flatMap(({ links }) => links ?? [])).toHaveLength(2);
  });
});
