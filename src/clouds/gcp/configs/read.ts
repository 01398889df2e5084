/** Finds the resource descriptions in an answer of Google's list and get calls. */
import { isObject, type JsonObject, textAt } from "../../../model/json.ts";
import type { Config, Json } from "../../../model/records.ts";
import { functionConfigs, isFunction } from "./functions.ts";
import { isKnative, isRunV2, knativeConfig, runV2Config } from "./run.ts";
import { wiringConfig } from "./wiring.ts";

/** Fields of list answers that hold descriptions. */
const LISTS = [
  "functions",
  "services",
  "revisions",
  "jobs",
  "triggers",
  "topics",
  "subscriptions",
  "sinks",
  "fields",
  "databases",
  "buckets",
  "items",
];

/** The configurations of one description; null: it is not one that evscope reads. */
export function configsOf(item: Json | undefined): Config[] | null {
  if (!isObject(item)) return null;
  if (isFunction(item)) return functionConfigs(item);
  if (isKnative(item)) return [knativeConfig(item)];
  if (isRunV2(item)) return [runV2Config(item)];
  const wiring = wiringConfig(item);
  return wiring === null ? null : [wiring];
}

/** The descriptions of a document: an array, a list answer, or one description. Empty: it is none of these. */
export function descriptionsIn(document: Json): JsonObject[] {
  if (Array.isArray(document)) return document.filter(isObject);
  if (!isObject(document)) return [];
  for (const key of LISTS) {
    const list = document[key];
    if (Array.isArray(list)) return list.filter(isObject);
  }
  return [document];
}

/** True for a list answer with nothing in it. */
export function isEmptyList(document: Json): boolean {
  if (!isObject(document)) return false;
  if (/^(Service|Revision|Job)List$/.test(textAt(document, "kind") ?? "") && !("items" in document)) return true;
  return LISTS.some((key) => Array.isArray(document[key]) && (document[key] as Json[]).length === 0);
}
