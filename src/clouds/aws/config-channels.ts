/** Descriptions of what carries or keeps events: queues, topics, buses and rules, streams, tables, buckets, state machines, log groups. */
import type { Config, Json } from "../../model/records.ts";
import { config, type Observed } from "./config-record.ts";
import { resourceName } from "./names.ts";
import { list, num, obj, type Obj, parsed, text } from "./schema.ts";

/** GetQueueAttributes: every value is a string. */
export function queueConfig(attributes: Obj, observed: Observed): Config[] {
  const redrive = obj(parsed(attributes["RedrivePolicy"]));
  const arn = text(attributes["QueueArn"]);
  const deadLetterArn = text(redrive?.["deadLetterTargetArn"]);
  return config("queue", arn, observed, {
    from: deadLetterArn === null ? null : arn,
    to: deadLetterArn,
    settings: {
      visibilityTimeoutS: num(attributes["VisibilityTimeout"]),
      retentionS: num(attributes["MessageRetentionPeriod"]),
      delayS: num(attributes["DelaySeconds"]),
      receiveWaitS: num(attributes["ReceiveMessageWaitTimeSeconds"]),
      maximumMessageBytes: num(attributes["MaximumMessageSize"]),
      fifo: attributes["FifoQueue"] === "true" ? true : undefined,
      deadLetterArn,
      maxReceiveCount: num(redrive?.["maxReceiveCount"]),
      messagesWaiting: num(attributes["ApproximateNumberOfMessages"]),
    },
  });
}

export function topicConfig(attributes: Obj, observed: Observed): Config[] {
  return config("topic", text(attributes["TopicArn"]), observed, {
    settings: { fifo: attributes["FifoTopic"] === "true" ? true : undefined, tracing: text(attributes["TracingConfig"]) },
  });
}

/** ListSubscriptions and GetSubscriptionAttributes. */
export function subscriptionConfig(o: Obj, observed: Observed): Config[] {
  return config("trigger", text(o["SubscriptionArn"]), observed, {
    from: text(o["TopicArn"]),
    to: text(o["Endpoint"]),
    settings: {
      protocol: text(o["Protocol"]),
      filterPolicy: text(o["FilterPolicy"]),
      filterPolicyScope: text(o["FilterPolicyScope"]),
      rawDelivery: o["RawMessageDelivery"] === "true" ? true : undefined,
    },
  });
}

export function ruleConfig(o: Obj, observed: Observed): Config[] {
  return config("rule", text(o["Arn"]), observed, {
    name: text(o["Name"]) ?? undefined,
    from: text(o["EventBusName"]),
    settings: {
      pattern: text(o["EventPattern"]),
      schedule: text(o["ScheduleExpression"]),
      state: text(o["State"]),
      managedBy: text(o["ManagedBy"]),
    },
  });
}

/** ListTargetsByRule: the rule's name is in the request only; a file that keeps it beside the answer joins rule and target. */
export function targetConfigs(o: Obj, observed: Observed): Config[] {
  const rule = text(o["Rule"]);
  const bus = text(o["EventBusName"]) ?? (rule === null ? null : "default");
  return list(o["Targets"]).flatMap((one) => {
    const target = obj(one);
    const arn = text(target?.["Arn"]);
    if (target === null || arn === null) return [];
    const id = text(target["Id"]) ?? "target";
    return config("rule", rule === null ? `target:${arn}#${id}` : `rule:${bus}/${rule}#${id}`, observed, {
      name: rule ?? id,
      from: bus,
      to: arn,
      settings: {
        target: id,
        inputPath: text(target["InputPath"]),
        maximumRetryAttempts: num(obj(target["RetryPolicy"])?.["MaximumRetryAttempts"]),
        maximumEventAgeS: num(obj(target["RetryPolicy"])?.["MaximumEventAgeInSeconds"]),
        deadLetterArn: text(obj(target["DeadLetterConfig"])?.["Arn"]),
      },
    });
  });
}

export function busConfig(o: Obj, observed: Observed): Config[] {
  return config("bus", text(o["Arn"]), observed, { name: text(o["Name"]) ?? undefined, settings: {} });
}

/** DescribeTable; `timeToLive`: what DescribeTimeToLive says of it, where that is known. */
export function tableConfig(o: Obj, observed: Observed, timeToLive: Obj | null = null): Config[] {
  const name = text(o["TableName"]);
  return config("table", text(o["TableArn"]) ?? name, observed, {
    name: name ?? undefined,
    settings: {
      keys: list(o["KeySchema"]).flatMap((one) => text(obj(one)?.["AttributeName"]) ?? []),
      billingMode: text(obj(o["BillingModeSummary"])?.["BillingMode"]) ?? "PROVISIONED",
      streamArn: text(o["LatestStreamArn"]),
      streamView: text(obj(o["StreamSpecification"])?.["StreamViewType"]),
      items: num(o["ItemCount"]),
      sizeBytes: num(o["TableSizeBytes"]),
      ttlStatus: text(timeToLive?.["TimeToLiveStatus"]),
      ttlAttribute: text(timeToLive?.["AttributeName"]),
      // the other copies of a global table
      replicas: replicasOf(o),
      createdAt: momentOf(o["CreationDateTime"]),
      deletionProtected: o["DeletionProtectionEnabled"] === true ? true : undefined,
    },
  });
}

