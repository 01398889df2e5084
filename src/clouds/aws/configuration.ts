/** Answers of list and describe calls -> configuration records. What is known of a resource decides prices, routes and advice. */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { Config, Json } from "../../model/records.ts";
import * as channels from "./config-channels.ts";
import { functionConfig, mappingConfig, pipeConfig, scheduleConfig } from "./config-lambda.ts";
import { answeredAt, isRedacted, type Observed } from "./config-record.ts";
import { recorded } from "./recorded.ts";
import { list, obj, type Obj, text } from "./schema.ts";

export const configuration: Format = {
  id: "aws.configuration",
  title: "Descriptions of AWS resources",
  kind: "json",
  lookedFor:
    "answers of ListFunctions, GetFunction, ListEventSourceMappings, GetQueueAttributes, ListRules, ListTargetsByRule, DescribePipe, ListSubscriptions, DescribeTable, DescribeStream, DescribeStateMachine, DescribeLogGroups",
  recognise(document) {
    const found = recorded(document);
    const o = obj(found);
    if (o === null) return Array.isArray(found) && obj(found[0]) !== null && readerOf(found[0] as Obj) !== null ? 70 : 0;
    if (readerOf(o) !== null) return 85;
    if (isSnapshot(o)) return 80;
    return obj(o["ResponseMetadata"]) === null ? 0 : 5;
  },
  open: openConfiguration,
};

type Read = (o: Obj, observed: Observed) => Config[];

/** Lists of descriptions: the field, and how one element is read. */
const LISTS: { readonly [field: string]: Read } = {
  Functions: (o, at) => functionConfig(o, at),
  Versions: (o, at) => functionConfig(o, at),
  EventSourceMappings: mappingConfig,
  Rules: channels.ruleConfig,
  EventBuses: channels.busConfig,
  Pipes: pipeConfig,
  Schedules: scheduleConfig,
  Subscriptions: channels.subscriptionConfig,
  Topics: channels.topicConfig,
  stateMachines: channels.stateMachineConfig,
  logGroups: channels.logGroupConfig,
};

/** Single descriptions: how an answer is told, and how it is read. The first that fits is taken. */
const ONES: readonly { fits: (o: Obj) => boolean; read: Read }[] = [
  { fits: (o) => has(o["Configuration"], "FunctionName"), read: (o, at) => functionConfig(obj(o["Configuration"])!, at, o) },
  { fits: (o) => has(o, "FunctionArn", "Runtime") || has(o, "FunctionArn", "MemorySize"), read: (o, at) => functionConfig(o, at) },
  { fits: (o) => has(o, "UUID", "FunctionArn"), read: mappingConfig },
  { fits: (o) => has(o["Attributes"], "QueueArn"), read: (o, at) => channels.queueConfig(obj(o["Attributes"])!, at) },
  { fits: (o) => has(o["Attributes"], "SubscriptionArn"), read: (o, at) => channels.subscriptionConfig(obj(o["Attributes"])!, at) },
  { fits: (o) => has(o["Attributes"], "TopicArn"), read: (o, at) => channels.topicConfig(obj(o["Attributes"])!, at) },
  {
    fits: (o) => Array.isArray(o["Targets"]) && (o["Targets"].length === 0 || has(o["Targets"][0], "Arn", "Id")),
    read: channels.targetConfigs,
  },
  { fits: (o) => arnIs(o["Arn"], "events", "rule/"), read: channels.ruleConfig },
  { fits: (o) => arnIs(o["Arn"], "pipes", "pipe/"), read: pipeConfig },
  { fits: (o) => arnIs(o["Arn"], "scheduler", "schedule/"), read: scheduleConfig },
  { fits: (o) => arnIs(o["Arn"], "events", "event-bus/"), read: channels.busConfig },
  {
    fits: (o) => has(o["Table"], "TableName"),
    read: (o, at) => channels.tableConfig(obj(o["Table"])!, at, obj(o["TimeToLiveDescription"])),
  },
  { fits: (o) => obj(o["TimeToLiveDescription"]) !== null, read: channels.timeToLiveConfig },
  { fits: (o) => has(o["StreamDescription"], "StreamName"), read: (o, at) => channels.streamConfig(obj(o["StreamDescription"])!, at) },
  {
    fits: (o) => has(o["StreamDescriptionSummary"], "StreamName"),
    read: (o, at) => channels.streamConfig(obj(o["StreamDescriptionSummary"])!, at),
  },
  { fits: (o) => has(o, "stateMachineArn", "name"), read: channels.stateMachineConfig },
  { fits: (o) => has(o, "LogGroupName") || has(o, "logGroupName", "storedBytes"), read: channels.logGroupConfig },
  {
    fits: (o) => ["LambdaFunctionConfigurations", "QueueConfigurations", "TopicConfigurations"].some((field) => Array.isArray(o[field])),
    read: channels.notificationConfigs,
  },
];

