/** Azure Function Apps: their functions share instances, so the app is what is sized. Pure. */
import { siteFinder } from "../../model/azure-app.ts";
import type { Config } from "../../model/records.ts";
import type { DailyRuns, FunctionStats } from "../../model/sizing.ts";
import { LEAST_WARM } from "./epochs.ts";
import { type FunctionFacts, samePlace, textSetting } from "./facts.ts";

/** Triggers of functions that wait for each other: https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-types-features-overview */
const DURABLE = /^(orchestration|activity|entity)Trigger$/i;
const CALLED = /^http(Trigger)?$/i;

/** Functions of another part of the runs, or of their time, than this are new, or gone: what is left is another mixture. Few runs can be most of the time. */
const LEAST_COVERED = 0.9;
const LEAST_TIME_COVERED = 0.95;

/** Functions of apps that are known become one per app; others stay as they are. */
export function appFacts(functions: readonly FunctionFacts[], configs: readonly Config[]): FunctionFacts[] {
  const known = configs.filter((one) => one.cloud === "azure" && one.kind === "function" && textSetting(one, "app") !== null);
  const owners = Map.groupBy(known, (one) => one.name.toLowerCase());
  const siteOf = siteFinder(known);
  const sitesOf = (facts: FunctionFacts): string[] => {
    const own = facts.cloud === "azure" ? (owners.get(facts.fn.toLowerCase()) ?? []) : [];
    return [...new Set(own.filter((one) => samePlace({ ...one, fn: facts.fn }, facts)).flatMap((one) => siteOf(one) ?? []))];
  };
  const placed = functions.map((facts) => ({ facts, sites: sitesOf(facts) }));
  const apps = Map.groupBy(placed, ({ sites }) => (sites.length === 1 ? sites[0]! : null));
  return [...apps].flatMap(([site, members]) => {
    if (site === null) return members.map(({ facts }) => facts);
    const unplaced = placed.filter(({ facts, sites }) => sites.length > 1 && sites.includes(site) && facts.stats.length > 0);
    const app = pooled(
      members.map(({ facts }) => facts),
      known.filter((one) => siteOf(one) === site),
    );
    return [{ ...app, unplaced: unplaced.map(({ facts }) => facts.fn).sort() }];
  });
}

function pooled(members: readonly FunctionFacts[], configs: readonly Config[]): FunctionFacts {
  const [own] = configs
    .filter((one) => !one.resource.includes("/functions/"))
    .toSorted((a, b) => (b.observedAt ?? 0) - (a.observedAt ?? 0));
  // telemetry writes names in small letters
  const app = textSetting(own ?? configs[0]!, "app")!;
  const triggers = new Map(configs.map((one) => [one.name.toLowerCase(), textSetting(one, "trigger")]));
  const waits = members.map((one) => {
    const trigger = triggers.get(one.fn.toLowerCase()) ?? null;
    return trigger === null ? one.asynchronous : !CALLED.test(trigger) && !DURABLE.test(trigger);
  });
  const parts = members.flatMap((one) => one.stats);
  return {
    ...members[0]!,
    account: own?.account ?? members[0]!.account,
    region: own?.region ?? members[0]!.region,
    fn: app,
    stats: pooledStats(app, parts),
    parts,
    members: [...new Set(members.map((one) => one.fn))].sort(),
    durable: [...triggers.values()].some((trigger) => trigger !== null && DURABLE.test(trigger)),
    config: own ?? null,
    codes: [],
    cpu: null,
    downstream: [],
    daily: pooledDaily(app, members),
    asynchronous: waits.includes(false) ? false : waits.includes(null) ? null : true,
  };
}

const sum = <Item>(items: readonly Item[], of: (item: Item) => number): number => items.reduce((total, item) => total + of(item), 0);

/**
 * One row per size. Means are those of the functions, each with its part of all runs of the whole time, so that another mixture of the
 * same functions is no other duration. A size at which functions are missing that make up a tenth of the runs, or a twentieth of the time, has no
 * mean.
 */
