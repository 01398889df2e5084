/**
 * EventBridge pipes. The source's own parameters are replaced as one ("EventBridge updates the fields in these objects atomically as one and
 * overrides existing values"): they are sent whole, as they were read, with the change among them; all else is left out and stays.
 * https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_UpdatePipe.html
 */
import { UserError } from "../../model/errors.ts";
import type { Change, ResourceRef } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Knob } from "../kit/knob.ts";
import type { AwsApi } from "./api.ts";
import { pipeConfig } from "./config-lambda.ts";
import { refuseNoPattern, refuseOutside, refuseUnknown } from "./knob-values.ts";
import { arnOf } from "./names.ts";
import { ownersOf } from "./owners.ts";
import { list, obj, type Obj, text } from "./schema.ts";

/** Setting: field of the source's parameters. */
const BATCH = { batchSize: "BatchSize", maximumBatchingWindowS: "MaximumBatchingWindowInSeconds" } as const;
const SETTINGS = ["filterPatterns", ...Object.keys(BATCH)];

/** Kind of source: its parameters, those of them that UpdatePipe does not take, and its name in `limits`. */
const SOURCES: { readonly [service: string]: readonly [block: string, limit: string] } = {
  sqs: ["SqsQueueParameters", "sqs-standard"],
  kinesis: ["KinesisStreamParameters", "stream"],
  dynamodb: ["DynamoDBStreamParameters", "stream"],
  kafka: ["ManagedStreamingKafkaParameters", "kafka"],
  mq: ["", "mq"],
};
/** Chosen when a pipe is made, and never again. */
const FIXED = [
  "StartingPosition",
  "StartingPositionTimestamp",
  "TopicName",
  "ConsumerGroupID",
  "QueueName",
  "VirtualHost",
  "AdditionalBootstrapServers",
];

const VOLATILE = ["CurrentState", "StateReason", "LastModifiedTime"];

export function pipeKnob(api: AwsApi): Knob<Obj> {
  return {
    async read(ref) {
      const found = await api.call("pipes:DescribePipe", { Name: nameOf(ref) });
      const all = pipeConfig(found, { account: null, region: null, at: null })[0]?.settings ?? {};
      const state = text(found["CurrentState"]) ?? "";
      return {
        settings: Object.fromEntries(SETTINGS.map((name) => [name, all[name] ?? null])),
        revision: null,
        rest: restOf(found),
        busy: /^(CREATING|UPDATING|DELETING|STARTING|STOPPING)$/.test(state) ? `being changed (${state})` : null,
        failed: state.endsWith("FAILED") ? `${state}: ${text(found["StateReason"]) ?? "no reason given"}` : null,
        found,
      };
    },
    refuse(change, { found, failed, settings }) {
      refuseUnknown(change, Object.keys(change.after), SETTINGS);
      if (failed !== null) throw new UserError(`${change.name}: ${failed}`, { suggestions: ["bring the pipe to rest first"] });
      const filters = change.after["filterPatterns"] ?? null;
      if (filters !== null) {
        if (!Array.isArray(filters) || filters.length === 0)
          throw new UserError(`${change.name}: filterPatterns is neither a list of patterns nor null`);
        refuseOutside(change, "number of filterPatterns", filters.length, "mapping.filters");
        for (const one of filters) refuseNoPattern(change, "filterPatterns", one, "mapping.filterPatternLength");
      }
      refuseBatch(change, found, { ...settings, ...change.after });
    },
    async send(change, { found }) {
      const source = sourceParameters(change, found);
      await api.call("pipes:UpdatePipe", { Name: nameOf(change), RoleArn: text(found["RoleArn"]), SourceParameters: source });
    },
    owners: (ref) => ownersOf(api, { tags: ["pipes:ListTagsForResource", { resourceArn: ref.resource }], physicalId: nameOf(ref) }),
  };
}

function nameOf(ref: ResourceRef): string {
  return arnOf(ref.resource)?.resource.split("/").pop() ?? ref.name;
}

/** All of the pipe but what is written, and clocks and states. */
function restOf(found: Obj): { [field: string]: Json } {
  const { SourceParameters: source, ...others } = found;
  const { FilterCriteria: _, ...blocks } = obj(source) ?? {};
  const rest = Object.fromEntries(Object.entries(others).filter(([field]) => !VOLATILE.includes(field)));
  for (const [block, fields] of Object.entries(blocks)) {
    const kept = { ...obj(fields) };
    for (const field of Object.values(BATCH)) delete kept[field];
    if (Object.keys(kept).length > 0) rest[block] = kept;
  }
  return rest;
}

function sourceOf(found: Obj): readonly [block: string, limit: string] | null {
  const blocks = Object.keys(obj(found["SourceParameters"]) ?? {}).filter((name) => name !== "FilterCriteria");
  const known = SOURCES[(text(found["Source"]) ?? "").split(":")[2] ?? ""];
  if (known === undefined) return blocks[0] === "SelfManagedKafkaParameters" ? [blocks[0], "kafka"] : null;
  const limit = (text(found["Source"]) ?? "").endsWith(".fifo") ? "sqs-fifo" : known[1];
  return [blocks[0] ?? known[0], limit];
}

function refuseBatch(change: Change, found: Obj, after: { [name: string]: Json }): void {
  const names = Object.keys(BATCH).filter((name) => (change.after[name] ?? null) !== null);
  const source = sourceOf(found);
  if (names.length > 0 && (source === null || source[0] === ""))
    throw new UserError(`${change.name}: evscope does not know how its source makes batches`);
  for (const name of names)
    refuseOutside(
      change,
      name,
      change.after[name]!,
      name === "batchSize" ? "mapping.batchSize" : "mapping.maximumBatchingWindow",
      source![1],
    );
  if (names.length > 0 && source![1] === "sqs-standard" && Number(after["batchSize"]) > 10 && Number(after["maximumBatchingWindowS"]) < 1)
    throw new UserError(`${change.name}: a batch size of more than 10 needs a batching window of 1 s or more`);
}

function sourceParameters(change: Change, found: Obj): Obj {
  const now = obj(found["SourceParameters"]) ?? {};
  const block = sourceOf(found)?.[0] ?? "";
  const sent: Obj = {};
  for (const [name, fields] of Object.entries(now)) {
    if (name === "FilterCriteria") continue;
    sent[name] = Object.fromEntries(Object.entries(obj(fields) ?? {}).filter(([field]) => !FIXED.includes(field)));
  }
  for (const [name, field] of Object.entries(BATCH)) {
    if (!(name in change.after)) continue;
    const fields = { ...obj(sent[block]) };
    // what is left out is the default again
    if (change.after[name] === null) delete fields[field];
    else fields[field] = change.after[name]!;
    sent[block] = fields;
  }
  const patterns =
    "filterPatterns" in change.after
      ? list(change.after["filterPatterns"]).map((Pattern) => ({ Pattern }))
      : list(obj(now["FilterCriteria"])?.["Filters"]);
  if ("filterPatterns" in change.after || patterns.length > 0) sent["FilterCriteria"] = { Filters: patterns };
  return sent;
}
