/** `doctor`: can the targets be read, what is not allowed, and which settings lose telemetry. */
import { rooms } from "../clouds/index.ts";
import type { LiveSession, Permission, PermissionCheck, Target } from "../clouds/room.ts";
import { UserError } from "../model/errors.ts";
import type { Config, Gap, Json } from "../model/records.ts";
import type { Ms } from "../model/units.ts";
import { type LiveWorld, withSessions } from "./live.ts";
import { nameOf } from "./targets.ts";
import type { Scope } from "./targets.ts";

export type Feature = Permission["feature"];

/** Something that makes answers less than they could be. */
export interface Finding {
  code: "retention" | "system-log-level" | "no-log-group" | "no-tracing" | "log-class" | "not-read";
  /** What it is about, and what is lost. */
  what: string;
  /** Functions or log groups, all of them. */
  names: string[];
  advice: string;
}

export interface DoctorTarget {
  name: string;
  region: string;
  account: string | null;
  /** Who the credentials say we are; null: not told. */
  principal: string | null;
  /** Why it could not be reached; null: it was. */
  error: string | null;
  functions: number;
  permissions: PermissionCheck[];
  findings: Finding[];
}

export interface DoctorResult {
  targets: DoctorTarget[];
  /** Something that commands cannot do without is not granted, or a target cannot be reached. */
  blocked: boolean;
}

/** The least-privilege policy for these features, in the cloud's own form; needs no credentials. */
export function policyFor(features: readonly Feature[]): Json {
  const { live, title } = rooms.aws;
  if (live === null) throw new UserError(`evscope reads exports of ${title} only`);
  return live.policy(features);
}

/** Asks each target for what commands need. Throws UserError (exit 3) when none can be reached. */
export async function examine(scope: Scope, world: LiveWorld): Promise<DoctorResult> {
  return withSessions(scope, world, async ({ sessions, unreached }) => {
    const targets = [
      ...(await Promise.all(sessions.map((session) => examineTarget(session, scope, world)))),
      ...unreached.map(({ target, gap }) => unreachedTarget(target, gap.why)),
    ];
    const blocked = targets.some((one) => one.error !== null || one.permissions.some((p) => p.required && p.state === "denied"));
    return { targets, blocked };
  });
}

async function examineTarget(session: LiveSession, scope: Scope, { host }: LiveWorld): Promise<DoctorTarget> {
  const permissions: PermissionCheck[] = [];
  for await (const check of session.permissions()) {
    permissions.push(check);
    host.progress(`permissions of ${nameOf(session.target)}`, permissions.length, null, "permissions");
  }
  const configs: Config[] = [];
  const gaps: Gap[] = [];
  for await (const page of session.collector.inventory()) {
    for (const record of page) {
      if (record.type === "config") configs.push(record);
      if (record.type === "gap") gaps.push(record);
    }
    host.progress(`inventory of ${nameOf(session.target)}`, configs.length, null, "descriptions");
  }
  return {
    name: session.target.name,
    region: session.target.region,
    account: session.account,
    principal: session.principal,
    error: null,
    functions: functionsOf(configs).length,
    permissions,
    findings: [...findingsOf(configs, scope.window.to - scope.window.from), ...unread(gaps)],
  };
}

function unreachedTarget({ name, region, account }: Target, error: string): DoctorTarget {
  return { name, region, account, principal: null, error, functions: 0, permissions: [], findings: [] };
}

const DAY_MS: Ms = 86_400_000;

/** What in these settings loses telemetry of a window of this length. */
export function findingsOf(configs: readonly Config[], windowMs: Ms): Finding[] {
  const groups = new Map(configs.filter((one) => one.kind === "log-group").map((one) => [one.name, one]));
  const functions = functionsOf(configs);
  const named = (code: Finding["code"], what: string, advice: string, names: readonly string[]): Finding[] =>
    names.length === 0 ? [] : [{ code, what, advice, names: [...new Set(names)].sort() }];
  const used = new Set(functions.map(groupOf));
  const short = [...used].filter((name) => {
    const days = groups.get(name)?.settings["retentionD"];
    return typeof days === "number" && days * DAY_MS < windowMs;
  });
  const inClass = (wanted: string): string[] => [...used].filter((name) => groups.get(name)?.settings["class"] === wanted);
  const quiet = functions.filter((one) => one.settings["logFormat"] === "JSON" && one.settings["systemLogLevel"] === "WARN");
  // without any log group the list was not allowed, which is a gap of its own
  const without = groups.size === 0 ? [] : functions.filter((one) => !groups.has(groupOf(one)));
  const untraced = functions.filter((one) => one.settings["tracing"] !== "Active");
  return [
    ...named(
      "retention",
      "log groups keep lines for less than the window: older ones are gone",
      "a shorter --window, a longer retention, or collect more often",
      short,
    ),
    ...named(
      "log-class",
      "log groups of class INFREQUENT_ACCESS can only be read by paid queries",
      "raise --max-query-usd, or import an S3 export",
      inClass("INFREQUENT_ACCESS"),
    ),
    ...named(
      "log-class",
      "log groups of class DELIVERY cannot be read",
      "read where they are delivered to: import that export",
      inClass("DELIVERY"),
    ),
    ...named(
      "system-log-level",
      "functions whose system log level is WARN write no report lines: bill, duration and memory are unknown",
      "set SystemLogLevel to INFO (LoggingConfig)",
      quiet.map((one) => one.name),
    ),
    ...named(
      "no-log-group",
      "functions without a log group: they never ran, or may not write logs",
      "give their roles logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents",
      without.map((one) => one.name),
    ),
    ...named(
      "no-tracing",
      "functions without active tracing: their hops are joined by logged IDs only",
      "TracingConfig Active, or a correlation ID in every log line",
      untraced.map((one) => one.name),
    ),
  ];
}

/** The unpublished versions: what the next invocation runs with, unless an alias says otherwise. */
function functionsOf(configs: readonly Config[]): Config[] {
  const all = configs.filter((one) => one.kind === "function");
  return all.filter((one) => one.settings["version"] === undefined || one.settings["version"] === "$LATEST");
}

/** `LoggingConfig.LogGroup`, else `/aws/lambda/NAME` (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html). */
function groupOf({ name, settings }: Config): string {
  return typeof settings["logGroup"] === "string" ? settings["logGroup"] : `/aws/lambda/${name}`;
}

function unread(gaps: readonly Gap[]): Finding[] {
  return gaps.map(({ what, why }) => ({ code: "not-read", what: `${what}: ${why}`, names: [], advice: "see the permissions above" }));
}
