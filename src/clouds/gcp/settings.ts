/** The settings that may be written, by kind of resource: where each stands in Google's description, how it is written, what is legal. */
import { UserError } from "../../model/errors.ts";
import { arrayAt, isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Change, Settings } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Mib, Vcpu } from "../../model/units.ts";
import { UNKNOWN } from "./api.ts";
import { illegalTogether } from "./combinations.ts";
import { functionConfigs } from "./configs/functions.ts";
import { runV2Config } from "./configs/run.ts";
import { limits } from "./limits.ts";

/** Kinds of resource that are written here. */
export type Kind = "run.service" | "cloudfunctions.v2" | "cloudfunctions.gen1";

type Path = readonly (string | number)[];

interface Setting {
  /** Where the value stands in the description that was read. */
  path(found: JsonObject): Path;
  write(value: number): Json;
}

const whole = (value: number): Json => value;
const seconds = (value: number): Json => `${value}s`;
const at =
  (...path: Path): Setting["path"] =>
  () =>
    path;
/** A count is kept where it is set: with the service, or with its revisions. */
const scaling =
  (field: string): Setting["path"] =>
  (found) =>
    objectAt(objectAt(found, "template") ?? {}, "scaling")?.[field] === undefined && objectAt(found, "scaling")?.[field] !== undefined
      ? ["scaling", field]
      : ["template", "scaling", field];

/** One line per setting. */
const SETTINGS: { readonly [kind in Kind]: { readonly [name: string]: Setting } } = {
  // https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
  "run.service": {
    memoryMib: { path: at("template", "containers", 0, "resources", "limits", "memory"), write: memoryText },
    vcpu: { path: at("template", "containers", 0, "resources", "limits", "cpu"), write: vcpuText },
    concurrency: { path: at("template", "maxInstanceRequestConcurrency"), write: whole },
    minInstances: { path: scaling("minInstanceCount"), write: whole },
    maxInstances: { path: scaling("maxInstanceCount"), write: whole },
  },
  // https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
  "cloudfunctions.v2": {
    memoryMib: { path: at("serviceConfig", "availableMemory"), write: memoryText },
    vcpu: { path: at("serviceConfig", "availableCpu"), write: (value) => String(value) },
    concurrency: { path: at("serviceConfig", "maxInstanceRequestConcurrency"), write: whole },
    minInstances: { path: at("serviceConfig", "minInstanceCount"), write: whole },
    maxInstances: { path: at("serviceConfig", "maxInstanceCount"), write: whole },
    timeoutS: { path: at("serviceConfig", "timeoutSeconds"), write: whole },
  },
  // https://cloud.google.com/functions/docs/reference/rest/v1/projects.locations.functions
  "cloudfunctions.gen1": {
    memoryMib: { path: at("availableMemoryMb"), write: whole },
    timeoutS: { path: at("timeout"), write: seconds },
    minInstances: { path: at("minInstances"), write: whole },
    maxInstances: { path: at("maxInstances"), write: whole },
  },
};

/** True for a kind that is written here. */
export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(SETTINGS, kind);
}

/** The settings as the collector names them, without what changes by itself. */
export function settingsOf(kind: Kind, found: JsonObject): Settings {
  const config = kind === "run.service" ? runV2Config(found) : functionConfigs(found)[0]!;
  const { latestRevision: _, state: __, ...settings } = config.settings;
  return settings;
}

/** The description as if these settings had these values; null: not set. */
export function withSettings(kind: Kind, found: JsonObject, settings: Settings): JsonObject {
  const next = structuredClone(found);
  for (const [name, value] of Object.entries(settings)) {
    const setting = settingNamed(kind, name);
    put(next, setting.path(found), typeof value === "number" ? setting.write(value) : undefined);
  }
  return next;
}

/**
 * The changed settings as body and field mask of an update: nothing but what the mask names is sent. A list can only be named as a whole,
 * so that a service's containers go back as they were read, but for the one value.
 */
export function updateOf(kind: Kind, found: JsonObject, settings: Settings): { body: JsonObject; mask: string[] } {
  const next = withSettings(kind, found, settings);
  const paths = Object.keys(settings).map((name) => settingNamed(kind, name).path(found));
  // a revision of that name is there already
  if (textAt(objectAt(found, "template") ?? {}, "revision") !== null && paths.some(([first]) => first === "template")) {
    put(next, ["template", "revision"], undefined);
    paths.push(["template", "revision"]);
  }
  const mask = new Set<string>();
  const body: JsonObject = { name: found["name"] ?? null };
  for (const path of paths) {
    const list = path.findIndex((part) => typeof part === "number");
    const named = list === -1 ? path : path.slice(0, list);
    mask.add(named.join("."));
    const value = valueAt(next, named);
    if (value !== undefined) put(body, named, value);
  }
  return { body, mask: [...mask].sort() };
}

/** Names of settings whose live value is another. */
export function unlike(live: Settings, wanted: Settings): string[] {
  return Object.keys(wanted).filter((name) => (live[name] ?? null) !== wanted[name]);
}

