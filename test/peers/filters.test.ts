/**
 * A filter that was learned from an export, through the built CLI on a server that knows EventBridge's patterns: asked, gated, written, read by the
 * vendor's SDK, tried by the server on events of both sides, and taken back.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateEventBusCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evscope, type Ran } from "../support/cli.ts";
import { NOTIFIER, writeNotifierExport } from "../support/notifier-export.ts";
import { has, type Peer, start } from "./support/servers.ts";

const PLACE = { account: "000000000000", region: "us-east-1" };
const RULE = { Name: NOTIFIER.rule, EventBusName: NOTIFIER.bus };
const PATTERN = JSON.stringify({ source: ["shop.orders"] });

describe.skipIf(!has("ministack"))("a learned filter on ministack", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-filters-"));
  let peer: Peer;
  let bus: EventBridgeClient;

  const cli = (...args: string[]): Promise<Ran> =>
    evscope(args, { cwd, env: { ...peer.env, AWS_REGION: PLACE.region, EVSCOPE_REGION: PLACE.region } });
  const pattern = async (): Promise<unknown> =>
    JSON.parse((await bus.send(new DescribeRuleCommand({ Name: RULE.Name, EventBusName: RULE.EventBusName }))).EventPattern!);
  const apply = (...args: string[]): Promise<Ran> =>
    cli("filters", "export", "--min-saving", "0", "--apply", "--yes", "--format", "json", ...args);

  beforeAll(async () => {
    peer = await start("ministack");
    bus = new EventBridgeClient({
      endpoint: peer.url,
      region: PLACE.region,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    await bus.send(new CreateEventBusCommand({ Name: NOTIFIER.bus }));
    await bus.send(new PutRuleCommand({ ...RULE, EventPattern: PATTERN, State: "ENABLED", Description: "orders for the mailer" }));
    const Arn = `arn:aws:lambda:${PLACE.region}:${PLACE.account}:function:${NOTIFIER.fn}`;
    await bus.send(new PutTargetsCommand({ Rule: RULE.Name, EventBusName: RULE.EventBusName, Targets: [{ Id: "T0", Arn }] }));
    writeNotifierExport(join(cwd, "export"), { orders: 1600, place: PLACE });
  });
  afterAll(async () => {
    bus?.destroy();
    await peer?.stop();
    rmSync(cwd, { recursive: true, force: true });
  });

  it("is not written without the flag for what it loses, is written as proposed with it, and undo restores the rule exactly", async () => {
    const before = await bus.send(new DescribeRuleCommand({ Name: RULE.Name, EventBusName: RULE.EventBusName }));
    const gated = await apply();
    expect(gated.code, gated.stderr).toBe(5);
    expect(gated.stdout + gated.stderr).toContain("--accept-data-loss");
    expect(await pattern()).toEqual(JSON.parse(PATTERN));

    const ran = await apply("--accept-data-loss");
    expect(ran.code, ran.stderr).toBe(0);
    const [consumer] = JSON.parse(ran.stdout).consumers;
    expect(await pattern()).toEqual(JSON.parse(consumer.proposed));
    // the rule still has its target and description, and the server itself tells the events apart
    const after = await bus.send(new DescribeRuleCommand({ Name: RULE.Name, EventBusName: RULE.EventBusName }));
    expect({ ...after, EventPattern: before.EventPattern, $metadata: null }).toEqual({ ...before, $metadata: null });
    expect((await bus.send(new ListTargetsByRuleCommand({ Rule: RULE.Name, EventBusName: RULE.EventBusName }))).Targets).toHaveLength(1);
    const matches = async (status: string): Promise<boolean | undefined> => {
      const Event = JSON.stringify({
        id: "1",
        "detail-type": "OrderStatusChanged",
        source: "shop.orders",
        account: PLACE.account,
        time: "2026-11-01T08:00:00Z",
        region: PLACE.region,
        resources: [],
        detail: { status },
      });
      return (await bus.send(new TestEventPatternCommand({ EventPattern: after.EventPattern!, Event }))).Result;
    };
    expect(await Promise.all(["paid", "refunded", "packed", "cancelled"].map(matches))).toEqual([true, true, false, false]);

    const undone = await cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(await pattern()).toEqual(JSON.parse(PATTERN));
  });
});
