/**
 * Event source mappings. Only what changes is sent; filters are replaced as a whole.
 * https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
 */
import { UserError } from "../../model/errors.ts";
import type { Change, ResourceRef, Settings } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Knob, KnobState } from "../kit/knob.ts";
import type { AwsApi } from "./api.ts";
import { mappingConfig } from "./config-lambda.ts";
import { refuseNoPattern, refuseOutside, refuseUnknown } from "./knob-values.ts";
import { functionOf } from "./names.ts";
import { ownersOf } from "./owners.ts";
import { visibilityOf } from "./queue-visibility.ts";
import { list, num, obj, type Obj, text } from "./schema.ts";

/** Setting: field of the API, and its value there; null: what takes the setting away. */
const FIELDS: { readonly [setting: string]: readonly [field: string, input: (value: Json) => Json] } = {
  filterPatterns: ["FilterCriteria", (value): Obj => (value === null ? {} : { Filters: list(value).map((Pattern) => ({ Pattern })) })],
  batchSize: ["BatchSize", (value) => value],
  maximumBatchingWindowS: ["MaximumBatchingWindowInSeconds", (value) => value ?? 0],
  parallelizationFactor: ["ParallelizationFactor", (value) => value ?? 1],
  maximumConcurrency: ["ScalingConfig", (value): Obj => (value === null ? {} : { MaximumConcurrency: value })],
  reportsBatchItemFailures: ["FunctionResponseTypes", (value) => (value === true ? ["ReportBatchItemFailures"] : [])],
};

/** Clocks and states. */
const VOLATILE = new Set(["LastModified", "LastProcessingResult", "State", "StateTransitionReason"]);

/** Where events come from, as `limits` names it. */
type Source = "sqs-standard" | "sqs-fifo" | "stream" | "kafka" | "mq" | "documentdb";

export function mappingKnob(api: AwsApi): Knob<Obj> {
  return {
    async read(ref) {
      // List gives no filters that are encrypted with a key of the user's; Get does
      const found = await api.call("lambda:GetEventSourceMapping", { UUID: uuidOf(ref) });
      const state = text(found["State"]);
      const written = new Set(Object.values(FIELDS).map(([field]) => field));
      return {
        settings: settingsOf(found),
        revision: null,
        rest: {
          ...Object.fromEntries(Object.entries(found).filter(([field]) => !VOLATILE.has(field) && !written.has(field))),
          enabled: state !== "Disabled",
        },
        busy: /^(Creating|Enabling|Disabling|Updating|Deleting)$/.test(state ?? "") ? `being changed (State ${state})` : null,
        failed: null,
        found,
      };
    },
    refuse: (change, now) => refuse(api, change, now),
    async send(change) {
      const input: { [field: string]: Json } = {};
      for (const [name, value] of Object.entries(change.after)) {
        const [field, of] = FIELDS[name]!;
        input[field] = of(value);
      }
      await api.call("lambda:UpdateEventSourceMapping", { UUID: uuidOf(change), ...input });
    },
    owners: (ref) =>
      ownersOf(api, {
        tags: ref.resource.startsWith("arn:") ? ["lambda:ListTags", { Resource: ref.resource }] : null,
        physicalId: uuidOf(ref),
      }),
  };
}

function uuidOf(ref: ResourceRef): string {
  return ref.resource.split(":").pop()!;
}

function settingsOf(found: Obj): Settings {
  const all = mappingConfig(found, { account: null, region: null, at: null })[0]?.settings ?? {};
  return Object.fromEntries(Object.keys(FIELDS).map((name) => [name, all[name] ?? null]));
}

function sourceOf(found: Obj): Source {
  const arn = text(found["EventSourceArn"]) ?? "";
  switch (arn.split(":")[2]) {
    case "sqs":
      return arn.endsWith(".fifo") ? "sqs-fifo" : "sqs-standard";
    case "kinesis":
    case "dynamodb":
      return "stream";
    case "mq":
      return "mq";
    case "rds":
      return "documentdb";
    default:
      return "kafka";
  }
}

