/** Small records for tests of chains: only what a test says, everything else "not reported". */
import type { ChainRecords } from "../../../../src/model/chains.ts";
import type { Sink } from "../../../../src/model/formats.ts";
import type { Id } from "../../../../src/model/ids.ts";
import type { Config, Invocation, LogEvent, Message, Span } from "../../../../src/model/records.ts";

/** 2026-01-01T00:00:00Z: times in tests are milliseconds after it. */
export const T0 = 1_767_225_600_000;

export function emptyRecords(): ChainRecords {
  return { invocations: [], spans: [], messages: [], logs: [], configs: [], gaps: [] };
}

/** Records of several functions put together. */
export function together(...parts: Partial<ChainRecords>[]): ChainRecords {
  const all = emptyRecords();
  for (const part of parts) {
    for (const key of Object.keys(part) as (keyof ChainRecords)[]) for (const record of part[key]!) (all[key] as unknown[]).push(record);
  }
  return all;
}

export function sinkInto(records: ChainRecords): Sink {
  return {
    record(record) {
      if (record.type === "invocation") records.invocations.push(record);
      else if (record.type === "span") records.spans.push(record);
      else if (record.type === "message") records.messages.push(record);
      else if (record.type === "log") records.logs.push(record);
      else if (record.type === "config") records.configs.push(record);
      else if (record.type === "gap") records.gaps.push(record);
    },
    broken() {},
    ignored() {},
  };
}

export const correlation = (value: string): Id => ({ kind: "correlation", value });
export const execution = (value: string): Id => ({ kind: "execution", value });

const scope = { cloud: "aws", account: "111122223333", region: "us-east-1" } as const;

/** A run of `fn` from `start` to `end` (ms after T0), as its platform log says. `end` null: only START was seen. */
export function run(fn: string, requestId: string, start: number, end: number | null, more: Partial<Invocation> = {}): Invocation {
  return {
    type: "invocation",
    ...scope,
    fn,
    version: null,
    requestId,
    startedAt: T0 + start,
    endedAt: end === null ? null : T0 + end,
    durationMs: end === null ? null : end - start,
    billedMs: end === null ? null : end - start,
    memoryMib: 128,
    maxMemoryMib: null,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: null,
    outcome: end === null ? "unknown" : "ok",
    errorType: null,
    traceId: null,
    spanId: null,
    parentSpanId: null,
    stream: null,
    architecture: null,
    plan: null,
    trigger: null,
    weight: 1,
    emulator: false,
    seenIn: "platform-log",
    ids: [],
    ...more,
  };
}

export function line(fn: string, requestId: string | null, at: number, ids: Id[], more: Partial<LogEvent> = {}): LogEvent {
  return {
    type: "log",
    ...scope,
    at: T0 + at,
    fn,
    stream: null,
    kind: "function",
    level: "INFO",
    requestId,
    traceId: null,
    spanId: null,
    message: "",
    sizeBytes: 0,
    ids,
    ...more,
  };
}

export function message(direction: Message["direction"], fn: string, requestId: string, at: number, more: Partial<Message>): Message {
  return {
    type: "message",
    ...scope,
    direction,
    at: T0 + at,
    channel: null,
    channelKind: "queue",
    messageId: null,
    fn,
    requestId,
    traceId: null,
    parentSpanId: null,
    sentAt: null,
    attempt: null,
    sizeBytes: null,
    payloadHash: null,
    eventName: null,
    deadLetter: false,
    replay: null,
    ids: [],
    ...more,
  };
}

/** Sent by one run and received by others on a queue. `sent` [fn, request, at]; each of `got` likewise. */
export function delivery(
  messageId: string,
  sent: [string, string, number],
  got: [string, string, number][],
  more: Partial<Message> = {},
): Message[] {
  return [
    message("published", ...sent, { messageId, channel: "q", ...more }),
    ...got.map((g) => message("received", ...g, { messageId, channel: "q", sentAt: T0 + sent[2], ...more })),
  ];
}

export function span(spanId: string, start: number, end: number | null, more: Partial<Span> = {}): Span {
  return {
    type: "span",
    ...scope,
    traceId: "a".repeat(32),
    spanId,
    parentSpanId: null,
    name: spanId,
    fn: null,
    requestId: null,
    kind: "server",
    isInvocation: false,
    startedAt: T0 + start,
    endedAt: end === null ? null : T0 + end,
    inProgress: end === null,
    error: false,
    fault: false,
    throttle: false,
    inferred: false,
    origin: null,
    namespace: null,
    links: [],
    attributes: {},
    ids: [],
    ...more,
  };
}

export function trigger(from: string, to: string): Config {
  return {
    type: "config",
    ...scope,
    kind: "trigger",
    resource: `${from}>${to}`,
    name: `${from}>${to}`,
    revision: null,
    observedAt: null,
    from,
    to,
    settings: {},
  };
}
