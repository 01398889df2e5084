/** `journal`: what was changed, when, by which run, and whether it was taken back. */
import { type Run, runsOf } from "../applier/runs.ts";
import { UserError } from "../model/errors.ts";
import { readJournal } from "../store/journal.ts";

export interface JournalFacts {
  /** Newest first. */
  runs: readonly (Run & { undoneBy: string | null })[];
  /** The last line was cut by a crash (or is being written). */
  torn: boolean;
}

/** `wanted` null: all runs. Throws UserError: no such run; the journal was edited or cut (exit 5). */
export function journalOf(dataDir: string, wanted: string | null): JournalFacts {
  const { entries, tornBytes } = readJournal(dataDir);
  const all = runsOf(entries);
  const runs = all
    .map((run) => ({ ...run, undoneBy: all.find((one) => one.undoes === run.run)?.run ?? null }))
    .filter((run) => wanted === null || run.run === wanted)
    .reverse();
  if (wanted !== null && runs.length === 0)
    throw new UserError(`no run ${wanted} in the journal`, { suggestions: ["evscope journal lists the runs"] });
  return { runs, torn: tornBytes > 0 };
}
