/** From events and what became of them to the smallest filter that keeps every wanted one, proven on events that the learner did not see. */
import type { FilterGrammar, FilterProof, LabelledEvent } from "../../model/filters.ts";
import type { KeepRule, NotIn } from "./clause.ts";
import { pathText, wordsOf } from "./clause.ts";
import { columnsOf } from "./columns.ts";
import type { Style, Written } from "./dialect.ts";
import { writtenAs } from "./dialect.ts";
import { drift } from "./drift.ts";
import type { RuleClause } from "./learn-rules.ts";
import { clausesOf, guarded } from "./learn-rules.ts";
import { matcherOf } from "./match/index.ts";
import { replay, unproven } from "./proof.ts";
import type { Unstable, View } from "./views.ts";
import { viewsOf } from "./views.ts";

/** What is asked of a filter before it is proposed. */
export interface LearnOptions {
  /** The filter that is written now, as the vendor's grammar writes it; the learned one is joined to it by AND. null: none. */
  current: string | null;
  /** Share of the events, oldest first, that is learned from; the rest is replayed. */
  learnedShare: number;
  /** Least number of events in the part that is learned from. */
  minimumEvents: number;
  /** The largest share of wanted events that may be dropped for all the replay says (3 / wanted ones replayed). */
  maximumDroppedShare: number;
  /** Least share of all events that must be dropped for a filter to be worth having. */
  minimumSavedShare: number;
}

/** Defaults: 1 % needs 300 wanted events in the part that is replayed. */
export const learnDefaults: LearnOptions = {
  current: null,
  learnedShare: 0.6,
  minimumEvents: 200,
  maximumDroppedShare: 0.01,
  minimumSavedShare: 0.01,
};

/** A filter that was learned, and held on events that the learner did not see. */
export interface LearnedFilter {
  /** The whole filter as the vendor's grammar writes it, what is there now included; `matcherOf(grammar, filter)` reads it. */
  filter: string;
  /** The same as the vendor's interface takes it: the patterns of a Lambda mapping or pipe one by one, else only `filter`. */
  patterns: string[];
  /** What it drops, in words. */
  words: string;
  proof: FilterProof;
  /** What a reader should know: a value never seen before would be dropped, an existing filter is replaced ... */
  caveats: string[];
}

/** Why no filter is proposed, in one sentence with figures; the proof where one was made. */
export interface RefusedFilter {
  refusal: string;
  proof: FilterProof | null;
}

/** A rule that was written, and stands the events it was learned from. */
interface Candidate extends Written {
  rule: KeepRule;
  style: Style;
  /** Discarded events of those learned from that it drops. */
  dropped: number;
  /** A clause says nothing of what the event is, where one field would: the grammar has no room for both. */
  unguarded: boolean;
}

/** The rule with the value that is dropped least often left out, where a grammar's limits are too narrow for all; null: there is none to spare. */
function shortened(rule: KeepRule): KeepRule | null {
  let longest: NotIn | null = null;
  for (const test of rule.flat()) if (test.kind === "not-in" && test.dropped.length > (longest?.dropped.length ?? 1)) longest = test;
  if (longest === null) return null;
  const spared = longest.dropped.at(-1)!;
  const shorter: NotIn = { ...longest, dropped: longest.dropped.slice(0, -1), kept: [...longest.kept, spared] };
  return rule.map((clause) => clause.map((test) => (test === longest ? shorter : test)));
}

/** Discarded events that the filter drops of those it was learned from; null: it is not legal, or drops another one as well. */
function droppedBy(written: Written, events: readonly LabelledEvent[]): number | null {
  const matcher = matcherOf(events[0]!.grammar, written.filter);
  if (matcher.invalid !== null) return null;
  let dropped = 0;
  for (const event of events) {
    if (matcher.matches(event.event)) continue;
    if (event.outcome !== "discarded") return null;
    dropped += 1;
  }
  return dropped;
}

/** The rule in one style, shortened until the vendor takes it. */
function fitted(full: KeepRule, style: Style, events: readonly LabelledEvent[], current: string | null): Candidate | null {
  for (let rule: KeepRule | null = full; rule !== null; rule = shortened(rule)) {
    const written = writtenAs(events[0]!.grammar, rule, current, style);
    if (written === null) return null;
    const dropped = droppedBy(written, events);
    if (dropped !== null) return { ...written, rule, style, dropped, unguarded: false };
    if (style === "closed" || matcherOf(events[0]!.grammar, written.filter).invalid === null) return null;
  }
  return null;
}

