/** What the applier's tests share: a clock that never waits, a journal in a folder of its own, and one call that executes. */
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute, type ExecuteOptions, type Outcome } from "../../../src/applier/execute.ts";
import { planHash } from "../../../src/applier/plan.ts";
import { runName, runsOf } from "../../../src/applier/runs.ts";
import type { Clock } from "../../../src/model/clock.ts";
import type { Change } from "../../../src/model/plan.ts";
import { type Journal, openJournal, readJournal } from "../../../src/store/journal.ts";
import type { FakeCloud } from "../../support/fake-applier.ts";

export const START = Date.UTC(2026, 10, 23, 12);

/** Time passes only while somebody sleeps. */
export function fakeClock(): Clock & { slept: number } {
  const clock = {
    slept: 0,
    now: () => START + clock.slept,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      clock.slept += ms;
    },
    random: () => 0.5,
  };
  return clock;
}

/** In memory where the system offers it: a killed process needs no disk, and thousands of flushed writes take minutes on one. */
const base = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export const newDir = (): string => mkdtempSync(join(base, "evscope-apply-"));

/** Applies (or resumes, where the journal has an open run of these changes), as `apply` does. */
export async function run(
  dir: string,
  cloud: FakeCloud,
  changes: readonly Change[],
  options: Partial<ExecuteOptions> & { undoes?: string; tick?: (where: string) => void } = {},
): Promise<Outcome[]> {
  const { undoes = null, tick, ...more } = options;
  const hash = undoes === null ? planHash(changes) : null;
  const journal = ticking(openJournal(dir), tick);
  const open = runsOf(journal.entries).find((one) => one.endedAt === null && one.planHash === hash && one.undoes === undoes);
  const head = { run: open?.run ?? runName(START, journal.entries.length / 65_536), undoes, planHash: hash };
  try {
    const applier = cloud.applier();
    return await execute(head, changes, () => applier, journal, {
      parallel: 1,
      keepGoing: false,
      clock: fakeClock(),
      signal: new AbortController().signal,
      onProgress() {},
      ...more,
    });
  } finally {
    journal.close();
  }
}

/** Calls `tick` before and after every entry. */
function ticking(journal: Journal, tick: (where: string) => void = () => {}): Journal {
  return {
    ...journal,
    append(entry) {
      tick(`before ${entry.step}`);
      const written = journal.append(entry);
      tick(`after ${entry.step}`);
      return written;
    },
  };
}

export const steps = (dir: string): string[] =>
  readJournal(dir).entries.map((one) => `${one.step}${one.change === null ? "" : ` ${one.change.name}`}`);
