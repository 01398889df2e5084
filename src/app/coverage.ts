/** Correlation coverage of what a dataset holds, without asking any cloud. */
import { correlate, coverage } from "../analyzer/chains/index.ts";
import type { Coverage } from "../model/coverage.ts";
import type { Host } from "../model/host.ts";
import type { Ms } from "../model/units.ts";
import { hasDataset, openDataset } from "../store/index.ts";
import type { Filter } from "../store/types.ts";
import { inStableOrder } from "./stable-order.ts";

/** Counted back from the newest record: enough to see every hop, and little enough to read at every `doctor`. */
const LOOKED_AT_MS: Ms = 24 * 3_600_000;

/** The last 24 hours of what is held; null: there is no dataset, or it holds no run and no line. Throws AbortError when `signal` fires. */
export async function coverageOf(dataDir: string, host: Host, signal: AbortSignal): Promise<Coverage | null> {
  if (!hasDataset(dataDir)) return null;
  const dataset = await openDataset(dataDir);
  try {
    const held = await dataset.span();
    if (held.from === null || held.to === null) return null;
    const window = { from: Math.max(held.from, held.to - LOOKED_AT_MS), to: held.to + 1 };
    const filter: Filter = { ...window, functions: [], clouds: [] };
    host.progress("coverage", 0, null, "records");
    const records = inStableOrder(await dataset.chainRecords(filter));
    signal.throwIfAborted();
    const lines = await dataset.logBytes(filter);
    signal.throwIfAborted();
    return { ...window, ...coverage(records, correlate(records), lines) };
  } finally {
    await dataset.close();
  }
}
