/** One X-Ray segment document -> a span for it and for each of its subsegments. */
import type { Source } from "../../model/formats.ts";
import { type Id, normaliseId, traceIdOf } from "../../model/ids.ts";
import type { Json, Span } from "../../model/records.ts";
import type { FactReader } from "./line-facts.ts";
import { NO_IDS } from "./line-facts.ts";
import { arnOf, functionOf, isUuid } from "./names.ts";
import { list, num, obj, type Obj, text } from "./schema.ts";

/** Span ID -> the request that the span runs for, and its parent: how a function's segment finds its request ID. */
export type Nodes = Map<string, { requestId: string | null; parent: string | null }>;

/** Nesting beyond this is cut (documents are at most 64 KB). */
const DEPTH = 100;

/** What every span of a segment has in common. */
interface Around {
  traceId: string;
  account: string | null;
  region: string | null;
  origin: string | null;
  fn: string | null;
  requestId: string | null;
}

export interface SegmentReader {
  /** Adds the spans of a segment. Returns why it cannot be read, else null. */
  read(segment: Obj, nodes: Nodes, spans: Span[]): string | null;
  /** The span with the request ID of the Lambda service's segment above it, where its own document has none. */
  withRequest(span: Span, nodes: Nodes): Span;
}

/** Reads segments of one source; numbers the spans in the order in which they are read (`xray.order`). */
export function segmentReader(source: Source, facts: FactReader): SegmentReader {
  let order = 0;

  function around(segment: Obj): Around | string {
    const traceId = traceIdOf(text(segment["trace_id"]) ?? "");
    if (traceId === null) return `a segment without a readable trace_id: ${text(segment["trace_id"]) ?? "none"}`;
    const aws = obj(segment["aws"]) ?? {};
    const origin = text(segment["origin"]);
    const arn = text(aws["function_arn"]) ?? text(segment["resource_arn"]);
    const parts = arnOf(arn);
    const lambda = origin === "AWS::Lambda" || origin === "AWS::Lambda::Function";
    const request = text(aws["request_id"]);
    const account = text(aws["account_id"]) ?? parts?.account ?? null;
    return {
      traceId,
      origin,
      account: account !== null && /^\d{12}$/.test(account) ? account : source.account,
      region: parts?.region ?? text(aws["region"]) ?? source.region,
      fn: lambda ? (functionOf(arn)?.fn ?? text(segment["name"])) : null,
      requestId: lambda && request !== null && isUuid(request) ? request.toLowerCase() : null,
    };
  }

  function add(node: Obj, up: Around, parent: string | null, spans: Span[], nodes: Nodes, depth: number): string | null {
    const id = text(node["id"]);
    const name = text(node["name"]);
    const startedAt = seconds(node["start_time"]);
    if (id === null || !/^[0-9a-f]{16}$/i.test(id)) return `a segment without a 16-digit id: ${id ?? name ?? "unnamed"}`;
    if (startedAt === null) return `segment ${id} has no readable start_time`;
    const spanId = id.toLowerCase();
    const endedAt = seconds(node["end_time"]);
    const root = depth === 0;
    const parentSpanId = text(node["parent_id"])?.toLowerCase() ?? parent;
    const inProgress = node["in_progress"] === true || endedAt === null;
    const subsegments = list(node["subsegments"]);
    nodes.set(spanId, { requestId: up.requestId, parent: parentSpanId });
    spans.push({
      type: "span",
      cloud: "aws",
      account: up.account,
      region: up.region,
      traceId: up.traceId,
      spanId,
      parentSpanId,
      name: name ?? spanId,
      fn: up.fn,
      requestId: up.requestId,
      kind: kindOf(node, root),
      isInvocation: root && up.origin === "AWS::Lambda::Function",
      startedAt,
      // half-written subsegments carry an end although they say that they go on
      endedAt: node["in_progress"] === true ? null : endedAt,
      inProgress,
      error: node["error"] === true,
      fault: node["fault"] === true,
      throttle: node["throttle"] === true,
      inferred: node["inferred"] === true,
      origin: text(node["origin"]),
      namespace: text(node["namespace"]),
      links: linksOf(node),
      attributes: { "xray.order": order++, ...attributesOf(node, root, subsegments) },
      ids: idsOf(node, facts),
    });
    for (const one of depth < DEPTH ? subsegments : []) {
      const sub = obj(one);
      const reason = sub === null ? "a subsegment that is not an object" : add(sub, up, spanId, spans, nodes, depth + 1);
      if (reason !== null) return reason;
    }
    return null;
  }

  return {
    read(segment, nodes, spans) {
      const up = around(segment);
      return typeof up === "string" ? up : add(segment, up, null, spans, nodes, 0);
    },
    withRequest(span, nodes) {
      if (span.requestId !== null || span.fn === null) return span;
      let at = nodes.get(span.spanId)?.parent ?? null;
      // a cycle of parents ends after as many steps as there are nodes
      for (let steps = 0; at !== null && steps <= nodes.size; steps++) {
        const node = nodes.get(at);
        if (node === undefined) return span;
        if (node.requestId !== null) return { ...span, requestId: node.requestId };
        at = node.parent;
      }
      return span;
    },
  };
}

