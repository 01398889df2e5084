/**
 * `probe`: measures a function at several memory sizes, within a budget, and keeps the runs in the dataset, where `rightsize` counts
 * them as an experiment (tier 3).
 */
import { existsSync } from "node:fs";
import { regretOf } from "../../analyzer/sizing/index.ts";
import type { LiveSession, Prober, ProbeResult } from "../../clouds/room.ts";
import { EXIT, UserError } from "../../model/errors.ts";
import type { LiveResource } from "../../model/plan.ts";
import type { Invocation } from "../../model/records.ts";
import type { Objective, ProbeRuns, SizingAdvice } from "../../model/sizing.ts";
import type { Mib, Usd } from "../../model/units.ts";
import { openBatchWriter, openCommitter } from "../../store/index.ts";
import { dollars } from "../collect/announce.ts";
import { type LiveWorld, withSessions } from "../live.ts";
import { nameOf } from "../targets.ts";
import { ratesWith } from "../rates.ts";
import { rightsize } from "../rightsize.ts";
import type { Settings } from "../settings.ts";
import type { Scope } from "../targets.ts";
import { found, type ProbingSession } from "./found.ts";
import { type ProbePrice, probePrice } from "./price.ts";
import { probeSizes } from "./sizes.ts";

export interface ProbeOptions {
  /** Name of the function. */
  fn: string;
  /** null: chosen by what is known of the function. */
  sizesMib: readonly Mib[] | null;
  /** Most measured runs per size. */
  rounds: number;
  payloads: readonly string[];
  budgetUsd: Usd;
  /** Only says what would be done. */
  dryRun: boolean;
  /** Asked once with what it will do and cost. False: nothing is made. */
  confirm(question: string): Promise<boolean>;
}

export interface ProbeOutcome {
  fn: string;
  account: string;
  region: string;
  sizesMib: readonly Mib[];
  currentMib: Mib | null;
  budgetUsd: Usd;
  /** What one more round costs at most: what the budget is held against. */
  mostPerRoundUsd: Usd;
  runs: readonly ProbeRuns[];
  /** What all runs cost at list price, the discarded ones too. */
  spentUsd: Usd;
  /** dry-run, declined: nothing was made. enough: more runs would not change the choice. */
  ended: "dry-run" | "declined" | "enough" | "rounds" | "budget" | "failed";
  /** Why it failed; null: it did not. */
  failure: string | null;
  leftBehind: readonly string[];
  /** Records new in the dataset. */
  kept: number;
  /** What is advised now; null: not asked, or the function is not in the dataset. */
  advice: SizingAdvice | null;
}

/** Regret below which more runs are not worth their price, and runs per size before which it is not trusted (the engine wants as many). */
const ENOUGH_REGRET = 0.05;
const LEAST_ROUNDS = 5;
const MEMORY_MIB = 256;

/**
 * Throws UserError: no such function, or several; a budget that cannot be kept; what the prober refuses. What was measured before the
 * function failed is kept; an abort keeps nothing. The dataset in `dataDir` is made if need be.
 */
export async function probe(
  dataDir: string,
  options: ProbeOptions,
  scope: Scope,
  settings: Settings,
  world: LiveWorld,
): Promise<ProbeOutcome> {
  return withSessions(scope, world, async ({ sessions }) => {
    const { session, live } = await found(withProbers(sessions), options.fn, dataDir);
    const advice = await adviceOn(dataDir, live, settings, world);
    const sizesMib = probeSizes(options.sizesMib, live, advice);
    const price = probePrice(ratesWith(settings.pricesFile), live, live.settings, sizesMib);
    const { fn, account, region } = { fn: live.name, account: live.account, region: live.region };
    const outcome: ProbeOutcome = {
      fn,
      account,
      region,
      sizesMib,
      currentMib: memoryOf(live),
      budgetUsd: options.budgetUsd,
      mostPerRoundUsd: price.mostPerRound,
      runs: [],
      spentUsd: 0,
      ended: "dry-run",
      failure: null,
      leftBehind: [],
      kept: 0,
      advice: null,
    };
    refuseBudget(price, options.budgetUsd);
    world.host.note(announcement(outcome, price, options, advice));
    if (options.dryRun) return outcome;
    if (!(await options.confirm(`probe ${fn} for at most ${dollars(options.budgetUsd)}?`))) return { ...outcome, ended: "declined" };
    return measured(dataDir, outcome, { prober: session.prober, live, price, options, advice }, settings, world);
  });
}

/** Throws UserError where no target's cloud can probe, with the reason. */
function withProbers(sessions: readonly LiveSession[]): ProbingSession[] {
  const able = sessions.filter((one): one is ProbingSession => typeof one.prober !== "string");
  if (able.length > 0) return able;
  const reasons = sessions.map(({ target, prober }) => `${nameOf(target)}: ${prober as string}`);
  throw new UserError(reasons.join("; "), { suggestions: ["evscope rightsize advises on what runs have shown"] });
}