/** Throws UserError unless every value of `after` is legal for this resource, alone and with the settings that stay. */
export function refuseIllegal(kind: Kind, change: Change, found: JsonObject): void {
  const names = Object.keys(change.after);
  if (names.length === 0 || names.some((name) => !(name in change.before)) || names.length !== Object.keys(change.before).length)
    throw new UserError(`${change.name}: the change ${change.id} does not name the same settings before and after`);
  for (const name of names) {
    settingNamed(kind, name);
    refuseLossy(kind, change.name, name, found);
    refuseValue(kind, change.name, name, change.after[name] ?? null);
  }
  if (kind === "cloudfunctions.gen1") return;
  const containers = arrayAt(objectAt(found, "template") ?? {}, "containers") ?? [];
  if (containers.length > 1 && names.some((name) => name === "memoryMib" || name === "vcpu"))
    throw new UserError(
      `${change.name} has ${containers.length} containers, each with memory and CPU of its own: evscope does not know which to change`,
    );
  const settings = { ...settingsOf(kind, found), ...change.after };
  const number = (name: string): number | null => (typeof settings[name] === "number" ? settings[name] : null);
  const why = illegalTogether({
    memoryMib: number("memoryMib"),
    vcpu: number("vcpu"),
    concurrency: number("concurrency"),
    minInstances: number("minInstances"),
    maxInstances: number("maxInstances"),
    plan: typeof settings["plan"] === "string" ? settings["plan"] : null,
    secondGeneration: generationOf(found),
  });
  if (why !== null) throw new UserError(`${change.name}: ${why}`);
}

/** A list goes back as it was read: what was not read would be deleted. */
function refuseLossy(kind: Kind, resource: string, name: string, found: JsonObject): void {
  const path = settingNamed(kind, name).path(found);
  const list = path.findIndex((part) => typeof part === "number");
  if (list === -1) return;
  const written = `${path.slice(0, list).join(".")}.`;
  const lost = (arrayAt(found, UNKNOWN) ?? []).map(String).filter((field) => field.startsWith(written));
  if (lost.length === 0) return;
  throw new UserError(
    `${resource} has settings that the installed Google Cloud SDK does not know (${lost.slice(0, 5).join(", ")}): writing ${name} would delete them`,
    { suggestions: ["update evscope, which brings a newer @google-cloud/run", "or change it with gcloud run services update"] },
  );
}

function generationOf(found: JsonObject): boolean | null {
  const environment = textAt(objectAt(found, "template") ?? {}, "executionEnvironment");
  return environment === null ? null : environment === "EXECUTION_ENVIRONMENT_GEN2";
}

function refuseValue(kind: Kind, resource: string, name: string, value: Json): void {
  if (value === null) return;
  const illegal = (legal: string): UserError => new UserError(`${resource}: ${name} ${JSON.stringify(value)} is not legal${legal}`);
  if (typeof value !== "number" || !Number.isFinite(value)) throw illegal("");
  if (name === "minInstances" || name === "maxInstances") {
    // answers leave 0 out: it cannot be told from what is not set
    if (value === 0) throw illegal(name === "minInstances" ? "; null keeps none ready" : "");
    if (!Number.isInteger(value) || value < 0) throw illegal("");
    return;
  }
  const limit = limits.find((one) => one.setting === name && one.appliesTo === (kind === "cloudfunctions.gen1" ? "gen1" : "run-request"));
  if (limit === undefined) throw illegal("");
  const { min, max, values, unit, source } = limit;
  // `256M` of a description is no whole number of MiB
  const fits =
    values === null
      ? value >= min! && value <= max! && (unit === "vcpu" || unit === "mib" || Number.isInteger(value))
      : values.includes(value);
  if (!fits) throw illegal(`; legal: ${values === null ? `${min} to ${max}` : values.join(", ")} ${unit} (${source})`);
}

function settingNamed(kind: Kind, name: string): Setting {
  const settings = SETTINGS[kind];
  const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
  if (setting === undefined)
    throw new UserError(`evscope cannot write the setting ${name} of a ${kind}`, {
      suggestions: [`settings that can be written: ${Object.keys(settings).join(", ")}`],
    });
  return setting;
}

/** MiB as Kubernetes writes them; what was set in decimal megabytes goes back as such. */
function memoryText(mib: Mib): Json {
  return Number.isInteger(mib) ? `${mib}Mi` : `${Math.round((mib * 1024 ** 2) / 1e6)}M`;
}

function vcpuText(vcpu: Vcpu): Json {
  return Number.isInteger(vcpu) ? String(vcpu) : `${Math.round(vcpu * 1000)}m`;
}

function valueAt(from: Json, path: Path): Json | undefined {
  let value: Json | undefined = from;
  for (const part of path) value = isObject(value) || Array.isArray(value) ? (value as { [key: string]: Json })[part] : undefined;
  return value;
}

/** Sets the value, and makes the objects on the way; undefined removes it. */
function put(into: JsonObject, path: Path, value: Json | undefined): void {
  let place = into as { [key: string | number]: Json };
  for (const part of path.slice(0, -1)) place = (place[part] ??= {}) as typeof place;
  const last = path.at(-1)!;
  if (value === undefined) delete place[last];
  else place[last] = value;
}
