/** What became of the events of one function: the strongest evidence that its runs give, see README.md. Errors and retries are never `discarded`. */
import type { LabelledEvent, OutcomeEvidence } from "../../model/filters.ts";
import type { LoggedEvent, Mark, ReadRun } from "./evidence.ts";

type Outcome = LabelledEvent["outcome"];
type Label = Pick<LabelledEvent, "outcome" | "evidence">;

const UNKNOWN: Label = { outcome: "unknown", evidence: null };

/** Runs that must say so before the silence of the others means that they worked. */
const LEAST_MARKED = 5;
/** Share of the runs that must call or publish something before the others' silence means that they did nothing. */
const LEAST_ACTIVE_SHARE = 0.05;
/** An early return takes less than this share of the usual run, with nothing between the two. */
const EARLY_SHARE = 0.25;
const LEAST_EARLY = 10;

/** How the runs of a function may be read. */
interface Habits {
  marks: boolean;
  results: boolean;
  /** Traced runs call something; runs log what they publish, which says that they worked, and nothing of those that do not. */
  calls: boolean;
  publishes: boolean;
  /** A run without calls did nothing only if it is shorter than half of the usual one with calls: a driver may not be traced. null: not known. */
  idleBelowMs: number | null;
  /** Runs shorter than this are early returns; null: durations do not fall in two. */
  earlyBelowMs: number | null;
}

/**
 * All events of one function with their outcome, oldest first; each delivery of a message counts once. Where only calls tell, and a tracer
 * records a sample, the runs outside the sample are left out: they are no other ones, and their outcome is not known.
 */
export function labelled(reads: readonly ReadRun[]): LabelledEvent[] {
  const habits = habitsOf(reads);
  const byCalls = habits.calls && !habits.marks && !habits.results;
  const events = reads
    .filter(({ run }) => !byCalls || run.traced)
    .flatMap((read) => {
      const { run } = read;
      const duration = run.run?.durationMs ?? null;
      return read.events.map((event): LabelledEvent => ({
        ...event,
        at: run.at,
        fn: run.fn,
        requestId: run.requestId,
        cloud: run.cloud,
        ...labelOf(event, read, habits),
        durationMs: duration === null ? null : duration / read.count,
      }));
    });
  return deliveredOnce(events).sort((a, b) => a.at - b.at);
}

function habitsOf(reads: readonly ReadRun[]): Habits {
  const count = (test: (read: ReadRun) => boolean): number => reads.filter(test).length;
  const traced = count(({ run }) => run.traced);
  return {
    marks: count((one) => one.discarded.length > 0) >= LEAST_MARKED,
    results: count((one) => one.result === "discarded") >= LEAST_MARKED,
    calls: traced > 0 && count(({ run }) => run.traced && run.calls > 0) >= Math.max(LEAST_MARKED, LEAST_ACTIVE_SHARE * traced),
    publishes: traced === 0 && count(({ run }) => run.published > 0) >= Math.max(LEAST_MARKED, LEAST_ACTIVE_SHARE * reads.length),
    idleBelowMs: idleBelow(reads),
    earlyBelowMs: earlyBelow(reads),
  };
}

function labelOf(event: LoggedEvent, read: ReadRun, habits: Habits): Label {
  const { run } = read;
  // an attempt that failed, or was made again, says nothing of whether its event was wanted
  if (run.run === null || run.run.outcome !== "ok" || run.run.attempts > 1 || read.state) return UNKNOWN;
  return byMarker(event, read, habits) ?? byResult(read, habits) ?? byEffect(read, habits) ?? byDuration(read, habits) ?? UNKNOWN;
}

function byMarker({ messageId }: LoggedEvent, read: ReadRun, { marks }: Habits): Label | null {
  const { discarded, wanted, count, run } = read;
  if (discarded.length === 0 && wanted.length === 0) return marks && read.result === null ? say("wanted", "marker") : null;
  const named = (found: readonly Mark[]): boolean =>
    found.some(({ ids }) => count === 1 || (messageId !== null && ids?.includes(messageId) === true));
  if (named(wanted)) return say("wanted", "marker");
  const unnamed = discarded.filter(({ ids }) => ids === null);
  // one line of one place in the code for each event: all of them were discarded
  const forAll = unnamed.some((one) => unnamed.filter(({ place }) => place === one.place).length === count);
  if (named(discarded) || (forAll && wanted.length === 0))
    // a run that says it ignores the event and publishes one did something with it
    return run.published > 0 ? say("wanted", "marker") : say("discarded", "marker");
  // of a batch some were discarded: which ones is told only where the line names them
  return unnamed.length > 0 || wanted.length > 0 ? UNKNOWN : say("wanted", "marker");
}

