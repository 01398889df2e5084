/**
 * Filters, batches and retention by the built CLI on servers that nobody here wrote: each kind is changed by `apply` of a plan, read back
 * with the vendor's SDK, and taken back by `undo`; all else stays as it was. Without its flag nothing is written.
 */
import { CloudWatchLogsClient, CreateLogGroupCommand, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { CreatePipeCommand, DescribePipeCommand, PipesClient } from "@aws-sdk/client-pipes";
import { CreateTopicCommand, GetSubscriptionAttributesCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePlan } from "../../src/applier/plan.ts";
import type { Change, Danger, Settings } from "../../src/model/plan.ts";
import type { Json } from "../../src/model/records.ts";
import { writePlan } from "../../src/store/plan-file.ts";
import { evscope, type Ran } from "../support/cli.ts";
import { at } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const FILTER = '{"body":{"type":["paid","refunded"]}}';
const PATTERN = '{"source":["shop"],"detail":{"amount":[{"numeric":[">",10]}]}}';
const POLICY = '{"store":["berlin"],"price":[{"numeric":[">=",100]}]}';

/** What is described by the vendor's SDK, without clocks, counters and what an empty list is the same as. */
type Described = { [field: string]: unknown };

interface Case {
  name: string;
  kind: string;
  resource: string;
  before: Settings;
  after: Settings;
  danger: Danger;
  describe(): Promise<Described>;
  /** Fields of the description that the change is about, as they shall be read back. */
  readBack: Described;
}

for (const server of ["moto", "ministack"] as const) {
  describe.skipIf(!has(server))(`filters, batches and retention on ${server}`, () => {
    const cwd = mkdtempSync(join(tmpdir(), "evscope-peers-knobs-"));
    let peer: Peer;
    let cases: Case[];
    const run = (...args: string[]): Promise<Ran> =>
      evscope(args, { cwd, env: { ...peer.env, AWS_REGION: "us-east-1", AWS_DEFAULT_REGION: "us-east-1" } });

    beforeAll(async () => {
      peer = await start(server);
      cases = await deploy(peer.url, server);
    });
    afterAll(() => peer?.stop());

    function plan(file: string, changes: readonly Case[]): string {
      const path = join(cwd, file);
      writePlan(path, makePlan(changes.map(changeOf), [], Date.UTC(2026, 10, 23)));
      return path;
    }

    it("data-loss and irreversible changes are not written without their flags", async () => {
      const dangerous = cases.filter((one) => one.danger !== "none");
      const before = await Promise.all(dangerous.map((one) => one.describe()));
      for (const [danger, flag] of [
        ["data-loss", "--accept-data-loss"],
        ["irreversible", "--accept-irreversible"],
      ] as const) {
        // plans that call themselves harmless are not believed
        const harmless = dangerous.filter((one) => one.danger === danger).map((one) => ({ ...one, danger: "none" as const }));
        const ran = await run("apply", plan(`${danger}.json`, harmless), "--yes");
        expect(ran.code).toBe(5);
        expect((ran.stderr + ran.stdout).split(flag).length - 1).toBeGreaterThanOrEqual(harmless.length);
      }
      expect(await Promise.all(dangerous.map((one) => one.describe()))).toEqual(before);
    });

    it("every kind is applied, reads back exactly, and undo leaves everything as it was", async () => {
      const before = await Promise.all(cases.map((one) => one.describe()));
      const ran = await run("apply", plan("all.json", cases), "--yes", "--accept-data-loss", "--accept-irreversible", "--format", "json");
      expect(ran.code, ran.stderr + ran.stdout).toBe(0);
      for (const [i, one] of cases.entries()) {
        const now = await one.describe();
        expect(now, one.kind).toEqual({ ...before[i], ...one.readBack });
      }
      const again = await run(
        "apply",
        plan("again.json", cases),
        "--yes",
        "--accept-data-loss",
        "--accept-irreversible",
        "--format",
        "json",
      );
      expect([again.code, JSON.stringify(JSON.parse(again.stdout))]).toEqual([0, expect.not.stringContaining('"state":"done"')]);
      const undone = await run("undo", "--last", "--yes", "--format", "json");
      expect(undone.code, undone.stderr + undone.stdout).toBe(0);
      for (const [i, one] of cases.entries()) expect(await one.describe(), one.kind).toEqual(before[i]);
    });
  });
}

function changeOf({ name, kind, resource, before, after, danger }: Case): Change {
  return {
    id: `${kind}:${name}`,
    cloud: "aws",
    account: resource.split(":")[4]!,
    region: "us-east-1",
    kind,
    resource,
    name,
    before,
    after,
    revision: null,
    fingerprint: "",
    alias: null,
    aliasVersion: null,
    aliasTarget: null,
    danger,
    owners: [],
    expected: null,
    reasons: [],
  };
}

/** One resource of every kind that the server has, each with settings beside those that are changed. */
async function deploy(url: string, server: "moto" | "ministack"): Promise<Case[]> {
  const lambda = new LambdaClient(at(url));
  const sqs = new SQSClient(at(url));
  const events = new EventBridgeClient(at(url));
  const sns = new SNSClient(at(url));
  const pipes = new PipesClient(at(url));
  const dynamodb = new DynamoDBClient(at(url));
  const logs = new CloudWatchLogsClient(at(url));
  const policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
  });
  const role = (await new IAMClient(at(url)).send(new CreateRoleCommand({ RoleName: "fn", AssumeRolePolicyDocument: policy }))).Role!.Arn!;
  const account = role.split(":")[4]!;
  const fn = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "charge",
      Runtime: "nodejs22.x",
      Role: role,
      Handler: "index.handler",
      Timeout: 20,
      MemorySize: 512,
      Code: { ZipFile: zipOf("index.js", "exports.handler = async () => ({});") },
    }),
  );
  const queue = async (QueueName: string, more: Record<string, string> = {}): Promise<{ url: string; arn: string }> => {
    const made = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: "60", DelaySeconds: "3", ...more } }));
    return { url: made.QueueUrl!, arn: `arn:aws:sqs:us-east-1:${account}:${QueueName}` };
  };
  const [orders, dead, piped] = [await queue("orders"), await queue("dead"), await queue("piped")];
  const mapping = await lambda.send(
    new CreateEventSourceMappingCommand({ EventSourceArn: orders.arn, FunctionName: "charge", BatchSize: 10, Enabled: false }),
  );
  await events.send(
    new PutRuleCommand({
      Name: "paid",
      Description: "orders that are paid",
      EventPattern: '{"source":["shop"]}',
      State: "DISABLED",
      RoleArn: role,
    }),
  );
  await events.send(new PutTargetsCommand({ Rule: "paid", Targets: [{ Id: "1", Arn: dead.arn, InputPath: "$.detail" }] }));
  const topic = (await sns.send(new CreateTopicCommand({ Name: "orders" }))).TopicArn!;
  const subscription = (
    await sns.send(
      new SubscribeCommand({
        TopicArn: topic,
        Protocol: "sqs",
        Endpoint: dead.arn,
        Attributes: { RawMessageDelivery: "true" },
        ReturnSubscriptionArn: true,
      }),
    )
  ).SubscriptionArn!;
  await dynamodb.send(
    new CreateTableCommand({
      TableName: "orders",
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    }),
  );
  await logs.send(new CreateLogGroupCommand({ logGroupName: "/aws/lambda/charge" }));

  const attributes = async (of: { url: string }): Promise<Described> => {
    const found = (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: of.url, AttributeNames: ["All"] }))).Attributes!;
    return without(found, (name) => name === "LastModifiedTimestamp" || name.startsWith("Approximate"));
  };
  const found: Case[] = [
    {
      name: "orders",
      kind: "sqs.queue",
      resource: orders.arn,
      before: { visibilityTimeoutS: 60, receiveWaitS: 0 },
      after: { visibilityTimeoutS: 130, receiveWaitS: 20 },
      danger: "none",
      describe: () => attributes(orders),
      readBack: { VisibilityTimeout: "130", ReceiveMessageWaitTimeSeconds: "20" },
    },
    {
      name: "charge",
      kind: "lambda.function",
      resource: fn.FunctionArn!,
      before: { memoryMib: 512, timeoutS: 20 },
      after: { memoryMib: 1024, timeoutS: 100 },
      danger: "none",
      async describe() {
        const read = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "charge" }));
        return without(read, (name) => ["LastModified", "RevisionId", "ConfigSha256", "StateReason", "StateReasonCode"].includes(name));
      },
      readBack: { MemorySize: 1024, Timeout: 100 },
    },
    {
      name: mapping.UUID!,
      kind: "lambda.event-source-mapping",
      resource: `arn:aws:lambda:us-east-1:${account}:event-source-mapping:${mapping.UUID!}`,
      before: { filterPatterns: null, batchSize: 10, maximumBatchingWindowS: 0, maximumConcurrency: null, reportsBatchItemFailures: false },
      after: { filterPatterns: [FILTER], batchSize: 50, maximumBatchingWindowS: 5, maximumConcurrency: 4, reportsBatchItemFailures: true },
      danger: "data-loss",
      async describe() {
        const read = await lambda.send(new GetEventSourceMappingCommand({ UUID: mapping.UUID }));
        // a window of 0 s is the default of a queue
        return { MaximumBatchingWindowInSeconds: 0, ...without(read, (name) => name === "LastModified") };
      },
      readBack: {
        FilterCriteria: { Filters: [{ Pattern: FILTER }] },
        BatchSize: 50,
        MaximumBatchingWindowInSeconds: 5,
        ScalingConfig: { MaximumConcurrency: 4 },
        FunctionResponseTypes: ["ReportBatchItemFailures"],
      },
    },
    {
      name: "paid",
      kind: "events.rule",
      resource: `arn:aws:events:us-east-1:${account}:rule/paid`,
      before: { pattern: '{"source":["shop"]}' },
      after: { pattern: PATTERN },
      danger: "data-loss",
      async describe() {
        const rule = await events.send(new DescribeRuleCommand({ Name: "paid" }));
        const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: "paid" }));
        return { ...without(rule, () => false), Targets };
      },
      readBack: { EventPattern: PATTERN },
    },
    {
      name: "orders to dead",
      kind: "sns.subscription",
      resource: subscription,
      before: { filterPolicy: null, filterPolicyScope: null },
      after: { filterPolicy: POLICY, filterPolicyScope: "MessageBody" },
      danger: "data-loss",
      async describe() {
        const read = (await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: subscription }))).Attributes!;
        // an empty policy lets everything pass, as none does; the scope means nothing without one
        return without(read, (name) => name.startsWith("FilterPolicy") && (read["FilterPolicy"] ?? "{}") === "{}");
      },
      readBack: { FilterPolicy: POLICY, FilterPolicyScope: "MessageBody" },
    },
    {
      name: "orders",
      kind: "dynamodb.table",
      resource: `arn:aws:dynamodb:us-east-1:${account}:table/orders`,
      before: { ttlAttribute: null },
      after: { ttlAttribute: "expiresAt" },
      danger: "irreversible",
      describe: async () => ({
        ttl: (await dynamodb.send(new DescribeTimeToLiveCommand({ TableName: "orders" }))).TimeToLiveDescription?.TimeToLiveStatus,
      }),
      readBack: { ttl: "ENABLED" },
    },
    {
      name: "/aws/lambda/charge",
      kind: "logs.group",
      resource: `arn:aws:logs:us-east-1:${account}:log-group:/aws/lambda/charge`,
      before: { retentionD: null },
      after: { retentionD: 30 },
      danger: "irreversible",
      async describe() {
        const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/aws/lambda/charge" }));
        return without(logGroups![0]!, (name) => name === "storedBytes");
      },
      readBack: { retentionInDays: 30 },
    },
  ];
  if (server === "moto") {
    await pipes.send(
      new CreatePipeCommand({
        Name: "forward",
        Description: "orders to dead",
        RoleArn: role,
        Source: piped.arn,
        Target: dead.arn,
        SourceParameters: { SqsQueueParameters: { BatchSize: 5 } },
        TargetParameters: { InputTemplate: "<$.body>" },
      }),
    );
    found.push({
      name: "forward",
      kind: "pipes.pipe",
      resource: `arn:aws:pipes:us-east-1:${account}:pipe/forward`,
      before: { filterPatterns: null, batchSize: 5, maximumBatchingWindowS: null },
      after: { filterPatterns: [FILTER], batchSize: 100, maximumBatchingWindowS: 10 },
      danger: "data-loss",
      async describe() {
        const read = await pipes.send(new DescribePipeCommand({ Name: "forward" }));
        return without(read, (name) => name === "LastModifiedTime");
      },
      readBack: {
        SourceParameters: {
          FilterCriteria: { Filters: [{ Pattern: FILTER }] },
          SqsQueueParameters: { BatchSize: 100, MaximumBatchingWindowInSeconds: 10 },
        },
      },
    });
  }
  return found;
}

/** Plain data without metadata, without these fields, and without what is empty: `{}` and `[]` say what nothing says. */
function without(answer: object, left: (name: string) => boolean): Described {
  const kept = Object.entries(JSON.parse(JSON.stringify(answer)) as { [field: string]: Json }).filter(
    ([name, value]) => name !== "$metadata" && !left(name) && !isEmpty(value),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, compact(value)]));
}

function compact(value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, one]) => (isEmpty(compact(one)) ? [] : [[name, compact(one)]])));
}

function isEmpty(value: Json): boolean {
  return typeof value === "object" && (value === null || Object.keys(value).length === 0);
}
