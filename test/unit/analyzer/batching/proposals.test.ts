import { describe, expect, it } from "vitest";
import type { Feed } from "../../../../src/analyzer/batching/evidence-feed.ts";
import { hostSettings } from "../../../../src/analyzer/batching/evidence-push.ts";
import type { Optimised } from "../../../../src/analyzer/batching/optimise.ts";
import { proposalsOf, reportProposal } from "../../../../src/analyzer/batching/proposals.ts";
import type { BatchFigures, PollerKind, PollerSettings } from "../../../../src/model/batching.ts";
import type { Proposal } from "../../../../src/model/proposal.ts";
import { functionConfig, place } from "../../../support/function-stats.ts";

const QUEUE = "arn:aws:sqs:eu-west-1:111122223333:stock";
const MAPPING = "arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:1";

const poller = (kind: PollerKind, over: Partial<PollerSettings> = {}): PollerSettings => ({
  kind,
  batchSize: 10,
  windowMs: 0,
  minimumBatchSize: null,
  shards: null,
  parallelizationFactor: null,
  maximumConcurrency: null,
  bisectOnError: false,
  reportsBatchItemFailures: false,
  ...over,
});

function feed(settings: PollerSettings, described: Feed["config"]["settings"] = {}, over: Partial<Feed> = {}): Feed {
  const config = functionConfig({}, { kind: "trigger", resource: MAPPING, name: "1", from: QUEUE, settings: described });
  const target = { ...place, kind: "lambda.event-source-mapping", resource: MAPPING, name: "1" } as const;
  return { ...place, fn: "orders", channel: "stock", kind: settings.kind, settings, target, config, source: null, refusal: null, ...over };
}

/** What was chosen, with nothing beside it changed. */
const chosen = (proposed: PollerSettings, over: Partial<Optimised> = {}): Optimised => ({
  proposed,
  refusal: null,
  memoryMib: { now: 512, proposed: 512 },
  timeoutS: { now: 10, proposed: 10 },
  visibilityTimeoutS: { now: null, proposed: null },
  now: {} as BatchFigures,
  after: null,
  invocationsPerMonth: { now: { p10: 1, p50: 1, p90: 1 }, after: null },
  usdPerMonth: { now: { p10: 1, p50: 1, p90: 1 }, after: null },
  savingUsdPerMonth: null,
  addedLatencyMs: null,
  tried: { settings: 1, withinBudget: 1 },
  ...over,
});

const before = { errorShare: 0, timeoutShare: 0, meanDurationMs: null, invocationsPerDay: 1000, usdPerMonth: 1, memoryMib: 512 };
const of = (from: Feed, best: Optimised, share = 1) => proposalsOf({ feed: from, fn: functionConfig(), best, reasons: [], before, share });
const written = (found: Proposal[] | string) => (found as Proposal[]).map(({ kind, before: was, after }) => ({ kind, was, after }));

