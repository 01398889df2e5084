/**
 * Service Bus SQL expressions as trees. NOT binds closer than AND, AND closer than OR, arithmetic as usual.
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messaging-sql-filter
 */
import { joined, type Logic, MAX_DEPTH } from "./logic.ts";
import { isSystemProperty } from "./service-bus-message.ts";
import { type Token, tokensOf } from "./service-bus-tokens.ts";

/** Whole numbers are 64-bit integers (bigint), others doubles; null: unknown. */
export type SqlValue = string | bigint | number | boolean | null;

export interface Property {
  scope: "sys" | "user";
  name: string;
}

export type Expression =
  | { kind: "constant"; value: SqlValue }
  | { kind: "property"; property: Property }
  | { kind: "lookup"; name: Expression }
  | { kind: "new-id" }
  | { kind: "negative"; of: Expression }
  | { kind: "arithmetic"; sign: string; left: Expression; right: Expression };

export type Condition = { text: string; properties: Property[] } & (
  | { kind: "compare"; sign: string; left: Expression; right: Expression }
  | { kind: "null" | "exists"; property: Property; negated: boolean }
  | { kind: "in"; left: Expression; among: Expression[]; negated: boolean }
  | { kind: "like"; left: Expression; pattern: Expression; escape: Expression | null; negated: boolean }
);

/** Values of `@parameters`, by name. */
export type Parameters = ReadonlyMap<string, SqlValue>;

class SyntaxFault extends Error {}

/** A string: why the broker would refuse it. */
export function parseSql(text: string, parameters: Parameters): Logic<Condition> | string {
  const tokens = tokensOf(text);
  if (typeof tokens === "string") return tokens;
  try {
    return new Parser(text, tokens, parameters).whole();
  } catch (caught) {
    if (caught instanceof SyntaxFault) return caught.message;
    throw caught;
  }
}

/** A part of the text that may be either, until it is known what stands behind it. */
type Part = { logic: Logic<Condition> } | { value: Expression };

class Parser {
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private readonly parameters: Parameters;
  private at = 0;
  private depth = 0;
  private seen: Property[] = [];

  constructor(text: string, tokens: readonly Token[], parameters: Parameters) {
    this.text = text;
    this.tokens = tokens;
    this.parameters = parameters;
  }

  whole(): Logic<Condition> {
    const logic = this.logicOf(this.or());
    if (this.next.kind !== "end") throw this.fault("the expression should end here");
    return logic;
  }

  private get next(): Token {
    return this.tokens[this.at]!;
  }

  private fault(what: string): SyntaxFault {
    const token = this.next;
    const where =
      token.kind === "end" ? "at the end" : `at character ${token.from + 1} (${this.text.slice(token.from, token.to).slice(0, 40)})`;
    return new SyntaxFault(`${what}, ${where}`);
  }

  private take(kind: "keyword" | "sign", ...texts: string[]): string | null {
    const token = this.next;
    if (token.kind !== kind || !texts.includes(token.text)) return null;
    this.at++;
    return token.text;
  }

  private need(kind: "keyword" | "sign", text: string): void {
    if (this.take(kind, text) === null) throw this.fault(`${text} is missing`);
  }

  private logicOf(part: Part): Logic<Condition> {
    if ("logic" in part) return part.logic;
    throw this.fault("a value stands where a condition is needed");
  }

  private valueOf(part: Part): Expression {
    if ("value" in part) return part.value;
    throw this.fault("a condition stands where a value is needed");
  }

  private or(): Part {
    let left = this.and();
    while (this.take("keyword", "OR") !== null) left = { logic: joined("or", this.logicOf(left), this.logicOf(this.and())) };
    return left;
  }

  private and(): Part {
    let left = this.not();
    while (this.take("keyword", "AND") !== null) left = { logic: joined("and", this.logicOf(left), this.logicOf(this.not())) };
    return left;
  }

  private not(): Part {
    let negated = false;
    let any = false;
    while (this.take("keyword", "NOT") !== null) [negated, any] = [!negated, true];
    const part = this.condition();
    if (!any) return part;
    const logic = this.logicOf(part);
    return { logic: negated ? { kind: "not", part: logic } : logic };
  }

