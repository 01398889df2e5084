/** `requests` / AppRequests: the run of a function (or of a web app's handler) as Application Insights saw it. */
import type { Position } from "../../model/formats.ts";
import { numberOf } from "../../model/json.ts";
import type { Id } from "../../model/ids.ts";
import type { ChannelKind, Invocation, Json, Message, Outcome, Span } from "../../model/records.ts";
import { type Context, type Facts, factsOf, functionOf, isWebName, parentOf, seenFunction, spanIdOf, withText } from "./context.ts";
import { triggerOf } from "./function-lines.ts";
import { cutGap, type Links, linksOf } from "./links.ts";
import type { Row } from "./schema.ts";
import { bagOf, boolOf, durationOf, functionName, momentOf, textOf } from "./values.ts";
import { bareInvocation, logged } from "./bare-records.ts";

/** Kind of channel behind each trigger. */
const CHANNELS: { readonly [trigger: string]: ChannelKind } = {
  servicebus: "queue",
  queue: "queue",
  eventhub: "stream",
  eventgrid: "bus",
  blob: "bucket",
  cosmosdb: "table",
};

/** How it ended: an error where the row says so or the status is 5xx. A long success stays one: no timeout is guessed from a duration. */
export function outcomeOf(success: Json | undefined, resultCode: Json | undefined): Outcome {
  const ok = boolOf(success);
  const code = numberOf(resultCode);
  if (ok === false || (code !== null && code >= 500 && code < 600)) return "error";
  if (ok === true) return "ok";
  return code !== null && code >= 100 && code < 500 ? "ok" : "unknown";
}

/** Queue, topic or hub of `sb://ns.servicebus.windows.net/orders` or `.../topic/subscriptions/s`; null: not a messaging endpoint. */
export function entityOf(endpoint: string | null): { channel: string; kind: ChannelKind } | null {
  if (endpoint === null) return null;
  const match =
    /^(?:[a-z]+:\/\/)?([a-z0-9-]+\.(?:servicebus|eventgrid)[a-z0-9.-]*|[a-z0-9]+\.queue\.core[a-z0-9.-]*)(?::\d+)?\s*[/|]\s*(.+)$/i.exec(
      endpoint.trim(),
    );
  if (match === null) return null;
  const parts = match[2]!
    .replace(/\/+$/, "")
    .replace(/\/\$(?:Transfer)?DeadLetterQueue$/i, "")
    .split("/");
  const isTopic = parts.some((p) => p.toLowerCase() === "subscriptions");
  return { channel: isTopic ? parts[0]! : parts.at(-1)!, kind: isTopic ? "topic" : "queue" };
}

function withoutQuery(url: string | null): string | null {
  return url === null ? null : url.replace(/[?#].*$/s, "");
}

function isFunctionRun(row: Row, facts: Facts): boolean {
  const { bag } = facts;
  return (
    facts.invocationId !== null ||
    bag["FunctionExecutionTimeMs"] !== undefined ||
    bag["Category"] === "Host.Results" ||
    bag["faas.name"] !== undefined ||
    /azurefunctions/i.test(textOf(row.fields.sdkVersion) ?? "")
  );
}

/** A request row, read. */
interface Request extends Links {
  facts: Facts;
  name: string | null;
  /** null: not a run of a function. */
  fn: string | null;
  requestId: string;
  spanId: string | null;
  parentSpanId: string | null;
  endedAt: number | null;
  durationMs: number | null;
  outcome: Outcome;
  /** HTTP status; null: none (`0` stands for that in runs without HTTP). */
  status: number | null;
  url: string | null;
  endpoint: ReturnType<typeof entityOf>;
  trigger: string | null;
  channel: string | null;
  /** Time that the message, or the oldest of a batch, waited. */
  waitedMs: number | null;
  deadLetter: boolean;
  ids: Id[];
}

/** The row's meaning, or why it has none. */
function requestOf(row: Row, facts: Facts, context: Context): Request | string {
  const { fields } = row;
  const { bag } = facts;
  const name = textOf(fields.name) ?? textOf(fields.operationName);
  const id = textOf(fields.id);
  const operation = textOf(fields.operationId);
  const requestId = facts.invocationId ?? (operation !== null && id !== null ? `${operation}.${id}` : (id ?? operation));
  if (requestId === null) return "requests: a row with neither InvocationId nor operation and id";
  const isRun = isFunctionRun(row, facts) || name === null || !isWebName(name);
  const plainName = name === null || isWebName(name) ? null : functionName(name);
  const fn = isRun ? (functionOf(row, facts) ?? plainName ?? context.source.fn ?? facts.app) : null;
  if (isRun && fn === null) return "requests: a run without a function name";
  const durationMs = durationOf(fields.duration);
  const code = numberOf(fields.resultCode);
  const url = textOf(fields.url);
  const source = textOf(fields.source);
  const endpoint = entityOf(source);
  const reason = triggerOf(textOf(bag["TriggerReason"]));
  const isHttp = textOf(bag["HttpMethod"]) !== null || (url !== null && /^https?:/i.test(url));
  return {
    facts,
    name,
    fn,
    requestId,
    spanId: id === null ? null : spanIdOf(id),
    parentSpanId: parentOf(facts),
    ...linksOf(row, facts),
    endedAt: durationMs === null ? null : facts.at + durationMs,
    durationMs,
    outcome: outcomeOf(fields.success, fields.resultCode),
    status: code !== null && code >= 100 && code < 600 ? code : null,
    url,
    endpoint,
    trigger: reason.trigger ?? (endpoint ? "servicebus" : isHttp ? "http" : textOf(bag["faas.trigger"])),
    channel: endpoint?.channel ?? reason.channel,
    waitedMs: durationOf(bagOf(fields.measurements)?.["timeSinceEnqueued"]) ?? durationOf(bag["timeSinceEnqueued"]),
    deadLetter: /\$deadletterqueue/i.test(source ?? ""),
    ids: url === null ? facts.ids : withText(facts, url, context.keys),
  };
}

function spanOf(request: Request, spanId: string): Span {
  const { facts, name, fn, requestId, status, outcome, endpoint, links, isBatch } = request;
  const callerFault = status !== null && status >= 400 && status < 500;
  const attributes = {
    "azure.app": facts.app,
    "http.status": status,
    "http.method": textOf(facts.bag["HttpMethod"]),
    "http.url": withoutQuery(request.url),
    "faas.trigger": request.trigger,
    "messaging.time_since_enqueued_ms": request.waitedMs,
  };
  return {
    type: "span",
    ...facts.scope,
    traceId: facts.traceId,
    spanId,
    parentSpanId: request.parentSpanId,
    name: name ?? fn ?? "request",
    fn,
    requestId: fn === null ? null : requestId,
    kind: isBatch || endpoint !== null ? "consumer" : "server",
    isInvocation: fn !== null,
    startedAt: facts.at,
    endedAt: request.endedAt,
    inProgress: false,
    error: callerFault,
    fault: outcome === "error" && !callerFault,
    throttle: status === 429,
    inferred: false,
    origin: fn === null ? "Application Insights request" : "Azure Functions",
    namespace: null,
    links,
    attributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null)),
    ids: request.ids,
  };
}

