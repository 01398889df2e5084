/**
 * Jaeger JSON: answers of its query API and downloads of its UI (`{"data": [{traceID, spans, processes}]}`), the documents of its
 * storage (one span with its process, alone, in an array or in an Elasticsearch answer), and protobuf dumps with base64 IDs.
 */
import { attempt } from "../../model/attempt.ts";
import type { Format, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { arrayAt, isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Json, Span } from "../../model/records.ts";
import { epochMsOfText } from "../../model/times.ts";
import type { EpochMs, Ms } from "../../model/units.ts";
import { hexId } from "./otlp-values.ts";
import { giveSpan } from "./span-record.ts";

interface Found {
  span: JsonObject;
  process: JsonObject | null;
}

/** True for a span in any of Jaeger's spellings. */
function isSpan(value: Json | undefined): value is JsonObject {
  if (!isObject(value) || textAt(value, "spanID") === null) return isObject(value) && isDumpedSpan(value);
  return textAt(value, "traceID") !== null;
}

function isDumpedSpan(value: JsonObject): boolean {
  return textAt(value, "spanId") !== null && textAt(value, "traceId") !== null && "operationName" in value;
}

/** The spans of a document, each with its process. */
function spansIn(document: Json, depth = 4): Found[] {
  if (depth < 0) return [];
  if (Array.isArray(document)) return document.flatMap((item) => spansIn(item, depth - 1));
  if (!isObject(document)) return [];
  const spans = arrayAt(document, "spans");
  if (spans !== null) {
    const processes = objectAt(document, "processes") ?? {};
    return spans
      .filter(isSpan)
      .map((span) => ({ span, process: objectAt(span, "process") ?? objectAt(processes, textAt(span, "processID") ?? "") }));
  }
  if (isSpan(document)) return [{ span: document, process: objectAt(document, "process") }];
  const hits = arrayAt(objectAt(document, "hits") ?? {}, "hits");
  if (hits !== null) return hits.flatMap((hit) => (isObject(hit) && isObject(hit["_source"]) ? spansIn(hit["_source"], depth - 1) : []));
  const list = arrayAt(document, "data", "ndjson");
  return list === null ? [] : list.flatMap((item) => spansIn(item, depth - 1));
}

/** Tags as a plain object: `{key, type, value}`, `{key, vType, vInt64}`, or the map that Elasticsearch keeps (`http@status_code`). */
function tagsOf(holder: JsonObject | null): JsonObject {
  const plain: JsonObject = {};
  if (holder === null) return plain;
  for (const [key, value] of Object.entries(objectAt(holder, "tag") ?? {})) plain[key.replaceAll("@", ".")] = value;
  for (const tag of arrayAt(holder, "tags") ?? []) {
    const key = isObject(tag) ? textAt(tag, "key") : null;
    if (key === null || !isObject(tag)) continue;
    plain[key] = tag["value"] ?? tag["vStr"] ?? tag["vInt64"] ?? tag["vBool"] ?? tag["vFloat64"] ?? typedDefault(tag);
  }
  return plain;
}

/** protobuf leaves default values out: `{key, vType: "BOOL"}` is false. */
function typedDefault(tag: JsonObject): Json {
  const type = textAt(tag, "vType");
  return type === "BOOL" ? false : type === "INT64" || type === "FLOAT64" ? 0 : "";
}

const UNITS_MS: { readonly [unit: string]: Ms } = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Microseconds, or a Go duration (`1000ns`, `1m2.5s`). null: not a duration. */
export function durationMsOf(value: Json | undefined): Ms | null {
  if (typeof value === "number") return Number.isFinite(value) ? value / 1000 : null;
  if (typeof value !== "string" || value === "") return null;
  if (/^\d+$/.test(value)) return Number(value) / 1000;
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(value)) return null;
  let total = 0;
  for (const m of value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) total += Number(m[1]) * UNITS_MS[m[2]!]!;
  return total;
}

/** Microseconds since 1970, or RFC 3339. */
function startOf(value: Json | undefined): EpochMs | null {
  if (typeof value === "number") return value > 0 && Number.isFinite(value) ? value / 1000 : null;
  if (typeof value !== "string") return null;
  return /^\d+$/.test(value) ? Number(value) / 1000 : epochMsOfText(value);
}

