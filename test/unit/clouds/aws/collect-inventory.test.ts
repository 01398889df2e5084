import { describe, expect, it } from "vitest";
import { iamAction } from "../../../../src/clouds/aws/api.ts";
import { permissions } from "../../../../src/clouds/aws/permissions.ts";
import type { Obj } from "../../../../src/clouds/aws/schema.ts";
import { ownConfigs } from "../../../../src/clouds/aws/target-scope.ts";
import { arn, fn, named, read, SCRIPT } from "../../../support/aws-account.ts";
import { testTarget } from "../../../support/aws-client.ts";
import { ACCOUNT, REGION, scriptedAws, typed } from "../../../support/scripted-aws.ts";

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
      "trigger u-2",
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
    expect(named(records, "trigger", "u-2")!.settings).toMatchObject({ filterPatterns: ['{"body":{"a":[1]}}'] });
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
