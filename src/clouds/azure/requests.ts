/** `requests` / AppRequests: the run of a function (or of a web app's handler) as Application Insights saw it. */
import type { Position } from "../../model/formats.ts";
import { numberOf } from "../../model/json.ts";
import type { ChannelKind, Invocation, Json, Message, Outcome, Span } from "../../model/records.ts";
import {
  type Context,
  type Facts,
  factsOf,
  functionOf,
  isWebName,
  linksOf,
  parentOf,
  seenFunction,
  spanIdOf,
  withText,
} from "./context.ts";
import { triggerOf } from "./function-lines.ts";
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
    /^(?:[a-z]+:\/\/)?([a-z0-9-]+\.(?:servicebus|eventgrid)[a-z0-9.-]*|[a-z0-9]+\.queue\.core[a-z0-9.-]*)(?::\d+)?[/|]\s*(.+)$/i.exec(
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

/** Reads one request row: a run of a function gives an invocation and its span, a web app's request a span. */
export function readRequest(row: Row, context: Context, at: Position): void {
  const facts = factsOf(row, "requests", context, at);
  if (facts === null) return;
  const { fields } = row;
  const { bag } = facts;
  const name = textOf(fields.name) ?? textOf(fields.operationName);
  const id = textOf(fields.id);
  const spanId = id === null ? null : spanIdOf(id);
  const isRun = isFunctionRun(row, facts) || name === null || !isWebName(name);
  const operation = textOf(fields.operationId);
  const requestId = facts.invocationId ?? (operation !== null && id !== null ? `${operation}.${id}` : (id ?? operation));
  if (requestId === null) {
    context.sink.broken("requests: a row with neither InvocationId nor operation and id", at);
    return;
  }
  const plainName = name !== null && !isWebName(name) ? functionName(name) : null;
  const fn = isRun ? (functionOf(row, facts) ?? plainName ?? context.source.fn ?? facts.app) : null;
  if (isRun && fn === null) {
    context.sink.broken("requests: a run without a function name", at);
    return;
  }
  const durationMs = durationOf(fields.duration);
  const startedAt = facts.at;
  const endedAt = durationMs === null ? null : startedAt + durationMs;
  const outcome = outcomeOf(fields.success, fields.resultCode);
  const code = numberOf(fields.resultCode);
  const url = textOf(fields.url);
  const ids = url === null ? facts.ids : withText(facts, url, context.keys);
  const links = linksOf(row, facts);
  const parentSpanId = parentOf(facts);
  const endpoint = entityOf(textOf(fields.source));
  const reason = triggerOf(textOf(bag["TriggerReason"]));
  const isHttp = textOf(bag["HttpMethod"]) !== null || textOf(bag["faas.trigger"]) === "http" || (url !== null && /^https?:/i.test(url));
  const trigger = reason.trigger ?? (endpoint ? "servicebus" : isHttp ? "http" : (textOf(bag["faas.trigger"]) ?? null));
  const measurements = bagOf(fields.measurements) ?? {};
  const waitedMs = durationOf(measurements["timeSinceEnqueued"]) ?? durationOf(bag["timeSinceEnqueued"]);

  const attributes: { [key: string]: Json } = {};
  const put = (key: string, value: Json | null): void => {
    if (value !== null) attributes[key] = value;
  };
  put("azure.app", facts.app);
  put("http.status", code !== null && code >= 100 && code < 600 ? code : null);
  put("http.method", textOf(bag["HttpMethod"]));
  put("http.url", withoutQuery(url));
  put("faas.trigger", trigger);
  put("messaging.time_since_enqueued_ms", waitedMs);

  const span: Span | null =
    spanId === null
      ? null
      : {
          type: "span",
          ...facts.scope,
          traceId: facts.traceId,
          spanId,
          parentSpanId,
          name: name ?? fn ?? "request",
          fn,
          requestId: isRun ? requestId : null,
          kind: links.length > 0 || endpoint !== null ? "consumer" : "server",
          isInvocation: isRun,
          startedAt,
          endedAt,
          inProgress: false,
          error: code !== null && code >= 400 && code < 500,
          fault: outcome === "error" && !(code !== null && code >= 400 && code < 500),
          throttle: code === 429,
          inferred: false,
          origin: isRun ? "Azure Functions" : "Application Insights request",
          namespace: null,
          links,
          attributes,
          ids,
        };
  if (span) context.sink.record(span);
  context.sink.record(
    logged(row, facts, {
      fn: fn ?? facts.app,
      kind: "report",
      level: outcome === "error" ? "ERROR" : "INFO",
      requestId: isRun ? requestId : null,
      spanId,
      message: [name ?? fn, textOf(fields.resultCode), durationMs === null ? null : `${durationMs} ms`].filter((x) => x !== null).join(" "),
      ids: [],
    }),
  );
  if (!isRun || fn === null) return;
  seenFunction(context, facts, fn);
  const run: Invocation = {
    ...bareInvocation(facts, fn, requestId),
    startedAt,
    endedAt,
    durationMs: durationOf(bag["FunctionExecutionTimeMs"]) ?? durationMs,
    coldStart: boolOf(bag["faas.coldstart"]),
    outcome,
    spanId,
    parentSpanId,
    trigger,
    seenIn: "request-log",
    ids,
  };
  context.runs.add(run, facts.host);
  const messages = received();
  if (messages.length > 0) context.receipts.fromRequest(requestId, messages);

  function received(): Message[] {
    const kind = endpoint?.kind ?? CHANNELS[trigger ?? ""] ?? null;
    if (kind === null || (links.length === 0 && parentSpanId === null && waitedMs === null && endpoint === null)) return [];
    const channelKind: ChannelKind = trigger === "eventhub" ? "stream" : kind;
    const senders = links.length > 0 ? links : [{ traceId: facts!.traceId, spanId: parentSpanId }];
    const enqueuedAt = momentOf(bag["x-opt-enqueued-time"]) ?? (waitedMs === null ? null : startedAt - waitedMs);
    return senders.map((sender) => ({
      type: "message",
      ...facts!.scope,
      direction: "received",
      at: startedAt,
      channel: endpoint?.channel ?? reason.channel,
      channelKind,
      messageId: null,
      fn,
      requestId,
      traceId: sender.traceId,
      parentSpanId: sender.spanId,
      // one wait for a whole batch says nothing about each message
      sentAt: senders.length === 1 ? enqueuedAt : null,
      attempt: null,
      sizeBytes: null,
      payloadHash: null,
      eventName: null,
      deadLetter: /\$deadletterqueue/i.test(textOf(fields.source) ?? ""),
      replay: null,
      ids: senders.length === 1 ? ids : [],
    }));
  }
}
