/** `ttl`: what event stores and logs keep, what that costs, and which of it may go. */
import { fits, retention, type RetentionFacts, type Sampled, storeKindOf } from "../analyzer/retention/index.ts";
import { BUCKET_IN, LEVELS } from "../analyzer/retention/levels.ts";
import { rooms } from "../clouds/index.ts";
import { UserError } from "../model/errors.ts";
import type { Cloud, Config } from "../model/records.ts";
import type { Floor, Retention, StoreKind } from "../model/retention.ts";
import type { FunctionStats } from "../model/sizing.ts";
import type { Usd } from "../model/units.ts";
import type { Dataset } from "../store/types.ts";
import type { Reach } from "./apply.ts";
import { type ItemsFile, sampledFile } from "./items-file.ts";
import type { Advice } from "./plan.ts";
import { ratesWith } from "./rates.ts";
import { sampledTables } from "./sample-tables.ts";
import { withDataset } from "./scratch.ts";
import { daysOf, parseWindow, warnIfOutside } from "./window.ts";

export interface TtlOptions {
  /** Kinds of stores; empty or left out: all. */
  store?: readonly StoreKind[] | undefined;
  /** Only stores of this name; `*` stands for anything. null: all. */
  name: string | null;
  /** How long what is asked about must be kept (`90d`); left out: what evscope.yaml says. */
  keep?: string | undefined;
  /** Look at so many items of each table without TTL; left out: at none. */
  sample?: number | undefined;
  /** Items of one table in a file. */
  items?: ItemsFile | undefined;
  minSavingUsdPerMonth: Usd;
  since?: string | undefined;
  until?: string | undefined;
}

export interface TtlResult {
  retention: Retention;
  /** Some of the files could not be used wholly, or a table could not be looked at. */
  partial: boolean;
}

const WANTED = ["invocation", "metric", "config", "gap"] as const;
/** What comes into logs. */
const METRICS = ["aws/logs/incomingbytes", BUCKET_IN];

/** `paths` empty: the dataset. Throws UserError where nothing can be read, or a table that is named is not known. */
export async function ttl(dataDir: string, paths: readonly string[], options: TtlOptions, reach: Reach): Promise<TtlResult> {
  const { settings, world } = reach;
  const { host, signal } = world;
  const floors = floorsOf(options, settings.floors ?? []);
  const read = await withDataset(dataDir, paths, settings, { host, signal, wanted: WANTED }, (dataset) =>
    factsOf(dataset, options, floors, reach),
  );
  const facts = read.value;
  const wanted = facts.configs.filter((one) => isWanted(one, facts));
  const samples = new Map<string, Sampled>();
  if (options.items !== undefined)
    for (const [key, one] of await sampledFile(options.items, facts.configs, facts.now, signal)) samples.set(key, one);
  const live = options.sample === undefined ? null : await sampledTables(options.sample, wanted, facts.now, reach);
  for (const [key, one] of live?.samples ?? []) samples.set(key, one);
  return { retention: retention({ ...facts, samples }), partial: read.partial || live?.partial === true };
}

/** What of it can be planned, and what is left as it is. */
export function ttlAdvice({ stores }: Retention): Advice {
  return {
    proposals: stores.flatMap((one) => one.proposals),
    refused: stores.flatMap(({ name, refusal }) => (refusal === null ? [] : [{ name, why: refusal }])),
    unready: [],
  };
}

/** --keep holds for what is asked about. */
function floorsOf({ keep, name }: TtlOptions, configured: readonly Floor[]): Floor[] {
  if (keep === undefined) return [...configured];
  const days = daysOf(keep);
  if (Number.isNaN(days)) throw new UserError(`--keep ${JSON.stringify(keep)} is not a span of time`, { suggestions: ["90d, 2w, 400d"] });
  return [...configured, { pattern: name ?? "*", days, from: "--keep" }];
}

async function factsOf(
  dataset: Dataset,
  options: TtlOptions,
  floors: readonly Floor[],
  { settings, world }: Reach,
): Promise<RetentionFacts> {
  const held = await dataset.span();
  const window = parseWindow(options.since, options.until, held.to);
  if (held.to !== null) warnIfOutside(window, held, world.host);
  const rates = ratesWith(settings.pricesFile);
  const stats = await dataset.functionStats({ ...window, functions: [], clouds: [] });
  const legal = rooms.aws.limits.find((limit) => limit.setting === "logs.retention")!;
  return {
    configs: await dataset.configs(),
    daily: await dataset.dailySums(window, METRICS),
    levels: await dataset.levels(LEVELS),
    sizes: await dataset.sizesSeen(),
    samples: new Map(),
    runUsd: (cloud, fn) => runUsd(cloud, fn, stats, rates.prices),
    floors,
    legalRetentionsD: legal.values!,
    kinds: options.store === undefined || options.store.length === 0 ? null : options.store,
    names: options.name === null ? null : (name) => fits(options.name!, name),
    minSavingUsdPerMonth: options.minSavingUsdPerMonth,
    now: world.clock.now(),
    from: window.from ?? held.from,
    to: window.to ?? held.to,
    prices: rates.prices,
  };
}

function isWanted(config: Config, { kinds, names }: RetentionFacts): boolean {
  const kind = storeKindOf(config);
  return kind !== null && (kinds === null || kinds.includes(kind)) && (names === null || names(config.name));
}

/** Mean cost of a run of a Lambda function by what its log says was billed; null: not known. */
function runUsd(cloud: Cloud, fn: string, stats: readonly FunctionStats[], prices: RetentionFacts["prices"]): Usd | null {
  const [most] = stats.filter((one) => one.cloud === cloud && one.fn === fn).sort((a, b) => b.invocations - a.invocations);
  if (most === undefined || most.meanBilledMs === null || most.memoryMib === null) return null;
  const duration = prices.find(cloud, "lambda.duration", most.architecture ?? "x86_64", most.region);
  const request = prices.find(cloud, "lambda.requests", "", most.region);
  return duration === null || request === null ? null : most.meanBilledMs * most.memoryMib * duration.usdPerUnit + request.usdPerUnit;
}
