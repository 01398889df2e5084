/** What batches cost. */
import type { BatchFigures } from "../../model/batching.ts";
import type { Mib, Usd } from "../../model/units.ts";

/** Prices of what a batch size changes; 0 where a cloud does not charge it. */
export interface BatchPrice {
  usdPerInvocation: Usd;
  /** For a MiB of configured memory over a millisecond of billed time. */
  usdPerMibMs: Usd;
  /** For a call to the queue: receive or delete. */
  usdPerCall: Usd;
}

/** Cost of what a simulation counted, at a memory size. */
export function usdOf(figures: BatchFigures, price: BatchPrice, memoryMib: Mib): Usd {
  const calls = (figures.receives ?? 0) + (figures.deletes ?? 0);
  return figures.invocations * price.usdPerInvocation + figures.billedMs * memoryMib * price.usdPerMibMs + calls * price.usdPerCall;
}
