/** What is known of each function, put together from runs, configurations and metrics. Pure. */
import type { Config, Json } from "../../model/records.ts";
import type { CodeVersion, CpuTime, DailyRuns, DownstreamTime, FunctionStats, InstanceLoad, InstanceUse } from "../../model/sizing.ts";
import type { EpochMs } from "../../model/units.ts";
import { withConfiguration } from "../cost/index.ts";
import { callersByName, isAsynchronous } from "./triggers.ts";

/** What the dataset (or the clouds' own query engines) says. */
export interface SizingSources {
  stats: readonly FunctionStats[];
  configs: readonly Config[];
  codes: readonly CodeVersion[];
  cpu: readonly CpuTime[];
  /** Calls to others, from traces. Left out: none is known. */
  downstream?: readonly DownstreamTime[];
  /** Runs at once on instances, and what instances have in use. Left out: not known. */
  loads?: readonly InstanceLoad[];
  uses?: readonly InstanceUse[];
  daily: readonly DailyRuns[];
  /** Time that the telemetry covers. null: it holds nothing. */
  from: EpochMs | null;
  to: EpochMs | null;
}

/** One function. */
export interface FunctionFacts extends Pick<FunctionStats, "cloud" | "account" | "region" | "fn"> {
  /** One per configuration it ran with. */
  stats: FunctionStats[];
  /** Figures of each function of an Azure app; else `stats`. */
  parts: readonly FunctionStats[];
  /** Functions of an Azure app, by name; null: it is a function itself. */
  members: string[] | null;
  /** Functions that may be another app's, since one there has the same name: their runs are not among its own. Left out: none. */
  unplaced?: readonly string[];
  /** Some of them are orchestrated: they wait for each other. */
  durable: boolean;
  /** Its newest configuration; null: only its telemetry is known. */
  config: Config | null;
  /** What ran at once on its instances; empty: not known. */
  loads: InstanceLoad[];
  uses: InstanceUse[];
  codes: CodeVersion[];
  cpu: CpuTime | null;
  /** Calls to others, per memory size; empty: no trace shows any. */
  downstream: DownstreamTime[];
  daily: DailyRuns | null;
  /** null: its triggers are not known. */
  asynchronous: boolean | null;
}

type Place = Pick<FunctionStats, "cloud" | "account" | "region" | "fn">;

const key = ({ cloud, account, region, fn }: Place): string => JSON.stringify([cloud, account, region, fn.toLowerCase()]);

/** One entry per function that ran, in the order of `stats`. */
export function functionFacts(sources: SizingSources): FunctionFacts[] {
  const functions = new Map<string, FunctionFacts>();
  const configOf = configFinder(sources.configs);
  const codesOf = byName(sources.codes);
  const cpuOf = byName(sources.cpu);
  const downstreamOf = byName(sources.downstream ?? []);
  const dailyOf = new Map(sources.daily.map((one) => [key(one), one]));
  const configured = withConfiguration(
    sources.stats.map((stats) => ({ ...stats, vcpu: null })),
    sources.configs,
  );
  configured.forEach(({ account, region, plan, architecture, ephemeralMib }, i) => {
    const said = sources.stats[i]!;
    // a run that does not say its memory had none of its own to say (Lambda Managed Instances)
    const stats = { ...said, account, region, plan, architecture, ephemeralMib: ephemeralMib ?? null };
    const known = functions.get(key(stats));
    if (known) return void known.stats.push(stats);
    const { cloud, fn } = stats;
    functions.set(key(stats), {
      cloud,
      account,
      region,
      fn,
      stats: [stats],
      parts: [],
      members: null,
      durable: false,
      loads: [],
      uses: [],
      config: configOf(stats),
      codes: codesOf(stats),
      cpu: cpuOf(stats)[0] ?? null,
      downstream: downstreamOf(stats),
      daily: dailyOf.get(key(said)) ?? null,
      asynchronous: null,
    });
  });
  for (const config of sources.configs) addIdle(config, functions, configOf);
  const callers = callersByName(sources.configs);
  for (const facts of functions.values()) {
    const seen = facts.stats.flatMap((one) => (one.probe ? [] : one.triggers));
    facts.asynchronous = isAsynchronous(facts, seen, callers.get(facts.fn) ?? []);
  }
  return [...functions.values()];
}

