/**
 * CloudWatch Logs as JSON: FilterLogEvents and GetLogEvents responses, bare events (one per line, or an array), subscription
 * payloads (decoded, or base64 + gzip), Logs Insights results, and lines of Lambda's JSON log format without an envelope.
 */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { Json } from "../../model/records.ts";
import { logNormaliser, type LogNormaliser } from "./normalise.ts";
import { firstText, list, moment, obj, type Obj, text } from "./schema.ts";
import { recorded } from "./recorded.ts";
import { unpack } from "./unpack.ts";

export const cloudwatchLogs: Format = {
  id: "aws.cloudwatch-logs",
  title: "CloudWatch Logs events",
  kind: "json",
  lookedFor:
    "an object with `events`, `logEvents` or `awslogs.data`, events with `timestamp` and `message`, Insights `results`, or lines of Lambda's JSON log format",
  recognise: (document) => (isStreamEvent(document) ? STREAM_EVENT : score(recorded(document))),
  open: openLogs,
};

const STREAM_EVENT = 90;

/** A bare event with its stream: by far the commonest document, told without looking further. */
function isStreamEvent(document: Json): boolean {
  const o = obj(document);
  return (
    o !== null &&
    typeof o["message"] === "string" &&
    typeof o["timestamp"] === "number" &&
    ("logStream" in o || "logStreamName" in o) &&
    o["timestamp"] > 1e12
  );
}

/** How sure it is that this is a log export, see `Format.recognise`. */
function score(document: Json): number {
  const first = Array.isArray(document) ? document[0] : document;
  if (Array.isArray(document)) return first === undefined ? 0 : obj(first) === null ? 0 : scoreEvent(first as Obj);
  const o = obj(document);
  if (o === null) return 0;
  if (text(obj(o["awslogs"])?.["data"]) !== null) return 100;
  if (Array.isArray(o["logEvents"])) return text(o["messageType"]) === null ? 80 : 100;
  if (Array.isArray(o["events"])) return scoreEvents(o);
  if (insightRows(o).length > 0) return 85;
  if (packedIn(o).length > 0) return 90;
  return scoreEvent(o);
}

function scoreEvents(o: Obj): number {
  const events = list(o["events"]);
  if (events.length === 0) return "nextToken" in o || "nextForwardToken" in o || "searchedLogStreams" in o ? 70 : 0;
  const first = obj(events[0]);
  const sure = first === null ? 0 : scoreEvent(first);
  return sure === 0 ? 0 : Math.min(sure + 5, 95);
}

function scoreEvent(o: Obj): number {
  if (isPlatformRecord(o)) return 90;
  if (isSdkEvent(o)) return 85;
  if (!("message" in o)) return isApplicationLine(o) || isMetricLine(o) ? 55 : 0;
  const named = ["logGroup", "logGroupName", "logStream", "logStreamName", "eventId", "ingestionTime", "ptr"].some((name) => name in o);
  const at = o["timestamp"];
  if (isEpoch(at)) return named ? STREAM_EVENT : 60;
  if (named) return 50;
  return isApplicationLine(o) ? 55 : 0;
}

/** An event as the Go and .NET SDKs name its fields. */
function isSdkEvent(o: Obj): boolean {
  return "Message" in o && "Timestamp" in o && ("EventId" in o || "IngestionTime" in o || "LogStreamName" in o);
}

/** A line of the embedded metric format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
function isMetricLine(o: Obj): boolean {
  return Array.isArray(obj(o["_aws"])?.["CloudWatchMetrics"]);
}

function isEpoch(value: Json | undefined): boolean {
  return (typeof value === "number" || (typeof value === "string" && /^\d{10,13}$/.test(value))) && moment(value) !== null;
}

/** `{"time","type":"platform.report","record"}`, and the Telemetry API's `function` and `extension` records. */
function isPlatformRecord(o: Obj): boolean {
  const type = o["type"];
  return typeof type === "string" && "record" in o && typeof o["time"] === "string" && /^(platform\.|function$|extension$)/.test(type);
}

