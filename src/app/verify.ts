/** `verify`: a run's changes against what happened since, from the dataset. */
import { type Run, runsOf } from "../applier/runs.ts";
import { lastToUndo } from "../applier/undo.ts";
import { overall, ranWith, type Verdict, type Verification, verified } from "../applier/verify.ts";
import { priceReadings, type Rates } from "../analyzer/cost/pricing.ts";
import type { UsageGroup } from "../model/billing.ts";
import { UserError } from "../model/errors.ts";
import type { Change, ResourceRef } from "../model/plan.ts";
import type { Config } from "../model/records.ts";
import type { EpochHour, FunctionStats } from "../model/sizing.ts";
import type { EpochMs, Ms, Usd } from "../model/units.ts";
import { openDataset } from "../store/index.ts";
import type { Filter } from "../store/types.ts";
import { withJournal } from "./apply.ts";
import type { LiveWorld } from "./live.ts";
import { ratesWith } from "./rates.ts";
import type { Settings } from "./settings.ts";
import { isPlaceless } from "./targets.ts";

export interface VerifyResult {
  run: string;
  appliedAt: EpochMs;
  verdict: Verdict;
  changes: Verification[];
  /** The command that takes the run back. */
  undo: string;
  /** The run that has taken it back already; null: none. */
  undoneBy: string | null;
}

/** How much of the time before the change is compared, as the engine compares epochs. */
const BEFORE_MS = 14 * 86_400_000;

/** `wanted` null: the last run that was not taken back. `again`: see `Reach`. The verdict is journalled. Throws UserError: no such run, nothing was changed by it. */
export async function verify(
  dataDir: string,
  wanted: string | null,
  settings: Settings,
  world: LiveWorld,
  again = "",
): Promise<VerifyResult> {
  return withJournal(dataDir, world.host, async (journal) => {
    const runs = runsOf(journal.entries);
    const run = wanted === null ? lastToUndo(runs) : (runs.find((one) => one.run === wanted) ?? null);
    if (run === null)
      throw new UserError(wanted === null ? "no run to verify" : `no run ${wanted} in the journal`, {
        suggestions: ["evscope journal lists the runs"],
      });
    const undoing = runs.find((one) => one.undoes === run.run) ?? null;
    const changes = await verifications(dataDir, run, undoing, settings);
    const verdict = overall(changes);
    journal.append({
      at: world.clock.now(),
      run: run.run,
      step: "verified",
      undoes: run.undoes,
      planHash: run.planHash,
      change: null,
      live: null,
      publishedVersion: null,
      note: verdict,
    });
    return {
      run: run.run,
      appliedAt: run.beganAt,
      verdict,
      changes,
      undo: `evscope undo ${run.run}${again}`,
      undoneBy: undoing?.run ?? null,
    };
  });
}

