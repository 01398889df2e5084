/** The collector's inventory, metrics, traces and histories on servers that nobody here wrote, compared with what the vendor's SDK reads there. */
import { CloudWatchClient, GetMetricStatisticsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeTimeToLiveCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, ListTargetsByRuleCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { GetExecutionHistoryCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { BatchGetTracesCommand, PutTraceSegmentsCommand, XRayClient } from "@aws-sdk/client-xray";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AwsClient, openAws } from "../../src/clouds/aws/client.ts";
import { openCollector } from "../../src/clouds/aws/collector.ts";
import type { Collector, LiveContext, Signal, Span } from "../../src/clouds/room.ts";
import type { Config, Rec } from "../../src/model/records.ts";
import { pointSdkAt, testTarget } from "../support/aws-client.ts";
import { collected, typed } from "../support/scripted-aws.ts";
import { liveContext } from "./support/live-context.ts";
import { at, deploy, type OrderSystem, putLines } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";

const HOUR = 3_600_000;

interface Opened {
  peer: Peer;
  system: OrderSystem;
  client: AwsClient;
  context: LiveContext;
  collector: Collector;
}

async function open(server: "moto" | "ministack"): Promise<Opened> {
  const peer = await start(server);
  // moto interprets state machines only when told so before they are made
  if (server === "moto") {
    const body = JSON.stringify({ stepfunctions: { execute_state_machine: true } });
    await fetch(`${peer.url}/moto-api/config`, { method: "POST", body });
  }
  pointSdkAt(peer.url);
  const system = await deploy(peer.url);
  const context = liveContext();
  const client = await openAws(testTarget(), context);
  return { peer, system, client, context, collector: openCollector(client, testTarget(), context) };
}

for (const server of ["moto", "ministack"] as const) {
  describe.skipIf(!has(server))(`inventory of ${server}`, () => {
    let opened: Opened;
    let records: Rec[];
    const config = (kind: Config["kind"], name: string): Config =>
      typed(records, "config").find((one) => one.kind === kind && one.name === name)!;

    beforeAll(async () => {
      opened = await open(server);
      const endpoint = at(opened.peer.url);
      const lambda = new LambdaClient(endpoint);
      await lambda.send(new PublishVersionCommand({ FunctionName: "charge" }));
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "charge", MemorySize: 512 }));
      await lambda.send(new CreateAliasCommand({ FunctionName: "charge", Name: "live", FunctionVersion: "1" }));
      const sns = new SNSClient(endpoint);
      const topic = await sns.send(new CreateTopicCommand({ Name: "news" }));
      await sns.send(
        new SubscribeCommand({
          TopicArn: topic.TopicArn,
          Protocol: "lambda",
          Endpoint: opened.system.functions.notify,
          Attributes: { FilterPolicy: '{"kind":["sale"]}' },
        }),
      );
      await putLines(opened.peer.url, "/aws/lambda/charge", "s", [{ timestamp: Date.now() - HOUR, message: "hello" }]);
      records = await collected(opened.collector.inventory());
    });
    afterAll(async () => {
      opened?.client.close();
      await opened?.peer.stop();
    });

    it("functions are as the SDK reads them, with tags, versions and aliases", async () => {
      const lambda = new LambdaClient(at(opened.peer.url));
      for (const name of ["checkout", "charge", "notify"]) {
        const truth = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
        const { Tags } = await lambda.send(new ListTagsCommand({ Resource: truth.FunctionArn }));
        const one = config("function", name);
        expect(one).toMatchObject({ resource: truth.FunctionArn, account: opened.client.account, region: "us-east-1" });
        expect(one.settings).toMatchObject({
          memoryMib: truth.MemorySize,
          timeoutS: truth.Timeout,
          runtime: truth.Runtime,
          handler: truth.Handler,
          codeSha256: truth.CodeSha256,
          version: "$LATEST",
          environmentNames: ["PEER_URL", "QUEUE_URL"],
          tags: Tags,
        });
      }
      expect(config("function", "charge").settings["versions"]).toMatchObject([{ version: "1", memoryMib: 1024 }]);
      expect(config("function", "charge").settings["aliases"]).toMatchObject([{ name: "live", version: "1" }]);
      expect(config("function", "checkout").settings).toMatchObject({ versions: [], aliases: [] });
    });

    it("queues, mappings, rules, subscriptions, tables and state machines are as the SDK reads them", async () => {
      const endpoint = at(opened.peer.url);
      const { system } = opened;
      const queue = await new SQSClient(endpoint).send(
        new GetQueueAttributesCommand({ QueueUrl: system.queueUrl, AttributeNames: ["All"] }),
      );
      expect(config("queue", "orders")).toMatchObject({
        resource: queue.Attributes!["QueueArn"],
        to: system.deadLetterArn,
        settings: {
          visibilityTimeoutS: Number(queue.Attributes!["VisibilityTimeout"]),
          maxReceiveCount: 3,
          retentionS: Number(queue.Attributes!["MessageRetentionPeriod"]),
        },
      });
      const { EventSourceMappings } = await new LambdaClient(endpoint).send(new ListEventSourceMappingsCommand({}));
      expect(config("trigger", EventSourceMappings![0]!.UUID!)).toMatchObject({
        from: system.queueArn,
        to: system.functions.charge,
        settings: { batchSize: 5 },
      });
      const { Targets } = await new EventBridgeClient(endpoint).send(
        new ListTargetsByRuleCommand({ Rule: "charged", EventBusName: "shop" }),
      );
      const target = typed(records, "config").find((one) => one.kind === "rule" && one.name === "charged" && one.to !== null);
      expect(target).toMatchObject({ from: "shop", to: Targets![0]!.Arn, settings: { target: Targets![0]!.Id } });
      expect(config("rule", "charged").settings["pattern"]).toBe('{"source": ["shop"]}'.replace(": ", ":"));
      expect(typed(records, "config").find((one) => one.kind === "trigger" && one.to === system.functions.notify)).toMatchObject({
        settings: { protocol: "lambda", filterPolicy: '{"kind":["sale"]}' },
      });
      const { TimeToLiveDescription } = await new DynamoDBClient(endpoint).send(
        new DescribeTimeToLiveCommand({ TableName: "orders-table" }),
      );
      expect(config("table", "orders-table").settings).toMatchObject({
        keys: ["pk"],
        billingMode: "PAY_PER_REQUEST",
        ttlStatus: TimeToLiveDescription!.TimeToLiveStatus,
        ttlAttribute: "expiresAt",
      });
      expect(config("workflow", "fulfil")).toMatchObject({
        resource: system.stateMachineArn,
        settings: { kind: "STANDARD", states: ["Ship", "Done"] },
      });
      expect(config("bus", "shop")).toBeDefined();
      expect(config("log-group", "/aws/lambda/charge")).toBeDefined();
    });

    it("what the server does not know is a gap that says so; only reading calls were made", () => {
      const gaps = typed(records, "gap");
      for (const one of gaps) expect(one.why).toMatch(/does not know|failed:/);
      expect(gaps.length).toBeLessThanOrEqual(1);
      for (const { api } of opened.client.calls()) expect(api).toMatch(/:(List|Get|Describe)/);
    });
  });
}

