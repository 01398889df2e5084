/** Descriptions that the dataset holds already: an inventory is read before every answer, and mostly says the same. */
import type { Config } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { openDataset } from "../../store/index.ts";

/** Tells descriptions that the dataset holds word for word, seen at `since` or later. */
export async function knownConfigs(dataDir: string, since: EpochMs): Promise<(config: Config) => boolean> {
  const dataset = await openDataset(dataDir);
  try {
    const known = new Set((await dataset.configs()).filter((one) => (one.observedAt ?? 0) >= since).map(wordingOf));
    return (config) => known.has(wordingOf(config));
  } finally {
    await dataset.close();
  }
}

/** Everything but when it was seen. */
function wordingOf({ cloud, account, region, kind, resource, name, revision, from, to, settings }: Config): string {
  return JSON.stringify([cloud, account, region, kind, resource, name, revision, from, to, settings]);
}
