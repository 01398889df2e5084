import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { aws } from "../../../../src/clouds/aws/index.ts";
import type { UsageGroup } from "../../../../src/model/billing.ts";
import type { Invocation, Json } from "../../../../src/model/records.ts";
import { of, readAll } from "../../../support/aws.ts";
import { shared } from "../../../support/shared.ts";

const logs = shared("corpora/aws/ubc-cloudwatch-filterlogevents");
const traces = shared("corpora/aws/servibench-xray");

const load = (path: string): Json => JSON.parse(readFileSync(path, "utf8"));
const format = (id: string) => aws.formats.find((f) => f.id === id)!;

function usage(i: Invocation): UsageGroup {
  return { ...i, count: i.weight };
}

function priceOf(meter: string, variant: string): number {
  const price = aws.prices.find((p) => p.meter === meter && p.variant === variant)!;
  return price.usd / price.per;
}

describe("FilterLogEvents of a live function", () => {
  const expected = logs === null ? {} : (load(`${logs}/expected.json`) as { [file: string]: any });
  for (const [file, wanted] of Object.entries(expected)) {
    it(`${file}: invocations, billed time, GB-s and USD as counted by the collector`, () => {
      const result = readAll(format("aws.cloudwatch-logs"), [load(`${logs}/${file}`)], { fn: "measured" });
      const invocations = of(result, "invocation").filter((i) => i.durationMs !== null);
      expect(result.broken).toEqual([]);
      expect(of(result, "log")).toHaveLength(wanted.events);
      expect(invocations).toHaveLength(wanted.invocations);
      expect(invocations.filter((i) => i.coldStart)).toHaveLength(wanted.cold_starts);
      expect(invocations.reduce((sum, i) => sum + i.billedMs!, 0)).toBe(wanted.billed_ms_sum);
      const readings = invocations.flatMap((i) => aws.billing.invocations(usage(i)));
      const sum = (meter: string) => readings.filter((r) => r.meter === meter).reduce((total, r) => total + r.quantity!, 0);
      expect(sum("lambda.duration") / 1024 / 1000).toBeCloseTo(wanted.gb_seconds, 6);
      expect(sum("lambda.requests") * priceOf("lambda.requests", "")).toBeCloseTo(wanted.x86_cost_usd_list_price.requests, 9);
      expect(sum("lambda.duration") * priceOf("lambda.duration", "x86_64")).toBeCloseTo(wanted.x86_cost_usd_list_price.compute, 9);
      const open = of(result, "invocation").filter((i) => i.durationMs === null);
      expect(open).toHaveLength(wanted.request_ids_with_START_but_no_REPORT);
      expect(open.every((i) => i.outcome === "unknown" && i.endedAt === null)).toBe(true);
    });
  }
  it.skipIf(logs === null)("has files to compare", () => expect(Object.keys(expected).length).toBeGreaterThanOrEqual(4));
});

describe("X-Ray traces of live applications", () => {
  const cases = traces === null ? [] : readdirSync(traces).filter((name) => !name.includes("."));
  for (const name of cases) {
    it(`${name}: every segment and subsegment becomes a span`, () => {
      const expected = load(`${traces}/${name}/expected.json`) as { [key: string]: any };
      const facts = expected["collector_facts (computed by counting in traces.json; not from the paper)"];
      const document = load(`${traces}/${name}/traces.json`);
      expect(format("aws.xray").recognise(document)).toBeGreaterThan(50);
      const result = readAll(format("aws.xray"), [document]);
      const spans = of(result, "span");
      expect(result.broken).toEqual([]);
      expect(spans).toHaveLength(facts.segments_and_subsegments);
      expect(spans.filter((s) => s.attributes["xray.type"] === "segment")).toHaveLength(facts.segments);
      expect(spans.filter((s) => s.inferred)).toHaveLength(facts.inferred_segments);
      expect(spans.filter((s) => s.error)).toHaveLength(facts.error_nodes);
      expect(spans.filter((s) => s.fault)).toHaveLength(facts.fault_nodes);
      expect(spans.filter((s) => s.throttle)).toHaveLength(facts.throttle_nodes);
      expect(spans.filter((s) => s.inProgress).map((s) => s.spanId)).toEqual(facts.in_progress_ids);
      expect(spans.filter((s) => s.name === "Initialization")).toHaveLength(facts["cold_starts_anywhere(Initialization subsegments)"]);
      expect([...new Set(spans.filter((s) => s.isInvocation).map((s) => s.fn))].sort()).toEqual(facts.lambda_functions);
      const ids = new Set(spans.map((s) => s.spanId));
      expect(spans.filter((s) => s.parentSpanId === null).map((s) => s.spanId)).toEqual(facts.roots_without_parent_id);
      expect(spans.filter((s) => s.parentSpanId !== null && !ids.has(s.parentSpanId)).map((s) => s.parentSpanId)).toEqual(
        facts.parent_ids_missing_from_trace,
      );
      const requests = new Set(
        spans
          .filter((s) => s.isInvocation)
          .map((s) => s.requestId)
          .filter((id) => id !== null),
      );
      expect([...requests].sort()).toEqual([...facts.lambda_request_ids].sort());
    });
  }
  it.skipIf(traces === null)("has cases to compare", () => expect(cases.length).toBeGreaterThanOrEqual(9));
});
