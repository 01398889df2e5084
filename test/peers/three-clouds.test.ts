/** One chain over three clouds, asked for live: moto, our Azure and our Google Cloud in one evscope.yaml, read by the built CLI. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutTraceSegmentsCommand, XRayClient } from "@aws-sdk/client-xray";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evscope, type Ran } from "../support/cli.ts";
import { type ThreeClouds, threeClouds } from "../support/three-clouds-story.ts";
import { SUBSCRIPTION } from "./support/azure/orders.ts";
import { type Azure, startAzure } from "./support/azure/server.ts";
import { storyWorld } from "./support/azure/story.ts";
import { emptyWorld, type Gcp, startGcp } from "./support/gcp/index.ts";
import { revisionOf } from "./support/gcp/orders.ts";
import { runService } from "./support/gcp/story.ts";
import { at, putLines, TRUST } from "./support/order-system.ts";
import { clientEnv, has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const PROJECT = "shop-story";
const REGION = "europe-west1";

async function putOnAws(url: string, story: ThreeClouds): Promise<void> {
  const lambda = new LambdaClient(at(url));
  const role = await new IAMClient(at(url)).send(new CreateRoleCommand({ RoleName: "shop", AssumeRolePolicyDocument: TRUST }));
  const ZipFile = zipOf("index.js", "exports.handler = async () => ({});");
  for (const { logGroup, logStream, logEvents } of [story.webOrder, story.mail]) {
    const FunctionName = logGroup.replace("/aws/lambda/", "");
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs22.x",
        Role: role.Role!.Arn,
        Handler: "index.handler",
        MemorySize: 256,
        Code: { ZipFile },
      }),
    );
    await putLines(url, logGroup, logStream, logEvents);
  }
  const TraceSegmentDocuments = story.xray.Traces.flatMap((trace) => trace.Segments.map((one) => one.Document));
  await new XRayClient(at(url)).send(new PutTraceSegmentsCommand({ TraceSegmentDocuments }));
}

function googleWorld(story: ThreeClouds): ReturnType<typeof emptyWorld> {
  const world = emptyWorld(PROJECT, "418027719998");
  world.services.push(runService(PROJECT, REGION, "ledger"), runService(PROJECT, REGION, "notify"));
  world.revisions.push(...world.services.map(revisionOf));
  world.topics.push({ name: `projects/${PROJECT}/topics/booked` });
  world.subscriptions.push({
    name: `projects/${PROJECT}/subscriptions/booked-notify`,
    topic: `projects/${PROJECT}/topics/booked`,
    pushConfig: { pushEndpoint: "https://notify-x.a.run.app/" },
    ackDeadlineSeconds: 10,
    state: "ACTIVE",
  });
  const inProject = JSON.stringify(story.gcp)
    .replaceAll("projects/shop/", `projects/${PROJECT}/`)
    .replaceAll('"project_id":"shop"', `"project_id":"${PROJECT}"`);
  world.entries.push(...(JSON.parse(inProject) as object[]));
  return world;
}

describe.skipIf(!has("moto"))("one chain over three clouds, live", () => {
  const home = mkdtempSync(join(tmpdir(), "evscope-three-live-"));
  const story = threeClouds(Date.now() - 900_000);
  let peers: { aws: Peer; azure: Azure; gcp: Gcp };
  let env: Record<string, string>;
  const cli = (...args: string[]): Promise<Ran> => evscope(args, { cwd: home, env });
  const functionsOf = (ran: Ran): string[] =>
    (JSON.parse(ran.stdout) as { chain: { hops: { cloud: string; function: string | null }[] } }).chain.hops
      .flatMap((hop) => (hop.function === null ? [] : [`${hop.cloud} ${hop.function}`]))
      .sort();
  const ALL = ["aws mail", "aws web-order", "azure book", "azure quote", "gcp ledger", "gcp notify"];

  beforeAll(async () => {
    const azureWorld = storyWorld(
      {
        "shop-app": [
          { fn: "quote", queue: null },
          { fn: "book", queue: "bookings" },
        ],
      },
      story.azure,
    );
    const [aws, azure, gcp] = await Promise.all([start("moto"), startAzure(azureWorld), startGcp(googleWorld(story))]);
    peers = { aws, azure, gcp };
    await putOnAws(aws.url, story);
    const caFile = join(home, "ca.pem");
    writeFileSync(caFile, `${readFileSync(azure.env["NODE_EXTRA_CA_CERTS"]!, "utf8").trimEnd()}\n${gcp.ca}`);
    env = { ...clientEnv(aws.url, home), ...azure.env, ...gcp.env(home), NODE_EXTRA_CA_CERTS: caFile, HOME: home };
    const endpoints = { management: azure.url, logs: azure.url, metrics: azure.url, authority: azure.url };
    writeFileSync(
      join(home, "evscope.yaml"),
      `settle: 0s
window: 1h
aws: { accounts: [{ name: web, regions: [us-east-1] }] }
azure: { subscriptions: [{ name: booking, subscription: ${SUBSCRIPTION}, endpoints: ${JSON.stringify(endpoints)} }] }
gcp: { requestsPerSecond: 200, projects: [{ name: ledger, project: ${PROJECT}, endpoints: ${JSON.stringify(gcp.endpoints)} }] }
`,
    );
  });
  afterAll(async () => {
    await Promise.all([peers?.aws.stop(), peers?.azure.stop(), peers?.gcp.stop()]);
    rmSync(home, { recursive: true, force: true });
  });

  it("by the order that only its last two runs know, without a dataset: cloud after cloud is followed", async () => {
    const ran = await cli("trace", story.order, "--live", "--format", "json");
    expect(functionsOf(ran), ran.stderr).toEqual(ALL);
  });

  it("collected: one dataset of three clouds, the chain whole by every ID, and what each cloud cost", async () => {
    const collected = await cli("collect", "--logs", "all", "--data", "held", "--format", "json");
    expect(collected.stderr).not.toContain("bug");
    expect(JSON.parse(collected.stdout).targets.map((one: { name: string; functions: number }) => [one.name, one.functions])).toEqual([
      ["web", 2],
      ["booking", 3],
      ["ledger", 2],
    ]);
    for (const id of story.ids) {
      const ran = await cli("trace", id, "--data", "held", "--offline", "--format", "json");
      expect(functionsOf(ran), `${id}: ${ran.stderr}`).toEqual(ALL);
    }
    const cost = await cli("cost", "--by", "cloud", "--data", "held", "--offline", "--format", "json");
    const rows = JSON.parse(cost.stdout).rows as { cloud: string; usd: number | null }[];
    expect(rows.map((row) => row.cloud).sort()).toEqual(["aws", "azure", "gcp"]);
    for (const { cloud, usd } of rows) expect(usd, cloud).toBeGreaterThan(0);
  });

  it("nothing was written, and nothing was sent that the vendors' contracts do not allow", () => {
    expect(peers.azure.writes()).toEqual([]);
    expect(peers.gcp.writes()).toEqual([]);
    expect(peers.azure.violations).toEqual([]);
    expect(peers.gcp.violations).toEqual([]);
  });
});
