/** Looks at everything a plan would change, before anything is changed. */
import type { Door } from "../applier/execute.ts";
import { type Allowances, changedSince, dangerAgain, type Objection, objections } from "../applier/guard.ts";
import type { IacFile } from "../applier/iac/files.ts";
import { ownersIn } from "../applier/iac/ownership.ts";
import { type ChangeState, stateOf } from "../applier/state.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { Change, LiveResource } from "../model/plan.ts";

export interface Inspected {
  change: Change;
  /** null: it could not be read; an objection says why. */
  live: LiveResource | null;
  state: ChangeState;
  /** IaC that owns it: seen by the plan, by the cloud, in the working folder. */
  owners: string[];
  objections: Objection[];
}

/** What is held against the changes of a plan beside the live state. */
export interface ApplyRules {
  undo: false;
  allow: Allowances;
  files: readonly IacFile[];
}

/** The way back is free, but for what deletes data. `redo`: an undo is taken back, so that the changes are made anew. */
export interface UndoRules {
  undo: true;
  redo: boolean;
  allow: Pick<Allowances, "dataLoss" | "irreversible">;
}

export type Rules = ApplyRules | UndoRules;

/** Reads in flight at once; the room's own quota decides the pace. */
const AT_ONCE = 8;

/** In the order given. Only reads. */
export async function inspect(changes: readonly Change[], door: Door, rules: Rules, signal: AbortSignal): Promise<Inspected[]> {
  return inParallel(changes, AT_ONCE, async (change) => {
    signal.throwIfAborted();
    return inspectOne(change, door, rules);
  });
}

async function inspectOne(change: Change, door: Door, rules: Rules): Promise<Inspected> {
  const unread = (text: string, exitCode: Objection["exitCode"]): Inspected => ({
    change,
    live: null,
    state: "other",
    owners: change.owners,
    objections: [{ kind: "missing", text, flag: null, exitCode }],
  });
  const applier = door(change);
  if (applier === null) return unread(`no connection leads to account ${change.account}, ${change.region}`, EXIT.conflict);
  try {
    const live = await applier.read(change, Object.keys(change.after));
    const found = rules.undo ? [] : [...(await applier.owners(change)), ...ownersIn(rules.files, change.name).owners];
    const owners = [...new Set([...change.owners, ...found])];
    const held = rules.undo
      ? [...changedSince(change, live), ...dangerAgain(change, live, rules.redo, rules.allow)]
      : objections(change, live, owners, rules.allow);
    return { change, live, state: stateOf(change, live), owners, objections: held };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return unread(error.message, error.exitCode === EXIT.usage ? EXIT.conflict : error.exitCode);
  }
}

/** Results in the order of `items`. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = Array.from({ length: items.length });
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
