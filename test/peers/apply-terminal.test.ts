/** The question before a change, asked on a real terminal (Python's pty), on moto. */
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePlan } from "../../src/applier/plan.ts";
import { writePlan } from "../../src/store/plan-file.ts";
import { at } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const BIN = fileURLToPath(new URL("../../bin/run.js", import.meta.url));

/** Runs argv[2:] on a terminal of its own, types argv[1] when asked, and passes on what is shown and the exit code. */
const ON_TERMINAL = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown, typed = b"", False
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    shown += data
    if b"[y/N]" in shown and not typed:
        os.write(fd, sys.argv[1].encode())
        typed = True
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
`;

describe.skipIf(!has("moto"))("the question", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-terminal-"));
  let peer: Peer;
  let lambda: LambdaClient;

  beforeAll(async () => {
    peer = await start("moto");
    lambda = new LambdaClient(at(peer.url));
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
    const made = await new IAMClient(at(peer.url)).send(new CreateRoleCommand({ RoleName: "fn", AssumeRolePolicyDocument: policy }));
    const { FunctionArn } = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "a",
        Role: made.Role!.Arn!,
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Code: { ZipFile: zipOf("index.js", "exports.handler = async () => ({});") },
        MemorySize: 1024,
      }),
    );
    const change = {
      id: "memory:a",
      cloud: "aws" as const,
      account: FunctionArn!.split(":")[4]!,
      region: "us-east-1",
      kind: "lambda.function",
      resource: FunctionArn!,
      name: "a",
      before: { memoryMib: 1024 },
      after: { memoryMib: 512 },
      revision: null,
      fingerprint: "",
      alias: null,
      aliasVersion: null,
      aliasTarget: null,
      danger: "none" as const,
      owners: [],
      expected: null,
      reasons: [],
    };
    writePlan(join(cwd, "plan.json"), makePlan([change], [], Date.now()));
  });
  afterAll(() => peer?.stop());

  function typed(answer: string, ...args: string[]): Promise<{ code: number | null; shown: string }> {
    return new Promise((resolve) => {
      const env = { PATH: process.env["PATH"]!, ...peer.env, HOME: process.env["HOME"]!, COLUMNS: "120", NO_COLOR: "1", TERM: "xterm" };
      const child = spawn("python3", ["-c", ON_TERMINAL, answer, process.execPath, BIN, ...args], { cwd, env, timeout: 120_000 });
      let shown = "";
      child.stdout.on("data", (data: Buffer) => (shown += data.toString()));
      child.on("close", (code) => resolve({ code, shown }));
    });
  }
  const memory = async (): Promise<number | undefined> =>
    (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "a" }))).MemorySize;

  it.each([
    ["n", "n\n", 0, "Nothing was changed."],
    ["nothing but Enter", "\n", 0, "Nothing was changed."],
    ["Ctrl-C", "\u0003", 130, "stopp"],
  ])("answered by %s: nothing is changed", async (_, answer, code, said) => {
    const ran = await typed(answer, "apply", "plan.json");
    expect(ran.shown).toContain("memoryMib 1024 -> 512");
    expect(ran.shown).toContain(said);
    expect(ran.code, ran.shown).toBe(code);
    expect(await memory()).toBe(1024);
  });

  it("answered by y: changed, and taken back by yes", async () => {
    const ran = await typed("y\n", "apply", "plan.json");
    expect(ran.code, ran.shown).toBe(0);
    expect(await memory()).toBe(512);
    const back = await typed("yes\n", "undo", "--last");
    expect(back.code, back.shown).toBe(0);
    expect(await memory()).toBe(1024);
  });
});