function byResult({ result, run, count }: ReadRun, { results }: Habits): Label | null {
  if (result === "discarded") return run.published > 0 ? UNKNOWN : say("discarded", "result");
  if (result === "wanted" || results) return count === 1 ? say("wanted", "result") : UNKNOWN;
  return null;
}

function byEffect({ run, count }: ReadRun, habits: Habits): Label | null {
  const isSeen = run.traced ? habits.calls : habits.publishes;
  if (run.calls + run.published > 0) return isSeen && count === 1 ? say("wanted", "no-effect") : UNKNOWN;
  // a message that is not published is no proof that nothing else was done, nor is a missing call in a run that takes as long as those that call
  const ms = run.run?.durationMs ?? null;
  const isIdle = run.traced && habits.calls && habits.idleBelowMs !== null && ms !== null && ms < habits.idleBelowMs;
  return isIdle ? say("discarded", "no-effect") : null;
}

function byDuration({ run, count }: ReadRun, { earlyBelowMs }: Habits): Label | null {
  const ms = run.run?.durationMs ?? null;
  if (earlyBelowMs === null || ms === null || count > 1) return null;
  return ms < earlyBelowMs ? say("discarded", "early-return") : say("wanted", "early-return");
}

const say = (outcome: Outcome, evidence: OutcomeEvidence): Label => ({ outcome, evidence });

const IDLE_SHARE = 0.5;

/** Half of the median time of warm traced runs that call something. */
function idleBelow(reads: readonly ReadRun[]): number | null {
  const times = reads
    .flatMap(({ run: { run, traced, calls } }) => (traced && calls > 0 && run?.coldStart !== true ? (run?.durationMs ?? []) : []))
    .sort((a, b) => a - b);
  return times.length === 0 ? null : IDLE_SHARE * times[Math.floor(times.length / 2)]!;
}

/**
 * Where warm run times of single events fall in two with an empty gap between: the middle of the widest gap (as a ratio) whose upper end is at
 * least four times its lower one, with a tenth of the runs, and ten, on each side. null: there is none.
 */
function earlyBelow(reads: readonly ReadRun[]): number | null {
  const times = reads
    .flatMap(({ run: { run }, count }) => (run?.outcome === "ok" && run.coldStart !== true && count === 1 ? [run.durationMs ?? 0] : []))
    .filter((ms) => ms > 0)
    .sort((a, b) => a - b);
  const side = Math.max(LEAST_EARLY, Math.ceil(times.length / 10));
  let best = { ratio: 1 / EARLY_SHARE, at: null as number | null };
  for (let i = side; i <= times.length - side; i++) {
    const [below, above] = [times[i - 1]!, times[i]!];
    if (above / below >= best.ratio) best = { ratio: above / below, at: Math.sqrt(above * below) };
  }
  return best.at;
}

const STRENGTH: Record<Outcome, number> = { wanted: 2, unknown: 1, discarded: 0 };

/** A message that was delivered again counts once; one delivery that wanted it, or failed, weighs more than one that did not. */
function deliveredOnce(events: readonly LabelledEvent[]): LabelledEvent[] {
  const found = new Map<string, LabelledEvent>();
  const others: LabelledEvent[] = [];
  for (const event of events) {
    if (event.messageId === null) {
      others.push(event);
      continue;
    }
    const key = `${event.grammar} ${event.channel} ${event.messageId}`;
    const before = found.get(key);
    if (before === undefined) found.set(key, event);
    else if (STRENGTH[event.outcome] > STRENGTH[before.outcome]) found.set(key, { ...event, at: Math.min(event.at, before.at) });
  }
  return [...found.values(), ...others];
}