  private condition(): Part {
    const from = this.next.from;
    const seen = this.seen;
    this.seen = [];
    const leaf = (condition: object): Part => {
      const found = { ...condition, text: this.text.slice(from, this.tokens[this.at - 1]!.to), properties: this.seen } as Condition;
      return { logic: { kind: "leaf", leaf: found } };
    };
    try {
      if (this.take("keyword", "EXISTS") !== null) {
        this.need("sign", "(");
        const property = this.property();
        this.need("sign", ")");
        return leaf({ kind: "exists", property, negated: false });
      }
      const left = this.sum();
      const sign = this.take("sign", "=", "<>", "!=", ">", ">=", "<", "<=");
      if (sign !== null) return leaf({ kind: "compare", sign, left: this.valueOf(left), right: this.valueOf(this.sum()) });
      if (this.take("keyword", "IS") !== null) {
        const negated = this.take("keyword", "NOT") !== null;
        this.need("keyword", "NULL");
        const value = this.valueOf(left);
        if (value.kind !== "property") throw this.fault("IS NULL asks of a property only");
        return leaf({ kind: "null", property: value.property, negated });
      }
      const negated = this.take("keyword", "NOT") !== null;
      if (this.take("keyword", "IN") !== null) return leaf({ kind: "in", left: this.valueOf(left), among: this.list(), negated });
      if (this.take("keyword", "LIKE") !== null) {
        const pattern = this.valueOf(this.sum());
        const escape = this.take("keyword", "ESCAPE") === null ? null : this.valueOf(this.sum());
        return leaf({ kind: "like", left: this.valueOf(left), pattern, escape, negated });
      }
      if (negated) throw this.fault("NOT needs IN or LIKE behind it here");
      return left;
    } finally {
      this.seen = [...seen, ...this.seen];
    }
  }

  private list(): Expression[] {
    this.need("sign", "(");
    const among = [this.valueOf(this.sum())];
    while (this.take("sign", ",") !== null) among.push(this.valueOf(this.sum()));
    this.need("sign", ")");
    return among;
  }

  private sum(): Part {
    return this.chain(["+", "-"], () => this.chain(["*", "/", "%"], () => this.signed()));
  }

  private chain(signs: string[], operand: () => Part): Part {
    let left = operand();
    for (let sign = this.take("sign", ...signs); sign !== null; sign = this.take("sign", ...signs))
      left = { value: { kind: "arithmetic", sign, left: this.valueOf(left), right: this.valueOf(operand()) } };
    return left;
  }

  private signed(): Part {
    let negative = false;
    let any = false;
    for (let sign = this.take("sign", "+", "-"); sign !== null; sign = this.take("sign", "+", "-"))
      [negative, any] = [negative !== (sign === "-"), true];
    const part = this.operand();
    if (!any) return part;
    const value = this.valueOf(part);
    return { value: negative ? { kind: "negative", of: value } : value };
  }

  private operand(): Part {
    const token = this.next;
    if (this.take("sign", "(") !== null) {
      if (++this.depth > MAX_DEPTH) throw this.fault(`parentheses deeper than ${MAX_DEPTH} are not followed`);
      const inner = this.or();
      this.need("sign", ")");
      this.depth--;
      return inner;
    }
    if (token.kind === "name") return { value: this.named() };
    this.at++;
    if (token.kind === "text") return { value: { kind: "constant", value: token.text } };
    if (token.kind === "integer" || token.kind === "decimal") return { value: { kind: "constant", value: token.value } };
    if (token.kind === "keyword" && (token.text === "TRUE" || token.text === "FALSE"))
      return { value: { kind: "constant", value: token.text === "TRUE" } };
    if (token.kind === "keyword" && token.text === "NULL") return { value: { kind: "constant", value: null } };
    const parameter = token.kind === "parameter" ? this.parameters.get(token.text) : undefined;
    if (parameter !== undefined) return { value: { kind: "constant", value: parameter } };
    this.at--;
    throw this.fault(token.kind === "parameter" ? "the parameter has no value" : "a value is missing");
  }

  private named(): Expression {
    const token = this.next;
    const behind = this.tokens[this.at + 1]!;
    if (token.kind !== "name" || token.delimited || behind.kind !== "sign" || behind.text !== "(")
      return { kind: "property", property: this.property() };
    this.at += 2;
    const name = token.text.toLowerCase();
    if (name === "newid") {
      this.need("sign", ")");
      return { kind: "new-id" };
    }
    if (name !== "p" && name !== "property") throw this.fault(`${token.text} is no function`);
    const of = this.valueOf(this.sum());
    this.need("sign", ")");
    return { kind: "lookup", name: of };
  }

  private property(): Property {
    const first = this.next;
    if (first.kind !== "name") throw this.fault("a property is missing");
    this.at++;
    let property: Property = { scope: "user", name: first.text };
    if (this.take("sign", ".") !== null) {
      const scope = first.text.toLowerCase();
      const second = this.next;
      if (scope !== "sys" && scope !== "user") throw this.fault(`${first.text} is no scope (sys, user)`);
      if (second.kind !== "name") throw this.fault("a property's name is missing");
      this.at++;
      property = { scope, name: second.text };
    }
    if (property.scope === "sys" && !isSystemProperty(property.name)) throw this.fault(`a message has no system property ${property.name}`);
    this.seen.push(property);
    return property;
  }
}
