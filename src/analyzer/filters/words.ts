/**
 * What a function says that it does with an event: words and result fields in its log lines. The event itself is left out, since what is
 * written in it is the sender's, not the function's.
 */
import { isObject, type JsonObject } from "../../model/json.ts";
import type { OutcomeWords } from "../../model/filters.ts";
import type { Json } from "../../model/records.ts";

/** What one line says of the event. `state`: it is about a duplicate, a retry, a switch: no property of the event that a filter could see. */
export type Said = "wanted" | "discarded" | "state" | null;

/** Longer texts are cut: a sentence about an event is short, and expressions of users must stay quick. */
const MOST_WORDS = 400;

const VERB = "(?:ignor(?:ed|ing)|skipp(?:ed|ing)|discard(?:ed|ing)|dropp(?:ed|ing)|filter(?:ed|ing) out)";
const THING = "(?:events?|messages?|records?)";
/** What may follow the event that is named: an end, a reason, its type or ID; another word makes it something of the event ("message deduplication"). */
const AFTER = `(?=\\s*$|\\s*[;.!,(\\[#"'-]|\\s*[:=](?!\\s*\\d+\\s*$)|\\s+(?:of|with|for|from|because|since|as|due|type|id|that|which|not|without|[^\\s=]*[\\d._:/-][^\\s=]*)(?:\\W|$))`;
/** Usual words for an event that nothing is done with. */
const DISCARDED = [
  // "ignoring OrderCreated event", "skipped this message because ..."
  new RegExp(`\\b${VERB}\\s+(?:(?:the|this|that|an?|all)\\s+)?(?:(?!error|cache|\\d)[\\w.:-]+\\s+)?${THING}${AFTER}`, "i"),
  // "event ignored", "message of type x was skipped"
  new RegExp(
    `\\b${THING}(?!\\s+(?:listener|loop|handler|emitter|source|store|table|bus|log|schema|validation|metric)s?\\b)(?:\\s+\\S+){0,3}?\\s+(?:(?:was|is|were|are|will be|has been)\\s+)?(?:ignored|skipped|discarded|dropped|filtered out|irrelevant|uninteresting)\\b(?!\\s+by\\b)`,
    "i",
  ),
  // a line that is only that: "ignored", "Skipping: status is draft"
  new RegExp(`^\\W*${VERB}\\b\\s*(?:$|[:,;.!(-]|because\\b|since\\b|as\\b|due\\b)`, "i"),
  /\bnot interested\b/i,
  /\b(?:nothing to do|no action (?:needed|required|taken)|not (?:a )?relevant)(?=\s*$|\s*[:,;.!(]|\s+(?:for|because|since|as)\b)/i,
  /\bno handler (?:(?:found|registered) )?for (?!\w*(?:error|exception|metric|signal|log))/i,
  new RegExp(
    `\\b(?:irrelevant (?:${THING}|updates?|changes?)|(?:unsupported|unhandled|unknown|uninteresting) (?:event|message)(?: type)?)${AFTER}`,
    "i",
  ),
];
/** Not now, not twice, not allowed, not possible: another event with the same fields may be wanted. */
const STATE =
  /\b(?:duplicat\w*|already|idempoten\w*|in progress|locked|stale|expired|too (?:old|early|late|large|big|long)|dry.?run|disabled|enabled|maintenance|throttl\w*|retr(?:y|ies|ying)|\w*limit\w*|quotas?|circuit|later|postpone\w*|paused|pending|busy|cool.?down|sampl\w*|feature|flags?|toggle\w*|older|newer|out of (?:order|sequence)|outdated|superseded|conflict\w*|unchanged|no change\w*|up.to.date|not (?:found|yet|ready|changed|allowed)|outside|hours|cached?|time.?out|timed out|fail\w*|unable|could not|denied|invalid|malformed|corrupt\w*|\w*error|\w*exception)\b/i;
/** Something is done all the same, or with the rest; names with dots ("order.delivered") are none of these words. */
const DONE =
  /(?<![\w.:/-])(?:process(?:ed|ing)|stor(?:ed|ing)|sav(?:ed|ing)|wr(?:itten|iting|ote)|updat(?:ed|ing)|sent|sending|publish(?:ed|ing)|continu\w*|proceed\w*|fall(?:s|ing)? back|using|instead|forward(?:ed|ing)|deliver(?:ed|ing))(?![\w.:/-]*\w)/i;
/** Not this event, or not surely. */
const ELSEWHERE =
  /\b(?:if|whenever|unless|would|should|could|may|might|can|cannot|can't|must|previous|prior|last|earlier|next|other|some|\d+ (?:of|out of|from) \d+)\b/i;
/** A count says how many, not which: "3 records skipped", "0 events ignored". */
const COUNTED = /\b\d+\s+$/;
const NEGATION = "(?:\\b(?:not|never|cannot|without|instead of|no longer|nothing|none|no|0|zero|rather than)|n't)";
const NEGATED = new RegExp(`${NEGATION}\\s+(?:\\w+\\s+)?$`, "i");
const NEGATED_INSIDE = /\b(?:not|never|no longer|rarely)\s+(?:be(?:ing)?\s+)?(?:ignored|skipped|discarded|dropped|filtered)/i;
/** "skipped: false", "ignored = 0". */
const DENIED = new RegExp(`\\b${VERB}["']?\\s*[:=]\\s*["']?(?:false|0|no|null|none)\\b`, "i");
/** "skipping event validation": what is skipped is something of the event. */
const OF_THE_EVENT =
  /^\s+(?:validation|schema|attributes?|headers?|fields?|timestamps?|check\w*|metrics?|cache|logg?\w*|body|payload|trac\w+|history|enrichment|conversion|parsing)\b/i;

/** What these words of a line say. User's expressions come first; `null`: nothing. */
export function saidInWords(words: string, own: OutcomeWords): Said {
  const text = words.slice(0, MOST_WORDS);
  if (own.wanted.some((one) => one.test(text))) return "wanted";
  if (own.discarded.some((one) => one.test(text))) return "discarded";
  const found = DISCARDED.some((one) => isMeant(text, one.exec(text)));
  if (!found) return null;
  return STATE.test(text) ? "state" : "discarded";
}

function isMeant(text: string, match: RegExpExecArray | null): boolean {
  if (match === null) return false;
  const [before, behind] = [text.slice(0, match.index), text.slice(match.index + match[0].length)];
  if (ELSEWHERE.test(before + match[0]) || COUNTED.test(before) || DONE.test(text)) return false;
  const isNegated = NEGATED.test(before) || NEGATED_INSIDE.test(match[0]) || DENIED.test(text);
  return !isNegated && !OF_THE_EVENT.test(behind);
}

/** Fields that say how a run ended, in its log or its logged answer. */
const RESULT_FIELDS = ["result", "outcome", "disposition", "action", "decision", "status"];
const RESULT_VALUES = /^(?:ignored|skipped|discarded|filtered(?:[ _-]out)?|irrelevant|not[ _-]interested|noop|no[ _-]op|no[ _-]action)$/i;
/** An object with one of these is about a part of the work. */
const STEP = ["step", "stage", "phase", "task", "field", "attribute", "rule", "check", "plugin", "middleware"];

/** What a logged object says in its own fields (not deeper). `event`: JSON of the events of the run; what they hold themselves does not count. */
export function saidInFields(fields: JsonObject, own: OutcomeWords, event: string): Said {
  const holds = (name: string, value: Json): boolean => event.includes(`"${name}":${JSON.stringify(value)}`);
  const is = (rules: OutcomeWords["wantedResults"]): boolean =>
    rules.some(({ field, value }) => fields[field] !== undefined && String(fields[field]) === value);
  if (is(own.wantedResults)) return "wanted";
  if (is(own.discardedResults)) return "discarded";
  if (STEP.some((name) => fields[name] !== undefined)) return null;
  for (const name of RESULT_FIELDS) {
    const value = fields[name];
    if (typeof value === "string" && RESULT_VALUES.test(value) && !holds(name, value)) return "discarded";
  }
  for (const name of ["ignored", "skipped", "discarded"]) if (fields[name] === true && !holds(name, true)) return "discarded";
  return null;
}

/** What a line holds beside an event. */
export interface Sayings {
  words: string;
  fields: JsonObject | null;
}

/** Fields by which a line is an object of a logger, not an event or an answer. */
const LOGGER = ["level", "severity", "levelname", "logLevel", "log_level", "log.level"];

/** Words and fields of a line. `hasEvent`: it holds an event as it was handed over; only what the function put beside it is then its own. */
export function sayingsOf(message: string, hasEvent: boolean): Sayings {
  const start = message.indexOf("{");
  if (start < 0) return { words: message, fields: null };
  const end = message.lastIndexOf("}") + 1;
  const around = `${message.slice(0, start)} ${end > start ? message.slice(end) : ""}`.replaceAll(/\s+/g, " ").trim();
  const object = end > start ? objectOf(message.slice(start, end)) : null;
  if (object === null) return { words: around, fields: null };
  const isLogger = LOGGER.some((name) => typeof object[name] === "string" || typeof object[name] === "number");
  if (hasEvent && !isLogger) return { words: around, fields: null };
  // Lambda's JSON format puts what was logged under `message`
  const inner = !hasEvent && isObject(object["message"]) ? object["message"] : object;
  const words = [inner["message"], inner["msg"]].filter((one): one is string => typeof one === "string" && !/^\s*[{[]/.test(one));
  return { words: `${around} ${words.join(" ")}`.trim(), fields: inner };
}

function objectOf(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Texts of an event that are long enough to be told from common words, also those of JSON in its texts, longest first. */
export function textsOf(event: Json): string[] {
  const found = new Set<string>();
  walk(event, 0);
  return [...found].sort((a, b) => b.length - a.length);

  function walk(value: Json, depth: number): void {
    if (depth > 12 || found.size > 500) return;
    if (typeof value === "string") {
      if (value.length >= 4) found.add(value);
      if (/^\s*[{[]/.test(value)) walk(objectOf(value), depth + 1);
    } else if (Array.isArray(value)) for (const one of value) walk(one, depth + 1);
    else if (isObject(value)) for (const one of Object.values(value)) walk(one, depth + 1);
  }
}

/** The words without what they quote of the event. */
export function withoutQuotes(words: string, texts: readonly string[]): string {
  return texts.reduce((rest, text) => (rest.includes(text) ? rest.replaceAll(text, " ") : rest), words);
}
