/** `undo`: the inverted changes of a run, through the same doors. */
import type { Door } from "../applier/execute.ts";
import type { Allowances } from "../applier/guard.ts";
import { type Run, runName, runsOf } from "../applier/runs.ts";
import { forced, inverted, lastToUndo, leftOver } from "../applier/undo.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { Change } from "../model/plan.ts";
import { openRun, type Reach, withJournal } from "./apply.ts";
import { type Applied, carryOut, type Manner } from "./carry-out.ts";
import { doorTo, scopeFor } from "./doors.ts";
import { withSessions } from "./live.ts";

export interface UndoOptions extends Manner {
  dataDir: string;
  /** Run to take back; null: the last one that was not taken back. */
  run: string | null;
  /** Restore the old settings also where somebody changed them since. */
  force: boolean;
  /** An undo that deletes data (a shorter retention), or that makes anew what an undo took back, needs the flags that the change needed. */
  allow: Pick<Allowances, "dataLoss" | "irreversible">;
}

/** Throws UserError: no such run, another run open, no credentials. A function that was changed since is refused, unless forced. */
export async function undo(options: UndoOptions, reach: Reach): Promise<Applied> {
  const { host, clock, signal } = reach.world;
  const again = reach.again ?? "";
  return withJournal(options.dataDir, host, async (journal) => {
    const runs = runsOf(journal.entries);
    const run = runToUndo(runs, options.run);
    const open = openRun(journal, (one) => one.undoes === run.run || one.run === run.run, again);
    const back = inverted(run, runs);
    const facts = { undoes: run.run, planHash: null, again };
    if (back.length === 0) return { ...facts, state: "nothing", run: null, resumed: false, changes: [], exitCode: EXIT.done };
    const resumed = open !== null && open.undoes === run.run ? open : null;
    const head = { run: resumed?.run ?? runName(clock.now(), clock.random()), undoes: run.run, planHash: null };
    const scope = scopeFor(back, reach.settings, reach.flags, reach.env, clock.now());
    return withSessions(scope, reach.world, async ({ sessions }) => {
      const door = doorTo(sessions);
      const changes = await asLeft(run, back, door, options.force, resumed);
      if (changes.length === 0) return { ...facts, state: "nothing", run: null, resumed: false, changes: [], exitCode: EXIT.done };
      const prepare = (): void => {
        if (run.endedAt !== null) return;
        const ended = { run: run.run, undoes: run.undoes, planHash: run.planHash, step: "run-end" as const };
        journal.append({ ...ended, at: clock.now(), change: null, live: null, publishedVersion: null, note: `taken back by ${head.run}` });
      };
      const rules = { undo: true, redo: run.undoes !== null, allow: options.allow } as const;
      return carryOut({ head, changes, door, rules, allOrNothing: false, prepare }, options, { journal, host, clock, signal, again });
    });
  });
}

function runToUndo(runs: readonly Run[], wanted: string | null): Run {
  const found = wanted === null ? lastToUndo(runs) : (runs.find((run) => run.run === wanted) ?? null);
  if (found !== null) return found;
  throw new UserError(wanted === null ? "there is nothing to take back" : `no run ${wanted} in the journal`, {
    suggestions: ["evscope journal lists the runs"],
  });
}

/** Where a write's end is not known, what is live says what there is to take back. What an interrupted undo began keeps its own form. */
async function asLeft(run: Run, back: readonly Change[], door: Door, force: boolean, resumed: Run | null): Promise<Change[]> {
  const changes: Change[] = [];
  for (const change of back) {
    const step = run.steps.get(change.id)!;
    const begun = resumed?.steps.get(change.id);
    if (begun?.began) changes.push(begun.change);
    else if (!force && step.end?.step === "done") changes.push(change);
    else {
      const live = await door(change)
        ?.read(change, Object.keys(change.after))
        .catch((error: unknown) => {
          // gone, or not readable: the look at all changes says so, and the others are taken back
          if (error instanceof UserError) return null;
          throw error;
        });
      const left = !live ? change : force ? forced(change, live) : leftOver(step.change, change, live);
      if (left !== null) changes.push(left);
    }
  }
  return changes;
}
