/** Rows of a ledger as the report keeps them, with what explains them. Pure. */
import { siteFinder } from "../../model/azure-app.ts";
import type { CostLine, UsageGroup } from "../../model/billing.ts";
import type { CostRow, Ledger } from "../../model/cost.ts";
import type { Slice } from "../../model/cost-report.ts";
import type { Config, Json } from "../../model/records.ts";
import { compare, weakerBasis } from "./pricing.ts";

/** Key of functions without the tag. */
const UNTAGGED = "untagged";

type Place = Pick<CostRow, "cloud" | "account" | "region">;

/** Runs that failed (error, time-out, out of memory) by function. */
export type Failures = ReadonlyMap<string, number>;

/** A function of whose runs no log tells the outcome is not in it. */
export function failuresOf(usage: readonly UsageGroup[]): Failures {
  const failures = new Map<string, number>();
  for (const group of usage) {
    if (group.outcome === "unknown") continue;
    const key = functionKey(group, group.fn);
    const failed = group.outcome === "error" || group.outcome === "timeout" || group.outcome === "oom";
    failures.set(key, (failures.get(key) ?? 0) + (failed ? group.count : 0));
  }
  return failures;
}

function functionKey({ cloud, account, region }: Place, fn: string): string {
  return JSON.stringify([cloud, account, region, fn]);
}

/** `failures` are known by function only; in other divisions failed runs are null. */
export function slicesOf(of: Ledger, failures: Failures): Slice[] {
  return of.rows.map((row) => ({
    key: row.key,
    cloud: row.cloud,
    account: row.account,
    region: row.region,
    invocations: row.invocations,
    failed: of.by === "function" && row.invocations !== null ? (failures.get(functionKey(row, row.key)) ?? null) : null,
    billedMs: row.billedMs,
    gbSeconds: row.gbSeconds,
    usd: row.usd,
    basis: row.basis,
    wasteUsd: row.wasteUsd,
    unknown: row.unknown.reduce((sum, one) => sum + one.count, 0),
    p95Ms: row.durationMs?.p95 ?? null,
    lines: row.lines,
  }));
}

/**
 * Functions added up by the value of a tag (label on Google Cloud; on Azure a function has those of its app); those without it are "untagged",
 * and so are those of which several descriptions could be meant that do not agree. The dearest first.
 */
export function taggedSlices(functions: readonly Slice[], configs: readonly Config[], tagKey: string): Slice[] {
  const told = Map.groupBy(valuesOf(configs, tagKey), ({ config }) => JSON.stringify([config.cloud, config.name]));
  const sums = new Map<string, Slice>();
  for (const slice of functions) {
    const named = (told.get(JSON.stringify([slice.cloud, slice.key])) ?? []).filter(({ config }) => mayBe(config, slice));
    const exact = named.filter(({ config }) => config.account === slice.account && config.region === slice.region);
    const values = new Set((exact.length > 0 ? exact : named).map(({ value }) => value));
    const key = (values.size === 1 ? [...values][0] : null) ?? UNTAGGED;
    const held = sums.get(key);
    sums.set(key, held === undefined ? { ...slice, key, p95Ms: null } : added(held, slice));
  }
  return [...sums.values()].sort((a, b) => (b.usd ?? -1) - (a.usd ?? -1) || compare(a.key, b.key));
}

/** Telemetry does not always name its account and region: they fit any. */
function mayBe(a: Pick<Place, "account" | "region">, b: Pick<Place, "account" | "region">): boolean {
  const fits = (x: string | null, y: string | null): boolean => x === y || x === null || y === null;
  return fits(a.account, b.account) && fits(a.region, b.region);
}

/** Functions whose tags are told, in their newest description, with the value of the tag; null: it is not among them. */
function valuesOf(configs: readonly Config[], tagKey: string): { config: Config; value: string | null }[] {
  const own = configs.filter((config) => config.kind === "function");
  const siteOf = siteFinder(own.filter((config) => config.cloud === "azure"));
  const tagged = new Map<string, Config>();
  for (const config of own) {
    const key = `${config.cloud} ${config.resource.toLowerCase()}`;
    const known = tagged.get(key);
    if (tagsOf(config) !== null && (known === undefined || (known.observedAt ?? 0) <= (config.observedAt ?? 0))) tagged.set(key, config);
  }
  return own.flatMap((config) => {
    const app = config.cloud === "azure" ? siteOf(config) : null;
    const from = tagged.get(`${config.cloud} ${config.resource.toLowerCase()}`) ?? (app === null ? undefined : tagged.get(`azure ${app}`));
    return from === undefined ? [] : [{ config, value: valueIn(tagsOf(from)!, tagKey) }];
  });
}

/** null: not told. */
function tagsOf({ settings }: Config): { [key: string]: Json } | null {
  const tags = settings["tags"] ?? null;
  return tags !== null && typeof tags === "object" && !Array.isArray(tags) ? tags : null;
}

/** Another spelling of the key counts where there is only one. */
function valueIn(tags: { [key: string]: Json }, tagKey: string): string | null {
  const alike = Object.keys(tags).filter((key) => key.toLowerCase() === tagKey.toLowerCase());
  const key = alike.includes(tagKey) ? tagKey : alike.length === 1 ? alike[0]! : null;
  const value = key === null ? null : tags[key];
  return typeof value === "string" && value !== "" ? value : null;
}

function added(a: Slice, b: Slice): Slice {
  const wasteUsd = { ...a.wasteUsd };
  for (const [kind, usd] of Object.entries(b.wasteUsd) as [keyof typeof wasteUsd, number][]) wasteUsd[kind] = (wasteUsd[kind] ?? 0) + usd;
  return {
    ...a,
    cloud: a.cloud === b.cloud ? a.cloud : null,
    account: a.account === b.account ? a.account : null,
    region: a.region === b.region ? a.region : null,
    invocations: plus(a.invocations, b.invocations),
    failed: plus(a.failed, b.failed),
    billedMs: plus(a.billedMs, b.billedMs),
    gbSeconds: plus(a.gbSeconds, b.gbSeconds),
    usd: plus(a.usd, b.usd),
    basis: weakerBasis(a.basis, b.basis),
    wasteUsd,
    unknown: a.unknown + b.unknown,
    lines: joined([...a.lines, ...b.lines]),
  };
}

function plus(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : a + b;
}

function joined(lines: readonly CostLine[]): CostLine[] {
  const sums = new Map<string, CostLine>();
  for (const line of lines) {
    const key = JSON.stringify([line.meter, line.variant, line.unit, line.basis, line.why]);
    const held = sums.get(key);
    sums.set(key, held === undefined ? line : { ...held, quantity: plus(held.quantity, line.quantity), usd: plus(held.usd, line.usd) });
  }
  return [...sums.values()];
}
