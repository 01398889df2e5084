/**
 * Retries of a batch of a Kinesis or DynamoDB stream in which events always fail; nothing else of its lane runs before it has an end.
 * A batch that fails is run again, whole, as often as there may be retries, and then goes to the failure destination or is lost, good events
 * and all. With BisectBatchOnFunctionError it is split in two and each half is run, in order; splitting does not consume the retry quota.
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 * With ReportBatchItemFailures, where the function names the failed events, the retry begins at the first of them; with both, the batch is
 * split there, and what lies behind is run again.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 * Assumed: a retry begins at once and takes as long as a run that succeeds; of an odd number the first half is the smaller; a half has the whole
 * quota; a split at the first event splits nothing off, so that it is a retry like any other.
 */
import type { Ms } from "../../../model/units.ts";
import type { Columns } from "../columns.ts";
import { randomOf } from "../random.ts";
import type { Tally } from "../tally.ts";

/** Events that make every run fail that holds them. */
export interface Failing {
  /** Of the events, 0 to 1: which ones is drawn, each by itself and the same for the same seed. */
  share: number;
  /** Most retries after the first run (MaximumRetryAttempts); null: until the events expire. More than `MOST_RETRIES` are not simulated. */
  attempts: number | null;
  /** The function answers with the events that failed; false: it throws. Only with `reportsBatchItemFailures`. */
  answers: boolean;
}

/** How a lane goes about them. */
export interface Retries {
  /** 1 for an event that fails, by its place in the arrivals. */
  fails: Uint8Array;
  attempts: number;
  /** There would be more retries than `attempts`. */
  capped: boolean;
  bisect: boolean;
  reports: boolean;
}

/** Retries that are simulated; a batch that would have more is counted as capped: its cost and delay are larger than the figures. */
export const MOST_RETRIES = 1_000;

export function retriesOf(
  arrivals: Columns,
  { share, attempts, answers }: Failing,
  settings: { bisectOnError: boolean; reportsBatchItemFailures: boolean },
  seed: number,
): Retries {
  // draws of its own: the same events fail whatever the settings, and nothing else is drawn otherwise than without failures
  const random = randomOf(seed ^ 0x5bd1e995);
  return {
    fails: Uint8Array.from({ length: arrivals.length }, () => (random() < share ? 1 : 0)),
    attempts: Math.min(attempts ?? MOST_RETRIES, MOST_RETRIES),
    capped: attempts === null || attempts > MOST_RETRIES,
    bisect: settings.bisectOnError,
    reports: settings.reportsBatchItemFailures && answers,
  };
}

/** Runs a batch until all of its events are handled or given up; when that is, is returned. */
export function runToEnd(startMs: Ms, batch: Int32Array, retries: Retries, tally: Tally): Ms {
  const { fails, bisect, reports } = retries;
  const first = batch.findIndex((event) => fails[event] === 1);
  if (first < 0) return tally.run(startMs, batch, batch.length);
  const handled = reports ? first : 0;
  const endMs = tally.run(startMs, batch, batch.length, handled);
  if (bisect && reports && first > 0) return runToEnd(endMs, batch.subarray(first), retries, tally);
  if (bisect && !reports && batch.length > 1) {
    const half = batch.length >> 1;
    return runToEnd(runToEnd(endMs, batch.subarray(0, half), retries, tally), batch.subarray(half), retries, tally);
  }
  const left = batch.length - handled;
  let at = endMs;
  for (let retry = 0; retry < retries.attempts; retry++) at = tally.failAgain(at, left);
  tally.discard(left, retries.capped);
  return at;
}
