/** What is known of a function that is fed in batches: its runs, its size, its errors, what a run costs. Pure. */
import type { BatchAnswers, BatchRun, CountSeries, ReceivedChannel, ReceivedMessage } from "../../model/batch-facts.ts";
import { numberOf, textOf } from "../../model/json.ts";
import type { Config } from "../../model/records.ts";
import type { FunctionStats } from "../../model/sizing.ts";
import type { EpochMs, Mib, Ms } from "../../model/units.ts";
import { priceReadings, type Rates, usdOf } from "../cost/pricing.ts";
import { priceOfRuns } from "../sizing/cost.ts";
import type { BatchPrice } from "./cost.ts";
import { type Feed, functionOf } from "./evidence-feed.ts";
import type { MemoryFacts } from "./limits.ts";

/** What the dataset says. */
export interface BatchingSources {
  configs: readonly Config[];
  stats: readonly FunctionStats[];
  channels: readonly ReceivedChannel[];
  counts: readonly CountSeries[];
  answers: readonly BatchAnswers[];
  /** Runs of a function with how many messages of the channel each received. */
  runs: (of: Place, channel: string | null) => Promise<readonly BatchRun[]>;
  /** Messages of the channel that it received. */
  messages: (of: Place, channel: string | null) => Promise<readonly ReceivedMessage[]>;
  /** Time that the telemetry covers. null: it holds nothing. */
  from: EpochMs | null;
  to: EpochMs | null;
}

export type Place = Pick<Feed, "cloud" | "account" | "region" | "fn">;

/** One function behind a feed. */
export interface FedFacts {
  /** null: its description is not held. */
  config: Config | null;
  stats: FunctionStats[];
  invocations: number;
  memoryMib: Mib | null;
  timeoutS: number | null;
  /** Messages that it received from the feed's channel; null: none were logged. */
  channel: ReceivedChannel | null;
  tellingRuns: number;
  counts: CountSeries[];
  answerLines: number;
}

export function isAt(of: Place, one: { cloud: string; account: string | null; region: string | null; fn?: string | null }): boolean {
  return (
    one.cloud === of.cloud &&
    (one.account === null || of.account === null || one.account === of.account) &&
    (one.region === null || of.region === null || one.region === of.region) &&
    (one.fn === undefined || one.fn?.toLowerCase() === of.fn.toLowerCase())
  );
}

export function factsOf(feed: Feed, { configs, stats, channels, counts, answers }: BatchingSources): FedFacts {
  const own = stats.filter((one) => isAt(feed, one) && !one.emulator && !one.probe);
  const config = functionOf(feed, configs);
  const received = channels.filter((one) => isAt(feed, one));
  const newest = own.toSorted((a, b) => b.to - a.to)[0];
  const app = feed.target?.kind === "azure.function-app" ? configs.find((one) => one.resource === feed.target!.resource) : undefined;
  return {
    config,
    stats: own,
    invocations: own.reduce((sum, one) => sum + one.invocations, 0),
    memoryMib: numberOf(config?.settings["memoryMib"]) ?? numberOf(app?.settings["memoryMib"]) ?? newest?.memoryMib ?? null,
    timeoutS: numberOf(config?.settings["timeoutS"]),
    channel:
      received.find((one) => one.channel !== null && one.channel === feed.channel) ??
      (received.length === 1 && received[0]!.channel === null ? received[0]! : null),
    tellingRuns: received.reduce((sum, one) => sum + one.runs, 0),
    counts: counts.filter((one) => isAt({ ...feed, region: one.region === null ? null : feed.region }, { ...one, fn: feed.fn })),
    answerLines: answers.filter((one) => isAt(feed, one)).reduce((sum, one) => sum + one.lines, 0),
  };
}

/** Two whole numbers of any product's steps, above any least time. */
const STRAIGHT_MS = [1000, 2000] as const;

/** What a run costs, in the cloud's own rules, and a call to the queue; why not, where no price is known. */
export function priceOf(feed: Feed, { stats, memoryMib }: FedFacts, rates: Rates): BatchPrice | string {
  const billing = rates.billing[feed.cloud];
  const like = stats.toSorted((a, b) => b.to - a.to)[0];
  if (billing === undefined || like === undefined || memoryMib === null) return "its memory size is not known: evscope collect reads it";
  const priced = (ms: Ms) => priceReadings(billing.invocations(priceOfRuns(like, memoryMib, ms, 1, like.vcpu ?? null)), feed, rates.prices);
  const [less, more] = STRAIGHT_MS.map(priced);
  const why = less!.unknownWhy ?? more!.unknownWhy;
  if (why !== null) return why;
  const perMs = (usdOf(more!)! - usdOf(less!)!) / (STRAIGHT_MS[1] - STRAIGHT_MS[0]);
  return {
    usdPerInvocation: usdOf(less!)! - perMs * STRAIGHT_MS[0],
    usdPerMibMs: perMs / memoryMib,
    usdPerCall: callPrice(feed, rates),
  };
}

/** A receive or a delete of a queue; streams and Event Hubs bill none to Lambda or the host. */
export function callPrice({ kind, cloud, region }: Pick<Feed, "kind" | "cloud" | "region">, rates: Rates): number {
  const variant = kind === "sqs-standard" ? "standard" : kind === "sqs-fifo" ? "fifo" : null;
  return variant === null ? 0 : (rates.prices.find(cloud, "sqs.requests", variant, region)?.usdPerUnit ?? 0);
}

/** Least billed time and its step where it is not a millisecond: https://azure.microsoft.com/pricing/details/functions/ */
export function billedAs({ cloud }: Feed, { stats }: FedFacts): { leastMs: Ms; stepMs: Ms } | null {
  if (cloud !== "azure") return null;
  const plan = stats.map((one) => one.plan).find((one) => one !== null) ?? null;
  return plan === "flex" ? { leastMs: 1000, stepMs: 100 } : plan === "consumption" ? { leastMs: 100, stepMs: 1 } : null;
}

/** Runs of a batch size that make its memory known. */
const LEAST_RUNS = 10;
/** Of the runs of one size, those in environments that saw no larger batch have the lowest marks. */
const LOW = 0.1;

/** Memory in use, and how it grows with the batch: between the lowest high-water marks of the smallest and the largest batches. */
export function memoryFacts(runs: readonly BatchRun[], { stats, memoryMib, config }: FedFacts, mostMib: Mib): MemoryFacts | null {
  if (memoryMib === null) return null;
  const marks = new Map<number, number[]>();
  for (const { batchSize, maxMemoryMib } of runs)
    if (batchSize !== null && maxMemoryMib !== null) marks.set(batchSize, [...(marks.get(batchSize) ?? []), maxMemoryMib]);
  const sizes = [...marks].filter(([, all]) => all.length >= LEAST_RUNS).sort(([a], [b]) => a - b);
  const low = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(LOW * all.length)]!;
  const [first, last] = [sizes[0], sizes.at(-1)];
  const used = stats.map((one) => one.maxUsedMib).filter((one) => one !== null);
  return {
    sizeMib: memoryMib,
    usedMib: used.length === 0 ? null : Math.max(...used),
    perEventMib:
      first === undefined || last === undefined || first === last
        ? null
        : Math.max(0, (low(last[1]) - low(first[1])) / (last[0] - first[0])),
    mostMib: config?.cloud === "aws" && textOf(config.settings["capacityProvider"]) === null ? mostMib : null,
  };
}
