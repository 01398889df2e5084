/** A Function App as it is now: its settings, whether it is at rest, and a hash of all that a write could disturb. */
import { createHash } from "node:crypto";
import { EXIT, UserError } from "../../model/errors.ts";
import { isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Settings } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import type { LiveContext } from "../room.ts";
import type { AzureApi } from "./api.ts";
import { described, planOf } from "./resource-kinds.ts";
import { ArmResource } from "./schema.ts";
import { hostName, hostPath, hostValue } from "./settings.ts";

/** An app as ARM describes it, and its app settings where they were asked for. */
export interface App {
  site: JsonObject;
  /** `consumption`, `flex`, `premium`, `dedicated`; null: not told. */
  plan: string | null;
  /** Secrets are among them: never shown, never kept. null: not asked for. */
  appSettings: Readonly<Record<string, string>> | null;
}

/** Counters, clocks and states: what changes without anybody writing. */
const VOLATILE = new Set([
  "lastModifiedTimeUtc",
  "state",
  "availabilityState",
  "contentAvailabilityState",
  "runtimeAvailabilityState",
  "usageState",
  "provisioningState",
  "inProgressOperationId",
  "suspendedTill",
  "slotSwapStatus",
  "inboundIpAddress",
  "inboundIpv6Address",
  "outboundIpAddresses",
  "outboundIpv6Addresses",
  "possibleInboundIpAddresses",
  "possibleInboundIpv6Addresses",
  "possibleOutboundIpAddresses",
  "possibleOutboundIpv6Addresses",
  "trafficManagerHostNames",
]);

/** Where ARM may show secrets; it answers null there. */
const SECRET = new Set(["appSettings", "connectionStrings", "azureStorageAccounts", "publishingPassword", "machineKey"]);

/** Resource group and name of the app in `resource`; throws UserError where it is no app's ID. */
export function placeOfApp(resource: string): { subscription: string; group: string; name: string } {
  const [, subscription, group, name] =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Web\/sites\/([^/]+)$/i.exec(resource) ?? [];
  if (name === undefined) throw new UserError(`${resource} is no resource ID of a Function App`);
  return { subscription: subscription!.toLowerCase(), group: group!, name };
}

/** Reads the app; its app settings only where `names` has values of host.json. https://learn.microsoft.com/rest/api/appservice/web-apps/get */
export async function readApp(api: AzureApi, resource: string, names: readonly string[]): Promise<App> {
  const { group, name } = placeOfApp(resource);
  const [site, settings] = await Promise.all([
    api.call("web:webApps.get", [group, name]),
    names.some((one) => hostPath(one) !== null) ? api.call("web:webApps.listApplicationSettings", [group, name]) : null,
  ]);
  const appSettings = settings === null ? null : textsIn(settings, name);
  return { site, plan: await planOfSite(api, site), appSettings };
}

async function planOfSite(api: AzureApi, site: JsonObject): Promise<string | null> {
  const properties = objectAt(site, "properties") ?? {};
  const own = planOf(textAt(properties, "sku"), isObject(properties["functionAppConfig"]));
  const id = textAt(properties, "serverFarmId");
  if (own !== null || id === null) return own;
  const [, group, name] = /\/resourceGroups\/([^/]+)\/.*\/([^/]+)$/i.exec(id) ?? [];
  if (name === undefined) return null;
  const sku = objectAt(await api.call("web:appServicePlans.get", [group, name]), "sku");
  return sku === null ? null : planOf(textAt(sku, "tier", "name"), false);
}

/** A write replaces all app settings: one that was not read whole would take them away. */
function textsIn(settings: JsonObject, app: string): Record<string, string> {
  const properties = objectAt(settings, "properties");
  const other = Object.entries(properties ?? {}).filter((entry) => typeof entry[1] !== "string");
  if (properties === null || other.length > 0)
    throw new UserError(
      properties === null
        ? `${app}: Azure's answer has no list of app settings`
        : `${app}: the app setting ${other[0]![0].slice(0, 100)} is no text in Azure's answer`,
      { exitCode: EXIT.partial },
    );
  return properties as Record<string, string>;
}

