/** Trace context inside messages: AWSTraceHeader, traceparent, and the `_datadog` carriers (text, binary, base64). */
import { parentSpanIdOf, traceIdOf } from "../../model/ids.ts";
import type { Json } from "../../model/records.ts";
import { obj, type Obj, parsed, text } from "./schema.ts";

/** The sender's trace and span; nulls: none carried. */
export interface TraceContext {
  traceId: string | null;
  parentSpanId: string | null;
  /** Datadog's own decimal form, by which its log lines name the trace. */
  datadogId?: string;
}

export const NO_TRACE: TraceContext = { traceId: null, parentSpanId: null };

/** Context in a header value: `Root=...;Parent=...`, a traceparent, a bare trace ID. */
export function contextOfHeader(value: Json | undefined): TraceContext {
  const header = text(Array.isArray(value) ? value[0] : value);
  if (header === null) return NO_TRACE;
  const traceId = traceIdOf(header);
  return traceId === null ? NO_TRACE : { traceId, parentSpanId: parentSpanIdOf(header) };
}

/** The first of these that carries a trace. */
export function firstContext(...contexts: TraceContext[]): TraceContext {
  return contexts.find((context) => context.traceId !== null) ?? NO_TRACE;
}

/** Context in HTTP-like headers or attributes, whatever the case of their names; W3C before X-Ray before Datadog. */
export function contextOfHeaders(headers: Obj | null): TraceContext {
  if (headers === null) return NO_TRACE;
  const lower: Obj = {};
  for (const [name, value] of Object.entries(headers)) lower[name.toLowerCase()] = value;
  return firstContext(
    contextOfHeader(lower["traceparent"]),
    contextOfHeader(lower["x-amzn-trace-id"]),
    contextOfHeader(lower["awstraceheader"]),
    datadogContext(lower),
    lower["_datadog"] === undefined ? NO_TRACE : carrier(lower["_datadog"]),
  );
}

/** Context in SQS or SNS message attributes: `{name: {stringValue | Value | binaryValue}}`. */
export function contextOfAttributes(attributes: Obj | null): TraceContext {
  if (attributes === null) return NO_TRACE;
  const flat: Obj = {};
  for (const [name, value] of Object.entries(attributes)) flat[name] = attributeValue(value) ?? null;
  return contextOfHeaders(flat);
}

/** The value of one message attribute, in the SQS, SNS or SDK spelling; null: none. */
export function attributeValue(attribute: Json | undefined): string | null {
  if (typeof attribute === "string") return attribute;
  const o = obj(attribute);
  if (o === null) return null;
  const plain = text(o["stringValue"]) ?? text(o["StringValue"]) ?? text(o["Value"]);
  return plain ?? text(o["binaryValue"]) ?? text(o["BinaryValue"]);
}

/** A `_datadog` carrier: JSON, or base64 of JSON. */
function carrier(value: Json | undefined): TraceContext {
  const o = obj(parsed(value)) ?? (typeof value === "string" ? obj(parsed(Buffer.from(value, "base64").toString("utf8"))) : null);
  if (o === null) return NO_TRACE;
  return firstContext(contextOfHeader(o["traceparent"]), datadogContext(o));
}

/** `x-datadog-trace-id` is the lower half of the trace ID in decimal; `_dd.p.tid` among the tags is the upper half. */
function datadogContext(o: Obj): TraceContext {
  const low = hexOfDecimal(o["x-datadog-trace-id"]);
  if (low === null) return NO_TRACE;
  const high = /_dd\.p\.tid=([0-9a-f]{16})/.exec(text(o["x-datadog-tags"]) ?? "")?.[1] ?? "0".repeat(16);
  return { traceId: high + low, parentSpanId: hexOfDecimal(o["x-datadog-parent-id"]), datadogId: BigInt(`0x${low}`).toString() };
}

/** 64-bit decimals are beyond 2^53: read as text. */
function hexOfDecimal(value: Json | undefined): string | null {
  const digits = typeof value === "number" ? String(value) : text(value);
  if (digits === null || !/^\d{1,20}$/.test(digits) || /^0+$/.test(digits)) return null;
  const n = BigInt(digits);
  return n > 0xffff_ffff_ffff_ffffn ? null : n.toString(16).padStart(16, "0");
}
