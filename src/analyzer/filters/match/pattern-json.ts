/**
 * JSON as a filter's author wrote it: entries in order with duplicate keys, numbers with their text. `JSON.parse` loses all three, and vendors decide by
 * them: of duplicate keys the last counts, and a number that is no exact double is compared by its text.
 */
export type PatternNode =
  | { kind: "object"; entries: [key: string, value: PatternNode][] }
  | { kind: "array"; items: PatternNode[] }
  | { kind: "string"; value: string }
  | { kind: "number"; value: number; text: string }
  | { kind: "literal"; value: boolean | null };

/** Why a filter is not legal: the sentence a user reads. Thrown by the compilers of filters, caught where a matcher is made. */
export class PatternError extends Error {}

/** Deeper JSON than this is refused, as the vendors' parsers do: https://github.com/FasterXML/jackson-core/wiki/Jackson-Release-2.15 (1,000 levels). */
export const MAX_DEPTH = 1000;

const TOKEN = /\s*("[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+)/y;

/** @throws PatternError where the text is not JSON or is nested too deeply. */
export function readPattern(text: string): PatternNode {
  try {
    JSON.parse(text);
  } catch {
    throw new PatternError("the filter is not valid JSON");
  }
  TOKEN.lastIndex = 0;
  const next = (): string => (TOKEN.exec(text) as RegExpExecArray)[1] as string;
  return read(next, next(), 0);
}

/** One value that begins with `token`. The text is known to be valid JSON. */
function read(next: () => string, token: string, depth: number): PatternNode {
  if (depth > MAX_DEPTH) throw new PatternError(`the filter is nested deeper than ${MAX_DEPTH} levels`);
  if (token === "{") return { kind: "object", entries: readEntries(next, depth) };
  if (token === "[") return { kind: "array", items: readItems(next, depth) };
  if (token.startsWith('"')) return { kind: "string", value: JSON.parse(token) as string };
  if (token === "true" || token === "false") return { kind: "literal", value: token === "true" };
  if (token === "null") return { kind: "literal", value: null };
  return { kind: "number", value: Number(token), text: token };
}

function readEntries(next: () => string, depth: number): [string, PatternNode][] {
  const entries: [string, PatternNode][] = [];
  for (let token = next(); token !== "}"; token = next()) {
    if (token === ",") continue;
    next();
    entries.push([JSON.parse(token) as string, read(next, next(), depth + 1)]);
  }
  return entries;
}

function readItems(next: () => string, depth: number): PatternNode[] {
  const items: PatternNode[] = [];
  for (let token = next(); token !== "]"; token = next()) if (token !== ",") items.push(read(next, token, depth + 1));
  return items;
}

/** A node as a user may read it in a sentence, cut to 60 characters. */
export function shown(value: PatternNode | string | number | boolean | null): string {
  const text = typeof value === "object" && value !== null ? shownNode(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function shownNode(node: PatternNode): string {
  if (node.kind === "array") return "an array";
  if (node.kind === "object") return "an object";
  return node.kind === "number" ? node.text : JSON.stringify(node.value);
}
