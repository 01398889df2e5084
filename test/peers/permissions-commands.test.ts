/**
 * Least privilege of whole commands: the built CLI as a user who may do exactly what `doctor --policy` prints for the features that
 * docs/permissions.md names, on an endpoint that checks it; then with one action less.
 */
import { writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import {
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListFunctionsCommand,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evscope, type Ran } from "../support/cli.ts";
import { type FakeAnswer, type FaultProxy, type SeenRequest, startFaultProxy } from "../support/fault-proxy.ts";
import { type CheckedMoto, checkPermissions, type Policy, REFUSED_ALWAYS, without } from "./support/checked-moto.ts";
import { jsonOf, type MotoOrders, ORDER, startOrders } from "./support/moto-orders.ts";
import { at } from "./support/order-system.ts";
import { clientEnv, has } from "./support/servers.ts";

type Watched = Ran & { said: string; denied: string[] };
const PROBED_MIB = [128, 512, 1024];

describe.skipIf(!has("moto"))("moto, checking permissions of commands", () => {
  let orders: MotoOrders;
  let moto: CheckedMoto;
  let proxy: FaultProxy;
  let lambda: LambdaClient;

  const printed = async (...features: string[]): Promise<Policy> =>
    JSON.parse((await orders.cli("doctor", "--policy", "--feature", features.join())).stdout);
  /** As the user `evscope`. `denied`: what the server refused, but for what it always refuses. */
  const run = async (...args: string[]): Promise<Watched> => {
    const before = proxy.requests.length;
    const env = {
      ...clientEnv(proxy.url, orders.home),
      AWS_ACCESS_KEY_ID: moto.user.accessKeyId,
      AWS_SECRET_ACCESS_KEY: moto.user.secretAccessKey,
    };
    const ran = await evscope(args, { cwd: orders.home, env });
    const refused = proxy.requests.slice(before).filter((one) => one.status === 403 && !REFUSED_ALWAYS.test(one.name));
    return { ...ran, said: ran.stdout + ran.stderr, denied: [...new Set(refused.map((one) => one.name))] };
  };

  /** The server behind, with the Host that was signed; to a run that is invoked it adds the line that Lambda would, since no code runs. */
  async function forward(seen: SeenRequest): Promise<FakeAnswer> {
    const answer = await asked(orders.peer.url, seen);
    const version = /\/invocations\?Qualifier=(\d+)/.exec(seen.path)?.[1];
    if (version !== undefined && answer.status === 200) {
      const memoryMib = PROBED_MIB[Number(version) - 1]!;
      const id = `00000000-0000-4000-8000-${String(proxy.requests.length).padStart(12, "0")}`;
      const line = `REPORT RequestId: ${id}\tDuration: ${(20_000 / memoryMib).toFixed(2)} ms\tBilled Duration: 160 ms\tMemory Size: ${memoryMib} MB\tMax Memory Used: 60 MB\t\n`;
      answer.headers!["x-amz-log-result"] = Buffer.from(line).toString("base64");
    }
    return answer;
  }

  beforeAll(async () => {
    // an invocation is answered without running anything
    orders = await startOrders({ lambda: { use_docker: false } });
    // its code is an image: that of a package lies at an address of AWS, which this server names and does not hold
    const Code = { ImageUri: "123456789012.dkr.ecr.us-east-1.amazonaws.com/thumb:1" };
    const thumb = new CreateFunctionCommand({
      FunctionName: "thumb",
      PackageType: "Image",
      Code,
      Role: orders.system.role,
      MemorySize: 512,
      Timeout: 3,
    });
    await orders.lambda.send(thumb);
    moto = await checkPermissions(orders.peer.url);
    lambda = new LambdaClient({ ...at(orders.peer.url), credentials: moto.admin });
    proxy = await startFaultProxy(forward);
    writeFileSync(join(orders.home, "event.json"), '{"n":1}');
  }, 120_000);
  afterAll(async () => {
    await proxy?.close();
    await orders?.stop();
  });

  const ADVISED = ["rightsize", "--offline", "--min-saving", "0", "--apply", "--yes", "--function"];
  const stateOf = async (fn: string): Promise<unknown> =>
    (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: fn }))).MemorySize;
  const liveVersion = async (): Promise<unknown> =>
    (await lambda.send(new GetAliasCommand({ FunctionName: "notify", Name: "live" }))).FunctionVersion;
  const names = async (): Promise<unknown> =>
    (await lambda.send(new ListFunctionsCommand({}))).Functions!.map((one) => one.FunctionName).sort();
  /** Each in a folder of its own, since nothing is read twice. */
  let folders = 0;
  const fresh = (): string[] => ["--data", `data-${folders++}`];

  it("collect: nothing is refused, and all is read but X-Ray", async () => {
    await moto.allow(await printed("collect"));
    const ran = await run("collect");
    expect(ran.denied).toEqual([]);
    expect(ran.code, ran.stderr).toBe(4);
    const gaps = ran.stdout.split("\n").filter((line) => line.startsWith("Gap: "));
    expect(gaps.filter((line) => !line.includes("xray:"))).toEqual([
      "Gap: logs: no log group yet, so no lines (never ran, or may not write logs): thumb",
    ]);
  });

  it.each([
    ["lambda:ListFunctions", 4],
    ["logs:DescribeLogGroups", 4],
    ["logs:FilterLogEvents", 4],
    ["states:GetExecutionHistory", 4],
  ])("collect without %s names it", async (action, code) => {
    await moto.allow(without(await printed("collect"), action));
    const ran = await run("collect", ...fresh());
    expect(ran.said).toContain(action);
    expect(ran.code).toBe(code);
  });

  it("trace --live: nothing is refused, and the chain is there", async () => {
    await moto.allow(await printed("collect", "trace"));
    const ran = await run("trace", ORDER, "--live", "--format", "json", ...fresh());
    expect(ran.denied).toEqual([]);
    expect(jsonOf(ran).chain.hops.map((one: { name: string }) => one.name)).toEqual(["checkout", "charge", "notify"]);
  });

  it.each(["logs:StartQuery", "logs:GetQueryResults", "logs:FilterLogEvents", "logs:DescribeLogGroups", "states:GetExecutionHistory"])(
    "trace --live without %s names it",
    async (action) => {
      await moto.allow(without(await printed("collect", "trace"), action));
      // without money for queries the groups are read one by one
      const paid = action === "logs:FilterLogEvents" ? ["--max-query-usd", "0"] : [];
      const ran = await run("trace", action.startsWith("states:") ? orders.executionArn : ORDER, "--live", ...paid, ...fresh());
      expect(ran.denied).not.toEqual([]);
      expect(ran.said).toContain(action);
      expect(ran.code).not.toBe(0);
    },
  );

  it("rightsize --apply and undo: nothing is refused, the server has it and has it back", async () => {
    await moto.allow(await printed("apply"));
    const applied = await run(...ADVISED, "charge");
    expect([applied.code, applied.denied], applied.stderr).toEqual([0, []]);
    expect(await stateOf("charge")).toBeLessThan(1024);
    const undone = await run("undo", "--last", "--yes");
    expect([undone.code, undone.denied], undone.stderr).toEqual([0, []]);
    expect(await stateOf("charge")).toBe(1024);
  });

  it("undo without lambda:UpdateFunctionConfiguration names it, exit 3, and can be run again", async () => {
    const apply = await printed("apply");
    await moto.allow(apply);
    expect((await run(...ADVISED, "charge")).code).toBe(0);
    await moto.allow(without(apply, "lambda:UpdateFunctionConfiguration"));
    const ran = await run("undo", "--last", "--yes");
    expect([ran.code, ran.said], ran.said).toEqual([3, expect.stringContaining("lambda:UpdateFunctionConfiguration")]);
    await moto.allow(apply);
    expect((await run("undo", "--last", "--yes")).code).toBe(0);
    expect(await stateOf("charge")).toBe(1024);
  });

  it("with --alias: nothing is refused", async () => {
    await moto.allow(await printed("apply"));
    const applied = await run(...ADVISED, "notify", "--alias", "live");
    expect([applied.code, applied.denied], applied.stderr).toEqual([0, []]);
    expect(await liveVersion()).toBe("2");
    const undone = await run("undo", "--last", "--yes");
    expect([undone.code, undone.denied], undone.stderr).toEqual([0, []]);
    expect([await liveVersion(), await stateOf("notify")]).toEqual(["1", 1024]);
  });

  // lambda:GetProvisionedConcurrencyConfig is not known to this server, the sources of a function matter to timeouts alone
  it.each([
    ["lambda:GetFunctionConfiguration", 4],
    ["lambda:ListAliases", 4],
    ["lambda:ListTags", 5],
    ["cloudformation:DescribeStackResources", 5],
    ["lambda:GetAlias", 3],
    ["lambda:UpdateFunctionConfiguration", 3],
    ["lambda:PublishVersion", 3],
    ["lambda:UpdateAlias", 3],
  ])("rightsize --apply --alias without %s names it, exit %d; with it again, undo leaves no trace", async (action, code) => {
    const apply = await printed("apply");
    await moto.allow(without(apply, action));
    const ran = await run(...ADVISED, "notify", "--alias", "live", "--format", "json");
    expect(ran.said).toContain(action);
    expect(ran.code).toBe(code);
    expect(await liveVersion()).toBe("1");
    await moto.allow(apply);
    if (code === 3) expect((await run("undo", "--last", "--yes")).code).toBe(0);
    expect(await stateOf("notify")).toBe(1024);
  });

  describe("probe", () => {
    const probe = (): Promise<Watched> =>
      run("probe", "thumb", "--payload", "event.json", "--sizes", PROBED_MIB.join(), "--rounds", "2", "--yes", ...fresh());
    /** This server asks whether an action is allowed on "*" and never names the function: the statements say the same for any. */
    const anywhere = async (): Promise<Policy> => {
      const policy = await printed("probe");
      return { ...policy, Statement: policy.Statement.map((one) => ({ ...one, Resource: "*" })) };
    };

    it("nothing is refused, and nothing is left", async () => {
      await moto.allow(await anywhere());
      const before = await names();
      const ran = await probe();
      expect([ran.code, ran.denied], ran.stderr).toEqual([0, []]);
      expect(ran.stdout).toContain("All rounds were run.");
      expect(await names()).toEqual(before);
    });

    it.each([
      "lambda:GetFunction",
      "lambda:CreateFunction",
      "lambda:UpdateFunctionConfiguration",
      "lambda:PublishVersion",
      "lambda:InvokeFunction",
    ])("without %s names it, exit 3, and nothing is left", async (action) => {
      await moto.allow(without(await anywhere(), action));
      const before = await names();
      const ran = await probe();
      expect([ran.code, ran.stderr], ran.said).toEqual([3, expect.stringContaining(action)]);
      expect(await names()).toEqual(before);
    });
  });
});

/** As `fetch`, with the Host that the request was signed for. */
async function asked(url: string, seen: SeenRequest): Promise<FakeAnswer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url + seen.path, { method: seen.method, headers: seen.headers }, resolve).on("error", reject);
    sent.end(seen.body);
  });
  const headers = Object.fromEntries(
    Object.entries(answer.headers).filter(([name, value]) => /^(content-type|x-amz)/.test(name) && typeof value === "string"),
  ) as Record<string, string>;
  return { status: answer.statusCode!, headers, body: await text(answer) };
}
