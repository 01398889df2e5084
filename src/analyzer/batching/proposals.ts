/** Advice -> what would be written, in the order that is safe: visibility timeout, function, then the mapping. Pure. */
import type { PollerSettings } from "../../model/batching.ts";
import { numberOf } from "../../model/json.ts";
import type { Expectation, Interval, Settings } from "../../model/plan.ts";
import type { Proposal } from "../../model/proposal.ts";
import type { Config } from "../../model/records.ts";
import type { Feed } from "./evidence-feed.ts";
import { hostSettings } from "./evidence-push.ts";
import type { Optimised } from "./optimise.ts";

export interface Wanted {
  feed: Feed;
  /** Description of the function; null: not held. */
  fn: Config | null;
  best: Optimised;
  reasons: string[];
  /** Figures of the function before the change, for `verify`. */
  before: Expectation["before"];
  /** Share of the function's runs that this feed starts. */
  share: number;
}

/** The proposals, or a sentence why the advice cannot be written. */
export function proposalsOf(wanted: Wanted): Proposal[] | string {
  const { feed, best } = wanted;
  const { proposed } = best;
  if (proposed === null) return [];
  if (feed.target === null) return "its account or region is not known: evscope collect reads its description";
  if (feed.cloud === "azure") return [appProposal(wanted, proposed)];
  const changes = [queueProposal(wanted), functionProposal(wanted), mappingProposal(wanted, proposed)];
  const why = changes.find((one) => typeof one === "string");
  return why ?? changes.filter((one): one is Proposal => one !== null && typeof one !== "string");
}

/** Only the report of failed messages is switched on. */
export function reportProposal(feed: Feed): Proposal[] {
  if (feed.target?.kind !== "lambda.event-source-mapping") return [];
  return [
    {
      ...feed.target,
      topic: "batching",
      before: { reportsBatchItemFailures: false },
      after: { reportsBatchItemFailures: true },
      // code that answers otherwise acknowledges batches that failed: only lines say that it does not
      danger: "data-loss",
      group: null,
      first: [`look whether every path of ${feed.fn} that fails names its message in batchItemFailures`],
      reasons: ["its lines show that the code says which messages failed, and nobody listens: they are deleted, or all come back"],
      expected: null,
    },
  ];
}

const groupOf = ({ config }: Feed): string => `batching:${config.resource}`;

