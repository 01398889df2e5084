/** CloudWatch log groups: what they keep, what that costs, and a shorter retention where the user says what must be kept. */
import type { Interval } from "../../model/plan.ts";
import type { RetentionAdvice } from "../../model/retention.ts";
import { blank, usdFor, numberIn, type StoreFacts, textIn } from "./facts.ts";
import { floorText } from "./floors.ts";
import { bestGrowth, growthByLife, growthByMetric, growthBySizes, olderByAge, olderByGrowth } from "./growth.ts";
import { proposalOf, targetOf } from "./proposal.ts";

const DAY_MS = 86_400_000;
/**
 * What is kept is billed compressed, and AWS's own calculator takes 0.15 of what was ingested for it: https://aws.amazon.com/cloudwatch/pricing/.
 * No page says whether `storedBytes` is before or after: before is assumed (less money), after is the upper bound of a saving.
 */
const COMPRESSED = 0.15;
/** Metric of what comes into a group: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html */
const INCOMING = "aws/logs/incomingbytes";

export function logGroupAdvice(facts: StoreFacts): RetentionAdvice {
  const { config, now } = facts;
  const sizeBytes = numberIn(config, "storedBytes");
  const createdAt = numberIn(config, "createdAt");
  const retentionD = numberIn(config, "retentionD");
  const mine = facts.daily.filter((one) => one.name === INCOMING && one.resource === config.name && isHere(one, config));
  const growth = bestGrowth(
    growthByMetric(mine),
    // with a retention the size says nothing of what comes in
    ...(retentionD === null
      ? [growthBySizes(facts.sizes.filter((one) => one.resource === config.resource)), growthByLife(sizeBytes, createdAt, now)]
      : []),
  );
  const incoming = mine.length === 0 ? null : growth.growthBytesPerMonth;
  const advice: RetentionAdvice = {
    ...blank(facts, "cloudwatch-logs"),
    target: targetOf(config, "logs.group"),
    current: retentionD === null ? "never expire" : `${retentionD} days`,
    sizeBytes,
    ...growth,
    storageUsdPerMonth: usdFor(facts, "logs.stored", "", sizeBytes === null ? null : sizeBytes * COMPRESSED),
    ingestUsdPerMonth: usdFor(facts, "logs.ingested", ingestClass(textIn(config, "class")), incoming?.p50 ?? null),
  };
  const wanted = wantedRetention(facts, retentionD);
  if ("refusal" in wanted) return { ...advice, refusal: wanted.refusal, effects: wanted.effects ?? [] };
  const ageD = createdAt === null ? null : (now - createdAt) / DAY_MS;
  const saving = savingOf(facts, sizeBytes, incoming, ageD, wanted.days);
  const effects = ["log events that are older are deleted for good, within 72 hours"];
  if (sizeBytes !== null && saving === null) effects.push("how much would go is not known: the group's age and what comes in are not");
  return proposalOf(advice, {
    before: { retentionD },
    after: { retentionD: wanted.days },
    proposed: `${wanted.days} days`,
    saving,
    effects,
    danger: "irreversible",
    first: ["export what must be kept (CreateExportTask): deleted log events cannot be had back"],
    reasons: [`kept ${retentionD === null ? "for ever" : `${retentionD} days`}; to be kept: ${floorText(facts.floor!)}`],
  });
}

/** The shortest legal retention that keeps what must be kept, where that is shorter than now. */
function wantedRetention(
  { config, floor, legalRetentionsD }: StoreFacts,
  now: number | null,
): { days: number } | { refusal: string; effects?: string[] } {
  const policy = textIn(config, "retentionPolicy");
  if (policy !== null)
    return {
      refusal: `the account-wide retention policy ${policy} decides: what is set on the group would be accepted and not count (change the policy, aws logs put-account-policy)`,
    };
  if (textIn(config, "class") === "DELIVERY") return { refusal: "a DELIVERY group keeps a day, and no other retention can be set" };
  if (floor === null)
    return {
      refusal:
        now === null ? "kept for ever: say how long it must be kept (--keep 90d)" : "nothing says that less must be kept: --keep DAYS",
    };
  const days = legalRetentionsD.find((one) => one >= floor.days);
  if (days === undefined) return { refusal: `nothing shorter than for ever keeps ${floorText(floor)}` };
  if (now !== null && now < floor.days)
    return {
      refusal: `it keeps less than it must: ${floorText(floor)}`,
      effects: [`set ${days} days to keep what must be kept; evscope does not lengthen retentions`],
    };
  return now !== null && now <= days ? { refusal: "it keeps no more than it must" } : { days };
}

/** Of the storage bill, once what is too old is gone. What comes in goes on to be paid. */
function savingOf(
  facts: StoreFacts,
  sizeBytes: number | null,
  incoming: Interval | null,
  ageD: number | null,
  days: number,
): Interval | null {
  const usd = usdFor(facts, "logs.stored", "", 1);
  if (usd === null || sizeBytes === null) return null;
  const retentionD = numberIn(facts.config, "retentionD");
  const livedD = ageD === null ? null : Math.min(ageD, retentionD ?? Infinity);
  const older = incoming !== null ? olderByGrowth(sizeBytes, incoming, days) : livedD !== null ? olderByAge(sizeBytes, livedD, days) : null;
  return older === null ? null : { p10: older.p10 * COMPRESSED * usd, p50: older.p50 * COMPRESSED * usd, p90: older.p90 * usd };
}

function ingestClass(name: string | null): string {
  return name === "INFREQUENT_ACCESS" ? "infrequent-access" : "standard";
}

function isHere(one: { account: string | null; region: string | null }, config: StoreFacts["config"]): boolean {
  const same = (a: string | null, b: string | null): boolean => a === null || b === null || a === b;
  return same(one.account, config.account) && same(one.region, config.region);
}