/** Share of what could be dropped that the guard for new kinds of events may cost, where a grammar's limits are too narrow for both. */
const guardMayCost = 0.5;

/**
 * The first way of writing the rule that the vendor takes and that keeps what it was learned from: with a guard for new kinds of events or without,
 * excluding or (where the grammar has no other way) naming what is kept.
 */
function candidateOf(
  clauses: readonly RuleClause[],
  views: readonly View[],
  events: readonly LabelledEvent[],
  current: string | null,
): Candidate | null {
  const plain = clauses.map((clause) => clause.clause);
  const safe = clauses.map((clause) => guarded(clause, views));
  for (const style of ["open", "closed"] as const) {
    const first = fitted(safe, style, events, current);
    const all = clauses.reduce((sum, clause) => sum + clause.rows.length, 0);
    if (first !== null && first.dropped >= guardMayCost * all) return first;
    const second = fitted(plain, style, events, current);
    if (second !== null && second.dropped > 0) return { ...second, unguarded: JSON.stringify(plain) !== JSON.stringify(safe) };
    if (first !== null && first.dropped > 0) return first;
  }
  return null;
}

/** Candidates with fewer and fewer clauses: one that the grammar cannot say must not stand in the way of the others. */
function writtenRule(
  clauses: readonly RuleClause[],
  views: readonly View[],
  events: readonly LabelledEvent[],
  current: string | null,
): Candidate | null {
  const all = candidateOf(clauses, views, events, current);
  if (all !== null) return all;
  let chosen: Candidate | null = null;
  let held: RuleClause[] = [];
  for (const clause of clauses) {
    const more = candidateOf([...held, clause], views, events, current);
    if (more !== null) [chosen, held] = [more, [...held, clause]];
  }
  return chosen;
}

/** Why no group of events can be dropped: contradicting outcomes, or fields that do not tell them apart. */
function nothingFound(events: readonly LabelledEvent[], left: readonly Unstable[]): string {
  const wanted = events.filter((event) => event.outcome !== "discarded").length;
  const names = left.slice(0, 3).map(({ name, why }) => `${name} (${why})`);
  const unusable = names.length === 0 ? "" : `; fields that no filter may rest on: ${names.join(", ")}`;
  return `no stable field tells wanted events from discarded ones: in every group that is large enough to say so some of the ${wanted} wanted ones (of ${events.length}) are found, as they are where the outcome hangs on something else or is not told rightly${unusable}`;
}

/** Grammars in which a filter on numbers can let other types through, and the one that is warned of for all types. */
const keepsText = new Set<FilterGrammar>(["eventbridge", "event-grid", "service-bus-sql"]);

/** Grammars in which a pattern looks into a payload that may be anything: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html */
const payloadGrammars = new Set<FilterGrammar>(["sqs", "kinesis", "kafka", "mq"]);

const dayMs = 86_400_000;

/** What comes less often than this was perhaps never seen: a week, a month with its end. */
const rhythms = [
  { ms: 7 * dayMs, what: "what comes once a week, or only at weekends," },
  { ms: 31 * dayMs, what: "what comes once a month, as at its end," },
];

