/**
 * Words of a Service Bus SQL expression. https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messaging-sql-filter
 */

export type Token = { from: number; to: number } & (
  | { kind: "keyword"; text: string }
  | { kind: "name"; text: string; delimited: boolean }
  | { kind: "parameter"; text: string }
  | { kind: "text"; text: string }
  | { kind: "integer"; value: bigint }
  | { kind: "decimal"; value: number }
  | { kind: "sign"; text: string }
  | { kind: "end" }
);

/** Reserved: names that are these must be delimited. */
const KEYWORDS = new Set(["AND", "OR", "NOT", "IS", "NULL", "IN", "LIKE", "ESCAPE", "EXISTS", "TRUE", "FALSE"]);
const SIGNS = ["<>", "!=", ">=", "<=", "=", ">", "<", "+", "-", "*", "/", "%", "(", ")", ",", "."];
const NAME = /\p{L}[\p{L}\p{Nd}_]*/uy;
const PARAMETER = /@\p{L}[\p{L}\p{Nd}_]*/uy;
const NUMBER = /(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?/y;
const MAX_INT64 = 9_223_372_036_854_775_807n;

/** The words, with `end` as the last; a string: what is wrong, and where. */
export function tokensOf(text: string): Token[] | string {
  const tokens: Token[] = [];
  let at = 0;
  const matched = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  while (at < text.length) {
    const char = text[at]!;
    if (/\s/.test(char)) {
      at++;
      continue;
    }
    const from = at;
    if (char === "'" || char === '"' || char === "[") {
      const quoted = quotedAt(text, at, char === "[" ? "]" : char);
      if (quoted === null) return `${char === "'" ? "the text" : "the name"} that begins at character ${at + 1} does not end`;
      at = quoted.to;
      if (char === "'") tokens.push({ kind: "text", text: quoted.text, from, to: at });
      else if (quoted.text === "") return `an empty name at character ${from + 1}`;
      else tokens.push({ kind: "name", text: quoted.text, delimited: true, from, to: at });
      continue;
    }
    const number = /[\d.]/.test(char) ? matched(NUMBER) : null;
    if (number !== null) {
      at += number.length;
      if (!/^\d+$/.test(number)) tokens.push({ kind: "decimal", value: Number(number), from, to: at });
      else if (BigInt(number) > MAX_INT64) return `${number} is no 64-bit integer`;
      else tokens.push({ kind: "integer", value: BigInt(number), from, to: at });
      continue;
    }
    const parameter = char === "@" ? matched(PARAMETER) : null;
    const name = parameter ?? matched(NAME);
    if (name !== null) {
      at += name.length;
      if (parameter !== null) tokens.push({ kind: "parameter", text: name, from, to: at });
      else if (KEYWORDS.has(name.toUpperCase())) tokens.push({ kind: "keyword", text: name.toUpperCase(), from, to: at });
      else tokens.push({ kind: "name", text: name, delimited: false, from, to: at });
      continue;
    }
    const sign = SIGNS.find((one) => text.startsWith(one, at));
    if (sign === undefined) return `${JSON.stringify(char)} at character ${at + 1} means nothing here`;
    at += sign.length;
    tokens.push({ kind: "sign", text: sign, from, to: at });
  }
  tokens.push({ kind: "end", from: text.length, to: text.length });
  return tokens;
}

/** What stands between quotes; the closing one doubled stands for itself. null: it does not end. */
function quotedAt(text: string, from: number, close: string): { text: string; to: number } | null {
  let found = "";
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] !== close) found += text[at]!;
    else if (text[at + 1] === close) {
      found += close;
      at++;
    } else return { text: found, to: at + 1 };
  }
  return null;
}
