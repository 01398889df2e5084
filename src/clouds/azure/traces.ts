/** `traces` / AppTraces, FunctionAppLogs, `exceptions` / AppExceptions and custom events: lines of the host and of the functions. */
import type { Position } from "../../model/formats.ts";
import type { Id } from "../../model/ids.ts";
import { isObject, numberOf } from "../../model/json.ts";
import type { ChannelKind, Json, LogKind, Message } from "../../model/records.ts";
import { bareInvocation, logged } from "./bare-records.ts";
import { type Context, type Facts, addId, factsOf, functionOf, parentOf, seenFunction, withText } from "./context.ts";
import { eventsInText } from "./event-messages.ts";
import { hostLine, saysOutOfMemory, saysTimeout, timedOutInvocation, triggerMessages, triggerOf } from "./function-lines.ts";
import type { Row } from "./schema.ts";
import { parseJson, textOf } from "./values.ts";

/** Application Insights severity levels: https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete#trace */
const SEVERITIES = ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
/** .NET log levels, as FunctionAppLogs `LevelId` counts. */
const DOTNET_LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const LEVEL_NAMES: { readonly [name: string]: string } = {
  trace: "TRACE",
  verbose: "DEBUG",
  debug: "DEBUG",
  information: "INFO",
  informational: "INFO",
  info: "INFO",
  notice: "INFO",
  warning: "WARN",
  warn: "WARN",
  error: "ERROR",
  critical: "FATAL",
  fatal: "FATAL",
  alert: "FATAL",
  emergency: "FATAL",
};

/** Upper-case level of a word; null: not said, or no word that the schemas know. */
export function levelOf(value: Json | undefined): string | null {
  return LEVEL_NAMES[textOf(value)?.toLowerCase() ?? ""] ?? null;
}

function rowLevel(row: Row, facts: Facts): string | null {
  const { severity, levelId } = row.fields;
  const bySeverity = SEVERITIES[numberOf(severity) ?? -1] ?? levelOf(severity);
  return bySeverity ?? DOTNET_LEVELS[numberOf(levelId) ?? -1] ?? levelOf(facts.bag["LogLevel"]);
}

