/**
 * What metrics counted against what runs explain: the metric is what the vendor bills, so a service's runs share it out, and what no run explains
 * stays visible as unattributed. Pure.
 */
import { type Billing, type BillingMetric, type Metered, type MeteredSpan, type UsageGroup, upTo } from "../../model/billing.ts";
import type { Cloud, Config, Invocation } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import { withConfiguration } from "./configuration.ts";
import type { Rates } from "./pricing.ts";

/** One service or app with what its metrics counted. */
interface Pool {
  billing: Billing;
  /** By price class; without what is standing. */
  counted: Map<string, number>;
  standing: Map<string, number>;
  /** Indexes of the groups of its runs. */
  members: number[];
  first: Metered;
}

/** Usage with the parts of metrics that fall to its groups, and what no group explains. */
export interface MeteredUsage {
  usage: UsageGroup[];
  beyond: BeyondRuns[];
}

/** What metrics counted of a service beyond its runs: start and stop of instances, runs that were not seen, instances kept ready. */
export interface BeyondRuns {
  /** No runs, but place, size and plan of the service. */
  group: UsageGroup;
  variant: string;
  /** null: not known. */
  quantity: number | null;
}

/** Metrics of all clouds that count what is billed. */
export function billingMetrics(rates: Pick<Rates, "billing">): (BillingMetric & { cloud: Cloud })[] {
  return (Object.entries(rates.billing) as [Cloud, Billing][]).flatMap(([cloud, billing]) =>
    (billing.metrics ?? []).map((metric) => ({ ...metric, cloud })),
  );
}

/** Name of the Function App in an Azure resource ID; the whole text where it is none. */
const appIn = (resource: string): string => (/\/sites\/([^/]+)/i.exec(resource)?.[1] ?? resource).toLowerCase();

const agree = (a: string | null, b: string | null): boolean => a === null || b === null || a === b;

function isOf(metered: Metered, group: Pick<UsageGroup, "cloud" | "account" | "region" | "fn" | "app">): boolean {
  if (metered.cloud !== group.cloud || !agree(metered.account, group.account) || !agree(metered.region, group.region)) return false;
  if (metered.fn !== null) return metered.fn === group.fn;
  return metered.resource !== null && group.app != null && appIn(metered.resource) === group.app;
}

/** When metrics counted the bill of each function, from the first to the last of its service's points: by name, and for apps by what configurations say is in them. */
export function meteredSpans(metered: readonly Metered[], configs: readonly Config[], rates: Pick<Rates, "billing">): MeteredSpan[] {
  const inApp = new Map<string, Set<string>>();
  for (const { kind, cloud, name, settings } of configs) {
    if (kind !== "function" || typeof settings["app"] !== "string") continue;
    const key = `${cloud} ${settings["app"]}`;
    inApp.set(key, (inApp.get(key) ?? new Set()).add(name));
  }
  return metered
    .filter((one) => metricOf(rates, one)?.standing === false)
    .flatMap(({ cloud, account, region, fn, resource, from, to }) => {
      const names = fn === null ? [...(inApp.get(`${cloud} ${appIn(resource ?? "")}`) ?? [])] : [fn];
      return names.map((name) => ({ cloud, account, region, fn: name, from, to }));
    });
}

/** Says of a run whether it began while a metric counted its function. */
export function meteredRuns(
  spans: readonly MeteredSpan[],
): (run: Pick<Invocation, "cloud" | "account" | "region" | "fn" | "startedAt">) => boolean {
  if (spans.length === 0) return () => false;
  const named = Map.groupBy(spans, ({ cloud, fn }) => `${cloud} ${fn.toLowerCase()}`);
  return (run) =>
    (named.get(`${run.cloud} ${run.fn.toLowerCase()}`) ?? []).some(
      ({ account, region, from, to }) =>
        agree(account, run.account) && agree(region, run.region) && run.startedAt >= from && run.startedAt < to,
    );
}

function metricOf(rates: Pick<Rates, "billing">, metered: Metered): BillingMetric | undefined {
  return rates.billing[metered.cloud]?.metrics?.find((metric) => metric.name === metered.name);
}

/**
 * Shares out what metrics counted over the groups that ran while they counted. Where the groups' own bill is known they get that, or less in proportion
 * where the metric counted less (runs shared instances); the rest of the metric is beyond runs. Where it is not known they get all of it, by their
 * time. A group of unknown time gets none. A metric of 0 where runs were seen counts something else, and is left out. `windowMs`: length of the time that
 * usage covers; null: unbounded.
 */
