/** Settings on AWS that lose telemetry. */
import type { Config } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import type { Finding } from "../room.ts";

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
  const muted = functions.filter(
    ({ settings: { logFormat, applicationLogLevel: level } }) =>
      logFormat === "JSON" && (level === "WARN" || level === "ERROR" || level === "FATAL"),
  );
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
      "application-log-level",
      "functions whose application log level is above INFO: correlation IDs in their INFO lines are dropped before they are kept",
      "set ApplicationLogLevel to INFO (LoggingConfig), or log the ID at the level that is kept",
      muted.map((one) => one.name),
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
