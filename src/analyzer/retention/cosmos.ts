/** Cosmos DB containers: `defaultTtl` absent (off), -1 (only items that say so) or seconds from an item's last write. */
import type { RetentionAdvice } from "../../model/retention.ts";
import { blank, numberIn, type StoreFacts, textIn, usdFor } from "./facts.ts";
import { floorText } from "./floors.ts";
import { growthBySizes } from "./growth.ts";
import { containerSizes, newest } from "./levels.ts";
import { proposalOf, targetOf } from "./proposal.ts";

const DAY_S = 86_400;
/** https://learn.microsoft.com/azure/cosmos-db/nosql/time-to-live */
const MOST_S = 2_147_483_647;

const UNKNOWN_SIZE = "its size is not known: the account's metrics DataUsage and IndexUsage were not read, or have no point of it";

export function containerAdvice(facts: StoreFacts): RetentionAdvice {
  const { config, floor } = facts;
  const seconds = numberIn(config, "defaultTtlSeconds");
  const sizes = containerSizes(facts.levels, config);
  const size = newest(sizes);
  const advice: RetentionAdvice = {
    ...blank(facts, "cosmos"),
    sizeBytes: size?.sizeBytes ?? null,
    items: size?.items ?? null,
    ...growthBySizes(sizes),
    storageUsdPerMonth: usdFor(facts, "cosmos.stored", "", size?.sizeBytes ?? null),
    effects: size === null ? [UNKNOWN_SIZE] : [],
    // the data plane's form has no resource ID
    target: config.resource.startsWith("/subscriptions/") ? targetOf(config, "cosmos.container") : null,
    current:
      seconds === null ? "defaultTtl off" : seconds === -1 ? "defaultTtl -1 (items that have a ttl)" : `defaultTtl ${spanText(seconds)}`,
  };
  const wanted = wantedTtl(floor, seconds);
  if (typeof wanted === "string") return { ...advice, refusal: wanted };
  return proposalOf(advice, {
    before: { defaultTtlS: seconds },
    after: { defaultTtlS: wanted },
    proposed: `defaultTtl ${spanText(wanted)}`,
    saving: null,
    effects: [
      "items not written for so long vanish from reads at once; how many is not known: SELECT VALUE COUNT(1) FROM c WHERE c._ts < (now - ttl)",
      deletionsText(facts),
      // with the default absent it counts for nothing; with any default it does, and may be shorter than what must be kept
      ...(seconds === null ? ["a ttl that items carry themselves begins to count, and may end them sooner"] : []),
    ],
    danger: "irreversible",
    first: [
      "count what would go, and see that continuous backup is on: deleted items cannot be had back otherwise",
      ...(seconds === null
        ? [`see that no item has a ttl of its own below ${wanted}: SELECT VALUE COUNT(1) FROM c WHERE c.ttl > 0 AND c.ttl < ${wanted}`]
        : []),
    ],
    reasons: [`to be kept: ${floorText(floor!)}, counted from an item's last write`],
  });
}

/** https://learn.microsoft.com/azure/cosmos-db/nosql/time-to-live: "left-over request units"; serverless has none left over. */
function deletionsText(facts: StoreFacts): string {
  const capacity = textIn(facts.config, "capacity");
  if (capacity === "provisioned") return "deletions take request units that are left over: they cost nothing";
  const usd = usdFor(facts, "cosmos.units", "serverless", 1_000_000);
  const price = usd === null ? "" : ` ($${usd} per million)`;
  return capacity === "serverless"
    ? `the account is serverless: each deletion is billed in request units${price}`
    : `deletions take request units that are left over; on a serverless account they are billed${price}`;
}

function wantedTtl(floor: StoreFacts["floor"], seconds: number | null): number | string {
  // what holds for everything was said about logs: a container may hold more than events
  if (floor === null || floor.pattern === "*")
    return seconds === null || seconds === -1
      ? "how long its items must be kept is not known: name it (--name CONTAINER --keep 90d, or retention.floors in evscope.yaml)"
      : "it has a time to live";
  const wanted = floor.days * DAY_S;
  if (wanted > MOST_S) return `the longest time to live is ${Math.floor(MOST_S / DAY_S)} days; to be kept: ${floorText(floor)}`;
  if (seconds !== null && seconds > 0)
    return seconds < wanted
      ? `it keeps less than it must: ${floorText(floor)}`
      : seconds === wanted
        ? "it keeps no more than it must"
        : wanted;
  return wanted;
}

function spanText(seconds: number): string {
  return seconds % DAY_S === 0 ? `${seconds / DAY_S} days` : `${seconds} s`;
}
