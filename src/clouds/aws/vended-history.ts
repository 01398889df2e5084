/** History events that a state machine wrote to CloudWatch Logs (the only history that Express workflows have), put together by execution. */
import type { Json, Span } from "../../model/records.ts";
import { historyEvents, historySpans } from "./history.ts";
import type { FactReader } from "./line-facts.ts";
import { type Obj, text } from "./schema.ts";

/** Events held at once; beyond that, finished executions are given out. */
const HELD = 200_000;

export interface VendedHistories {
  /** Takes the line if it is a history event; false: it is not. */
  take(line: Obj): boolean;
  end(): void;
}

/** Collects events and calls `emit` with the spans of each execution. */
export function vendedHistories(emit: (span: Span) => void, facts: FactReader): VendedHistories {
  const executions = new Map<string, { events: Json[]; ended: boolean }>();
  let held = 0;

  function release(arn: string, events: Json[]): void {
    executions.delete(arn);
    held -= events.length;
    const found = historyEvents(events);
    if (found.events.length === 0) return;
    for (const span of historySpans({ arn, traceHeader: null }, found.events, facts)) emit(span);
  }

  return {
    take(line) {
      const arn = text(line["execution_arn"]);
      const type = text(line["type"]);
      if (arn === null || type === null || line["event_timestamp"] === undefined || line["id"] === undefined) return false;
      let execution = executions.get(arn);
      if (execution === undefined) executions.set(arn, (execution = { events: [], ended: false }));
      execution.events.push(line);
      if (/^Execution(?:Succeeded|Failed|TimedOut|Aborted)$/.test(type)) execution.ended = true;
      if (++held > HELD) for (const [done, one] of executions) if (one.ended) release(done, one.events);
      return true;
    },
    end() {
      for (const [arn, one] of executions) release(arn, one.events);
    },
  };
}

/** Parts of a history event, each the way Step Functions writes it, in the order in which it does. */
const PARTS = {
  id: /^\{\s*"id"\s*:\s*"?(\d+)/,
  type: /^\{\s*"id"\s*:\s*"?\d+"?\s*,\s*"type"\s*:\s*"(\w+)"/,
  previous_event_id: /"previous_event_id"\s*:\s*"?(\d+)/,
  event_timestamp: /"event_timestamp"\s*:\s*"?(\d+)/,
  execution_arn: /"execution_arn"\s*:\s*"(arn:[^"\s]+)"/,
};
const STATE_NAME = /"details"\s*:\s*\{[^{}]*?"name"\s*:\s*"([^"]+)"/;

/** What can be read of a history event that is not JSON, since some exports unpack the input inside it; null: not a history event. */
export function brokenHistoryEvent(message: string): Obj | null {
  const event: Obj = {};
  for (const [name, part] of Object.entries(PARTS)) {
    const found = part.exec(message)?.[1];
    if (found !== undefined) event[name] = found;
    else if (name !== "previous_event_id") return null;
  }
  const state = STATE_NAME.exec(message)?.[1];
  event["details"] = state === undefined ? {} : { name: state };
  return event;
}