/** What came of the changes of a run, without a note in the journal. `undoing`: the run that took it back; null: none. Throws UserError: it changed nothing. */
export async function verifications(dataDir: string, run: Run, undoing: Run | null, settings: Settings): Promise<Verification[]> {
  const done = [...run.steps.values()].flatMap(({ change, began, end, beganAt }) =>
    began && end?.step === "done" ? [{ change, doneAt: end.at, beganAt }] : [],
  );
  if (done.length === 0) throw new UserError(`run ${run.run} changed nothing`, { suggestions: ["evscope journal lists the runs"] });
  const rates = ratesWith(settings.pricesFile);
  const usdPerRun = (stats: FunctionStats, billedMs: Ms): Usd | null => priceOf(stats, billedMs, rates);
  const dataset = await openDataset(dataDir);
  try {
    const from = Math.min(...done.map((one) => one.beganAt));
    const to = Math.max(...done.map((one) => one.doneAt));
    const configs = await dataset.configs();
    const covered = done.map(({ change }) => membersOf(change, configs));
    const held = await dataset.span();
    const filter = (window: Pick<Filter, "from" | "to">): Filter => ({ ...window, functions: [...new Set(covered.flat())], clouds: [] });
    const days = {
      before: daysBetween(Math.max(from - BEFORE_MS, held.from ?? from), from),
      after: daysBetween(to, undoing?.beganAt ?? held.to ?? to),
    };
    const before = await dataset.functionStats(filter({ from: from - BEFORE_MS, to: from }));
    const after = await dataset.functionStats(filter({ from: to, to: undoing?.beganAt ?? null }));
    const own = done.map(({ change, doneAt }, i) => ({
      change,
      doneAt,
      before: before.filter((one) => isOf(one, change, covered[i]!)),
      after: after.filter((one) => isOf(one, change, covered[i]!)),
    }));
    const compared = own.map((one) => ({
      before: one.before.filter((row) => ranWith(row, one.change.before)),
      after: one.after.filter((row) => ranWith(row, one.change.after)),
    }));
    const epochs = compared.flatMap((one) => [...one.before, ...one.after]);
    const hours = await dataset.epochHours(epochs);
    const hoursOf = (rows: readonly FunctionStats[]): EpochHour[] =>
      hours.filter((one) => one.hourOfWeek !== null && rows.includes(epochs[one.epoch]!));
    return own.map(({ change, doneAt, ...rows }, i) =>
      verified(change, doneAt, {
        ...rows,
        hours: { before: hoursOf(compared[i]!.before), after: hoursOf(compared[i]!.after) },
        usdPerRun,
        days,
        configs,
      }),
    );
  } finally {
    await dataset.close();
  }
}

/** null: no time at all. */
function daysBetween(from: EpochMs, to: EpochMs): number | null {
  return to > from ? (to - from) / 86_400_000 : null;
}

/** Functions that a change reaches, by name: the one that its plan watches; those of an Azure Function App, else the one. Telemetry names an app without its resource group. */
function membersOf(change: Change, configs: readonly Config[]): string[] {
  const { cloud, account, kind, resource } = change;
  const name = change.expected?.watched ?? change.name;
  if (kind !== "azure.function-app") return [name];
  const [app, site] = [name.toLowerCase(), resource.toLowerCase()];
  const isIn = (one: Config): boolean => {
    const own = one.resource.toLowerCase();
    return own.includes("/resourcegroups/") ? own.startsWith(`${site}/`) : one.account === null || one.account === account;
  };
  const own = configs.filter((one) => one.cloud === cloud && one.kind === "function" && one.settings["app"] === app && isIn(one));
  return [...new Set(own.map((one) => one.name))];
}

/** Telemetry does not always name its account and region, and what feeds a function does not always have one. */
function isOf(stats: FunctionStats, ref: ResourceRef, names: readonly string[]): boolean {
  return (
    stats.cloud === ref.cloud &&
    names.includes(stats.fn) &&
    (stats.account === null || stats.account === ref.account) &&
    (stats.region === null || isPlaceless(ref.region) || stats.region === ref.region)
  );
}

/** Price of a run of this function with this billed time; null where the logs or the price table do not say. */
function priceOf(stats: FunctionStats, billedMs: Ms, rates: Rates): Usd | null {
  const { cloud, account, region, fn, architecture, plan, memoryMib } = stats;
  const billing = rates.billing[cloud];
  if (billing === undefined || memoryMib === null) return null;
  const mean: UsageGroup = {
    cloud,
    account,
    region,
    fn,
    architecture,
    plan,
    memoryMib,
    billedMs,
    durationMs: billedMs,
    maxMemoryMib: null,
    vcpu: stats.vcpu ?? null,
    initMs: null,
    emulator: stats.emulator,
    seenIn: "platform-log",
    outcome: "ok",
    coldStart: false,
    count: 1,
    ephemeralMib: stats.ephemeralMib ?? null,
  };
  const { readings, unknownWhy } = priceReadings(billing.invocations(mean), { cloud, region }, rates.prices);
  return unknownWhy === null ? readings.reduce((sum, one) => sum + one.quantity! * one.usdPerUnit!, 0) : null;
}