/** The settings as the collector names them, and the values of host.json that app settings give. */
export function settingsOf({ site, plan, appSettings }: App): Settings {
  const head = ArmResource.safeParse(site);
  const own = head.success ? (described(head.data, site)?.settings ?? {}) : {};
  const settings: Settings = { ...own, ...(plan === null ? {} : { plan }) };
  for (const [name, value] of Object.entries(appSettings ?? {})) {
    const host = hostName(name);
    if (host !== null) settings[host] = hostValue(value);
  }
  return settings;
}

/** etag, else the time of the last change: Azure does not give every app an etag. null: neither. */
export function revisionOf({ site }: App): string | null {
  return textAt(site, "etag") ?? textAt(objectAt(site, "properties") ?? {}, "lastModifiedTimeUtc");
}

/** SHA-256 (hex) over the app but for what changes by itself. App settings are in it as a hash of all of them, where they were read. */
export function fingerprintOf(app: App): string {
  const settings = app.appSettings === null ? "" : JSON.stringify(Object.entries(app.appSettings).sort());
  return hashOf(canonical(comparable(app.site)) + (settings === "" ? "" : hashOf(settings)));
}

/** Names of parts in which two descriptions differ: `tags`, `functionAppConfig`, and names (no values) of app settings. */
export function differences(a: App, b: App): string[] {
  const [one, other] = [comparable(a.site), comparable(b.site)];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  const found = [...names].filter((name) => canonical(one[name] ?? null) !== canonical(other[name] ?? null));
  if (a.appSettings === null || b.appSettings === null) return found.sort();
  const settings = new Set([...Object.keys(a.appSettings), ...Object.keys(b.appSettings)]);
  const changed = [...settings].filter((name) => a.appSettings![name] !== b.appSettings![name]);
  return [...found, ...changed.map((name) => `app setting ${name}`)].sort();
}

/** Head and properties side by side; nothing that is null. */
function comparable(site: JsonObject): JsonObject {
  const { properties, etag: _etag, systemData: _system, ...head } = site;
  const found: JsonObject = {};
  for (const [name, value] of Object.entries({ ...head, ...(isObject(properties) ? properties : {}) }))
    if (!VOLATILE.has(name)) found[name] = value;
  return found;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function canonical(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return `{${Object.keys(value)
    .filter((key) => value[key] !== null && value[key] !== undefined && !SECRET.has(key))
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`)
    .join(",")}}`;
}

/** Why the app cannot be written now; null: at rest. */
export function busyOf({ site }: App): string | null {
  const properties = objectAt(site, "properties") ?? {};
  const state = textAt(properties, "provisioningState");
  if (state !== null && /^(InProgress|Updating|Creating|Accepted)$/i.test(state)) return `being updated (${state})`;
  return textAt(properties, "inProgressOperationId") === null ? null : "being updated (an operation is in progress)";
}

/** An update ends in seconds, one that recreates instances in minutes. */
const REST_WITHIN_MS: Ms = 300_000;
const FIRST_WAIT_MS: Ms = 500;
const LONGEST_WAIT_MS: Ms = 10_000;

/** Reads until the app is at rest. Throws UserError (exit 5) when it is not in time. */
export async function readAtRest(
  api: AzureApi,
  { clock, signal }: Pick<LiveContext, "clock" | "signal">,
  resource: string,
  names: readonly string[],
): Promise<App> {
  const deadline = clock.now() + REST_WITHIN_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS)) {
    const app = await readApp(api, resource, names);
    const busy = busyOf(app);
    if (busy === null) return app;
    if (clock.now() + waitMs > deadline)
      throw new UserError(`${placeOfApp(resource).name} is still ${busy} after ${REST_WITHIN_MS / 1000} s`, {
        exitCode: EXIT.conflict,
        suggestions: ["run the same command again when it is at rest"],
      });
    await clock.sleep(waitMs, signal);
  }
}
