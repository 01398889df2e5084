/** What `apply`, `undo` and `rightsize --apply` share: look, show, ask, write, say. */
import { type Door, execute, type Outcome, priorSteps, type RunHead } from "../applier/execute.ts";
import { type Run, runsOf, type Step } from "../applier/runs.ts";
import { bound } from "../applier/state.ts";
import { staying } from "../applier/write.ts";
import type { Clock } from "../model/clock.ts";
import { EXIT, type ExitCode } from "../model/errors.ts";
import type { Host } from "../model/host.ts";
import type { Change } from "../model/plan.ts";
import type { Journal } from "../store/journal.ts";
import { inspect, type Inspected, type Rules } from "./inspect.ts";

/** How it shall be done. */
export interface Manner {
  dryRun: boolean;
  parallel: number;
  /** Go on with the others where one is refused or fails. */
  keepGoing: boolean;
  /** Shows what will be done and asks. False: nothing is changed. */
  confirm: (preview: Applied) => Promise<boolean>;
}

export interface Job {
  head: RunHead;
  changes: readonly Change[];
  door: Door;
  rules: Rules;
  /** One refusal stops all before anything is written. False: the others are done. */
  allOrNothing: boolean;
  /** Called before the first write. */
  prepare: () => void;
}

/** One change, as it was meant and as it went. `planned`: nothing was written yet. */
export interface AppliedChange extends Omit<Outcome, "state" | "exitCode"> {
  state: Outcome["state"] | "planned";
  owners: string[];
}

/**
 * applied: writes were tried. nothing: all is as wanted already. declined: the user said no. refused: something spoke against it before
 * anything was written.
 */
export interface Applied {
  state: "applied" | "nothing" | "dry-run" | "declined" | "refused";
  /** null: nothing was journalled. */
  run: string | null;
  undoes: string | null;
  planHash: string | null;
  /** An interrupted run was finished. */
  resumed: boolean;
  changes: AppliedChange[];
  exitCode: ExitCode;
  /** Flags for printed commands, see `Reach`. */
  again: string;
}

export interface Work {
  journal: Journal;
  host: Host;
  clock: Clock;
  signal: AbortSignal;
  /** See `Reach`. */
  again: string;
}

export async function carryOut(job: Job, manner: Manner, { journal, host, clock, signal, again }: Work): Promise<Applied> {
  const { head, door } = job;
  const runs = runsOf(journal.entries);
  const known = runs.find((run) => run.run === head.run) ?? null;
  const prior = priorSteps(head, runs);
  const changes = job.changes.map((change) => prior.get(change.id)?.change ?? change);
  const each = (await inspect(changes, door, job.rules, signal)).map((one) => ready(one, prior.get(one.change.id), known));
  const looked = job.rules.undo ? inOrder(each) : wholeGroups(each);
  const refused = looked.filter((one) => one.objections.length > 0);
  const eligible = looked.filter((one) => one.objections.length === 0);
  const facts = { undoes: head.undoes, planHash: head.planHash, resumed: known !== null, again };
  const preview: Applied = { ...facts, state: "dry-run", run: known?.run ?? null, changes: looked.map(planned), exitCode: exitOf(refused) };
  if (manner.dryRun) return preview;
  if (refused.length > 0 && (eligible.length === 0 || (job.allOrNothing && !manner.keepGoing)))
    return {
      ...preview,
      state: "refused",
      changes: preview.changes.map((one) => (one.state === "planned" ? { ...one, state: "not-tried" } : one)),
    };
  if (known === null && eligible.every((one) => one.state === "after")) return { ...preview, state: "nothing" };
  if (!(await manner.confirm(preview))) return { ...preview, state: "declined", exitCode: EXIT.done };
  job.prepare();
  const outcomes = await execute(
    head,
    eligible.map((one) => one.change),
    door,
    journal,
    {
      parallel: manner.parallel,
      keepGoing: manner.keepGoing,
      clock,
      signal,
      onProgress: (done, total) => host.progress("apply", done, total, "changes"),
    },
  ).catch((error: unknown) => {
    host.warn(
      `run ${head.run} is open: the same command finishes it; ${head.undoes === null ? `evscope undo ${head.run}${again} takes it back` : "nothing else may be changed before"}`,
    );
    throw error;
  });
  const byId = new Map(outcomes.map((one) => [one.change.id, one]));
  const ended = looked.map((one): AppliedChange => {
    const outcome = byId.get(one.change.id);
    if (outcome === undefined) return planned(one);
    const { exitCode: _, ...rest } = outcome;
    return { ...rest, owners: one.owners };
  });
  return { ...facts, state: "applied", run: head.run, changes: ended, exitCode: exitOf([...refused, ...outcomes]) };
}

/**
 * What was begun and not done is decided by what is live, when it is finished; a run that ended is no licence for a later one, though, and
 * neither is one that is resumed for what may lose data. What is written is what was shown: a change that knew no revision is locked on the
 * one seen here.
 */
function ready(one: Inspected, step: Step | undefined, open: Run | null): Inspected {
  const { change, live, state, objections } = one;
  if (live === null) return one;
  if (step === undefined || step.end?.step === "done") return state === "before" ? { ...one, change: bound(change, live) } : one;
  const isOpen = open?.steps.has(change.id) === true;
  return { ...one, objections: objections.filter(({ kind }) => (isOpen ? kind === "danger" : kind !== "changed")) };
}

/** Changes that belong together are made together or not at all. */
function wholeGroups(looked: readonly Inspected[]): Inspected[] {
  return looked.map((one) => {
    const group = one.change.group ?? null;
    const stop = looked.find((other) => group !== null && other.change.group === group && other.objections.length > 0);
    return stop === undefined ? one : withheld(one, stop);
  });
}

/** An undo goes backwards: what a change rests on stays where that change stays. One that is gone rests on nothing. */
function inOrder(looked: readonly Inspected[]): Inspected[] {
  return looked.map((one, i) => {
    const group = one.change.group ?? null;
    const stop = looked.find(
      (other, at) => at < i && group !== null && other.change.group === group && other.objections.some(({ kind }) => kind !== "missing"),
    );
    return stop === undefined ? one : withheld(one, stop);
  });
}

function withheld(one: Inspected, stop: Inspected): Inspected {
  if (one.objections.length > 0 || one.state === "after") return one;
  const { flag, exitCode } = stop.objections[0]!;
  const text = `it belongs to the change of ${stop.change.name}, which is refused`;
  return { ...one, objections: [{ kind: "group", text, flag, exitCode }] };
}

function planned({ change, state, owners, objections }: Inspected): AppliedChange {
  const facts = { change, owners, publishedVersion: null };
  if (objections.length > 0) {
    const lifted = (flag: string | null): string => (flag === null ? "" : ` (${flag})`);
    return { ...facts, state: "refused", note: objections.map((one) => `${one.text}${lifted(one.flag)}`).join("; ") };
  }
  return state === "after"
    ? { ...facts, state: "already", note: "it is so already" }
    : {
        ...facts,
        state: "planned",
        note: [...(change.first ?? []).map((one) => `first: ${one}`), staying(change)].filter((one) => one !== null).join("; ") || null,
      };
}

/** A conflict before all else; then the first other failure. */
function exitOf(all: readonly (Inspected | Outcome)[]): ExitCode {
  const codes = all.map((one) => ("exitCode" in one ? one.exitCode : (one.objections[0]?.exitCode ?? EXIT.done)));
  return codes.includes(EXIT.conflict) ? EXIT.conflict : (codes.find((code) => code !== EXIT.done) ?? EXIT.done);
}