/** A function that did not run: on AWS by its newest description, on Google Cloud services and functions, on Azure functions within apps. */
function addIdle(config: Config, functions: Map<string, FunctionFacts>, configOf: (place: Place) => Config | null): void {
  const { cloud, account, region, name: fn } = config;
  const place = { cloud, account, region, fn };
  const newest = configOf(place);
  if (config.kind !== "function" || cloud === "other" || functions.has(key(place)) || newest?.resource !== config.resource) return;
  if (cloud === "aws" && newest !== config) return;
  if (cloud === "azure" && !config.resource.includes("/functions/")) return;
  functions.set(key(place), {
    ...place,
    stats: [],
    parts: [],
    members: null,
    durable: false,
    config: newest,
    loads: [],
    uses: [],
    codes: [],
    cpu: null,
    downstream: [],
    daily: null,
    asynchronous: null,
  });
}

const agree = (a: string | null, b: string | null): boolean => a === null || b === null || a === b;
export const samePlace = (a: Place, b: Place): boolean => a.cloud === b.cloud && agree(a.account, b.account) && agree(a.region, b.region);

/** Entries of the function, wherever account or region are not contradicted. */
export function byName<T extends Place>(all: readonly T[]): (place: Place) => T[] {
  const names = Map.groupBy(all, (one) => one.fn.toLowerCase());
  return (place) => (names.get(place.fn.toLowerCase()) ?? []).filter((one) => samePlace(one, place));
}

/** The newest configuration of the function itself: a published version's is not what the next change would change. */
function configFinder(configs: readonly Config[]): (place: Place) => Config | null {
  const names = Map.groupBy(
    configs.filter((config) => config.kind === "function" && config.settings["derivedFrom"] !== "telemetry"),
    (config) => config.name.toLowerCase(),
  );
  return (place) => {
    const own = (names.get(place.fn.toLowerCase()) ?? []).filter(
      (config) => samePlace({ ...config, fn: place.fn }, place) && !isPublished(config.settings["version"]),
    );
    if (new Set(own.map((config) => `${config.account} ${config.region}`)).size > 1) return null;
    if (place.cloud === "gcp") return googleConfig(own);
    return own.reduce<Config | null>((best, c) => (best === null || (c.observedAt ?? 0) >= (best.observedAt ?? 0) ? c : best), null);
  };
}

/**
 * A 2nd gen function and the Cloud Run service under it are described apart: the function is what may be changed, since its next deploy writes
 * the service anew; what it leaves to defaults, the service says.
 */
function googleConfig(own: readonly Config[]): Config | null {
  const newest = (kind: string): Config | undefined =>
    own.filter((one) => one.resource.includes(kind)).toSorted((a, b) => (b.observedAt ?? 0) - (a.observedAt ?? 0))[0];
  const [declared, service] = [newest("/functions/"), newest("/services/")];
  if (declared === undefined) return service ?? newest("/jobs/") ?? null;
  return service === undefined ? declared : { ...declared, settings: { ...service.settings, ...declared.settings } };
}

/** A version with a number, which nothing can change any more. */
export function isPublished(version: Json | undefined): boolean {
  return typeof version === "string" && /^\d+$/.test(version);
}

/** A number among the settings; null: not said. */
export function numberSetting(config: Config | null, name: string): number | null {
  const value = config?.settings[name];
  return typeof value === "number" ? value : null;
}

/** A text among the settings; null: not said. */
export function textSetting(config: Config | null, name: string): string | null {
  const value = config?.settings[name];
  return typeof value === "string" ? value : null;
}
