/** What servers do wrong, or let pass, while filters, batches and retention are written. */
import { describe, expect, it } from "vitest";
import { type Api, AwsError } from "../../../../src/clouds/aws/api.ts";
import { openApplier } from "../../../../src/clouds/aws/applier.ts";
import { askFilter } from "../../../../src/clouds/aws/ask-filter.ts";
import type { Obj } from "../../../../src/clouds/aws/schema.ts";
import type { Applier } from "../../../../src/clouds/room.ts";
import type { RecordedEvent } from "../../../../src/model/filters.ts";
import type { Change, Danger, ResourceRef, Settings } from "../../../../src/model/plan.ts";
import { testContext, testTarget } from "../../../support/aws-client.ts";
import { ACCOUNT, failure, REGION, type Scripted, scriptedAws, type ScriptedAws } from "../../../support/scripted-aws.ts";

const UUID = "14e0db71-5d35-4eb5-b481-8945cf9d10c2";
const QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:orders`;
const FN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:charge`;
const RULE = `arn:aws:events:${REGION}:${ACCOUNT}:rule/shop/paid`;
const SUBSCRIPTION = `arn:aws:sns:${REGION}:${ACCOUNT}:orders:1`;
const TABLE = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/orders`;
const GROUP = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/lambda/charge`;
const FILTER = '{"body":{"type":["paid"]}}';

const ref = (kind: string, resource: string): ResourceRef => ({
  cloud: "aws",
  account: ACCOUNT,
  region: REGION,
  kind,
  resource,
  name: resource.split(/[:/]/).pop()!,
});

function open(script: { [api in Api]?: Scripted }): { api: ScriptedAws; applier: Applier } {
  const api = scriptedAws(script);
  return { api, applier: openApplier(api, testTarget({ region: REGION }), testContext()) };
}

/** A change of what is live now, from what it is. */
async function changeOf(applier: Applier, of: ResourceRef, after: Settings, danger: Danger = "none"): Promise<Change> {
  const live = await applier.read(of);
  const before = Object.fromEntries(Object.keys(after).map((name) => [name, live.settings[name] ?? null]));
  const none = { alias: null, aliasVersion: null, aliasTarget: null, owners: [], expected: null, reasons: [] };
  return { ...of, id: "1", before, after, revision: live.revision, fingerprint: live.fingerprint, danger, ...none };
}

const lost = (api: Api): AwsError => new AwsError("unreachable", api, "TimeoutError", "no answer", null, 1, true);

/** A mapping as Lambda keeps it: an update takes two reads until it is done. */
function mapping(more: Obj = {}): { state: Obj; script: { [api in Api]?: Scripted } } {
  const state: Obj = {
    UUID,
    EventSourceArn: QUEUE,
    FunctionArn: FN,
    State: "Enabled",
    BatchSize: 10,
    MaximumBatchingWindowInSeconds: 0,
    MaximumRetryAttempts: -1,
    ...more,
  };
  let busy = 0;
  const script: { [api in Api]?: Scripted } = {
    "lambda:GetEventSourceMapping": () => (busy-- > 0 ? { ...state, State: "Updating" } : { ...state }),
    "lambda:UpdateEventSourceMapping": (input) => {
      busy = 2;
      return Object.assign(state, input);
    },
    "lambda:GetFunctionConfiguration": { Timeout: 10 },
    "sqs:GetQueueUrl": { QueueUrl: "https://sqs/orders" },
    "sqs:GetQueueAttributes": { Attributes: { VisibilityTimeout: "90" } },
  };
  return { state, script };
}
const MAPPING = ref("lambda.event-source-mapping", `arn:aws:lambda:${REGION}:${ACCOUNT}:event-source-mapping:${UUID}`);

