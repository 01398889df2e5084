/**
 * Messages that runs received. The request row knows their trace context (parent or links), the `Trigger Details` line their IDs:
 * both are held until the source ends, so that a message is told once. A queue's message is told by its log line only: the lines
 * often lie in another file than the requests, and the span of the run carries the trace context either way.
 */
import type { Message, Rec } from "../../model/records.ts";
import { hold } from "./held.ts";

/** Runs held at most; the oldest are let go as they are. */
const HELD_LIMIT = 50_000;

export interface Receipts {
  /** From the request row of this run. */
  fromRequest(requestId: string, messages: Message[]): void;
  /** From the host's log lines of this run: these know the message IDs. */
  fromLog(requestId: string, messages: Message[]): void;
  end(): void;
}

interface Held {
  request: Message[];
  log: Message[];
}

function merged(held: Held): Message[] {
  const { request, log } = held;
  if (log.length === 0) return request.filter(({ channelKind }) => channelKind !== "queue" && channelKind !== "topic");
  const context = request[0];
  if (log.length !== 1 || request.length !== 1 || context === undefined) {
    return log.map((message) => ({ ...message, channel: message.channel ?? context?.channel ?? null }));
  }
  const message = log[0]!;
  return [
    {
      ...context,
      ...message,
      channel: message.channel ?? context.channel,
      channelKind: context.channelKind,
      traceId: message.traceId ?? context.traceId,
      parentSpanId: message.parentSpanId ?? context.parentSpanId,
      sentAt: message.sentAt ?? context.sentAt,
      ids: [...message.ids, ...context.ids.filter((id) => !message.ids.some((i) => i.kind === id.kind && i.value === id.value))],
    },
  ];
}

/** One per source. */
export function receipts(out: (record: Rec) => void): Receipts {
  const held = new Map<string, Held>();
  function of(requestId: string): Held {
    const known = held.get(requestId);
    if (known) return known;
    const fresh: Held = { request: [], log: [] };
    hold(held, requestId, fresh, HELD_LIMIT, (old) => merged(old).forEach(out));
    return fresh;
  }
  return {
    fromRequest(requestId, messages) {
      const run = of(requestId);
      // the same row can come twice in overlapping exports
      if (run.request.length === 0) run.request = messages;
    },
    fromLog(requestId, messages) {
      const run = of(requestId);
      for (const message of messages) {
        const twin = run.log.some((m) => m.messageId === message.messageId && m.attempt === message.attempt);
        if (!twin) run.log.push(message);
      }
    },
    end() {
      for (const run of held.values()) merged(run).forEach(out);
      held.clear();
    },
  };
}