/** Regions of the other copies of a global table; undefined: it has none. */
function replicasOf(o: Obj): string[] | undefined {
  const regions = list(o["Replicas"]).flatMap((one) => text(obj(one)?.["RegionName"]) ?? []);
  return regions.length === 0 ? undefined : regions;
}

/** ISO text, or seconds since 1970 as the CLI and recorded answers have them. */
function momentOf(value: Json | undefined): number | null {
  if (typeof value === "number") return value < 1e11 ? value * 1000 : value;
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** DescribeTimeToLive names no table; a file that keeps `TableName` beside the answer does. */
export function timeToLiveConfig(o: Obj, observed: Observed): Config[] {
  const ttl = obj(o["TimeToLiveDescription"]);
  return config("table", text(o["TableName"]), observed, {
    settings: { ttlStatus: text(ttl?.["TimeToLiveStatus"]), ttlAttribute: text(ttl?.["AttributeName"]) },
  });
}

export function streamConfig(o: Obj, observed: Observed): Config[] {
  return config("stream", text(o["StreamARN"]) ?? text(o["StreamName"]), observed, {
    name: text(o["StreamName"]) ?? undefined,
    settings: {
      mode: text(obj(o["StreamModeDetails"])?.["StreamMode"]),
      shards: num(o["OpenShardCount"]) ?? (Array.isArray(o["Shards"]) ? o["Shards"].length : null),
      retentionH: num(o["RetentionPeriodHours"]),
    },
  });
}

/** Which functions a state machine calls, and how tasks retry: its definition in short. */
export function stateMachineConfig(o: Obj, observed: Observed): Config[] {
  const definition = obj(parsed(o["definition"]));
  const states = obj(definition?.["States"]);
  const source = text(o["definition"]) ?? "";
  const logGroups = list(obj(o["loggingConfiguration"])?.["destinations"]).flatMap(
    (one) => /:log-group:([^:]+)/.exec(text(obj(obj(one)?.["cloudWatchLogsLogGroup"])?.["logGroupArn"]) ?? "")?.[1] ?? [],
  );
  const functions = [...new Set([...source.matchAll(/arn:[\w-]+:lambda:[^:"]*:[^:"]*:function:[\w-]+/g)].map((m) => m[0]))];
  return config("workflow", text(o["stateMachineArn"]), observed, {
    name: text(o["name"]) ?? undefined,
    revision: text(o["revisionId"]),
    settings: {
      kind: text(o["type"]),
      status: text(o["status"]),
      startAt: text(definition?.["StartAt"]),
      states: states === null ? undefined : Object.keys(states),
      functions: functions.length === 0 ? undefined : functions,
      tracing: obj(o["tracingConfiguration"])?.["enabled"] === true ? true : undefined,
      logLevel: text(obj(o["loggingConfiguration"])?.["level"]),
      logGroups: logGroups.length === 0 ? undefined : logGroups,
    },
  });
}

export function logGroupConfig(o: Obj, observed: Observed): Config[] {
  const name = text(o["logGroupName"]) ?? text(o["LogGroupName"]);
  const arn = text(o["logGroupArn"]) ?? text(o["arn"]) ?? text(o["Arn"]);
  return config("log-group", arn?.replace(/:\*$/, "") ?? name, observed, {
    name: name ?? undefined,
    settings: {
      retentionD: num(o["retentionInDays"]) ?? num(o["RetentionInDays"]),
      storedBytes: num(o["storedBytes"]) ?? num(o["StoredBytes"]),
      // an account-wide policy, over which a group's own retention does not count
      retentionPolicy: text(o["retentionPolicyName"]),
      class: text(o["logGroupClass"]),
      createdAt: num(o["creationTime"]),
    },
  });
}

/** GetBucketNotificationConfiguration names no bucket; a file that keeps `Bucket` beside the answer does. */
export function notificationConfigs(o: Obj, observed: Observed): Config[] {
  const bucket = text(o["Bucket"]);
  const kinds = [
    ["LambdaFunctionConfigurations", "LambdaFunctionArn"],
    ["QueueConfigurations", "QueueArn"],
    ["TopicConfigurations", "TopicArn"],
  ] as const;
  return kinds.flatMap(([field, target]) =>
    list(o[field]).flatMap((one, i) => {
      const rule = obj(one);
      const to = text(rule?.[target]);
      if (rule === null || to === null) return [];
      const id = text(rule["Id"]) ?? `${field}-${i}`;
      const events = list(rule["Events"]).filter((event) => typeof event === "string");
      return config("trigger", `notification:${bucket ?? ""}#${id}`, observed, {
        name: id,
        from: bucket,
        to,
        settings: { events, filter: rule["Filter"], target: resourceName(to) },
      });
    }),
  );
}