/** A line of Lambda's JSON log format or of Powertools, without an envelope around it. */
function isApplicationLine(o: Obj): boolean {
  if (typeof o["timestamp"] !== "string" || !("level" in o || "cold_start" in o)) return false;
  return ["requestId", "function_request_id", "function_arn", "xray_trace_id", "cold_start", "location", "AWSRequestId"].some(
    (name) => name in o,
  );
}

function openLogs(source: Source, sink: Sink, keys: IdKeys): Reader {
  const logs = logNormaliser(source, sink, keys);
  return {
    read(document, at) {
      readLogs(recorded(document), at, logs, sink);
    },
    end() {
      logs.end();
    },
  };
}

function readLogs(document: Json, at: Position, logs: LogNormaliser, sink: Sink): void {
  const o = obj(document);
  if (o !== null) {
    // first what there are millions of
    if ("message" in o && !("logEvents" in o)) return readEvent(o, null, null, at, logs, sink);
    if ("events" in o)
      return readAll(list(o["events"]), firstText(o, "logGroupName", "logGroup"), firstText(o, "logStreamName"), at, logs, sink);
    if ("logEvents" in o) return readSubscription(o, at, logs, sink);
    const packed = text(obj(o["awslogs"])?.["data"]);
    if (packed !== null) return readPacked(packed, at, logs, sink);
    if (Array.isArray(o["results"])) return readInsights(o, at, logs, sink);
    const records = packedIn(o);
    if (records.length > 0) return records.forEach((data) => readPacked(data, at, logs, sink));
  }
  if (Array.isArray(document)) return readAll(document, null, null, at, logs, sink);
  if (o === null) return sink.broken("not a log event", at);
  readEvent(o, null, null, at, logs, sink);
}

/** Events of one response; GetLogEvents without `startFromHead` and FilterLogEvents newest-first are turned round. */
function readAll(events: Json[], group: string | null, stream: string | null, at: Position, logs: LogNormaliser, sink: Sink): void {
  if (events.length === 0) return sink.ignored("a log export without events");
  const first = moment(obj(events[0])?.["timestamp"]);
  const last = moment(obj(events.at(-1))?.["timestamp"]);
  const ordered = first !== null && last !== null && first > last ? events.toReversed() : events;
  for (const one of ordered) {
    const event = obj(one);
    if (event === null) sink.broken("a log event that is not an object", at);
    else readEvent(event, group, stream, at, logs, sink);
  }
}

function readEvent(o: Obj, group: string | null, stream: string | null, position: Position, logs: LogNormaliser, sink: Sink): void {
  const stamp = o["timestamp"];
  const message = o["message"];
  if (typeof stamp === "number" && typeof message === "string" && stamp > 1e12) {
    return logs.event(stamp, message, groupOf(o) ?? group, streamOf(o) ?? stream, position);
  }
  if (typeof stamp === "string" && !/^\d+$/.test(stamp)) return readApplicationLine(o, stamp, position, logs, sink);
  if (isPlatformRecord(o)) {
    const at = moment(o["time"]);
    if (at === null) return sink.broken("a platform record without a readable `time`", position);
    return logs.event(at, messageOfRecord(o), groupOf(o) ?? group, streamOf(o) ?? stream, position);
  }
  if (isSdkEvent(o)) return readEvent(sdkEvent(o), group, stream, position, logs, sink);
  const at = stamp === undefined && isMetricLine(o) ? moment(obj(o["_aws"])?.["Timestamp"]) : moment(stamp);
  if (at !== null && message === undefined && isMetricLine(o)) return logs.event(at, JSON.stringify(o), group, stream, position);
  if (at === null) return sink.broken("a log event without a readable `timestamp`", position);
  if (message === undefined || message === null) return sink.broken("a log event without `message`", position);
  logs.event(at, typeof message === "string" ? message : JSON.stringify(message), groupOf(o) ?? group, streamOf(o) ?? stream, position);
}

/** The Telemetry API puts what a function or extension wrote into `record`. */
function messageOfRecord(o: Obj): string {
  const record = o["record"];
  if (o["type"] !== "function" && o["type"] !== "extension") return JSON.stringify(o);
  return typeof record === "string" ? record : JSON.stringify(record);
}

