/** Firestore: one field of a collection group may be its time to live, and only Timestamps count. https://cloud.google.com/firestore/docs/ttl */
import type { RetentionAdvice } from "../../model/retention.ts";
import { candidatesIn, LEAST_ITEMS } from "./candidates.ts";
import { blank, usdFor, type StoreFacts, textIn } from "./facts.ts";
import { floorText } from "./floors.ts";
import { growthBySizes } from "./growth.ts";
import { databaseSizes, newest } from "./levels.ts";
import { proposalOf, targetOf } from "./proposal.ts";
import type { Sampled } from "./facts.ts";

/** A field that is the time to live of its collection group. */
export function fieldAdvice(facts: StoreFacts): RetentionAdvice {
  const { config } = facts;
  const state = textIn(config, "ttlState");
  return {
    ...blank(facts, "firestore"),
    target: targetOf(config, "firestore.field"),
    current: `TTL on ${textIn(config, "ttlField") ?? "a field"}${state === null || state === "ACTIVE" ? "" : ` (${state})`}`,
    refusal: "it has a TTL; a collection group has one field of it",
    effects: state === "NEEDS_REPAIR" ? ["its TTL is broken: switch it off and on again"] : [],
  };
}

/** A database: its collection groups are told by samples alone. */
export function databaseAdvice(facts: StoreFacts): RetentionAdvice {
  const fields = facts.configs.filter((one) => one.kind === "table" && one.resource.startsWith(`${facts.config.resource}/`));
  const sizes = databaseSizes(facts.levels, facts.config);
  const sizeBytes = newest(sizes)?.sizeBytes ?? null;
  return {
    ...blank(facts, "firestore"),
    sizeBytes,
    ...growthBySizes(sizes),
    storageUsdPerMonth: usdFor(facts, "firestore.stored", "", sizeBytes),
    effects: sizeBytes === null ? ["its size is not known: Cloud Monitoring's metric of it was not read, or has no point of it"] : [],
    current: fields.length === 0 ? "no TTL" : `TTL on ${fields.length} collection groups`,
    refusal: "which collection groups it has is not listed: --items FILE --table COLLECTION looks at an export of one",
  };
}

/** A collection group of which documents were looked at. */
export function collectionAdvice(facts: StoreFacts, group: string, sampled: Sampled): RetentionAdvice {
  const { config, floor } = facts;
  const candidates = candidatesIn(sampled.tally, { items: null, sizeBytes: null }, "timestamp");
  const advice: RetentionAdvice = {
    ...blank(facts, "firestore"),
    name: group,
    current: "no TTL",
    candidates,
    sample: { items: sampled.tally.items, at: sampled.at, from: sampled.from },
  };
  const [first, second] = candidates.filter((one) => one.unfit === null && one.meansEnd);
  const near = candidates.find((one) => one.unfit !== null && one.meansEnd) ?? candidates[0];
  if (sampled.tally.items < LEAST_ITEMS)
    return { ...advice, refusal: `only ${sampled.tally.items} documents were looked at: ${LEAST_ITEMS} at least` };
  if (first === undefined)
    return { ...advice, refusal: near === undefined ? "no field is a time at which a document ends" : `${near.attribute}: ${near.unfit}` };
  if (second !== undefined)
    return {
      ...advice,
      refusal: `${first.attribute} and ${second.attribute} could be the time at which a document ends: evscope does not choose`,
    };
  if (floor !== null && (first.leastLifeD === null || first.leastLifeD < floor.days))
    return { ...advice, refusal: `that ${first.attribute} keeps documents long enough is not shown; to be kept: ${floorText(floor)}` };
  const resource = `${config.resource}/collectionGroups/${group}/fields/${first.attribute}`;
  const each = usdFor(facts, "firestore.deletes", "", 100_000);
  return proposalOf(
    { ...advice, target: targetOf(config, "firestore.field", resource, `${group}.${first.attribute}`) },
    {
      before: { ttl: false },
      after: { ttl: true },
      proposed: `TTL on ${first.attribute}`,
      saving: null,
      effects: [
        `${Math.round(first.pastShare * 100)} % of the sampled documents are past their time and go within 24 hours; how many that is, is not known`,
        `each deletion is billed${each === null ? "" : `: $${each} per 100,000`}; subcollections stay`,
      ],
      danger: "irreversible",
      first: ["export the collection group, or see that point-in-time recovery is on: deleted documents cannot be had back otherwise"],
      reasons: [`${first.attribute} is a Timestamp in ${Math.round(first.share * 100)} % of ${sampled.tally.items} sampled documents`],
    },
  );
}
