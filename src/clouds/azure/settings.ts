/** The settings of a Function App that may be written: where they stand, and which values are legal on its plan. */
import { UserError } from "../../model/errors.ts";
import { isObject, type JsonObject, numberOf, objectAt } from "../../model/json.ts";
import type { Change, Settings } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Limit } from "../room.ts";
import { limits } from "./limits.ts";
import { durationOf } from "./values.ts";

/** Settings of `functionAppConfig.scaleAndConcurrency`, by their names in `limits`. null: no single number. */
const SCALE: { readonly [name: string]: string | null } = {
  memoryMib: "instanceMemoryMB",
  maxInstances: "maximumInstanceCount",
  httpConcurrency: "triggers.http.perInstanceConcurrency",
  alwaysReady: null,
};

const HOST = "AzureFunctionsJobHost__";
/** Categories have dots in their names, and are one step of the path. */
const LOG_LEVELS = "logging.logLevel.";

/** Path of a value of host.json (`extensions.serviceBus.maxMessageBatchSize`); null: another setting. */
export function hostPath(setting: string): string | null {
  return setting.startsWith("host.") ? setting.slice("host.".length) : null;
}

/** App setting that overrides a value of host.json: https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values */
export function appSettingOf(path: string): string {
  const category = path.startsWith(LOG_LEVELS) ? path.slice(LOG_LEVELS.length) : null;
  return HOST + (category === null ? path.split(".").join("__") : `logging__logLevel__${category}`);
}

/** The setting's name for an app setting; null: none of host.json. */
export function hostName(appSetting: string): string | null {
  return appSetting.startsWith(HOST) ? `host.${appSetting.slice(HOST.length).split("__").join(".")}` : null;
}

/** What the text of an app setting means: a number, a boolean, else the text. */
export function hostValue(text: string): Json {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return /^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : text;
}

/** Sets what a change wants among the properties of the site; all else of them stays. Parts that are no objects are replaced. */
export function setScale(properties: JsonObject, after: Settings): void {
  const config = partOf(properties, "functionAppConfig");
  const scale = partOf(config, "scaleAndConcurrency");
  if ("memoryMib" in after) scale["instanceMemoryMB"] = after["memoryMib"] ?? null;
  if ("maxInstances" in after) scale["maximumInstanceCount"] = after["maxInstances"] ?? null;
  if ("alwaysReady" in after) scale["alwaysReady"] = after["alwaysReady"] ?? [];
  if ("httpConcurrency" in after) {
    const value = after["httpConcurrency"] ?? null;
    const triggers = partOf(scale, "triggers");
    if (value === null) delete triggers["http"];
    else partOf(triggers, "http")["perInstanceConcurrency"] = value;
  }
}

function partOf(whole: JsonObject, name: string): JsonObject {
  const part = whole[name];
  if (isObject(part)) return part;
  const made: JsonObject = {};
  whole[name] = made;
  return made;
}

/** Why the app as it was answered cannot be sent back with another scale; null: it can. */
export function unwritable(site: JsonObject): string | null {
  const config = objectAt(site, "properties")?.["functionAppConfig"];
  if (!isObject(config)) return "functionAppConfig";
  const scale = config["scaleAndConcurrency"] ?? {};
  if (!isObject(scale)) return "functionAppConfig.scaleAndConcurrency";
  return isObject(scale["triggers"] ?? {}) ? null : "functionAppConfig.scaleAndConcurrency.triggers";
}

/** The app settings with those that a change wants; null takes one away. */
export function withHostValues(appSettings: Readonly<Record<string, string>>, after: Settings): Record<string, string> {
  const merged = { ...appSettings };
  for (const [name, value] of Object.entries(after)) {
    const path = hostPath(name);
    if (path === null) continue;
    if (value === null) delete merged[appSettingOf(path)];
    else merged[appSettingOf(path)] = String(value);
  }
  return merged;
}

/** Names of settings whose live value is another. */
export function unlike(live: Settings, wanted: Settings): string[] {
  const same = (a: Json, b: Json): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
  return Object.keys(wanted).filter((name) => !same(live[name] ?? null, wanted[name] ?? null));
}