function has(value: Json | undefined, ...fields: string[]): boolean {
  const o = obj(value);
  return o !== null && fields.every((field) => o[field] !== undefined && o[field] !== null);
}

function arnIs(value: Json | undefined, service: string, resource: string): boolean {
  const arn = text(value)?.split(":");
  return arn !== undefined && arn[0] === "arn" && arn[2] === service && arn.slice(5).join(":").startsWith(resource);
}

/** The reader of this answer; null: not a description that evscope reads. */
function readerOf(o: Obj): Read | null {
  const field = Object.keys(LISTS).find((name) => Array.isArray(o[name]));
  if (field !== undefined) return (answer, observed) => eachOf(answer, field, LISTS[field]!, observed);
  return ONES.find((one) => one.fits(o))?.read ?? null;
}

/** The resources that an answer describes; empty: none, or an answer of another kind. */
export function configsOf(answer: Obj, observed: Observed): Config[] {
  return readerOf(answer)?.(answer, observed) ?? [];
}

function eachOf(answer: Obj, field: string, read: Read, observed: Observed): Config[] {
  return list(answer[field]).flatMap((one) => {
    const o = obj(one);
    return o === null ? [] : read(o, observed);
  });
}

/** Snapshots of localstack's tests: answers under `recorded-content`, one object per test. */
function isSnapshot(o: Obj): boolean {
  const values = Object.values(o);
  return values.length > 0 && values.every((value) => obj(value)?.["recorded-content"] !== undefined);
}

/** How deep answers are looked for in a snapshot. */
const DEPTH = 6;

function openConfiguration(source: Source, sink: Sink): Reader {
  let answers = 0;

  function give(configs: Config[], what: string): void {
    if (configs.length === 0) sink.ignored(`${what}: an answer without resources`);
    for (const one of configs) {
      if (isRedacted(one)) sink.ignored("a description whose names are placeholders");
      else sink.record(one);
    }
  }

  function readAnswer(o: Obj): boolean {
    const read = readerOf(o);
    if (read === null) return false;
    answers++;
    give(read(o, { account: source.account, region: source.region, at: answeredAt(o) }), "AWS configuration");
    return true;
  }

  function search(value: Json | undefined, depth: number): void {
    if (Array.isArray(value)) for (const one of value) search(one, depth + 1);
    const o = obj(value);
    if (o === null || readAnswer(o) || depth > DEPTH) return;
    for (const one of Object.values(o)) search(one, depth + 1);
  }

  function readOne(document: Json, at: Position): void {
    const o = obj(document);
    if (o === null) sink.broken("not a description of a resource", at);
    else if (isSnapshot(o)) {
      answers = 0;
      search(o, 0);
      if (answers === 0) sink.ignored("a snapshot of a test suite without descriptions that evscope reads");
    } else if (!readAnswer(o))
      sink.ignored(
        `an AWS answer that holds nothing evscope reads: ${
          Object.keys(o)
            .filter((key) => key !== "ResponseMetadata")
            .slice(0, 4)
            .join(", ") || "no fields"
        }`,
      );
  }

  return {
    read(document, at) {
      const found = recorded(document);
      if (Array.isArray(found)) for (const one of found) readOne(one, at);
      else readOne(found, at);
    },
    end() {},
  };
}
