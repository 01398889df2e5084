/** Rows of a ledger as the report keeps them, with what explains them. Pure. */
import type { CostLine, UsageGroup } from "../../model/billing.ts";
import type { CostRow, Ledger } from "../../model/cost.ts";
import type { Slice } from "../../model/cost-report.ts";
import type { Config } from "../../model/records.ts";
import { compare } from "./pricing.ts";

/** Key of functions without the tag. */
const UNTAGGED = "untagged";

type Place = Pick<CostRow, "cloud" | "account" | "region">;

/** Runs that failed (error, time-out, out of memory) by function. */
export type Failures = ReadonlyMap<string, number>;

export function failuresOf(usage: readonly UsageGroup[]): Failures {
  const failures = new Map<string, number>();
  for (const group of usage) {
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

/** Functions added up by the value of a tag (label on Google Cloud); those without it are "untagged". The dearest first. */
export function taggedSlices(functions: readonly Slice[], configs: readonly Config[], tagKey: string): Slice[] {
  const values = new Map<string, string>();
  for (const config of configs) {
    const value = tagOf(config, tagKey);
    if (config.kind === "function" && value !== null) for (const key of keysOf(config)) values.set(key, value);
  }
  const sums = new Map<string, Slice>();
  for (const slice of functions) {
    const key =
      keysOf({ ...slice, name: slice.key })
        .map((one) => values.get(one))
        .find((one) => one !== undefined) ?? UNTAGGED;
    const held = sums.get(key);
    sums.set(key, held === undefined ? { ...slice, key, p95Ms: null } : added(held, slice));
  }
  return [...sums.values()].sort((a, b) => (b.usd ?? -1) - (a.usd ?? -1) || compare(a.key, b.key));
}

/** Telemetry does not always name its account and region. */
function keysOf({ cloud, account, region, name }: Place & { name: string }): string[] {
  return [functionKey({ cloud, account, region }, name), functionKey({ cloud, account: null, region: null }, name)];
}

function tagOf({ settings }: Config, tagKey: string): string | null {
  const tags = settings["tags"] ?? settings["labels"] ?? null;
  const value = tags !== null && typeof tags === "object" && !Array.isArray(tags) ? tags[tagKey] : null;
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
    basis: a.basis === b.basis ? a.basis : "modelled",
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
