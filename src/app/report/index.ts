/** `report`: one document of what the window cost, what changed since the baseline and why, what could be saved, and which thresholds it crosses. */
import { costChange } from "../../analyzer/cost/index.ts";
import { crossed, type Gate, judge } from "../../analyzer/gates/index.ts";
import type { Chain } from "../../model/chains.ts";
import type { CostReport } from "../../model/cost-report.ts";
import type { Topic } from "../../model/proposal.ts";
import type { Usd } from "../../model/units.ts";
import { hasDataset } from "../../store/index.ts";
import { keepReport, writeReport } from "../../store/report-file.ts";
import type { Dataset } from "../../store/types.ts";
import type { AdviceOptions } from "../advice.ts";
import type { Reach } from "../apply.ts";
import { withDataset } from "../scratch.ts";
import { parseWindow, warnIfOutside } from "../window.ts";
import { advised } from "./advised.ts";
import { baselineFor } from "./baseline.ts";
import { tellingChains } from "./examples.ts";
import { factsOf, type FactsOptions, type Span } from "./facts.ts";
import { savingsOf } from "./savings.ts";

export interface ReportOptions extends FactsOptions {
  since?: string | undefined;
  until?: string | undefined;
  /** A path, `previous-run`, `previous-window`, `none`; null: what there is. */
  baseline: string | null;
  topics: readonly Topic[];
  advice: AdviceOptions;
  gates: readonly Gate[];
  /** Keep the report with the dataset, for a later one to compare with. */
  keep: boolean;
  /** Version of evscope. */
  version: string;
  /** What collecting for it cost; null: not told. */
  ownUsd: Usd | null;
}

export interface ReportResult {
  report: CostReport;
  /** Chains worth looking into: failed, slow, dear ones, and a usual one. */
  examples: Chain[];
  /** Some of the files could not be used wholly; only for files read directly. */
  partial: boolean;
  /** A threshold that fails was crossed. */
  crossed: boolean;
}

/** The part of the asked window that must be held for it to count as the report's length; else what is held does. */
const LEAST_COVERED = 0.9;
const DAY_MS = 86_400_000;
/** Gaps named; the rest is counted. */
const MOST_GAPS = 50;

/** `paths` empty: the dataset in `dataDir`. Throws UserError: nothing to read, no such baseline. */
export async function makeReport(dataDir: string, paths: readonly string[], options: ReportOptions, reach: Reach): Promise<ReportResult> {
  const { host, signal } = reach.world;
  const read = await withDataset(dataDir, paths, reach.settings, { host, signal }, (dataset) => reportOf(dataset, dataDir, options, reach));
  if (options.keep && (paths.length > 0 || hasDataset(dataDir))) keepReport(dataDir, read.value.report);
  return { ...read.value, partial: read.partial, crossed: crossed(read.value.report.gates) };
}

/** Writes one form of the report; replaces the file at once. */
export function saveReport(path: string, text: string): void {
  writeReport(path, text);
}

async function reportOf(
  dataset: Dataset,
  dataDir: string,
  options: ReportOptions,
  reach: Reach,
): Promise<Pick<ReportResult, "report" | "examples">> {
  const { settings, world } = reach;
  const { host, signal, clock } = world;
  const held = await dataset.info();
  const asked = parseWindow(options.since, options.until, held.to);
  warnIfOutside(asked, held, host);
  // what ran, and what was logged: descriptions and daily metrics may reach further back
  const span = await dataset.span();
  const window = spanOf(asked, span) ?? { from: clock.now(), to: clock.now() };
  const { facts, chains } = await factsOf(dataset, window, options, settings, host, signal);
  const found = await baselineFor(options.baseline, dataDir, window, span, async (before) => {
    const then = await factsOf(dataset, before, { ...options, withChains: false }, settings, host, signal);
    return then.facts;
  });
  // advice is the better the more it rests on: all that is held, up to the report's end
  const untilThen = { ...options.advice, until: facts.to ?? undefined };
  const gaps = new Map(held.gaps.map((gap) => [`${gap.what}\n${gap.why}`, { what: gap.what, why: gap.why }]));
  const report: CostReport = {
    schemaVersion: 1,
    kind: "evscope-report",
    version: options.version,
    madeAt: new Date(clock.now()).toISOString(),
    currency: "USD",
    ...facts,
    baseline: found.baseline,
    noBaseline: found.why,
    change: found.facts === null || found.baseline === null ? null : costChange(facts, found.facts, found.baseline.scale),
    ...(await advised(options.topics, dataset.dir, untilThen, reach)),
    savings: await savingsOf(dataDir, settings, host),
    gaps: limited([...gaps.values()]),
    ownUsd: options.ownUsd,
    gates: [],
  };
  return { report: { ...report, gates: judge(options.gates, report) }, examples: tellingChains(chains) };
}

function limited(gaps: CostReport["gaps"]): CostReport["gaps"] {
  const more = gaps.length - MOST_GAPS;
  return more <= 0 ? gaps : [...gaps.slice(0, MOST_GAPS), { what: `${more} more gaps`, why: "evscope dataset info lists all of them" }];
}

/** The window as asked, or what of it is held where that is clearly less; null: nothing is held at all. */
function spanOf(asked: { from: number | null; to: number | null }, held: { from: number | null; to: number | null }): Span | null {
  if (held.from === null || held.to === null) return null;
  const whole = { from: asked.from ?? held.from, to: asked.to ?? held.to + 1 };
  const covered = { from: Math.max(whole.from, held.from), to: Math.min(whole.to, held.to + 1) };
  if (covered.to <= covered.from) return whole.to > whole.from ? whole : { from: held.from, to: held.to + 1 };
  // days are compared with days: an hour that nothing ran in is part of the window, a week that nothing is known of is not
  return covered.to - covered.from >= LEAST_COVERED * (whole.to - whole.from) || whole.to - whole.from < DAY_MS / 24 ? whole : covered;
}
