/** The printed policy on an endpoint that checks it: enough for every read it checks, and without one action just that is denied. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { permissions, policy } from "../../src/clouds/aws/permissions.ts";
import { connect } from "../../src/clouds/aws/session.ts";
import type { LiveSession, PermissionCheck } from "../../src/clouds/room.ts";
import type { Gap } from "../../src/model/records.ts";
import { openTestClient, pointSdkAt, testContext, testTarget } from "../support/aws-client.ts";
import { type CheckedMoto, checkPermissions, type Policy, REFUSED_ALWAYS, without } from "./support/checked-moto.ts";
import { deploy } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";

const FEATURES = ["collect", "trace", "apply", "filters", "batching", "ttl"] as const;

describe.skipIf(!has("moto"))("moto, checking permissions", () => {
  let peer: Peer;
  let moto: CheckedMoto;

  const allow = (document: unknown): Promise<void> => moto.allow(document as Policy);
  const lacking = (action: string): Policy => without(policy(FEATURES) as unknown as Policy, action);
  const open = (): Promise<LiveSession> => connect(testTarget(), testContext({ requestTimeoutMs: 30_000, requestsPerS: 1000 }));
  const checks = async (session: LiveSession): Promise<PermissionCheck[]> => {
    const found: PermissionCheck[] = [];
    for await (const one of session.permissions()) found.push(one);
    return found;
  };
  const denied = async (session: LiveSession): Promise<string[]> => [
    ...new Set(
      (await checks(session)).filter((one) => one.state === "denied" && !REFUSED_ALWAYS.test(one.action)).map((one) => one.action),
    ),
  ];
  const gaps = async (session: LiveSession): Promise<Gap[]> => {
    const found: Gap[] = [];
    for await (const page of session.collector.inventory()) found.push(...page.filter((one) => one.type === "gap"));
    return found;
  };

  beforeAll(async () => {
    peer = await start("moto");
    await deploy(peer.url);
    moto = await checkPermissions(peer.url);
    const key = moto.user;
    pointSdkAt(peer.url, { AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey });
  }, 120_000);

  afterAll(async () => {
    await peer?.stop();
  });

  test("the printed policy grants every read of its features, and the inventory has no gap", async () => {
    await allow(policy(FEATURES));
    const session = await open();
    // what only a probe needs is not in this policy
    const probe = new Set(permissions.filter((one) => one.feature === "probe").map((one) => one.action));
    expect((await denied(session)).filter((action) => !probe.has(action))).toEqual([]);
    expect((await checks(session)).filter((one) => one.state === "granted").length).toBeGreaterThan(30);
    expect(await gaps(session)).toEqual([]);
    session.close();
  });

  test.each([
    "lambda:ListEventSourceMappings",
    "sqs:ListQueues",
    "sqs:GetQueueAttributes",
    "sns:ListTopics",
    "events:ListRules",
    "events:ListTargetsByRule",
    "dynamodb:DescribeTimeToLive",
    "states:ListStateMachines",
    "states:DescribeStateMachine",
    "logs:DescribeLogGroups",
    "tag:GetResources",
  ])("without %s the inventory has a gap that names it, and the rest is there", async (action) => {
    await allow(lacking(action));
    const session = await open();
    const found = await gaps(session);
    session.close();
    expect(found.map((gap) => `${gap.what}: ${gap.why}`).join("\n")).toContain(action);
    expect(found).toHaveLength(1);
  });

  test.each([
    ["lambda:UpdateFunctionConfiguration", { FunctionName: "checkout", MemorySize: 256 }],
    ["lambda:PublishVersion", { FunctionName: "checkout" }],
  ] as const)("the policy for apply is enough for %s, that for collecting is not", async (api, input) => {
    await allow(policy(["collect", "apply"]));
    const client = await openTestClient({}, { requestTimeoutMs: 30_000 });
    expect(await client.call(api, input)).toMatchObject({ FunctionName: "checkout" });
    await allow(policy(["collect", "trace"]));
    await expect(client.call(api, input)).rejects.toMatchObject({ kind: "denied", mayHaveHappened: false });
    client.close();
  });

  test("each action that is taken away is the one that the check finds denied", async () => {
    await allow(policy(FEATURES));
    const session = await open();
    const before = new Set(await denied(session));
    const tried = [
      ...new Set((await checks(session)).filter((one) => one.state === "granted" && !before.has(one.action)).map((one) => one.action)),
    ];
    const wrong: string[] = [];
    for (const action of tried) {
      await allow(lacking(action));
      const found = (await denied(session)).filter((one) => !before.has(one));
      if (found.join() !== action) wrong.push(`without ${action}: ${found.join(", ")}`);
    }
    session.close();
    expect(wrong).toEqual([]);
    expect(tried.length).toBeGreaterThan(28);
  });
});
