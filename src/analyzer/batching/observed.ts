/** The simulation of what there is, held against the runs that were seen: a model that misses today says nothing of tomorrow. Pure. */
import type { BatchRun } from "../../model/batch-facts.ts";
import type { BatchFigures, PollerSettings, ServiceTime } from "../../model/batching.ts";
import { numberOf } from "../../model/json.ts";
import type { Interval } from "../../model/plan.ts";
import type { Ms } from "../../model/units.ts";
import type { FedFacts } from "./evidence.ts";
import { type Arrivals, tells } from "./evidence-arrivals.ts";
import type { Feed } from "./evidence-feed.ts";
import { neededTimeoutS, neededVisibilityS } from "./limits.ts";

/** Farther apart, as a share of the runs seen, is said. */
const SAID = 0.2;
/** Simulated and seen runs differ by this factor: nothing is advised. */
const REFUSED = 1.5;
/** Differences that chance makes: standard deviations of a count. */
const CHANCE_SD = 2;
const MONTH_MS: Ms = 730 * 3_600_000;

/** Other sources of the same function. */
export function besides(feed: Feed, all: readonly Feed[]): Feed[] {
  return all.filter(
    (one) =>
      one.config.resource !== feed.config.resource &&
      one.fn.toLowerCase() === feed.fn.toLowerCase() &&
      one.cloud === feed.cloud &&
      one.account === feed.account &&
      one.region === feed.region,
  );
}

/** Another queue of the function that would hide messages for less than six times a longer timeout, as a reason against it; null: none would. */
export function tooShort(timeoutS: number | null, nowS: number | null, others: readonly Feed[]): string | null {
  if (timeoutS === null || timeoutS <= (nowS ?? 0)) return null;
  const left = others.find(({ kind, settings, source }) => {
    const hiddenS = numberOf(source?.settings["visibilityTimeoutS"]);
    return kind?.startsWith("sqs") && (hiddenS === null || hiddenS < neededVisibilityS(timeoutS, settings!.windowMs));
  });
  return left === undefined
    ? null
    : `a full batch needs a timeout of ${timeoutS} s, and ${left.channel ?? "another queue"} of the same function does not hide messages for six times as long`;
}

/**
 * Service Bus: the wait is at most half of the lock, and the lock of a batch is not renewed while it runs; why not, else null. A lock that is
 * not known is a minute, the default. https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings
 */
export function beyondLock(feed: Feed, proposed: PollerSettings, service: ServiceTime): string | null {
  if (feed.kind !== "service-bus") return null;
  const lockMs = numberOf(feed.source?.settings["lockDurationMs"]) ?? USUAL_LOCK_MS;
  const runMs = neededTimeoutS(service, proposed.batchSize) * 1_000;
  const waits = (proposed.minimumBatchSize ?? 1) > 1 && proposed.windowMs > lockMs / 2;
  if (!waits && runMs <= lockMs) return null;
  return `messages are locked for ${lockMs / 1_000} s: ${waits ? `a wait of ${proposed.windowMs / 1_000} s is more than half of it` : `a full batch may take ${runMs / 1_000} s, and its messages would come again`}`;
}

const USUAL_LOCK_MS: Ms = 60_000;

/** Runs of the feed while its arrivals came; null: other sources start runs too, and no log says which are whose. */
export function seenRuns(runs: readonly BatchRun[], facts: FedFacts, { fromMs, toMs }: Arrivals, others: number): number | null {
  const telling = tells(facts);
  if (runs.length === 0 || (others > 0 && !telling)) return null;
  const mine = runs.filter(
    ({ startedAt, batchSize }) => startedAt >= fromMs && startedAt <= toMs && (batchSize !== null || others === 0 || !telling),
  );
  return (facts.invocations * mine.length) / runs.length;
}

/** What is to be said of the difference, or why it forbids advice; both null: there is none worth a word. */
export function gapOf(
  seen: number | null,
  others: number,
  perMonth: Interval,
  { fromMs, toMs }: Pick<Arrivals, "fromMs" | "toMs">,
  { invocations }: Pick<BatchFigures, "invocations">,
): { note: string | null; refusal: string | null } {
  if (seen === null)
    return {
      note: `simulated runs are not held against those seen: ${others + 1} sources start them, and no log says which`,
      refusal: null,
    };
  const months = (toMs - fromMs) / MONTH_MS;
  // what is open in the simulation is no difference
  const nearest = Math.min(Math.max(seen, perMonth.p10 * months), perMonth.p90 * months);
  const apart = Math.abs(nearest - seen);
  if (apart <= CHANCE_SD * Math.sqrt(seen)) return { note: null, refusal: null };
  const said = `today's settings, simulated, make ${Math.round(invocations)} runs of its events, and ${Math.round(seen)} were seen`;
  if (nearest > seen * REFUSED || nearest * REFUSED < seen)
    return { note: null, refusal: `${said}: events come in another way than they are known to, or not all of them are handed on` };
  return { note: apart > SAID * seen ? `${said}: take the figures with as much doubt` : null, refusal: null };
}
