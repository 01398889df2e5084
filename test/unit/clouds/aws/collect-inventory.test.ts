import { describe, expect, it } from "vitest";
import { type Api, iamAction } from "../../../../src/clouds/aws/api.ts";
import { inventory } from "../../../../src/clouds/aws/collect-inventory.ts";
import { permissions } from "../../../../src/clouds/aws/permissions.ts";
import type { Obj } from "../../../../src/clouds/aws/schema.ts";
import { ownConfigs } from "../../../../src/clouds/aws/target-scope.ts";
import type { Target } from "../../../../src/clouds/room.ts";
import { testContext, testTarget } from "../../../support/aws-client.ts";
import {
  ACCOUNT,
  collected,
  denied,
  failure,
  REGION,
  type Scripted,
  scriptedAws,
  type ScriptedAws,
  typed,
} from "../../../support/scripted-aws.ts";

const arn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const fn = (name: string, version = "$LATEST", more: Obj = {}): Obj => ({
  FunctionName: name,
  // asked for all versions, Lambda qualifies the ARN of $LATEST as well
  FunctionArn: arn("lambda", `function:${name}:${version}`),
  Runtime: "nodejs22.x",
  MemorySize: 512,
  Timeout: 10,
  Version: version,
  ...more,
});

/** An account with one of everything; shapes by the API references. */
const SCRIPT: { [api in Api]?: Scripted } = {
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
      { UUID: "u-1", EventSourceArn: arn("sqs", "stock"), FunctionArn: arn("lambda", "function:orders"), BatchSize: 10 },
    ],
  },
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

const read = (api: ScriptedAws, functions: Target["functions"] = { names: [], tags: {} }) =>
  collected(inventory(api, testTarget({ functions }), testContext()));
const named = (records: Awaited<ReturnType<typeof read>>, kind: string, name: string) =>
  typed(records, "config").find((one) => one.kind === kind && one.name === name);

describe("inventory of an account", () => {
  it("has one of everything, and no value of an environment variable", async () => {
    const records = await read(scriptedAws(SCRIPT));
    expect(
      typed(records, "config")
        .map((one) => `${one.kind} ${one.name}`)
        .sort(),
    ).toEqual([
      "bus default",
      "function orders",
      "function ship",
      "log-group /shared",
      "queue stock",
      "rule placed",
      "rule placed",
      "table events",
      "topic news",
      "trigger audit",
      "trigger s-1",
      "trigger u-1",
      "workflow fulfil",
    ]);
    expect(JSON.stringify(records)).not.toContain("s3cret");
    for (const one of typed(records, "config"))
      expect([one.account, one.region, one.observedAt]).toEqual([ACCOUNT, REGION, Date.UTC(2026, 10, 23)]);
  });

  it("keeps versions and aliases with their function, and its tags", async () => {
    const records = await read(scriptedAws(SCRIPT));
    expect(named(records, "function", "orders")!.resource).toBe(arn("lambda", "function:orders"));
    expect(named(records, "function", "orders")!.settings).toMatchObject({
      memoryMib: 512,
      version: "$LATEST",
      tags: { team: "shop" },
      logFormat: "JSON",
      logGroup: "/shared",
      versions: [
        { version: "1", memoryMib: 256, codeSha256: null },
        { version: "2", memoryMib: 1024, codeSha256: "abc=" },
      ],
      aliases: [{ name: "live", version: "2", weights: { "1": 0.1 } }],
    });
    expect(named(records, "function", "ship")!.settings).toMatchObject({ tags: {}, versions: [], aliases: [] });
  });

  it("asks for versions one by one where the list does not look at what it was asked", async () => {
    const plain = ["orders", "ship"].map((name) => fn(name, "$LATEST", { FunctionArn: arn("lambda", `function:${name}`) }));
    const api = scriptedAws({
      ...SCRIPT,
      "lambda:ListFunctions": { Functions: plain },
      "lambda:ListVersionsByFunction": (input) => ({
        Versions: input["FunctionName"] === "orders" ? [fn("orders"), fn("orders", "1")] : [fn("ship")],
      }),
    });
    const records = await read(api);
    expect(named(records, "function", "orders")).toMatchObject({
      resource: arn("lambda", "function:orders"),
      settings: { versions: [{ version: "1" }], aliases: [{ name: "live" }] },
    });
    expect(named(records, "function", "ship")!.settings).toMatchObject({ versions: [], aliases: [] });
    expect(api.counts()).toMatchObject({ "lambda:ListVersionsByFunction": 2, "lambda:ListAliases": 1 });
  });

  it("puts what several calls say of one resource into one record", async () => {
    const records = await read(scriptedAws(SCRIPT));
    expect(named(records, "table", "events")!.settings).toMatchObject({ keys: ["pk"], ttlStatus: "ENABLED", ttlAttribute: "expiresAt" });
    expect(named(records, "trigger", "s-1")).toMatchObject({
      from: arn("sns", "news"),
      to: arn("lambda", "function:ship"),
      settings: { filterPolicy: '{"a":["b"]}' },
    });
    expect(named(records, "queue", "stock")).toMatchObject({
      to: arn("sqs", "dead"),
      settings: { maxReceiveCount: 3, visibilityTimeoutS: 60 },
    });
    expect(named(records, "trigger", "audit")!.settings).toMatchObject({ batchSize: 7 });
    expect(named(records, "workflow", "fulfil")!.settings).toMatchObject({
      kind: "EXPRESS",
      functions: [arn("lambda", "function:ship")],
      logGroups: ["/states/fulfil"],
    });
    expect(named(records, "log-group", "/shared")!.settings).toMatchObject({ storedBytes: 5, createdAt: 7, retentionD: 14 });
    expect(typed(records, "config").filter((one) => one.kind === "rule" && one.to !== null)).toMatchObject([
      { from: "default", to: arn("lambda", "function:ship"), settings: { target: "t" } },
    ]);
  });

  it("names a kind of bus that it does not read", async () => {
    const gaps = typed(await read(scriptedAws(SCRIPT)), "gap");
    expect(gaps.map((one) => [one.what, one.why])).toEqual([
      [arn("events", "event-busv2/new"), "unsupported bus type: its subscribers are not read"],
    ]);
  });

  it("restricts functions by name pattern and by tag, the rest not", async () => {
    const byName = await read(scriptedAws(SCRIPT), { names: ["sh*"], tags: {} });
    expect(typed(byName, "config").flatMap((one) => (one.kind === "function" ? [one.name] : []))).toEqual(["ship"]);
    const byTag = await read(scriptedAws(SCRIPT), { names: [], tags: { team: "shop" } });
    expect(typed(byTag, "config").flatMap((one) => (one.kind === "function" ? [one.name] : []))).toEqual(["orders"]);
    expect(named(byTag, "queue", "stock")).toBeDefined();
    // a dot in a pattern is a dot
    expect(typed(await read(scriptedAws(SCRIPT), { names: ["sh.p"], tags: {} }), "config").some((one) => one.kind === "function")).toBe(
      false,
    );
  });
});

