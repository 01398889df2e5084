/** Two accounts in two regions each in one run, one of them by a role: told apart in the dataset, and changed where it was meant. */
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evscope, type Ran } from "../support/cli.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { jsonOf } from "./support/moto-orders.ts";
import { at } from "./support/order-system.ts";
import { clientEnv, has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

/** moto's own account, and one that its keys reach by a role. */
const [SHOP, BILLING] = ["123456789012", "222222222222"];
const ROLE = `arn:aws:iam::${BILLING}:role/evscope`;
const REGIONS = ["us-east-1", "eu-west-1"] as const;
const HOUR_MS = 3_600_000;

interface Place {
  account: string;
  region: string;
  memoryMib: number;
  /** Runs in its log, at three sizes each; of 100 ms for every place and size, since the function only waits. */
  runs: number;
}
const PLACES: readonly Place[] = [
  { account: SHOP, region: "us-east-1", memoryMib: 1024, runs: 30 },
  { account: SHOP, region: "eu-west-1", memoryMib: 1024, runs: 31 },
  { account: BILLING, region: "us-east-1", memoryMib: 2048, runs: 32 },
  { account: BILLING, region: "eu-west-1", memoryMib: 2048, runs: 33 },
];
const placeOf = (one: { account: string | null; region: string | null }): string => `${one.account} ${one.region}`;

describe.skipIf(!has("moto"))("two accounts in two regions", () => {
  let peer: Peer;
  let proxy: FaultProxy;
  let home: string;
  let assumed: { accessKeyId: string; secretAccessKey: string; sessionToken: string };

  const cli = (...args: string[]): Promise<Ran> => evscope(args, { cwd: home, env: clientEnv(proxy.url, home) });
  const of = ({ account, region }: Place) => ({ ...at(peer.url), region, ...(account === SHOP ? {} : { credentials: assumed }) });
  const memoryAt = async (place: Place): Promise<number> =>
    (await new LambdaClient(of(place)).send(new GetFunctionConfigurationCommand({ FunctionName: "checkout" }))).MemorySize!;
  const configured = (accounts: readonly string[]): void => {
    const settings = `settle: 0s\nwindow: 3d\naws:\n  requestsPerSecond: 500\n  accounts:\n${accounts.map((one) => `    - ${one}\n`).join("")}`;
    writeFileSync(join(home, "evscope.yaml"), settings);
  };
  const shop = `{ name: shop, regions: [${REGIONS.join(", ")}] }`;
  const billing = `{ name: billing, account: "${BILLING}", roleArn: "${ROLE}", regions: [${REGIONS.join(", ")}] }`;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "evscope-accounts-"));
    peer = await start("moto");
    proxy = await startFaultProxy(peer.url);
    const given = await new STSClient(at(peer.url)).send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "test" }));
    const { AccessKeyId, SecretAccessKey, SessionToken } = given.Credentials!;
    assumed = { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken! };
    for (const place of PLACES) await putPlace(place);
  });
  afterAll(async () => {
    await proxy?.close();
    await peer?.stop();
    if (home) rmSync(home, { recursive: true, force: true });
  });

  it("are collected in one run, by four connections, and told apart", async () => {
    configured([shop, billing]);
    const ran = await cli("collect", "--format", "json");
    expect(ran.code, ran.stderr).toBe(0);
    const { targets, byType } = jsonOf(ran);
    expect(targets.map(placeOf).sort()).toEqual(PLACES.map(placeOf).sort());
    expect(byType.invocation).toBe(3 * PLACES.reduce((sum, place) => sum + place.runs, 0));
    expect(proxy.requests.filter((one) => one.name === "sts:AssumeRole").length).toBeGreaterThan(0);
    expect(proxy.writes()).toEqual([]);

    const { rows } = jsonOf(await cli("cost", "--offline", "--format", "json"));
    const counts = rows.map((row: any) => `${placeOf(row)} ${row.function} ${row.invocations}`);
    expect(counts.sort()).toEqual(PLACES.map((place) => `${placeOf(place)} checkout ${3 * place.runs}`).sort());
    const { functions } = jsonOf(await cli("rightsize", "--offline", "--min-saving", "0", "--format", "json"));
    const sizes = functions.map((one: any) => `${placeOf(one)} ${one.currentMib}`);
    expect(sizes.sort()).toEqual(PLACES.map((place) => `${placeOf(place)} ${place.memoryMib}`).sort());
  });

  it("a change of all reaches each where it is, a change of one account that alone; undo finds the way back", async () => {
    const before = PLACES.map((place) => place.memoryMib);
    const sizes = (): Promise<number[]> => Promise.all(PLACES.map(memoryAt));
    const apply = ["rightsize", "--offline", "--min-saving", "0", "--apply", "--yes", "--format", "json"];
    const all = await cli(...apply);
    expect(all.code, all.stderr + all.stdout).toBe(0);
    const proposed = new Map<string, number>(jsonOf(all).functions.map((one: any) => [placeOf(one), one.proposedMib]));
    expect(await sizes()).toEqual(PLACES.map((place) => proposed.get(placeOf(place))));
    expect((await cli("undo", "--last", "--yes")).code).toBe(0);
    expect(await sizes()).toEqual(before);

    const some = await cli(
      "rightsize",
      "--min-saving",
      "0",
      "--apply",
      "--yes",
      "--account",
      "billing",
      "--region",
      "eu-west-1",
      "--continue",
    );
    expect(some.code, some.stderr + some.stdout).toBe(0);
    expect(await sizes()).toEqual([1024, 1024, 2048, proposed.get(placeOf(PLACES[3]!))]);
    expect((await cli("undo", "--last", "--yes")).code).toBe(0);
    expect(await sizes()).toEqual(before);
  });

  it("credentials of another account than the one named are refused, exit 3, before anything is asked", async () => {
    configured(['{ name: shop, account: "333333333333", regions: [us-east-1] }']);
    const before = proxy.requests.length;
    const ran = await cli("collect", "--data", "other");
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toContain("333333333333");
    expect(ran.stderr).toContain(SHOP);
    expect(new Set(proxy.requests.slice(before).map((one) => one.name))).toEqual(new Set(["sts:GetCallerIdentity"]));
  });

  it("an account that cannot be reached does not stop the others: exit 4, and a gap that names it", async () => {
    configured([shop, '{ name: wrong, account: "333333333333", regions: [us-east-1] }', billing]);
    const ran = await cli("collect", "--data", "others", "--format", "json");
    expect(ran.code, ran.stderr).toBe(4);
    const { targets, byType, gaps } = jsonOf(ran);
    expect(targets.map((one: any) => `${one.name} ${one.region} ${one.functions}`).sort()).toEqual([
      "billing eu-west-1 1",
      "billing us-east-1 1",
      "shop eu-west-1 1",
      "shop us-east-1 1",
      "wrong us-east-1 0",
    ]);
    expect(byType.invocation).toBe(3 * PLACES.reduce((sum, place) => sum + place.runs, 0));
    expect(gaps).toHaveLength(1);
    expect(gaps[0].what).toContain("wrong us-east-1");
    expect(gaps[0].why).toContain("333333333333");
  });

  /** The same name everywhere, with runs at a quarter, a half and all of its memory. */
  async function putPlace(place: Place): Promise<void> {
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    };
    const RoleName = `fn-${place.region}`;
    const role = await new IAMClient(of(place)).send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(policy) }));
    await new LambdaClient(of(place)).send(
      new CreateFunctionCommand({
        FunctionName: "checkout",
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Role: role.Role!.Arn!,
        Code: { ZipFile: zipOf("index.js", "exports.handler = async () => ({});") },
        MemorySize: place.memoryMib,
        Timeout: 30,
      }),
    );
    const logs = new CloudWatchLogsClient(of(place));
    const group = { logGroupName: "/aws/lambda/checkout", logStreamName: "2026/11/01/[$LATEST]0123456789abcdef0123456789abcdef" };
    await logs.send(new CreateLogGroupCommand({ logGroupName: group.logGroupName }));
    await logs.send(new CreateLogStreamCommand(group));
    const now = Date.now();
    const logEvents = [4, 2, 1].flatMap((part, epoch) =>
      Array.from({ length: place.runs }, (_, i) => {
        const id = `0000${epoch}000-0000-4000-8000-${String(PLACES.indexOf(place) * 1000 + i).padStart(12, "0")}`;
        const ms = 100 + (i % 5);
        return {
          timestamp: now - (50 - 20 * epoch) * HOUR_MS + i * 60_000,
          message: `REPORT RequestId: ${id}\tDuration: ${ms}.00 ms\tBilled Duration: ${ms} ms\tMemory Size: ${place.memoryMib / part} MB\tMax Memory Used: 60 MB\t\n`,
        };
      }),
    );
    await logs.send(new PutLogEventsCommand({ ...group, logEvents }));
  }
});
