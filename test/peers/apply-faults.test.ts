/** Faults between the CLI and a server while it writes: what took effect is read, never guessed; the same command later does what is left. */
import { CloudFormationClient, ListStacksCommand } from "@aws-sdk/client-cloudformation";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makePlan } from "../../src/applier/plan.ts";
import type { Change } from "../../src/model/plan.ts";
import { writePlan } from "../../src/store/plan-file.ts";
import { evscope, type Ran } from "../support/cli.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { at } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const NAMES = ["a", "b", "c"];
const ACCOUNT = "123456789012";
const WRITE = /lambda:PUT .*\/functions\/b\/configuration/;

describe.skipIf(!has("moto"))("faults of the second of three writes, on moto", () => {
  let peer: Peer;
  let proxy: FaultProxy;
  let lambda: LambdaClient;
  let cwd = "";

  beforeAll(async () => {
    peer = await start("moto");
    proxy = await startFaultProxy(peer.url);
    lambda = new LambdaClient(at(peer.url));
    // moto loads CloudFormation at its first call, which takes longer than the time-out below
    await new CloudFormationClient(at(peer.url)).send(new ListStacksCommand({}));
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
    const made = await new IAMClient(at(peer.url)).send(new CreateRoleCommand({ RoleName: "fn", AssumeRolePolicyDocument: policy }));
    for (const FunctionName of NAMES) {
      const Code = { ZipFile: zipOf("index.js", "exports.handler = async () => ({});") };
      await lambda.send(
        new CreateFunctionCommand({ FunctionName, Role: made.Role!.Arn!, Runtime: "nodejs22.x", Handler: "index.handler", Code }),
      );
    }
  });
  afterAll(async () => {
    await proxy?.close();
    await peer?.stop();
  });
  beforeEach(async () => {
    cwd = mkdtempSync(join(tmpdir(), "evscope-faults-"));
    writeFileSync(join(cwd, "evscope.yaml"), "aws:\n  requestsPerSecond: 200\n  requestTimeout: 2s\n  retryFor: 4s\n");
    for (const FunctionName of NAMES) await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 1024 }));
    const changes = NAMES.map((name): Change => ({
      id: name,
      cloud: "aws",
      account: ACCOUNT,
      region: "us-east-1",
      kind: "lambda.function",
      resource: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`,
      name,
      before: { memoryMib: 1024 },
      after: { memoryMib: 512 },
      revision: null,
      fingerprint: "",
      alias: null,
      aliasVersion: null,
      aliasTarget: null,
      danger: "none",
      owners: [],
      expected: null,
      reasons: [],
    }));
    writePlan(join(cwd, "plan.json"), makePlan(changes, [], Date.now()));
    proxy.requests.length = 0;
  });

  const apply = (...args: string[]): Promise<Ran> =>
    evscope(["apply", "plan.json", "--yes", "--format", "json", ...args], { cwd, env: { ...peer.env, AWS_ENDPOINT_URL: proxy.url } });
  const sizes = (): Promise<(number | undefined)[]> =>
    Promise.all(NAMES.map(async (FunctionName) => (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).MemorySize));
  const states = (ran: Ran): string[] => JSON.parse(ran.stdout).changes.map((one: { state: string }) => one.state);
  function breaking(fault: Fault, times: number): void {
    proxy.rules.splice(0, proxy.rules.length, { match: WRITE, fault, times });
  }

  it.each([
    ["throttle", 2],
    ["429", 2],
    ["reset-after", 1],
    ["cut-body", 1],
    ["long-length", 1],
  ] as const)("%s, %i times: done, and the server changed once", async (fault, times) => {
    breaking(fault, times);
    const ran = await apply();
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(states(ran)).toEqual(["done", "done", "done"]);
    expect(await sizes()).toEqual([512, 512, 512]);
    const sent = proxy.requests.filter((one) => WRITE.test(one.name)).length;
    expect(sent).toBe(fault === "throttle" || fault === "429" ? times + 1 : 1);
  });

  it.each([
    ["500", 4],
    ["503-html", 4],
    ["reset", 4],
    ["hang", 4],
    ["access-denied", 3],
    ["expired-token", 3],
  ] as const)("%s: stops with what was done (exit %i), and the same command does the rest", async (fault, code) => {
    breaking(fault, 1);
    const ran = await apply();
    expect(ran.code, ran.stderr + ran.stdout).toBe(code);
    expect(states(ran)).toEqual(["done", "failed", "not-tried"]);
    expect(await sizes()).toEqual([512, 1024, 1024]);
    const again = await apply();
    expect(again.code, again.stderr + again.stdout).toBe(0);
    expect(states(again)).toEqual(["already", "done", "done"]);
    expect(await sizes()).toEqual([512, 512, 512]);
  });

  it("throttled for ever: stops, or goes on with the others", async () => {
    breaking("throttle", Number.POSITIVE_INFINITY);
    const ran = await apply("--continue");
    expect(ran.code, ran.stderr + ran.stdout).toBe(4);
    expect(states(ran)).toEqual(["done", "failed", "done"]);
    expect(await sizes()).toEqual([512, 1024, 512]);
  });
});
