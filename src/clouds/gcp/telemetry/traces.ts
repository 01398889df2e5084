/**
 * Cloud Trace -> spans. v1 (`projects.traces.list`): decimal span IDs, labels. v2 (`batchWrite` requests): hex IDs, attribute map.
 * https://cloud.google.com/trace/docs/reference/v1/rest/v1/projects.traces
 */
import type { Sink, Source } from "../../../model/formats.ts";
import type { IdKeys } from "../../../model/id-keys.ts";
import { type Id, normaliseId, traceIdOf } from "../../../model/ids.ts";
import { arrayAt, isObject, type JsonObject, numberOf, objectAt, textAt } from "../../../model/json.ts";
import type { Json, Span } from "../../../model/records.ts";
import { epochMsOf } from "../../../model/times.ts";
import { addId } from "../messages/pubsub.ts";
import { decimalSpanId, partOf, spanIdOf } from "../schema.ts";

/** True for a v1 Trace. */
export function isTrace(value: Json | undefined): value is JsonObject {
  return isObject(value) && typeof value["traceId"] === "string" && ("projectId" in value || "spans" in value) && !("traceID" in value);
}

/** True for a v2 Span (`projects/P/traces/T/spans/S`). */
export function isTraceSpan(value: Json | undefined): value is JsonObject {
  return isObject(value) && /^projects\/[^/]+\/traces\/[^/]+\/spans\//.test(textAt(value, "name") ?? "");
}

const KINDS: { readonly [kind: string]: Span["kind"] } = {
  RPC_SERVER: "server",
  RPC_CLIENT: "client",
  SERVER: "server",
  CLIENT: "client",
  PRODUCER: "producer",
  CONSUMER: "consumer",
  INTERNAL: "internal",
};

/** Gives the spans of one v1 trace. */
export function readTrace(trace: JsonObject, source: Source, sink: Sink, keys: IdKeys, broken: (reason: string) => void): void {
  const spans = arrayAt(trace, "spans");
  if (spans === null || spans.length === 0) return sink.ignored("trace without spans: list traces with view=COMPLETE");
  const traceId = traceIdOf(textAt(trace, "traceId") ?? "");
  const project = textAt(trace, "projectId");
  for (const raw of spans) {
    const id = isObject(raw) ? textAt(raw, "spanId") : null;
    if (!isObject(raw) || id === null || !/^\d{1,20}$/.test(id)) {
      broken("span without a decimal span ID");
      continue;
    }
    const parent = textAt(raw, "parentSpanId");
    give(raw, broken, sink, {
      traceId,
      spanId: decimalSpanId(id),
      parentSpanId: parent === null || !/^\d{1,20}$/.test(parent) || parent === "0" ? null : decimalSpanId(parent),
      name: textAt(raw, "name") ?? "",
      kind: KINDS[textAt(raw, "kind") ?? ""] ?? "unknown",
      labels: objectAt(raw, "labels") ?? {},
      project,
      source,
      keys,
      links: [],
      failed: false,
    });
  }
}

/** Gives one v2 span. */
export function readTraceSpan(raw: JsonObject, source: Source, sink: Sink, keys: IdKeys, broken: (reason: string) => void): void {
  const path = textAt(raw, "name") ?? "";
  const spanId = spanIdOf(textAt(raw, "spanId") ?? partOf(path, "spans"));
  if (spanId === null) return broken("span without a span ID");
  const display = objectAt(raw, "displayName", "display_name");
  const status = objectAt(raw, "status");
  give(raw, broken, sink, {
    traceId: traceIdOf(partOf(path, "traces") ?? ""),
    spanId,
    parentSpanId: spanIdOf(textAt(raw, "parentSpanId", "parent_span_id")),
    name: (display === null ? null : textAt(display, "value")) ?? "",
    kind: KINDS[textAt(raw, "spanKind", "span_kind") ?? ""] ?? "unknown",
    labels: attributeMap(objectAt(raw, "attributes")),
    project: partOf(path, "projects"),
    source,
    keys,
    links: linksOf(objectAt(raw, "links")),
    failed: status !== null && (numberOf(status["code"]) ?? 0) > 0,
  });
}

interface Read {
  traceId: string | null;
  spanId: string;
  parentSpanId: string | null;
  name: string;
  kind: Span["kind"];
  labels: JsonObject;
  project: string | null;
  source: Source;
  keys: IdKeys;
  links: Span["links"];
  failed: boolean;
}

