/** Runs as groups that share a bill. */
import type { InstanceRule, MeteredSpan, UsageGroup } from "../model/billing.ts";
import type { Cell, Engine } from "./duckdb.ts";
import { cloudsOf, type GroupColumn, partsOf, sharedGroups } from "./instance-time.ts";
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
  const clouds = rules.length === 0 ? filter.clouds : await cloudsOf(engine, dir, manifests, filter);
  const shared = rules.filter((rule) => clouds.includes(rule.cloud));
  const others = clouds.filter((cloud) => !shared.some((rule) => rule.cloud === cloud));
  const groups: UsageGroup[] = [];
  if (others.length > 0 || shared.length === 0) {
    const source = runs(dir, manifests, { ...filter, clouds: shared.length === 0 ? filter.clouds : others }, [
      ...GROUP,
      "restoreMs",
      "weight",
    ]);
    const alone = GROUP.map((name) =>
      IDLE_FIGURES.has(name) ? `CASE WHEN ${BILL_IS_SAID} THEN NULL ELSE ${sqlName(name)} END AS ${sqlName(name)}` : sqlName(name),
    );
    const sql = `SELECT ${alone.join(", ")}, ${RESTORED} AS restored, sum(weight) FROM ${source} GROUP BY ALL`;
    for (const group of groupsIn(await engine.columns(sql), [...GROUP, "restored", "count"])) groups.push(group);
  }
  const parts = shared.length === 0 ? 0 : await partsOf(engine, dir, manifests, filter, shared);
  for (let part = 0; part < parts; part++) {
    const source = sharedGroups(dir, manifests, filter, SHARED_GROUP, [...GROUP, "restoreMs"], shared, spans, part, parts);
    const found = await engine.columns(`SELECT * FROM ${source}`);
    for (const group of groupsIn(found, [...GROUP, "restored", "count", "metered", "sharedMs"])) groups.push(group);
  }
  return groups;
}

const RESTORED = `"restoreMs" IS NOT NULL`;

/** No rule of a cloud with shared instances looks at less than a millisecond: so a million runs fall into few groups there too. */
const SHARED_GROUP: readonly GroupColumn[] = [
  ...GROUP.map((name) => ({ name, sql: name === "durationMs" ? `ceil(round("durationMs", 3))` : sqlName(name) })),
  { name: "restored", sql: RESTORED },
];

function groupsIn(columns: readonly Cell[][], names: readonly string[]): UsageGroup[] {
  return columns[0]!.map((_, i) => {
    const fields: { [name: string]: Cell } = {};
    for (const [c, name] of names.entries()) fields[name] = columns[c]![i]!;
    return fields as unknown as UsageGroup;
  });
}
