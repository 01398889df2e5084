/** What changes promised, and what came of them. */
import { type Run, runsOf } from "../../applier/runs.ts";
import type { Saving } from "../../model/cost-report.ts";
import { UserError } from "../../model/errors.ts";
import type { Host } from "../../model/host.ts";
import { readJournal } from "../../store/journal.ts";
import type { Settings } from "../settings.ts";
import { verifications } from "../verify.ts";

/** Runs older than the newest so many are left out. */
const MOST_RUNS = 20;

/** Every change of the newest runs that the journal tells of, oldest first. A run that cannot be judged is said so. The journal is only read. */
export async function savingsOf(dataDir: string, settings: Settings, host: Host): Promise<Saving[]> {
  const runs = runsOf(readJournal(dataDir).entries);
  const applied = runs.filter((run) => run.undoes === null && [...run.steps.values()].some((step) => step.end?.step === "done"));
  const savings: Saving[] = [];
  for (const run of applied.slice(-MOST_RUNS)) savings.push(...(await ofRun(dataDir, run, runs, settings, host)));
  return savings;
}

async function ofRun(dataDir: string, run: Run, runs: readonly Run[], settings: Settings, host: Host): Promise<Saving[]> {
  const undoing = runs.find((one) => one.undoes === run.run) ?? null;
  try {
    const found = await verifications(dataDir, run, undoing, settings);
    return found.map((one) => ({
      run: run.run,
      appliedAt: new Date(one.appliedAt).toISOString(),
      name: one.change.name,
      verdict: undoing === null ? one.verdict : "undone",
      promisedUsdPerMonth: one.promisedUsdPerMonth,
      realisedUsdPerMonth: one.realisedUsdPerMonth,
    }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    host.warn(`run ${run.run} is not in the report: ${error.message}`);
    return [];
  }
}
