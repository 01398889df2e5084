/**
 * Lines that the Functions host writes about its runs (WebJobs SDK, `FunctionExecutor` and the trigger bindings):
 * https://learn.microsoft.com/azure/azure-functions/analyze-telemetry-data
 */
import { numberOf } from "../../model/json.ts";
import { momentOf } from "./values.ts";

/** `Executing 'Functions.X' (Reason='...', Id=...)`. */
export interface StartLine {
  kind: "start";
  fn: string;
  invocationId: string;
  reason: string | null;
}

/** `Executed 'Functions.X' (Succeeded|Failed, Id=..., Duration=..ms)`. */
export interface EndLine {
  kind: "end";
  fn: string;
  invocationId: string;
  succeeded: boolean;
  /** null: hosts before 3.0 do not write it. */
  durationMs: number | null;
}

/** `Host started (271ms)`: a new instance has its host up. */
export interface HostStartedLine {
  kind: "host-started";
  tookMs: number;
}

/** One message of `Trigger Details: MessageId: ..., DeliveryCount: ..., EnqueuedTimeUtc: ...`. */
export interface TriggerMessage {
  messageId: string | null;
  sequenceNumber: string | null;
  /** 1 = first delivery. */
  attempt: number | null;
  sentAt: number | null;
}

const START = /^Executing '?(?:Host\.)?(?:Functions?\.)?([^'\s(]+)'? \((?:Reason='(.*)', ?)?Id=([0-9a-f-]{8,36})\)/is;
const END =
  /^Executed '?(?:Host\.)?(?:Functions?\.)?([^'\s(]+)'? \((Succeeded|Failed), Id=([0-9a-f-]{8,36})(?:, Duration=(\d+(?:\.\d+)?)\s?ms)?\)/i;
const HOST_STARTED = /^(?:Job )?host started \((\d+(?:\.\d+)?)ms\)/i;

/** Recognises a line of the host; null: another line. */
export function hostLine(message: string): StartLine | EndLine | HostStartedLine | null {
  switch (message.charCodeAt(0) | 32) {
    case 101: {
      // e
      const end = END.exec(message);
      if (end) {
        return {
          kind: "end",
          fn: end[1]!,
          invocationId: end[3]!.toLowerCase(),
          succeeded: end[2]!.toLowerCase() === "succeeded",
          durationMs: numberOf(end[4] ?? null),
        };
      }
      const start = START.exec(message.length > 2_000 ? message.slice(0, 2_000) : message);
      return start && { kind: "start", fn: start[1]!, invocationId: start[3]!.toLowerCase(), reason: start[2] ?? null };
    }
    case 104: // h
    case 106: {
      // j
      const host = HOST_STARTED.exec(message);
      return host && { kind: "host-started", tookMs: Number(host[1]) };
    }
    default:
      return null;
  }
}

const DETAILS = /^Trigger Details:\s*/i;
const DETAIL =
  /\b(MessageIdArray|MessageId|SequenceNumberArray|SequenceNumber|DeliveryCountArray|DeliveryCount|DequeueCount|EnqueuedTimeUtcArray|EnqueuedTimeUtc|EnqueueTimeUtc|InsertedOn|InsertionTime):\s*/gi;

/**
 * The messages that a `Trigger Details:` line lists; null: another line. Single dispatch names each field once, batches write
 * comma-separated arrays (`MessageIdArray: a,b,c`). Event Hubs batches carry no message ID: an empty list.
 */
export function triggerMessages(message: string): TriggerMessage[] | null {
  const head = DETAILS.exec(message);
  if (head === null) return null;
  const text = message.slice(head[0].length, 100_000);
  const found = new Map<string, string>();
  const marks = [...text.matchAll(DETAIL)];
  for (const [i, mark] of marks.entries()) {
    const raw = text.slice(mark.index + mark[0].length, marks[i + 1]?.index ?? text.length);
    // the last known field is followed by fields that are not read (LockedUntilUtc, SessionId)
    const value = raw.replace(/,\s*[A-Za-z]+:[\s\S]*$/, "").replace(/[,\s]+$/, "");
    found.set(mark[1]!.toLowerCase().replace("enqueuetimeutc", "enqueuedtimeutc"), value);
  }
  const list = (name: string): string[] | null => {
    const array = found.get(`${name}array`);
    if (array === undefined) return null;
    return array
      .replace(/^\[|\]$/g, "")
      .split(",")
      .map((item) => item.trim().replace(/^"|"$/g, ""));
  };
  const ids = list("messageid");
  if (ids !== null) {
    const sequence = list("sequencenumber");
    const attempts = list("deliverycount");
    const times = list("enqueuedtimeutc");
    return ids.map((id, i) => ({
      messageId: id === "" ? null : id,
      sequenceNumber: sequence?.[i] ?? null,
      attempt: numberOf(attempts?.[i] ?? null),
      sentAt: momentOf(times?.[i] ?? null),
    }));
  }
  const id = found.get("messageid") ?? null;
  if (id === null || id === "") return [];
  return [
    {
      messageId: id,
      sequenceNumber: found.get("sequencenumber") ?? null,
      attempt: numberOf(found.get("deliverycount") ?? found.get("dequeuecount") ?? null),
      sentAt: momentOf(found.get("enqueuedtimeutc") ?? found.get("insertedon") ?? found.get("insertiontime") ?? null),
    },
  ];
}

/** What started a run, from the host's words (`Reason='...'`). null: not said. */
export function triggerOf(reason: string | null): { trigger: string | null; channel: string | null } {
  if (reason === null) return { trigger: null, channel: null };
  const detected = /on '([^']+)'/.exec(reason)?.[1] ?? null;
  if (/programmatically called via the host APIs/i.test(reason)) return { trigger: null, channel: null };
  if (/timer fired/i.test(reason)) return { trigger: "timer", channel: null };
  if (/service ?bus/i.test(reason)) return { trigger: "servicebus", channel: detected };
  if (/new queue message/i.test(reason)) return { trigger: "queue", channel: detected };
  if (/event ?hub/i.test(reason)) return { trigger: "eventhub", channel: detected };
  if (/event ?grid/i.test(reason)) return { trigger: "eventgrid", channel: detected };
  if (/blob/i.test(reason)) return { trigger: "blob", channel: detected };
  if (/changes|cosmos/i.test(reason)) return { trigger: "cosmosdb", channel: detected };
  return { trigger: null, channel: detected };
}

/** True where the host or the runtime says that a run was stopped for time. */
export function saysTimeout(text: string): boolean {
  return /FunctionTimeoutException|Timeout value of [\d:.]+ (?:was )?exceeded by function/i.test(text);
}

/** The run that a timeout line of the host names: `Timeout value of 00:05:00 exceeded by function 'Functions.X' (Id: '...')`. null: another line. */
export function timedOutInvocation(text: string): string | null {
  return saysTimeout(text) ? (/\bId: '([0-9a-f-]{36})'/i.exec(text)?.[1]?.toLowerCase() ?? null) : null;
}

/** True where the runtime says that memory ran out. */
export function saysOutOfMemory(text: string): boolean {
  return /\bOutOfMemory(?:Exception|Error)\b|JavaScript heap out of memory/.test(text);
}
