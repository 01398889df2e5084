/** The inventory of an account on moto, with faults in between: nothing lost that could be had, and what is missing has a name. */
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openAws } from "../../src/clouds/aws/client.ts";
import { openCollector } from "../../src/clouds/aws/collector.ts";
import type { Rec } from "../../src/model/records.ts";
import { pointSdkAt, testContext, testTarget } from "../support/aws-client.ts";
import { type FaultProxy, type Rule, startFaultProxy } from "../support/fault-proxy.ts";
import { collected, typed } from "../support/scripted-aws.ts";
import { at, deploy } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const FUNCTIONS = /^lambda:GET .*\/functions\/?(\?|$)/;
/** moto gives all functions in one page; with these rules it gives 50 at a time, as Lambda does. */
const PAGED: Rule = { match: FUNCTIONS, fault: { pageOf: 50, list: "Functions", given: "Marker", returned: "NextMarker" } };

describe.skipIf(!has("moto"))("inventory of 121 functions with faults", () => {
  let peer: Peer;
  let proxy: FaultProxy;

  beforeAll(async () => {
    peer = await start("moto");
    const { role } = await deploy(peer.url);
    const lambda = new LambdaClient(at(peer.url));
    const ZipFile = zipOf("index.js", "exports.handler = async () => ({});");
    for (let i = 0; i < 118; i++) {
      const input = { FunctionName: `f${i}`, Runtime: "nodejs22.x", Role: role, Handler: "index.handler", Code: { ZipFile } } as const;
      await lambda.send(new CreateFunctionCommand(input));
    }
    proxy = await startFaultProxy(peer.url);
    pointSdkAt(proxy.url);
  });
  afterEach(() => {
    proxy.rules.length = 0;
    proxy.requests.length = 0;
  });
  afterAll(async () => {
    await proxy?.close();
    await peer?.stop();
  });

  async function inventory(...rules: Rule[]): Promise<Rec[]> {
    proxy.rules.push(...rules);
    const context = testContext({ requestTimeoutMs: 5_000 });
    const client = await openAws(testTarget(), context);
    try {
      return await collected(openCollector(client, testTarget(), context).inventory());
    } finally {
      client.close();
    }
  }

  const functions = (records: readonly Rec[]): number =>
    new Set(typed(records, "config").flatMap((one) => (one.kind === "function" ? [one.resource] : []))).size;
  const whys = (records: readonly Rec[]): string[] => typed(records, "gap").map((one) => `${one.what}: ${one.why}`);

  it("reads all pages, and changes nothing", async () => {
    const records = await inventory(PAGED);
    expect(functions(records)).toBe(121);
    expect(whys(records)).toEqual([]);
    expect(proxy.requests.filter((one) => FUNCTIONS.test(one.name))).toHaveLength(3);
    expect(proxy.writes()).toEqual([]);
  });

  it.each(["throttle", "429", "500", "503-html", "reset", "cut-body", "long-length"] as const)(
    "%s now and then: nothing lost",
    async (fault) => {
      const records = await inventory({ fault, every: 5, after: 5 }, PAGED);
      expect(functions(records)).toBe(121);
      expect(whys(records)).toEqual([]);
    },
  );

  it("repeated page tokens: the list ends, what it gave is kept, a gap says so", async () => {
    const records = await inventory({ match: /DescribeLogGroups/, fault: "repeated-token", token: "nextToken" }, PAGED);
    expect(functions(records)).toBe(121);
    expect(whys(records)).toEqual(["log groups: logs:DescribeLogGroups failed: the page token repeats (HTTP 200)"]);
  });

  it.each([
    ["access-denied", "sqs", /sqs:ListQueues/],
    ["access-denied-xml", "events", /events:ListEventBuses/],
  ] as const)("%s to %s: one gap with the IAM action, the rest is there", async (fault, service, action) => {
    const records = await inventory({ match: new RegExp(`^${service}:`), fault });
    expect(functions(records)).toBe(121);
    expect(whys(records)).toEqual([expect.stringMatching(action)]);
    expect(whys(records)[0]).toContain("not allowed: the IAM action");
  });

  it("throttled for ever: a gap, the rest is there", async () => {
    const records = await inventory({ match: /^dynamodb:/, fault: "throttle" });
    expect(functions(records)).toBe(121);
    expect(whys(records)).toEqual([expect.stringMatching(/^tables: dynamodb:ListTables was still throttled after \d+ attempts$/)]);
  });
});
