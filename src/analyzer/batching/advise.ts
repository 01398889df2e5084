/** Advice on one feed: evidence -> simulation -> batch size and window, or why neither can be said. Pure. */
import type { BatchAdvice } from "../../model/batching.ts";
import { numberOf } from "../../model/json.ts";
import type { Interval } from "../../model/plan.ts";
import type { EpochMs, Mib, Ms, Usd } from "../../model/units.ts";
import type { Rates } from "../cost/pricing.ts";
import { type BatchingSources, billedAs, type FedFacts, factsOf, memoryFacts, priceOf } from "./evidence.ts";
import { type Arrivals, arrivalsOf } from "./evidence-arrivals.ts";
import type { Feed } from "./evidence-feed.ts";
import { failingOf } from "./failing.ts";
import { idleOf } from "./idle.ts";
import { besides, beyondLock, gapOf, seenRuns, tooShort } from "./observed.ts";
import { type Optimised, optimise } from "./optimise.ts";
import { mayGrow, partialFailures } from "./partial-failures.ts";
import { proposalsOf, reportProposal } from "./proposals.ts";
import { fitServiceTime } from "./service-time.ts";
import { reasonsOf } from "./words.ts";

/** What holds for all feeds of a run. */
export interface AdviceContext {
  rates: Rates;
  /** Most that latency at p95 may grow by. */
  maxAddedLatencyMs: Ms;
  /** Largest memory of an ordinary Lambda function. */
  mostMemoryMib: Mib;
  window: { from: EpochMs; to: EpochMs };
}

/** Of simulation and spreading: the same records give the same advice. */
const SEED = 1;
const MONTH_MS: Ms = 730 * 3_600_000;
const HOUR_MS: Ms = 3_600_000;
const DAY_MS: Ms = 24 * HOUR_MS;
/** Fewer events, or a shorter time, say nothing of how they come. */
const LEAST_EVENTS = 100;
const LEAST_TIME_MS: Ms = HOUR_MS / 2;

export async function adviseOn(feed: Feed, all: readonly Feed[], sources: BatchingSources, context: AdviceContext): Promise<BatchAdvice> {
  const facts = factsOf(feed, sources);
  const blank = blankOf(feed, facts, context);
  const { kind, settings } = feed;
  if (feed.refusal !== null || kind === null || settings === null) return { ...blank, refusal: feed.refusal };
  const why = whyNot(feed, all, facts);
  if (why !== null) return { ...blank, refusal: why };
  const runs = await sources.runs(feed, feed.channel);
  const messages = facts.channel === null ? [] : await sources.messages(feed, facts.channel.channel);
  const { from, to } = context.window;
  const others = besides(feed, all);
  const arrivals = arrivalsOf({ feed, messages, runs, ...facts, others: others.length, from, to }, SEED);
  if (typeof arrivals === "string") return { ...blank, refusal: arrivals };
  const known = { ...blank, arrivals: arrivalsSaid(arrivals), notes: repeated(arrivals) };
  const price = priceOf(feed, facts, context.rates);
  if (typeof price === "string") return { ...known, refusal: price };
  const sized = runs.flatMap(({ batchSize, durationMs, outcome }) =>
    durationMs === null || outcome !== "ok"
      ? []
      : batchSize === null
        ? settings.batchSize === 1
          ? [{ batchSize: 1, durationMs }]
          : []
        : [{ batchSize, durationMs }],
  );
  const service = fitServiceTime(sized) ?? boundedBy(facts, arrivals, to - from);
  if (service === null) return { ...known, refusal: "how long its runs take is not known" };
  const spanMs = arrivals.toMs - arrivals.fromMs;
  if (arrivals.events.length < LEAST_EVENTS || spanMs < LEAST_TIME_MS)
    return {
      ...known,
      service,
      refusal: `${arrivals.events.length} events in ${Math.max(1, Math.round(spanMs / 60_000))} min are too few to say how they come`,
    };
  const billing = billedAs(feed, facts);
  const retries = numberOf(feed.config.settings["maximumRetryAttempts"]);
  const { failing, note } = failingOf(settings, blank.partialFailures.errorShare, service.meanBatch, retries, others.length === 0);
  if (note !== null) known.notes.push(note);
  const best = optimise({
    arrivals: arrivals.events,
    fromMs: arrivals.fromMs as number,
    toMs: arrivals.toMs as number,
    current: settings,
    service,
    price,
    memory: memoryFacts(runs, facts, context.mostMemoryMib)!,
    timeoutS: facts.timeoutS,
    visibilityTimeoutS: numberOf(feed.source?.settings["visibilityTimeoutS"]),
    maxAddedLatencyMs: context.maxAddedLatencyMs,
    mostBatch: null,
    ...(billing === null ? {} : { billing }),
    ...(failing === null ? {} : { failing }),
    seed: SEED,
  });
  const doubt = daysDoubt(arrivals);
  const figured = {
    ...known,
    service,
    now: best.now,
    invocationsPerMonth: { now: wider(best.invocationsPerMonth.now, doubt), after: null },
    usdPerMonth: { now: wider(best.usdPerMonth.now, doubt), after: null },
    idle: idleOf(feed, best.now, spanMs, facts.counts, context.rates),
  };
  const seen = gapOf(seenRuns(runs, facts, arrivals, others.length), others.length, best.invocationsPerMonth.now, arrivals, best.now);
  if (seen.note !== null) figured.notes = [...figured.notes, seen.note];
  if (seen.refusal !== null) return { ...figured, refusal: seen.refusal };
  if (best.proposed === null) return { ...figured, keep: best.refusal };
  const verdict = mayGrow(kind, blank.partialFailures);
  if (verdict.refusal !== null) return { ...figured, refusal: verdict.refusal, proposals: verdict.switchOn ? reportProposal(feed) : [] };
  const left = tooShort(best.timeoutS.proposed, facts.timeoutS, others) ?? beyondLock(feed, best.proposed, service);
  if (left !== null) return { ...figured, refusal: left };
  return advised(figured, { ...best, ...widened(best, doubt) }, feed, facts, context);
}

