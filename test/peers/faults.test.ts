/** The inventory of an account through a proxy that breaks every third answer: the same records, and nothing but reads. */
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../src/clouds/aws/session.ts";
import type { Rec } from "../../src/model/records.ts";
import { pointSdkAt, testContext, testTarget } from "../support/aws-client.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { at, deploy } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const FAULTS = [
  "throttle",
  "429",
  "500",
  "503-html",
  "reset",
  "reset-after",
  "cut-body",
  "empty-body",
  "long-length",
  "short-length",
] as const satisfies readonly Fault[];
/** With the three of the order system these are the 121 functions that need three pages. */
const MORE_FUNCTIONS = 118;

describe.skipIf(!has("moto"))("moto behind a proxy that breaks answers", () => {
  let peer: Peer;
  let proxy: FaultProxy;
  let whole: string[];
  let undisturbed: number;

  const inventory = async (): Promise<string[]> => {
    const session = await connect(testTarget(), testContext({ requestTimeoutMs: 20_000, patienceMs: 60_000, requestsPerS: 1000 }));
    const found: string[] = [];
    for await (const page of session.collector.inventory()) found.push(...page.map(stable));
    session.close();
    return found.sort();
  };

  beforeAll(async () => {
    peer = await start("moto");
    const { role } = await deploy(peer.url);
    const lambda = new LambdaClient(at(peer.url));
    const ZipFile = zipOf("index.js", "exports.handler = async () => 1;");
    for (let i = 0; i < MORE_FUNCTIONS; i++)
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName: `more-${i}`,
          Role: role,
          Runtime: "nodejs22.x",
          Handler: "index.handler",
          Code: { ZipFile },
          MemorySize: 128 + i,
        }),
      );
    proxy = await startFaultProxy(peer.url);
    pointSdkAt(proxy.url);
    whole = await inventory();
    undisturbed = proxy.requests.length;
  }, 180_000);

  afterAll(async () => {
    await proxy?.close();
    await peer?.stop();
  });

  test("without faults: all functions", () => {
    expect(whole.filter((one) => one.includes('"kind":"function"'))).toHaveLength(3 + MORE_FUNCTIONS);
    expect(whole.filter((one) => one.includes('"type":"gap"'))).toEqual([]);
    expect(proxy.writes()).toEqual([]);
  });

  test.each(FAULTS)("every third answer is %s", async (fault) => {
    proxy.rules.splice(0, proxy.rules.length, { fault, every: 3 });
    const before = proxy.requests.length;
    expect(await inventory()).toEqual(whole);
    // every third is asked again, and every third of these: 1.5 requests for one
    expect((proxy.requests.length - before) / undisturbed).toBeGreaterThan(1.4);
    expect(proxy.writes()).toEqual([]);
  });

  test("functions come in pages of 50, as they do on AWS", async () => {
    const page = { pageOf: 50, list: "Functions", given: "Marker", returned: "NextMarker" };
    proxy.rules.splice(0, proxy.rules.length, { match: /^lambda:GET \/2015-03-31\/functions$/, fault: page });
    const before = proxy.requests.length;
    expect(await inventory()).toEqual(whole);
    expect(proxy.requests.slice(before).filter((one) => one.name === "lambda:GET /2015-03-31/functions")).toHaveLength(3);
  });
});

/** A record without the moment at which it was read. */
function stable(record: Rec): string {
  return JSON.stringify({ ...record, observedAt: null });
}