describe("event source mapping", () => {
  it("sends what changes and nothing else, waits until it is enabled, and takes filters away with {}", async () => {
    const { script } = mapping();
    const { api, applier } = open(script);
    const change = await changeOf(applier, MAPPING, { filterPatterns: [FILTER], batchSize: 100, maximumBatchingWindowS: 20 });
    const { live } = await applier.write(change, null);
    const sent = (): Obj[] => api.asked.filter((one) => one.api === "lambda:UpdateEventSourceMapping").map((one) => one.input);
    expect(sent()).toEqual([
      { UUID, FilterCriteria: { Filters: [{ Pattern: FILTER }] }, BatchSize: 100, MaximumBatchingWindowInSeconds: 20 },
    ]);
    expect(live).toMatchObject({ busy: null, settings: { filterPatterns: [FILTER], batchSize: 100, maximumBatchingWindowS: 20 } });
    await applier.write({ ...(await changeOf(applier, MAPPING, { filterPatterns: null })), undo: true }, null);
    expect(sent()[1]).toEqual({ UUID, FilterCriteria: {} });
  });

  it.each<[string, Settings, Obj, RegExp]>([
    ["a batch of more than 10 needs a window", { batchSize: 11 }, {}, /window of 1 s or more/],
    ["the largest batch of a queue", { batchSize: 10_001, maximumBatchingWindowS: 1 }, {}, /1 to 10000/],
    ["the largest batch of a FIFO queue", { batchSize: 11 }, { EventSourceArn: `${QUEUE}.fifo` }, /1 to 10 /],
    ["a FIFO queue has no window", { maximumBatchingWindowS: 1 }, { EventSourceArn: `${QUEUE}.fifo` }, /0 to 0/],
    ["a queue is not read in parallel by shard", { parallelizationFactor: 2 }, {}, /no setting of sqs-standard/],
    [
      "window and run are longer than the queue hides a message",
      { maximumBatchingWindowS: 81 },
      {},
      /visibility timeout of the queue \(90 s\)/,
    ],
    [
      "concurrency beside provisioned pollers",
      { maximumConcurrency: 5 },
      { ProvisionedPollerConfig: { MinimumPollers: 2 } },
      /provisioned pollers/,
    ],
    ["six filters", { filterPatterns: Array.from({ length: 6 }, () => FILTER) }, {}, /0 to 5/],
    ["a filter that is no JSON", { filterPatterns: ["{type"] }, {}, /not a JSON object/],
    [
      "filters whose key is gone",
      { filterPatterns: null },
      { FilterCriteriaError: { Message: "KMS key is disabled" } },
      /KMS key is disabled/,
    ],
    ["a window on Kafka stays", { maximumBatchingWindowS: 2 }, KAFKA(), /cannot be taken back to the default of 500 ms/],
  ])("refused before anything is written: %s", async (_, after, more, why) => {
    const { script } = mapping(more);
    const { api, applier } = open(script);
    const change = await changeOf(applier, MAPPING, after);
    await expect(applier.write(change, null)).rejects.toThrow(why);
    expect(api.counts()["lambda:UpdateEventSourceMapping"]).toBeUndefined();
  });

  it("a stale plan is refused: the setting, or anything beside it, was changed", async () => {
    for (const other of [{ BatchSize: 20 }, { MaximumRetryAttempts: 3 }, { State: "Disabled" }]) {
      const { state, script } = mapping();
      const { api, applier } = open(script);
      const change = await changeOf(applier, MAPPING, { batchSize: 5 });
      Object.assign(state, other);
      await expect(applier.write(change, null)).rejects.toMatchObject({
        exitCode: 5,
        message: expect.stringContaining("changed since the plan"),
      });
      expect(api.counts()["lambda:UpdateEventSourceMapping"]).toBeUndefined();
    }
  });

  it("a lost answer: what the mapping says decides", async () => {
    for (const arrives of [true, false]) {
      const { state, script } = mapping();
      script["lambda:UpdateEventSourceMapping"] = (input) => {
        if (arrives) Object.assign(state, input);
        throw lost("lambda:UpdateEventSourceMapping");
      };
      const { applier } = open(script);
      const written = applier.write(await changeOf(applier, MAPPING, { batchSize: 5 }), null);
      if (arrives) expect((await written).live.settings["batchSize"]).toBe(5);
      else await expect(written).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining("write batchSize") });
    }
  });

  it("a write that is taken and not made, and one that disturbs something else, are found out", async () => {
    for (const [answer, why] of [
      [{}, /did not make it/],
      [{ BatchSize: 5, MaximumRetryAttempts: 0 }, /MaximumRetryAttempts changed while batchSize was written/],
    ] as const) {
      const { state, script } = mapping();
      script["lambda:UpdateEventSourceMapping"] = () => Object.assign(state, answer);
      const { applier } = open(script);
      await expect(applier.write(await changeOf(applier, MAPPING, { batchSize: 5 }), null)).rejects.toThrow(why);
    }
  });

  it("still throttled, and denied: said with the call", async () => {
    for (const [kind, exitCode] of [
      ["throttled", 4],
      ["denied", 3],
    ] as const) {
      const { script } = mapping();
      script["lambda:UpdateEventSourceMapping"] = failure("lambda:UpdateEventSourceMapping", kind, "Code");
      const { applier } = open(script);
      await expect(applier.write(await changeOf(applier, MAPPING, { batchSize: 5 }), null)).rejects.toMatchObject({ exitCode });
    }
  });
});

