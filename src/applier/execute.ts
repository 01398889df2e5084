/** Runs changes through the rooms' doors, with the journal before and after each write. */
import type { Applier } from "../clouds/room.ts";
import type { Clock } from "../model/clock.ts";
import { EXIT, type ExitCode, UserError } from "../model/errors.ts";
import type { Change, JournalEntry, LiveResource, ResourceRef } from "../model/plan.ts";
import type { Ms } from "../model/units.ts";
import type { Journal, NewEntry } from "../store/journal.ts";
import { difference, failedText } from "./guard.ts";
import { type Run, runsOf, type Step } from "./runs.ts";
import { aliasVersion, bound, lockHolds, settingsOf, stateOf } from "./state.ts";
import { type Written, writeChange } from "./write.ts";

/** Door to the account and region of a resource; null: no connection leads there. */
export type Door = (ref: ResourceRef) => Applier | null;

export interface RunHead {
  run: string;
  /** The run that is taken back; null: an apply. */
  undoes: string | null;
  /** null for an undo. */
  planHash: string | null;
}

export interface ExecuteOptions {
  /** Writes under way at once. */
  parallel: number;
  /** Go on with the other changes after one failed or was refused. */
  keepGoing: boolean;
  clock: Clock;
  signal: AbortSignal;
  /** Called before each change is begun. */
  onProgress: (done: number, total: number) => void;
}

/** done: written now. already: as wanted before we came (an earlier run's work, or somebody else's). */
export type OutcomeState = "done" | "already" | "failed" | "refused" | "not-tried";

export interface Outcome {
  change: Change;
  state: OutcomeState;
  note: string | null;
  publishedVersion: string | null;
  exitCode: ExitCode;
}

/** How long an update that somebody else began is waited for. Lambda's own waiter gives up after 300 s. */
const BUSY_PATIENCE_MS = 300_000;
const BUSY_POLL_MS = 2000;

/**
 * Every change ends in an outcome, in the order given. A change that this run, or an earlier one of the same plan, has begun is finished
 * by what is live: as wanted: done; as before: written again; anything else: refused. Ctrl-C leaves the run open, to be resumed.
 */
export async function execute(
  head: RunHead,
  changes: readonly Change[],
  door: Door,
  journal: Journal,
  options: ExecuteOptions,
): Promise<Outcome[]> {
  const runs = runsOf(journal.entries);
  const known = runs.some((run) => run.run === head.run);
  const executor = new Executor(head, door, journal, options, priorSteps(head, runs));
  if (!known) executor.note("run-begin", null, {});
  const outcomes: Outcome[] = changes.map((change) => outcome(change, "not-tried", "an earlier change was not done"));
  const units = unitsOf(changes);
  let next = 0;
  let begun = 0;
  let stopped = false;
  const worker = async (): Promise<void> => {
    while (next < units.length && !stopped) {
      for (const i of units[next++]!) {
        options.signal.throwIfAborted();
        options.onProgress(begun++, changes.length);
        const done = await executor.one(changes[i]!).catch((error: unknown) => {
          stopped = true;
          throw error;
        });
        outcomes[i] = done;
        if (done.exitCode === EXIT.done) continue;
        stopped ||= !options.keepGoing;
        // what comes after it rests on it
        break;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.max(1, Math.min(options.parallel, units.length)) }, worker));
  const crashed = ended.find((one) => one.status === "rejected");
  if (crashed) throw crashed.reason;
  executor.note("run-end", null, { note: summary(outcomes) });
  return outcomes;
}

/** Positions of changes that are made one after another: those of a group; any other for itself. */
function unitsOf(changes: readonly Change[]): number[][] {
  const units = new Map<string, number[]>();
  changes.forEach(({ group }, i) => {
    const key = group ?? `#${i}`;
    units.set(key, [...(units.get(key) ?? []), i]);
  });
  return [...units.values()];
}

/** What the journal knows of these changes: from this run, or from any run of the same plan. The latest counts. */
export function priorSteps(head: RunHead, runs: readonly Run[]): Map<string, Step> {
  const same = runs.filter((run) => run.run === head.run || (head.planHash !== null && run.planHash === head.planHash));
  return new Map(same.flatMap((run) => [...run.steps].filter(([, step]) => step.began)));
}

class Executor {
  private readonly head: RunHead;
  private readonly door: Door;
  private readonly journal: Journal;
  private readonly options: ExecuteOptions;
  private readonly prior: ReadonlyMap<string, Step>;
  constructor(head: RunHead, door: Door, journal: Journal, options: ExecuteOptions, prior: ReadonlyMap<string, Step>) {
    this.head = head;
    this.door = door;
    this.journal = journal;
    this.options = options;
    this.prior = prior;
  }

  note(step: JournalEntry["step"], change: Change | null, more: Partial<NewEntry>): void {
    const at = this.options.clock.now();
    this.journal.append({ at, ...this.head, step, change, live: null, publishedVersion: null, note: null, ...more });
  }

