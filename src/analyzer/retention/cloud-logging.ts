/** Log buckets of Google Cloud: 30 days are paid with ingestion, what is kept longer is billed. https://cloud.google.com/logging/docs/buckets */
import type { Interval } from "../../model/plan.ts";
import type { RetentionAdvice } from "../../model/retention.ts";
import { blank, numberIn, type StoreFacts, usdFor } from "./facts.ts";
import { floorText } from "./floors.ts";
import { growthByMetric, olderByGrowth } from "./growth.ts";
import { bucketInflow, bucketSizes, newest } from "./levels.ts";
import { proposalOf, targetOf } from "./proposal.ts";

const FREE_D = 30;
const MOST_D = 3_650;
const GIB = 1024 ** 3;

export function bucketAdvice(facts: StoreFacts): RetentionAdvice {
  const { config, floor } = facts;
  const retentionD = numberIn(config, "retentionD");
  const isBilled = retentionD !== null && retentionD > FREE_D && config.name !== "_Required";
  const isFree = config.name === "_Required";
  const growth = growthByMetric(bucketInflow(facts.daily, config));
  const comesIn = growth.growthBytesPerMonth;
  const keptBytes = newest(bucketSizes(facts.levels, config))?.sizeBytes ?? (isBilled ? null : 0);
  const advice: RetentionAdvice = {
    ...blank(facts, "cloud-logging"),
    target: targetOf(config, "logging.bucket"),
    current: retentionD === null ? null : `${retentionD} days`,
    ...growth,
    storageUsdPerMonth: isFree ? 0 : retentionD === null ? null : usdFor(facts, "logging.retention", "", keptBytes),
    ingestUsdPerMonth: isFree ? 0 : usdFor(facts, "logging.ingestion", "", comesIn?.p50 ?? null),
    effects: isBilled ? [keptText(keptBytes)] : [],
  };
  const refusal = refusalOf(facts, retentionD);
  if (refusal !== null) return { ...advice, refusal };
  const days = Math.max(floor!.days, FREE_D);
  return proposalOf(advice, {
    before: { retentionD },
    after: { retentionD: days },
    proposed: `${days} days`,
    saving: savingOf(facts, keptBytes, comesIn, days),
    effects: ["log entries that are older are deleted for good"],
    danger: "irreversible",
    first: ["copy what must be kept to Cloud Storage (gcloud logging copy)"],
    reasons: [`kept ${retentionD} days; to be kept: ${floorText(floor!)}; ${FREE_D} days are paid with ingestion`],
  });
}

function keptText(keptBytes: number | null): string {
  return keptBytes === null
    ? `what is kept beyond ${FREE_D} days is billed; how much that is, is not known: Cloud Monitoring has no point of it`
    : `what is kept beyond ${FREE_D} days is billed: ${(keptBytes / GIB).toFixed(2)} GiB`;
}

/** Of what is kept beyond the free days, what is older than is kept then. */
function savingOf(facts: StoreFacts, keptBytes: number | null, comesIn: Interval | null, days: number): Interval | null {
  const usd = usdFor(facts, "logging.retention", "", 1);
  if (usd === null || keptBytes === null) return null;
  if (days === FREE_D) return { p10: keptBytes * usd, p50: keptBytes * usd, p90: keptBytes * usd };
  if (comesIn === null) return null;
  const older = olderByGrowth(keptBytes, comesIn, days - FREE_D);
  return { p10: older.p10 * usd, p50: older.p50 * usd, p90: older.p90 * usd };
}

function refusalOf({ config, floor }: StoreFacts, retentionD: number | null): string | null {
  if (config.name === "_Required") return "Google keeps it 400 days, free, and lets nobody change that";
  if (config.settings["locked"] === true) return "the bucket is locked: its retention cannot be changed any more";
  if (retentionD === null) return "its retention is not known";
  if (retentionD <= FREE_D) return `ingestion pays for ${FREE_D} days: a shorter retention saves nothing`;
  if (floor === null) return "nothing says that less must be kept: --keep DAYS";
  if (floor.days > MOST_D) return `it keeps ${MOST_D} days at most; to be kept: ${floorText(floor)}`;
  if (retentionD < floor.days) return `it keeps less than it must: ${floorText(floor)}`;
  return retentionD <= Math.max(floor.days, FREE_D) ? "it keeps no more than it must" : null;
}