function invocationOf(request: Request, fn: string): Invocation {
  const { facts } = request;
  return {
    ...bareInvocation(facts, fn, request.requestId),
    endedAt: request.endedAt,
    durationMs: durationOf(facts.bag["FunctionExecutionTimeMs"]) ?? request.durationMs,
    coldStart: boolOf(facts.bag["faas.coldstart"]),
    outcome: request.outcome,
    spanId: request.spanId,
    parentSpanId: request.parentSpanId,
    trigger: request.trigger,
    ids: request.ids,
  };
}

/** The messages that started the run: one per link of a batch, else the one that the parent sent. Empty: none is said. */
function messagesOf(request: Request, fn: string): Message[] {
  const { facts, endpoint, trigger, links, parentSpanId, waitedMs } = request;
  const kind = endpoint?.kind ?? CHANNELS[trigger ?? ""];
  if (kind === undefined || (links.length === 0 && parentSpanId === null && waitedMs === null && endpoint === null)) return [];
  const senders = links.length > 0 ? links : [{ traceId: facts.traceId, spanId: parentSpanId }];
  const enqueuedAt = momentOf(facts.bag["x-opt-enqueued-time"]) ?? (waitedMs === null ? null : facts.at - waitedMs);
  return senders.map((sender) => ({
    type: "message",
    ...facts.scope,
    direction: "received",
    at: facts.at,
    channel: request.channel,
    channelKind: trigger === "eventhub" ? "stream" : kind,
    messageId: null,
    fn,
    requestId: request.requestId,
    traceId: sender.traceId,
    parentSpanId: sender.spanId,
    // one wait for a whole batch says nothing about each message
    sentAt: senders.length === 1 ? enqueuedAt : null,
    attempt: null,
    sizeBytes: null,
    payloadHash: null,
    eventName: null,
    deadLetter: request.deadLetter,
    replay: null,
    ids: senders.length === 1 ? request.ids : [],
  }));
}

/** Reads one request row: a run of a function gives an invocation, its span and its messages, a web app's request a span. */
export function readRequest(row: Row, context: Context, at: Position): void {
  const facts = factsOf(row, "requests", context, at);
  if (facts === null) return;
  const request = requestOf(row, facts, context);
  if (typeof request === "string") return context.sink.broken(request, at);
  const { fn, name, requestId, spanId, durationMs } = request;
  if (spanId !== null) context.sink.record(spanOf(request, spanId));
  const cut = cutGap(request, facts, fn ?? name ?? "a request");
  if (cut !== null) context.sink.record(cut);
  const shown = [name ?? fn, textOf(row.fields.resultCode), durationMs === null ? null : `${durationMs} ms`];
  context.sink.record(
    logged(row, facts, {
      fn: fn ?? facts.app,
      kind: "report",
      level: request.outcome === "error" ? "ERROR" : "INFO",
      requestId: fn === null ? null : requestId,
      spanId,
      message: shown.filter((part) => part !== null).join(" "),
      ids: [],
    }),
  );
  if (fn === null) return;
  seenFunction(context, facts, fn);
  context.runs.add(invocationOf(request, fn), facts.host);
  const messages = messagesOf(request, fn);
  if (messages.length > 0) context.receipts.fromRequest(requestId, messages);
}
