/** Log buckets of Google Cloud: 30 days are paid with ingestion, what is kept longer is billed. https://cloud.google.com/logging/docs/buckets */
import type { RetentionAdvice } from "../../model/retention.ts";
import { blank, numberIn, type StoreFacts } from "./facts.ts";
import { floorText } from "./floors.ts";
import { proposalOf, targetOf } from "./proposal.ts";

const FREE_D = 30;
const MOST_D = 3_650;

export function bucketAdvice(facts: StoreFacts): RetentionAdvice {
  const { config, floor } = facts;
  const retentionD = numberIn(config, "retentionD");
  const isBilled = retentionD !== null && retentionD > FREE_D && config.name !== "_Required";
  const advice: RetentionAdvice = {
    ...blank(facts, "cloud-logging"),
    target: targetOf(config, "logging.bucket"),
    current: retentionD === null ? null : `${retentionD} days`,
    effects: isBilled ? [`what is kept beyond ${FREE_D} days is billed; the bucket's size is not known`] : [],
  };
  const refusal = refusalOf(facts, retentionD);
  if (refusal !== null) return { ...advice, refusal };
  const days = Math.max(floor!.days, FREE_D);
  return proposalOf(advice, {
    before: { retentionD },
    after: { retentionD: days },
    proposed: `${days} days`,
    saving: null,
    effects: ["log entries that are older are deleted for good"],
    danger: "irreversible",
    first: ["copy what must be kept to Cloud Storage (gcloud logging copy)"],
    reasons: [`kept ${retentionD} days; to be kept: ${floorText(floor!)}; ${FREE_D} days are paid with ingestion`],
  });
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
