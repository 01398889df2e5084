/** Runs as groups that share a bill. */
import type { InstanceRule, MeteredSpan, UsageGroup } from "../model/billing.ts";
import type { Cell, Engine } from "./duckdb.ts";
import { quoteList } from "./duckdb.ts";
import { meteredBy, partsOf, rulesInUse, sharedRuns } from "./instance-time.ts";
import type { Manifest } from "./manifest.ts";
import { runs } from "./runs.ts";
import { sqlName } from "./tables.ts";
import type { Filter } from "./types.ts";

const GROUP: readonly (keyof UsageGroup & string)[] = [
  "cloud",
  "account",
  "region",
  "fn",
  "architecture",
  "plan",
  "memoryMib",
  "maxMemoryMib",
  "vcpu",
  "billedMs",
  "durationMs",
  "initMs",
  "emulator",
  "seenIn",
  "outcome",
  "coldStart",
];

/**
 * Where the log says what was billed and no init can be part of it, neither the exact duration nor the memory in use decides anything about
 * the bill or its waste: left out, so that a million runs fall into few groups.
 */
const BILL_IS_SAID = `"billedMs" IS NOT NULL AND "memoryMib" IS NOT NULL AND "initMs" IS NULL`;
const IDLE_FIGURES = new Set<string>(["durationMs", "maxMemoryMib"]);

/** What a group has besides the fields it is grouped by, in the order of the columns. */
const SUMS = ["restored", "count"] as const;
const SHARED_SUMS = [...SUMS, "metered", "sharedMs"] as const;

/**
 * Groups of the runs in the filter. `rules`: clouds whose instances take several runs at a time; their groups say what of the instances' billed time
 * falls to them. `spans`: when metrics counted which functions; groups then lie within them or without. Groups that differ in nothing may come in parts.
 */
export async function usageOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
  rules: readonly InstanceRule[] = [],
  spans: readonly MeteredSpan[] = [],
): Promise<UsageGroup[]> {
  const shared = await rulesInUse(engine, dir, manifests, filter, rules);
  const groups = await groupsOf(engine, runs(dir, manifests, filter, [...GROUP, "restoreMs", "weight"]), BILLED_ALONE, SUMS, shared);
  if (shared.length === 0) return groups;
  const parts = await partsOf(engine, dir, manifests, filter, shared);
  const columns = [...GROUP, "restoreMs", "weight", "startedAt"];
  for (let part = 0; part < parts; part++) {
    const source = sharedRuns(dir, manifests, filter, columns, shared, part, parts);
    const found = `(SELECT *, ${meteredBy(spans)} AS metered, "sharedMs" IS NULL AS alone FROM ${source})`;
    groups.push(...(await groupsOf(engine, found, BILLED_SHARED, SHARED_SUMS)));
  }
  return groups;
}

/** Fields that decide nothing about the bill, or less than their digits say, become what they decide: so a million runs fall into few groups. */
const BILLED_ALONE = (name: string): string =>
  IDLE_FIGURES.has(name) ? `CASE WHEN ${BILL_IS_SAID} THEN NULL ELSE ${sqlName(name)} END` : sqlName(name);
/** No rule of a cloud with shared instances looks at less than a millisecond. */
const BILLED_SHARED = (name: string): string => (name === "durationMs" ? `ceil(round("durationMs", 3))` : sqlName(name));

/** `without`: clouds that are asked for otherwise. */
async function groupsOf(
  engine: Engine,
  source: string,
  field: (name: string) => string,
  sums: readonly string[],
  without: readonly InstanceRule[] = [],
): Promise<UsageGroup[]> {
  const grouped = GROUP.map((name) => `${field(name)} AS ${sqlName(name)}`).join(", ");
  const instances = sums.includes("sharedMs") ? `, metered, CASE WHEN alone THEN NULL ELSE sum("sharedMs") END` : "";
  const others = without.length === 0 ? "" : `WHERE cloud NOT IN ${quoteList(without.map((rule) => rule.cloud))}`;
  const keys = [...GROUP.map((_, i) => String(i + 1)), "restored", ...(instances === "" ? [] : ["metered", "alone"])].join(", ");
  const columns = await engine.columns(
    `SELECT ${grouped}, "restoreMs" IS NOT NULL AS restored, sum(weight)${instances} FROM ${source} ${others} GROUP BY ${keys}`,
  );
  const groups: UsageGroup[] = [];
  const names = [...GROUP, ...sums];
  for (let i = 0; i < columns[0]!.length; i++) {
    const fields: { [name: string]: Cell } = {};
    for (const [c, name] of names.entries()) fields[name] = columns[c]![i]!;
    groups.push(fields as unknown as UsageGroup);
  }
  return groups;
}