function pooledStats(app: string, parts: readonly FunctionStats[]): FunctionStats[] {
  const warmOf = Map.groupBy(parts, (one) => one.fn);
  const weight = new Map([...warmOf].map(([fn, rows]) => [fn, sum(rows, (one) => one.warm.count)]));
  const all = sum([...weight.values()], (one) => one);
  const timeOf = (rows: readonly FunctionStats[]): number => sum(rows, (one) => one.warm.count * (one.warm.trimmedMeanMs ?? 0));
  const time = new Map([...warmOf].map(([fn, rows]) => [fn, timeOf(rows)]));
  const allTime = timeOf(parts);
  const sizes = Map.groupBy(parts, (one) => JSON.stringify([one.memoryMib, one.concurrency, one.plan, one.emulator]));
  return [...sizes.values()].map((rows) => {
    const told = rows.filter((one) => one.warm.trimmedMeanMs !== null);
    const functions = [...Map.groupBy(told, (one) => one.fn)].filter(([, own]) => sum(own, (one) => one.warm.count) > 0);
    const covered = sum(functions, ([fn]) => weight.get(fn)!);
    const mean = (of: (one: FunctionStats) => number): number =>
      sum(functions, ([fn, own]) => (weight.get(fn)! * sum(own, (one) => one.warm.count * of(one))) / sum(own, (one) => one.warm.count)) /
      covered;
    const coveredTime = sum(functions, ([fn]) => time.get(fn)!);
    const whole = all > 0 && covered >= LEAST_COVERED * all && coveredTime >= LEAST_TIME_COVERED * allTime;
    const runs = sum(rows, (one) => one.invocations);
    const longest = rows.flatMap((one) => (one.durationMs === null ? [] : [one.durationMs]));
    const most = (of: keyof (typeof longest)[number]): number => Math.max(...longest.map((one) => one[of]));
    const ran = rows.filter((one) => one.meanRanMs !== null);
    return {
      ...rows[0]!,
      fn: app,
      version: null,
      from: Math.min(...rows.map((one) => one.from)),
      to: Math.max(...rows.map((one) => one.to)),
      invocations: runs,
      warm: {
        // as many as the function with the fewest allows: each is a part of the mean
        count: whole ? sum(functions, ([, own]) => sum(own, (one) => one.warm.count)) : 0,
        trimmedMeanMs: whole ? mean((one) => one.warm.trimmedMeanMs!) : null,
        winsorizedSdMs: whole ? spread(functions, weight, covered) : null,
        meanMs: whole ? mean((one) => one.warm.meanMs ?? one.warm.trimmedMeanMs!) : null,
      },
      cold: {
        count: sum(rows, (one) => one.cold.count),
        meanDurationMs: null,
        meanInitMs: null,
        unknown: sum(rows, (one) => one.cold.unknown),
      },
      durationMs:
        longest.length === 0 ? null : { p50: most("p50"), p95: most("p95"), p99: most("p99"), p999: most("p999"), max: most("max") },
      meanRanMs: ran.length === 0 ? null : sum(ran, (one) => one.invocations * one.meanRanMs!) / sum(ran, (one) => one.invocations),
      meanBilledMs: null,
      errors: sum(rows, (one) => one.errors),
      timeouts: sum(rows, (one) => one.timeouts),
      ooms: sum(rows, (one) => one.ooms),
      maxUsedMib: null,
      // instances are shared: not the sum
      sandboxes: Math.max(...rows.map((one) => one.sandboxes)),
      triggers: [...new Set(rows.flatMap((one) => one.triggers))].sort(),
    };
  });
}

/**
 * Deviation that a single sample of all these runs would need for the error of the weighted mean: the error of each function's mean, weighted,
 * times the root of all runs.
 */
function spread(functions: readonly (readonly [string, FunctionStats[]])[], weight: ReadonlyMap<string, number>, covered: number): number {
  const runs = sum(functions, ([, own]) => sum(own, (one) => one.warm.count));
  const variance = sum(functions, ([fn, own]) => {
    const count = sum(own, (one) => one.warm.count);
    const own2 = sum(own, (one) => one.warm.count * (one.warm.winsorizedSdMs ?? one.warm.trimmedMeanMs!) ** 2) / count;
    // few runs of a function say little of its mean, however alike they are
    const few = count < LEAST_WARM ? (sum(own, (one) => one.warm.count * one.warm.trimmedMeanMs!) / count) ** 2 : 0;
    return (weight.get(fn)! / covered) ** 2 * ((own2 + few) / count);
  });
  return Math.sqrt(variance * runs);
}

/** Daily counts of functions may rise and fall together: their deviations add up. */
function pooledDaily(app: string, members: readonly FunctionFacts[]): DailyRuns | null {
  const daily = members.flatMap((one) => (one.daily === null ? [] : [one.daily]));
  if (daily.length === 0) return null;
  const days = daily[0]!.days;
  const runs = sum(daily, (one) => one.runs);
  const deviation = sum(daily, (one) => Math.sqrt(Math.max(one.sumOfSquares - one.runs ** 2 / days, 0)));
  return { ...daily[0]!, fn: app, runs, days, sumOfSquares: deviation ** 2 + runs ** 2 / days };
}
