/** `dataset info | compact | prune`. */
import type { Host } from "../model/host.ts";
import type { Bytes } from "../model/units.ts";
import { compact, openDataset, prune } from "../store/index.ts";
import type { DatasetInfo } from "../store/types.ts";
import { parseWindow } from "./window.ts";

export async function datasetInfo(dataDir: string): Promise<DatasetInfo> {
  const dataset = await openDataset(dataDir);
  try {
    return await dataset.info();
  } finally {
    await dataset.close();
  }
}

export async function compactDataset(
  dataDir: string,
  host: Host,
  signal: AbortSignal,
): Promise<{ days: number; before: number; after: number }> {
  return compact(dataDir, host, signal);
}

/** Days wholly before `before` (a time, or a span back from the newest record). `really` false: only says which. */
export async function pruneDataset(dataDir: string, before: string, really: boolean): Promise<{ days: string[]; sizeBytes: Bytes }> {
  const info = await datasetInfo(dataDir);
  const limit = parseWindow(before, undefined, info.to).from;
  if (limit === null) return { days: [], sizeBytes: 0 };
  const old = info.days.filter((day) => Date.parse(`${day.day}T00:00:00Z`) + 86_400_000 <= limit);
  if (really && old.length > 0) await prune(dataDir, limit);
  return { days: old.map((day) => day.day), sizeBytes: old.reduce((sum, day) => sum + day.sizeBytes, 0) };
}
