/**
 * How correlation IDs that one run carries stand to each other: two names of one thing, a number of its own under a common
 * one, or a constant (a tenant, a template's ID) beside everything. Judged over all their carriers.
 */
import { HUB_PARTNERS, shapeOf } from "./evidence.ts";
import type { Node, Nodes } from "./nodes.ts";
import type { Token, Tokens } from "./tokens.ts";

/** A run with more correlation IDs than this is a batch or a listing: nothing is learned from it. */
export const FEW = 8;

/** Marks constants as hubs; returns the pairs that belong together whatever their form. */
export function relate(nodes: Nodes, tokens: Tokens): [Token, Token][] {
  const partners = partnersOf(nodes, tokens);
  const pairs: [Token, Token][] = [];
  for (const [token, others] of partners) {
    if (token.hub) continue;
    const carriers = new Set(token.carriers);
    const free: Token[] = [];
    const bound: Token[] = [];
    for (const other of others) (other.carriers.every((n) => carriers.has(n)) ? bound : free).push(other);
    if (isConstant(token, carriers, [...others], free)) {
      token.hub = true;
      continue;
    }
    for (const other of isRootOf(token, carriers, free) ? others : bound) {
      // two order numbers in one run are two orders, even if the rest of one is lost
      if (shapeOf(other.value) !== shapeOf(token.value) || shapeOf(token.value) === "uuid") pairs.push([token, other]);
    }
  }
  return pairs;
}

function partnersOf(nodes: Nodes, tokens: Tokens): Map<Token, Set<Token>> {
  const partners = new Map<Token, Set<Token>>();
  for (const node of nodes.all) {
    if (node.owner !== null || node.received.length > 1) continue;
    const own = new Set<Token>();
    for (const token of tokens.of(node)) {
      if (token.correlation) own.add(token);
      if (own.size > FEW) break;
    }
    if (own.size < 2 || own.size > FEW) continue;
    for (const token of own) {
      for (const other of own) {
        if (other === token || (own.size > 2 && shapeOf(other.value) === shapeOf(token.value))) continue;
        const known = partners.get(token);
        if (known) known.add(other);
        else partners.set(token, new Set([other]));
      }
    }
  }
  return partners;
}

function largestShape(tokens: readonly Token[], not: string | null): number {
  const counts = new Map<string, number>();
  for (const token of tokens) {
    const shape = shapeOf(token.value);
    if (shape !== not) counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

/** Beside several IDs of one form that also live without it, or beside very many: it names none of them. */
function isConstant(token: Token, carriers: ReadonlySet<Node>, others: readonly Token[], free: readonly Token[]): boolean {
  if (isRootOf(token, carriers, free)) return false;
  if (opensWithEach(token, others)) return true;
  if (largestShape(free, shapeOf(token.value)) > 1) return true;
  return largestShape(others, null) > HUB_PARTNERS && tracesOf(token) > HUB_PARTNERS;
}

/** The common ID came first: its first carrier has none or several of the others, and each of those began beside it. */
function isRootOf(token: Token, carriers: ReadonlySet<Node>, free: readonly Token[]): boolean {
  if (free.length < 2) return false;
  const first = earliest(token);
  const beside = free.filter((other) => other.carriers.includes(first)).length;
  return beside !== 1 && free.every((other) => carriers.has(earliest(other)));
}

/**
 * The function that first has it begins each of several other IDs of one form, in uncaused runs of their own: a customer, a version or
 * a tenant beside every order. IDs that are made to be unique are taken at their word.
 */
function opensWithEach(token: Token, others: readonly Token[]): boolean {
  const own = shapeOf(token.value);
  if (own === "uuid" || own === "hex32") return false;
  const first = earliest(token);
  const opened = new Map<string, Set<Node>>();
  const failed = new Set<string>([own]);
  for (const other of others) {
    const shape = shapeOf(other.value);
    const begin = earliest(other);
    const entry = begin.fn === first.fn && begin.cloud === first.cloud && begin.received.length === 0 && begin.fn !== null;
    const runs = opened.get(shape) ?? new Set();
    if (!entry || runs.has(begin) || !token.carriers.includes(begin)) failed.add(shape);
    opened.set(shape, runs.add(begin));
  }
  return [...opened].some(([shape, runs]) => !failed.has(shape) && runs.size > 1 && runs.has(first) && areApart([...runs]));
}

/** Runs that share no trace. */
function areApart(runs: readonly Node[]): boolean {
  const traces = runs.map((n) => n.traces[0] ?? n.lineTraces[0] ?? n.id);
  return new Set(traces).size === runs.length;
}

function earliest(token: Token): Node {
  return token.carriers.reduce((a, b) => (b.firstAt < a.firstAt ? b : a));
}

/** Distinct traces of the carriers; one that is not traced counts as a trace of its own. */
function tracesOf(token: Token): number {
  const traces = new Set<string>();
  for (const node of token.carriers) {
    traces.add(node.traces[0] ?? node.lineTraces[0] ?? node.id);
    if (traces.size > HUB_PARTNERS) break;
  }
  return traces.size;
}