function KAFKA(): Obj {
  return { EventSourceArn: `arn:aws:kafka:${REGION}:${ACCOUNT}:cluster/c/1`, MaximumBatchingWindowInSeconds: null };
}

it("a rule is sent back whole, with the pattern changed; one that a service manages is refused", async () => {
  const rule: Obj = {
    Name: "paid",
    Arn: RULE,
    EventBusName: "shop",
    EventPattern: '{"source":["shop"]}',
    State: "DISABLED",
    Description: "paid orders",
    RoleArn: "arn:aws:iam::1:role/r",
    ScheduleExpression: "rate(1 day)",
  };
  const { api, applier } = open({
    "events:DescribeRule": () => ({ ...rule }),
    "events:ListTargetsByRule": { Targets: [{ Id: "1", Arn: QUEUE }] },
    "events:PutRule": (input) => Object.assign(rule, input),
  });
  const change = await changeOf(applier, ref("events.rule", RULE), { pattern: '{"source":["shop"],"detail-type":["paid"]}' });
  await applier.write(change, null);
  const { Arn: _, ...all } = rule;
  expect(api.asked.filter((one) => one.api === "events:PutRule")).toEqual([{ api: "events:PutRule", input: all }]);
  rule["ManagedBy"] = "states.amazonaws.com";
  await expect(applier.write(await changeOf(applier, change, { pattern: "{}" }), null)).rejects.toThrow(/managed by states/);
});

describe("subscription", () => {
  function subscription(more: Obj = {}): { state: Obj; calls: string[]; script: { [api in Api]?: Scripted }; dieAfter: { calls: number } } {
    const state: Obj = { SubscriptionArn: SUBSCRIPTION, Protocol: "sqs", ...more };
    const calls: string[] = [];
    const dieAfter = { calls: Infinity };
    return {
      state,
      calls,
      dieAfter,
      script: {
        "sns:GetSubscriptionAttributes": () => ({ Attributes: { ...state } }),
        "sns:SetSubscriptionAttributes": ({ AttributeName, AttributeValue }) => {
          if (calls.length >= dieAfter.calls) throw failure("sns:SetSubscriptionAttributes", "unreachable", "ECONNRESET", null);
          calls.push(`${String(AttributeName)} ${String(AttributeValue)}`);
          state[String(AttributeName)] = AttributeValue!;
          return {};
        },
      },
    };
  }
  const target = ref("sns.subscription", SUBSCRIPTION);
  const wanted = { filterPolicy: '{"store":["berlin"]}', filterPolicyScope: "MessageBody" };

  it("scope before policy, and policy before scope on the way back", async () => {
    const { calls, script } = subscription();
    const { applier } = open(script);
    const change = await changeOf(applier, target, wanted);
    await applier.write(change, null);
    await applier.write({ ...(await changeOf(applier, target, change.before)), undo: true }, null);
    expect(calls).toEqual([
      "FilterPolicyScope MessageBody",
      `FilterPolicy ${wanted.filterPolicy}`,
      "FilterPolicy {}",
      "FilterPolicyScope MessageAttributes",
    ]);
  });

  it("cut off between the two calls it is as before, and the same change goes on", async () => {
    const { calls, script, dieAfter } = subscription();
    const { applier } = open(script);
    const change = await changeOf(applier, target, wanted);
    dieAfter.calls = 1;
    await expect(applier.write(change, null)).rejects.toMatchObject({ exitCode: 4 });
    expect((await applier.read(target)).settings).toEqual({ filterPolicy: null, filterPolicyScope: null });
    dieAfter.calls = Infinity;
    expect((await applier.write(change, null)).live.settings).toEqual(wanted);
    expect(calls).toHaveLength(3);
  });

  it("a first policy without its scope is refused: it could not be taken back", async () => {
    const { calls, script } = subscription();
    const { applier } = open(script);
    const alone = await changeOf(applier, target, { filterPolicy: wanted.filterPolicy });
    await expect(applier.write(alone, null)).rejects.toThrow(/together with its filterPolicyScope/);
    expect(calls).toEqual([]);
  });

  it("a policy never stands in the wrong scope", async () => {
    const { calls, script } = subscription({ FilterPolicy: '{"a":["b"]}', FilterPolicyScope: "MessageAttributes" });
    const { applier } = open(script);
    await expect(applier.write(await changeOf(applier, target, wanted), null)).rejects.toThrow(/while there is one/);
    expect(calls).toEqual([]);
  });
});