describe("what cannot be read", () => {
  it.each(Object.keys(SCRIPT) as Api[])("%s refused: one gap that names the IAM action, the rest is there", async (api) => {
    const records = await read(scriptedAws({ ...SCRIPT, [api]: denied(api) }));
    const gaps = typed(records, "gap").filter((one) => !one.what.includes("event-busv2"));
    expect(gaps).toHaveLength(1);
    expect(gaps[0]!.why).toContain(`the IAM action ${api} is missing`);
    expect(typed(records, "config").length).toBeGreaterThanOrEqual(10);
  });

  it("a call that the endpoint does not know, with its status", async () => {
    const { "pipes:ListPipes": _pipes, ...rest } = SCRIPT;
    const gaps = typed(await read(scriptedAws(rest)), "gap");
    expect(gaps.map((one) => [one.what, one.why])).toEqual([
      ["pipes", "this endpoint does not know pipes:ListPipes (UnknownOperation, HTTP 404)"],
    ]);
  });

  it("details that are refused for some resources only", async () => {
    const urls = ["https://sqs/a", "https://sqs/b", "https://sqs/stock"];
    const api = scriptedAws({
      ...SCRIPT,
      "sqs:ListQueues": { QueueUrls: urls },
      "sqs:GetQueueAttributes": (input) => {
        if (input["QueueUrl"] === "https://sqs/stock") return SCRIPT["sqs:GetQueueAttributes"] as Obj;
        throw denied("sqs:GetQueueAttributes");
      },
    });
    const records = await read(api);
    expect(typed(records, "gap").find((one) => one.what.includes("sqs"))!.why).toMatch(/sqs:GetQueueAttributes is missing .*; for 2 of 3$/);
    expect(named(records, "queue", "stock")).toBeDefined();
  });

  it("stops asking for details that are always refused", async () => {
    const api = scriptedAws({
      ...SCRIPT,
      "sqs:ListQueues": { QueueUrls: Array.from({ length: 1000 }, (_, i) => `https://sqs/${i}`) },
      "sqs:GetQueueAttributes": denied("sqs:GetQueueAttributes"),
    });
    const records = await read(api);
    expect(api.counts()["sqs:GetQueueAttributes"]).toBeLessThan(20);
    expect(typed(records, "gap").filter((one) => one.why.includes("sqs:"))).toHaveLength(1);
  });

  it("a table that went meanwhile is no gap", async () => {
    const gone = failure("dynamodb:DescribeTable", "not-found", "ResourceNotFoundException");
    const records = await read(scriptedAws({ ...SCRIPT, "dynamodb:DescribeTable": gone, "dynamodb:DescribeTimeToLive": gone }));
    expect(typed(records, "gap").filter((one) => one.what.includes("dynamodb"))).toEqual([]);
    expect(named(records, "table", "events")).toBeUndefined();
  });

  it("a list that breaks off keeps what came before", async () => {
    const api = scriptedAws(SCRIPT);
    const whole = api.pages.bind(api);
    const cut: ScriptedAws = {
      ...api,
      async *pages(operation, input) {
        for await (const page of whole(operation, input)) {
          yield page;
          if (operation === "lambda:ListFunctions") throw failure(operation, "throttled", "TooManyRequestsException", 429);
        }
      },
    };
    const records = await read(cut);
    expect(named(records, "function", "orders")).toBeDefined();
    expect(named(records, "function", "ship")).toBeUndefined();
    expect(typed(records, "gap").map((one) => one.why)).toContain("lambda:ListFunctions was still throttled after 1 attempts");
  });

  it("functions by tag without the right to read tags: none, and said so", async () => {
    const records = await read(scriptedAws({ ...SCRIPT, "tag:GetResources": denied("tag:GetResources") }), {
      names: [],
      tags: { team: "shop" },
    });
    expect(typed(records, "config").some((one) => one.kind === "function")).toBe(false);
    expect(typed(records, "gap").map((one) => one.what)).toEqual(expect.arrayContaining(["tags of functions", "functions by tag"]));
  });

  it("an abort ends it, and is no gap", async () => {
    const stop = new AbortController();
    const api = scriptedAws({
      ...SCRIPT,
      "lambda:ListFunctions": () => {
        stop.abort(new Error("stopped"));
        throw stop.signal.reason;
      },
    });
    await expect(collected(inventory(api, testTarget(), testContext({ signal: stop.signal })))).rejects.toThrow("stopped");
  });
});