/** Azure gives always-ready groups in an order of its own; an empty list and none are one. */
function sorted(value: Json): Json {
  if (!Array.isArray(value)) return value;
  const parts = value.map((one) => (isObject(one) ? Object.fromEntries(Object.entries(one).sort()) : one));
  return parts.length === 0 ? null : parts.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Throws UserError unless every value of `after` can be written on this app. */
export function refuseIllegal(change: Change, live: Settings, linux: boolean): void {
  const names = Object.keys(change.after);
  if (names.length === 0 || names.some((name) => !(name in change.before)) || names.length !== Object.keys(change.before).length)
    throw new UserError(`${change.name}: the change ${change.id} does not name the same settings before and after`);
  const ofHost = names.filter((name) => hostPath(name) !== null);
  if (ofHost.length > 0 && ofHost.length < names.length)
    throw new UserError(`${change.name}: ${names.join(", ")} cannot be written at once: values of host.json are app settings`, {
      suggestions: ["make two changes of it, one after the other"],
    });
  for (const name of names) {
    if (ofHost.length > 0) refuseHostValue(change, name, live, linux);
    else refuseScale(change, name, live);
  }
}

function refuseScale(change: Change, name: string, live: Settings): void {
  if (!Object.hasOwn(SCALE, name))
    throw new UserError(`evscope cannot write the setting ${name} of a Function App`, {
      suggestions: [`settings that can be written: ${Object.keys(SCALE).join(", ")}, host.PATH`],
    });
  refusePlan(change, name, live["plan"] ?? null);
  const value = change.after[name] ?? null;
  const limit = limits.find((one) => one.setting === SCALE[name] && one.appliesTo === "flex");
  if (name === "alwaysReady") return refuseAlwaysReady(change, value, change.after["maxInstances"] ?? live["maxInstances"] ?? null);
  // what was not set before can be taken back
  if (value === null && name !== "memoryMib") return;
  refuseOutside(change, name, value, limit);
}

/** https://learn.microsoft.com/azure/azure-functions/functions-scale */
function refusePlan(change: Change, name: string, plan: Json): void {
  if (plan === "flex") return;
  if (plan === "consumption")
    throw new UserError(
      name === "memoryMib"
        ? `${change.name}: memory is not configurable here: the Consumption plan gives an instance up to 1.5 GB and bills what is used`
        : `${change.name}: ${name} is not configurable here: it is on the Consumption plan`,
      { suggestions: ["the Flex Consumption plan has instance sizes; an app is moved by making it anew there"] },
    );
  if (plan === "premium" || plan === "dedicated")
    throw new UserError(`${change.name}: ${name} belongs to its ${plan} plan, which other apps may share: evscope does not write plans`);
  throw new UserError(`${change.name}: the plan of the app is not known, so ${name} is not written`);
}

function refuseAlwaysReady(change: Change, value: Json, maxInstances: Json): void {
  const groups = value === null ? [] : value;
  const most = numberOf(maxInstances) ?? 1_000;
  const legal =
    Array.isArray(groups) &&
    groups.every((one) => {
      const count = isObject(one) ? one["instanceCount"] : null;
      return (
        isObject(one) && typeof one["name"] === "string" && Number.isInteger(count) && (count as number) >= 0 && (count as number) <= most
      );
    });
  if (!legal)
    throw new UserError(
      `${change.name}: alwaysReady is a list of {name, instanceCount}, each count from 0 to ${most}: ${JSON.stringify(value)} is not`,
    );
}

function refuseHostValue(change: Change, name: string, live: Settings, linux: boolean): void {
  const path = hostPath(name)!;
  const value = change.after[name] ?? null;
  // two underscores are what separates steps
  if (!/^[A-Za-z][\w.-]*$/.test(path) || path.includes("__") || (typeof value === "object" && value !== null))
    throw new UserError(`${change.name}: ${name} cannot be written as an app setting`);
  const plan = live["plan"] ?? null;
  if (linux && plan !== "flex" && plan !== "consumption" && appSettingOf(path).includes("."))
    throw new UserError(`${change.name}: ${appSettingOf(path)} has a "." in its name, which Linux apps on this plan do not take`, {
      suggestions: ["set it in host.json and deploy the app"],
    });
  if (value === null) return;
  const limit = limits.find((one) => `extensions.${one.setting}` === path);
  if (limit === undefined) return;
  const time = limit.unit === "s" && typeof value === "string" ? durationOf(value) : null;
  refuseOutside(change, name, time === null ? value : time / 1000, limit);
  refuseCrossed(change, live);
}

const SERVICE_BUS = "host.extensions.serviceBus.";

/** A host whose least batch is larger than its largest does not start. */
function refuseCrossed(change: Change, live: Settings): void {
  const valueOf = (name: string, otherwise: number): number =>
    numberOf(change.after[SERVICE_BUS + name] ?? live[SERVICE_BUS + name] ?? null) ?? otherwise;
  const [least, most] = [valueOf("minMessageBatchSize", 1), valueOf("maxMessageBatchSize", 1_000)];
  if (least > most)
    throw new UserError(
      `${change.name}: minMessageBatchSize ${least} would be more than maxMessageBatchSize ${most}: the host would not start`,
    );
}

function refuseOutside(change: Change, name: string, value: Json, limit: Limit | undefined): void {
  const legal =
    limit !== undefined &&
    typeof value === "number" &&
    (limit.values === null
      ? value >= (limit.min ?? value) && value <= (limit.max ?? value) && (limit.step !== 1 || Number.isInteger(value))
      : limit.values.includes(value));
  if (legal) return;
  const range =
    limit === undefined
      ? ""
      : `; legal: ${limit.values?.join(", ") ?? `${limit.min} to ${limit.max ?? "any"}`} ${limit.unit} (${limit.source})`;
  throw new UserError(`${change.name}: ${name} ${JSON.stringify(change.after[name])} is not legal${range}`);
}
