/** One LogEntry -> one LogEvent, and what its text says about the platform (cold start, memory, time limit). */
import type { IdKeys } from "../../../model/id-keys.ts";
import type { Source } from "../../../model/formats.ts";
import { normaliseId } from "../../../model/ids.ts";
import { type JsonObject, textAt } from "../../../model/json.ts";
import type { LogEvent, LogKind } from "../../../model/records.ts";
import type { Bytes, EpochMs, Mib } from "../../../model/units.ts";
import { addId } from "../messages/pubsub.ts";
import type { HttpRequest, LogEntry } from "../schema.ts";

/** https://cloud.google.com/run/docs/logging names the logs; `cloud-functions` is that of 1st gen functions. */
const REQUEST_LOG = "run.googleapis.com/requests";
const SYSTEM_LOG = "run.googleapis.com/varlog/system";
const OUTPUT_LOGS = new Set(["run.googleapis.com/stdout", "run.googleapis.com/stderr"]);
const GEN1_LOG = "cloudfunctions.googleapis.com/cloud-functions";

/** True for entries of 1st gen functions; a 2nd gen function logs as the Cloud Run service under it. */
export function isGen1(entry: LogEntry): boolean {
  return entry.resourceType === "cloud_function" && (entry.logId === GEN1_LOG || entry.logId === "");
}

/** True for the request log of a Cloud Run service (a 2nd gen function): one entry per request. */
export function isRequest(entry: LogEntry): boolean {
  return entry.logId === REQUEST_LOG && entry.http !== null;
}

/** True for the logs that Cloud Run itself writes. */
export function isPlatformLog(entry: LogEntry): boolean {
  return entry.logId === SYSTEM_LOG || entry.logId === REQUEST_LOG;
}

/** Function, service or job that an entry is about; null: another kind of resource. */
export function functionOf(entry: Pick<LogEntry, "resourceType" | "resourceLabels">): string | null {
  const labels = entry.resourceLabels;
  if (entry.resourceType === "cloud_function") return textAt(labels, "function_name");
  if (entry.resourceType === "cloud_run_revision") return textAt(labels, "service_name", "configuration_name");
  if (entry.resourceType === "cloud_run_job") return textAt(labels, "job_name");
  return null;
}

/** Region of a monitored resource: `location` or `region`, or the zone without its letter. */
export function regionOf(labels: JsonObject): string | null {
  const place = textAt(labels, "location", "region") ?? textAt(labels, "zone")?.replace(/-[a-z]$/, "");
  return place?.toLowerCase() ?? null;
}

const LEVELS: { readonly [severity: string]: string } = {
  DEBUG: "DEBUG",
  INFO: "INFO",
  NOTICE: "INFO",
  WARNING: "WARN",
  ERROR: "ERROR",
  CRITICAL: "FATAL",
  ALERT: "FATAL",
  EMERGENCY: "FATAL",
};

const OOM = /memory limit (?:of ([\d.]+) ?(Mi?B|Gi?B) )?exceeded(?: with ([\d.]+) ?(Mi?B|Gi?B) used)?/i;
const TIMEOUT = /reached the maximum request timeout|request (?:has )?timed? ?out/i;
const NO_INSTANCE = /no available instance|rate exceeded/i;
const NEW_INSTANCE = /^Starting new instance\b/i;

/** What a line of the platform says. */
export interface PlatformFact {
  newInstance: boolean;
  oom: boolean;
  timeout: boolean;
  noInstance: boolean;
  /** Configured and used memory of `Memory limit of 256 MiB exceeded with 260 MiB used`. */
  limitMib: Mib | null;
  usedMib: Mib | null;
}

