/** What the steps of membership share: elements of nodes, IDs and messages in one union, and the correlation IDs of each group. */
import type { Id } from "../../model/ids.ts";
import type { Message } from "../../model/records.ts";
import { asWritten, joins, shapeOf } from "./evidence.ts";
import { type Node, type Nodes, topOf } from "./nodes.ts";
import { messageIds, type Token, type Tokens } from "./tokens.ts";
import { createUnion, type Union } from "./union.ts";

/** What the steps of membership share. */
export interface State {
  union: Union;
  joins: number;
  tokens: Tokens;
  /** Element of a node, for hops of their own. */
  elementOf(node: Node): number;
  /** Element of an ID; null: it joins nothing. */
  element(value: string): number | null;
  elementOfToken(token: Token): number | null;
  /** Correlation IDs by root. */
  correlations: Map<number, string[]>;
  /** Elements of its messages or correlation IDs, for batches. */
  reps: Map<Node, number[]>;
  itemElement(message: Message): number;
  join(a: number, b: number): void;
}

const KEPT = 16;

export function createState(nodes: Nodes, tokens: Tokens): State {
  const correlations = new Map<number, string[]>();
  const items = new Map<Message, number>();
  const union = createUnion((winner, loser) => {
    state.joins++;
    const lost = correlations.get(loser);
    if (!lost) return;
    correlations.delete(loser);
    const kept = correlations.get(winner);
    if (!kept) correlations.set(winner, lost);
    else if (kept.length < KEPT) correlations.set(winner, [...kept, ...lost].slice(0, KEPT));
  });
  // nodes first: element = index
  for (let i = 0; i < nodes.all.length; i++) union.add();
  const state: State = {
    union,
    joins: 0,
    tokens,
    correlations,
    reps: new Map(),
    elementOf: (node) => topOf(node).index,
    element(value) {
      const token = tokens.get(value);
      return token ? state.elementOfToken(token) : null;
    },
    elementOfToken(token) {
      if (token.hub) return null;
      if (token.element !== -1) return token.element;
      token.element = union.add();
      if (token.correlation) correlations.set(token.element, [token.value]);
      return token.element;
    },
    itemElement(message) {
      let element = items.get(message);
      if (element !== undefined) return element;
      element = union.add();
      items.set(message, element);
      const many = listsMany(message);
      for (const id of messageIds(message)) {
        if (many && id.kind === "correlation") continue;
        const own = state.element(id.value);
        if (own !== null) union.join(element, own);
      }
      return element;
    },
    join(a, b) {
      union.join(a, b);
    },
  };
  return state;
}

export function joinTokens(state: State, a: Token, b: Token): void {
  const x = state.elementOfToken(a);
  const y = state.elementOfToken(b);
  if (x !== null && y !== null) state.join(x, y);
}

function listsMany(message: Message): boolean {
  if (message.ids.length <= 4) return false;
  const shapes = new Map<string, number>();
  for (const id of message.ids) {
    if (id.kind !== "correlation") continue;
    const shape = shapeOf(id.value);
    shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
  }
  return Math.max(0, ...shapes.values()) > 4;
}

export function lineValues(ids: readonly Id[]): string[] {
  return ids.filter((id) => joins(id) && id.kind !== "trace").map((id) => id.value);
}

/** IDs of one line belong together if no two of its correlation IDs are of one form. */
export function joinLine(state: State, values: readonly string[]): void {
  const elements = values.map((v) => state.element(v)).filter((e) => e !== null);
  if (elements.length < 2) return;
  const roots = [...new Set(elements.map((e) => state.union.find(e)))];
  if (!sameThing(state, roots)) return;
  for (const root of roots) state.join(roots[0]!, root);
}

/** True if these groups can be one chain: no two have correlation IDs of one form. */
export function sameThing(state: State, roots: readonly number[]): boolean {
  const named = roots.map((r) => state.correlations.get(r)).filter((ids) => ids !== undefined);
  for (let i = 0; i < named.length; i++)
    for (let j = i + 1; j < named.length; j++)
      for (const a of named[i]!) for (const b of named[j]!) if (shapeOf(a) === shapeOf(b) && asWritten(a) !== asWritten(b)) return false;
  return true;
}
