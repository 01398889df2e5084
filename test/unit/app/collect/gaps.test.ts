import { describe, expect, it } from "vitest";
import { concerns, isLasting } from "../../../../src/app/collect/gaps.ts";
import { BILL_READS, CHAIN_READS, SIZING_READS } from "../../../../src/app/freshen.ts";
import { AwsError } from "../../../../src/clouds/aws/api.ts";
import { gap, reasonOf } from "../../../../src/clouds/aws/live-gaps.ts";
import type { CallErrorKind } from "../../../../src/clouds/kit/call-error.ts";

const place = { account: "111122223333", region: "eu-west-1" };
const why = (kind: CallErrorKind, status: number | null, code = "E"): string =>
  reasonOf(new AwsError(kind, "xray:GetTraceSummaries", code, "why", status, 3));

describe("a gap lasts", () => {
  it.each([
    why("denied", 403),
    why("unsupported", 404),
    // an endpoint without X-Ray, whose answer the SDK calls Unknown
    why("not-found", 404, "Unknown"),
    why("invalid", 400),
    "X-Ray keeps traces for 30 days",
    "kept for less than the window, older lines are gone: /aws/lambda/a",
    "not allowed on the whole subscription: the action Microsoft.Web/sites/Read is missing; the role Reader has it",
    "the API is not enabled in this project: gcloud services enable eventarc.googleapis.com",
  ])("where the answer would be the same again: %s", (reason) => {
    expect(isLasting(gap(place, "traces", reason))).toBe(true);
  });

  it.each([
    why("throttled", 400),
    why("failed", 503),
    why("unreachable", null),
    why("broken-answer", 200),
    "GetMetricData of Errors costs $0.0300, and $0.0050 are left of the price limit (--max-query-usd)",
    "not asked: GetMetricData failed for the 8 windows before, however often it was tried",
    "a bug of evscope: x is undefined",
  ])("not where it may have passed, or a flag decides: %s", (reason) => {
    expect(isLasting(gap(place, "traces", reason))).toBe(false);
  });
});

describe("a gap concerns", () => {
  const about = (topic: "inventory" | "logs" | "traces" | "histories", what: string) => ({ about: topic, gap: gap(place, what, "why") });

  it("commands that read its kind, whatever its name", () => {
    expect(concerns(about("logs", "logs of /aws/lambda/traces"), SIZING_READS)).toBe(true);
    expect(concerns(about("traces", "traces of X-Ray"), BILL_READS)).toBe(false);
    expect(concerns(about("traces", "traces of X-Ray"), CHAIN_READS)).toBe(true);
    expect(concerns(about("histories", "histories of orders"), SIZING_READS)).toBe(false);
    expect(concerns(about("histories", "histories of orders"), BILL_READS)).toBe(true);
  });

  it("nobody where nothing was there to read", () => {
    const absent = { about: "logs" as const, gap: gap(place, "logs", "no log group yet, so no lines: a") };
    expect(concerns(absent, CHAIN_READS)).toBe(false);
  });

  it("all where a place is missing, and chains alone where the description of a carrier is", () => {
    for (const what of ["everything of pay eu-west-1", "the inventory of pay eu-west-1", "functions", "details by lambda:ListTags"])
      expect([what, concerns(about("inventory", what), SIZING_READS)]).toEqual([what, true]);
    for (const what of [
      "pipes",
      "state machines",
      "details by sqs:GetQueueAttributes",
      "Eventarc triggers",
      "Service Bus entities",
      "resources by Microsoft.EventGrid/topics/read",
    ]) {
      expect([what, concerns(about("inventory", what), BILL_READS)]).toEqual([what, false]);
      expect([what, concerns(about("inventory", what), CHAIN_READS)]).toEqual([what, true]);
    }
  });
});
