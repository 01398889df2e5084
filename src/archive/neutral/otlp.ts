/** OTLP JSON: one request per file, an array of them, or the lines of the collector's file exporter, in which signals mix. */
import { attempt } from "../../model/attempt.ts";
import type { Format, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { arrayAt, isObject, type JsonObject, numberAt, objectAt, textAt, textOf } from "../../model/json.ts";
import type { Json, LogEvent, Span } from "../../model/records.ts";
import { epochMsOfNanos } from "../../model/times.ts";
import { addId, correlationIds, placementOf, requestIdOf } from "./conventions.ts";
import { readMetric } from "./otlp-metrics.ts";
import { attributesOf, envelopeOf, hexId, plainValue, scopesOf } from "./otlp-values.ts";
import { giveSpan } from "./span-record.ts";

type Broken = (reason: string) => void;

const KINDS: readonly Span["kind"][] = ["unknown", "internal", "server", "client", "producer", "consumer"];

/** Span kind by its number or its name (`SPAN_KIND_SERVER`, `SERVER`). */
function kindOf(value: Json | undefined): Span["kind"] {
  if (typeof value === "number" || /^\d$/.test(textOf(value) ?? "")) return KINDS[Number(value)] ?? "unknown";
  const name = (textOf(value) ?? "").replace(/^SPAN_KIND_/, "").toLowerCase();
  return KINDS.find((kind) => kind === name) ?? "unknown";
}

/** True for status ERROR (2). */
function isFailed(span: JsonObject): boolean {
  const code = textOf(objectAt(span, "status")?.["code"]);
  return code === "2" || code === "STATUS_CODE_ERROR" || code === "ERROR";
}

function readSpan(span: JsonObject, resource: JsonObject, source: Source, sink: Sink, keys: IdKeys, broken: Broken): void {
  const spanId = hexId(textAt(span, "spanId", "span_id"), 8);
  if (spanId === null) return broken("span without a span ID");
  const startedAt = epochMsOfNanos(span["startTimeUnixNano"] ?? span["start_time_unix_nano"]);
  if (startedAt === null) return broken(`span ${spanId} without a start time`);
  const attributes = attributesOf(span);
  const exception = (arrayAt(span, "events") ?? []).filter(isObject).find((event) => event["name"] === "exception");
  const exceptionType = exception === undefined ? null : textAt(attributesOf(exception), "exception.type");
  if (exceptionType !== null && !("exception.type" in attributes)) attributes["exception.type"] = exceptionType;
  giveSpan(
    {
      traceId: hexId(textAt(span, "traceId", "trace_id"), 16),
      spanId,
      parentSpanId: hexId(textAt(span, "parentSpanId", "parent_span_id"), 8),
      name: textAt(span, "name") ?? "",
      kind: kindOf(span["kind"]),
      startedAt,
      endedAt: epochMsOfNanos(span["endTimeUnixNano"] ?? span["end_time_unix_nano"]),
      failed: isFailed(span),
      links: linksOf(span),
      attributes,
      resource,
    },
    source,
    sink,
    keys,
  );
}

function linksOf(span: JsonObject): Span["links"] {
  const links: Span["links"] = [];
  for (const link of arrayAt(span, "links") ?? []) {
    if (!isObject(link)) continue;
    const traceId = hexId(textAt(link, "traceId", "trace_id"), 16);
    const spanId = hexId(textAt(link, "spanId", "span_id"), 8);
    if (traceId !== null && spanId !== null) links.push({ traceId, spanId });
  }
  return links;
}

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

function levelOf(record: JsonObject): string | null {
  const number = numberAt(record, "severityNumber", "severity_number");
  if (number !== null && number >= 1 && number <= 24) return LEVELS[Math.floor((number - 1) / 4)] ?? null;
  const text = textAt(record, "severityText", "severity_text")?.toUpperCase() ?? null;
  if (text === null) return null;
  return LEVELS.find((level) => text.startsWith(level)) ?? null;
}

function readLog(record: JsonObject, resource: JsonObject, source: Source, sink: Sink, keys: IdKeys, broken: Broken): void {
  const at =
    epochMsOfNanos(record["timeUnixNano"] ?? record["time_unix_nano"]) ??
    epochMsOfNanos(record["observedTimeUnixNano"] ?? record["observed_time_unix_nano"]);
  if (at === null) return broken("log record without a time");
  const own = attributesOf(record);
  const all = { ...resource, ...own };
  const placement = placementOf(all);
  const message = messageOf(record, own);
  const event: LogEvent = {
    type: "log",
    cloud: placement.cloud,
    account: placement.account ?? source.account,
    region: placement.region ?? source.region,
    at,
    fn: placement.fn ?? placement.service ?? source.fn,
    stream: textAt(all, "faas.instance", "service.instance.id", "k8s.pod.name"),
    kind: "function",
    level: levelOf(record),
    requestId: requestIdOf(own, false),
    traceId: hexId(textAt(record, "traceId", "trace_id"), 16),
    spanId: hexId(textAt(record, "spanId", "span_id"), 8),
    message,
    sizeBytes: Buffer.byteLength(JSON.stringify(record)),
    ids: keys.inText(message),
  };
  for (const id of correlationIds(all, keys)) addId(event.ids, id);
  const messageId = textAt(own, "messaging.message.id", "messaging.message_id");
  if (messageId !== null) addId(event.ids, { kind: "message", value: messageId });
  sink.record(event);
}

/** The body as it was written; without one the event's name or the exception. */
function messageOf(record: JsonObject, attributes: JsonObject): string {
  const body = plainValue(record["body"]);
  if (typeof body === "string") return body;
  if (body !== null) return JSON.stringify(body);
  const exception = textAt(attributes, "exception.message", "exception.type");
  return textAt(record, "eventName", "event_name") ?? exception ?? "";
}

/** The format. */
export const otlp: Format = {
  id: "otlp",
  title: "OpenTelemetry protocol (OTLP) JSON: traces, logs, metrics",
  kind: "json",
  lookedFor: "resourceSpans, resourceLogs or resourceMetrics",
  recognise(document) {
    const { spans, logs, metrics } = envelopeOf(document);
    const found = [...spans.slice(0, 3), ...logs.slice(0, 3), ...metrics.slice(0, 3)];
    const signals = ["Spans", "Logs", "Metrics"] as const;
    if (found.some((group) => "resource" in group || signals.some((signal) => scopesOf(group, signal).length > 0))) return 90;
    return isObject(document) && ["resourceSpans", "resourceLogs", "resourceMetrics"].some((key) => Array.isArray(document[key])) ? 50 : 0;
  },
  open(source, sink, keys) {
    return {
      read(document, at) {
        const broken: Broken = (reason) => sink.broken(reason, at);
        const { spans, logs, metrics } = envelopeOf(document);
        if (spans.length + logs.length + metrics.length === 0) sink.ignored("request without resources");
        const one = (work: () => void): void => attempt(sink, at, work);
        each(spans, "Spans", "spans", (span, resource) => one(() => readSpan(span, resource, source, sink, keys, broken)));
        each(logs, "Logs", "logRecords", (record, resource) => one(() => readLog(record, resource, source, sink, keys, broken)));
        each(metrics, "Metrics", "metrics", (metric, resource) => one(() => readMetric(metric, resource, source, sink, broken)));
      },
      end() {},
    };
  },
};

const SNAKE: { readonly [field: string]: string } = { spans: "spans", logRecords: "log_records", metrics: "metrics" };

function each(
  groups: JsonObject[],
  signal: "Spans" | "Logs" | "Metrics",
  field: string,
  read: (item: JsonObject, resource: JsonObject) => void,
): void {
  for (const group of groups) {
    const resource = attributesOf(objectAt(group, "resource"));
    for (const scope of scopesOf(group, signal)) {
      const items = arrayAt(scope, field, SNAKE[field]!, ...(signal === "Logs" ? ["logs"] : [])) ?? [];
      for (const item of items) if (isObject(item)) read(item, resource);
    }
  }
}
