/** The inverted changes of a run. They go through the same door, with what the run left behind as their lock. Pure. */
import type { Change, LiveResource } from "../model/plan.ts";
import type { Run, Step } from "./runs.ts";
import { aliasVersion, settingsOf, stateOf } from "./state.ts";

/** What takes this run back, last change first. Only what the run began to write. */
export function inverted(run: Run): Change[] {
  return [...run.steps.values()]
    .filter((step) => step.began)
    .map(invert)
    .reverse();
}

function invert({ change, end }: Step): Change {
  // only a finished write tells what it left behind; otherwise the settings alone decide
  const left = end?.step === "done" ? end.live : null;
  const to = change.aliasTarget ?? end?.publishedVersion ?? (left === null ? null : aliasVersion(change, left));
  return {
    ...change,
    before: change.after,
    after: change.before,
    revision: left?.revision ?? null,
    fingerprint: left?.fingerprint ?? "",
    alias: change.alias,
    aliasVersion: change.alias === null ? null : to,
    aliasTarget: change.alias === null ? null : change.aliasVersion,
    danger: change.danger === "restart" ? "restart" : "none",
    expected: null,
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

/** The last apply that was not taken back (an undo that was itself taken back counts as never done); null: none. */
export function lastToUndo(runs: readonly Run[]): Run | null {
  const undone = new Set<string>();
  for (const run of runs.toReversed()) {
    if (undone.has(run.run) || ![...run.steps.values()].some((step) => step.began)) continue;
    if (run.undoes !== null) undone.add(run.undoes);
    else return run;
  }
  return null;
}