/** Jaeger drops leading zeros and writes 64-bit trace IDs as 16 digits; the W3C form has 32. */
function jaegerId(text: string | null, bytes: 8 | 16): string | null {
  if (text === null) return null;
  if (/^[0-9a-f]+$/i.test(text) && text.length <= bytes * 2) return hexId(text.padStart(bytes * 2, "0"), bytes);
  return hexId(text, bytes);
}

function readSpan({ span, process }: Found, source: Source, sink: Sink, keys: IdKeys, broken: (reason: string) => void): void {
  const spanId = jaegerId(textAt(span, "spanID", "spanId"), 8);
  if (spanId === null) return broken("span without a span ID");
  const startedAt = startOf(span["startTime"]);
  if (startedAt === null) return broken(`span ${spanId} without a readable start time`);
  const duration = span["duration"];
  const durationMs = durationMsOf(duration);
  if (durationMs === null && duration !== undefined && duration !== null)
    return broken(`span ${spanId}: ${JSON.stringify(duration).slice(0, 40)} is not a duration`);
  const traceId = jaegerId(textAt(span, "traceID", "traceId"), 16);
  const attributes = tagsOf(span);
  const resource = tagsOf(process);
  const service = process === null ? null : textAt(process, "serviceName");
  if (service !== null) resource["service.name"] = service;
  const { parentSpanId, links } = referencesOf(span, traceId);
  const kind = textAt(attributes, "span.kind")?.toLowerCase();
  giveSpan(
    {
      traceId,
      spanId,
      parentSpanId,
      name: textAt(span, "operationName") ?? "",
      kind: KINDS.find((one) => one === kind) ?? "unknown",
      startedAt,
      endedAt: durationMs === null ? null : startedAt + durationMs,
      failed: attributes["error"] === true || attributes["error"] === "true" || attributes["otel.status_code"] === "ERROR",
      links,
      attributes,
      resource,
    },
    source,
    sink,
    keys,
  );
}

const KINDS: readonly Span["kind"][] = ["server", "client", "producer", "consumer", "internal"];

/** The parent is the first CHILD_OF in the same trace, else the first FOLLOWS_FROM in it; every other reference is a link. */
function referencesOf(span: JsonObject, traceId: string | null): { parentSpanId: string | null; links: Span["links"] } {
  const references = (arrayAt(span, "references") ?? []).filter(isObject).map((reference) => ({
    // protobuf leaves the default CHILD_OF out
    follows: textAt(reference, "refType") === "FOLLOWS_FROM",
    traceId: jaegerId(textAt(reference, "traceID", "traceId"), 16),
    spanId: jaegerId(textAt(reference, "spanID", "spanId"), 8),
  }));
  const own = references.filter((reference) => reference.traceId === traceId && reference.spanId !== null);
  const parent = own.find((reference) => !reference.follows) ?? own[0];
  const links: Span["links"] = [];
  for (const reference of references) {
    if (reference !== parent && reference.traceId !== null && reference.spanId !== null)
      links.push({ traceId: reference.traceId, spanId: reference.spanId });
  }
  return { parentSpanId: parent?.spanId ?? jaegerId(textAt(span, "parentSpanID", "parentSpanId"), 8), links };
}

/** The format. */
export const jaeger: Format = {
  id: "jaeger",
  title: "Jaeger JSON",
  kind: "json",
  lookedFor: "traceID and spanID with operationName, in data[].spans, in an array or alone",
  recognise(document) {
    const found = spansIn(Array.isArray(document) ? document.slice(0, 5) : document);
    if (found.length === 0) return 0;
    return found.some(({ span }) => "operationName" in span) ? 90 : 60;
  },
  open(source, sink, keys) {
    return {
      read(document, at) {
        const broken = (reason: string): void => sink.broken(reason, at);
        const found = spansIn(document);
        if (found.length === 0) sink.ignored("no spans in the answer");
        for (const one of found) attempt(sink, at, () => readSpan(one, source, sink, keys, broken));
      },
      end() {},
    };
  },
};