describe.skipIf(!has("moto"))("telemetry of moto", () => {
  let opened: Opened;
  let configs: Config[];
  const now = Date.now();

  beforeAll(async () => {
    opened = await open("moto");
    configs = typed(await collected(opened.collector.inventory()), "config");
  });
  afterAll(async () => {
    opened?.client.close();
    await opened?.peer.stop();
  });

  async function collect(signal: Signal): Promise<Rec[]> {
    const { collector } = opened;
    const window: Span = { from: now - 2 * HOUR, to: Date.now() };
    const plan = await collector.plan(configs, { signals: [signal], logs: "platform", window, maxQueryUsd: 1 }, (_, one) => [one]);
    const found = [...plan.gaps];
    for (const task of plan.tasks) found.push(...(await collected(collector.run(task))));
    return found;
  }

  it("metrics are the sums, averages and maxima that the SDK reads", async () => {
    const endpoint = { ...at(opened.peer.url), disableRequestCompression: true };
    const cloudwatch = new CloudWatchClient(endpoint);
    const minute = Math.floor((now - HOUR) / 60_000) * 60_000;
    for (const [i, value] of [120, 80, 400].entries()) {
      await cloudwatch.send(
        new PutMetricDataCommand({
          Namespace: "AWS/Lambda",
          MetricData: [
            {
              MetricName: "Duration",
              Dimensions: [{ Name: "FunctionName", Value: "charge" }],
              Value: value,
              Timestamp: new Date(minute + i * 1000),
              Unit: "Milliseconds",
            },
            {
              MetricName: "Invocations",
              Dimensions: [{ Name: "FunctionName", Value: "charge" }],
              Value: 1,
              Timestamp: new Date(minute + i * 1000),
              Unit: "Count",
            },
          ],
        }),
      );
    }
    const { Datapoints } = await cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: "AWS/Lambda",
        MetricName: "Duration",
        Dimensions: [{ Name: "FunctionName", Value: "charge" }],
        StartTime: new Date(minute),
        EndTime: new Date(minute + 60_000),
        Period: 60,
        Statistics: ["Average", "Maximum"],
      }),
    );
    const points = typed(await collect("metrics"), "metric").filter((one) => one.resource === "charge");
    const of = (name: string, statistic: string): number[] =>
      points
        .filter((one) => one.name === `AWS/Lambda/${name}` && one.statistic === statistic && one.fn === "charge" && one.at === minute)
        .map((one) => one.value);
    expect(of("Duration", "Average")).toEqual([Datapoints![0]!.Average]);
    expect(of("Duration", "Maximum")).toEqual([Datapoints![0]!.Maximum]);
    expect(of("Invocations", "Sum")).toEqual([3]);
  });

  it("traces have the segments that BatchGetTraces gives", async () => {
    const xray = new XRayClient(at(opened.peer.url));
    const startS = Math.floor(now / 1000) - 600;
    const ids = Array.from({ length: 7 }, (_, i) => `1-${startS.toString(16)}-${String(i).padStart(24, "a")}`);
    for (const [i, trace_id] of ids.entries()) {
      const segment = {
        trace_id,
        id: `00000000000000a${i}`,
        name: "charge",
        start_time: startS + i,
        end_time: startS + i + 0.5,
        annotations: { orderId: `o-${i}` },
      };
      await xray.send(new PutTraceSegmentsCommand({ TraceSegmentDocuments: [JSON.stringify(segment)] }));
    }
    const { Traces } = await xray.send(new BatchGetTracesCommand({ TraceIds: ids }));
    const spans = typed(await collect("traces"), "span");
    expect(spans.map((one) => one.spanId).sort()).toEqual(Traces!.flatMap((trace) => trace.Segments!.map((one) => one.Id!)).sort());
    expect(spans.map((one) => one.startedAt - startS * 1000).sort()).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000]);
    expect(spans[0]!.ids[0]!.kind).toBe("correlation");
  });

  it("histories have the states that GetExecutionHistory gives", async () => {
    const states = new SFNClient(at(opened.peer.url));
    const { executionArn } = await states.send(
      new StartExecutionCommand({ stateMachineArn: opened.system.stateMachineArn, input: '{"orderId":"o-1"}' }),
    );
    const truth = await settled(states, executionArn!);
    const spans = typed(await collect("histories"), "span");
    const workflow = spans.find((one) => one.kind === "workflow" && one.spanId === executionArn);
    expect(workflow).toMatchObject({ name: "fulfil", inProgress: false });
    expect(workflow!.ids).toContainEqual({ kind: "correlation", value: "o-1" });
    const entered = truth.flatMap((event) => event.stateEnteredEventDetails?.name ?? []);
    expect(spans.filter((one) => one.kind === "state").map((one) => one.name)).toEqual(entered);
    expect(entered).toEqual(["Ship", "Done"]);
  });

  /** The events of an execution that has ended. */
  async function settled(states: SFNClient, executionArn: string) {
    for (let i = 0; ; i++) {
      const { events } = await states.send(new GetExecutionHistoryCommand({ executionArn }));
      if (events?.some((event) => event.type === "ExecutionSucceeded") === true) return events;
      if (i > 100) throw new Error("the execution does not end");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
});