/** Epoch seconds (fraction, exponent) to epoch ms, to the microsecond that X-Ray keeps; null: not a time. */
function seconds(value: Json | undefined): number | null {
  const n = num(value);
  return n === null || n < 946_684_800 || n > 4_102_444_800 ? null : Math.round(n * 1e6) / 1e3;
}

const SENDS = new Set(["Publish", "PublishBatch", "SendMessage", "SendMessageBatch", "PutEvents", "PutRecord", "PutRecords"]);

function kindOf(node: Obj, root: boolean): Span["kind"] {
  const operation = text(obj(node["aws"])?.["operation"]);
  if (operation !== null && SENDS.has(operation) && node["inferred"] !== true) return "producer";
  if (root && node["type"] !== "subsegment") return "server";
  return text(node["namespace"]) === null ? "internal" : "client";
}

function linksOf(node: Obj): Span["links"] {
  const found: Span["links"] = [];
  for (const one of list(node["links"])) {
    const link = obj(one);
    const traceId = traceIdOf(text(link?.["trace_id"]) ?? "");
    const spanId = text(link?.["id"])?.toLowerCase();
    if (traceId !== null && spanId !== undefined) found.push({ traceId, spanId });
  }
  return found;
}

/** Fields of `aws` that name a resource or an operation; request and response bodies are never in segment documents. */
const AWS_FIELDS = [
  "operation",
  "region",
  "request_id",
  "retries",
  "table_name",
  "bucket_name",
  "key",
  "queue_url",
  "topic_arn",
  "message_id",
  "function_name",
  "function_arn",
  "invocation_type",
  "status_code",
  "resource_arn",
];

function attributesOf(node: Obj, root: boolean, subsegments: Json[]): { [key: string]: Json } {
  const found: { [key: string]: Json } = { "xray.type": root && node["type"] !== "subsegment" ? "segment" : "subsegment" };
  const aws = obj(node["aws"]) ?? {};
  for (const field of AWS_FIELDS) {
    const value = aws[field];
    if (typeof value === "string" || typeof value === "number") found[`aws.${field}`] = value;
  }
  const names = list(aws["resource_names"]).filter((name) => typeof name === "string");
  if (names.length > 0) found["aws.resource_names"] = names;
  const request = obj(obj(node["http"])?.["request"]);
  const response = obj(obj(node["http"])?.["response"]);
  put(found, "http.method", request?.["method"]);
  put(found, "http.url", withoutQuery(text(request?.["url"])));
  put(found, "http.status", num(response?.["status"]));
  put(found, "http.response.body.size", num(response?.["content_length"]));
  put(found, "resource_arn", text(node["resource_arn"]));
  put(found, "sql.database", text(obj(node["sql"])?.["database_type"]));
  const exception = obj(list(obj(node["cause"])?.["exceptions"])[0]);
  put(found, "error.type", text(exception?.["type"]));
  if (root && text(node["origin"]) === "AWS::Lambda::Function") {
    found["coldStart"] = subsegments.some((one) => obj(one)?.["name"] === "Initialization");
  }
  return found;
}

function put(into: { [key: string]: Json }, key: string, value: Json | undefined): void {
  if (value !== null && value !== undefined && value !== "") into[key] = value;
}

/** A URL without its query and user part, which may hold secrets. AWS actions (`?Action=StartExecution`) are kept. */
function withoutQuery(url: string | null): string | null {
  if (url === null) return null;
  const action = /[?&](Action=\w+)/.exec(url)?.[1];
  const bare = url.replace(/[?#].*$/s, "").replace(/\/\/[^/@]*@/, "//");
  return action === undefined ? bare : `${bare}?${action}`;
}

function idsOf(node: Obj, facts: FactReader): Id[] {
  const aws = obj(node["aws"]);
  const gateway = text(obj(aws?.["api_gateway"])?.["request_id"]);
  const message = text(aws?.["message_id"]);
  const arn = text(aws?.["resource_arn"]) ?? text(node["resource_arn"]);
  const found: Id[] = [];
  if (node["annotations"] !== undefined || node["metadata"] !== undefined) {
    found.push(...facts.idsIn([node["annotations"] ?? null, node["metadata"] ?? null]));
  }
  if (message !== null) found.push({ kind: "message", value: normaliseId(message) });
  if (gateway !== null) found.push({ kind: "request", value: normaliseId(gateway) });
  if (arn !== null && /^arn:[\w-]+:states:[^:]*:[^:]*:(?:execution|express):/.test(arn)) found.push({ kind: "execution", value: arn });
  return found.length === 0 ? NO_IDS : found;
}
