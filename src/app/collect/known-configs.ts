/** Descriptions that the dataset holds already: an inventory is read before every answer, and mostly says the same. */
import type { Config } from "../../model/records.ts";
import type { EpochMs, Ms } from "../../model/units.ts";
import { openDataset } from "../../store/index.ts";

/** A description that did not change is noted again after so long, so that it can be told how old the last look is. */
const LOOK_AGAIN_MS: Ms = 86_400_000 / 2;
/** Neither the runs of an Azure app nor the app tell what size it had: only looks do, so what lies between two of them must be short. */
const SIZE_AGAIN_MS: Ms = 3_000_000;

/** Tells descriptions that the dataset holds word for word, seen not too long before `now`. */
export async function knownConfigs(dataDir: string, now: EpochMs): Promise<(config: Config) => boolean> {
  const dataset = await openDataset(dataDir);
  try {
    const known = new Set((await dataset.configs()).filter((one) => (one.observedAt ?? 0) >= now - againAfterMs(one)).map(wordingOf));
    return (config) => known.has(wordingOf(config));
  } finally {
    await dataset.close();
  }
}

function againAfterMs({ cloud, settings }: Config): Ms {
  return cloud === "azure" && settings["memoryMib"] !== undefined ? SIZE_AGAIN_MS : LOOK_AGAIN_MS;
}

/** Everything but when it was seen. */
function wordingOf({ cloud, account, region, kind, resource, name, revision, from, to, settings }: Config): string {
  return JSON.stringify([cloud, account, region, kind, resource, name, revision, from, to, settings]);
}