function give(raw: JsonObject, broken: (reason: string) => void, sink: Sink, read: Read): void {
  const { labels } = read;
  const startedAt = epochMsOf(raw["startTime"] ?? raw["start_time"]);
  const endedAt = epochMsOf(raw["endTime"] ?? raw["end_time"]);
  if (startedAt === null) return broken(`span ${read.spanId} without a readable start time`);
  const fn = textAt(labels, "g.co/r/cloud_run_revision/service_name", "g.co/r/cloud_function/function_name", "faas.name");
  const status = numberOf(fieldOfLabels(labels, "/http/status_code", "http.status_code", "http.response.status_code"));
  const callerFault = status !== null && status >= 400 && status < 500;
  // the platform's own span is the run; a tracer inside the function adds a server span of its own below it
  const isInvocation = fn !== null && read.kind === "server" && textAt(labels, "g.co/agent") === null;
  const execution = textAt(labels, "faas.invocation_id", "faas.execution");
  const ids: Id[] = [];
  for (const [key, value] of Object.entries(labels)) {
    if (typeof value === "string" && read.keys.isCorrelationKey(key)) addId(ids, { kind: "correlation", value: normaliseId(value) });
  }
  const region = textAt(labels, "g.co/r/cloud_run_revision/location", "g.co/r/cloud_function/region", "cloud.region");
  sink.record({
    type: "span",
    cloud: "gcp",
    account: read.project ?? read.source.account,
    region: region?.toLowerCase() ?? read.source.region,
    traceId: read.traceId,
    spanId: read.spanId,
    parentSpanId: read.parentSpanId,
    name: read.name,
    fn: fn ?? read.source.fn,
    requestId: execution ?? (isInvocation && read.traceId !== null ? `${read.traceId}/${read.spanId}` : null),
    kind: read.kind,
    isInvocation,
    startedAt,
    endedAt,
    inProgress: endedAt === null,
    error: callerFault,
    fault: (status !== null && status >= 500) || (read.failed && !callerFault),
    throttle: status === 429,
    inferred: false,
    origin: textAt(labels, "/component"),
    namespace: null,
    links: read.links,
    attributes: attributesOf(labels, status),
    ids,
  });
}

/** Facts that analyzers read; URLs lose their query, everything else stays out. */
function attributesOf(labels: JsonObject, status: number | null): JsonObject {
  const attributes: JsonObject = {};
  if (status !== null) attributes["http.status"] = status;
  const method = textAt(labels, "/http/method", "http.method", "http.request.method");
  if (method !== null) attributes["http.method"] = method;
  const host = textAt(labels, "/http/host", "http.host", "server.address");
  if (host !== null) attributes["http.host"] = host;
  const path = textAt(labels, "/http/path", "/http/route", "http.route", "http.target");
  if (path !== null) attributes["http.path"] = path.split("?")[0] ?? "";
  const error = textAt(labels, "/error/name", "exception.type", "error.type");
  if (error !== null) attributes["error.type"] = error;
  return attributes;
}

function fieldOfLabels(labels: JsonObject, ...names: string[]): string | undefined {
  return textAt(labels, ...names) ?? undefined;
}

function attributeMap(attributes: JsonObject | null): JsonObject {
  const map = attributes === null ? null : objectAt(attributes, "attributeMap", "attribute_map");
  const plain: JsonObject = {};
  for (const [key, value] of Object.entries(map ?? {})) {
    if (!isObject(value)) continue;
    const text = objectAt(value, "stringValue", "string_value");
    plain[key] =
      text === null
        ? (value["intValue"] ?? value["int_value"] ?? value["boolValue"] ?? value["bool_value"] ?? null)
        : (text["value"] ?? "");
  }
  return plain;
}

function linksOf(links: JsonObject | null): Span["links"] {
  const found: Span["links"] = [];
  for (const link of links === null ? [] : (arrayAt(links, "link") ?? [])) {
    const traceId = isObject(link) ? traceIdOf(textAt(link, "traceId", "trace_id") ?? "") : null;
    const spanId = isObject(link) ? spanIdOf(textAt(link, "spanId", "span_id")) : null;
    if (traceId !== null && spanId !== null) found.push({ traceId, spanId });
  }
  return found;
}
