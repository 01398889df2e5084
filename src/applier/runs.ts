/** The journal, read as runs: what was meant, what was done, what is open. Pure. */
import type { Change, JournalEntry } from "../model/plan.ts";
import type { EpochMs } from "../model/units.ts";

/** What a run did about one change. */
export interface Step {
  /** As journalled before the write, or as it was refused. */
  change: Change;
  /** A write was begun: it may have taken effect, whatever the end says. False: refused before. */
  began: boolean;
  /** null: the run ended (was killed) between the two entries. */
  end: (JournalEntry & { step: "done" | "failed" | "refused" }) | null;
  beganAt: EpochMs;
}

export interface Run {
  run: string;
  beganAt: EpochMs;
  /** null: it was interrupted. */
  endedAt: EpochMs | null;
  /** The run that this one takes back; null: an apply. */
  undoes: string | null;
  planHash: string | null;
  /** By change ID, in the order of their beginning. */
  steps: Map<string, Step>;
  /** Verdict of the last `verify`; null: none. */
  verdict: string | null;
  note: string | null;
}

/** All runs, oldest first. */
export function runsOf(entries: readonly JournalEntry[]): Run[] {
  const runs = new Map<string, Run>();
  for (const entry of entries) {
    const run = runs.get(entry.run);
    if (run === undefined) {
      if (entry.step === "run-begin") runs.set(entry.run, begun(entry));
      continue;
    }
    if (entry.step === "run-end") {
      run.endedAt = entry.at;
      run.note = entry.note;
    } else if (entry.step === "verified") run.verdict = entry.note;
    else if (entry.step === "begin" && entry.change !== null)
      run.steps.set(entry.change.id, { change: entry.change, began: true, end: null, beganAt: entry.at });
    else if (entry.change !== null && (entry.step === "done" || entry.step === "failed" || entry.step === "refused")) {
      const step = run.steps.get(entry.change.id) ?? { change: entry.change, began: false, end: null, beganAt: entry.at };
      run.steps.set(entry.change.id, { ...step, end: { ...entry, step: entry.step } });
    }
  }
  return [...runs.values()];
}

function begun(entry: JournalEntry): Run {
  return {
    run: entry.run,
    beganAt: entry.at,
    endedAt: null,
    undoes: entry.undoes,
    planHash: entry.planHash,
    steps: new Map(),
    verdict: null,
    note: null,
  };
}

/** Name of a new run: its time, and four digits against two in one second. */
export function runName(now: EpochMs, random: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+Z$/g, "");
  return `${time}-${Math.floor(random * 0x10000)
    .toString(16)
    .padStart(4, "0")}`;
}
