/**
 * Patterns and events as JSON text, out of few names and values, so that they often meet: every operator, arrays in arrays, `$or`, numbers in several notations,
 * keys with dots, text of several alphabets, and patterns that are not legal. Half of the events are made to fit their pattern.
 */
import { type Random, random } from "../../fixtures/simulator/random.ts";

export interface Pair {
  pattern: string;
  event: string;
}

/** A seed gives the same pairs everywhere. */
export function* pairs(count: number, seed: number): Generator<Pair> {
  const chance = random(seed);
  for (let made = 0; made < count; made++) {
    const pattern = object(chance, 0, false);
    const event = chance.chance(0.5) ? fitting(chance, pattern) : eventObject(chance, 0);
    yield { pattern: written(chance, pattern), event: written(chance, { ...(eventObject(chance, 2) as Tree), ...(event as Tree) }) };
  }
}

/** A number with the text it is written as. */
class Written {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | boolean | null | Written | Value[] | Tree;
interface Tree {
  [key: string]: Value;
}

const KEYS = ["a", "b", "c", "a-b", "a.b", "detail", "ip"];
const TEXTS = [
  "",
  "a",
  "A",
  "ab",
  "aB",
  "abab",
  "b",
  "ba",
  "é",
  "É",
  "ß",
  "SS",
  "ÿ",
  "😀",
  "x*y",
  "x\\y",
  '"',
  'a"',
  "null",
  "true",
  "1",
  "10.0.0.1",
  "10.0.0.255",
];
const ADDRESSES = [
  "10.0.0.1",
  "10.0.0.128",
  "10.0.1.0",
  "11.0.0.0",
  "010.0.0.1",
  "10.0.0.256",
  "::1",
  "0:0:0:0:0:0:0:1",
  "2001:db8::1",
  "2001:DB8:0:0::1",
  "::ffff:a00:1",
  "1:2:3",
  ":",
];
const BLOCKS = ["10.0.0.0/24", "10.0.0.77/25", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.0/31", "2001:db8::/32", "::/0", "::1/127"];
const WRONG_BLOCKS = ["10.0.0.0/32", "::1/128", "10.0.0.0", "10.0.0/24", "a/8", "10.0.0.0/x", "10.0.0.0/8/9", "10.0.0.0/-1", "/8"];
const NUMBERS = [
  "0",
  "-0",
  "0.0",
  "1",
  "1.0",
  "1e0",
  "-1",
  "10",
  "10.5",
  "1.05e1",
  "300",
  "3.0e2",
  "5000000000",
  "-5e9",
  "5000000000.1",
  "1e10",
  "0.1",
  "0.100000",
  "0.1000001",
  "123456789012",
];
const WILDCARDS = ["*", "a*", "*b", "a*b", "*a*", "x\\*y", "x\\\\y", "*é*", "a*b*a", "*a*b*a*b*", "", '*"'];
const WRONG_WILDCARDS = ["**", "a**b", "x\\y", "\\", "*:*:*:*:*:event-bus/*"];

const text = (chance: Random): string => (chance.chance(0.15) ? chance.pick(ADDRESSES) : chance.pick(TEXTS));
const number = (chance: Random): Written => new Written(chance.pick(NUMBERS));
const wildcard = (chance: Random): string => chance.pick(rarely(chance) ? WRONG_WILDCARDS : WILDCARDS);
const rarely = (chance: Random): boolean => chance.chance(0.006);

function scalar(chance: Random): Value {
  const kind = chance.next();
  if (kind < 0.6) return text(chance);
  if (kind < 0.85) return number(chance);
  return kind < 0.95 ? chance.chance(0.5) : null;
}

/** An object of a pattern. */
function object(chance: Random, depth: number, isBelowOr: boolean): Tree {
  const tree: Tree = {};
  const keys = rarely(chance) ? 0 : chance.int(1, depth === 0 ? 3 : 2);
  for (let at = 0; at < keys; at++) {
    const key = chance.pick(isBelowOr && rarely(chance) ? ["prefix", "numeric", "exists"] : KEYS);
    if (depth < 3 && chance.chance(depth === 0 ? 0.45 : 0.25)) tree[key] = object(chance, depth + 1, isBelowOr);
    else tree[key] = values(chance);
  }
  if (depth < 2 && chance.chance(0.2)) tree["$or"] = alternatives(chance, depth);
  return tree;
}

function alternatives(chance: Random, depth: number): Value {
  if (rarely(chance)) return chance.pick<Value>([{ a: ["a"] }, ["a", "b"], "a", [{ a: ["a"] }, "b"], []]);
  const count = rarely(chance) ? 1 : chance.int(2, 3);
  return Array.from({ length: count }, () => object(chance, depth + 1, true));
}

/** What stands at a leaf of a pattern. */
function values(chance: Random): Value {
  if (rarely(chance)) return chance.pick<Value>([[], "a", new Written("1"), null, true, [["a"]]]);
  return Array.from({ length: chance.chance(0.7) ? 1 : chance.int(1, 4) }, () => (chance.chance(0.35) ? scalar(chance) : operator(chance)));
}

const OPERATORS: ((chance: Random) => Tree)[] = [
  (chance) => ({ prefix: operand(chance) }),
  (chance) => ({ suffix: operand(chance) }),
  (chance) => ({ "equals-ignore-case": operand(chance, false) }),
  (chance) => ({ wildcard: rarely(chance) ? scalar(chance) : wildcard(chance) }),
  (chance) => ({ numeric: numeric(chance) }),
  (chance) => ({ exists: rarely(chance) ? scalar(chance) : chance.chance(0.5) }),
  (chance) => ({ cidr: rarely(chance) ? scalar(chance) : chance.pick(rarely(chance) ? WRONG_BLOCKS : BLOCKS) }),
  (chance) => ({ "anything-but": anythingBut(chance) }),
  (chance) => ({ "anything-but": anythingBut(chance) }),
];

function operator(chance: Random): Tree {
  if (rarely(chance))
    return chance.pick<Tree>([
      {},
      { PREFIX: "a" },
      { prefix: "a", suffix: "b" },
      { exactly: "a" },
      { "anything-but": {} },
      { anything: "a" },
    ]);
  return chance.pick(OPERATORS)(chance);
}

/** Text, sometimes without case, rarely anything else. */
function operand(chance: Random, caseless = true): Value {
  if (rarely(chance)) return scalar(chance);
  return caseless && chance.chance(0.25) ? { "equals-ignore-case": rarely(chance) ? scalar(chance) : text(chance) } : text(chance);
}

function numeric(chance: Random): Value {
  if (rarely(chance))
    return chance.pick<Value>([
      [],
      ["<"],
      number(chance),
      ["<", "1"],
      [number(chance), "<"],
      ["<", number(chance), ">", number(chance)],
      ["=", number(chance), "<", number(chance)],
    ]);
  if (chance.chance(0.5)) return [chance.pick(["=", "<", "<=", ">", ">="]), number(chance)];
  return [chance.pick([">", ">="]), number(chance), chance.pick(["<", "<="]), number(chance)];
}

function anythingBut(chance: Random): Value {
  const kind = chance.next();
  if (kind < 0.25) return rarely(chance) ? scalar(chance) : chance.chance(0.7) ? text(chance) : number(chance);
  if (kind < 0.4) return Array.from({ length: chance.int(rarely(chance) ? 0 : 1, 3) }, () => text(chance));
  if (kind < 0.5) return Array.from({ length: chance.int(1, 3) }, () => (rarely(chance) ? scalar(chance) : number(chance)));
  const name = chance.pick(["prefix", "suffix", "equals-ignore-case", "wildcard", ...(rarely(chance) ? ["exists", "numeric"] : [])]);
  const one = (): Value => (rarely(chance) ? scalar(chance) : name === "wildcard" ? wildcard(chance) : text(chance));
  return { [name]: chance.chance(0.5) ? one() : Array.from({ length: chance.int(rarely(chance) ? 0 : 1, 3) }, one) };
}

/** Anything that an event may hold. */
function eventObject(chance: Random, depth: number): Value {
  const tree: Tree = {};
  for (let at = chance.int(0, 3); at > 0; at--) tree[chance.pick(KEYS)] = eventValue(chance, depth + 1);
  return tree;
}

function eventValue(chance: Random, depth: number): Value {
  if (depth < 4 && chance.chance(0.3)) return eventObject(chance, depth);
  if (depth < 5 && chance.chance(0.25)) return Array.from({ length: chance.int(0, 3) }, () => eventValue(chance, depth + 1));
  return scalar(chance);
}

/** An event with a value at most of a pattern's leaves, mostly one that fits, objects now and then in arrays among others. */
function fitting(chance: Random, pattern: Value): Value {
  const tree: Tree = {};
  for (const [key, value] of Object.entries(pattern as Tree)) {
    if (key === "$or" && Array.isArray(value))
      Object.assign(tree, ...value.filter(isTree).map((branch) => (chance.chance(0.5) ? (fitting(chance, branch) as Tree) : {})));
    else if (isTree(value))
      tree[key] = among(chance, fitting(chance, value), () => (chance.chance(0.5) ? fitting(chance, value) : eventObject(chance, 3)));
    else if (Array.isArray(value) && value.length > 0 && chance.chance(0.9))
      tree[key] = among(chance, fittingValue(chance, chance.pick(value)), () => scalar(chance));
  }
  return tree;
}

function isTree(value: Value): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Written);
}

