/** Events whose outcome the user says: one JSON object per line, `{"event": ..., "wanted": true}`. */
import { UserError } from "../model/errors.ts";
import type { FilterGrammar, LabelledEvent } from "../model/filters.ts";
import { booleanAt, isObject, textAt } from "../model/json.ts";
import type { Cloud, Json } from "../model/records.ts";
import { epochMsOf } from "../model/times.ts";
import { readText } from "./text-file.ts";

const CLOUD_OF: { [grammar in FilterGrammar]: Cloud } = {
  eventbridge: "aws",
  sqs: "aws",
  kinesis: "aws",
  dynamodb: "aws",
  kafka: "aws",
  mq: "aws",
  "sns-attributes": "aws",
  "sns-body": "aws",
  "event-grid": "azure",
  "service-bus-sql": "azure",
  "service-bus-correlation": "azure",
  pubsub: "gcp",
  eventarc: "gcp",
};

/**
 * Oldest first; without `at` the lines count as in that order. `fn`: whose events they are where a line names none. Throws UserError with the
 * line that is wrong; events themselves are never shown.
 */
export function givenEvents(path: string, grammar: FilterGrammar, fn: string | null): LabelledEvent[] {
  const text = readText(path);
  if (text === null) throw new UserError(`no file of events at ${path}`);
  const events: LabelledEvent[] = [];
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    const wrong = (why: string): UserError =>
      new UserError(`${path}:${i + 1}: ${why}`, {
        suggestions: ['one JSON object per line: {"event": {...}, "wanted": true, "at": "2026-11-01T08:00:00Z"}'],
      });
    const value = parsed(line);
    if (!isObject(value)) throw wrong("no JSON object");
    const wanted = booleanAt(value, "wanted");
    if (wanted === null) throw wrong("`wanted` is neither true nor false");
    if (value["event"] === undefined) throw wrong("no `event`");
    const at = value["at"] === undefined ? i : epochMsOf(value["at"]);
    if (at === null) throw wrong("`at` is not a time");
    events.push({
      at,
      grammar,
      event: value["event"],
      channel: textAt(value, "channel"),
      messageId: null,
      fn: textAt(value, "fn", "function") ?? fn,
      requestId: null,
      cloud: CLOUD_OF[grammar],
      outcome: wanted ? "wanted" : "discarded",
      evidence: "given",
      durationMs: null,
    });
  });
  if (events.length === 0) throw new UserError(`${path} holds no events`);
  return events.sort((a, b) => a.at - b.at);
}

function parsed(line: string): Json | undefined {
  try {
    return JSON.parse(line) as Json;
  } catch {
    return undefined;
  }
}
