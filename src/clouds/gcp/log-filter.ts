/**
 * Every filter that is sent to Cloud Logging and Cloud Monitoring. Pure. Values from outside (IDs, names) stand in quotes only, escaped.
 *
 * Logging: https://cloud.google.com/logging/docs/view/logging-query-language (at most 20,000 characters). Bounds of time are always explicit:
 * without them the client libraries look at the last day alone. Monitoring: https://cloud.google.com/monitoring/api/v3/filters
 */
import type { EpochMs } from "../../model/units.ts";
import type { Span } from "../room.ts";

/** "The length of a query can't exceed 20,000 characters." */
export const MAX_FILTER_CHARS = 20_000;

/** Kinds of monitored resources that functions log as, with the label that names the function: https://cloud.google.com/monitoring/api/resources */
export const NAMED_BY = { cloud_run_revision: "service_name", cloud_function: "function_name", cloud_run_job: "job_name" } as const;
export type ResourceType = keyof typeof NAMED_BY;
const TYPES = Object.keys(NAMED_BY) as ResourceType[];

/** One function as its log entries name it. A 2nd gen function is the Run service under it. */
export interface LoggedAs {
  type: ResourceType;
  name: string;
  /** Region; null: not told. */
  location: string | null;
}

/** Whose lines are meant. */
export interface LogScope {
  project: string;
  /** null: those of every service, function and job. */
  services: readonly LoggedAs[] | null;
  /** Only in these regions. Empty: all. */
  locations: readonly string[];
}