/** With the proposals, where they can be written. */
function advised(known: BatchAdvice, best: Optimised, feed: Feed, facts: FedFacts, { window }: AdviceContext): BatchAdvice {
  const days = Math.max(window.to - window.from, HOUR_MS) / DAY_MS;
  const failed = known.partialFailures;
  const own = best.invocationsPerMonth.now.p50 / (MONTH_MS / DAY_MS);
  const perDay = facts.invocations / days;
  const timeouts = facts.stats.reduce((sum, one) => sum + one.timeouts, 0);
  const proposals = proposalsOf({
    feed,
    fn: facts.config,
    best,
    reasons: reasonsOf(best, known),
    before: {
      errorShare: failed.errorShare,
      timeoutShare: facts.invocations === 0 ? null : timeouts / facts.invocations,
      meanDurationMs: null,
      invocationsPerDay: perDay,
      usdPerMonth: known.usdPerMonth.now?.p50 ?? null,
      memoryMib: facts.memoryMib,
    },
    share: perDay === 0 ? 1 : Math.min(1, own / perDay),
  });
  if (typeof proposals === "string") return { ...known, refusal: proposals };
  const { proposed, memoryMib, timeoutS, visibilityTimeoutS, after, invocationsPerMonth, usdPerMonth, savingUsdPerMonth, addedLatencyMs } =
    best;
  return {
    ...known,
    proposed,
    memoryMib,
    timeoutS,
    visibilityTimeoutS,
    after,
    invocationsPerMonth,
    usdPerMonth,
    savingUsdPerMonth,
    addedLatencyMs,
    proposals,
    notes: [...known.notes, ...notesOn(best, feed)],
  };
}

function notesOn({ proposed }: Optimised, { kind, source }: Feed): string[] {
  const notes = [];
  if (kind === "sqs-fifo") notes.push("message groups are not in the telemetry: one batch of a group at a time is not simulated");
  if ((kind === "kinesis" || kind === "dynamodb-stream" || kind === "kafka" || kind === "event-hubs") && proposed!.shards === null)
    notes.push("the number of shards or partitions is not known: one is simulated");
  const retentionH = numberOf(source?.settings["retentionH"]);
  if (kind === "kinesis" || kind === "dynamodb-stream")
    notes.push(`a batch that fails holds up its shard, at most until its events are ${retentionH ?? 24} h old`);
  return notes;
}

/** What speaks against any batch size, before the events are looked at. */
function whyNot(feed: Feed, all: readonly Feed[], { invocations }: FedFacts): string | null {
  if (invocations === 0) return "no run of its function is in the telemetry of this window";
  if (feed.target?.kind !== "azure.function-app") return null;
  const sharing = all.filter((one) => one.kind === feed.kind && one.target?.resource === feed.target!.resource);
  if (sharing.length > 1) return `the settings are the app's: ${sharing.length} functions of it would change together`;
  return null;
}

