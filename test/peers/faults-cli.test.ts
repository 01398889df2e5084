/** `evscope collect` as people run it, in front of an endpoint that breaks: what it says, how it ends, and that it only reads. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { evscope, type Ran } from "../support/cli.ts";
import { type FaultProxy, type Rule, startFaultProxy } from "../support/fault-proxy.ts";
import { deploy } from "./support/order-system.ts";
import { clientEnv, has, type Peer, start } from "./support/servers.ts";

const LAMBDA_LIST = /^lambda:GET \/2015-03-31\/functions$/;

describe.skipIf(!has("moto"))("collect", () => {
  let peer: Peer;
  let proxy: FaultProxy;
  let home: string;

  const collect = (): Promise<Ran> =>
    evscope(["collect", "--region", "us-east-1", "--since", "1h", "--format", "json"], { cwd: home, env: clientEnv(proxy.url, home) });

  beforeAll(async () => {
    peer = await start("moto");
    await deploy(peer.url);
    proxy = await startFaultProxy(peer.url);
  }, 120_000);
  afterAll(async () => {
    await proxy?.close();
    await peer?.stop();
  });
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "evscope-faults-"));
    writeFileSync(join(home, "evscope.yaml"), "aws:\n  requestTimeout: 2s\n  retryFor: 3s\n");
    proxy.requests.length = 0;
    proxy.rules.length = 0;
  });
  afterEach(() => {
    expect(proxy.writes()).toEqual([]);
    rmSync(home, { recursive: true, force: true });
  });

  test("a clock that is two hours behind is no matter", async () => {
    proxy.rules.push({ fault: "clock-skew" });
    const ran = await collect();
    expect(proxy.requests.some((one) => one.status === 403)).toBe(true);
    expect(ran.code, ran.stderr).toBe(0);
    proxy.rules.length = 0;
    rmSync(join(home, ".evscope"), { recursive: true });
    expect(summary(ran)).toEqual(summary(await collect()));
  });

  test("a token that expires on the way: exit 3, and what to do", async () => {
    proxy.rules.push({ match: /^(?!sts)/, after: 5, fault: "expired-token" });
    const ran = await collect();
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("the AWS credentials have expired");
    expect(ran.stderr).toContain("aws sso login");
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });

  const gapsOf: [string, Rule, RegExp][] = [
    ["denied", { match: /^sqs:ListQueues/, fault: "access-denied" }, /sqs:ListQueues/],
    ["denied in XML", { match: /^events:ListRules/, fault: "access-denied-xml" }, /events:ListRules/],
    ["throttled for ever", { match: /^sns:ListTopics/, fault: "throttle" }, /ThrottlingException|throttled|Rate exceeded/],
    ["500 for ever", { match: /^states:ListStateMachines/, fault: "500" }, /InternalFailure|internal error/],
    ["never answered", { match: /^dynamodb:ListTables/, fault: "hang" }, /no answer within 2000 ms/],
    ["cut off for ever", { match: LAMBDA_LIST, fault: "cut-body" }, /cut off/],
    ["the same page token for ever", { match: LAMBDA_LIST, fault: "repeated-token", token: "NextMarker" }, /token repeats/],
  ];
  test.each(gapsOf)("%s: exit 4, a gap that says why, and the rest", async (_, rule, why) => {
    proxy.rules.push(rule);
    const ran = await collect();
    expect(ran.code, ran.stderr).toBe(4);
    const { gaps, functions, configs } = summary(ran);
    expect(gaps.join("\n")).toMatch(why);
    expect(functions).toBe(rule.match === LAMBDA_LIST && rule.token === undefined ? 0 : 3);
    expect(configs).toBeGreaterThan(5);
  });
});

interface Collected {
  targets: { functions: number }[];
  byType: { config?: number };
  gaps: { what: string; why: string }[];
}

function summary(ran: Ran): { gaps: string[]; functions: number; configs: number } {
  const { targets, byType, gaps } = JSON.parse(ran.stdout) as Collected;
  return { gaps: gaps.map((gap) => `${gap.what}: ${gap.why}`), functions: targets[0]!.functions, configs: byType.config ?? 0 };
}
