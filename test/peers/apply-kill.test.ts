/** The built CLI, killed with SIGKILL in the middle of its writes to a server that nobody here wrote, and started again. */
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
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePlan } from "../../src/applier/plan.ts";
import type { Change } from "../../src/model/plan.ts";
import { writePlan } from "../../src/store/plan-file.ts";
import { at } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const BIN = fileURLToPath(new URL("../../bin/run.js", import.meta.url));
const NAMES = Array.from({ length: 20 }, (_, i) => `fn${String(i).padStart(2, "0")}`);
/** Moved through its alias; the eleventh write. */
const ALIASED = "fn10";
/** moto's own account. */
const ACCOUNT = "123456789012";

describe.skipIf(!has("moto"))("apply of 20 changes by the CLI, killed, on moto", () => {
  let peer: Peer;
  let gate: Server;
  let url: string;
  let lambda: LambdaClient;
  /** Writes that reached the server, by function. */
  let writes: string[] = [];
  /** Kills the running CLI at this write: before the server sees it, or after it took effect and before the answer. */
  let kill: { at: number; when: "before" | "after"; child: ChildProcess | null } | null = null;
  let seen = 0;

  beforeAll(async () => {
    peer = await start("moto");
    lambda = new LambdaClient(at(peer.url));
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
    const made = await new IAMClient(at(peer.url)).send(new CreateRoleCommand({ RoleName: "fn", AssumeRolePolicyDocument: policy }));
    for (const FunctionName of NAMES) {
      const Code = { ZipFile: zipOf("index.js", "exports.handler = async () => ({});") };
      const rest = { Runtime: "nodejs22.x", Handler: "index.handler", MemorySize: 1024, Timeout: 30 } as const;
      await lambda.send(new CreateFunctionCommand({ FunctionName, Role: made.Role!.Arn!, Code, ...rest }));
    }
    await lambda.send(new PublishVersionCommand({ FunctionName: ALIASED }));
    await lambda.send(new CreateAliasCommand({ FunctionName: ALIASED, Name: "live", FunctionVersion: "1" }));
    gate = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const isWrite = request.method === "PUT" && request.url!.includes("/configuration");
        if (isWrite) seen += 1;
        const mine = isWrite && kill?.at === seen ? kill : null;
        if (mine?.when === "before") return void mine.child!.kill("SIGKILL");
        if (isWrite) writes.push(/functions\/([^/]+)\//.exec(request.url!)![1]!);
        const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !["host", "connection"].includes(name)));
        const answer = await fetch(peer.url + request.url!, {
          method: request.method!,
          headers: headers as Record<string, string>,
          ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
        });
        const body = Buffer.from(await answer.arrayBuffer());
        if (mine?.when === "after") return void mine.child!.kill("SIGKILL");
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
        response.end(body);
      })();
    });
    await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    gate?.closeAllConnections();
    gate?.close();
    await peer?.stop();
  });

  function cli(cwd: string, ...args: string[]): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const env = { PATH: process.env["PATH"]!, ...peer.env, AWS_ENDPOINT_URL: url, CI: "true" };
      const child = spawn(process.execPath, [BIN, ...args], { cwd, env, timeout: 120_000 });
      if (kill !== null) kill.child = child;
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
      child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
      child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
  }

  const sizes = (): Promise<(number | undefined)[]> =>
    Promise.all(NAMES.map(async (FunctionName) => (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).MemorySize));

  const aliasVersion = async (): Promise<string | undefined> =>
    (await lambda.send(new GetAliasCommand({ FunctionName: ALIASED, Name: "live" }))).FunctionVersion;

  function planIn(cwd: string): string {
    const changes = NAMES.map((name): Change => ({
      id: `memory:${name}`,
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
      alias: name === ALIASED ? "live" : null,
      aliasVersion: null,
      aliasTarget: null,
      danger: "none",
      owners: [],
      expected: null,
      reasons: [],
    }));
    const path = join(cwd, "plan.json");
    writePlan(path, makePlan(changes, [], Date.now()));
    return path;
  }

  it.each([
    { at: 1, when: "before", parallel: 1 },
    { at: 1, when: "after", parallel: 1 },
    { at: 10, when: "before", parallel: 1 },
    { at: 11, when: "after", parallel: 1 },
    { at: 20, when: "after", parallel: 1 },
    { at: 9, when: "after", parallel: 4 },
  ] as const)("at write $at, $when the server did it, $parallel at once", async ({ at: point, when, parallel }) => {
    const cwd = mkdtempSync(join(tmpdir(), "evscope-kill-"));
    // the server has no quota that a real account has
    writeFileSync(join(cwd, "evscope.yaml"), "aws:\n  requestsPerSecond: 500\n");
    const plan = planIn(cwd);
    for (const FunctionName of NAMES) await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 1024 }));
    [writes, seen, kill] = [[], 0, { at: point, when, child: null }];
    const args = ["apply", plan, "--yes", "--parallel", String(parallel), "--format", "json"];
    expect((await cli(cwd, ...args)).signal).toBe("SIGKILL");
    kill = null;
    const again = await cli(cwd, ...args);
    expect(again.code, again.stderr + again.stdout).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ state: "applied", resumed: true });
    expect(await sizes()).toEqual(NAMES.map(() => 512));
    const version = await aliasVersion();
    expect(version).not.toBe("1");
    expect((await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: ALIASED, Qualifier: version! }))).MemorySize).toBe(512);
    // nothing twice, nothing left out
    expect(writes.toSorted()).toEqual(NAMES);
    const journal = JSON.parse((await cli(cwd, "journal", "--format", "json")).stdout);
    expect(journal.runs).toHaveLength(1);
    expect(journal.runs[0].changes.map((one: { name: string; state: string }) => `${one.name} ${one.state}`).toSorted()).toEqual(
      NAMES.map((name) => `${name} done`),
    );
    const undone = await cli(cwd, "undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(await sizes()).toEqual(NAMES.map(() => 1024));
    expect(await aliasVersion()).toBe("1");
  });
});
