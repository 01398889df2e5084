/** When events came: each as it was seen, else spread over the periods that metrics or runs were counted in. Pure. */
import type { BatchRun, CountSeries, ReceivedChannel, ReceivedMessage } from "../../model/batch-facts.ts";
import type { Arrival, PollerKind } from "../../model/batching.ts";
import type { Basis, Bytes, EpochMs, Ms } from "../../model/units.ts";
import type { Feed } from "./evidence-feed.ts";
import { randomOf } from "./random.ts";

/** Arrivals of a window, in order of time. */
export interface Arrivals {
  events: Arrival[];
  /** measured: seen one by one. modelled: spread over the periods of a metric, or one for each run. assumed: batches of runs were guessed. */
  basis: Basis;
  /** How they were got, where they were not seen; null: they were. */
  note: string | null;
  fromMs: EpochMs;
  toMs: EpochMs;
  /** Of those that said it; null: none did, and `ASSUMED_BYTES` are taken. */
  meanBytes: Bytes | null;
}

/** What is known of the events of a feed. */
export interface ArrivalFacts {
  feed: Feed;
  channel: ReceivedChannel | null;
  messages: readonly ReceivedMessage[];
  /** Runs that logged what they received, from any channel. */
  tellingRuns: number;
  /** A choice of the function's runs, and how many there were. */
  runs: readonly BatchRun[];
  invocations: number;
  /** Other sources that start runs of the function. */
  others: number;
  /** What metrics counted of the source or of the function. */
  counts: readonly CountSeries[];
  from: EpochMs;
  to: EpochMs;
}

/** Sizes are hardly ever logged; the event is then taken to be small. */
const ASSUMED_BYTES: Bytes = 1024;
/** Share of the runs that must have logged what they received, for those messages to count as all of them. */
const SEEN_SHARE = 0.9;
/** Events spread evenly over longer than this say nothing of how they come together. */
const LONGEST_PERIOD_MS: Ms = 3_600_000;
/** Most events that are spread; of more, the newest. */
const MOST_SPREAD = 150_000;
const MINUTE_MS: Ms = 60_000;

/** Metrics that count what arrives, by kind; lower case. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html and the like. */
export const ARRIVAL_METRICS: Readonly<Record<PollerKind, readonly string[]>> = {
  "sqs-standard": ["aws/sqs/numberofmessagessent", "aws/sqs/numberofmessagesreceived"],
  "sqs-fifo": ["aws/sqs/numberofmessagessent", "aws/sqs/numberofmessagesreceived"],
  kinesis: ["aws/kinesis/incomingrecords"],
  "dynamodb-stream": [],
  kafka: [],
  "event-hubs": ["microsoft.eventhub/namespaces/incomingmessages"],
  "service-bus": ["microsoft.servicebus/namespaces/incomingmessages"],
  "event-grid": [],
  "pubsub-push": ["pubsub.googleapis.com/subscription/push_request_count"],
};

/** Why nothing can be said of the arrivals, where it is a sentence. `seed`: of the spreading. */
export function arrivalsOf(facts: ArrivalFacts, seed: number): Arrivals | string {
  const seen = fromMessages(facts);
  if (seen !== null) return seen;
  const counted = fromMetric(facts, seed);
  if (counted !== null) return counted;
  return fromRuns(facts, seed);
}

/** Whether so many runs logged what they received that the messages count as all of them. */
export function tells({ invocations, tellingRuns }: Pick<ArrivalFacts, "invocations" | "tellingRuns">): boolean {
  return tellingRuns >= SEEN_SHARE * invocations;
}

function fromMessages(facts: ArrivalFacts): Arrivals | null {
  const { channel, messages, from, to } = facts;
  if (channel === null || messages.length < 2 || !tells(facts)) return null;
  const sized = messages.filter((one) => one.bytes !== null);
  const meanBytes = sized.length === 0 ? null : sized.reduce((sum, one) => sum + one.bytes!, 0) / sized.length;
  const cut = messages.length < channel.messages;
  return {
    events: messages.map(({ at, bytes }) => ({ atMs: at as number, bytes: bytes ?? meanBytes ?? ASSUMED_BYTES, key: null })),
    basis: "measured",
    note: cut ? `the newest ${messages.length} of ${channel.messages} messages` : null,
    fromMs: cut ? messages[0]!.at : Math.min(from, messages[0]!.at),
    // time without a message is time too
    toMs: Math.max(to, messages.at(-1)!.at + 1),
    meanBytes,
  };
}