/** A transport ID that a line names: `sent MessageId: 4f…`. */
const MESSAGE_ID = /\bmessage[-_ ]?id["']?\s*[:=]\s*["']?([\w.:-]{8,128})/gi;

/** Whose line it is: the function's own output, or the platform's. */
function lineKind(category: string | null): LogKind {
  if (category === null) return "function";
  if (/^(?:Function\.[^.]+\.User|User)$/i.test(category)) return "function";
  return /^(?:Host|Worker|Function\.|Microsoft\.|System\.|Azure\.|DurableTask|Job)/i.test(category) ? "platform" : "function";
}

/**
 * Reads one trace row (`sampled`) or FunctionAppLogs line (which nothing samples). A run that only sampled lines tell of yields to its
 * request row, which has the exact duration and may be kept whole; lines that are never sampled count every run once, so they come first.
 */
export function readTrace(row: Row, sampled: boolean, context: Context, at: Position): void {
  const facts = factsOf(row, "traces", context, at);
  if (facts === null) return;
  const message = textOf(row.fields.message) ?? textOf(facts.bag["prop__{OriginalFormat}"]) ?? textOf(row.fields.exceptionMessage) ?? "";
  const category = textOf(row.fields.category) ?? textOf(facts.bag["Category"]);
  let kind: LogKind = lineKind(category);
  // a function may print what the host prints
  const line = kind === "function" && category !== null ? null : hostLine(message);
  const fn = (line !== null && line.kind !== "host-started" ? line.fn : null) ?? functionOf(row, facts) ?? context.source.fn;
  const requestId =
    (line !== null && line.kind !== "host-started" ? line.invocationId : null) ?? facts.invocationId ?? timedOutInvocation(message);
  const spanId = parentOf(facts);
  const ids = withText(facts, message, context.keys);
  for (const match of message.matchAll(MESSAGE_ID)) addId(ids, "message", match[1]!);
  if (line?.kind === "host-started") {
    kind = "init_report";
    if (facts.host !== null) context.runs.hostStarted(facts.host, facts.at, line.tookMs);
  } else if (line !== null) {
    kind = line.kind;
    const reason = line.kind === "start" ? line.reason : null;
    const base = {
      ...bareInvocation(facts, line.fn, line.invocationId),
      trigger: triggerOf(reason).trigger,
      seenIn: sampled ? "history" : "platform-log",
      ids,
    } as const;
    context.runs.half({ line, at: facts.at, base, host: facts.host });
  }
  if (fn !== null) seenFunction(context, facts, fn);
  const failure = textOf(row.fields.exceptionType);
  const outOfMemory = saysOutOfMemory(message) || (failure !== null && saysOutOfMemory(failure));
  const timedOut = saysTimeout(message) || (failure !== null && saysTimeout(failure));
  if (requestId !== null && (failure !== null || outOfMemory || timedOut)) {
    context.runs.failed(requestId, { errorType: failure, outcome: timedOut ? "timeout" : outOfMemory ? "oom" : null });
  }
  if (outOfMemory) kind = "oom";
  if (requestId !== null) {
    const details = triggerMessages(message);
    if (details !== null) {
      context.receipts.fromLog(
        requestId,
        details.map((detail) => received(detail, facts, fn, requestId, facts.ids)),
      );
    }
    const told = eventsInText(message, { facts, fn, requestId, spanId, keys: context.keys });
    if (told.length > 0) context.receipts.fromLog(requestId, told);
  }
  context.sink.record(logged(row, facts, { fn: fn ?? facts.app, kind, level: rowLevel(row, facts), requestId, spanId, message, ids }));
}

function received(
  detail: { messageId: string | null; attempt: number | null; sentAt: number | null },
  facts: Facts,
  fn: string | null,
  requestId: string,
  rowIds: readonly Id[],
): Message {
  const ids = [...rowIds];
  if (detail.messageId !== null) addId(ids, "message", detail.messageId);
  const channelKind: ChannelKind = "queue";
  return {
    type: "message",
    ...facts.scope,
    direction: "received",
    at: facts.at,
    channel: null,
    channelKind,
    messageId: detail.messageId,
    fn,
    requestId,
    traceId: null,
    parentSpanId: null,
    sentAt: detail.sentAt,
    attempt: detail.attempt,
    sizeBytes: null,
    payloadHash: null,
    eventName: null,
    deadLetter: false,
    replay: null,
    ids,
  };
}

/** Message of the outermost exception: a column of its own, else the first of `details`. */
function exceptionText(row: Row): string {
  const said = textOf(row.fields.exceptionMessage);
  const raw = row.fields.exceptionDetails;
  const details = typeof raw === "string" ? (parseJson(raw) ?? raw) : raw;
  const first = Array.isArray(details) ? details[0] : details;
  return said ?? (isObject(first) ? textOf(first["message"]) : textOf(first)) ?? textOf(row.fields.message) ?? "";
}

/** Reads one exception row: a line of level ERROR, and the reason why its run failed. */
export function readException(row: Row, context: Context, at: Position): void {
  const facts = factsOf(row, "exceptions", context, at);
  if (facts === null) return;
  const type = textOf(row.fields.exceptionType) ?? textOf(row.fields.type) ?? textOf(row.fields.problemId);
  const errorType = type !== null && /^(?:AppExceptions?|exceptions?)$/i.test(type) ? textOf(row.fields.problemId) : type;
  const text = exceptionText(row);
  const fn = functionOf(row, facts) ?? context.source.fn;
  const spanId = parentOf(facts);
  const all = `${errorType ?? ""} ${text}`;
  const outcome = saysTimeout(all) ? "timeout" : saysOutOfMemory(all) ? "oom" : null;
  if (facts.invocationId !== null) context.runs.failed(facts.invocationId, { errorType, outcome });
  else if (spanId !== null) context.runs.failed(`${facts.traceId}/${spanId}`, { errorType, outcome });
  if (fn !== null) seenFunction(context, facts, fn);
  context.sink.record(
    logged(row, facts, {
      fn: fn ?? facts.app,
      kind: outcome === "oom" ? "oom" : "error",
      level: rowLevel(row, facts) ?? "ERROR",
      requestId: facts.invocationId,
      spanId,
      message: errorType === null ? text : `${errorType}: ${text}`,
      ids: withText(facts, text, context.keys),
    }),
  );
}

/** Reads one custom event row. */
export function readEvent(row: Row, context: Context, at: Position): void {
  const facts = factsOf(row, "customEvents", context, at);
  if (facts === null) return;
  const fn = functionOf(row, facts) ?? context.source.fn;
  const name = textOf(row.fields.name) ?? "";
  context.sink.record(
    logged(row, facts, {
      fn: fn ?? facts.app,
      kind: "function",
      level: "INFO",
      requestId: facts.invocationId,
      spanId: parentOf(facts),
      message: Object.keys(facts.bag).length === 0 ? name : `${name} ${JSON.stringify(facts.bag)}`,
      ids: facts.ids,
    }),
  );
}
