/**
 * Diagnostic records: what Azure Monitor sends to an Event Hub (`{"records": [...]}`) or writes into a storage account
 * (`PT1H.json`, one record per line): https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema
 */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { type JsonObject, isObject } from "../../model/json.ts";
import type { Json, LogEvent } from "../../model/records.ts";
import { bytesOf } from "./bare-records.ts";
import { addId } from "./context.ts";
import { tableNamed, telemetry } from "./normalise.ts";
import { rowOf } from "./schema.ts";
import { unlessTooDeep } from "./too-deep.ts";
import { levelOf } from "./traces.ts";
import { bagOf, field, regionOf, resourceIdOf, textOf, timeOf } from "./values.ts";

/** Records of an envelope; null: no envelope. A record may be a list itself (batched by a forwarder). */
function recordsIn(body: Json): Json[] | null {
  if (!isObject(body)) return null;
  const records = body["records"];
  return Array.isArray(records) ? records.flat() : null;
}

function isRecord(value: Json): value is JsonObject {
  if (!isObject(value)) return false;
  const names = new Set(Object.keys(value).map((key) => key.toLowerCase()));
  return names.has("resourceid") && (names.has("category") || names.has("type")) && (names.has("time") || names.has("timestamp"));
}

function score(document: Json): number {
  const records = recordsIn(document);
  if (records !== null) return records.slice(0, 5).some(isRecord) ? 90 : 0;
  if (Array.isArray(document)) return document.length > 0 && document.slice(0, 5).every(isRecord) ? 75 : 0;
  return isRecord(document) && textOf(field(document, "resourceId"))?.startsWith("/") ? 75 : 0;
}

/** A resource log of another category: a log event, whole. */
function generic(record: JsonObject, category: string, source: Source, sink: Sink, keys: IdKeys, at: Position): void {
  const time = timeOf(field(record, "time")) ?? timeOf(field(record, "timeStamp"));
  if (time === null) {
    sink.broken(`${category}: a record without a readable time`, at);
    return;
  }
  const resource = resourceIdOf(field(record, "resourceId"));
  const properties = field(record, "properties");
  const bag = bagOf(properties) ?? {};
  const operation = textOf(field(record, "operationName"));
  const result = textOf(field(record, "resultDescription")) ?? textOf(field(record, "resultType"));
  const said = textOf(bag["message"]) ?? textOf(bag["Message"]) ?? textOf(bag["resultDescription"]) ?? textOf(bag["ResultDescription"]);
  const message =
    said ?? [operation ?? category, result, Object.keys(bag).length > 0 ? JSON.stringify(bag) : null].filter((x) => x !== null).join(" ");
  const text = JSON.stringify(record);
  const ids = keys.inText(text);
  const correlation = textOf(field(record, "correlationId"));
  if (correlation !== null) addId(ids, "correlation", correlation);
  const event: LogEvent = {
    type: "log",
    cloud: "azure",
    account: resource?.subscription ?? source.account,
    region: regionOf(field(record, "location")) ?? source.region,
    at: time,
    fn: resource?.type === "microsoft.web/sites" ? resource.name!.toLowerCase() : source.fn,
    stream: textOf(field(record, "Host")) ?? textOf(bag["instanceId"]),
    kind: "platform",
    level: levelOf(field(record, "level")),
    requestId: null,
    traceId: null,
    spanId: null,
    message,
    sizeBytes: bytesOf(text),
    ids,
  };
  sink.record(event);
}

function open(source: Source, sink: Sink, keys: IdKeys): Reader {
  const into = telemetry(source, sink, keys);
  function readRecord(record: Json, at: Position): void {
    if (!isObject(record)) {
      sink.broken("a diagnostic record that is not an object", at);
      return;
    }
    const category = textOf(field(record, "Type")) ?? textOf(field(record, "category"));
    if (category === null) {
      sink.broken("a diagnostic record without category", at);
      return;
    }
    if (tableNamed(category) === null) return generic(record, category, source, sink, keys, at);
    if (category.toLowerCase() !== "functionapplogs") return into.row(rowOf(Object.entries(record)), category, at);
    // FunctionAppLogs: the fields lie in `properties` (object, JSON or single-quoted pseudo-JSON)
    const bag = bagOf(field(record, "properties"));
    if (bag === null && field(record, "message") === undefined) {
      sink.broken("FunctionAppLogs: properties that cannot be read", at);
      return;
    }
    const { time, resourceId, location, level } = Object.fromEntries(
      Object.entries(record).map(([key, value]) => [key[0]!.toLowerCase() + key.slice(1), value]),
    );
    const outer = Object.entries({ time, resourceId, location, level });
    const exception = bagOf(bag?.["exception"] ?? null);
    const inner = Object.entries(bag ?? record).filter(([key]) => key !== "exception" && key !== "category");
    const category2 = textOf(bag?.["category"] ?? null);
    into.row(
      rowOf([
        ...outer.filter(([, value]) => value !== undefined),
        ...inner,
        ["Category", category2],
        ["ExceptionType", exception?.["Type"] ?? exception?.["type"] ?? null],
        ["ExceptionMessage", exception?.["Message"] ?? exception?.["message"] ?? null],
      ]),
      "FunctionAppLogs",
      at,
    );
  }
  return {
    read(document, at) {
      for (const record of recordsIn(document) ?? (Array.isArray(document) ? document : [document])) {
        unlessTooDeep(sink, at, () => readRecord(record, at));
      }
    },
    end: () => into.end(),
  };
}

export const diagnosticRecords: Format = {
  id: "azure.diagnostic-records",
  title: "Azure Monitor diagnostic records (Event Hub, storage account)",
  kind: "json",
  lookedFor: '{"records":[{"time":…,"resourceId":"/SUBSCRIPTIONS/…","category" or "Type":…}]}, or such records one per line',
  recognise: score,
  open,
};
