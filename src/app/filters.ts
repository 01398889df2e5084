/** `filters`: which events each consumer gets for nothing, and the filter that would keep them away, or why none can be proposed. */
import { type Considered, filterAdvice, functionsByRule, type Volumes } from "../analyzer/filters/index.ts";
import type { Rates } from "../analyzer/cost/index.ts";
import { rooms } from "../clouds/index.ts";
import type { FilterSurvey, LabelledEvent } from "../model/filters.ts";
import type { Host } from "../model/host.ts";
import type { Cloud } from "../model/records.ts";
import type { Usd } from "../model/units.ts";
import { hasDataset } from "../store/index.ts";
import type { Dataset, EventFunction, Filter } from "../store/types.ts";
import type { Advice } from "./plan.ts";
import { namePattern } from "./name-pattern.ts";
import { ratesWith } from "./rates.ts";
import { withDataset } from "./scratch.ts";
import type { Settings } from "./settings.ts";
import { parseWindow, warnIfOutside } from "./window.ts";

export interface FiltersOptions {
  /** Only consumers of this name; `*` stands for anything. null: all. */
  functions: string | null;
  since?: string | undefined;
  until?: string | undefined;
  minSavingUsdPerMonth: Usd;
  /** Events with the outcome that the user says; not empty: only these are looked at. */
  given: readonly LabelledEvent[];
}

export interface FiltersResult {
  survey: FilterSurvey;
  /** The advice with events to ask the cloud about, in the survey's order. */
  considered: Considered[];
  /** Some of the files could not be used wholly; only for files read directly. */
  partial: boolean;
}

/** Kinds of records that filters are learned from. */
const WANTED = ["log", "invocation", "span", "message", "config", "gap"] as const;

/** Runs of a function that are looked at, and of all functions at a time: some hundred megabytes of events at most. */
const MOST_RUNS = 20_000;

/** `paths` empty: the dataset, which events that were given can do without. Throws UserError if none of the files is readable. */
export async function filters(
  dataDir: string,
  paths: readonly string[],
  options: FiltersOptions,
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<FiltersResult> {
  const rates = ratesWith(settings.pricesFile);
  if (options.given.length > 0 && paths.length === 0 && !hasDataset(dataDir)) return ofGiven(options, settings, rates);
  const { value, partial } = await withDataset(dataDir, paths, settings, { host, signal, wanted: WANTED }, (dataset) =>
    surveyOf(dataset, options, settings, rates, host, signal),
  );
  return { ...value, partial };
}

async function surveyOf(
  dataset: Dataset,
  options: FiltersOptions,
  settings: Settings,
  rates: Rates,
  host: Host,
  signal: AbortSignal,
): Promise<Omit<FiltersResult, "partial">> {
  const held = await dataset.span();
  const window = parseWindow(options.since, options.until, held.to);
  if (options.given.length === 0) warnIfOutside(window, held, host);
  const [from, to] = [window.from ?? held.from, window.to ?? held.to];
  const all: Filter = { ...window, functions: [], clouds: [] };
  const isWanted = options.functions === null ? () => true : namePattern(options.functions);
  const [configs, stats, logging] = [await dataset.configs(), await dataset.functionStats(all), await dataset.eventFunctions(all)];
  const daily = from === null || to === null ? [] : await dataset.dailyRuns({ ...all, from, to });
  const volumesOf = (cloud: Cloud, fn: string): Volumes => ({
    stats: stats.filter((one) => one.cloud === cloud && one.fn === fn),
    daily: daily.find((one) => one.cloud === cloud && one.fn === fn) ?? null,
    window: { from: from ?? 0, to: to ?? 0 },
  });
  const question = {
    eventsIn: (cloud: Cloud, message: string) =>
      Object.values(rooms)
        .find((room) => room.cloud === cloud)
        ?.loggedEvents?.(message) ?? [],
    words: settings.outcomeWords,
    configs,
    volumesOf,
    rates,
    minSavingUsdPerMonth: options.minSavingUsdPerMonth,
  };
  const considered: Considered[] = [];
  if (options.given.length > 0) considered.push(...filterAdvice({ ...question, runs: [], given: options.given }));
  else
    for (const part of parts(logging, functionsByRule(configs), isWanted)) {
      signal.throwIfAborted();
      const runs = await dataset.loggedRuns({ ...all, functions: part.map(({ fn }) => fn) }, MOST_RUNS);
      considered.push(...filterAdvice({ ...question, runs, given: [] }));
    }
  const shown = considered.filter(({ advice }) => options.given.length > 0 || isWanted(advice.fn)).sort(bySaving);
  const telling = new Set(shown.map(({ advice }) => advice.fn));
  const silent = [...new Set(stats.map(({ fn }) => fn))].filter((fn) => isWanted(fn) && !telling.has(fn)).sort();
  const survey = {
    from,
    to,
    pricesAsOf: rates.prices.asOf,
    advice: shown.map(({ advice }) => advice),
    silent: options.given.length > 0 ? [] : silent,
  };
  return { survey, considered: shown };
}

/** Without telemetry: the filter and its proof, of a consumer of whom nothing else is known. */
function ofGiven({ given, minSavingUsdPerMonth }: FiltersOptions, { outcomeWords: words }: Settings, rates: Rates): FiltersResult {
  const volumesOf = (): Volumes => ({ stats: [], daily: null, window: { from: 0, to: 0 } });
  const considered = filterAdvice({ runs: [], given, eventsIn: () => [], words, configs: [], volumesOf, rates, minSavingUsdPerMonth });
  const advice = considered.map((one) => one.advice);
  return { survey: { from: null, to: null, pricesAsOf: rates.prices.asOf, advice, silent: [] }, considered, partial: false };
}

/** Functions that are looked at together: those that share a rule, and as many others as fit. */
function* parts(
  logging: readonly EventFunction[],
  byRule: readonly string[][],
  isWanted: (fn: string) => boolean,
): Generator<EventFunction[]> {
  const left = new Map(logging.map((one) => [one.fn, one]));
  let part: EventFunction[] = [];
  for (const first of logging) {
    if (!left.has(first.fn) || !isWanted(first.fn)) continue;
    const together = [first.fn, ...byRule.filter((names) => names.includes(first.fn)).flat()];
    const own = [...new Set(together)].flatMap((fn) => left.get(fn) ?? []);
    const size = (some: readonly EventFunction[]): number => some.reduce((sum, { eventRuns }) => sum + Math.min(eventRuns, MOST_RUNS), 0);
    if (part.length > 0 && size(part) + size(own) > MOST_RUNS) {
      yield part;
      part = [];
    }
    part.push(...own);
    for (const { fn } of own) left.delete(fn);
  }
  if (part.length > 0) yield part;
}

/** The greatest saving first, then what is proposed, then what is refused. */
function bySaving({ advice: a }: Considered, { advice: b }: Considered): number {
  const rank = (one: FilterSurvey["advice"][number]): number =>
    one.refusal === null ? (one.saving?.usdPerMonth?.p50 ?? 0) + 1 : -one.events.count / 1e9 - 1e-9;
  return rank(b) - rank(a) || (a.fn < b.fn ? -1 : a.fn > b.fn ? 1 : 0);
}

/** What of it can be planned. */
export function filterChanges({ advice }: FilterSurvey): Advice {
  return {
    proposals: advice.flatMap(({ proposals }) => proposals),
    refused: advice.flatMap(({ fn, refusal }) => (refusal === null ? [] : [{ name: fn, why: refusal }])),
    unready: advice.flatMap(({ fn, unready }) => (unready === null ? [] : [{ name: fn, why: unready }])),
  };
}
