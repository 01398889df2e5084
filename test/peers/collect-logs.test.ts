/** Log collection from emulators; what must come out is read from the same server with the vendor's SDK. */
import { CloudWatchLogsClient, FilterLogEventsCommand, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AwsClient, openAws } from "../../src/clouds/aws/client.ts";
import { inventory } from "../../src/clouds/aws/collect-inventory.ts";
import { planLogs, runLogs } from "../../src/clouds/aws/collect-logs.ts";
import type { CollectTask, LiveContext, Span } from "../../src/clouds/room.ts";
import type { Config, Rec } from "../../src/model/records.ts";
import { pointSdkAt, testTarget } from "../support/aws-client.ts";
import { collected, typed } from "../support/scripted-aws.ts";
import { liveContext } from "./support/live-context.ts";
import { at, deploy, putLines } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";

const MINUTE = 60_000;
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const STREAM = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef";

let peer: Peer;
let client: AwsClient;
const context: LiveContext = liveContext();

async function configsOf(): Promise<Config[]> {
  return typed(await collected(inventory(client, testTarget(), context)), "config");
}

async function tasks(configs: Config[], logs: "platform" | "all", window: Span): Promise<CollectTask[]> {
  const request = { signals: ["logs"] as const, logs, window, maxQueryUsd: 1 };
  return (await planLogs(client, context, configs, request, (_, whole) => [whole])).tasks;
}

async function run(all: readonly CollectTask[]): Promise<Rec[]> {
  const records: Rec[] = [];
  for (const task of all) records.push(...(await collected(runLogs(client, context, task))));
  return records;
}

/** Groups as if FilterLogEvents did not read them: then Insights must. */
const onlyQueried = (configs: Config[]): Config[] =>
  configs.map((one) =>
    one.kind === "log-group" ? { ...one, settings: { ...one.settings, class: "INFREQUENT_ACCESS", storedBytes: 1000 } } : one,
  );

