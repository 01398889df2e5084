/**
 * Which nodes belong together. Single nodes join all their IDs; a batch (several messages, or several correlation IDs of
 * one form) joins nothing: it belongs to the chain of each of its messages, in parts. Rules: README.md in this folder.
 */
import type { Message } from "../../model/records.ts";
import { joinLines, joinMessages, joinTasks, settle } from "./batches.ts";
import { createState, joinTokens, type State } from "./member-state.ts";
import { type Node, type Nodes, topOf } from "./nodes.ts";
import { joinPayloads, type PayloadMatches, payloadMatches } from "./payload.ts";
import { relate } from "./relations.ts";
import { joinTraces } from "./shared-traces.ts";
import { collectTokens, type Tokens } from "./tokens.ts";

/** The groups found. A group is named by its root element. */
export interface Membership {
  tokens: Tokens;
  /** Group of an ID; null: unknown or a hub. */
  groupOf(value: string): number | null;
  /** Group of a message by any of its IDs; null: it has none (then it belongs where its run belongs). */
  groupOfMessage(message: Message): number | null;
  /** True where a correlation ID of the group is known: then it is certain whose it is. */
  isNamed(group: number | null): boolean;
  /** Groups of a node and its part in each; parts follow their owner. */
  sharesOf(node: Node): ReadonlyMap<number, number>;
  /** True where the node belongs to several groups, or to part of a group. */
  isBatch(node: Node): boolean;
  /** Nodes of each group, in order of index. */
  byGroup: Map<number, Node[]>;
  payloads: PayloadMatches;
}

/** Rounds of "batches that turn out to be of one chain" and "traces that two chains share"; each only joins, so few are needed. */
const ROUNDS = 8;

export function membership(nodes: Nodes, sentBy: ReadonlyMap<string, unknown>, hubLimit: number): Membership {
  const tokens = collectTokens(nodes, hubLimit);
  const pairs = relate(nodes, tokens);
  const state = createState(nodes, tokens);
  for (const [a, b] of pairs) joinTokens(state, a, b);
  joinMessages(state, nodes);
  const payloads = payloadMatches(nodes, sentBy);
  let open = nodes.all.filter((n) => n.owner === null);
  for (let round = 0; round < ROUNDS; round++) {
    const before = state.joins;
    open = open.filter((node) => !settle(state, nodes, node));
    if (round === 0) for (const node of open) joinLines(state, node);
    if (round === 0) joinTasks(state, nodes);
    joinTraces(state, nodes);
    if (round === 0) joinPayloads(state, payloads);
    if (round > 0 && state.joins === before) break;
  }
  return finish(state, nodes, payloads);
}

function finish(state: State, nodes: Nodes, payloads: PayloadMatches): Membership {
  const byGroup = new Map<number, Node[]>();
  const shares = new Map<Node, Map<number, number>>();
  function sharesOf(node: Node): Map<number, number> {
    const top = topOf(node);
    let found = shares.get(top);
    if (found) return found;
    found = new Map();
    const reps = state.reps.get(top);
    if (!reps || reps.length === 0) found.set(state.union.find(top.index), 1);
    else for (const rep of reps) found.set(state.union.find(rep), (found.get(state.union.find(rep)) ?? 0) + 1 / reps.length);
    if (reps && found.size === 1) found = new Map([[[...found.keys()][0]!, 1]]);
    shares.set(top, found);
    return found;
  }
  for (const node of nodes.all) {
    for (const group of sharesOf(node).keys()) {
      const members = byGroup.get(group);
      if (members) members.push(node);
      else byGroup.set(group, [node]);
    }
  }
  const groupOf = (value: string): number | null => {
    const element = state.element(value);
    return element === null ? null : state.union.find(element);
  };
  return {
    tokens: state.tokens,
    groupOf,
    groupOfMessage(message) {
      return state.union.find(state.itemElement(message));
    },
    isNamed: (group) => group !== null && state.correlations.has(group),
    sharesOf,
    isBatch: (node) => sharesOf(node).size > 1,
    byGroup,
    payloads,
  };
}