describe("queue", () => {
  const target = ref("sqs.queue", QUEUE);
  const script = (visible: string): { [api in Api]?: Scripted } => ({
    "sqs:GetQueueUrl": { QueueUrl: "https://sqs/orders" },
    "sqs:GetQueueAttributes": { Attributes: { QueueArn: QUEUE, VisibilityTimeout: visible, ApproximateNumberOfMessages: "7" } },
    "lambda:ListEventSourceMappings": { EventSourceMappings: [{ FunctionArn: FN, MaximumBatchingWindowInSeconds: 5 }] },
    "lambda:GetFunctionConfiguration": { Timeout: 10 },
  });

  // 6 x 10 s + 5 s = 65 s
  it("is not lowered below six times the timeout and the window, and by an undo not below the timeout", async () => {
    const { api, applier } = open(script("120"));
    const change = await changeOf(applier, target, { visibilityTimeoutS: 64 });
    await expect(applier.write(change, null)).rejects.toThrow(/65 s or more/);
    await expect(applier.write({ ...change, undo: true, after: { visibilityTimeoutS: 9 } }, null)).rejects.toThrow(/10 s or more/);
    expect(api.counts()["sqs:SetQueueAttributes"]).toBeUndefined();
  });
});

describe("table", () => {
  const target = ref("dynamodb.table", TABLE);
  const script = (ttl: Obj): { [api in Api]?: Scripted } => ({
    "dynamodb:DescribeTable": { Table: { TableId: "t", KeySchema: [] } },
    "dynamodb:DescribeTimeToLive": () => ({ TimeToLiveDescription: { ...ttl } }),
    "dynamodb:UpdateTimeToLive": () => {
      Object.assign(ttl, { TimeToLiveStatus: "ENABLING", AttributeName: "expiresAt" });
      return {};
    },
  });

  it("is done as soon as DynamoDB works on it, and busy for the next change", async () => {
    const { applier } = open(script({ TimeToLiveStatus: "DISABLED" }));
    const { live } = await applier.write(await changeOf(applier, target, { ttlAttribute: "expiresAt" }), null);
    expect(live).toMatchObject({ settings: { ttlAttribute: "expiresAt" }, busy: expect.stringContaining("ENABLING") });
  });

  it("one change per hour, and no other attribute in one step: said in words", async () => {
    const hourly = script({ TimeToLiveStatus: "DISABLED" });
    // the text of the service: "Time to live has been modified multiple times within a fixed interval"
    hourly["dynamodb:UpdateTimeToLive"] = new AwsError(
      "invalid",
      "dynamodb:UpdateTimeToLive",
      "ValidationException",
      "Time to live has been modified multiple times within a fixed interval",
      400,
      1,
    );
    const { applier } = open(hourly);
    const change = await changeOf(applier, target, { ttlAttribute: "expiresAt" });
    await expect(applier.write(change, null)).rejects.toMatchObject({ exitCode: 5, message: expect.stringContaining("one change") });
    const { api, applier: other } = open(script({ TimeToLiveStatus: "ENABLED", AttributeName: "old" }));
    await expect(other.write(await changeOf(other, target, { ttlAttribute: "expiresAt" }), null)).rejects.toThrow(/while "old" is one/);
    expect(api.counts()["dynamodb:UpdateTimeToLive"]).toBeUndefined();
  });
});

