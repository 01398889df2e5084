/** What one bad message does to the others of its batch, and whether batches may therefore grow. Pure. */
import type { PollerKind } from "../../model/batching.ts";
import type { FunctionStats } from "../../model/sizing.ts";

export interface PartialFailures {
  /** Setting; null: the kind has none. */
  reported: boolean | null;
  /** The code seems to answer with `batchItemFailures`; null: no log says. */
  answered: boolean | null;
  /** Of the runs: errors, timeouts, out of memory. null: no run is known. */
  errorShare: number | null;
  runs: number;
}

export interface Verdict {
  /** Why batches may not grow; null: they may. */
  refusal: string | null;
  /** The code answers and nobody listens: the setting should be switched on. */
  switchOn: boolean;
}

/** Runs without an error that make it rare: with none in N the share is below 3/N (95 %). */
const ENOUGH_RUNS = 300;
/** Share of failed runs that counts as none. */
const RARE = 0.001;

/** Where one message that fails brings back its whole batch, and a part of a batch cannot be reported. */
const WHOLE: { readonly [kind in PollerKind]?: string } = {
  "service-bus": "all messages of a batch come back when the function fails on one",
  "event-hubs": "the events of a batch in which the function failed are not given to it again",
};

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, .../services-kinesis-batchfailurereporting.html */
export function partialFailures(kind: PollerKind, reports: boolean, lines: number, stats: readonly FunctionStats[]): PartialFailures {
  const runs = stats.reduce((sum, one) => sum + one.invocations, 0);
  const failed = stats.reduce((sum, one) => sum + one.errors + one.timeouts + one.ooms, 0);
  const hasSetting = WHOLE[kind] === undefined && kind !== "event-grid" && kind !== "pubsub-push";
  return {
    reported: hasSetting ? reports : null,
    answered: lines > 0 ? true : null,
    errorShare: runs === 0 ? null : failed / runs,
    runs,
  };
}

/**
 * Batches may grow where failed messages come back alone: the setting is on and no log contradicts it, or where hardly a run fails. Where the
 * setting is on but runs fail although no line shows an answer, the code throws and the whole batch comes back.
 */
export function mayGrow(kind: PollerKind, { reported, answered, errorShare, runs }: PartialFailures): Verdict {
  if (answered === true && reported === true) return { refusal: null, switchOn: false };
  if (answered === true && reported === false)
    return {
      refusal:
        "its code says which messages failed, but ReportBatchItemFailures is off and nobody listens: switch that on before batches grow",
      switchOn: true,
    };
  if (errorShare === null)
    return { refusal: "how often it fails is not known, and one bad message would bring back its whole batch", switchOn: false };
  const rare = errorShare <= RARE && runs >= ENOUGH_RUNS;
  if (rare) return { refusal: null, switchOn: false };
  const share = `${(errorShare * 100).toFixed(errorShare < 0.01 ? 2 : 1)} % of ${runs} runs failed`;
  const why =
    WHOLE[kind] ?? (reported === true ? "no line shows that its code reports failed messages" : "it does not report failed messages");
  if (errorShare <= RARE)
    return { refusal: `${why}, and ${runs} runs are too few to call failures rare (${ENOUGH_RUNS} are needed)`, switchOn: false };
  return { refusal: `${share} and ${why}: one bad message would bring back a larger batch`, switchOn: false };
}
