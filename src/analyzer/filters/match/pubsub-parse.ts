/** Pub/Sub's filter language as trees. https://cloud.google.com/pubsub/docs/subscription-message-filter#filtering_syntax */
import { joined, type Logic, MAX_DEPTH } from "./logic.ts";

/** One condition on one attribute. */
export interface AttributeTest {
  kind: "has" | "equals" | "differs" | "prefix";
  key: string;
  /** null: `has` compares nothing. */
  value: string | null;
  text: string;
}

type Token = { from: number; to: number } & ({ kind: "word" | "text"; text: string } | { kind: "sign"; text: string } | { kind: "end" });

class SyntaxFault extends Error {}

const WORD = /[A-Za-z0-9_-]+/y;
const SIGNS = ["!=", "=", ":", ".", "(", ")", ",", "-"];
const ESCAPES: { [char: string]: string } = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "`": "`",
  "?": "?",
};

/** A string: why it would be refused. */
export function parsePubsub(text: string): Logic<AttributeTest> | string {
  try {
    return new Parser(text, tokensOf(text)).whole();
  } catch (caught) {
    if (caught instanceof SyntaxFault) return caught.message;
    throw caught;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    if (/\s/.test(char)) {
      at++;
      continue;
    }
    const from = at;
    if (char === '"' || char === "'") {
      const { value, to } = quotedAt(text, at);
      at = to;
      tokens.push({ kind: "text", text: value, from, to });
      continue;
    }
    const sign = SIGNS.find((one) => text.startsWith(one, at));
    WORD.lastIndex = at;
    // a word may hold hyphens but not begin with one: there it is a NOT
    const word = sign === undefined ? WORD.exec(text)?.[0] : undefined;
    const taken = sign ?? word;
    if (taken === undefined) throw new SyntaxFault(`${JSON.stringify(char)} at character ${at + 1} means nothing here`);
    at += taken.length;
    tokens.push({ kind: sign === undefined ? "word" : "sign", text: taken, from, to: at });
  }
  tokens.push({ kind: "end", from: text.length, to: text.length });
  return tokens;
}

/** A string literal with its escapes: of C, and \\uXXXX, \\UXXXXXXXX, \\xHH, octal. */
function quotedAt(text: string, from: number): { value: string; to: number } {
  const close = text[from]!;
  let value = "";
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at]!;
    if (char === close) return { value, to: at + 1 };
    if (char !== "\\") {
      value += char;
      continue;
    }
    const code = /^\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[xX]([0-9a-fA-F]{2})|([0-7]{3}))/.exec(text.slice(at, at + 10));
    if (code !== null) {
      const point = code[4] === undefined ? Number.parseInt(code[1] ?? code[2] ?? code[3]!, 16) : Number.parseInt(code[4], 8);
      if (point > 0x10ffff) throw new SyntaxFault(`${code[0]} is no character`);
      value += String.fromCodePoint(point);
      at += code[0].length - 1;
      continue;
    }
    const plain = ESCAPES[text[++at] ?? ""];
    if (plain === undefined) throw new SyntaxFault(`an unknown escape at character ${at}`);
    value += plain;
  }
  throw new SyntaxFault(`the text that begins at character ${from + 1} does not end`);
}

class Parser {
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.text = text;
    this.tokens = tokens;
  }

  whole(): Logic<AttributeTest> {
    const logic = this.expression();
    if (this.next.kind !== "end") throw this.fault("the filter should end here");
    return logic;
  }

  private get next(): Token {
    return this.tokens[this.at]!;
  }

  private fault(what: string): SyntaxFault {
    const token = this.next;
    return new SyntaxFault(`${what}, ${token.kind === "end" ? "at the end" : `at character ${token.from + 1}`}`);
  }

  private take(kind: "word" | "sign", text: string): boolean {
    const token = this.next;
    if (token.kind !== kind || token.text !== text) return false;
    this.at++;
    return true;
  }

  private need(text: string): void {
    if (!this.take("sign", text)) throw this.fault(`${text} is missing`);
  }

  private expression(): Logic<AttributeTest> {
    let left = this.term();
    let used: "AND" | "OR" | null = null;
    for (;;) {
      const word = this.take("word", "AND") ? "AND" : this.take("word", "OR") ? "OR" : null;
      if (word === null) return left;
      if (used !== null && used !== word) throw this.fault("AND and OR may only be put together with parentheses");
      used = word;
      left = joined(word === "AND" ? "and" : "or", left, this.term());
    }
  }

  private term(): Logic<AttributeTest> {
    let negated = false;
    while (this.take("word", "NOT") || this.take("sign", "-")) negated = !negated;
    const part = this.primary();
    return negated ? { kind: "not", part } : part;
  }

  private primary(): Logic<AttributeTest> {
    if (this.take("sign", "(")) {
      if (++this.depth > MAX_DEPTH) throw this.fault(`parentheses deeper than ${MAX_DEPTH} are not followed`);
      const inner = this.expression();
      this.need(")");
      this.depth--;
      return inner;
    }
    const from = this.next.from;
    const leaf = (kind: AttributeTest["kind"], key: string, value: string | null): Logic<AttributeTest> => ({
      kind: "leaf",
      leaf: { kind, key, value, text: this.text.slice(from, this.tokens[this.at - 1]!.to) },
    });
    if (this.take("word", "hasPrefix")) {
      this.need("(");
      this.attributes();
      this.need(".");
      const key = this.key();
      this.need(",");
      const value = this.value();
      this.need(")");
      return leaf("prefix", key, value);
    }
    this.attributes();
    if (this.take("sign", ":")) return leaf("has", this.key(), null);
    this.need(".");
    const key = this.key();
    if (this.take("sign", "=")) return leaf("equals", key, this.value());
    if (this.take("sign", "!=")) return leaf("differs", key, this.value());
    throw this.fault("= or != is missing");
  }

  private attributes(): void {
    if (!this.take("word", "attributes")) throw this.fault("only `attributes` can be asked about");
  }

  private key(): string {
    const token = this.next;
    if (token.kind !== "word" && token.kind !== "text") throw this.fault("the key of an attribute is missing");
    this.at++;
    return token.text;
  }

  private value(): string {
    const token = this.next;
    if (token.kind !== "text") throw this.fault("a value in quotes is missing");
    this.at++;
    return token.text;
  }
}
