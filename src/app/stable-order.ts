/** Records in an order that does not depend on where the dataset keeps them. */
import type { ChainRecords } from "../model/chains.ts";

/** By time, then by content: an import, an overlap or a compaction may bring the same rows in another order, and answers must not show it. */
export function inStableOrder(records: ChainRecords): ChainRecords {
  return {
    invocations: sorted(records.invocations, (one) => one.startedAt),
    spans: sorted(records.spans, (one) => one.startedAt),
    messages: sorted(records.messages, (one) => one.at),
    logs: sorted(records.logs, (one) => one.at),
    configs: sorted(records.configs, () => 0),
    gaps: sorted(records.gaps, () => 0),
  };
}

function sorted<Rec>(records: readonly Rec[], timeOf: (record: Rec) => number | null): Rec[] {
  const texts = new Map<Rec, string>();
  const textOf = (record: Rec): string => {
    const known = texts.get(record) ?? JSON.stringify(record);
    texts.set(record, known);
    return known;
  };
  return records.toSorted((a, b) => {
    const byTime = (timeOf(a) ?? 0) - (timeOf(b) ?? 0);
    if (byTime !== 0) return byTime;
    const [one, other] = [textOf(a), textOf(b)];
    return one < other ? -1 : one > other ? 1 : 0;
  });
}