/** No batch size was seen with its time: the mean run, put down to the events that a run has on average. */
function boundedBy({ stats, invocations }: FedFacts, { events, fromMs, toMs }: Arrivals, windowMs: Ms): ReturnType<typeof fitServiceTime> {
  const ran = stats.filter((one) => one.meanRanMs !== null && one.meanRanMs !== undefined);
  const weight = ran.reduce((sum, one) => sum + one.invocations, 0);
  if (weight === 0) return null;
  const meanMs = ran.reduce((sum, one) => sum + one.meanRanMs! * one.invocations, 0) / weight;
  // of the runs while the events came, where those are not all of the window
  const share = Math.min(1, (toMs - fromMs) / Math.max(1, windowMs));
  const meanBatch = Math.max(1, events.length / (invocations * share));
  return { fixedMs: 0, perEventMs: meanMs / meanBatch, spread: 0, basis: "assumed", perEventBoundsMs: [0, meanMs / meanBatch], meanBatch };
}

/** Of what a month is made where no whole week was seen: weekends, nights, the first of the month may be missing. */
function repeated({ fromMs, toMs }: Arrivals): string[] {
  const hours = (toMs - fromMs) / HOUR_MS;
  if (hours >= 7 * 24) return [];
  return [`a month is ${hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} days`} repeated: less than a week was seen`];
}

function arrivalsSaid({ events, basis, note, fromMs, toMs }: Arrivals): NonNullable<BatchAdvice["arrivals"]> {
  return { basis, events: events.length, perSecond: (events.length * 1000) / Math.max(1, toMs - fromMs), from: fromMs, to: toMs, note };
}

/** 10 % and 90 % of a normal, in standard deviations. */
const P90_SD = 1.2816;

/** Relative standard error of what a month brings: from whole days where there are three, else that of independent events. */
function daysDoubt({ events, fromMs, toMs }: Arrivals): number {
  const poisson = 1 / Math.sqrt(Math.max(1, events.length));
  const days = Math.floor((toMs - fromMs) / DAY_MS);
  if (days < 3) return poisson;
  const counts = Array.from({ length: days }, () => 0);
  for (const { atMs } of events) {
    const day = Math.floor((atMs - fromMs) / DAY_MS);
    if (day < days) counts[day]! += 1;
  }
  const mean = counts.reduce((sum, one) => sum + one, 0) / days;
  const variance = counts.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (days - 1);
  return mean === 0 ? poisson : Math.max(poisson, Math.sqrt(variance / days) / mean);
}

/** An independent relative error on top: half-widths add up in quadrature. */
function wider({ p10, p50, p90 }: Interval, relativeSd: number): Interval {
  const more = P90_SD * relativeSd * Math.abs(p50);
  const least = p50 - Math.hypot(p50 - p10, more);
  // more or fewer events change no sign
  return { p10: p10 >= 0 ? Math.max(0, least) : least, p50, p90: p50 + Math.hypot(p90 - p50, more) };
}

function widened(best: Optimised, doubt: number): Pick<Optimised, "invocationsPerMonth" | "usdPerMonth" | "savingUsdPerMonth"> {
  const both = ({ now, after }: { now: Interval; after: Interval | null }) => ({
    now: wider(now, doubt),
    after: after === null ? null : wider(after, doubt),
  });
  return {
    invocationsPerMonth: both(best.invocationsPerMonth),
    usdPerMonth: both(best.usdPerMonth),
    savingUsdPerMonth: best.savingUsdPerMonth === null ? null : wider(best.savingUsdPerMonth, doubt),
  };
}

function blankOf(feed: Feed, facts: FedFacts, { rates, window }: AdviceContext): BatchAdvice {
  const { cloud, account, region, fn, channel, target, kind, settings } = feed;
  const months = Math.max(window.to - window.from, HOUR_MS) / MONTH_MS;
  const seen = facts.invocations === 0 ? null : facts.invocations / months;
  const isOnly = kind === null || kind === "event-grid" || kind === "pubsub-push";
  const nothing: Usd | null = null;
  return {
    cloud,
    account,
    region,
    fn,
    channel,
    target,
    kind,
    current: settings,
    proposed: null,
    memoryMib: { now: facts.memoryMib, proposed: null },
    timeoutS: { now: facts.timeoutS, proposed: null },
    visibilityTimeoutS: { now: numberOf(feed.source?.settings["visibilityTimeoutS"]), proposed: null },
    refusal: null,
    keep: null,
    arrivals: null,
    service: null,
    now: null,
    after: null,
    invocationsPerMonth: { now: seen === null || isOnly ? null : { p10: seen, p50: seen, p90: seen }, after: null },
    usdPerMonth: { now: nothing, after: null },
    savingUsdPerMonth: null,
    addedLatencyMs: null,
    partialFailures:
      kind === null
        ? { reported: null, answered: null, errorShare: null, runs: facts.invocations }
        : partialFailures(kind, settings?.reportsBatchItemFailures ?? false, facts.answerLines, facts.stats),
    idle: idleOf(feed, null, 0, facts.counts, rates),
    proposals: [],
    notes: [],
  };
}