describe("permissions", () => {
  it("are listed for every call, and no listed one of these services is left unused", async () => {
    const api = scriptedAws(SCRIPT);
    await read(api);
    const own = permissions.filter((one) => one.feature === "collect").map((one) => one.action);
    const asked = new Set(api.asked.map((one) => iamAction(one.api)));
    expect(own).toEqual(expect.arrayContaining([...asked]));
    // versions are asked for only where the list does not give them
    const inventoryOnly = own.filter(
      (action) => /^(lambda|tag|events|pipes|sqs|sns|dynamodb):/.test(action) && !action.endsWith("ListVersionsByFunction"),
    );
    expect([...asked]).toEqual(expect.arrayContaining(inventoryOnly));
  });
});

describe("calls for 10,000 functions", () => {
  // 10,000 functions, 200 of them with 3 versions: 10,600 entries, 50 a page = 212 pages; tags 100 a page = 100; 200 ListAliases
  it("are 0.05 each: pages, and one for each function that has versions", async () => {
    const entries = Array.from({ length: 10_000 }, (_, i) => [
      fn(`f${i}`),
      ...(i % 50 === 0 ? ["1", "2", "3"].map((version) => fn(`f${i}`, version)) : []),
    ]).flat();
    const pagesOf = (items: Obj[], size: number, field: string): Obj[] =>
      Array.from({ length: Math.ceil(items.length / size) }, (_, i) => ({ [field]: items.slice(i * size, (i + 1) * size) }));
    const tagged = Array.from({ length: 10_000 }, (_, i) => ({
      ResourceARN: arn("lambda", `function:f${i}`),
      Tags: [{ Key: "n", Value: String(i) }],
    }));
    const api = scriptedAws({
      ...SCRIPT,
      "lambda:ListFunctions": pagesOf(entries, 50, "Functions"),
      "tag:GetResources": pagesOf(tagged, 100, "ResourceTagMappingList"),
    });
    const functions = typed(await read(api), "config").filter((one) => one.kind === "function");
    expect(functions).toHaveLength(10_000);
    expect(functions.find((one) => one.name === "f50")!.settings["versions"]).toHaveLength(3);
    expect(functions.find((one) => one.name === "f51")!.settings["tags"]).toEqual({ n: "51" });
    expect(api.counts()).toMatchObject({ "lambda:ListFunctions": 212, "tag:GetResources": 100, "lambda:ListAliases": 200 });
  });
});

describe("own configuration", () => {
  it("is the newest of each resource, of this account and region, of functions that are meant", async () => {
    const api = scriptedAws(SCRIPT);
    const configs = typed(await read(api), "config");
    const orders = configs.find((one) => one.name === "orders")!;
    const old = { ...orders, observedAt: 1, settings: { tags: { team: "shop" }, memoryMib: 128 } };
    const foreign = { ...orders, account: "999999999999" };
    const own = ownConfigs(api, testTarget({ functions: { names: [], tags: { team: "shop" } } }), [orders, old, foreign, ...configs]);
    expect(own.filter((one) => one.kind === "function")).toEqual([orders]);
    expect(own.some((one) => one.name === "stock")).toBe(true);
  });
});
