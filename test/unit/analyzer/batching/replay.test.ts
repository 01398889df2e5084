/** A part of `npm run bench:batching`: the simulator and the optimiser against a replay event by event that shares no code with them. */
import { describe, expect, it } from "vitest";
import { judge } from "../../../../bench/batching/judge.ts";
import { patterns } from "../../../../bench/batching/patterns.ts";

const QUICK = [
  "sqs-standard steady",
  "sqs-standard sparse",
  "sqs-fifo steady fixedMs 400 keys 3",
  "kinesis bursty",
  "dynamodb-stream steady",
  "kafka steady",
  "event-hubs sparse",
  "service-bus steady",
  "event-grid sparse",
  "pubsub-push sparse",
  "sqs-standard sparse windowMs 120000 batchSize 100 budgetMs 200000",
  "sqs-standard bursty rate 8 maximumConcurrency 3 batchSize 100 windowMs 1000",
];
const chosen = patterns().filter(({ name }) => QUICK.includes(name));

describe("the second method agrees", () => {
  it("on all that were chosen", () => expect(chosen.length).toBe(QUICK.length));

  it.each(chosen.map((pattern) => [pattern.name, pattern] as const))("%s", (_, pattern) => {
    const { now, after, addedMs, budgetMs } = judge(pattern);
    for (const gap of after ? [now, after] : [now]) {
      expect(gap.invocations).toBeLessThanOrEqual(0.05);
      expect(gap.p95).toBeLessThanOrEqual(0.1);
    }
    expect(addedMs ?? 0).toBeLessThanOrEqual(budgetMs);
  });
});
