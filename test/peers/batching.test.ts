/**
 * Batches of a queue, from an export to a server that keeps what it is told (moto): queue, function and mapping are written in the order that is safe, read
 * back with the vendor's SDK, verified, and taken back; what may lose messages is not written without its flag.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evscope, type Ran } from "../support/cli.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { schemaErrors } from "../support/json-schema.ts";
import { QUEUE_RUN, type QueueStory, writeQueueExport } from "../support/queue-export.ts";
import { at } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const [TIMEOUT_S, VISIBILITY_S] = [1, 30];

describe.skipIf(!has("moto"))("batches of a queue on moto", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-peers-batching-"));
  let peer: Peer;
  let proxy: FaultProxy;
  let lambda: LambdaClient;
  let sqs: SQSClient;
  let story: QueueStory;
  let queueUrl: string;

  const cli = (...args: string[]): Promise<Ran> =>
    evscope(args, {
      cwd,
      env: { ...peer.env, AWS_ENDPOINT_URL: proxy.url, AWS_REGION: "us-east-1", AWS_DEFAULT_REGION: "us-east-1" },
    });
  const apply = (folder: string, ...more: string[]): Promise<Ran> =>
    cli("batching", folder, "--max-added-latency", "30s", "--apply", "--yes", "--format", "json", ...more);

  /** All that can be set of the three, without clocks and counters. */
  async function described(): Promise<{ [field: string]: unknown }> {
    const { $metadata: _a, LastModified: _b, ...mapping } = await lambda.send(new GetEventSourceMappingCommand({ UUID: story.mapping }));
    const fn = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: story.fn }));
    const { $metadata: _c, LastModified: _d, RevisionId: _e, ...rest } = fn;
    const queue = (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] }))).Attributes!;
    const { LastModifiedTimestamp: _f, ...attributes } = queue;
    // a window of 0 s is the default of a queue's mapping, and no list of response types says what an empty one says
    return { mapping: { MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [], ...mapping }, fn: rest, queue: attributes };
  }

  beforeAll(async () => {
    peer = await start("moto");
    proxy = await startFaultProxy(peer.url);
    lambda = new LambdaClient(at(peer.url));
    sqs = new SQSClient(at(peer.url));
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });
    const made = await new IAMClient(at(peer.url)).send(new CreateRoleCommand({ RoleName: "fn", AssumeRolePolicyDocument: policy }));
    const Role = made.Role!.Arn!;
    const account = Role.split(":")[4]!;
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "charge",
        Runtime: "nodejs22.x",
        Role,
        Handler: "index.handler",
        Timeout: TIMEOUT_S,
        MemorySize: QUEUE_RUN.memoryMib,
        Environment: { Variables: { STAGE: "prod" } },
        Code: { ZipFile: zipOf("index.js", "exports.handler = async () => ({});") },
      }),
    );
    const Attributes = { VisibilityTimeout: String(VISIBILITY_S), ReceiveMessageWaitTimeSeconds: "20", DelaySeconds: "2" };
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: "orders", Attributes }))).QueueUrl!;
    const EventSourceArn = `arn:aws:sqs:us-east-1:${account}:orders`;
    const mapping = await lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn, FunctionName: "charge", BatchSize: 10 }));
    story = {
      account,
      region: "us-east-1",
      fn: "charge",
      queue: "orders",
      mapping: mapping.UUID!,
      timeoutS: TIMEOUT_S,
      visibilityTimeoutS: VISIBILITY_S,
      failsEvery: null,
      answers: false,
      batchSize: 10,
      windowS: 0,
      perRun: null,
      from: Date.UTC(2026, 10, 20, 8),
      minutes: 31,
      everyMs: 250,
    };
  });
  afterAll(async () => {
    await proxy?.close();
    await peer?.stop();
    rmSync(cwd, { recursive: true, force: true });
  });

  it("queue, function and mapping are written in this order, read back exactly, are verified, and undo leaves everything as it was", async () => {
    writeQueueExport(join(cwd, "calm"), story);
    const before = await described();
    const ran = await apply("calm");
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const document = JSON.parse(ran.stdout);
    expect(schemaErrors("batching", document)).toEqual([]);
    const [one] = document.mappings;
    const { batchSize, windowMs } = one.proposed;
    const windowS = windowMs / 1000;
    // more than 10 messages need a window: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    expect(batchSize).toBeGreaterThan(10);
    expect(windowS).toBeGreaterThanOrEqual(1);
    // a full batch takes 100 + 60 n ms by construction
    const timeoutS = one.timeoutS.proposed;
    expect(timeoutS * 1000).toBeGreaterThan(QUEUE_RUN.fixedMs + QUEUE_RUN.perMessageMs * batchSize);
    // six times the timeout, plus the window: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    expect(one.visibilityTimeoutS.proposed).toBe(6 * timeoutS + windowS);

    const writes = proxy.writes().filter((name) => /^(sqs:Set|lambda:(PUT|POST) )/.test(name));
    expect(writes).toEqual([
      "sqs:SetQueueAttributes",
      expect.stringMatching(/^lambda:PUT .*\/functions\/.*charge\/configuration/),
      expect.stringMatching(/^lambda:PUT .*\/event-source-mappings\//),
    ]);
    const after = await described();
    expect(after).toEqual({
      mapping: { ...(before["mapping"] as object), BatchSize: batchSize, MaximumBatchingWindowInSeconds: windowS },
      fn: { ...(before["fn"] as object), Timeout: timeoutS },
      queue: { ...(before["queue"] as object), VisibilityTimeout: String(6 * timeoutS + windowS) },
    });

    const fresh = { batchSize, windowS, timeoutS, visibilityTimeoutS: 6 * timeoutS + windowS, perRun: batchSize, from: Date.now() };
    writeQueueExport(join(cwd, "fresh"), { ...story, ...fresh });
    expect((await cli("import", "fresh")).code).toBe(0);
    const verified = await cli("verify", "--offline", "--format", "json");
    expect(verified.code, verified.stderr).toBe(0);
    const verdicts = JSON.parse(verified.stdout);
    expect(schemaErrors("verify", verdicts)).toEqual([]);
    // nothing failed since; runs a day are not told of half an hour, and queue descriptions in files do not say when they were read
    expect(verdicts.changes.map((change: { name: string; verdict: string }) => `${change.name} ${change.verdict}`)).toEqual([
      "orders too-early",
      "charge ok",
      `${story.mapping} too-early`,
    ]);
    expect(verdicts.changes.every((change: { reasons: string[] }) => change.reasons.length > 0)).toBe(true);
    const undone = await cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(await described()).toEqual(before);
  });

  it("batches do not grow where one bad message would bring back all of them", async () => {
    writeQueueExport(join(cwd, "failing"), { ...story, everyMs: 1000, failsEvery: 50 });
    const before = proxy.writes().length;
    const ran = await apply("failing");
    const [one] = JSON.parse(ran.stdout).mappings;
    expect(one).toMatchObject({ verdict: "refused", proposals: [], refusal: expect.stringContaining("2.0 % of 1550 runs failed") });
    expect(proxy.writes().slice(before)).toEqual([]);
  });

  it("the report of failed messages is switched on only with leave to lose data, alone, and taken back", async () => {
    writeQueueExport(join(cwd, "answering"), { ...story, everyMs: 1000, failsEvery: 50, answers: true });
    const before = await described();
    const gated = await apply("answering");
    expect(gated.code, gated.stderr).toBe(5);
    expect(gated.stdout + gated.stderr).toContain("--accept-data-loss");
    expect(await described()).toEqual(before);
    const ran = await apply("answering", "--accept-data-loss");
    expect(ran.code, ran.stderr).toBe(0);
    const mapping = { ...(before["mapping"] as object), FunctionResponseTypes: ["ReportBatchItemFailures"] };
    expect(await described()).toEqual({ ...before, mapping });
    const undone = await cli("undo", "--last", "--yes", "--accept-data-loss");
    expect(undone.code, undone.stderr).toBe(0);
    expect(await described()).toEqual(before);
  });
});
