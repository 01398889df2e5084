/** Which rows a search and the filters leave. */
import type { TreeRow } from "../../../formats/trace-tree.ts";

export interface Wanted {
  /** Part of a name, ID, outcome, cloud or region; empty: all. */
  text: string;
  failedOnly: boolean;
  criticalOnly: boolean;
  /** Group of the map; null: all. */
  group: string | null;
}

/** Hops of one name and cloud are one box of the map. */
export function groupOf({ hop }: Pick<TreeRow, "hop">): string {
  return `${hop.cloud}\n${hop.name}`;
}

/** In their order. `critical`: IDs of hops on the critical path. */
export function matching(rows: readonly TreeRow[], wanted: Wanted, critical: ReadonlySet<string>): TreeRow[] {
  const text = wanted.text.trim().toLowerCase();
  return rows.filter((row) => {
    const { hop } = row;
    if (wanted.failedOnly && (hop.outcome === "ok" || hop.outcome === "unknown")) return false;
    if (wanted.criticalOnly && !critical.has(hop.id)) return false;
    if (wanted.group !== null && groupOf(row) !== wanted.group) return false;
    if (text === "") return true;
    return [hop.name, hop.id, hop.requestId, hop.outcome, hop.cloud, hop.account, hop.region, hop.errorType, ...hop.roles].some(
      (value) => value !== null && value.toLowerCase().includes(text),
    );
  });
}