/** A quoted string: no value can end it, or begin another restriction. Lone surrogates, which no UTF-8 has, become U+FFFD. */
export function quoted(value: string): string {
  const escaped = value
    .toWellFormed()
    .replace(/["\\]/g, String.raw`\$&`)
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `"${escaped}"`;
}

/** `field="a"`, `field=("a" OR "b")`. */
export function anyOf(field: string, values: readonly string[], operator: "=" | ":" = "="): string {
  const texts = values.map(quoted);
  return texts.length === 1 ? `${field}${operator}${texts[0]}` : `${field}${operator}(${texts.join(" OR ")})`;
}

/** Half-open, like every window. */
export function inWindow(window: Span): string {
  return `timestamp>=${quoted(iso(window.from))} AND timestamp<${quoted(iso(window.to))}`;
}

function iso(at: EpochMs): string {
  return new Date(at).toISOString();
}

/** Logs of Cloud Run's own: https://cloud.google.com/run/docs/logging */
const REQUESTS = "run.googleapis.com%2Frequests";
const SYSTEM = "run.googleapis.com%2Fvarlog%2Fsystem";
/** Everything of a 1st gen function, the platform's lines among its own. */
const GEN1 = "cloudfunctions.googleapis.com%2Fcloud-functions";
/** What the platform writes into it (`logs/gen1.ts`, `logs/lines.ts`). */
const GEN1_PLATFORM = ["Function execution started", "Function execution took", "memory limit exceeded"];

/** Names of logs, as entries have them. */
function logs(project: string, names: readonly string[]): string {
  return anyOf(
    "logName",
    names.map((name) => `projects/${project}/logs/${name}`),
  );
}

/** The platform's lines: request logs, system lines, the first and last line of a 1st gen execution. */
function platformLines(project: string): string {
  return `(${logs(project, [REQUESTS, SYSTEM])} OR (${logs(project, [GEN1])} AND ${anyOf("textPayload", GEN1_PLATFORM, ":")}))`;
}

/** Who changed or read what: not lines of functions, and much of it. */
const NOT_AUDIT = 'NOT logName:"cloudaudit.googleapis.com"';

function located(locations: readonly string[]): string[] {
  if (locations.length === 0) return [];
  return [`(${anyOf("resource.labels.location", locations)} OR ${anyOf("resource.labels.region", locations)})`];
}

/** Restrictions to the services, each at most `maxChars` long; together they cover all. Empty: there are none. */
function resources({ services, locations }: LogScope, maxChars: number): string[] {
  if (services === null) return [[anyOf("resource.type", TYPES), ...located(locations)].join(" AND ")];
  return TYPES.flatMap((type) => {
    const names = [...new Set(services.filter((one) => one.type === type).map((one) => one.name))].sort();
    const head = [anyOf("resource.type", [type]), ...located(locations)].join(" AND ");
    const whole = (some: readonly string[]): string => `${head} AND ${anyOf(`resource.labels.${NAMED_BY[type]}`, some)}`;
    const room = maxChars - whole([""]).length;
    return packed(names, room, (name) => quoted(name).length + " OR ".length).map(whole);
  });
}

/** Values in groups of at most so many characters, in their order; each group holds at least one. */
export function packed<Value>(values: readonly Value[], maxChars: number, charsOf: (value: Value) => number): Value[][] {
  const groups: Value[][] = [];
  let room = 0;
  for (const value of values) {
    const chars = charsOf(value);
    if (groups.length === 0 || chars > room) {
      groups.push([]);
      room = maxChars;
    }
    groups.at(-1)!.push(value);
    room -= chars;
  }
  return groups;
}

/** What is asked of the services besides who and when. */
export interface Asked {
  /** platform: the platform's own lines. all: every line. */
  lines: "platform" | "all";
  /**
   * Requests that began before the window, back to this time, but whose entry came in it: an entry carries the time its request began, and
   * is written when it ended. null: none.
   */
  lateFrom: EpochMs | null;
}

/** Room that the restriction to services leaves for the rest of a filter of lines. */
const REST_CHARS = 1_500;

/** Filters that together give the lines of a window; one, unless so many services are named that they do not fit. Empty: no service is named. */
export function lineFilters(scope: LogScope, window: Span, { lines, lateFrom }: Asked): string[] {
  const kind = lines === "platform" ? platformLines(scope.project) : NOT_AUDIT;
  const bounds =
    lateFrom === null || lateFrom >= window.from
      ? inWindow(window)
      : `${inWindow({ from: lateFrom, to: window.to })} AND (timestamp>=${quoted(iso(window.from))} OR (${logs(scope.project, [REQUESTS])} AND receiveTimestamp>=${quoted(iso(window.from))}))`;
  return resources(scope, MAX_FILTER_CHARS - REST_CHARS).map((who) => `${bounds} AND ${who} AND ${kind}`);
}

/** Room that any restriction of a search is left, besides services and window. */
export const SEARCH_CHARS = 10_000;

/** Filters for lines of the services that satisfy any of some restrictions, which take at most `SEARCH_CHARS`. */
export function searchFilters(scope: LogScope, window: Span, restrictions: readonly string[]): string[] {
  const any = restrictions.length === 1 ? restrictions[0]! : `(${restrictions.join(" OR ")})`;
  return resources(scope, MAX_FILTER_CHARS - SEARCH_CHARS - REST_CHARS).map(
    (who) => `${inWindow(window)} AND ${who} AND ${NOT_AUDIT} AND ${any}`,
  );
}

/** The entry's own trace, as the platform names it, or as a logger that leaves the project out. */
export function traceIs(project: string, traceIds: readonly string[]): string {
  return anyOf(
    "trace",
    traceIds.flatMap((id) => [`projects/${project}/traces/${id}`, id]),
  );
}

/** Lines in which the platform says why it ended requests on these instances; they name no trace. */
export function faultsOn(project: string, instanceIds: readonly string[]): string {
  const said = anyOf("textPayload", ["memory limit", "maximum request timeout"], ":");
  return `(${logs(project, [SYSTEM])} AND ${anyOf("labels.instanceId", instanceIds)} AND ${said})`;
}

/** The execution that the entry names: that of a 1st gen function, and of 2nd gen ones that log it. */
export function executionIs(ids: readonly string[]): string {
  return anyOf("labels.execution_id", ids);
}

/** Most values of `one_of` that are sent. */
const ONE_OF = 100;

/** A restriction to some series, in Monitoring's language. */
export function seriesOf(field: string, values: readonly string[]): string {
  return `${field} = ${values.length === 1 ? quoted(values[0]!) : `one_of(${values.map(quoted).join(", ")})`}`;
}

/**
 * Series of one metric, of these resources alone. More resources than a filter should name are not named: then all are read, and those that
 * are not meant are left out afterwards. `names` null: of all.
 */
export function seriesFilter(metric: string, label: string, names: readonly string[] | null): string {
  const all = names === null || names.length === 0 || names.length > ONE_OF;
  return [seriesOf("metric.type", [metric]), ...(all ? [] : [seriesOf(`resource.labels.${label}`, names)])].join(" AND ");
}