/** The value, or an array with it, or an array of arrays. */
function among(chance: Random, value: Value, other: () => Value): Value {
  if (chance.chance(0.75)) return value;
  const list = [value, ...Array.from({ length: chance.int(0, 2) }, other)];
  return chance.chance(0.2) ? [list, [other()]] : list;
}

function fittingValue(chance: Random, wanted: Value): Value {
  if (!isTree(wanted)) return Array.isArray(wanted) || chance.chance(0.1) ? scalar(chance) : wanted;
  const [name, inside] = Object.entries(wanted)[0] ?? ["", null];
  const about = isTree(inside) ? Object.values(inside)[0] : inside;
  if (name === "cidr") return chance.pick(ADDRESSES);
  if (name === "numeric") return number(chance);
  if (typeof about !== "string" || chance.chance(0.3)) return scalar(chance);
  const filled = about.replaceAll("\\*", "*").replaceAll("\\\\", "\\");
  return chance.pick([
    filled,
    filled.replaceAll("*", "a"),
    `${filled}${text(chance)}`,
    `${text(chance)}${filled}`,
    filled.toUpperCase(),
    filled.toLowerCase(),
  ]);
}

/** JSON text: numbers as they were written, some characters escaped. */
function written(chance: Random, value: Value): string {
  if (value instanceof Written) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => written(chance, item)).join(",")}]`;
  if (isTree(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${written(chance, item)}`)
      .join(",")}}`;
  }
  const json = JSON.stringify(value);
  return typeof value === "string" && chance.chance(0.05) ? json.replaceAll("a", "\\u0061") : json;
}
