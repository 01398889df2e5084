/** Reads a few items of a table, from all parts of it: a Scan in segments, each a part of the key space, page by page. */
import { plainItem } from "../../model/attribute-value.ts";
import { isObject, type JsonObject } from "../../model/json.ts";
import type { ResourceRef } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";

import { spend } from "../kit/spent.ts";
import type { Estimate, LiveContext, Sampler } from "../room.ts";
import type { AwsApi } from "./api.ts";
import { prices } from "./prices.ts";
import { list, num, obj } from "./schema.ts";
import { asUserError } from "./user-error.ts";

/** Parts of the key space that are read in turns: one page of a Scan alone is of one partition, whose items may be alike. */
const SEGMENTS = 16;
/** Most items of one request; a page ends at 1 MB anyway. */
const PAGE_ITEMS = 100;
/** An eventually consistent read takes half a unit per 4 KB that was looked at: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html */
const UNIT_BYTES = 4096;
const UNITS_PER_4K = 0.5;
/** The largest item: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const LARGEST_BYTES = 409_600;

type Item = { [name: string]: Json };

export function openSampler(api: AwsApi, context: LiveContext): Sampler {
  return {
    estimate: (ref, items) => estimate(api, ref, items),
    sample: (ref, items) => sample(api, context, ref, items),
  };
}

/** By the mean item, as the table's description has it; it is up to six hours old. At the on-demand price: provisioned tables pay nothing and have so much less to give. */
async function estimate(api: AwsApi, ref: ResourceRef, items: number): Promise<Estimate> {
  const table = obj((await called(api, "dynamodb:DescribeTable", { TableName: ref.name }, ref))["Table"]) ?? {};
  const [count, size] = [num(table["ItemCount"]), num(table["TableSizeBytes"])];
  const each = count === null || size === null || count === 0 ? LARGEST_BYTES : size / count;
  const calls = Math.max(SEGMENTS, Math.ceil(items / PAGE_ITEMS) + SEGMENTS);
  const bytes = items * each;
  // each page is rounded up by itself
  const units = (Math.ceil(bytes / UNIT_BYTES) + calls) * UNITS_PER_4K;
  return { calls, seconds: null, usd: units * usdPerUnit(), bytes: Math.round(bytes) };
}

async function* sample(api: AwsApi, context: LiveContext, ref: ResourceRef, items: number): AsyncGenerator<Item[]> {
  const keys = new Map<number, JsonObject | null>(Array.from({ length: SEGMENTS }, (_, segment) => [segment, null]));
  let left = items;
  while (left > 0 && keys.size > 0) {
    // what one segment does not have, the others give in the next round
    const each = Math.min(PAGE_ITEMS, Math.ceil(left / keys.size));
    for (const [segment, key] of keys) {
      if (left <= 0) return;
      context.signal.throwIfAborted();
      const answer = await called(
        api,
        "dynamodb:Scan",
        {
          TableName: ref.name,
          Segment: segment,
          TotalSegments: SEGMENTS,
          Limit: Math.min(each, left),
          ReturnConsumedCapacity: "TOTAL",
          ...(key === null ? {} : { ExclusiveStartKey: key }),
        },
        ref,
      );
      const units = num(obj(answer["ConsumedCapacity"])?.["CapacityUnits"]);
      if (units !== null) spend(api, units * usdPerUnit());
      const page = list(answer["Items"]).flatMap((one): Item[] => (isObject(one) ? [plainItem(one) ?? {}] : []));
      left -= page.length;
      const next = obj(answer["LastEvaluatedKey"]);
      if (next === null) keys.delete(segment);
      else keys.set(segment, next);
      if (page.length > 0) yield page;
    }
  }
}

async function called(api: AwsApi, name: "dynamodb:DescribeTable" | "dynamodb:Scan", input: object, ref: ResourceRef): Promise<JsonObject> {
  try {
    return await api.call(name, input);
  } catch (error) {
    throw asUserError(error, `look at items of table ${ref.name}`);
  }
}

function usdPerUnit(): number {
  const price = prices.find((one) => one.meter === "dynamodb.reads")!;
  return price.usd / price.per;
}