/** Reads a line of `varlog/system`, of a request log or of a 1st gen function; null: it says nothing of the kind. */
export function platformFactOf(text: string | null): PlatformFact | null {
  if (text === null) return null;
  const oom = OOM.exec(text);
  const fact = {
    newInstance: NEW_INSTANCE.test(text),
    oom: oom !== null,
    timeout: TIMEOUT.test(text),
    noInstance: NO_INSTANCE.test(text),
    limitMib: mibOf(oom?.[1], oom?.[2]),
    usedMib: mibOf(oom?.[3], oom?.[4]),
  };
  return fact.newInstance || fact.oom || fact.timeout || fact.noInstance ? fact : null;
}

function mibOf(amount: string | undefined, unit: string | undefined): Mib | null {
  if (amount === undefined || unit === undefined) return null;
  return Number(amount) * (unit.toUpperCase().startsWith("G") ? 1024 : 1);
}

/** The log event of an entry; `at` is the entry's time, known not to be null. */
export function logEventOf(entry: LogEntry, at: EpochMs, sizeBytes: Bytes, source: Source, keys: IdKeys): LogEvent {
  const message = messageOf(entry);
  const event: LogEvent = {
    type: "log",
    cloud: "gcp",
    account: entry.project ?? source.account,
    region: regionOf(entry.resourceLabels) ?? source.region,
    at,
    fn: functionOf(entry) ?? source.fn,
    stream: streamOf(entry),
    kind: kindOf(entry),
    level: entry.severity === null ? null : (LEVELS[entry.severity] ?? null),
    requestId: textAt(entry.labels, "execution_id"),
    traceId: entry.traceId,
    spanId: entry.spanId,
    message,
    sizeBytes,
    ids: keys.inText(entry.http?.url == null ? message : `${message} ${entry.http.url.replaceAll(/[?&]/g, " ")}`),
  };
  for (const [name, value] of Object.entries(entry.labels)) {
    if (typeof value === "string" && keys.isCorrelationKey(name)) addId(event.ids, { kind: "correlation", value: normaliseId(value) });
  }
  const execution = textAt(entry.labels, "run.googleapis.com/execution_name");
  if (execution !== null) addId(event.ids, { kind: "execution", value: execution });
  return event;
}

/** Instance that ran the entry's code. */
export function streamOf(entry: LogEntry): string | null {
  return textAt(entry.labels, "instanceId", "instance_id") ?? textAt(entry.resourceLabels, "instance_id");
}

function kindOf(entry: LogEntry): LogKind {
  if (isGen1(entry)) {
    if (entry.text?.startsWith("Function execution started")) return "start";
    if (entry.text?.startsWith("Function execution took ")) return "end";
    return /^(?:Function invocation was interrupted\. )?Error: memory limit exceeded/i.test(entry.text ?? "") ? "oom" : "function";
  }
  if (isPlatformLog(entry)) {
    const fact = platformFactOf(entry.text);
    return fact?.oom ? "oom" : fact?.newInstance ? "init_start" : "platform";
  }
  if (OUTPUT_LOGS.has(entry.logId)) return "function";
  return entry.proto !== null || entry.logId.startsWith("cloudaudit.") ? "platform" : "function";
}

function messageOf(entry: LogEntry): string {
  const request = entry.http === null ? null : requestLine(entry.http);
  if (entry.text !== null) return request === null || !isRequest(entry) ? entry.text : `${request}: ${entry.text}`;
  if (entry.json !== null) return JSON.stringify(entry.json);
  if (entry.proto !== null) return auditLine(entry.proto);
  return request ?? "";
}

/** `GET https://host/path 200`, without the query, which may hold secrets. */
function requestLine(http: HttpRequest): string {
  return [http.method, http.url?.split("?")[0], http.status].filter((part) => part !== null && part !== undefined).join(" ");
}

/** Method, resource and status of an audit log; requests and responses in it may hold anything and stay out. */
function auditLine(proto: JsonObject): string {
  const parts = [
    textAt(proto, "serviceName", "service_name"),
    textAt(proto, "methodName", "method_name"),
    textAt(proto, "resourceName", "resource_name"),
  ];
  return parts.filter((part) => part !== null).join(" ");
}
