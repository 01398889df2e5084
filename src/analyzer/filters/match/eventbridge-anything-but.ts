/** `anything-but`: any leaf but these. A missing leaf never matches; `null`, numbers and true do. */
import { isComparable } from "./eventbridge-number.ts";
import { beginsWithForms, caseForms, hasPrefix, hasSuffix, matchesWildcard, parseWildcard } from "./eventbridge-text.ts";
import { PatternError, type PatternNode, shown } from "./pattern-json.ts";
import { leafTerm, type Operators, type Scalar, type Term } from "./term.ts";

/** How the texts inside `anything-but` are compared, by the operator inside. */
const INSIDE: { [operator: string]: (text: string) => (value: string) => boolean } = {
  prefix: (text) => (value) => hasPrefix(value, text),
  suffix: (text) => (value) => hasSuffix(value, text),
  "equals-ignore-case": (text) => {
    const forms = caseForms(text);
    return (value) => beginsWithForms(forms, value, true);
  },
  wildcard: (text) => {
    const parts = parseWildcard(text);
    return (value) => matchesWildcard(parts, value);
  },
};

/** @throws PatternError where it is not legal. */
export function anythingBut(operand: PatternNode, operators: Operators): Term {
  if (operand.kind === "object") return anythingButTexts(operand.entries, operators);
  const values = listed(operand).map(plainValue);
  if (new Set(values.map((value) => typeof value)).size !== 1)
    throw new PatternError("anything-but must hold strings only or numbers only, and at least one");
  const excluded = new Set<Scalar>(values);
  return leafTerm(`anything-but ${[...values].map((value) => shown(value)).join(", ")}`, (value) => !excluded.has(value));
}

function anythingButTexts(entries: [string, PatternNode][], operators: Operators): Term {
  const [first] = entries;
  const name = first?.[0] ?? "";
  const inside = Object.hasOwn(INSIDE, name) ? INSIDE[name] : undefined;
  if (first === undefined || inside === undefined) throw new PatternError(`anything-but may not hold "${name}"`);
  if (!operators.inAnythingBut.has(name)) throw new PatternError(`${operators.service} does not know "${name}" inside anything-but`);
  if (entries.length > 1)
    throw new PatternError(`only one operator is allowed inside anything-but, here are "${name}" and "${entries[1]?.[0]}"`);
  const texts = listed(first[1]).map((node) => {
    if (node.kind !== "string") throw new PatternError(`anything-but ${name} must hold strings, not ${shown(node)}`);
    if (node.value === "" && (name === "prefix" || name === "suffix")) throw new PatternError(`anything-but ${name} may not be empty`);
    return node.value;
  });
  if (texts.length === 0) throw new PatternError(`anything-but ${name} must hold at least one string`);
  const tests = texts.map(inside);
  return leafTerm(
    `anything-but ${name} ${texts.map((text) => shown(text)).join(", ")}`,
    (value) => typeof value !== "string" || !tests.some((test) => test(value)),
    { wildcards: name === "wildcard" ? texts : [] },
  );
}

function listed(operand: PatternNode): PatternNode[] {
  return operand.kind === "array" ? operand.items : [operand];
}

function plainValue(node: PatternNode): string | number {
  if (node.kind === "string") return node.value;
  if (node.kind !== "number") throw new PatternError(`anything-but must hold strings or numbers, not ${shown(node)}`);
  if (!isComparable(node.text)) throw new PatternError(`anything-but ${shown(node)} is not a number that can be compared exactly`);
  return node.value;
}
