/** An AWS account with one of everything, as its calls answer; shapes by the API references. */
import type { Api } from "../../src/clouds/aws/api.ts";
import { inventory } from "../../src/clouds/aws/collect-inventory.ts";
import type { Obj } from "../../src/clouds/aws/schema.ts";
import type { Target } from "../../src/clouds/room.ts";
import type { Config, Rec } from "../../src/model/records.ts";
import { testContext, testTarget } from "./aws-client.ts";
import { ACCOUNT, collected, REGION, type Scripted, type ScriptedAws, typed } from "./scripted-aws.ts";

export const arn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
/** A function as ListFunctions with all versions gives it. */
export const fn = (name: string, version = "$LATEST", more: Obj = {}): Obj => ({
  FunctionName: name,
  // asked for all versions, Lambda qualifies the ARN of $LATEST as well
  FunctionArn: arn("lambda", `function:${name}:${version}`),
  Runtime: "nodejs22.x",
  MemorySize: 512,
  Timeout: 10,
  Version: version,
  ...more,
});

export const SCRIPT: { [api in Api]?: Scripted } = {
  "tag:GetResources": {
    ResourceTagMappingList: [{ ResourceARN: arn("lambda", "function:orders"), Tags: [{ Key: "team", Value: "shop" }] }],
  },
  "lambda:ListFunctions": [
    {
      Functions: [
        fn("orders", "$LATEST", {
          Environment: { Variables: { API_TOKEN: "s3cret" } },
          LoggingConfig: { LogFormat: "JSON", LogGroup: "/shared" },
        }),
        fn("orders", "1", { MemorySize: 256 }),
      ],
      NextMarker: "2",
    },
    { Functions: [fn("ship"), fn("orders", "2", { MemorySize: 1024, CodeSha256: "abc=" })] },
  ],
  "lambda:ListAliases": {
    Aliases: [{ Name: "live", FunctionVersion: "2", RoutingConfig: { AdditionalVersionWeights: { "1": 0.1 } } }],
  },
  "lambda:ListEventSourceMappings": {
    EventSourceMappings: [
      {
        UUID: "u-2",
        EventSourceArn: arn("sqs", "stock"),
        FunctionArn: arn("lambda", "function:ship"),
        KMSKeyArn: arn("kms", "key/k"),
        FilterCriteria: null,
      },
      { UUID: "u-1", EventSourceArn: arn("sqs", "stock"), FunctionArn: arn("lambda", "function:orders"), BatchSize: 10 },
    ],
  },
  // of the mapping with a key, whose filter the list leaves out
  "lambda:GetEventSourceMapping": { UUID: "u-2", FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] } },
  "events:ListEventBuses": { EventBuses: [{ Name: "default", Arn: arn("events", "event-bus/default") }] },
  "events:ListRules": { Rules: [{ Name: "placed", Arn: arn("events", "rule/placed"), EventBusName: "default", EventPattern: "{}" }] },
  "events:ListTargetsByRule": { Targets: [{ Id: "t", Arn: arn("lambda", "function:ship") }] },
  "pipes:ListPipes": {
    Pipes: [{ Name: "audit", Arn: arn("pipes", "pipe/audit"), Source: arn("sqs", "stock"), Target: arn("events", "event-busv2/new") }],
  },
  "pipes:DescribePipe": {
    Name: "audit",
    Arn: arn("pipes", "pipe/audit"),
    Source: arn("sqs", "stock"),
    Target: arn("events", "event-busv2/new"),
    SourceParameters: { SqsQueueParameters: { BatchSize: 7 } },
  },
  "sqs:ListQueues": { QueueUrls: ["https://sqs/stock"] },
  "sqs:GetQueueAttributes": {
    Attributes: {
      QueueArn: arn("sqs", "stock"),
      VisibilityTimeout: "60",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn("sqs", "dead"), maxReceiveCount: 3 }),
    },
  },
  "sns:ListTopics": { Topics: [{ TopicArn: arn("sns", "news") }] },
  "sns:ListSubscriptions": {
    Subscriptions: [
      {
        SubscriptionArn: arn("sns", "news:s-1"),
        TopicArn: arn("sns", "news"),
        Protocol: "lambda",
        Endpoint: arn("lambda", "function:ship"),
      },
      { SubscriptionArn: "PendingConfirmation", TopicArn: arn("sns", "news"), Protocol: "email", Endpoint: "a@example.com" },
    ],
  },
  "sns:GetSubscriptionAttributes": { Attributes: { SubscriptionArn: arn("sns", "news:s-1"), FilterPolicy: '{"a":["b"]}' } },
  "dynamodb:ListTables": { TableNames: ["events"] },
  "dynamodb:DescribeTable": {
    Table: { TableName: "events", TableArn: arn("dynamodb", "table/events"), KeySchema: [{ AttributeName: "pk" }] },
  },
  "dynamodb:DescribeTimeToLive": { TimeToLiveDescription: { TimeToLiveStatus: "ENABLED", AttributeName: "expiresAt" } },
  "states:ListStateMachines": {
    stateMachines: [{ stateMachineArn: arn("states", "stateMachine:fulfil"), name: "fulfil", type: "EXPRESS" }],
  },
  "states:DescribeStateMachine": {
    stateMachineArn: arn("states", "stateMachine:fulfil"),
    name: "fulfil",
    type: "EXPRESS",
    definition: JSON.stringify({ StartAt: "Ship", States: { Ship: { Type: "Task", Resource: arn("lambda", "function:ship") } } }),
    loggingConfiguration: {
      level: "ALL",
      destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: `${arn("logs", "log-group:/states/fulfil")}:*` } }],
    },
  },
  "logs:DescribeLogGroups": {
    logGroups: [{ logGroupName: "/shared", arn: arn("logs", "log-group:/shared:*"), storedBytes: 5, creationTime: 7, retentionInDays: 14 }],
  },
};

/** What the inventory reads of it. */
export const read = (api: ScriptedAws, functions: Target["functions"] = { names: [], tags: {} }): Promise<Rec[]> =>
  collected(inventory(api, testTarget({ functions }), testContext()));

export const named = (records: readonly Rec[], kind: Config["kind"], name: string): Config | undefined =>
  typed(records, "config").find((one) => one.kind === kind && one.name === name);