it("a log group whose retention an account policy decides is not written", async () => {
  const { api, applier } = open({
    "logs:DescribeLogGroups": { logGroups: [{ logGroupName: "/aws/lambda/charge", retentionInDays: 90, retentionPolicyName: "all-90" }] },
  });
  const change = await changeOf(applier, { ...ref("logs.group", GROUP), name: "/aws/lambda/charge" }, { retentionD: 30 });
  await expect(applier.write(change, null)).rejects.toThrow(/retention policy all-90 decides/);
  await expect(applier.write({ ...change, after: { retentionD: 13 } }, null)).rejects.toThrow(/13 is not legal/);
  expect(api.counts()).toEqual({ "logs:DescribeLogGroups": 3 });
});

describe("askFilter", () => {
  const event = (more: Partial<RecordedEvent> = {}): RecordedEvent => ({
    at: 0,
    grammar: "eventbridge",
    event: { source: "shop", detail: { card: "4111" } },
    channel: null,
    messageId: null,
    fn: null,
    requestId: null,
    cloud: "aws",
    ...more,
  });

  it("gives EventBridge's answer, and none where there is none", async () => {
    expect(await askFilter(scriptedAws({ "events:TestEventPattern": { Result: true } }), event(), "{}")).toBe(true);
    await expect(askFilter(scriptedAws({ "events:TestEventPattern": {} }), event(), "{}")).rejects.toMatchObject({ exitCode: 4 });
    await expect(askFilter(scriptedAws({}), event({ grammar: "sqs" }), "{}")).rejects.toThrow(/EventBridge only/);
  });

  it("a refusal says nothing of the event", async () => {
    const refused = new AwsError("invalid", "events:TestEventPattern", "ValidationException", "Event is not valid: 4111", 400, 1);
    const asked = askFilter(scriptedAws({ "events:TestEventPattern": refused }), event(), "{}");
    await expect(asked).rejects.toMatchObject({ message: expect.not.stringContaining("4111") });
  });
});

describe("a cloud that shows the old value for a while after it took the new one", () => {
  /** Reads after the write that still give the old value. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
  function slowQueue(staleReads: number): { script: { [api in Api]?: Scripted } } {
    let [value, shown, left] = ["30", "30", 0];
    return {
      script: {
        "sqs:GetQueueUrl": { QueueUrl: "https://sqs/orders" },
        "sqs:GetQueueAttributes": () => {
          if (left-- <= 0) shown = value;
          return { Attributes: { VisibilityTimeout: shown, QueueArn: QUEUE } };
        },
        "sqs:SetQueueAttributes": (input: Obj) => {
          value = String((input["Attributes"] as Obj)["VisibilityTimeout"]);
          left = staleReads;
          return {};
        },
      },
    };
  }
  it.each([
    [3, "done"],
    [1000, "not done"],
  ])("a queue after %i stale reads: %s", async (staleReads, ended) => {
    const { applier } = open(slowQueue(staleReads).script);
    const change = await changeOf(applier, ref("sqs.queue", QUEUE), { visibilityTimeoutS: 120 });
    const written = applier.write(change, null);
    if (ended === "done") expect((await written).live.settings["visibilityTimeoutS"]).toBe(120);
    else await expect(written).rejects.toThrow(/did not make it/);
  });
});