interface Work {
  prober: Prober;
  live: LiveResource;
  price: ProbePrice;
  options: ProbeOptions;
  advice: SizingAdvice | null;
}

async function measured(dataDir: string, outcome: ProbeOutcome, work: Work, settings: Settings, world: LiveWorld): Promise<ProbeOutcome> {
  const { prober, live, price, options, advice } = work;
  // taken before anything is paid: a dataset in use would lose what was measured
  const committer = openCommitter(dataDir);
  let result: ProbeResult;
  let kept: number;
  let ended: ProbeOutcome["ended"] = "rounds";
  try {
    const floorMib = advice?.floorMib ?? Math.min(...outcome.sizesMib);
    result = await prober.probe(live, {
      sizesMib: outcome.sizesMib,
      rounds: options.rounds,
      payloads: options.payloads,
      mayGoOn: (runs) => {
        const rounds = Math.min(...runs.map((one) => one.durationsMs.length));
        const regret = rounds < LEAST_ROUNDS ? null : regretOf(runs, floorMib, price.run);
        if (regret !== null && regret < ENOUGH_REGRET) ended = "enough";
        else if (price.spent(runs) + price.mostPerRound > options.budgetUsd) ended = "budget";
        return ended === "rounds";
      },
    });
    kept = await keep(dataDir, committer, result.invocations);
  } finally {
    committer.close();
  }
  const spentUsd = result.invocations.reduce((sum, one) => sum + price.run(one.memoryMib!, one.billedMs ?? one.durationMs ?? 0), 0);
  return {
    ...outcome,
    runs: result.runs,
    spentUsd,
    ended: result.stopped === null ? ended : "failed",
    failure: result.stopped,
    leftBehind: result.leftBehind,
    kept,
    advice: await adviceOn(dataDir, live, settings, world),
  };
}

/** The runs as records, in one batch. */
async function keep(dataDir: string, committer: ReturnType<typeof openCommitter>, invocations: readonly Invocation[]): Promise<number> {
  const writer = await openBatchWriter({ dir: dataDir, publisher: committer, threads: 1, memoryMib: MEMORY_MIB });
  try {
    writer.beginSource();
    for (const one of invocations) writer.write(one);
    return (await writer.finish()).added;
  } finally {
    await writer.close();
  }
}

const COST: Objective = { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 1 };

/** What the dataset says about the function; null: there is none, or it does not know it. */
async function adviceOn(
  dataDir: string,
  live: LiveResource,
  settings: Settings,
  { host, signal }: LiveWorld,
): Promise<SizingAdvice | null> {
  if (!existsSync(dataDir)) return null;
  const { sizing } = await rightsize(dataDir, [], { objective: COST, functions: live.name }, settings, host, signal).catch(
    (error: unknown) => {
      if (error instanceof UserError) return { sizing: null };
      throw error;
    },
  );
  return (
    sizing?.functions.find(
      (one) => one.fn === live.name && (one.account ?? live.account) === live.account && (one.region ?? live.region) === live.region,
    ) ?? null
  );
}

function memoryOf(live: LiveResource): Mib | null {
  const memory = live.settings["memoryMib"];
  return typeof memory === "number" ? memory : null;
}

/** The discarded runs and one measured round have to fit, each run as long as the timeout lets it be. */
function refuseBudget(price: ProbePrice, budgetUsd: Usd): void {
  const least = price.mostForFirst + price.mostPerRound;
  if (least <= budgetUsd) return;
  throw new UserError(
    `a budget of ${dollars(budgetUsd)} cannot be kept: if every run lasts to the timeout, the first two rounds cost ${dollars(least)}`,
    {
      exitCode: EXIT.usage,
      suggestions: [`--budget ${Math.ceil(least * 100) / 100}`, "smaller or fewer --sizes"],
    },
  );
}

function announcement(
  { fn, region, account, sizesMib }: ProbeOutcome,
  price: ProbePrice,
  options: ProbeOptions,
  advice: SizingAdvice | null,
): string {
  const runs = sizesMib.length * (options.rounds + 1);
  const expected = sizesMib.map((size) => advice?.predicted.find((one) => one.memoryMib === size)?.durationMs?.p50 ?? null);
  const usd = expected.every((ms) => ms !== null)
    ? dollars(sizesMib.reduce((sum, size, i) => sum + (options.rounds + 1) * price.run(size, expected[i]!), 0))
    : null;
  return [
    `to probe ${fn} (${account}, ${region}): a temporary copy, up to ${runs} runs at ${sizesMib.join(", ")} MiB with ${options.payloads.length} payload${options.payloads.length === 1 ? "" : "s"}, which really do what the function does`,
    `price: ${usd === null ? "expected not known" : `about ${usd}`}; at most ${dollars(price.mostForFirst + options.rounds * price.mostPerRound)} if every run lasts to the timeout; budget ${dollars(options.budgetUsd)}, checked before every round`,
  ].join("\n");
}