function sdkEvent(o: Obj): Obj {
  return { timestamp: o["Timestamp"] ?? null, message: o["Message"] ?? null, logStreamName: o["LogStreamName"] ?? null };
}

/** A bare line of a function: the line is the message. */
function readApplicationLine(o: Obj, stamp: string, position: Position, logs: LogNormaliser, sink: Sink): void {
  const at = moment(stamp);
  if (at === null) return sink.broken(`a log line with an unreadable time: ${stamp.slice(0, 40)}`, position);
  const enveloped = groupOf(o) !== null || streamOf(o) !== null;
  const message = enveloped && typeof o["message"] === "string" ? o["message"] : JSON.stringify(o);
  logs.event(at, message, groupOf(o), streamOf(o), position);
}

function groupOf(o: Obj): string | null {
  const found = o["logGroup"] ?? o["logGroupName"] ?? o["logGroupIdentifier"] ?? o["log_group"];
  return typeof found === "string" ? found : null;
}

function streamOf(o: Obj): string | null {
  const found = o["logStream"] ?? o["logStreamName"] ?? o["log_stream"];
  return typeof found === "string" ? found : null;
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html */
function readSubscription(o: Obj, at: Position, logs: LogNormaliser, sink: Sink): void {
  if (o["messageType"] === "CONTROL_MESSAGE") return sink.ignored("CloudWatch control message");
  logs.scope(/^\d{12}$/.test(text(o["owner"]) ?? "") ? text(o["owner"]) : null, null);
  readAll(list(o["logEvents"]), groupOf(o), streamOf(o), at, logs, sink);
}

/** Payloads of a subscription that goes through Kinesis (`Records[].kinesis.data`) or Firehose (`records[].data`); empty: a document of something else. */
function packedIn(o: Obj): string[] {
  const found: string[] = [];
  for (const one of list(o["Records"] ?? o["records"])) {
    const record = obj(one);
    const data = text(obj(record?.["kinesis"])?.["data"] ?? record?.["data"]);
    if (data === null || !data.startsWith("H4sI")) return [];
    found.push(data);
  }
  return found.length > 0 && isSubscription(unpack(found[0]!)) ? found : [];
}

function isSubscription(payload: Json | null): boolean {
  const o = obj(payload);
  return o !== null && Array.isArray(o["logEvents"]) && text(o["messageType"]) !== null;
}

function readPacked(data: string, at: Position, logs: LogNormaliser, sink: Sink): void {
  const inner = unpack(data);
  if (inner === null) return sink.broken("`awslogs.data` is not base64 of gzipped JSON", at);
  readLogs(inner, at, logs, sink);
}

/** Rows of GetQueryResults as field -> value; empty where the document is something else. */
function insightRows(o: Obj): { [field: string]: string }[] {
  const rows = list(o["results"]);
  const cells = list(rows[0]);
  if (cells.length === 0 || text(obj(cells[0])?.["field"]) === null) return [];
  return rows.map((row) =>
    Object.fromEntries(list(row).map((cell) => [text(obj(cell)?.["field"]) ?? "", text(obj(cell)?.["value"]) ?? ""])),
  );
}

function readInsights(o: Obj, position: Position, logs: LogNormaliser, sink: Sink): void {
  const rows = insightRows(o);
  if (rows.length === 0) return sink.ignored("Logs Insights: a query without results");
  const times = rows.map((row) => moment(row["@timestamp"]));
  const newestFirst = (times[0] ?? 0) > (times.at(-1) ?? 0);
  for (const row of newestFirst ? rows.toReversed() : rows) {
    const at = moment(row["@timestamp"]);
    const message = row["@message"];
    if (at === null || !message) {
      sink.ignored("Logs Insights: a row without @timestamp and @message");
      continue;
    }
    // @log is `<account>:<group>`
    const [, account, group] = /^(\d{12}):(.*)$/.exec(row["@log"] ?? "") ?? [];
    logs.scope(account ?? null, null);
    logs.event(at, message, group ?? null, row["@logStream"] || null, position);
  }
}
