/** The chain as a map: hops of one name are one box, boxes stand in columns by how far from the start they are. */
import type { TreeRow } from "../../../formats/trace-tree.ts";
import { groupOf } from "./find.ts";

export interface MapNode {
  key: string;
  name: string;
  cloud: string;
  count: number;
  failed: number;
  /** Sum of the known run times. null: none is known. */
  workMs: number | null;
  column: number;
  row: number;
}

export interface MapEdge {
  from: string;
  to: string;
  count: number;
  /** Of the weakest link. */
  confidence: number;
}

export interface ChainMap {
  nodes: MapNode[];
  edges: MapEdge[];
  /** Boxes that were left out: the smallest ones. */
  left: number;
}

/** Boxes that still can be told apart. */
const MOST_NODES = 200;

export function mapOf(rows: readonly TreeRow[]): ChainMap {
  const nodes = new Map<string, MapNode>();
  const edges = new Map<string, MapEdge>();
  for (const row of rows) {
    const { hop, cause, depth } = row;
    const key = groupOf(row);
    const node = nodes.get(key) ?? { key, name: hop.name, cloud: hop.cloud, count: 0, failed: 0, workMs: null, column: depth, row: 0 };
    node.count += 1;
    if (hop.outcome !== "ok" && hop.outcome !== "unknown") node.failed += 1;
    if (hop.durationMs !== null) node.workMs = (node.workMs ?? 0) + hop.durationMs;
    node.column = Math.min(node.column, depth);
    nodes.set(key, node);
    if (cause === null) continue;
    const from = groupOf({ hop: cause.from });
    const edgeKey = `${from}\n\n${key}`;
    const edge = edges.get(edgeKey) ?? { from, to: key, count: 0, confidence: 1 };
    edge.count += 1;
    edge.confidence = Math.min(edge.confidence, cause.confidence);
    edges.set(edgeKey, edge);
  }
  const kept = [...nodes.values()].sort((a, b) => b.count - a.count).slice(0, MOST_NODES);
  const names = new Set(kept.map((node) => node.key));
  placed(kept);
  return {
    nodes: kept,
    edges: [...edges.values()].filter((edge) => names.has(edge.from) && names.has(edge.to)),
    left: nodes.size - kept.length,
  };
}

/** Columns without gaps, rows from the top. */
function placed(nodes: MapNode[]): void {
  const columns = [...new Set(nodes.map((node) => node.column))].sort((a, b) => a - b);
  const filled = new Map<number, number>();
  for (const node of nodes) {
    node.column = columns.indexOf(node.column);
    node.row = filled.get(node.column) ?? 0;
    filled.set(node.column, node.row + 1);
  }
}
