/** rightsize --apply, plan, apply, verify, undo and journal by the built CLI against a server that nobody here wrote, read back with the vendor's SDK. */
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evscope, type Ran } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";
import { at } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const DAY_MS = 86_400_000;
const NAMES = ["charge", "notify", "owned", "aliased"];

describe.skipIf(!has("moto"))("changes by the CLI, on moto", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-peers-apply-"));
  let peer: Peer;
  let lambda: LambdaClient;

  const run = (...args: string[]): Promise<Ran> =>
    evscope(args, { cwd, env: { ...peer.env, AWS_REGION: "us-east-1", AWS_DEFAULT_REGION: "us-east-1" } });
  const memoryOf = async (name: string): Promise<number | undefined> =>
    (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }))).MemorySize;
  const rightsize = (...args: string[]): Promise<Ran> =>
    run("rightsize", "--offline", "--min-saving", "0", "--apply", "--format", "json", ...args);

  beforeAll(async () => {
    peer = await start("moto");
    lambda = new LambdaClient(at(peer.url));
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
    const made = await new IAMClient(at(peer.url)).send(new CreateRoleCommand({ RoleName: "fn", AssumeRolePolicyDocument: policy }));
    for (const name of NAMES) {
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName: name,
          Runtime: "nodejs22.x",
          Role: made.Role!.Arn!,
          Handler: "index.handler",
          Code: { ZipFile: zipOf("index.js", "exports.handler = async () => ({});") },
          MemorySize: 1024,
          Timeout: 30,
          Tags: name === "owned" ? { "managed-by": "terraform" } : {},
        }),
      );
      await recordRuns(name);
    }
    await lambda.send(new PublishVersionCommand({ FunctionName: "aliased" }));
    await lambda.send(new CreateAliasCommand({ FunctionName: "aliased", Name: "live", FunctionVersion: "1" }));
    const collected = await run("collect", "--region", "us-east-1", "--signal", "logs", "--window", "12d");
    expect([0, 4], collected.stderr).toContain(collected.code);
  });
  afterAll(() => peer?.stop());

  /** Three epochs of a function that only waits: as long at each size, so that the smallest is the cheapest. */
  async function recordRuns(name: string): Promise<void> {
    const logs = new CloudWatchLogsClient(at(peer.url));
    const group = { logGroupName: `/aws/lambda/${name}` };
    await logs.send(new CreateLogGroupCommand(group));
    for (const [daysAgo, memory] of [
      [9, 256],
      [6, 512],
      [2, 1024],
    ] as const) {
      const logStreamName = `2026/11/01/[$LATEST]${memory}`;
      await logs.send(new CreateLogStreamCommand({ ...group, logStreamName }));
      const logEvents = Array.from({ length: 60 }, (_, i) => {
        const duration = 200 + (i % 7);
        const id = `${String(memory).padStart(8, "0")}-000${NAMES.indexOf(name)}-4000-8000-${String(i).padStart(12, "0")}`;
        return {
          timestamp: Date.now() - daysAgo * DAY_MS + i * 60_000,
          message: `REPORT RequestId: ${id}\tDuration: ${duration}.00 ms\tBilled Duration: ${duration} ms\tMemory Size: ${memory} MB\tMax Memory Used: 60 MB\t\n`,
        };
      });
      await logs.send(new PutLogEventsCommand({ ...group, logStreamName, logEvents }));
    }
  }

  it("without --yes and without a terminal: nothing is changed, and it says what to do", async () => {
    const ran = await rightsize("--function", "charge");
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain("--yes");
    expect(await memoryOf("charge")).toBe(1024);
  });

  it("--dry-run shows and changes nothing", async () => {
    const ran = await rightsize("--function", "charge", "--dry-run");
    expect(ran.code, ran.stderr).toBe(0);
    const said = JSON.parse(ran.stdout);
    expect(schemaErrors("rightsize", said)).toEqual([]);
    expect(said.apply).toMatchObject({ state: "dry-run", changes: [{ name: "charge", state: "planned" }] });
    expect(await memoryOf("charge")).toBe(1024);
  });

  it("applies, verifies, and takes back", async () => {
    const ran = await rightsize("--function", "charge", "--yes");
    expect(ran.code, ran.stderr).toBe(0);
    const said = JSON.parse(ran.stdout);
    const proposed = said.functions[0].proposedMib as number;
    expect(proposed).toBeLessThan(1024);
    expect(await memoryOf("charge")).toBe(proposed);
    const verified = await run("verify", "--offline", "--format", "json");
    expect(verified.code, verified.stderr).toBe(0);
    const verdict = JSON.parse(verified.stdout);
    expect(schemaErrors("verify", verdict)).toEqual([]);
    expect(verdict).toMatchObject({ verdict: "too-early", undo: said.apply.undo });
    const undone = await run("undo", "--last", "--yes", "--format", "json");
    expect(undone.code, undone.stderr).toBe(0);
    expect(schemaErrors("apply", JSON.parse(undone.stdout))).toEqual([]);
    expect(await memoryOf("charge")).toBe(1024);
    const again = await run("undo", said.apply.run, "--yes", "--format", "json");
    expect(JSON.parse(again.stdout).state).toBe("nothing");
    const journal = JSON.parse((await run("journal", "--format", "json")).stdout);
    expect(schemaErrors("journal", journal)).toEqual([]);
    expect(journal.runs.map((one: { kind: string }) => one.kind)).toEqual(["undo", "apply"]);
  });

  it("what infrastructure as code owns is refused, by tag and by file, unless told", async () => {
    const owned = await rightsize("--function", "owned", "--yes");
    expect(owned.code).toBe(5);
    expect(JSON.parse(owned.stdout).apply).toMatchObject({
      state: "refused",
      changes: [{ state: "refused", owners: [expect.stringContaining("Terraform")] }],
    });
    writeFileSync(join(cwd, "main.tf"), 'resource "aws_lambda_function" "n" {\n  function_name = "notify"\n}\n');
    const notify = await rightsize("--function", "notify", "--yes");
    expect(notify.code).toBe(5);
    expect(notify.stdout).toContain("Terraform (main.tf:2)");
    expect(await memoryOf("notify")).toBe(1024);
    const told = await rightsize("--function", "notify", "--yes", "--allow-drift");
    expect(told.code, told.stderr).toBe(0);
    expect(await memoryOf("notify")).toBeLessThan(1024);
    expect((await run("undo", "--last", "--yes")).code).toBe(0);
    expect(await memoryOf("notify")).toBe(1024);
  });

  it("traffic through an alias: refused, or published and moved, and moved back", async () => {
    const refused = await rightsize("--function", "aliased", "--yes");
    expect(refused.code).toBe(5);
    expect(refused.stdout).toContain("alias live (version 1)");
    const moved = await rightsize("--function", "aliased", "--yes", "--alias", "live");
    expect(moved.code, moved.stderr + moved.stdout).toBe(0);
    const alias = await lambda.send(new GetAliasCommand({ FunctionName: "aliased", Name: "live" }));
    expect(alias.FunctionVersion).toBe("2");
    const version = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "aliased", Qualifier: "2" }));
    expect(version.MemorySize).toBe(await memoryOf("aliased"));
    expect(version.MemorySize).toBeLessThan(1024);
    const undone = await run("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect((await lambda.send(new GetAliasCommand({ FunctionName: "aliased", Name: "live" }))).FunctionVersion).toBe("1");
    expect(await memoryOf("aliased")).toBe(1024);
  });

  it("a plan file: applied exactly, refused when edited or when the function was changed meanwhile", async () => {
    const planned = await run(
      "plan",
      "--min-saving",
      "0",
      "--function",
      "charge",
      "--out",
      "plan.json",
      "--format",
      "json",
      "--region",
      "us-east-1",
    );
    expect([0, 4], planned.stderr).toContain(planned.code);
    const plan = JSON.parse(readFileSync(join(cwd, "plan.json"), "utf8"));
    expect(schemaErrors("plan", plan)).toEqual([]);
    expect(JSON.parse(planned.stdout)).toEqual(plan);
    writeFileSync(
      join(cwd, "edited.json"),
      JSON.stringify({ ...plan, changes: plan.changes.map((one: object) => ({ ...one, after: { memoryMib: 128 } })) }),
    );
    const edited = await run("apply", "edited.json", "--yes");
    expect(edited).toMatchObject({ code: 5, stderr: expect.stringContaining("was edited") });
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "charge", Description: "somebody else" }));
    const stale = await run("apply", "plan.json", "--yes", "--format", "json");
    expect(stale.code, stale.stderr).toBe(5);
    expect(JSON.parse(stale.stdout)).toMatchObject({
      state: "refused",
      changes: [{ state: "refused", note: expect.stringContaining("changed since") }],
    });
    expect(await memoryOf("charge")).toBe(1024);
    await run("plan", "--min-saving", "0", "--function", "charge", "--out", "plan.json", "--region", "us-east-1");
    const applied = await run("apply", "plan.json", "--yes", "--format", "json");
    expect(applied.code, applied.stderr).toBe(0);
    const again = await run("apply", "plan.json", "--yes", "--format", "json");
    expect(JSON.parse(again.stdout)).toMatchObject({ state: "nothing", changes: [{ state: "already" }] });
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "charge", MemorySize: 2048 }));
    const meddled = await run("undo", "--last", "--yes");
    expect(meddled.code).toBe(5);
    expect(await memoryOf("charge")).toBe(2048);
    expect((await run("undo", "--last", "--yes", "--force")).code).toBe(0);
    expect(await memoryOf("charge")).toBe(1024);
  });
});
