/** One value of a pattern's array: a literal or an operator. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html */
import { anythingBut } from "./eventbridge-anything-but.ts";
import { inBlock, ipBytes } from "./eventbridge-ip.ts";
import { isComparable } from "./eventbridge-number.ts";
import { beginsWithForms, caseForms, endsWithForms, hasPrefix, hasSuffix, matchesWildcard, parseWildcard } from "./eventbridge-text.ts";
import { PatternError, type PatternNode, shown } from "./pattern-json.ts";
import { leafTerm, type Operators, type Term } from "./term.ts";

/** @throws PatternError where it is not legal. */
export function compileTerm(node: PatternNode, operators: Operators): Term {
  switch (node.kind) {
    case "string":
      return exactText(node.value);
    case "number":
      return exactNumber(node);
    case "literal":
      return leafTerm(String(node.value), (value) => value === node.value);
    case "array":
      throw new PatternError("an array may not stand inside the array of values");
    case "object":
      return compileOperator(node.entries, operators);
  }
}

function compileOperator(entries: [string, PatternNode][], operators: Operators): Term {
  const [first] = entries;
  if (first === undefined) throw new PatternError("an empty object is no operator");
  const [name, operand] = first;
  const compile = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (compile === undefined) throw new PatternError(`"${name}" is not an operator`);
  if (!operators.names.has(name)) throw new PatternError(`${operators.service} does not know the operator "${name}"`);
  if (entries.length > 1) throw new PatternError(`only one operator is allowed in an object, here are "${name}" and "${entries[1]?.[0]}"`);
  return compile(operand, operators);
}

const OPERATORS: { [name: string]: (operand: PatternNode, operators: Operators) => Term } = {
  exactly: (operand) => exactText(textOperand("exactly", operand), false),
  prefix: (operand, operators) => prefix(operand, operators),
  suffix: (operand, operators) => suffix(operand, operators),
  "equals-ignore-case": (operand) => {
    const text = textOperand("equals-ignore-case", operand);
    const forms = caseForms(text);
    return leafTerm(`equals-ignore-case ${shown(text)}`, (value) => typeof value === "string" && beginsWithForms(forms, value, true));
  },
  wildcard: (operand) => {
    const text = textOperand("wildcard", operand);
    const parts = parseWildcard(text);
    return leafTerm(`wildcard ${shown(text)}`, (value) => typeof value === "string" && matchesWildcard(parts, value), {
      wildcards: [text],
    });
  },
  numeric,
  exists: (operand) => {
    if (operand.kind !== "literal" || operand.value === null) throw new PatternError(`exists must be true or false, not ${shown(operand)}`);
    if (operand.value) return leafTerm("exists", () => true);
    return { absent: true, test: () => false, words: "does not exist", wildcards: [], warnings: [] };
  },
  cidr: (operand) => {
    const text = textOperand("cidr", operand);
    const contains = inBlock(text);
    return leafTerm(`cidr ${shown(text)}`, (value) => {
      const address = typeof value === "string" ? ipBytes(value) : null;
      return address !== null && contains(address);
    });
  },
  "anything-but": (operand, operators) => anythingBut(operand, operators),
};

/** The text that an operator compares with. */
function textOperand(operator: string, operand: PatternNode): string {
  if (operand.kind !== "string") throw new PatternError(`${operator} must be a string, not ${shown(operand)}`);
  return operand.value;
}

/** Equal text; an IP address equals each way to write the same address (`::1` and `0:0:0:0:0:0:0:1`). */
function exactText(text: string, asAddress = true): Term {
  const address = asAddress ? ipBytes(text) : null;
  if (address === null) return leafTerm(shown(text), (value) => value === text);
  return leafTerm(shown(text), (value) => typeof value === "string" && (value === text || sameBytes(ipBytes(value), address)));
}