async function refuse(api: AwsApi, change: Change, { found, settings }: KnobState<Obj>): Promise<void> {
  refuseUnknown(change, Object.keys(change.after), Object.keys(FIELDS));
  const source = sourceOf(found);
  const after = { ...settings, ...change.after };
  for (const [name, value] of Object.entries(change.after)) refuseValue(change, name, value, source, found);
  if (source === "sqs-standard" && Number(after["batchSize"]) > 10 && Number(after["maximumBatchingWindowS"]) < 1)
    throw new UserError(`${change.name}: a batch size of more than 10 needs a batching window of 1 s or more (${API})`);
  if (change.after["maximumConcurrency"] != null && obj(found["ProvisionedPollerConfig"]) !== null)
    throw new UserError(`${change.name}: it has provisioned pollers, which go with no maximum concurrency (${API})`);
  if ("maximumBatchingWindowS" in change.after && source === "sqs-standard" && Number(after["maximumBatchingWindowS"]) > 0)
    await refuseBeyondVisibility(api, change, found, Number(after["maximumBatchingWindowS"]));
}

const API = "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html";

function refuseValue(change: Change, name: string, value: Json, source: Source, found: Obj): void {
  switch (name) {
    case "filterPatterns":
      return refuseFilters(change, value, source, found);
    case "maximumBatchingWindowS":
      if (source !== "sqs-standard" && source !== "sqs-fifo" && source !== "stream") refuseLostDefault(change, value);
      if (value !== null) refuseOutside(change, name, value, "mapping.maximumBatchingWindow", source);
      return;
    case "reportsBatchItemFailures":
      if (typeof value !== "boolean") throw new UserError(`${change.name}: ${name} is true or false`);
      return;
    case "batchSize":
      return refuseOutside(change, name, value, "mapping.batchSize", source);
    default:
      if (value !== null) refuseOutside(change, name, value, `mapping.${name}`, source);
  }
}

/** The default of 500 ms can be read, but not written: once a window is set, only a new mapping has it again. */
function refuseLostDefault(change: Change, value: Json): void {
  const before = change.before["maximumBatchingWindowS"] ?? null;
  if (before !== null && value === null)
    throw new UserError(`${change.name}: the default window of 500 ms cannot be set again; only a new mapping has it (${API})`);
  if (before === null && value !== null && change.danger !== "irreversible")
    throw new UserError(`${change.name}: a window on this source cannot be taken back to the default of 500 ms (${API})`, {
      suggestions: ["a plan that names this change irreversible may make it"],
    });
}

function refuseFilters(change: Change, value: Json, source: Source, found: Obj): void {
  const why = text(obj(found["FilterCriteriaError"])?.["Message"]);
  if (why !== null) throw new UserError(`${change.name}: its filters cannot be read, and so not taken back: ${why}`);
  if (value === null) return;
  if (source === "documentdb") throw new UserError(`${change.name}: mappings of DocumentDB have no filters`);
  if (!Array.isArray(value) || value.length === 0)
    throw new UserError(`${change.name}: filterPatterns is neither a list of patterns nor null`);
  // a quota that was raised shows by what is there
  if (value.length > list(obj(found["FilterCriteria"])?.["Filters"]).length)
    refuseOutside(change, "number of filterPatterns", value.length, "mapping.filters");
  for (const pattern of value) refuseNoPattern(change, "filterPatterns", pattern, "mapping.filterPatternLength");
}

/** Messages wait hidden while a batch fills: with the run they must not come back before it ends. */
async function refuseBeyondVisibility(api: AwsApi, change: Change, found: Obj, windowS: number): Promise<void> {
  const fn = functionOf(text(found["FunctionArn"]))?.fn;
  const queue = text(found["EventSourceArn"]);
  if (fn === undefined || queue === null) return;
  const visibleS = await visibilityOf(api, queue);
  const timeoutS = num((await api.call("lambda:GetFunctionConfiguration", { FunctionName: fn }))["Timeout"]);
  if (visibleS === null || timeoutS === null || timeoutS + windowS <= visibleS) return;
  throw new UserError(
    `${change.name}: a window of ${windowS} s and the timeout of ${fn} (${timeoutS} s) are longer than the visibility timeout of the queue (${visibleS} s)`,
    { suggestions: [`raise the queue's visibility timeout first, to ${6 * timeoutS + windowS} s or more`] },
  );
}
