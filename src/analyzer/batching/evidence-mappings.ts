/** What hands events to functions in batches, as the configurations describe it. Pure. */
import type { PollerKind, PollerSettings } from "../../model/batching.ts";
import { numberOf, textOf } from "../../model/json.ts";
import type { WrittenKind } from "../../model/proposal.ts";
import type { Config } from "../../model/records.ts";
import { type Feed, refOf } from "./evidence-feed.ts";
import { eventGridFeed, functionAppFeed, pubsubFeed } from "./evidence-push.ts";

const ARN = /^arn:[\w-]+:([\w-]+):([^:]*):([^:]*):(.+)$/;
const LAMBDA = /^arn:[\w-]+:lambda:([^:]*):([^:]*):function:([^:]+)/;

/** Defaults of Lambda: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
const STREAM_BATCH = 100;
const QUEUE_BATCH = 10;
const KAFKA_WINDOW_MS = 500;

/** Every mapping, pipe, subscription and binding that is not switched off; the newest description of each counts. */
export function feeds(configs: readonly Config[]): Feed[] {
  const newest = new Map<string, Config>();
  for (const one of configs) {
    const key = `${one.kind} ${one.resource}`;
    const known = newest.get(key);
    if (known === undefined || (one.observedAt ?? 0) >= (known.observedAt ?? 0)) newest.set(key, one);
  }
  const all = [...newest.values()];
  const sources = sourcesIn(all);
  return all.filter((one) => !isOff(one)).flatMap((one) => feedOf(one, all, sources) ?? []);
}

type Sources = ReadonlyMap<string, Config>;

/** Queues, streams and tables by what mappings call them: their own ARN, or that of a table's stream. */
function sourcesIn(all: readonly Config[]): Sources {
  const sources = new Map<string, Config>();
  for (const one of all)
    for (const name of [one.resource, textOf(one.settings["streamArn"])]) if (name !== null && !sources.has(name)) sources.set(name, one);
  return sources;
}

function feedOf(config: Config, all: readonly Config[], sources: Sources): Feed | null {
  if (config.cloud === "aws")
    return config.kind === "trigger" ? lambdaFeed(config, sources) : config.kind === "rule" ? ruleFeed(config) : null;
  if (config.cloud === "azure")
    return config.kind === "function" ? functionAppFeed(config, all) : config.kind === "trigger" ? eventGridFeed(config) : null;
  return config.cloud === "gcp" && config.kind === "trigger" ? pubsubFeed(config, all) : null;
}

function isOff({ settings }: Config): boolean {
  return settings["disabled"] === true || /^disabl|^stopp|^delet/i.test(textOf(settings["state"]) ?? "");
}

/** An event source mapping, a pipe or an SNS subscription to a Lambda function. */
function lambdaFeed(config: Config, sources: Sources): Feed | null {
  const target = LAMBDA.exec(config.to ?? "");
  // a mapping may name its function alone
  const fn = target?.[3] ?? (/^arn:[\w-]+:lambda:.*:event-source-mapping:/.test(config.resource) ? config.to : null);
  if (!fn) return null;
  const from = ARN.exec(config.from ?? "");
  const service = from?.[1] ?? null;
  const isPipe = /^arn:[\w-]+:pipes:/.test(config.resource);
  const source = (config.from === null ? undefined : sources.get(config.from)) ?? null;
  const feed = {
    cloud: config.cloud,
    account: config.account ?? target?.[2] ?? null,
    region: config.region ?? target?.[1] ?? null,
    fn,
    // messages of Kafka name their topic, not their cluster
    channel: textOf(config.settings["topic"]) ?? (from === null ? null : channelOf(service, from[4]!)),
    config,
    source,
  };
  if (service === "sns")
    return {
      ...feed,
      kind: null,
      settings: null,
      target: null,
      refusal: "SNS hands every message to Lambda by itself: a queue between topic and function makes batches",
    };
  const settings = lambdaSettings(service, config, source);
  if (typeof settings === "string") return { ...feed, kind: null, settings: null, target: null, refusal: settings };
  const kind: WrittenKind = isPipe ? "pipes.pipe" : "lambda.event-source-mapping";
  return { ...feed, kind: settings.kind, settings, target: refOf(kind, config, feed), refusal: null };
}

/** A target of an EventBridge rule that is a function. */
function ruleFeed(config: Config): Feed | null {
  const target = LAMBDA.exec(config.to ?? "");
  if (target === null || textOf(config.settings["schedule"]) !== null) return null;
  return {
    cloud: config.cloud,
    account: config.account ?? target[2]!,
    region: config.region ?? target[1]!,
    fn: target[3]!,
    channel: config.from,
    kind: null,
    settings: null,
    target: null,
    config,
    source: null,
    refusal: "EventBridge hands every event to Lambda by itself: a queue between rule and function makes batches",
  };
}

/** Settings of the poller, or why there are none. */
function lambdaSettings(service: string | null, { settings, from }: Config, source: Config | null): PollerSettings | string {
  const fifo = (from ?? "").endsWith(".fifo");
  const kinds: { [service: string]: PollerKind } = {
    sqs: fifo ? "sqs-fifo" : "sqs-standard",
    kinesis: "kinesis",
    dynamodb: "dynamodb-stream",
    kafka: "kafka",
  };
  const kind = service === null ? (from === null ? undefined : "kafka") : kinds[service];
  if (kind === undefined) return `how Lambda polls ${service ?? "this source"} is not modelled`;
  if (numberOf(settings["tumblingWindowS"])) return "it aggregates over a tumbling window, which decides what a run holds";
  const windowS = numberOf(settings["maximumBatchingWindowS"]);
  return {
    kind,
    batchSize: numberOf(settings["batchSize"]) ?? (service === "sqs" ? QUEUE_BATCH : STREAM_BATCH),
    windowMs: windowS === null ? (kind === "kafka" ? KAFKA_WINDOW_MS : 0) : windowS * 1000,
    minimumBatchSize: null,
    shards: numberOf(source?.settings["shards"]),
    parallelizationFactor: kind === "kinesis" || kind === "dynamodb-stream" ? (numberOf(settings["parallelizationFactor"]) ?? 1) : null,
    maximumConcurrency: numberOf(settings["maximumConcurrency"]),
    bisectOnError: settings["bisectOnError"] === true,
    reportsBatchItemFailures: settings["reportsBatchItemFailures"] === true,
  };
}

function channelOf(service: string | null, resource: string): string | null {
  const inside = { dynamodb: /^table\/([^/]+)/, kinesis: /^stream\/([^/]+)/, kafka: /^cluster\/([^/]+)/ }[service ?? ""]?.exec(
    resource,
  )?.[1];
  return inside ?? resource.split(/[:/]/).at(-1) ?? null;
}
