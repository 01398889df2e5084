/** Retention: whole days go. */
import type { EpochMs } from "../model/units.ts";
import { forgetCollected } from "./collected.ts";
import { openCommitter } from "./committer.ts";
import { checkDataset, UNDATED } from "./layout.ts";

const DAY_MS = 86_400_000;

/** Deletes every day (UTC) that ended by `before`. Rows without a time stay. Throws UserError if there is no dataset, or someone writes to it. */
export async function prune(dir: string, before: EpochMs): Promise<void> {
  checkDataset(dir);
  const committer = openCommitter(dir);
  try {
    committer.forget((file) => file.day !== UNDATED && Date.parse(`${file.day}T00:00:00Z`) + DAY_MS <= before);
    forgetCollected(dir, Math.floor(before / DAY_MS) * DAY_MS);
  } finally {
    committer.close();
  }
}
