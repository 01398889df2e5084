/**
 * What deletions by time to live wake: each one is a record in the table's stream, and a replicated write in each other region of a global
 * table. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
 */
import type { Interval } from "../../model/plan.ts";
import type { Config } from "../../model/records.ts";
import { numberIn, type StoreFacts, textIn } from "./facts.ts";

/** Replicated writes are counted by this much of an item. */
const WRITE_BYTES = 1024;

/** Sentences. `gone`: how many items go at once; null: not known. */
export function wakes(facts: StoreFacts, gone: Interval | null): string[] {
  return [
    ...consumersText(facts, gone),
    ...replicasText(facts, gone),
    ...(facts.config.settings["deletionProtected"] === true ? ["the table's deletion protection is about the table, not its items"] : []),
  ];
}

function consumersText(facts: StoreFacts, gone: Interval | null): string[] {
  const stream = textIn(facts.config, "streamArn");
  if (stream === null) return [];
  const consumers = facts.configs.filter((one) => one.kind === "trigger" && one.from === stream && one.to !== null);
  if (consumers.length === 0) return ["each deletion is a record in its stream, which nothing that is known reads"];
  return consumers.map((one) => {
    // an alias or a version may follow
    const fn = /:function:([^:]+)/.exec(one.to!)?.[1] ?? one.to!.split(":").at(-1)!;
    return `each deletion is a record in its stream and reaches ${fn}${runsText(one, fn, facts, gone)}; a filter on userIdentity.principalId (dynamodb.amazonaws.com) keeps them away`;
  });
}

/** One run takes up to a batch of records; records that trickle in come one by one. */
function runsText(mapping: Config, fn: string, { runUsd }: StoreFacts, gone: Interval | null): string {
  if (gone === null) return "";
  // 100 where nothing else is set: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
  const batch = numberIn(mapping, "batchSize") ?? 100;
  const [least, most] = [Math.ceil(gone.p50 / batch), Math.ceil(gone.p50)];
  const usd = runUsd("aws", fn);
  const money = usd === null ? "cost of a run not known" : `$${(least * usd).toFixed(2)} to $${(most * usd).toFixed(2)}`;
  return ` (${least.toLocaleString("en-US")} to ${most.toLocaleString("en-US")} runs at once, ${money})`;
}

function replicasText({ config, prices }: StoreFacts, gone: Interval | null): string[] {
  const replicas = config.settings["replicas"];
  const regions = Array.isArray(replicas) ? replicas.filter((one): one is string => typeof one === "string" && one !== config.region) : [];
  if (regions.length === 0) return [];
  const [sizeBytes, items] = [numberIn(config, "sizeBytes"), numberIn(config, "items")];
  const price = prices.find("aws", "dynamodb.replicated-writes", "on-demand", config.region);
  const units = sizeBytes === null || items === null || items === 0 ? null : Math.max(1, Math.ceil(sizeBytes / items / WRITE_BYTES));
  const usd = gone === null || price === null || units === null ? null : gone.p50 * units * regions.length * price.usdPerUnit;
  const money = usd === null ? "" : `, about $${usd.toFixed(2)} at once at the on-demand price`;
  return [`each deletion is a replicated write in ${regions.join(", ")}${money}`];
}
