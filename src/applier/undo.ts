/** The inverted changes of a run. They go through the same door, with what the run left behind as their lock. Pure. */
import { canonicalJson } from "../model/canonical.ts";
import type { Change, JournalEntry, LiveResource } from "../model/plan.ts";
import type { Run, Step } from "./runs.ts";
import { aliasVersion, settingsOf, stateOf } from "./state.ts";

type LiveState = NonNullable<JournalEntry["live"]>;

/** What takes this run back, last change first. Only what the run began to write. `all`: every run of the journal. */
export function inverted(run: Run, all: readonly Run[]): Change[] {
  return [...run.steps.values()]
    .filter((step) => step.began)
    .map((step) => invert(step, leftBehind(step, run, all)))
    .reverse();
}

/**
 * What our last write left behind: this run's, or that of a later one that came back to the same settings (an undo taken back). null: the
 * end of the write is not known.
 */
function leftBehind(step: Step, run: Run, all: readonly Run[]): LiveState | null {
  if (step.end?.step !== "done") return null;
  const later = all.slice(all.indexOf(run) + 1).flatMap((one) => [...one.steps.values()]);
  const same = later.filter((one) => one.end?.step === "done" && one.change.resource === step.change.resource);
  const last = same.at(-1);
  return last?.end?.live && canonicalJson(last.end.live.settings) === canonicalJson(step.change.after) ? last.end.live : step.end.live;
}

function invert({ change, end }: Step, left: LiveState | null): Change {
  // only a finished write tells what it left behind; otherwise the settings alone decide
  const to =
    change.alias === null ? null : left === null ? (change.aliasTarget ?? end?.publishedVersion ?? null) : aliasVersion(change, left);
  return {
    ...change,
    before: change.after,
    after: change.before,
    revision: left?.revision ?? null,
    fingerprint: left?.fingerprint ?? "",
    aliasVersion: to,
    aliasTarget: change.alias === null ? null : change.aliasVersion,
    danger: change.danger === "restart" ? "restart" : "none",
    expected: null,
    undo: true,
    reasons: [`takes back ${change.id}`],
  };
}

/**
 * What is left of a write whose end nobody saw, as its undo: the alias stands where it stands. null: nothing of it took effect.
 * `change` and `undo`: as begun, and inverted.
 */
export function leftOver(change: Change, undo: Change, live: LiveResource): Change | null {
  const state = stateOf(change, live);
  if (state === "before") return null;
  return state === "other" || change.alias === null ? undo : { ...undo, aliasVersion: aliasVersion(change, live) };
}

/** --force: whatever is there now is what the undo starts from. */
export function forced(change: Change, live: LiveResource): Change {
  return {
    ...change,
    before: settingsOf(change, live),
    revision: live.revision,
    fingerprint: live.fingerprint,
    aliasVersion: change.alias === null ? null : aliasVersion(change, live),
  };
}

/**
 * The last apply that was not taken back whole (an undo that was itself taken back counts as never done); null: none. One that was taken back
 * in part comes again: never an older one in its place.
 */
export function lastToUndo(runs: readonly Run[]): Run | null {
  const undoing = new Map<string, Run[]>();
  for (const run of runs.toReversed()) {
    const undos = undoing.get(run.run) ?? [];
    if (![...run.steps.values()].some((step) => step.began)) continue;
    if (run.undoes === null) {
      if (!isWhole(run, undos)) return run;
    } else if (undos.length === 0) undoing.set(run.undoes, [...(undoing.get(run.undoes) ?? []), run]);
  }
  return null;
}

/** Every write that took effect has its end in an undo, and no undo has left one open or failed. */
function isWhole(run: Run, undos: readonly Run[]): boolean {
  if (undos.length === 0) return false;
  return [...run.steps.values()]
    .filter((step) => step.began)
    .every((step) => {
      const ends = undos.flatMap((undo) => undo.steps.get(step.change.id) ?? []);
      return ends.length === 0 ? step.end?.step !== "done" : ends.some((one) => one.end?.step === "done");
    });
}
