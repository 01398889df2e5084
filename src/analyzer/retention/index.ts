/** What event stores and logs keep, what that costs, and what of it may go. Pure. */
import type { Config } from "../../model/records.ts";
import type { Retention, RetentionAdvice, StoreKind } from "../../model/retention.ts";
import type { Usd } from "../../model/units.ts";
import { bucketAdvice } from "./cloud-logging.ts";
import { logGroupAdvice } from "./cloudwatch-logs.ts";
import { containerAdvice } from "./cosmos.ts";
import { tableAdvice } from "./dynamodb.ts";
import { type RetentionFacts, type StoreFacts, textIn } from "./facts.ts";
import { collectionAdvice, databaseAdvice, fieldAdvice } from "./firestore.ts";
import { floorOf } from "./floors.ts";
import { logTableAdvice } from "./log-analytics.ts";

export type { RetentionFacts, Sampled } from "./facts.ts";
export { fits } from "./floors.ts";
export { counter } from "./tally.ts";

/** Stores by what they cost, dearest first; those whose cost is not known after those that cost something, by size and name. */
export function retention(facts: RetentionFacts): Retention {
  const least = facts.minSavingUsdPerMonth;
  const all = facts.configs
    .flatMap((config) => adviceFor(config, facts))
    .filter((one) => (facts.kinds === null || facts.kinds.includes(one.store)) && (facts.names === null || facts.names(one.name)));
  const small = all.filter((one) => isSmall(one, least));
  return {
    stores: all.map((one) => (isSmall(one, least) ? leftOut(one, least) : one)).sort(byCost),
    floors: [...facts.floors],
    tooSmall: { stores: small.length, savingUsdPerMonth: small.reduce((sum, one) => sum + one.savingUsdPerMonth!.p50, 0) },
    from: facts.from,
    to: facts.to,
    pricesAsOf: facts.prices.asOf,
  };
}

/** A saving that is not known is not taken for small. */
function isSmall({ proposals, savingUsdPerMonth }: RetentionAdvice, least: Usd): boolean {
  return proposals.length > 0 && savingUsdPerMonth !== null && savingUsdPerMonth.p50 < least;
}

function leftOut(one: RetentionAdvice, least: Usd): RetentionAdvice {
  const usd = one.savingUsdPerMonth!.p50;
  const saving = usd < 0.01 ? "less than 0.01" : usd.toFixed(2);
  const refusal = `${one.proposed} would save ${saving} USD a month now, less than the ${least} that are asked for (--min-saving)`;
  return { ...one, proposed: null, danger: "none", effects: [], proposals: [], refusal };
}

/** The kind of a described store; null: it is none. */
export function storeKindOf(config: Config): StoreKind | null {
  if (config.cloud === "aws") return config.kind === "table" ? "dynamodb" : config.kind === "log-group" ? "cloudwatch-logs" : null;
  if (config.cloud === "azure" && config.kind === "table" && textIn(config, "service") === "cosmosdb") return "cosmos";
  // workspaces and components have a retention of their own, which their tables tell
  if (config.cloud === "azure" && config.kind === "log-group" && /\/tables\/[^/]+$/i.test(config.resource)) return "log-analytics";
  if (config.cloud === "gcp" && config.kind === "log-group") return "cloud-logging";
  return config.cloud === "gcp" && config.kind === "table" && isFirestore(config) ? "firestore" : null;
}

function isFirestore(config: Config): boolean {
  return textIn(config, "ttlField") !== null || (textIn(config, "databaseType") ?? "FIRESTORE_NATIVE") === "FIRESTORE_NATIVE";
}

function adviceFor(config: Config, facts: RetentionFacts): RetentionAdvice[] {
  const one: StoreFacts = { ...facts, config, floor: floorOf(facts.floors, config.name) };
  switch (storeKindOf(config)) {
    case "dynamodb":
      return [tableAdvice(one)];
    case "cloudwatch-logs":
      return [logGroupAdvice(one)];
    case "cosmos":
      return [containerAdvice(one)];
    case "log-analytics":
      return [logTableAdvice(one)];
    case "cloud-logging":
      return [bucketAdvice(one)];
    case "firestore":
      return textIn(config, "ttlField") === null ? [databaseAdvice(one), ...collections(one)] : [fieldAdvice(one)];
    case null:
      return [];
  }
}

/** Samples of a database's collection groups are kept under `<database>/collectionGroups/<group>`. */
function collections(facts: StoreFacts): RetentionAdvice[] {
  const prefix = `${facts.config.resource}/collectionGroups/`;
  return [...facts.samples].flatMap(([key, sampled]) => {
    if (!key.startsWith(prefix)) return [];
    const group = key.slice(prefix.length);
    return [collectionAdvice({ ...facts, floor: floorOf(facts.floors, group) }, group, sampled)];
  });
}

function byCost(a: RetentionAdvice, b: RetentionAdvice): number {
  return (
    (b.storageUsdPerMonth ?? -1) - (a.storageUsdPerMonth ?? -1) ||
    (b.sizeBytes ?? -1) - (a.sizeBytes ?? -1) ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
}