export function withMeters(
  usage: readonly UsageGroup[],
  metered: readonly Metered[],
  configs: readonly Config[],
  rates: Pick<Rates, "billing">,
  windowMs: Ms | null,
): MeteredUsage {
  const result = [...usage];
  const beyond = keptReady(metered, configs, rates, windowMs);
  for (const { billing, counted, standing, members, first } of poolsOf(usage, metered, rates)) {
    const group = withConfiguration([noRuns(first)], configs)[0]!;
    for (const [variant, quantity] of standing) beyond.push({ group, variant, quantity });
    const total = [...counted.values()].reduce((sum, quantity) => sum + quantity, 0);
    if (total === 0) continue;
    const running = members.filter((index) => usage[index]!.metered === true);
    const groups = running.map((index) => usage[index]!);
    const shares = sharesOf(groups, total, billing);
    for (const [i, share] of shares.entries()) {
      if (share === null) continue;
      const meteredParts = [...counted].map(([variant, quantity]) => ({ variant, quantity: share * (quantity / total) }));
      result[running[i]!] = { ...groups[i]!, meteredParts };
    }
    const rest = total - shares.reduce<number>((sum, share) => sum + (share ?? 0), 0);
    if (rest <= total * NOTHING) continue;
    for (const [variant, quantity] of counted) beyond.push({ group, variant, quantity: rest * (quantity / total) });
  }
  return { usage: result, beyond };
}

/** Variant of what instances kept ready cost, where no metric counts them. */
const READY = "ready";

/** Instances that the newest configurations keep ready, and no metric counts: in ms of instances. */
function keptReady(
  metered: readonly Metered[],
  configs: readonly Config[],
  rates: Pick<Rates, "billing">,
  windowMs: Ms | null,
): BeyondRuns[] {
  const names = new Map<string, Pick<Metered, "cloud" | "account" | "region" | "fn" | "resource">>();
  for (const { kind, cloud, account, region, name, settings } of configs) {
    if (kind !== "function" || (settings["minInstances"] === undefined && settings["alwaysReady"] === undefined)) continue;
    names.set(JSON.stringify([cloud, account, region, name]), { cloud, account, region, fn: name, resource: null });
  }
  const services = [...names.values()].map((place) => withConfiguration([noRuns(place)], configs)[0]!);
  return services.flatMap((group): BeyondRuns[] => {
    const instances = group.readyInstances ?? 0;
    const billing = rates.billing[group.cloud];
    const own = metered.filter((one) => isOf(one, group)).map((one) => metricOf(rates, one));
    const isCounted = own.some((metric) => metric?.standing === true || metric?.readyPlans.includes(group.plan ?? ""));
    if (billing?.beyondRuns === undefined || instances === 0 || isCounted) return [];
    return [{ group, variant: READY, quantity: windowMs === null ? null : instances * windowMs }];
  });
}

/** A group without runs, in the name of what a metric or a configuration is about. */
function noRuns({ cloud, account, region, fn, resource }: Pick<Metered, "cloud" | "account" | "region" | "fn" | "resource">): UsageGroup {
  return {
    cloud,
    account,
    region,
    fn: fn ?? appIn(resource ?? ""),
    architecture: null,
    plan: null,
    memoryMib: null,
    maxMemoryMib: null,
    vcpu: null,
    billedMs: null,
    durationMs: null,
    initMs: null,
    emulator: false,
    seenIn: "platform-log",
    outcome: "unknown",
    coldStart: null,
    count: 0,
  };
}

/** Sums of parts do not meet the whole exactly in floating point. */
const NOTHING = 1e-9;

/** What of the total falls to each group; null: its time is not known. */
function sharesOf(groups: readonly UsageGroup[], total: number, billing: Billing): (number | null)[] {
  const models = groups.map((group) => billing.modelOf?.(group) ?? null);
  const times = groups.map(timeOf);
  if (models.every((model, i) => model !== null || times[i] === null)) {
    const sum = models.reduce<number>((all, model) => all + (model ?? 0), 0);
    const factor = sum > total ? total / sum : 1;
    return models.map((model) => (model === null ? null : model * factor));
  }
  const sum = times.reduce<number>((all, time) => all + (time ?? 0), 0);
  return times.map((time) => (time === null || sum === 0 ? null : total * (time / sum)));
}

/** Time of a group's runs; to the millisecond, as the dataset groups them. */
function timeOf(group: UsageGroup): number | null {
  if (group.durationMs === null || group.durationMs < 0) return null;
  return Math.max(1, upTo(group.durationMs, 1)) * group.count;
}

function poolsOf(usage: readonly UsageGroup[], metered: readonly Metered[], rates: Pick<Rates, "billing">): Pool[] {
  const pools = new Map<string, Pool>();
  for (const one of metered) {
    const billing = rates.billing[one.cloud];
    const metric = metricOf(rates, one);
    if (billing === undefined || metric === undefined) continue;
    const key = JSON.stringify([one.cloud, one.account, one.region, one.fn ?? appIn(one.resource ?? "")]);
    const pool = pools.get(key) ?? { billing, counted: new Map(), standing: new Map(), members: [], first: one };
    pools.set(key, pool);
    const sums = metric.standing ? pool.standing : pool.counted;
    sums.set(metric.variant, (sums.get(metric.variant) ?? 0) + one.quantity * metric.factor);
  }
  const found = new Map<string, Pool | null>();
  for (const [index, group] of pools.size === 0 ? [] : usage.entries()) {
    const key = JSON.stringify([group.cloud, group.account, group.region, group.fn, group.app]);
    const pool = found.get(key) ?? [...pools.values()].find(({ first }) => isOf(first, group)) ?? null;
    found.set(key, pool);
    pool?.members.push(index);
  }
  return [...pools.values()];
}