describe("what is written", () => {
  // 6 x 40 s + 5 s: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  it("of a queue: it hides messages longer first, then the function can take a full batch, then the mapping makes it", () => {
    const queue = feed(poller("sqs-standard"), { batchSize: 10, maximumBatchingWindowS: 0 });
    const found = of(
      queue,
      chosen(poller("sqs-standard", { batchSize: 100, windowMs: 5000 }), {
        memoryMib: { now: 512, proposed: 768 },
        timeoutS: { now: 10, proposed: 40 },
        visibilityTimeoutS: { now: 60, proposed: 245 },
      }),
    );
    expect(written(found)).toEqual([
      { kind: "sqs.queue", was: { visibilityTimeoutS: 60 }, after: { visibilityTimeoutS: 245 } },
      { kind: "lambda.function", was: { memoryMib: 512, timeoutS: 10 }, after: { memoryMib: 768, timeoutS: 40 } },
      {
        kind: "lambda.event-source-mapping",
        was: { batchSize: 10, maximumBatchingWindowS: 0 },
        after: { batchSize: 100, maximumBatchingWindowS: 5 },
      },
    ]);
    // all or none of them
    expect(new Set((found as Proposal[]).map(({ group }) => group))).toEqual(new Set([`batching:${MAPPING}`]));
    expect((found as Proposal[]).map(({ danger }) => danger)).toEqual(["none", "none", "none"]);
  });

  it("nothing where a queue's visibility timeout is not known, or would be more than twelve hours", () => {
    const queue = feed(poller("sqs-fifo"));
    const best = chosen(poller("sqs-fifo", { batchSize: 5 }));
    expect(of(queue, best)).toContain("visibility timeout of its queue is not known");
    // 43,200 s: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
    const most = (proposed: number) => of(queue, { ...best, visibilityTimeoutS: { now: 30, proposed } });
    expect(written(most(43_200))[0]!.after).toEqual({ visibilityTimeoutS: 43_200 });
    expect(most(43_201)).toContain("43200 s is the most");
  });

  it("of a stream: lanes of a shard too, and no queue", () => {
    const stream = feed(poller("kinesis", { parallelizationFactor: 4 }), { batchSize: 10, parallelizationFactor: 4 });
    const found = of(stream, chosen(poller("kinesis", { batchSize: 10, windowMs: 1000, parallelizationFactor: 1 })));
    expect(written(found)).toEqual([
      {
        kind: "lambda.event-source-mapping",
        was: { maximumBatchingWindowS: null, parallelizationFactor: 4 },
        after: { maximumBatchingWindowS: 1, parallelizationFactor: 1 },
      },
    ]);
  });

  // "you cannot revert back to the 500 ms default": https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
  it("of Kafka: the first window is irreversible, another one is not", () => {
    const danger = (described: Feed["config"]["settings"], windowMs: number) =>
      (of(feed(poller("kafka", { windowMs }), described), chosen(poller("kafka", { windowMs: 2000 }))) as Proposal[]).map(
        (one) => one.danger,
      );
    expect(danger({}, 500)).toEqual(["irreversible"]);
    expect(danger({ maximumBatchingWindowS: 1 }, 1000)).toEqual(["none"]);
  });

  it.each(["service-bus", "event-hubs"] as const)("of %s: values of host.json, with which the app restarts", (kind) => {
    const { path, most, least, wait } = hostSettings(kind);
    const target = { ...place, cloud: "azure", kind: "azure.function-app", resource: "/subscriptions/s", name: "shop" } as const;
    const now = poller(kind, { batchSize: 100, windowMs: 30_000, minimumBatchSize: 1 });
    const best = chosen({ ...now, batchSize: 200, minimumBatchSize: 50, windowMs: 125_000 });
    const [one] = of(feed(now, {}, { cloud: "azure", target, hostValues: { [path + most]: 100 } }), best) as Proposal[];
    expect(one).toMatchObject({
      kind: "azure.function-app",
      danger: "restart",
      before: { [path + most]: 100, [path + least]: null, [path + wait]: null },
      after: { [path + most]: 200, [path + least]: 50, [path + wait]: "00:02:05" },
    });
  });

  it("the report of failed messages alone, which may lose them", () => {
    expect(reportProposal(feed(poller("sqs-standard")))).toMatchObject([
      { before: { reportsBatchItemFailures: false }, after: { reportsBatchItemFailures: true }, danger: "data-loss", group: null },
    ]);
    expect(reportProposal(feed(poller("service-bus"), {}, { target: null }))).toEqual([]);
  });

  it("runs a day are expected of the whole function: this source's as predicted, all others as they were", () => {
    // 400 of 1,000 runs a day are this source's; 3,041.67 a month are 100 a day
    const after = { p10: 3041.666, p50: 3041.666, p90: 6083.333 };
    const best = chosen(poller("kinesis", { batchSize: 50 }), { invocationsPerMonth: { now: after, after } });
    const [one] = of(feed(poller("kinesis")), best, 0.4) as Proposal[];
    const perDay = one!.expected!.invocationsPerDay!;
    expect([perDay.p50, perDay.p90].map(Math.round)).toEqual([700, 800]);
  });
});
