/**
 * The filters of Cloud Logging (https://cloud.google.com/logging/docs/view/logging-query-language) and Cloud Monitoring
 * (https://cloud.google.com/monitoring/api/v3/filters): parsed and evaluated, as far as clients use them; anything else is refused.
 */
import { Refused } from "./refused.ts";

export type Filter =
  | { kind: "all" | "any"; of: Filter[] }
  | { kind: "not"; of: Filter }
  | { kind: "compare"; field: string[]; op: string; value: Value }
  | { kind: "global"; text: string }
  | { kind: "search"; field: string[] | null; text: string }
  | { kind: "call"; name: string; args: string[] };

type Value = { kind: "text"; text: string } | { kind: "call"; name: string; args: string[] };
type Token = { kind: "word" | "string" | "op" | "punct"; text: string; at: number };

const LONGEST = 20_000;

export function parseFilter(text: string): Filter {
  if (text.length > LONGEST)
    throw new Refused("INVALID_ARGUMENT", `Filter is ${text.length} characters long, at most ${LONGEST} are allowed`);
  const tokens = tokensOf(text);
  let at = 0;
  const fail = (): never => {
    throw new Refused(
      "INVALID_ARGUMENT",
      `Unparseable filter: syntax error at line 1, column ${tokens[at]?.at ?? text.length}, token '${tokens[at]?.text ?? "EOF"}'`,
    );
  };
  const is = (kind: Token["kind"], wanted: string): boolean => tokens[at]?.kind === kind && tokens[at]!.text === wanted;
  const eat = (kind: Token["kind"], wanted: string): boolean => is(kind, wanted) && (at++, true);
  const need = (kind: Token["kind"], wanted: string): void => void (eat(kind, wanted) || fail());

  // NOT binds closest, then OR, then AND (also by mere juxtaposition), as Google documents it
  function all(): Filter {
    const of = [any()];
    while (at < tokens.length && !is("punct", ")")) {
      eat("word", "AND");
      of.push(any());
    }
    return of.length === 1 ? of[0]! : { kind: "all", of };
  }
  function any(): Filter {
    const of = [not()];
    while (eat("word", "OR")) of.push(not());
    return of.length === 1 ? of[0]! : { kind: "any", of };
  }
  function not(): Filter {
    if (eat("word", "NOT") || eat("punct", "-")) return { kind: "not", of: not() };
    if (eat("punct", "(")) {
      const inner = all();
      need("punct", ")");
      return inner;
    }
    return term();
  }
  function term(): Filter {
    const first = tokens[at];
    if (
      first === undefined ||
      (first.kind !== "word" && first.kind !== "string") ||
      (first.kind === "word" && /^(AND|OR)$/.test(first.text))
    )
      return fail();
    if (first.kind === "word" && tokens[at + 1]?.kind === "punct" && tokens[at + 1]!.text === "(") {
      const { name, args } = call();
      if (name !== "SEARCH") return { kind: "call", name, args };
      return { kind: "search", field: args.length === 2 ? args[0]!.split(".") : null, text: args.at(-1)! };
    }
    const field = path();
    if (tokens[at]?.kind !== "op") return { kind: "global", text: field.join(".") };
    const op = tokens[at++]!.text;
    return value(field, op);
  }
  function path(): string[] {
    const parts = [...part()];
    while (tokens[at - 1]!.text.endsWith(".") || eat("punct", ".")) parts.push(...part());
    return parts;
  }
  function part(): string[] {
    const token = tokens[at++];
    if (token?.kind === "string") return [token.text];
    return token?.kind === "word" ? token.text.split(".").filter((one) => one !== "") : fail();
  }
  function call(): { name: string; args: string[] } {
    const name = tokens[at]!.text;
    at += 2;
    const args: string[] = [];
    while (!eat("punct", ")")) {
      if (args.length > 0) need("punct", ",");
      const token = tokens[at++];
      if (token?.kind !== "string" && token?.kind !== "word") fail();
      args.push(token!.text);
    }
    return { name, args };
  }
  /** One value, or `("a" OR "b")` over one field. */
  function value(field: string[], op: string): Filter {
    if (eat("punct", "(")) {
      const of = [value(field, op)];
      let joined: "all" | "any" | null = null;
      while (!eat("punct", ")")) {
        const word = eat("word", "OR") ? "any" : eat("word", "AND") ? "all" : fail();
        if (joined !== null && joined !== word) fail();
        joined = word;
        of.push(value(field, op));
      }
      return of.length === 1 ? of[0]! : { kind: joined!, of };
    }
    const token = tokens[at];
    if (token?.kind === "word" && tokens[at + 1]?.kind === "punct" && tokens[at + 1]!.text === "(")
      return { kind: "compare", field, op, value: { kind: "call", ...call() } };
    if (token?.kind !== "word" && token?.kind !== "string") return fail();
    at++;
    return { kind: "compare", field, op, value: { kind: "text", text: token!.text } };
  }
  if (tokens.length === 0) return { kind: "all", of: [] };
  const whole = all();
  return at < tokens.length ? fail() : whole;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s+|--[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(>=|<=|!=|=~|!~|[=<>:])|([(),.-])|([\p{L}\d_*/+][\p{L}\d_*/+.$%-]*)/uy;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const m = pattern.exec(text);
    if (m === null)
      throw new Refused("INVALID_ARGUMENT", `Unparseable filter: unexpected character at column ${at}: ${text.slice(at, at + 20)}`);
    const string = m[1] ?? m[2];
    if (string !== undefined) tokens.push({ kind: "string", text: unescaped(string), at });
    else if (m[3] !== undefined) tokens.push({ kind: "op", text: m[3], at });
    else if (m[4] !== undefined) tokens.push({ kind: "punct", text: m[4], at });
    else if (m[5] !== undefined) tokens.push({ kind: "word", text: m[5], at });
  }
  return tokens;
}

