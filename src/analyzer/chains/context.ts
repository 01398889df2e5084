/** Everything the steps of one rebuilding share: nodes, membership, topology and the senders of each message. */
import type { ChainRecords, Edge } from "../../model/chains.ts";
import type { ChannelKind, Message } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { type Membership, membership } from "./membership.ts";
import { buildNodes } from "./build-nodes.ts";
import type { Node, Nodes } from "./nodes.ts";
import { observedRoutes } from "./observed-routes.ts";
import { messageIds } from "./tokens.ts";
import { tellApart } from "./reused-ids.ts";
import { type Topology, topologyOf } from "./topology.ts";

/** A message and the node that sent it. */
export interface Sent {
  node: Node;
  message: Message;
}

export interface Context {
  nodes: Nodes;
  members: Membership;
  topology: Topology;
  /** By any transport ID in the message. */
  sentBy: Map<string, Sent[]>;
  records: ChainRecords;
  /** Values that stand for an ID that was given out several times. */
  variants: ReadonlyMap<string, readonly string[]>;
}

/** An edge between nodes; becomes an `Edge` when the chain is put together. */
export interface Arc extends Omit<Edge, "from" | "to"> {
  from: Node;
  to: Node;
  /** What carried it; null: not known or a call. */
  carrier: ChannelKind | null;
  /** When the cause acted, by its own host's clock; null: not known. */
  causeAt: EpochMs | null;
  /** When a caller had its answer, by its own clock; null: not waited for, or its end says it. */
  answeredAt: EpochMs | null;
}

export function contextOf(given: ChainRecords, hubLimit: number): Context {
  const { records, variants } = tellApart(given);
  const nodes = buildNodes(records);
  const sentBy = new Map<string, Sent[]>();
  for (const node of nodes.all) {
    for (const message of node.published) {
      for (const id of messageIds(message)) {
        if (id.kind !== "message" && id.kind !== "execution" && id.kind !== "object" && id.kind !== "item") continue;
        const list = sentBy.get(id.value);
        if (list) list.push({ node, message });
        else sentBy.set(id.value, [{ node, message }]);
      }
    }
  }
  return {
    nodes,
    members: membership(nodes, sentBy, hubLimit),
    topology: topologyOf([...records.configs, ...observedRoutes(records)]),
    sentBy,
    records,
    variants,
  };
}
