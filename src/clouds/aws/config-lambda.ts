/** Descriptions of functions and of what triggers them. Environment variables: names only, their values may be secrets. */
import type { Config, Json } from "../../model/records.ts";
import { config, type Observed } from "./config-record.ts";
import { functionOf } from "./names.ts";
import { list, num, obj, type Obj, text } from "./schema.ts";

/**
 * FunctionConfiguration, as List, Get, Create and Update return it. `around`: the answer it came in, with what GetFunction puts beside it
 * (`Concurrency`, `Tags`), and what a collector adds: `Aliases` (of ListAliases) and `PublishedVersions` (of ListFunctions with all versions).
 */
export function functionConfig(o: Obj, observed: Observed, around: Obj = {}): Config[] {
  const arn = text(o["FunctionArn"]);
  const name = text(o["FunctionName"]);
  if (name === null && arn === null) return [];
  const logging = obj(o["LoggingConfig"]);
  const variables = obj(obj(o["Environment"])?.["Variables"]);
  return config("function", arn ?? name, observed, {
    name: functionOf(name)?.fn ?? functionOf(arn)?.fn ?? name ?? undefined,
    revision: text(o["RevisionId"]),
    settings: {
      memoryMib: num(o["MemorySize"]),
      timeoutS: num(o["Timeout"]),
      architecture: text(list(o["Architectures"])[0]),
      runtime: text(o["Runtime"]),
      packageType: text(o["PackageType"]),
      handler: text(o["Handler"]),
      version: text(o["Version"]),
      codeSha256: text(o["CodeSha256"]),
      ephemeralMib: num(obj(o["EphemeralStorage"])?.["Size"]),
      tracing: text(obj(o["TracingConfig"])?.["Mode"]),
      snapStart: text(obj(o["SnapStart"])?.["ApplyOn"]),
      logFormat: text(logging?.["LogFormat"]),
      logGroup: text(logging?.["LogGroup"]),
      applicationLogLevel: text(logging?.["ApplicationLogLevel"]),
      systemLogLevel: text(logging?.["SystemLogLevel"]),
      deadLetterArn: text(obj(o["DeadLetterConfig"])?.["TargetArn"]),
      reservedConcurrency: num(obj(around["Concurrency"])?.["ReservedConcurrentExecutions"]),
      capacityProvider: text(
        obj(obj(o["CapacityProviderConfig"])?.["LambdaManagedInstancesCapacityProviderConfig"])?.["CapacityProviderArn"],
      ),
      lastModified: text(o["LastModified"]),
      environmentNames: variables === null ? undefined : Object.keys(variables).sort(),
      tags: obj(around["Tags"]),
      aliases: Array.isArray(around["Aliases"]) ? around["Aliases"].flatMap(aliasOf) : undefined,
      versions: Array.isArray(around["PublishedVersions"]) ? around["PublishedVersions"].flatMap(versionOf) : undefined,
    },
  });
}

/** `weights`: the share of traffic that another version gets (a canary). */
function aliasOf(value: Json): Json[] {
  const o = obj(value);
  const name = text(o?.["Name"]);
  if (o === null || name === null) return [];
  const weights = obj(obj(o["RoutingConfig"])?.["AdditionalVersionWeights"]);
  return [{ name, version: text(o["FunctionVersion"]), ...(weights === null ? {} : { weights }) }];
}

/** What decides the bill and the speed of a published version; the rest of it is as in its function. */
function versionOf(value: Json): Json[] {
  const o = obj(value);
  const version = text(o?.["Version"]);
  if (o === null || version === null) return [];
  return [
    {
      version,
      memoryMib: num(o["MemorySize"]),
      timeoutS: num(o["Timeout"]),
      architecture: text(list(o["Architectures"])[0]),
      codeSha256: text(o["CodeSha256"]),
      lastModified: text(o["LastModified"]),
    },
  ];
}

