/** Cloud Logging from a list of entries: filters are read by the test servers' own reader, which was written from Google's page. */
import type { JsonObject } from "../../src/model/json.ts";
import { matches, parseFilter } from "../peers/support/gcp/filter.ts";
import { denied, HOUR_MS, PROJECT, REGION, scriptedGcp, type ScriptedGcp } from "./scripted-gcp.ts";

/** Pages of `entries.list`, oldest entry first. `pageSize`: entries of a page, where not what was asked for. */
export function logPages(entries: readonly JsonObject[], pageSize?: number): (request: JsonObject) => JsonObject[] {
  const sorted = [...entries].sort((a, b) => (String(a["timestamp"]) < String(b["timestamp"]) ? -1 : 1));
  return (asked) => {
    const filter = parseFilter(String(asked["filter"]));
    const found = sorted.filter((one) => matches(filter, one));
    const size = pageSize ?? Number(asked["pageSize"]);
    const pages = Array.from({ length: Math.max(1, Math.ceil(found.length / size)) }, (_, i): JsonObject => {
      const some = found.slice(i * size, (i + 1) * size);
      // REST leaves out an empty list
      return {
        ...(some.length === 0 ? {} : { entries: some }),
        ...((i + 1) * size < found.length ? { nextPageToken: `page ${i + 1}` } : {}),
      };
    });
    return pages;
  };
}

const iso = (at: number): string => new Date(at).toISOString();
let count = 0;

function entry(at: number, log: string, type: string, labels: JsonObject, more: JsonObject): JsonObject {
  return {
    insertId: `e${++count}`,
    logName: `projects/${PROJECT}/logs/${encodeURIComponent(log)}`,
    resource: { type, labels: { project_id: PROJECT, ...labels } },
    timestamp: iso(at),
    receiveTimestamp: iso(at + 200),
    severity: "INFO",
    ...more,
  };
}

export const traceId = (n: number): string => `e${n.toString(16).padStart(31, "0")}`;
const spanId = (n: number): string => `b${n.toString(16).padStart(15, "0")}`;
/** How a request is named that names no execution. */
export const requestId = (n: number): string => `${traceId(n)}/${spanId(n)}`;
const run = (name: string, region = REGION): JsonObject => ({
  service_name: name,
  configuration_name: name,
  revision_name: `${name}-00001-abc`,
  location: region,
});

/** The request log's entry: stamped with the request's beginning, written at its end. */
export function request(name: string, n: number, at: number, latencyMs = 120, more: JsonObject = {}): JsonObject {
  return entry(at, "run.googleapis.com/requests", "cloud_run_revision", run(name), {
    httpRequest: {
      requestMethod: "POST",
      requestUrl: `https://${name}.a.run.app/`,
      status: 200,
      latency: `${latencyMs / 1000}s`,
      userAgent: "curl",
    },
    trace: `projects/${PROJECT}/traces/${traceId(n)}`,
    spanId: spanId(n),
    labels: { instanceId: `instance-${name}` },
    receiveTimestamp: iso(at + latencyMs + 100),
    ...more,
  });
}

/** A line that a service wrote itself; without `n` it names no trace. */
export function line(name: string, n: number | null, at: number, payload: JsonObject | string, region = REGION): JsonObject {
  return entry(at, "run.googleapis.com/stdout", "cloud_run_revision", run(name, region), {
    ...(typeof payload === "string" ? { textPayload: payload } : { jsonPayload: payload }),
    ...(n === null ? {} : { trace: `projects/${PROJECT}/traces/${traceId(n)}` }),
    labels: { instanceId: `instance-${name}` },
  });
}

/** A line of the platform about an instance. */
export function systemLine(name: string, at: number, text: string): JsonObject {
  return entry(at, "run.googleapis.com/varlog/system", "cloud_run_revision", run(name), {
    textPayload: text,
    labels: { instanceId: `instance-${name}` },
  });
}

/** A line of a 1st gen function. */
export function gen1Line(name: string, execution: string, at: number, text: string): JsonObject {
  return entry(
    at,
    "cloudfunctions.googleapis.com/cloud-functions",
    "cloud_function",
    { function_name: name, region: REGION },
    {
      textPayload: text,
      labels: { execution_id: execution },
    },
  );
}

/** An entry of the audit log, which names the service as well. */
export function auditEntry(name: string, at: number): JsonObject {
  return entry(at, "cloudaudit.googleapis.com/data_access", "cloud_run_revision", run(name), { protoPayload: { methodName: "run.get" } });
}

/** Cloud Logging with these entries. `counts`: what Monitoring says of entries by the hour's end; null: it may not be asked. */
export function logServer(
  entries: readonly JsonObject[],
  counts: { [endOfHour: string]: number } | null = {},
  pageSize?: number,
  project = PROJECT,
): ScriptedGcp {
  const points = Object.entries(counts ?? {}).map(([end, int64Value]) => ({
    interval: { startTime: new Date(Date.parse(end) - HOUR_MS).toISOString(), endTime: end },
    value: { int64Value: String(int64Value) },
  }));
  const series = { metric: { type: "logging.googleapis.com/log_entry_count" }, resource: { type: "cloud_run_revision" }, points };
  const counted = (asked: JsonObject): object =>
    String(asked["filter"]).includes('"cloud_run_revision"') && points.length > 0 ? { timeSeries: [series] } : {};
  return scriptedGcp(
    {
      "logging:ListLogEntries": logPages(entries, pageSize),
      "monitoring:ListTimeSeries": counts === null ? denied("monitoring:ListTimeSeries") : counted,
    },
    project,
  );
}
