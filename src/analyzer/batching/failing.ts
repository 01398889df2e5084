/** How many events of a stream fail, from the share of its runs that did: an estimate, so that the retries of larger batches are counted. Pure. */
import type { PollerSettings } from "../../model/batching.ts";
import { type Failing, MOST_RETRIES } from "./pollers/retries.ts";

/** What the runs say of failing events. */
export interface FailingFound {
  /** null: none failed, or their retries are not simulated, and `note` says why. */
  failing: Failing | null;
  note: string | null;
}

/**
 * Modelled, not measured: every failed run is put down to events that always fail and are retried to the end. Of a share `e` of failed runs,
 * where a failing batch makes `F` failed runs and `X` more runs than it should, a share `q = e / (F - e X)` of the batches holds such an
 * event, and of their n events each `1 - (1 - q)^(1/n)`. Errors that are seen are thrown: a run that answers with failed events counts as none.
 * `errorShare`: null: not known. `attempts`: MaximumRetryAttempts; null or -1: until the events expire. `alone`: no other source starts the same runs.
 */
export function failingOf(
  settings: PollerSettings,
  errorShare: number | null,
  meanBatch: number,
  attempts: number | null,
  alone: boolean,
): FailingFound {
  if (settings.kind !== "kinesis" && settings.kind !== "dynamodb-stream") return { failing: null, note: null };
  if (errorShare === null || errorShare === 0) return { failing: null, note: null };
  const failed = `${(errorShare * 100).toFixed(errorShare < 0.01 ? 2 : 1)} % of the runs failed`;
  if (!alone) return { failing: null, note: `${failed}; how many of this source is not known: retries are not simulated` };
  if (attempts === null || attempts < 0 || attempts > MOST_RETRIES)
    return { failing: null, note: `${failed}, and retries go on until events expire: they are not simulated` };
  const splits = settings.bisectOnError ? Math.ceil(Math.log2(Math.max(1, meanBatch))) : 0;
  const failedRuns = 1 + splits + attempts;
  const moreRuns = 2 * splits + attempts;
  const left = failedRuns - errorShare * moreRuns;
  const batches = left <= 0 ? 1 : Math.min(1, errorShare / left);
  const share = 1 - (1 - batches) ** (1 / Math.max(1, meanBatch));
  const percent = (share * 100).toPrecision(2);
  return {
    failing: { share, attempts, answers: false },
    note: `${failed}: simulated as ${percent} % of the events failing always, each batch with up to ${attempts} retries${settings.bisectOnError ? " once split down to them" : ", then given up whole"}`,
  };
}
