/** A Lambda function as it is now: configuration, whether it is at rest, and a hash of all that a write could disturb. */
import { createHash } from "node:crypto";
import { EXIT, UserError } from "../../model/errors.ts";
import type { Settings } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import type { LiveContext } from "../room.ts";
import type { AwsApi } from "./api.ts";
import { functionConfig } from "./config-lambda.ts";
import { obj, type Obj, text } from "./schema.ts";

/** Counters, clocks and states: what changes without anybody writing. Lambda itself moves RuntimeVersionConfig to patched runtimes. */
const VOLATILE = new Set([
  "LastModified",
  "RevisionId",
  "ConfigSha256",
  "State",
  "StateReason",
  "StateReasonCode",
  "LastUpdateStatus",
  "LastUpdateStatusReason",
  "LastUpdateStatusReasonCode",
  "RuntimeVersionConfig",
]);

/** What names a version, and so differs between `$LATEST` and a published copy of it. */
const OF_VERSION = new Set(["FunctionArn", "Version", "Description", "MasterArn"]);

/** Configuration of `$LATEST`, or of a version or alias. https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html */
export function readConfiguration(api: AwsApi, fn: string, qualifier: string | null = null): Promise<Obj> {
  return api.call("lambda:GetFunctionConfiguration", { FunctionName: fn, ...(qualifier === null ? {} : { Qualifier: qualifier }) });
}

/** The settings as the collector names them, without the time of the last write. */
export function settingsOf(configuration: Obj): Settings {
  const [record] = functionConfig(configuration, { account: null, region: null, at: null });
  const { lastModified: _, ...settings } = record?.settings ?? {};
  return settings;
}

/**
 * SHA-256 (hex) over the configuration but for what changes by itself. Where the endpoint gives revisions, values of environment
 * variables are left out, since a hash that is kept in a plan file must say nothing of a secret; where it gives none, the hash is
 * the only lock, and holds them.
 */
export function fingerprintOf(configuration: Obj): string {
  return createHash("sha256")
    .update(canonical(comparable(configuration)))
    .digest("hex");
}

/** Names of top-level fields in which two configurations differ, but for `except`. */
export function differences(a: Obj, b: Obj, except: readonly string[] = []): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names]
    .filter((name) => !VOLATILE.has(name) && !except.includes(name) && canonical(a[name] ?? null) !== canonical(b[name] ?? null))
    .sort();
}

/** As `differences`, between the unpublished configuration and a published version. */
export function differencesFromVersion(latest: Obj, version: Obj): string[] {
  // SnapStart is said as prepared only on a version; both say ApplyOn
  const applied = (o: Obj): Json => obj(o["SnapStart"])?.["ApplyOn"] ?? null;
  const found = differences(latest, version, [...OF_VERSION, "SnapStart"]);
  return applied(latest) === applied(version) ? found : [...found, "SnapStart"];
}

function comparable(configuration: Obj): Obj {
  const kept = Object.fromEntries(Object.entries(configuration).filter(([name]) => !VOLATILE.has(name)));
  const variables = obj(obj(configuration["Environment"])?.["Variables"]);
  if (text(configuration["RevisionId"]) !== null && variables !== null) kept["Environment"] = Object.keys(variables).sort();
  return kept;
}

function canonical(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`)
    .join(",")}}`;
}

/** Why the function cannot be written or invoked now; null: at rest. Endpoints that say nothing are at rest. */
export function busyOf(configuration: Obj): string | null {
  if (text(configuration["State"]) === "Pending") return `being created (${text(configuration["StateReason"]) ?? "State Pending"})`;
  if (text(configuration["LastUpdateStatus"]) === "InProgress")
    return `being updated (${text(configuration["LastUpdateStatusReason"]) ?? "LastUpdateStatus InProgress"})`;
  return null;
}

/** An update ends in seconds; a function in a VPC or with a snapshot in minutes. */
const REST_WITHIN_MS = 300_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/**
 * Reads until the function (or version) is at rest and returns that configuration.
 * Throws UserError with the cloud's reason when the update or the version failed, or is not done after `withinMs`.
 */
export async function waitUntilAtRest(
  api: AwsApi,
  context: Pick<LiveContext, "clock" | "signal">,
  fn: string,
  qualifier: string | null = null,
): Promise<Obj> {
  const found = await readAtRest(api, context, fn, qualifier);
  const reason = failedOf(found);
  if (reason !== null) throw new UserError(`${fn}: the update failed: ${reason}`, { exitCode: EXIT.conflict });
  return found;
}

/** As `waitUntilAtRest`, whether the last update failed or not: the way out of a failed update is another one. */
export async function readAtRest(
  api: AwsApi,
  { clock, signal }: Pick<LiveContext, "clock" | "signal">,
  fn: string,
  qualifier: string | null = null,
  withinMs: Ms = REST_WITHIN_MS,
): Promise<Obj> {
  const deadline = clock.now() + withinMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS)) {
    const found = await readConfiguration(api, fn, qualifier);
    const busy = busyOf(found);
    if (busy === null) return found;
    if (clock.now() + waitMs > deadline) {
      throw new UserError(`${fn} is still ${busy} after ${Math.round(withinMs / 1000)} s`, {
        exitCode: EXIT.conflict,
        suggestions: ["run the same command again when it is at rest"],
      });
    }
    await clock.sleep(waitMs, signal);
  }
}

/** Why the last update, or the making of the function, failed; null: it did not. */
export function failedOf(configuration: Obj): string | null {
  for (const [state, reason] of [
    ["LastUpdateStatus", "LastUpdateStatusReason"],
    ["State", "StateReason"],
  ] as const) {
    if (text(configuration[state]) !== "Failed") continue;
    return (
      [text(configuration[reason]), text(configuration[`${reason}Code`])].filter((part) => part !== null).join(" / ") || "no reason given"
    );
  }
  return null;
}
