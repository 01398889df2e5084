/** Search by ID on emulators: the chain of one order among others, found by what its lines hold. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutTraceSegmentsCommand, XRayClient } from "@aws-sdk/client-xray";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AwsClient, openAws } from "../../src/clouds/aws/client.ts";
import { inventory } from "../../src/clouds/aws/collect-inventory.ts";
import { search } from "../../src/clouds/aws/search.ts";
import type { LiveContext } from "../../src/clouds/room.ts";
import type { Id } from "../../src/model/ids.ts";
import type { Rec } from "../../src/model/records.ts";
import { pointSdkAt, testTarget } from "../support/aws-client.ts";
import { collected, typed } from "../support/scripted-aws.ts";
import { liveContext } from "./support/live-context.ts";
import { at, deploy, putLines } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";

const MINUTE = 60_000;
let peer: Peer;
let client: AwsClient;
const context: LiveContext = liveContext();

async function found(ids: Id[], maxUsd = 1): Promise<Rec[]> {
  const configs = typed(await collected(inventory(client, testTarget(), context)), "config");
  const window = { from: Date.now() - 60 * MINUTE, to: Date.now() + MINUTE };
  return collected(search(client, context, ids, configs, window, maxUsd));
}
const runsOf = (records: Rec[]): Set<string> => new Set(typed(records, "invocation").map((one) => `${one.fn} ${one.requestId}`));

describe.skipIf(!has("moto"))("lines and segments that were put", () => {
  const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  const begun = Date.now() - 30 * MINUTE;
  const root = Math.floor(begun / 1000)
    .toString(16)
    .padStart(8, "0");
  const traceId = `1-${root}-0123456789abcdef01234567`;
  /** Lines without a request of their own. */
  const lines = (n: number): { timestamp: number; message: string }[] => [
    { timestamp: begun + n * 1000, message: `START RequestId: ${id(n)} Version: $LATEST` },
    { timestamp: begun + n * 1000 + 1, message: `placing order-${n}.` },
    { timestamp: begun + n * 1000 + 2, message: `END RequestId: ${id(n)}` },
    {
      timestamp: begun + n * 1000 + 3,
      message: `REPORT RequestId: ${id(n)}\tDuration: 2.00 ms\tBilled Duration: 2 ms\tMemory Size: 256 MB\tMax Memory Used: 80 MB\t`,
    },
  ];

  beforeAll(async () => {
    peer = await start("moto");
    pointSdkAt(peer.url);
    await deploy(peer.url);
    const stream = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef";
    await putLines(peer.url, "/aws/lambda/checkout", stream, Array.from({ length: 40 }, (_, n) => lines(n)).flat());
    await putLines(peer.url, "/aws/lambda/charge", stream, [...lines(107), ...lines(207)]);
    const segment = {
      id: "0123456789abcdef",
      name: "checkout",
      trace_id: traceId,
      start_time: begun / 1000,
      end_time: begun / 1000 + 1,
      origin: "AWS::Lambda::Function",
    };
    await new XRayClient(at(peer.url)).send(new PutTraceSegmentsCommand({ TraceSegmentDocuments: [JSON.stringify(segment)] }));
    client = await openAws(testTarget(), context);
  });
  afterAll(async () => {
    client?.close();
    await peer?.stop();
  });

  it.each([
    ["with queries", 1],
    ["without money", 0],
  ])("give the one order that is asked for, %s, though this server ignores what is asked", async (_how, maxUsd) => {
    const records = await found([{ kind: "correlation", value: "order-7." }], maxUsd);
    expect(runsOf(records)).toEqual(new Set([`checkout ${id(7)}`]));
    expect(typed(records, "log").map((one) => one.message)).toEqual(lines(7).map((line) => line.message));
    // X-Ray of this server cannot evaluate a filter expression
    expect(typed(records, "gap").map((one) => one.what)).toContain("traces");
  });

  it("give the trace with its ID", async () => {
    const records = await found([{ kind: "trace", value: traceId.slice(2).replace("-", "") }]);
    expect(typed(records, "span").map((one) => one.spanId)).toEqual(["0123456789abcdef"]);
  });
});

describe.skipIf(!has("ministack"))("functions that really run", () => {
  beforeAll(async () => {
    peer = await start("ministack");
    pointSdkAt(peer.url);
    await deploy(peer.url);
    const lambda = new LambdaClient(at(peer.url));
    for (let i = 0; i < 6; i++)
      await lambda.send(new InvokeCommand({ FunctionName: "checkout", Payload: Buffer.from(JSON.stringify({ orderId: `order-00${i}` })) }));
    client = await openAws(testTarget(), context);
  });
  afterAll(async () => {
    client?.close();
    await peer?.stop();
  });

  it("give each hop of an order", async () => {
    const hops = async (value: string): Promise<Set<string>> =>
      new Set(typed(await found([{ kind: "correlation", value }]), "invocation").map((one) => one.fn));
    // the queue and the bus deliver in the background
    await expect.poll(() => hops("order-005"), { timeout: 90_000, interval: 2_000 }).toEqual(new Set(["checkout", "charge", "notify"]));
    const records = await found([{ kind: "correlation", value: "order-003" }]);
    const runs = typed(records, "invocation");
    expect(new Set(runs.map((one) => one.fn))).toEqual(new Set(["checkout", "charge", "notify"]));
    expect(runs.filter((one) => one.fn === "checkout")).toHaveLength(1);
    // another order may be in the same batch of charge, and in no other hop
    const others = typed(records, "log").filter((one) => one.fn !== "charge" && /order-00[^3]/.test(one.message));
    expect(others).toEqual([]);
  });
});
