/** A service or function as it is now: whether it is at rest, where its traffic goes, and a hash of all that a write could disturb. */
import { createHash } from "node:crypto";
import { arrayAt, isObject, type JsonObject, numberAt, objectAt, textAt } from "../../model/json.ts";
import type { LiveResource } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import { memoryMibOf, vcpuOf } from "./configs/quantities.ts";
import { partOf } from "./schema.ts";
import type { Kind } from "./settings.ts";

/** Counters, clocks, states and what follows from them: what changes without anybody changing a setting. */
const VOLATILE = new Set(
  [
    "etag generation observedGeneration updateTime lastModifier reconciling client clientVersion conditions terminalCondition",
    "latestReadyRevision latestCreatedRevision trafficStatuses urls satisfiesPzs template.revision state stateMessages",
    "threatDetectionEnabled serviceConfig.revision upgradeInfo status versionId buildId buildName sourceToken",
    // a deployment builds the image anew: with the newest runtime, from a copy of the source
    "buildConfig.build buildConfig.sourceProvenance buildConfig.onDeployUpdatePolicy.runtimeVersion",
    "onDeployUpdatePolicy.runtimeVersion sourceRepository.deployedUrl",
  ].flatMap((names) => names.split(" ")),
);

/** The name under which a service's traffic is moved as an alias is. */
export const TRAFFIC = "traffic";

/** Revision that locks a write: etag of a service; version or time of the last change of a function, which the API itself does not compare. */
export function revisionOf(kind: Kind, found: JsonObject): string | null {
  if (kind === "run.service") return textAt(found, "etag");
  return kind === "cloudfunctions.gen1" ? textAt(found, "versionId", "updateTime") : textAt(found, "updateTime");
}

/** SHA-256 (hex) over the description but for what changes by itself. Values of environment variables are no part of it: they may be secret. */
export function fingerprintOf(found: JsonObject): string {
  return createHash("sha256")
    .update(JSON.stringify(leavesOf(found)))
    .digest("hex");
}

/** Names (`template.timeout`) of what differs between two descriptions. */
export function differences(a: JsonObject, b: JsonObject): string[] {
  const [left, right] = [new Map(leavesOf(a)), new Map(leavesOf(b))];
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => left.get(name) !== right.get(name)).sort();
}

/** Every value of a description with its path, in order. */
function leavesOf(found: JsonObject): [path: string, value: string][] {
  const leaves: [string, string][] = [];
  const walk = (value: Json, path: string): void => {
    if (VOLATILE.has(path)) return;
    if (Array.isArray(value)) value.forEach((one, index) => walk(one, `${path}[${index}]`));
    else if (isObject(value)) for (const [key, one] of Object.entries(value)) walk(one, path === "" ? key : `${path}.${key}`);
    // what is off or empty is left out by the API at times
    else if (value !== null && value !== false && value !== "" && value !== 0) leaves.push([path, normal(path, value)]);
  };
  walk(found, "");
  return leaves.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** One spelling of an amount, and no secret. */
function normal(path: string, value: Json): string {
  if (/(\.env\[\d+\]\.value|nvironmentVariables\.[^.]*)$/.test(path)) return "set";
  if (/\.(limits\.memory|availableMemory)$/.test(path)) return String(memoryMibOf(value) ?? value);
  if (/\.(limits\.cpu|availableCpu)$/.test(path)) return String(vcpuOf(value) ?? value);
  return String(value);
}

/** Why it cannot be written now; null: at rest. */
export function busyOf(kind: Kind, found: JsonObject): string | null {
  if (kind === "run.service") {
    const behind = (numberAt(found, "observedGeneration") ?? 0) < (numberAt(found, "generation") ?? 0);
    return found["reconciling"] === true || behind ? "being deployed (reconciling)" : null;
  }
  const state = textAt(found, kind === "cloudfunctions.gen1" ? "status" : "state");
  return state === "DEPLOYING" || state === "DEPLOY_IN_PROGRESS" || state === "DELETING" || state === "DELETE_IN_PROGRESS"
    ? `being changed (${state})`
    : null;
}

/** Why the last change failed: the settings are then not what runs. null: it did not fail. */
export function failedOf(kind: Kind, found: JsonObject): string | null {
  if (kind === "run.service") {
    const condition = objectAt(found, "terminalCondition") ?? {};
    if (textAt(condition, "state") === "CONDITION_FAILED") return messageOf(condition) ?? "no reason given";
    const [created, ready] = [textAt(found, "latestCreatedRevision"), textAt(found, "latestReadyRevision")];
    return created === null || ready === null || created === ready ? null : `revision ${partOf(created, "revisions")} is not ready`;
  }
  const state = textAt(found, kind === "cloudfunctions.gen1" ? "status" : "state");
  if (state !== "FAILED" && state !== "OFFLINE") return null;
  const messages = (arrayAt(found, "stateMessages") ?? []).filter(isObject).map(messageOf);
  return messages.find((message) => message !== null) ?? `state ${state}`;
}

function messageOf(condition: JsonObject): string | null {
  const parts = [textAt(condition, "message"), textAt(condition, "revisionReason", "reason", "type")].filter((part) => part !== null);
  return parts.length === 0 ? null : parts[0]!.slice(0, 300);
}

/** The newest revision of a service that takes requests; null: none did yet. */
export function readyRevisionOf(found: JsonObject): string | null {
  return partOf(textAt(found, "latestReadyRevision") ?? "", "revisions");
}

/** Where the traffic of a service goes, without entries that are only tags. Empty: all to the latest revision. */
export function shares(found: JsonObject): { revision: string | null; percent: number }[] {
  return (arrayAt(found, "traffic") ?? [])
    .filter(isObject)
    .map((one) => ({ revision: textAt(one, "revision"), percent: numberAt(one, "percent") ?? 0 }))
    .filter(({ percent }) => percent > 0);
}

/** Traffic that is pinned to a revision, as an alias: the one with the greatest share. Traffic that follows the latest revision is none. */
export function aliasesOf(kind: Kind, found: JsonObject): LiveResource["aliases"] {
  if (kind !== "run.service") return [];
  const pinned = shares(found).filter((one) => one.revision !== null);
  const most = pinned.toSorted((a, b) => b.percent - a.percent)[0];
  return most === undefined ? [] : [{ name: TRAFFIC, version: most.revision! }];
}

/** All traffic to this revision; all tags stay, on whichever revision. https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration */
export function trafficTo(found: JsonObject, revision: string): Json[] {
  const tagged = (arrayAt(found, "traffic") ?? []).filter(isObject).filter((one) => textAt(one, "tag") !== null);
  // an entry holds one tag: the first of its own goes with the traffic
  const own = tagged.find((one) => textAt(one, "revision") === revision);
  const tags = tagged
    .filter((one) => one !== own)
    .map((one) => Object.fromEntries(Object.entries(one).filter(([field]) => field !== "percent")));
  const all = { ...own, type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision, percent: 100 };
  return [all, ...tags];
}

/** The function that a service belongs to; null: it is a service of its own. https://cloud.google.com/run/docs/functions/overview */
export function functionOver(found: JsonObject): string | null {
  const labels = objectAt(found, "labels") ?? {};
  if (labels["goog-managed-by"] !== "cloudfunctions") return null;
  const annotations = objectAt(found, "annotations") ?? {};
  const template = objectAt(objectAt(found, "template") ?? {}, "annotations") ?? {};
  const named =
    textAt(annotations, "cloudfunctions.googleapis.com/function-id") ?? textAt(template, "cloudfunctions.googleapis.com/function-id");
  return named ?? partOf(textAt(found, "name") ?? "", "services");
}