/** An event source mapping: from a queue, stream or topic to a function. */
export function mappingConfig(o: Obj, observed: Observed): Config[] {
  const uuid = text(o["UUID"]);
  const fn = text(o["FunctionArn"]) ?? text(o["FunctionName"]);
  if (uuid === null || fn === null) return [];
  const filters = list(obj(o["FilterCriteria"])?.["Filters"]).map((one) => text(obj(one)?.["Pattern"]));
  return config("trigger", text(o["EventSourceMappingArn"]) ?? uuid, observed, {
    name: uuid,
    from: text(o["EventSourceArn"]) ?? text(list(obj(obj(o["SelfManagedEventSource"])?.["Endpoints"])?.["KAFKA_BOOTSTRAP_SERVERS"])[0]),
    to: fn,
    settings: {
      batchSize: num(o["BatchSize"]),
      maximumBatchingWindowS: num(o["MaximumBatchingWindowInSeconds"]) ?? defaultWindowOf(o),
      parallelizationFactor: num(o["ParallelizationFactor"]),
      tumblingWindowS: num(o["TumblingWindowInSeconds"]),
      maximumRetryAttempts: num(o["MaximumRetryAttempts"]),
      maximumRecordAgeS: num(o["MaximumRecordAgeInSeconds"]),
      bisectOnError: o["BisectBatchOnFunctionError"] === true ? true : undefined,
      maximumConcurrency: num(obj(o["ScalingConfig"])?.["MaximumConcurrency"]),
      minimumPollers: num(obj(o["ProvisionedPollerConfig"])?.["MinimumPollers"]),
      maximumPollers: num(obj(o["ProvisionedPollerConfig"])?.["MaximumPollers"]),
      countsEvents: list(obj(o["MetricsConfig"])?.["Metrics"]).includes("EventCount") ? true : undefined,
      reportsBatchItemFailures: list(o["FunctionResponseTypes"]).includes("ReportBatchItemFailures"),
      filterPatterns: filters.length === 0 ? undefined : filters,
      onFailure: text(obj(obj(o["DestinationConfig"])?.["OnFailure"])?.["Destination"]),
      state: text(o["State"]),
      startingPosition: text(o["StartingPosition"]),
      // Kafka: one at most
      topic: text(list(o["Topics"])[0]),
    },
  });
}

/**
 * Window of a mapping that names none: 0 s on queues and streams; null on other sources, where it is 500 ms and no whole number of seconds.
 * https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
 */
function defaultWindowOf(o: Obj): number | null {
  return /^arn:[\w-]+:(sqs|kinesis|dynamodb):/.test(text(o["EventSourceArn"]) ?? "") ? 0 : null;
}

/** A Pipe or a schedule: from its source to its target. */
export function pipeConfig(o: Obj, observed: Observed): Config[] {
  const parameters = obj(o["SourceParameters"]);
  const batch = Object.values(parameters ?? {})
    .map(obj)
    .find((one) => one !== null && "BatchSize" in one);
  const filters = list(obj(parameters?.["FilterCriteria"])?.["Filters"]).map((one) => text(obj(one)?.["Pattern"]));
  return config("trigger", text(o["Arn"]), observed, {
    name: text(o["Name"]) ?? undefined,
    from: text(o["Source"]),
    to: text(o["Target"]),
    settings: {
      enrichment: text(o["Enrichment"]),
      batchSize: num(batch?.["BatchSize"]),
      maximumBatchingWindowS: num(batch?.["MaximumBatchingWindowInSeconds"]),
      filterPatterns: filters.length === 0 ? undefined : filters,
      state: text(o["CurrentState"]) ?? text(o["State"]),
    },
  });
}

export function scheduleConfig(o: Obj, observed: Observed): Config[] {
  const target = obj(o["Target"]);
  return config("rule", text(o["Arn"]), observed, {
    name: text(o["Name"]) ?? undefined,
    from: null,
    to: text(target?.["Arn"]),
    settings: {
      schedule: text(o["ScheduleExpression"]),
      group: text(o["GroupName"]),
      state: text(o["State"]),
      maximumRetryAttempts: num(obj(target?.["RetryPolicy"])?.["MaximumRetryAttempts"]),
      deadLetterArn: text(obj(target?.["DeadLetterConfig"])?.["Arn"]),
    },
  });
}
