/** DynamoDB tables: whether they have a time to live that works, which attribute could be one, and what its deletions wake. */
import type { Interval } from "../../model/plan.ts";
import type { RetentionAdvice, TtlCandidate } from "../../model/retention.ts";
import { candidatesIn, LEAST_ITEMS } from "./candidates.ts";
import { blank, usdFor, numberIn, type StoreFacts, textIn } from "./facts.ts";
import { floorText } from "./floors.ts";
import { bestGrowth, growthByLife, growthBySizes } from "./growth.ts";
import { proposalOf, targetOf } from "./proposal.ts";
import { wakes } from "./woken.ts";

export function tableAdvice(facts: StoreFacts): RetentionAdvice {
  const { config, now } = facts;
  const sizeBytes = numberIn(config, "sizeBytes");
  const items = numberIn(config, "items");
  const attribute = ttlAttributeOf(facts);
  const sampled = facts.samples.get(config.resource) ?? null;
  const candidates = sampled === null ? [] : candidatesIn(sampled.tally, { items, sizeBytes }, "epoch-seconds");
  const advice: RetentionAdvice = {
    ...blank(facts, "dynamodb"),
    target: config.resource.startsWith("arn:") ? targetOf(config, "dynamodb.table") : null,
    current: attribute === undefined ? null : attribute === null ? "no TTL" : `TTL on ${attribute}`,
    sizeBytes,
    items,
    ...bestGrowth(
      growthBySizes(facts.sizes.filter((one) => one.resource === config.resource)),
      // a table with a time to live has deleted what its age would count
      ...(attribute === null ? [growthByLife(sizeBytes, numberIn(config, "createdAt"), now)] : []),
    ),
    storageUsdPerMonth: usdFor(facts, "dynamodb.stored", "standard", sizeBytes),
    candidates,
    sample: sampled === null ? null : { items: sampled.tally.items, at: sampled.at, from: sampled.from },
  };
  if (attribute === undefined) return { ...advice, refusal: "whether TTL is on is not known: dynamodb:DescribeTimeToLive was not read" };
  if (attribute !== null) return { ...advice, ...alreadyOn(attribute, candidates) };
  const chosen = chosenIn(advice, facts);
  if ("refusal" in chosen) return { ...advice, refusal: chosen.refusal };
  return proposed(advice, facts, chosen);
}

/** null: TTL is off; undefined: not known. While it is being switched it counts as what it will be. */
function ttlAttributeOf({ config }: StoreFacts): string | null | undefined {
  const status = textIn(config, "ttlStatus");
  if (status === null) return undefined;
  return status.startsWith("ENABL") ? (textIn(config, "ttlAttribute") ?? "an attribute that is not told") : null;
}

/** It has one attribute; another takes its place in three steps: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html */
function alreadyOn(attribute: string, candidates: readonly TtlCandidate[]): Pick<RetentionAdvice, "refusal" | "effects"> {
  const broken = candidates.find((one) => one.attribute === attribute && one.form !== "epoch-seconds");
  const works = candidates.some((one) => one.attribute === attribute && one.form === "epoch-seconds");
  const other = candidates.find((one) => one.attribute !== attribute && one.unfit === null);
  const effects = [
    ...(broken === undefined || works ? [] : [`TTL is on ${attribute}, and deletes nothing: ${broken.unfit ?? broken.form}`]),
    ...(other === undefined ? [] : [`${other.attribute} could carry it as well; a table has one: switch off, wait an hour, switch on`]),
  ];
  return { refusal: "it has a TTL; another attribute takes three steps: switch off, wait an hour, switch on", effects };
}

function chosenIn({ candidates, sample, items }: RetentionAdvice, { floor }: StoreFacts): TtlCandidate | { refusal: string } {
  if (items === 0) return { refusal: "it is empty" };
  if (sample === null) return { refusal: "no item was looked at: --sample 1000 reads some, --items FILE takes an export" };
  if (sample.items < LEAST_ITEMS && (items === null || sample.items < items))
    return { refusal: `only ${sample.items} items were looked at: ${LEAST_ITEMS} at least` };
  const fit = candidates.filter((one) => one.unfit === null && one.meansEnd);
  const [first, second] = fit;
  if (first === undefined) {
    const near = candidates.find((one) => one.unfit !== null && one.meansEnd) ?? candidates[0];
    return { refusal: near === undefined ? "no attribute is a time at which an item ends" : `${near.attribute}: ${near.unfit}` };
  }
  if (second !== undefined)
    return { refusal: `${fit.map((one) => one.attribute).join(" and ")} could be the time at which an item ends: evscope does not choose` };
  if (floor !== null && (first.leastLifeD === null || first.leastLifeD < floor.days))
    return {
      refusal:
        first.leastLifeD === null
          ? `whether ${first.attribute} keeps items long enough (${floorText(floor)}) is not known: no attribute says of every item when it began`
          : `${first.attribute} ends items after ${days(first.leastLifeD)}; to be kept: ${floorText(floor)}`,
    };
  return first;
}

function proposed(advice: RetentionAdvice, facts: StoreFacts, { attribute, share, goAtOnce, leastLifeD }: TtlCandidate): RetentionAdvice {
  const usd = usdFor(facts, "dynamodb.stored", "standard", 1);
  const saving: Interval | null =
    usd === null || goAtOnce === null
      ? null
      : { p10: goAtOnce.bytes.p10 * usd, p50: goAtOnce.bytes.p50 * usd, p90: goAtOnce.bytes.p90 * usd };
  const gone = goAtOnce?.items ?? null;
  const effects = [
    gone === null
      ? "how many items go at once is not known: the table's number of items is not"
      : `about ${count(gone.p50)} items (${count(gone.p10)} to ${count(gone.p90)}) are past their time and go at once, mostly within two days`,
    ...(share < 1 ? [`${percent(1 - share)} of the sampled items have no ${attribute} and stay for ever`] : []),
    "items that are past their time are still read until they are deleted: readers must leave them out",
    ...wakes(facts, gone),
  ];
  return proposalOf(advice, {
    before: { ttlAttribute: null },
    after: { ttlAttribute: attribute },
    proposed: `TTL on ${attribute}`,
    saving,
    effects,
    danger: "irreversible",
    first: ["switch on point-in-time recovery, or export the table: deleted items cannot be had back otherwise"],
    reasons: [
      `${attribute} holds epoch seconds in ${percent(share)} of ${count(advice.sample!.items)} sampled items, and its name says that they end then`,
      ...(leastLifeD === null ? [] : [`items live at least ${days(leastLifeD)} from their beginning`]),
    ],
  });
}

const count = (value: number): string => Math.round(value).toLocaleString("en-US");
const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
const days = (value: number): string => `${Math.round(value * 10) / 10} days`;