function unescaped(text: string): string {
  return text.replace(/\\(u[\da-fA-F]{4}|x[\da-fA-F]{2}|[0-7]{3}|.)/gs, (_, escape: string) => {
    if (/^[ux]/.test(escape) && escape.length > 1) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if (/^[0-7]{3}$/.test(escape)) return String.fromCharCode(Number.parseInt(escape, 8));
    return ({ n: "\n", t: "\t", r: "\r" } as { [one: string]: string })[escape] ?? escape;
  });
}

const SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

/** Whether this document (an entry, or `{metric, resource, project}` of a series) is meant. Text is compared without regard to case. */
export function matches(filter: Filter, document: unknown): boolean {
  switch (filter.kind) {
    case "all":
      return filter.of.every((one) => matches(one, document));
    case "any":
      return filter.of.some((one) => matches(one, document));
    case "not":
      return !matches(filter.of, document);
    case "global":
      return leaves(document).some((leaf) => leaf.toLowerCase().includes(filter.text.toLowerCase()));
    case "search":
      return searched(filter.text, filter.field === null ? document : valueAt(document, filter.field));
    case "call":
      if (filter.name !== "log_id" || filter.args.length !== 1) throw new Refused("INVALID_ARGUMENT", `no function ${filter.name}`);
      return String(valueAt(document, ["logName"])).endsWith(`/logs/${encodeURIComponent(filter.args[0]!)}`);
    case "compare":
      return compared(filter, valueAt(document, filter.field));
  }
}

function compared({ field, op, value }: Extract<Filter, { kind: "compare" }>, found: unknown): boolean {
  if (value.kind === "call") return op === "=" ? called(value, found) : !called(value, found);
  const text = value.text;
  if (found === undefined || found === null) return false;
  if (op === ":" && text === "*") return true;
  if (typeof found === "object") {
    if (op !== ":") throw new Refused("INVALID_ARGUMENT", `field ${field.join(".")} is no single value`);
    return leaves(found).some((leaf) => leaf.toLowerCase().includes(text.toLowerCase()));
  }
  if (op === "=~" || op === "!~") return new RegExp(text).test(String(found)) === (op === "=~");
  if (op === ":") return typeof found === "number" ? found === Number(text) : String(found).toLowerCase().includes(text.toLowerCase());
  const order = ordered(field, String(found), text);
  switch (op) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    default:
      return order <= 0;
  }
}

function ordered(field: string[], found: string, text: string): number {
  const sign = (number: number): number => (Number.isNaN(number) ? 1 : Math.sign(number));
  const last = field.at(-1)!;
  if (/^(timestamp|receiveTimestamp)$/.test(last)) {
    if (Number.isNaN(Date.parse(text))) throw new Refused("INVALID_ARGUMENT", `not a time: ${text}`);
    return sign(nanosOf(found) === nanosOf(text) ? 0 : nanosOf(found) < nanosOf(text) ? -1 : 1);
  }
  if (last === "severity") return sign(SEVERITIES.indexOf(found) - SEVERITIES.indexOf(text.toUpperCase()));
  if (/^-?[\d.]+s?$/.test(found) && /^-?[\d.]+s?$/.test(text)) return sign(Number.parseFloat(found) - Number.parseFloat(text));
  const [a, b] = [found.toLowerCase(), text.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}

const nanosOf = (time: string): bigint => {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? "";
  return BigInt(Date.parse(time.replace(/\.\d+/, ""))) * 1_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9));
};

function called({ name, args }: { name: string; args: string[] }, found: unknown): boolean {
  if (found === undefined) return false;
  const text = String(found);
  if (name === "one_of") return args.includes(text);
  if (name === "starts_with") return text.startsWith(args[0]!);
  if (name === "ends_with") return text.endsWith(args[0]!);
  if (name === "has_substring") return text.includes(args[0]!);
  throw new Refused("INVALID_ARGUMENT", `no function ${name}`);
}

/** Google's analyser: words without regard to case and order; a text in backticks is one phrase. */
function searched(query: string, document: unknown): boolean {
  const words = (text: string): string[] =>
    text
      .toLowerCase()
      .split(/[\][<>(){}|!;,'"*&?+/:=@.\-$%\\_\s]+/)
      .filter((word) => word !== "");
  const texts = leaves(document).map((leaf) => leaf.toLowerCase());
  const phrases = [...query.matchAll(/`([^`]*)`/g)].map((m) => m[1]!.toLowerCase());
  if (!phrases.every((phrase) => texts.some((text) => text.includes(phrase)))) return false;
  const held = new Set(texts.flatMap(words));
  return words(query.replace(/`[^`]*`/g, " ")).every((word) => held.has(word));
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  let value: any = document;
  for (const part of path) value = value?.[part] ?? (part === "label" ? value?.labels : undefined);
  return value;
}

function leaves(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  return typeof value === "object" ? Object.values(value).flatMap(leaves) : [String(value)];
}
