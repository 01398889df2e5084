/**
 * Hierarchical IDs of the SDKs before W3C: `|root.1901.` is a child of `|root.`, and the first hop names `|root.` as its parent even
 * where nobody recorded a span of that ID. Such a parent counts only if the source holds the span; else it is the operation itself.
 * https://github.com/dotnet/runtime/blob/main/src/libraries/System.Diagnostics.DiagnosticSource/src/HierarchicalRequestId.md
 */
import type { Rec } from "../../model/records.ts";

/** Records held at most; more are given out without the parent. */
const HELD_LIMIT = 20_000;

export interface LegacyRoots {
  record(record: Rec): void;
  end(): void;
}

const isRoot = (id: string | null): id is string => id !== null && /^\|[^.]+\.$/.test(id);

/** One per source. Holds the records that name a root whose span has not come yet. */
export function legacyRoots(out: (record: Rec) => void): LegacyRoots {
  const seen = new Set<string>();
  const held: Rec[] = [];
  const withoutRoot = (record: Rec): Rec => {
    if (record.type === "span" && isRoot(record.parentSpanId) && !seen.has(record.parentSpanId)) return { ...record, parentSpanId: null };
    if (record.type === "log" && isRoot(record.spanId) && !seen.has(record.spanId)) return { ...record, spanId: null };
    return record;
  };
  return {
    record(record) {
      if (record.type === "span" && isRoot(record.spanId) && seen.size < HELD_LIMIT) seen.add(record.spanId);
      const root = record.type === "span" ? record.parentSpanId : record.type === "log" ? record.spanId : null;
      if (!isRoot(root) || seen.has(root)) return out(record);
      if (held.length < HELD_LIMIT) held.push(record);
      else out(withoutRoot(record));
    },
    end() {
      for (const record of held) out(withoutRoot(record));
      held.length = 0;
    },
  };
}