describe.skipIf(!has("moto"))("lines that were put", () => {
  const now = Date.now();
  const from = now - 60 * MINUTE;
  const window = { from, to: now };
  const texts = Array.from({ length: 300 }, (_, i) => [
    { timestamp: from + i * 1000, message: `START RequestId: ${id(i)} Version: $LATEST` },
    { timestamp: from + i * 1000 + 1, message: `2026-11-22T00:00:00.000Z\t${id(i)}\tINFO\torder-${i}` },
    {
      timestamp: from + i * 1000 + 2,
      message: `REPORT RequestId: ${id(i)}\tDuration: ${i}.50 ms\tBilled Duration: ${i + 1} ms\tMemory Size: 256 MB\tMax Memory Used: 80 MB\t`,
    },
  ]).flat();
  const json = {
    timestamp: from + 5_000,
    message: JSON.stringify({
      time: new Date(from + 5_000).toISOString(),
      type: "platform.report",
      record: {
        requestId: id(9_000),
        status: "success",
        metrics: { durationMs: 7.5, billedDurationMs: 8, memorySizeMB: 512, maxMemoryUsedMB: 60 },
      },
    }),
  };

  beforeAll(async () => {
    peer = await start("moto");
    pointSdkAt(peer.url);
    await deploy(peer.url);
    await putLines(peer.url, "/aws/lambda/checkout", STREAM, texts);
    await putLines(peer.url, "/aws/lambda/charge", STREAM, [json]);
    client = await openAws(testTarget(), context);
  });
  afterAll(async () => {
    client?.close();
    await peer?.stop();
  });

  it.each(["FilterLogEvents", "Logs Insights"])("are all there by %s", async (via) => {
    const configs = via === "FilterLogEvents" ? await configsOf() : onlyQueried(await configsOf());
    const planned = await tasks(configs, "all", window);
    expect(new Set(planned.map((task) => task.via))).toEqual(new Set([via]));
    const records = await run(planned);
    const logs = new CloudWatchLogsClient(at(peer.url));
    const onServer: (string | undefined)[] = [];
    for (let nextToken: string | undefined; ;) {
      const page = await logs.send(
        new GetLogEventsCommand({
          logGroupName: "/aws/lambda/checkout",
          logStreamName: STREAM,
          startFromHead: true,
          ...(nextToken && { nextToken }),
        }),
      );
      if (page.events!.length === 0) break;
      onServer.push(...page.events!.map((event) => event.message));
      nextToken = page.nextForwardToken;
    }
    expect(onServer).toHaveLength(900);
    expect(
      typed(records, "log")
        .filter((one) => one.fn === "checkout")
        .map((one) => one.message),
    ).toEqual(onServer);
    const runs = typed(records, "invocation");
    // billed 1 + 2 + ... + 300 ms
    expect(runs.filter((one) => one.fn === "checkout").reduce((sum, one) => sum + one.billedMs!, 0)).toBe(45_150);
    expect(runs.find((one) => one.fn === "charge")).toMatchObject({ requestId: id(9_000), billedMs: 8, memoryMib: 512, outcome: "ok" });
  });

  it("are the platform's own where only these are asked for, though this server ignores the pattern", async () => {
    const records = await run(await tasks(onlyQueried(await configsOf()), "platform", window));
    expect(new Set(typed(records, "log").map((one) => one.kind))).toEqual(new Set(["start", "report"]));
    expect(typed(records, "invocation")).toHaveLength(301);
  });

  it("are told apart by slices: each line in one", async () => {
    const halves = [
      { from, to: from + 150_000 },
      { from: from + 150_000, to: now },
    ];
    const configs = await configsOf();
    const records: Rec[] = [];
    for (const half of halves) records.push(...(await run(await tasks(configs, "all", half))));
    expect(typed(records, "log")).toHaveLength(901);
  });

  it("are missing where a group is gone, which is said", async () => {
    const configs = await configsOf();
    const planned = await tasks(configs, "all", window);
    expect(planned.map((task) => task.title)).toEqual(["logs of charge", "logs of checkout"]);
    const { gaps } = await planLogs(client, context, configs, { signals: ["logs"], logs: "all", window, maxQueryUsd: 0 }, () => []);
    expect(gaps.map((one) => one.why)).toEqual(["no log group yet, so no lines (never ran, or may not write logs): notify"]);
  });
});

describe.skipIf(!has("ministack"))("functions that really run", () => {
  beforeAll(async () => {
    peer = await start("ministack");
    pointSdkAt(peer.url);
    await deploy(peer.url);
    const lambda = new LambdaClient(at(peer.url));
    for (let i = 0; i < 10; i++)
      await lambda.send(new InvokeCommand({ FunctionName: "checkout", Payload: Buffer.from(JSON.stringify({ orderId: `order-${i}` })) }));
    client = await openAws(testTarget(), context);
  }, 120_000);
  afterAll(async () => {
    client?.close();
    await peer?.stop();
  });

  it.each(["FilterLogEvents", "Logs Insights"])("have each of their invocations by %s", async (via) => {
    const configs = via === "FilterLogEvents" ? await configsOf() : onlyQueried(await configsOf());
    const window = { from: Date.now() - 10 * MINUTE, to: Date.now() };
    const records = await run((await tasks(configs, "platform", window)).filter((task) => task.title.includes("checkout")));
    const logs = new CloudWatchLogsClient(at(peer.url));
    const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/checkout", filterPattern: "REPORT" }));
    const reports = events!.map((event) =>
      /REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms/.exec(event.message!)!,
    );
    expect(reports).toHaveLength(10);
    const runs = typed(records, "invocation").filter((one) => one.fn === "checkout");
    expect(runs.map((one) => [one.requestId, one.durationMs, one.billedMs])).toEqual(
      reports.map((m) => [m[1], Number(m[2]), Number(m[3])]),
    );
  });
});