  async one(wanted: Change): Promise<Outcome> {
    const prior = this.prior.get(wanted.id) ?? null;
    // the journalled change also holds what a plan without connection did not know
    const planned = prior?.change ?? wanted;
    const applier = this.door(planned);
    if (applier === null)
      return this.refuse(planned, `no configured connection leads to account ${planned.account}, ${planned.region}`, null);
    let live: LiveResource;
    try {
      live = await settled(applier, planned, this.options);
    } catch (error) {
      return this.fail(planned, error, null, false);
    }
    const state = stateOf(planned, live);
    const begun = prior !== null && prior.end?.step !== "done";
    // an undo is the way out of a failed update, unless it is the undo that failed
    if (live.failed && (this.head.undoes === null || state === "after"))
      return this.fail(planned, new UserError(failedText(live.failed), { exitCode: EXIT.conflict }), live, begun);
    if (state === "after") return this.found(planned, live, prior);
    if (live.busy !== null) return this.refuse(planned, `an update is still under way (${live.busy})`, live);
    if (state === "half" && begun) return this.write(bound(planned, live), live, applier, prior.end === null);
    if (state !== "before" || !lockHolds(planned, live)) return this.refuse(planned, difference(planned, live), live);
    return this.write(bound(planned, live), live, applier, begun && prior.end === null);
  }

  /** As wanted: by a write of ours whose end was not journalled, by an earlier run, or by somebody else. */
  private found(change: Change, live: LiveResource, prior: Step | null): Outcome {
    if (prior === null) {
      // that an undo is complete is known by its entries
      if (this.head.undoes !== null) this.note("done", change, { live: kept(change, live), note: "it was so before this run" });
      return outcome(change, "already", "it was so before this run");
    }
    if (prior.end?.step === "done") return outcome(change, "already", `done by an earlier run (${prior.end.run})`);
    const note = "an interrupted write had taken effect";
    const publishedVersion = publishedBy(change, live);
    this.note("done", change, { live: kept(change, live), publishedVersion, note });
    return { ...outcome(change, "done", note), publishedVersion };
  }

  private async write(change: Change, live: LiveResource, applier: Applier, isOpen: boolean): Promise<Outcome> {
    if (!isOpen) this.note("begin", change, {});
    let written: Written;
    try {
      written = await writeChange(change, live, applier);
    } catch (error) {
      // the answer was lost, not necessarily the write: what is live decides
      if (this.options.signal.aborted) throw error;
      const now = await settled(applier, change, this.options).catch(() => null);
      if (this.options.signal.aborted) throw error;
      if (now === null || now.failed || stateOf(change, now) !== "after") return this.fail(change, error, now, true);
      written = { live: now, publishedVersion: publishedBy(change, now), note: `it took effect, though: ${messageOf(error)}` };
    }
    if (stateOf(change, written.live) !== "after")
      return this.fail(
        change,
        new UserError(`accepted, but without effect: ${ignored(change, written.live)}`, { exitCode: EXIT.partial }),
        written.live,
        true,
      );
    this.note("done", change, { live: kept(change, written.live), publishedVersion: written.publishedVersion, note: written.note });
    return { ...outcome(change, "done", written.note), publishedVersion: written.publishedVersion };
  }

  private refuse(change: Change, why: string, live: LiveResource | null): Outcome {
    this.note("refused", change, { live: live === null ? null : kept(change, live), note: why });
    return { ...outcome(change, "refused", why), exitCode: EXIT.conflict };
  }

  private fail(change: Change, error: unknown, live: LiveResource | null, begun: boolean): Outcome {
    if (this.options.signal.aborted) throw error;
    const known = error instanceof UserError ? error.exitCode : EXIT.partial;
    const unsure = begun && live === null ? "; whether it took effect could not be read" : "";
    const note = `${messageOf(error)}${unsure}`;
    const state = known === EXIT.conflict && !begun ? "refused" : "failed";
    this.note(state, change, { live: live === null ? null : kept(change, live), note });
    return { ...outcome(change, state, note), exitCode: known === EXIT.usage ? EXIT.partial : known };
  }
}

/** What the journal keeps of a live resource: the settings in question, nothing that could hold a secret. */
function kept(change: Change, live: LiveResource): JournalEntry["live"] {
  return { settings: settingsOf(change, live), revision: live.revision, fingerprint: live.fingerprint, aliases: live.aliases };
}

function publishedBy(change: Change, live: LiveResource): string | null {
  return change.aliasTarget === null ? aliasVersion(change, live) : null;
}

/** Reads until no update is under way, or patience ends. */
async function settled(applier: Applier, change: Change, options: { clock: Clock; signal: AbortSignal }): Promise<LiveResource> {
  const until = options.clock.now() + BUSY_PATIENCE_MS;
  let wait: Ms = BUSY_POLL_MS;
  for (;;) {
    const live = await applier.read(change, Object.keys(change.after));
    if (live.busy === null || options.clock.now() + wait > until) return live;
    await options.clock.sleep(wait, options.signal);
    wait = Math.min(wait * 1.5, 20_000);
  }
}

function ignored(change: Change, live: LiveResource): string {
  return Object.entries(settingsOf(change, live))
    .map(([name, value]) => `${name} is ${JSON.stringify(value)}`)
    .join(", ");
}

function outcome(change: Change, state: OutcomeState, note: string | null): Outcome {
  return { change, state, note, publishedVersion: null, exitCode: EXIT.done };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function summary(outcomes: readonly Outcome[]): string {
  const counts = new Map<OutcomeState, number>();
  for (const { state } of outcomes) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}
