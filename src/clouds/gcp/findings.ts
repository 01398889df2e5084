/** Settings on Google Cloud that lose telemetry. */
import type { Config } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import type { Finding } from "../room.ts";

const DAY_MS: Ms = 86_400_000;

/** What in these settings loses telemetry of a window of this length. */
export function findingsOf(configs: readonly Config[], windowMs: Ms): Finding[] {
  const short = configs.filter(
    ({ kind, settings: { retentionD: days } }) => kind === "log-group" && typeof days === "number" && days * DAY_MS < windowMs,
  );
  if (short.length === 0) return [];
  return [
    {
      code: "retention",
      what: "log buckets keep entries for less than the window: older ones are gone",
      advice: "a shorter --window, a longer retention of the bucket, or collect more often",
      names: short.map((one) => one.name).sort(),
    },
  ];
}
