/** What a change can break, by what it writes: the gate does not rest on what a plan says of itself. Pure. */
import { canonicalJson } from "../model/canonical.ts";
import type { Change, Danger, Settings } from "../model/plan.ts";
import type { WrittenKind } from "../model/proposal.ts";
import type { Json } from "../model/records.ts";

const ORDER: readonly Danger[] = ["none", "restart", "data-loss", "irreversible"];

export function worse(a: Danger, b: Danger): Danger {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

/** The danger that the plan names, or the greater one that its settings have. */
export function dangerOf(change: Pick<Change, "kind" | "before" | "after" | "danger">): Danger {
  return worse(change.danger, dangerOfSettings(change.kind, change.before, change.after));
}

/** The least danger of writing these settings to a resource of this kind. A kind that is not known is refused by its room. */
export function dangerOfSettings(kind: string, before: Settings, after: Settings): Danger {
  return dangersOf(kind, before, after).reduce(worse, "none");
}

/** Events or data are lost by one of its settings, also where another one is worse still. */
export function losesData({ kind, before, after, danger }: Pick<Change, "kind" | "before" | "after" | "danger">): boolean {
  return danger === "data-loss" || dangersOf(kind, before, after).includes("data-loss");
}

function dangersOf(kind: string, before: Settings, after: Settings): Danger[] {
  const rules = Object.hasOwn(RULES, kind) ? RULES[kind as WrittenKind] : {};
  return Object.keys(after).map((name): Danger => {
    const [from, to] = [before[name] ?? null, after[name] ?? null];
    if (canonicalJson(from) === canonicalJson(to)) return "none";
    const rule = rules[name] ?? rules["*"];
    return rule === undefined ? "none" : rule(from, to);
  });
}

type Rule = (before: Json, after: Json) => Danger;

/** Events that do not match are gone; without a filter all of them pass. */
const filter: Rule = (_, after) => (isNothing(after) ? "none" : "data-loss");
/** Switched on it deletes what is past its time; switched off it deletes nothing. */
const switchedOn: Rule = (_, after) => (after === null || after === false ? "none" : "irreversible");
/** Kept for a shorter time: what is older is deleted. null: for ever, or the longest that the cloud keeps. */
const kept: Rule = (before, after) => (after === null || (typeof before === "number" && Number(after) >= before) ? "none" : "irreversible");
/** Cosmos DB: null: off; -1: on, and only items with a time of their own end; else seconds. */
const cosmosTtl: Rule = (before, after) =>
  after === null || (typeof before === "number" && before > 0 && (after === -1 || Number(after) >= before)) ? "none" : "irreversible";
const restart: Rule = () => "restart";

/**
 * By kind and setting; `*`: any other. Report of failed items without code that answers so acknowledges whole batches that failed, and code that
 * answers so without the report does as well:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
const RULES: { readonly [kind in WrittenKind]: { readonly [setting: string]: Rule } } = {
  "lambda.function": {},
  "lambda.event-source-mapping": {
    filterPatterns: filter,
    reportsBatchItemFailures: () => "data-loss",
  },
  "events.rule": { pattern: filter },
  "pipes.pipe": { filterPatterns: filter },
  "sns.subscription": { filterPolicy: filter, filterPolicyScope: () => "data-loss" },
  "sqs.queue": {},
  "dynamodb.table": { ttlAttribute: switchedOn },
  "logs.group": { retentionD: kept },
  "azure.function-app": { "*": restart },
  "eventgrid.subscription": { filter },
  "servicebus.subscription": { rules: () => "data-loss" },
  "cosmos.container": { defaultTtlS: cosmosTtl },
  "loganalytics.table": { retentionD: kept, totalRetentionD: kept },
  "run.service": {},
  "cloudfunctions.v2": {},
  "cloudfunctions.gen1": {},
  // another subscription takes its place, whatever the filter
  "pubsub.subscription": { filter: () => "data-loss" },
  "eventarc.trigger": { filters: () => "data-loss" },
  "firestore.field": { ttl: switchedOn },
  "logging.bucket": { retentionD: kept },
};

function isNothing(value: Json): boolean {
  return value === null || value === "" || value === "{}" || canonicalJson(value) === "[]" || canonicalJson(value) === "{}";
}