/** A queue must hide messages for longer than all tries to invoke with them take. */
function queueProposal({ feed, best, reasons }: Wanted): Proposal | null | string {
  if (!feed.kind?.startsWith("sqs")) return null;
  const { now, proposed } = best.visibilityTimeoutS;
  if (now === null) return "the visibility timeout of its queue is not known: evscope collect reads it";
  if (proposed === null || proposed <= now) return null;
  if (proposed > MOST_VISIBILITY_S)
    return `its queue would have to hide messages for ${proposed} s, and ${MOST_VISIBILITY_S} s is the most`;
  const arn = /^arn:[\w-]+:sqs:([^:]+):([^:]+):(.+)$/.exec(feed.config.from ?? "");
  if (arn === null) return "the ARN of its queue is not known";
  return {
    cloud: "aws",
    account: arn[2]!,
    region: arn[1]!,
    kind: "sqs.queue",
    resource: feed.config.from!,
    name: arn[3]!,
    topic: "batching",
    before: { visibilityTimeoutS: now },
    after: { visibilityTimeoutS: proposed },
    danger: "none",
    group: groupOf(feed),
    first: [],
    reasons: [`six times the timeout of ${feed.fn} plus the window: before batches grow`, ...reasons],
    expected: null,
  };
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html */
const MOST_VISIBILITY_S = 43_200;

/** Memory and timeout that a full batch needs. */
function functionProposal({ feed, fn, best, reasons }: Wanted): Proposal | null | string {
  const after: Settings = {};
  const before: Settings = {};
  const { memoryMib, timeoutS } = best;
  if (memoryMib.proposed !== memoryMib.now) {
    before["memoryMib"] = memoryMib.now;
    after["memoryMib"] = memoryMib.proposed;
  }
  if (timeoutS.now === null) return "the timeout of its function is not known: evscope collect reads it";
  if (timeoutS.proposed !== timeoutS.now) {
    before["timeoutS"] = timeoutS.now;
    after["timeoutS"] = timeoutS.proposed;
  }
  if (Object.keys(after).length === 0) return null;
  if (fn === null || fn.account === null || fn.region === null) return "the ARN of its function is not known: evscope collect reads it";
  return {
    cloud: fn.cloud,
    account: fn.account,
    region: fn.region,
    kind: "lambda.function",
    resource: fn.resource,
    name: fn.name,
    topic: "batching",
    before,
    after,
    danger: "none",
    group: groupOf(feed),
    first: [],
    reasons: ["what a full batch needs, before batches grow", ...reasons],
    expected: null,
  };
}

function mappingProposal(wanted: Wanted, proposed: PollerSettings): Proposal {
  const { feed } = wanted;
  const current = feed.settings!;
  const before: Settings = {};
  const after: Settings = {};
  const set = (name: string, value: number, now: number | null): void => {
    if (value === now) return;
    before[name] = numberOf(feed.config.settings[name]);
    after[name] = value;
  };
  set("batchSize", proposed.batchSize, current.batchSize);
  if (proposed.windowMs !== current.windowMs) set("maximumBatchingWindowS", proposed.windowMs / 1000, null);
  if (proposed.parallelizationFactor !== null) set("parallelizationFactor", proposed.parallelizationFactor, current.parallelizationFactor);
  // the half second of Kafka comes back only with another mapping: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
  const isLost = feed.kind === "kafka" && "maximumBatchingWindowS" in after && before["maximumBatchingWindowS"] === null;
  return {
    ...feed.target!,
    topic: "batching",
    before,
    after,
    danger: isLost ? "irreversible" : "none",
    group: groupOf(feed),
    first: isLost ? ["a window once set cannot go back to the default of 500 ms: only a mapping made anew has it"] : [],
    reasons: wanted.reasons,
    expected: expectationOf(wanted),
  };
}

/** Values of host.json, which are app settings: the app restarts. */
function appProposal(wanted: Wanted, proposed: PollerSettings): Proposal {
  const { feed } = wanted;
  const current = feed.settings!;
  const names = hostSettings(feed.kind === "event-hubs" ? "event-hubs" : "service-bus");
  const after: Settings = {};
  if (proposed.batchSize !== current.batchSize) after[names.path + names.most] = proposed.batchSize;
  if (proposed.minimumBatchSize !== current.minimumBatchSize) after[names.path + names.least] = proposed.minimumBatchSize;
  if ((proposed.minimumBatchSize ?? 1) > 1 && (proposed.windowMs !== current.windowMs || current.minimumBatchSize === 1))
    after[names.path + names.wait] = timeSpan(proposed.windowMs);
  return {
    ...feed.target!,
    topic: "batching",
    before: Object.fromEntries(Object.keys(after).map((name) => [name, feed.hostValues?.[name] ?? null])),
    after,
    danger: "restart",
    group: groupOf(feed),
    first: [
      feed.kind === "service-bus"
        ? "look that the app's Service Bus extension is 5.10 or later: older ones know no least batch"
        : "look that the app's Event Hubs extension is 5.x or later: older ones have other names for these settings",
      "values in host.json itself are not read: an app setting goes before them",
    ],
    reasons: wanted.reasons,
    expected: expectationOf(wanted),
  };
}

/** `00:00:02`. */
function timeSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

const MONTH_DAYS = 730 / 24;

/** Runs a day of the whole function: the feed's as predicted, all others as they were. */
function expectationOf({ feed, best, before, share }: Wanted): Expectation {
  const others = (before.invocationsPerDay ?? 0) * (1 - share);
  const perDay = (interval: Interval): Interval => ({
    p10: others + interval.p10 / MONTH_DAYS,
    p50: others + interval.p50 / MONTH_DAYS,
    p90: others + interval.p90 / MONTH_DAYS,
  });
  return {
    durationMs: null,
    watched: feed.fn,
    invocationsPerDay: best.invocationsPerMonth.after === null ? null : perDay(best.invocationsPerMonth.after),
    savingUsdPerMonth: best.savingUsdPerMonth,
    before,
  };
}
