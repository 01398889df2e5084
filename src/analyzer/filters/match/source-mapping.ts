/**
 * Filter criteria of Lambda's event source mappings and of Pipes: EventBridge's patterns on polled records, with fewer operators, and rules of their own for
 * payloads. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html and its pages per source,
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-filtering.html.
 */
import type { Decision, Matcher } from "../../../model/filters.ts";
import { isObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";
import { compilePattern, type PatternField } from "./eventbridge-compile.ts";
import { decideAlternatives, matchesAlternatives } from "./eventbridge-decide.ts";
import { warningsOf } from "./eventbridge.ts";
import { type CompiledFilter, matcherFrom, refused, sizeProblem } from "./matcher.ts";
import { PatternError, readPattern } from "./pattern-json.ts";
import { PAYLOAD_KEY, type PolledRecord, type PolledSource, polledRecord } from "./source-mapping-record.ts";
import type { Operators } from "./term.ts";

/** Characters of one pattern, in the models of both APIs. */
export const SOURCE_FILTER_MAX_CHARS = 4096;

/** Neither has wildcard, cidr, and operators inside anything-but. Without case, Lambda lists `equals-ignore-case` only; it shares the poller with Pipes. */
const OPERATORS: Operators = {
  service: "Lambda",
  names: new Set(["prefix", "suffix", "equals-ignore-case", "numeric", "exists", "anything-but"]),
  inAnythingBut: new Set<string>(),
  caseless: true,
  documentedMagnitude: 5e9,
};

/** Filters of one mapping: by default, and with a raised quota. A pipe has five, which cannot be raised. */
const FILTERS = { quota: 5, max: 10 };

/**
 * The filters of a Lambda event source mapping: a record passes that matches one of them; without filters all pass. The event is one record as the poller has it
 * (`body` as sent; Kinesis, Kafka and MQ payloads in base64 or decoded). What does not pass is deleted from a queue, skipped in a stream.
 * A pipe's filters are the same on the same source.
 */
export function matchSourceMapping(source: PolledSource, patterns: readonly string[]): Matcher {
  return matcherFrom(source, (): CompiledFilter => {
    if (patterns.length > FILTERS.max)
      throw new PatternError(`${patterns.length} filters are more than the ${FILTERS.max} that Lambda allows`);
    const compiled = patterns.map((pattern, at) =>
      compileFilter(source, pattern, OPERATORS, patterns.length > 1 ? `filter ${at + 1}: ` : ""),
    );
    const overQuota =
      patterns.length > FILTERS.quota
        ? [`${patterns.length} filters are more than the ${FILTERS.quota} that a pipe may have, and a mapping by default`]
        : [];
    return {
      warnings: [...new Set([...overQuota, ...compiled.flatMap(({ warnings }) => warnings)])],
      decide: (event) => decideAny(compiled, polledRecord(source, event)),
      matches: (event) => {
        const record = polledRecord(source, event);
        return record.view !== null && (compiled.length === 0 || compiled.some((filter) => filter.matches(record)));
      },
    };
  });
}

/**
 * The patterns in what describes a mapping's filters: one pattern, an array of them, `{"Filters": [{"Pattern": "..."}]}` as both APIs write it, each parsed or as
 * its text. Text that is not JSON is one pattern, for the matcher to refuse.
 */
export function filterPatterns(filter: Json): string[] {
  const given = typeof filter === "string" ? (parsedJson(filter) ?? filter) : filter;
  if (isObject(given) && Array.isArray(given["Filters"])) return given["Filters"].map(patternText);
  return Array.isArray(given) ? given.map(patternText) : [typeof filter === "string" ? filter : JSON.stringify(filter)];
}

function patternText(filter: Json): string {
  const pattern = isObject(filter) && typeof filter["Pattern"] === "string" ? filter["Pattern"] : filter;
  return typeof pattern === "string" ? pattern : JSON.stringify(pattern);
}

function parsedJson(text: string): Json | null {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

/** One filter on a record that has been read. */
interface RecordFilter {
  warnings: string[];
  decide(record: PolledRecord): Decision;
  matches(record: PolledRecord): boolean;
}

function decideAny(filters: readonly RecordFilter[], record: PolledRecord): Decision {
  if (record.view === null) return refused("the event is not a record of the source: it is not a JSON object");
  if (filters.length === 0) return { verdict: "match", reason: "there is no filter", clause: null };
  const decisions: Decision[] = [];
  for (const filter of filters) {
    const decision = filter.decide(record);
    if (decision.verdict === "match") return decision;
    decisions.push(decision);
  }
  const [first] = decisions as [Decision];
  const clause = decisions.every((decision) => decision.clause === first.clause) ? first.clause : null;
  return { verdict: first.verdict, reason: decisions.map(({ reason }) => reason).join("; "), clause };
}

function compileFilter(source: PolledSource, pattern: string, operators: Operators, prefix: string): RecordFilter {
  try {
    sizeProblem("the pattern", pattern, SOURCE_FILTER_MAX_CHARS);
    const alternatives = compilePattern(readPattern(pattern), operators);
    const parts = alternatives.map((fields) => compileAlternative(source, fields));
    return {
      warnings: [...warningsOf(alternatives), ...typedNumberWarnings(source, alternatives)],
      decide: (record) => {
        const decision = decideParts(parts, record);
        return { ...decision, reason: `${prefix}${decision.reason}` };
      },
      matches: (record) => parts.some((part) => part.matches(record)),
    };
  } catch (error) {
    throw error instanceof PatternError ? new PatternError(`${prefix}${error.message}`) : error;
  }
}

function decideParts(parts: readonly RecordFilter[], record: PolledRecord): Decision {
  const decisions = parts.map((part) => part.decide(record));
  return decisions.find(({ verdict }) => verdict === "match") ?? (decisions[0] as Decision);
}

/**
 * One alternative with what it makes of the payload's form. A pattern for JSON drops records whose payload is text, and the reverse; without condition on the
 * payload its form does not matter. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html (table of formats), likewise for Kafka and MQ.
 */
function compileAlternative(source: PolledSource, fields: PatternField[]): RecordFilter {
  const key = PAYLOAD_KEY[source];
  const plain = fields.find(({ path }) => path === key);
  const inJson = fields.find(({ path }) => path.startsWith(`${key}.`));
  if (plain !== undefined && (source === "kinesis" || source === "dynamodb")) {
    throw new PatternError(`${key} must be an object in the pattern: records of ${source} can be filtered by JSON only`);
  }
  const wanted = inJson === undefined ? (plain === undefined ? null : "text") : "json";
  const decide = decideAlternatives([fields]);
  const matches = matchesAlternatives([fields]);
  const isDropped = ({ payload }: PolledRecord): boolean => wanted !== null && payload !== "none" && payload !== wanted;
  return {
    warnings: [],
    decide: (record) => (isDropped(record) ? formatMismatch(key, record, (inJson ?? plain)?.path ?? key) : decide(record.view as Json)),
    matches: (record) => !isDropped(record) && matches(record.view as Json),
  };
}

function formatMismatch(key: string, { payload }: PolledRecord, clause: string): Decision {
  const forms = payload === "text" ? ["is plain text", "JSON"] : ["is JSON", "plain text"];
  return { verdict: "no_match", reason: `${key} ${forms[0]} and the pattern is for ${forms[1]}: such records are dropped`, clause };
}

/** Numbers of DynamoDB records are strings. https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html */
function typedNumberWarnings(source: PolledSource, alternatives: readonly PatternField[][]): string[] {
  if (source !== "dynamodb") return [];
  const compared = alternatives.flat().filter(({ path, terms }) => path.endsWith(".N") && terms.some(({ words }) => /^[<>=]/.test(words)));
  return compared.map(({ path }) => `${path} is a string in DynamoDB records: numeric never matches it`);
}