function caveatsOf({ style, rule, unguarded }: Candidate, current: string | null, events: readonly LabelledEvent[]): string[] {
  const { grammar } = events[0]!;
  const caveats: string[] = [];
  const span = events.at(-1)!.at - events[0]!.at;
  const unseen = rhythms.find(({ ms }) => span < ms);
  if (unseen !== undefined)
    caveats.push(`the events cover ${(span / dayMs).toFixed(1)} days: ${unseen.what} may be wanted and was not seen`);
  if (unguarded)
    caveats.push("a new kind of event would be judged by these fields alone: the grammar has no way, or no room, to keep kinds never seen");
  if (payloadGrammars.has(grammar)) caveats.push("a message that is no JSON object would be dropped, as it is by every pattern on fields");
  if (grammar === "service-bus-sql")
    caveats.push(
      "a message whose property comes to be of another type (a number instead of text) is dropped: such a comparison has no result",
    );
  const numbers = [...new Set(rule.flat().flatMap((test) => (test.kind === "outside" ? [pathText(test.path)] : [])))];
  if (numbers.length > 0 && !keepsText.has(grammar))
    caveats.push(`an event whose ${numbers.join(", ")} is text instead of a number would be dropped: the grammar has no way to keep it`);
  if (style === "closed") {
    const names = [...new Set(rule.flat().map((test) => pathText(test.path)))].join(", ");
    caveats.push(
      `the grammar has no exclusion for this: the filter names what is kept, and an event with a value of ${names} that was never seen is dropped`,
    );
  }
  if (current !== null)
    caveats.push("the filter that is there now is replaced by itself AND this rule: nothing that it drops comes through again");
  return caveats;
}

/** The events that the present filter lets through: others do not come any more. A refusal where those are too few to be the same filter's. */
function passing(events: readonly LabelledEvent[], current: string | null): readonly LabelledEvent[] | string {
  if (current === null || events.length === 0) return events;
  const matcher = matcherOf(events[0]!.grammar, current);
  if (matcher.invalid !== null) return `the filter that is there now cannot be read: ${matcher.invalid}`;
  const passed = events.filter((event) => matcher.matches(event.event));
  const lost = events.length - passed.length;
  return lost > 0.05 * events.length
    ? `${lost} of ${events.length} recorded events are not such as the present filter lets through: it was changed within the window, or the events were recorded elsewhere`
    : passed;
}

/**
 * Learns from the events of one consumer of one channel (one grammar). Unknown outcomes count as wanted. The first part of the window is learned from, the
 * filter as written is replayed on the rest through the vendor's grammar; it is not learned anew from all of them, so that what is proposed is what was proven.
 */
export function learnFilter(given: readonly LabelledEvent[], options: Partial<LearnOptions> = {}): LearnedFilter | RefusedFilter {
  const settings = { ...learnDefaults, ...options };
  const { current } = settings;
  const passed = passing(given, current);
  if (typeof passed === "string") return { refusal: passed, proof: null };
  const events = passed.toSorted((one, other) => one.at - other.at);
  const cut = Math.floor(events.length * settings.learnedShare);
  const [early, late] = [events.slice(0, cut), events.slice(cut)];
  if (early.length < settings.minimumEvents) {
    const needed = Math.ceil(settings.minimumEvents / settings.learnedShare);
    return { refusal: `${events.length} events are too few to learn a filter from: ${needed} are needed`, proof: null };
  }
  if (early.every((event) => event.outcome !== "discarded")) {
    return { refusal: `none of the ${early.length} events learned from is known to have been discarded`, proof: null };
  }
  if (early.every((event) => event.outcome !== "wanted")) {
    return {
      refusal: `none of the ${early.length} events learned from is known to have been wanted: what should be kept cannot be learned`,
      proof: null,
    };
  }
  // Event Grid looks into no arrays unless the subscription says so, and then at all of them.
  const columns = columnsOf(early).filter((column) => column.array === null || early[0]!.grammar !== "event-grid");
  const { views, left } = viewsOf(columns);
  const wanted = Uint8Array.from(early, (event) => (event.outcome === "discarded" ? 0 : 1));
  const clauses = clausesOf(views, wanted);
  if (clauses.length === 0) return { refusal: nothingFound(early, left), proof: null };
  const candidate = writtenRule(clauses, views, early, current);
  if (candidate === null) {
    const rule = clauses.map((clause) => clause.clause);
    return {
      refusal: `the rule that would do (${wordsOf(rule)}) cannot be written in this grammar beside the filter that is there, or its limits are too narrow`,
      proof: null,
    };
  }
  const proof = replay(matcherOf(early[0]!.grammar, candidate.filter), late, early.length);
  const against = unproven(proof, settings.maximumDroppedShare, settings.minimumSavedShare) ?? drift(early, late, candidate.rule);
  if (against !== null) return { refusal: against, proof };
  const { filter, patterns } = candidate;
  return { filter, patterns, words: wordsOf(candidate.rule), proof, caveats: caveatsOf(candidate, current, events) };
}
