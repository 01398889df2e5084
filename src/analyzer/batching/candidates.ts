/** Settings worth trying: what the API takes, and what the latency budget leaves. */
import type { PollerSettings } from "../../model/batching.ts";
import type { Ms } from "../../model/units.ts";
import { BOUNDS, legal } from "./limits.ts";

const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];
const WINDOWS_S = [0, 1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300];

/**
 * All but the current ones, grouped by what waits how long; in a group from small batches to large. No window is tried that is longer than
 * the current one by more than the budget: it would be filled within it, as a shorter one is, or break it.
 */
export function candidatesOf(current: PollerSettings, maxAddedLatencyMs: Ms): PollerSettings[][] {
  const bounds = BOUNDS[current.kind];
  if (bounds.mostBatch === 1) return [];
  const byMinimum = bounds.waitsFor === "minimum";
  const waitsMs = byMinimum && (current.minimumBatchSize ?? 1) === 1 ? 0 : current.windowMs;
  const windows = bounds.waitsFor === null ? [current.windowMs] : windowsOf(waitsMs, Math.max(1_000, waitsMs + maxAddedLatencyMs));
  const sizes = [...new Set([...SIZES, current.batchSize])].sort((a, b) => a - b);
  return lanesOf(current).flatMap((parallelizationFactor) =>
    windows.map((windowMs) =>
      sizes
        .filter((size) => !byMinimum || size > 1 === windowMs > 0)
        .map((size) => ({
          ...current,
          parallelizationFactor,
          batchSize: byMinimum ? Math.max(current.batchSize, size) : size,
          minimumBatchSize: byMinimum ? size : current.minimumBatchSize,
          windowMs: byMinimum && size === 1 ? current.windowMs : windowMs,
        }))
        .filter((settings) => legal(settings, current) && !same(settings, current)),
    ),
  );
}

function windowsOf(currentMs: Ms, mostMs: Ms): Ms[] {
  const all = WINDOWS_S.map((seconds) => seconds * 1_000);
  // 500 ms of Kafka cannot be set: it is kept or lost
  return [...new Set([currentMs, ...all])].filter((windowMs) => windowMs <= mostMs).sort((a, b) => a - b);
}

/** Fewer lanes of a shard mean fuller batches; more are not tried: they make them smaller. */
function lanesOf({ parallelizationFactor }: PollerSettings): (number | null)[] {
  if (parallelizationFactor === null) return [null];
  return [...new Set([parallelizationFactor, Math.ceil(parallelizationFactor / 2), 1])];
}

function same(a: PollerSettings, b: PollerSettings): boolean {
  return (
    a.batchSize === b.batchSize &&
    a.windowMs === b.windowMs &&
    (a.minimumBatchSize ?? 1) === (b.minimumBatchSize ?? 1) &&
    a.parallelizationFactor === b.parallelizationFactor
  );
}
