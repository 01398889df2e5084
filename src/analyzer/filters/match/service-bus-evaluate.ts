/**
 * Conditions of Service Bus SQL on a message. Operators convert as C# does without being told: whole numbers to doubles, nothing to or from text.
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messaging-sql-filter#property-evaluation-semantics
 */
import type { Json } from "../../../model/records.ts";
import type { Truth } from "./logic.ts";
import { systemProperty, userProperty } from "./service-bus-message.ts";
import type { Condition, Expression, Property, SqlValue } from "./service-bus-parse.ts";

/** The broker could not evaluate the filter on this message: it is dead-lettered where the subscription says so, else lost to it. */
export class FilterFault extends Error {}

/** null: unknown. Throws FilterFault. */
export function truthOf(condition: Condition, message: Json): Truth {
  switch (condition.kind) {
    case "exists":
      return propertyOf(condition.property, message) !== undefined;
    case "null":
      return (propertyOf(condition.property, message) ?? null) === null ? !condition.negated : condition.negated;
    case "compare":
      return compared(condition.sign, valueOf(condition.left, message), valueOf(condition.right, message));
    case "in":
      return negate(
        among(
          valueOf(condition.left, message),
          condition.among.map((one) => valueOf(one, message)),
        ),
        condition.negated,
      );
    case "like": {
      const [value, pattern] = [valueOf(condition.left, message), valueOf(condition.pattern, message)];
      const escape = condition.escape === null ? "" : valueOf(condition.escape, message);
      if (value === null || pattern === null || escape === null) return null;
      if (typeof value !== "string" || typeof pattern !== "string") throw new FilterFault("LIKE compares text only");
      if (typeof escape !== "string" || (condition.escape !== null && escape.length !== 1))
        throw new FilterFault("ESCAPE is not one character");
      return negate(like(value, pattern, escape), condition.negated);
    }
  }
}

/** A property of the message; undefined: not there. */
export function propertyOf(property: Property, message: Json): Json | undefined {
  return property.scope === "sys" ? systemProperty(message, property.name) : userProperty(message, property.name, false);
}

function negate(truth: Truth, negated: boolean): Truth {
  return truth === null || !negated ? truth : !truth;
}

function among(left: SqlValue, right: readonly SqlValue[]): Truth {
  if (left === null) return null;
  const answers = right.map((one) => compared("=", left, one));
  return answers.includes(true) ? true : answers.includes(null) ? null : false;
}

function compared(sign: string, left: SqlValue, right: SqlValue): Truth {
  if (left === null || right === null) return null;
  const numbers = isNumber(left) && isNumber(right);
  if (!numbers && typeof left !== typeof right) throw new FilterFault(`a ${typeName(left)} cannot be compared with a ${typeName(right)}`);
  // JavaScript compares bigint and number by value
  // oxlint-disable-next-line eqeqeq
  if (sign === "=") return left == right;
  // oxlint-disable-next-line eqeqeq
  if (sign === "<>" || sign === "!=") return left != right;
  if (!numbers) throw new FilterFault(`a ${typeName(left)} has no order (${sign})`);
  return sign === "<" ? left < right : sign === "<=" ? left <= right : sign === ">" ? left > right : left >= right;
}

function valueOf(expression: Expression, message: Json): SqlValue {
  switch (expression.kind) {
    case "constant":
      return expression.value;
    case "property":
      return sqlValue(propertyOf(expression.property, message));
    case "lookup": {
      const name = valueOf(expression.name, message);
      if (name === null) return null;
      if (typeof name !== "string") throw new FilterFault("property() takes the name as text");
      return sqlValue(userProperty(message, name, false));
    }
    case "new-id":
      throw new FilterFault("newid() is another value at every evaluation");
    case "negative": {
      const value = valueOf(expression.of, message);
      if (value === null) return null;
      if (!isNumber(value)) throw new FilterFault(`a ${typeName(value)} has no negative`);
      return -value;
    }
    case "arithmetic":
      return calculated(expression.sign, valueOf(expression.left, message), valueOf(expression.right, message));
  }
}

function calculated(sign: string, left: SqlValue, right: SqlValue): SqlValue {
  if (left === null || right === null) return null;
  if (sign === "+" && (typeof left === "string" || typeof right === "string")) return `${left}${right}`;
  if (!isNumber(left) || !isNumber(right)) throw new FilterFault(`${sign} takes numbers, not a ${typeName(isNumber(left) ? right : left)}`);
  if (typeof left === "bigint" && typeof right === "bigint") {
    if ((sign === "/" || sign === "%") && right === 0n) throw new FilterFault("division by zero");
    return BigInt.asIntN(64, whole(sign, left, right));
  }
  const [a, b] = [Number(left), Number(right)];
  return sign === "+" ? a + b : sign === "-" ? a - b : sign === "*" ? a * b : sign === "/" ? a / b : a % b;
}

function whole(sign: string, left: bigint, right: bigint): bigint {
  return sign === "+"
    ? left + right
    : sign === "-"
      ? left - right
      : sign === "*"
        ? left * right
        : sign === "/"
          ? left / right
          : left % right;
}

/** A JSON value as the broker's type, as far as JSON says it: a whole number counts as an integer. */
function sqlValue(value: Json | undefined): SqlValue {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === "object") throw new FilterFault("a property is neither text, number nor boolean");
  return value;
}

function isNumber(value: SqlValue): value is bigint | number {
  return typeof value === "bigint" || typeof value === "number";
}

function typeName(value: SqlValue): string {
  return isNumber(value) ? "number" : typeof value === "string" ? "text" : "boolean";
}

/** `%` any characters, `_` one. Work is bounded by the product of the lengths. */
function like(text: string, pattern: string, escape: string): boolean {
  const units: { char: string; wild: boolean }[] = [];
  for (let i = 0; i < pattern.length; i++) {
    if (escape !== "" && pattern[i] === escape && i + 1 < pattern.length) units.push({ char: pattern[++i]!, wild: false });
    else units.push({ char: pattern[i]!, wild: pattern[i] === "%" || pattern[i] === "_" });
  }
  let [at, unit, star, mark] = [0, 0, -1, 0];
  while (at < text.length) {
    const here = units[unit];
    if (here !== undefined && here.wild && here.char === "%") [star, mark, unit] = [unit, at, unit + 1];
    else if (here !== undefined && ((here.wild && here.char === "_") || here.char === text[at])) [at, unit] = [at + 1, unit + 1];
    else if (star >= 0) [at, unit, mark] = [mark + 1, star + 1, mark + 1];
    else return false;
  }
  return units.slice(unit).every((one) => one.wild && one.char === "%");
}
