/** Log entries -> records: log events, invocations and the messages that functions logged. Import and collect both use it. */
import type { Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { JsonObject } from "../../model/json.ts";
import { textAt } from "../../model/json.ts";
import type { Invocation, LogEvent, Message } from "../../model/records.ts";
import { gen1Executions, outcomeOfCode } from "./logs/gen1.ts";
import { isGen1, isPlatformLog, isRequest, logEventOf, type PlatformFact, platformFactOf, streamOf } from "./logs/lines.ts";
import { requestJoiner } from "./logs/requests.ts";
import { type LoggedMessage, messagesInJson, messagesInText } from "./messages/logged.ts";
import { addId } from "./messages/pubsub.ts";
import { type LogEntry, readLogEntry } from "./schema.ts";

/** Turns log entries of one source into records; `entry` throws on nothing, `end` gives out what is still held. */
export interface LogEntryReader {
  /** `defaults`: log name, resource and labels of an `entries.write` request. */
  entry(value: JsonObject, at: Parameters<Reader["read"]>[1], defaults: JsonObject | null): void;
  end(): void;
}

/** A reader for one source. */
export function logEntryReader(source: Source, sink: Sink, keys: IdKeys): LogEntryReader {
  const executions = gen1Executions((invocation) => sink.record(invocation));
  const requests = requestJoiner((record) => sink.record(record));
  return {
    entry(value, position, defaults) {
      const entry = readLogEntry(value, defaults);
      if (entry.at === null) return sink.broken("log entry without a readable timestamp or receiveTimestamp", position);
      const event = logEventOf(entry, entry.at, Buffer.byteLength(JSON.stringify(value)), source, keys);
      const fact = isPlatformLog(entry) ? platformFactOf(entry.text) : null;
      if (fact !== null && event.stream !== null) requests.instance(event.stream, entry.at, fact);
      if (isGen1(entry)) executions.line(event, textAt(entry.resourceLabels, "version"));
      if (isRequest(entry) && event.fn !== null) {
        const invocation = invocationOf(entry, event, event.fn, fact);
        requests.request(invocation, event.requestId !== null);
        event.requestId = invocation.requestId;
        return sink.record(event);
      }
      if (event.requestId === null) event.requestId = frameworkRequestId(entry);
      const messages = loggedMessages(entry, event, keys);
      // a line that names no request is found by its trace and span; one that does may name it otherwise than the request log
      give(event, entry, event.requestId !== null);
      for (const message of messages) give(message, entry, true);
    },
    end() {
      executions.end();
      requests.end();
    },
  };

  function give(record: LogEvent | Message, entry: LogEntry, hold: boolean): void {
    if (!hold || record.fn === null || entry.traceId === null || isGen1(entry)) return sink.record(record);
    requests.line(record, record.fn, entry.traceId, entry.spanId);
  }
}

/** The functions framework of a 2nd gen function stamps lines with the span of the request itself; an application's tracer with one of its own. */
function frameworkRequestId(entry: LogEntry): string | null {
  if (entry.traceId === null || entry.spanId === null || entry.labels["goog-managed-by"] !== "cloudfunctions") return null;
  return `${entry.traceId}/${entry.spanId}`;
}

/** Who called, from the user agent that Google's services send. */
const CALLERS: readonly (readonly [RegExp, string])[] = [
  [/^(APIs-Google|CloudPubSub-Google)/, "pubsub"],
  [/^Google-Cloud-Tasks/, "tasks"],
  [/^Google-Cloud-Scheduler/, "timer"],
  [/^Google-Eventarc/, "eventarc"],
  [/^GoogleCloudWorkflows/i, "workflow"],
];

function triggerOf(entry: LogEntry): string {
  if (entry.http?.url?.includes("__GCP_CloudEventsMode="))
    return entry.http.url.includes("CloudEventsMode=CUSTOM_PUBSUB") ? "pubsub" : "eventarc";
  return CALLERS.find(([agent]) => agent.test(entry.http?.userAgent ?? ""))?.[1] ?? "http";
}

/** Triggers whose sender takes any answer but 2xx as a failure and delivers again. */
const DELIVERED = new Set(["pubsub", "eventarc", "tasks"]);

/**
 * The invocation that a request log entry stands for. Memory, CPU and billing mode are not in it: they come with the service's
 * configuration. A request that no instance took waited for its latency and costs nothing: its plan says so.
 */
function invocationOf(entry: LogEntry, event: LogEvent, fn: string, fact: PlatformFact | null): Invocation {
  const http = entry.http!;
  const trigger = triggerOf(entry);
  const status = http.status;
  const refused = fact?.noInstance === true || (status === 429 && streamOf(entry) === null);
  const failed = status !== null && (status >= 500 || (DELIVERED.has(trigger) && status >= 300));
  const outcome = status === null ? "unknown" : failed && outcomeOfCode(status) === "ok" ? "error" : outcomeOfCode(status);
  const traced = entry.traceId === null ? null : entry.spanId === null ? entry.traceId : `${entry.traceId}/${entry.spanId}`;
  return {
    type: "invocation",
    cloud: "gcp",
    account: event.account,
    region: event.region,
    fn,
    version: textAt(entry.resourceLabels, "revision_name"),
    requestId: event.requestId ?? traced ?? entry.insertId ?? `${fn}@${event.at}`,
    startedAt: event.at,
    endedAt: http.latencyMs === null ? null : event.at + http.latencyMs,
    durationMs: http.latencyMs,
    billedMs: null,
    memoryMib: fact?.limitMib ?? null,
    maxMemoryMib: fact?.usedMib ?? null,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: null,
    outcome: refused ? "throttled" : fact?.oom ? "oom" : fact?.timeout ? "timeout" : outcome,
    errorType: status !== null && outcome !== "ok" ? `HTTP ${status}` : null,
    traceId: entry.traceId,
    spanId: entry.spanId,
    parentSpanId: null,
    stream: event.stream,
    architecture: null,
    plan: refused ? "run-refused" : null,
    trigger,
    weight: 1,
    emulator: false,
    seenIn: "request-log",
    ids: [...event.ids],
  };
}

function loggedMessages(entry: LogEntry, event: LogEvent, keys: IdKeys): Message[] {
  if (entry.proto !== null || isRequest(entry)) return [];
  const words = entry.json === null ? "" : (textAt(entry.json, "message", "msg", "event") ?? "");
  const inJson = entry.json === null ? [] : messagesInJson(entry.json, keys, words);
  const found = inJson.length > 0 ? inJson : messagesInText(entry.text ?? words, keys);
  return found.map((logged) => messageOf(logged, event, found.length === 1));
}

function messageOf(logged: LoggedMessage, event: LogEvent, alone: boolean): Message {
  const { direction, ...facts } = logged;
  if (facts.messageId !== null) addId(event.ids, { kind: "message", value: facts.messageId });
  const ids = [...facts.ids];
  if (alone) for (const id of event.ids) if (id.kind === "correlation") addId(ids, id);
  return {
    ...facts,
    type: "message",
    cloud: "gcp",
    account: facts.account ?? event.account,
    region: facts.region,
    direction,
    at: event.at,
    fn: event.fn,
    requestId: event.requestId,
    ids,
  };
}
