/** From runs and their log lines to what each event was and what the run says became of it. Pure. */
import type { LoggedRun, OutcomeWords, RecordedEvent } from "../../model/filters.ts";
import type { Cloud } from "../../model/records.ts";
import { saidInFields, saidInWords, sayingsOf, textsOf, withoutQuotes } from "./words.ts";

/** An event as a room finds it in a line. */
export type LoggedEvent = Pick<RecordedEvent, "grammar" | "event" | "channel" | "messageId">;
export type EventsIn = (cloud: Cloud, message: string) => LoggedEvent[];

/** A line that says what becomes of an event. */
export interface Mark {
  /** Transport IDs that it names; null: none. */
  ids: string[] | null;
  /** Its words without what changes from event to event: lines of one place in the code have the same. */
  place: string;
}

/** A run, its events, and what its lines say. */
export interface ReadRun {
  run: LoggedRun;
  /** Each once. */
  events: LoggedEvent[];
  /** Events by transport, so that two readings of one (an SNS notification by attributes and by body) count as one. */
  count: number;
  /** Lines that say that an event is discarded or wanted. */
  discarded: Mark[];
  wanted: Mark[];
  /** A line says that it was not the event but a duplicate, a retry, a switch that made the run do nothing. */
  state: boolean;
  /** A field of an answer or of a line says that nothing was done. */
  result: "wanted" | "discarded" | null;
}

/** Lines of one run that are looked at. */
const MOST_LINES = 500;

/** null: its lines hold no event. */
export function readRun(run: LoggedRun, eventsIn: EventsIn, own: OutcomeWords): ReadRun | null {
  const lines = run.lines.slice(0, MOST_LINES).map((line) => ({ ...line, events: eventsIn(run.cloud, line.message) }));
  const events = eachOnce(lines.flatMap((line) => line.events));
  if (events.length === 0) return null;
  const ids = [...new Set(events.flatMap(({ messageId }) => (messageId === null ? [] : [messageId])))];
  const count = ids.length > 0 ? ids.length : events.length;
  const read: ReadRun = { run, events, count, discarded: [], wanted: [], state: false, result: null };
  const json = JSON.stringify(events.map(({ event }) => event)).replaceAll('\\"', '"');
  let texts: string[] | null = null;
  for (const { message, level, events: held } of lines) {
    // what goes wrong is not what is left alone
    if (level === "ERROR" || level === "FATAL" || level === "CRITICAL") continue;
    const { words, fields } = sayingsOf(message, held.length > 0);
    let said = saidInWords(words, own);
    if (said !== null) said = saidInWords(withoutQuotes(words, (texts ??= textsOf(events.map(({ event }) => event)))), own);
    const named = ids.filter((id) => message.includes(id));
    const mark: Mark = { ids: held.length > 0 || named.length === 0 ? null : named, place: placeOf(words, texts ?? []) };
    if (said === "discarded") read.discarded.push(mark);
    else if (said === "wanted") read.wanted.push(mark);
    else if (said === "state") read.state = true;
    const result = fields === null ? null : saidInFields(fields, own, json);
    if (result === "wanted" || result === "discarded") read.result = read.result === "wanted" ? "wanted" : result;
  }
  return read;
}

function placeOf(words: string, texts: readonly string[]): string {
  return withoutQuotes(words, texts)
    .replaceAll(/\S*\d\S*/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function eachOnce(events: readonly LoggedEvent[]): LoggedEvent[] {
  const seen = new Set<string>();
  return events.filter(({ grammar, messageId, event }) => {
    const key = `${grammar} ${messageId ?? JSON.stringify(event)}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}