function sameBytes(one: number[] | null, other: number[]): boolean {
  return one !== null && one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** A number equals the same number however it is written. One that is no exact double is equal to what JSON readers make of the same text. */
function exactNumber(node: { value: number; text: string }): Term {
  return leafTerm(node.text, (value) => value === node.value);
}

function prefix(operand: PatternNode, operators: Operators): Term {
  const caseless = caselessOperand("prefix", operand, operators);
  if (caseless !== null) {
    const forms = caseForms(caseless);
    return leafTerm(
      `prefix ${shown(caseless)} without case`,
      (value) => typeof value === "string" && beginsWithForms(forms, `${value}"`, false),
    );
  }
  const text = textOperand("prefix", operand);
  return leafTerm(`prefix ${shown(text)}`, (value) => typeof value === "string" && hasPrefix(value, text));
}

function suffix(operand: PatternNode, operators: Operators): Term {
  const caseless = caselessOperand("suffix", operand, operators);
  if (caseless !== null) {
    const forms = caseForms(caseless);
    return leafTerm(`suffix ${shown(caseless)} without case`, (value) => typeof value === "string" && endsWithForms(forms, `"${value}`));
  }
  const text = textOperand("suffix", operand);
  return leafTerm(`suffix ${shown(text)}`, (value) => typeof value === "string" && hasSuffix(value, text));
}

/** Text of `{"prefix": {"equals-ignore-case": text}}`; null: the operand is no object. */
function caselessOperand(operator: string, operand: PatternNode, operators: Operators): string | null {
  if (operand.kind !== "object") return null;
  const [first] = operand.entries;
  if (!operators.caseless) throw new PatternError(`${operators.service} does not know ${operator} with another operator inside`);
  if (first?.[0] !== "equals-ignore-case" || operand.entries.length > 1) {
    throw new PatternError(`${operator} may hold a string or "equals-ignore-case", nothing else`);
  }
  return textOperand("equals-ignore-case", first[1]);
}

const COMPARE: { [operator: string]: (value: number, bound: number) => boolean } = {
  "=": (value, bound) => value === bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
};

/** One comparison, or a lower bound and an upper one in that order. */
function numeric(operand: PatternNode, { service, documentedMagnitude }: Operators): Term {
  if (operand.kind !== "array") throw new PatternError(`numeric must be an array of comparisons, not ${shown(operand)}`);
  const { items } = operand;
  if (items.length !== 2 && items.length !== 4) throw new PatternError("numeric must hold one comparison, or a lower and an upper bound");
  const bounds = [0, 2].filter((at) => at < items.length).map((at) => comparison(items[at] as PatternNode, items[at + 1] as PatternNode));
  const [low, high] = bounds as [Bound, Bound?];
  if (high !== undefined) {
    if (!low.operator.startsWith(">") || !high.operator.startsWith("<"))
      throw new PatternError('numeric with two bounds must be ">" or ">=", then "<" or "<="');
    if (low.bound >= high.bound) throw new PatternError(`numeric lower bound ${low.bound} must be less than the upper bound ${high.bound}`);
  }
  const words = bounds.map(({ operator, bound }) => `${operator} ${bound}`).join(" and ");
  const beyond = bounds.some(({ bound }) => Math.abs(bound) > documentedMagnitude);
  return leafTerm(words, (value) => typeof value === "number" && bounds.every(({ compare, bound }) => compare(value, bound)), {
    warnings: beyond ? [`${service} documents numeric for -${documentedMagnitude} to ${documentedMagnitude} only`] : [],
  });
}

interface Bound {
  operator: string;
  bound: number;
  compare: (value: number, bound: number) => boolean;
}

function comparison(operator: PatternNode, bound: PatternNode): Bound {
  const name = operator.kind === "string" ? operator.value : null;
  const compare = name !== null && Object.hasOwn(COMPARE, name) ? COMPARE[name] : undefined;
  if (name === null || compare === undefined) throw new PatternError(`numeric has ${shown(operator)} where one of = > >= < <= must stand`);
  if (bound.kind !== "number") throw new PatternError(`numeric "${name}" must be followed by a number, not ${shown(bound)}`);
  if (!isComparable(bound.text)) throw new PatternError(`numeric bound ${shown(bound)} is not a number that can be compared exactly`);
  return { operator: name, bound: bound.value, compare };
}
