/** `filters test`: what a filter says of given events, before anybody relies on it. */
import { matcherOf } from "../analyzer/filters/match/index.ts";
import { recogniseGrammar } from "../analyzer/filters/match/recognise.ts";
import { inputLines } from "../archive/index.ts";
import { UserError } from "../model/errors.ts";
import type { Decision, FilterGrammar, Matcher } from "../model/filters.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Json } from "../model/records.ts";
import type { FilterTestFacts, TestedEvent } from "../report/views/filters-test.ts";
import { readText } from "./text-file.ts";

export interface FilterTestOptions {
  /** File of the filter, JSON or text. null: `cases` has them. */
  pattern: string | null;
  /** Files of what is decided on, one JSON document a line; `-`: standard input. One of them is null. */
  events: string | null;
  cases: string | null;
  /** null: by the filter's form. */
  grammar: FilterGrammar | null;
  expect: "match" | "no_match" | null;
  /** So many results are kept in the answer; null: all. Counts are of all. */
  keep: number | null;
  /** Every result as it comes, in groups: for forms that are written while reading. */
  onResults?(results: readonly TestedEvent[]): void;
  stdin: AsyncIterable<Uint8Array>;
  signal: AbortSignal;
}

/** Results that are handed on together. */
const GROUP = 1000;
/** An events file whose lines are no JSON may be one document over many lines, as vendors print samples; longer ones are not tried. */
const MAX_DOCUMENT_CHARS = 8_000_000;

/** Throws UserError (exit 2) where files are missing or no filter is given. Lines that cannot be used are results that say so. */
export async function testFilter(options: FilterTestOptions): Promise<FilterTestFacts> {
  const filter = options.pattern === null ? null : readFilter(options.pattern, options.grammar);
  const facts: FilterTestFacts = {
    grammar: filter?.grammar ?? options.grammar,
    recognised: filter !== null && options.grammar === null,
    invalid: filter?.invalid ?? null,
    warnings: filter?.warnings ?? [],
    expect: options.expect,
    counts: { events: 0, match: 0, noMatch: 0, invalid: 0, unusable: 0, disagreements: 0 },
    results: [],
  };
  let group: TestedEvent[] = [];
  for await (const { line, document, problem } of documentsOf((options.cases ?? options.events)!, options)) {
    const decided = problem !== null ? null : filter === null ? decideCase(document, options.grammar) : filter.decide(document);
    const tested: TestedEvent = {
      event: facts.counts.events + 1,
      line,
      name: null,
      expected: options.expect,
      ...(decided ?? { verdict: "invalid", reason: problem ?? "no case: it needs `pattern` and `event`", clause: null }),
    };
    count(facts, tested, decided === null);
    if (options.keep === null || facts.results.length < options.keep) facts.results.push(tested);
    group.push(tested);
    if (group.length < GROUP) continue;
    options.onResults?.(group);
    group = [];
  }
  if (group.length > 0) options.onResults?.(group);
  return facts;
}

function count({ counts }: FilterTestFacts, tested: TestedEvent, unusable: boolean): void {
  counts.events++;
  if (unusable) counts.unusable++;
  if (tested.verdict === "match") counts.match++;
  else if (tested.verdict === "no_match") counts.noMatch++;
  else counts.invalid++;
  if (tested.expected !== null && tested.expected !== tested.verdict && !unusable) counts.disagreements++;
}

function readFilter(path: string, grammar: FilterGrammar | null): Matcher {
  const text = readText(path);
  if (text === null) throw new UserError(`${path}: no such file`);
  const filter = text.replace(/^\uFEFF/, "").trim();
  if (filter === "" && grammar !== "pubsub") throw new UserError(`${path}: empty`);
  return matcherOf(grammar ?? recogniseGrammar(filter), filter);
}

/** A line of a file of cases: its own filter and event, and perhaps what is expected. null: it is none. */
function decideCase(document: Json, given: FilterGrammar | null): (Decision & Pick<TestedEvent, "name" | "expected">) | null {
  if (!isObject(document) || !("pattern" in document) || !("event" in document)) return null;
  const pattern = document["pattern"] as string | JsonObject;
  const decision: Decision = matcherOf(given ?? recogniseGrammar(pattern), pattern).decide(document["event"]!);
  const { name, expected } = document;
  return {
    ...decision,
    name: typeof name === "string" ? name : null,
    expected: expected === "match" || expected === "no_match" || expected === "invalid" ? expected : null,
  };
}

/** One JSON document a line; a file whose first line is none is tried as one document, an array of it as that many events. */
async function* documentsOf(
  path: string,
  options: FilterTestOptions,
): AsyncGenerator<{ line: number; document: Json; problem: string | null }> {
  let held: { line: number; text: string }[] | null = null;
  let heldChars = 0;
  let first = true;
  for await (const { line, text, problem } of inputLines(path, { stdin: options.stdin, signal: options.signal })) {
    const document = problem === null ? parse(text) : undefined;
    if (problem !== null && line === 1) throw new UserError(`${path}: ${problem}`);
    if (first && problem === null && document === undefined && /^[[{]/.test(text)) held = [];
    first = false;
    const list = held === null && problem === null ? eventsOf(document) : null;
    if (list !== null) {
      for (const one of list) yield { line, document: one, problem: null };
      continue;
    }
    if (held === null || problem !== null) {
      yield { line, document: document ?? null, problem: problem ?? (document === undefined ? "the line is not JSON" : null) };
      continue;
    }
    held.push({ line, text });
    heldChars += text.length;
    if (heldChars <= MAX_DOCUMENT_CHARS) continue;
    yield* lineByLine(held);
    held = null;
  }
  if (held === null) return;
  const whole = parse(held.map((one) => one.text).join("\n"));
  if (whole === undefined) yield* lineByLine(held);
  else for (const document of Array.isArray(whole) ? whole : [whole]) yield { line: held[0]!.line, document, problem: null };
}

/** Events in an array, which no event is itself; null: the document is one. */
function eventsOf(document: Json | undefined): Json[] | null {
  return Array.isArray(document) && document.every(isObject) ? document : null;
}

function* lineByLine(
  lines: readonly { line: number; text: string }[],
): Generator<{ line: number; document: Json; problem: string | null }> {
  for (const { line, text } of lines) {
    const document = parse(text);
    yield { line, document: document ?? null, problem: document === undefined ? "the line is not JSON" : null };
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