/** Counts of the source, where their periods are short enough. */
function fromMetric({ feed, counts, channel }: ArrivalFacts, seed: number): Arrivals | null {
  const series = ARRIVAL_METRICS[feed.kind!]
    .map((name) => counts.find((one) => one.name === name && isOfSource(one, feed)))
    .find((one) => one !== undefined && one.periodMs <= LONGEST_PERIOD_MS);
  const points = series?.points.filter(({ count }) => count > 0 && Number.isFinite(count)) ?? [];
  if (series === undefined || points.length === 0) return null;
  const spreadOut = spread(points, series.periodMs, seed, channel?.meanBytes ?? null);
  return {
    ...spreadOut,
    basis: "modelled",
    note: `${series.name.split("/").at(-1)} in periods of ${periodText(series.periodMs)}, spread over each as a Poisson process: bursts within a period are not seen`,
    fromMs: spreadOut.cut ? spreadOut.fromMs : series.points[0]!.at,
    toMs: series.points.at(-1)!.at + series.periodMs,
    meanBytes: channel?.meanBytes ?? null,
  };
}

function isOfSource({ resource, fn }: CountSeries, { channel, config, fn: name }: Feed): boolean {
  const last = resource?.split(/[/:]/).at(-1)?.toLowerCase() ?? null;
  return fn === name || (last !== null && (last === channel?.toLowerCase() || last === config.name.toLowerCase()));
}

/** One batch for each run: its size as the runs that say it have it, or one where the mapping allows no more. */
function fromRuns({ feed, runs, invocations, others, channel, from, to }: ArrivalFacts, seed: number): Arrivals | string {
  if (others > 0)
    return `${others + 1} sources start runs of its function, and no log says which are whose: log what is received, or collect the metrics of the source`;
  const known = runs.filter((one) => one.batchSize !== null);
  const one = feed.settings!.batchSize === 1;
  if (runs.length === 0) return "no run of the function is in the telemetry of this window";
  if (known.length < LEAST_SIZES && !one)
    return "how many events a run holds is in no log and no metric: log what is received, or collect the metrics of the source";
  const meanBatch = one ? 1 : known.reduce((sum, run) => sum + run.batchSize!, 0) / known.length;
  const scale = (meanBatch * invocations) / runs.length;
  const perMinute = new Map<number, number>();
  for (const { startedAt } of runs) {
    const minute = Math.floor(startedAt / MINUTE_MS) * MINUTE_MS;
    perMinute.set(minute, (perMinute.get(minute) ?? 0) + scale);
  }
  const points = [...perMinute].map(([at, count]) => ({ at, count })).sort((a, b) => a.at - b.at);
  const spreadOut = spread(points, MINUTE_MS, seed, channel?.meanBytes ?? null);
  return {
    ...spreadOut,
    basis: one ? "modelled" : "assumed",
    note: `${invocations} runs of ${one ? "one event" : `${meanBatch.toFixed(1)} events on average (${known.length} runs say it)`} each, spread over their minutes as a Poisson process`,
    fromMs: spreadOut.cut ? spreadOut.fromMs : from,
    toMs: to,
    meanBytes: channel?.meanBytes ?? null,
  };
}

/** Runs that must say how many events they held. */
const LEAST_SIZES = 30;

/**
 * Independent arrivals, uniform within each period: given its count, a Poisson process is nothing else. Periods in order of time. Of a last
 * period with too many events, its end.
 */
function spread(
  points: readonly { at: EpochMs; count: number }[],
  periodMs: Ms,
  seed: number,
  meanBytes: Bytes | null,
): { events: Arrival[]; fromMs: EpochMs; cut: boolean } {
  const random = randomOf(seed);
  const events: Arrival[] = [];
  let carried = 0;
  let first = points.length - 1;
  for (let total = points[first]!.count; first > 0 && total + points[first - 1]!.count <= MOST_SPREAD; first--)
    total += points[first - 1]!.count;
  const part = Math.min(1, MOST_SPREAD / points[first]!.count);
  for (const { at, count } of points.slice(first)) {
    // a fraction of an event is carried on
    const whole = Math.floor(count * part + carried);
    carried += count * part - whole;
    for (let i = 0; i < whole; i++)
      events.push({ atMs: (at as number) + (1 - part + part * random()) * periodMs, bytes: meanBytes ?? ASSUMED_BYTES, key: null });
  }
  events.sort((a, b) => a.atMs - b.atMs);
  return { events, fromMs: points[first]!.at + (1 - part) * periodMs, cut: first > 0 || part < 1 };
}

function periodText(ms: Ms): string {
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000} h` : ms % MINUTE_MS === 0 ? `${ms / MINUTE_MS} min` : `${ms / 1000} s`;
}
