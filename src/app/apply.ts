/** `apply PLAN`, and the writing half of `rightsize --apply`. */
import { dangerOf } from "../applier/danger.ts";
import type { Allowances } from "../applier/guard.ts";
import { type Run, runName, runsOf } from "../applier/runs.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { Host } from "../model/host.ts";
import type { Plan } from "../model/plan.ts";
import type { EpochMs } from "../model/units.ts";
import { type Journal, openJournal, readJournal } from "../store/journal.ts";
import { keepPlan, keptPlan, readPlan } from "../store/plan-file.ts";
import { type Applied, carryOut, type Manner } from "./carry-out.ts";
import { doorTo, scopeFor } from "./doors.ts";
import { iacFiles } from "./iac-files.ts";
import { type LiveWorld, withSessions } from "./live.ts";
import type { Settings } from "./settings.ts";
import type { Environment, LiveFlags } from "./targets.ts";

/** A plan older than this is likely to be refused function by function; the advice behind it is old as well. */
const OLD_PLAN_DAYS = 7;
const DAY_MS = 86_400_000;

export interface ApplyOptions extends Manner {
  dataDir: string;
  allow: Allowances;
  /** Folder that is searched for infrastructure as code. */
  folder: string;
  /** Refuse the whole plan where one change is refused. */
  allOrNothing: boolean;
}

/** What is needed to reach the clouds. */
export interface Reach {
  settings: Settings;
  flags: LiveFlags;
  env: Environment;
  world: LiveWorld;
  /** Flags that a printed command needs to lead to the same dataset and account, with a space before; left out: none. */
  again?: string;
}

/** `path` null: the plan of the run that was interrupted. Throws UserError: edited or missing plan, another run open, no credentials. */
export async function applyFile(path: string | null, options: ApplyOptions, reach: Reach): Promise<Applied> {
  return applyPlan(path === null ? interruptedPlan(options.dataDir) : readPlan(path), options, reach);
}

/** The plan of an apply that was killed or stopped; null: none is open. */
export function openPlan(dataDir: string): Plan | null {
  const open = runsOf(readJournal(dataDir).entries).find((run) => run.endedAt === null && run.undoes === null);
  return open?.planHash == null ? null : keptPlan(dataDir, open.planHash);
}

function interruptedPlan(dataDir: string): Plan {
  const plan = openPlan(dataDir);
  if (plan === null) throw new UserError("no run was interrupted: there is nothing to resume");
  return plan;
}

export async function applyPlan(plan: Plan, options: ApplyOptions, reach: Reach): Promise<Applied> {
  const { host, clock, signal } = reach.world;
  const again = reach.again ?? "";
  warnIfOld(plan, clock.now(), host);
  if (plan.changes.length === 0)
    return { state: "nothing", run: null, undoes: null, planHash: plan.hash, resumed: false, changes: [], exitCode: EXIT.done, again };
  return withJournal(options.dataDir, host, async (journal) => {
    const open = openRun(journal, (run) => run.undoes === null && run.planHash === plan.hash, again);
    if (open !== null) host.note(`run ${open.run} of this plan was interrupted: it is finished now`);
    const head = { run: open?.run ?? runName(clock.now(), clock.random()), undoes: null, planHash: plan.hash };
    const scope = scopeFor(plan.changes, reach.settings, reach.flags, reach.env, clock.now());
    return withSessions(scope, reach.world, ({ sessions }) =>
      carryOut(
        {
          head,
          // what a plan says of its danger is not believed
          changes: plan.changes.map((change) => ({ ...change, danger: dangerOf(change) })),
          door: doorTo(sessions),
          rules: { undo: false, allow: options.allow, files: iacFiles(options.folder, host) },
          allOrNothing: options.allOrNothing,
          prepare: () => keepPlan(options.dataDir, plan),
        },
        options,
        { journal, host, clock, signal, again },
      ),
    );
  });
}

/** Holds the journal's lock for the whole work, and says what a crash left. */
export async function withJournal<Result>(dataDir: string, host: Host, work: (journal: Journal) => Promise<Result>): Promise<Result> {
  const journal = openJournal(dataDir);
  try {
    if (journal.tornBytes > 0) host.warn("the journal's last line was cut by a crash before it counted; it is dropped");
    return await work(journal);
  } finally {
    journal.close();
  }
}

/** The interrupted run that this work finishes; null: none is open. Throws UserError (exit 5) where another one is. */
export function openRun(journal: Journal, isOurs: (run: Run) => boolean, again: string): Run | null {
  const open = runsOf(journal.entries).filter((run) => run.endedAt === null);
  const other = open.find((run) => !isOurs(run));
  if (other === undefined) return open[0] ?? null;
  const finish = other.undoes === null ? "evscope apply --resume" : `evscope undo ${other.undoes}`;
  throw new UserError(`run ${other.run} was interrupted, and comes first`, {
    exitCode: EXIT.conflict,
    suggestions: [
      `${finish}${again}   finish it`,
      ...(other.undoes === null ? [`evscope undo ${other.run}${again}   take back what it did`] : []),
    ],
  });
}

function warnIfOld(plan: Plan, now: EpochMs, host: Host): void {
  const days = Math.floor((now - Date.parse(plan.createdAt)) / DAY_MS);
  if (days >= OLD_PLAN_DAYS) host.warn(`the plan is ${days} days old: evscope plan makes one from today's figures`);
}
