/** The built CLI against a region on 127.0.0.1: what it prints, and what a stop leaves. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeAws, startFakeAws } from "../../bench/scale/fake-aws.ts";
import { evscope, type Ran } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";

const FUNCTIONS = 60;
const WINDOW = ["--since", "2026-11-20T10:00", "--until", "2026-11-20T11:00"];
const bin = fileURLToPath(new URL("../../bin/run.js", import.meta.url));

describe("evscope on a region of 60 functions", () => {
  let fake: FakeAws;
  let cwd: string;
  let env: Record<string, string>;
  const run = (...args: string[]): Promise<Ran> => evscope(args, { cwd, env });

  beforeAll(async () => {
    fake = await startFakeAws({ functions: FUNCTIONS, requestsPerS: 40, latencyMs: 5 });
    cwd = mkdtempSync(join(tmpdir(), "evscope-e2e-"));
    const accounts = [{ name: "shop", account: "111122223333", regions: ["us-east-1"] }];
    writeFileSync(join(cwd, "evscope.yaml"), JSON.stringify({ aws: { accounts, requestsPerSecond: 40 } }));
    const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true", AWS_PROFILE: "" };
    env = { ...credentials, AWS_ENDPOINT_URL: fake.url, HOME: cwd };
  });
  afterAll(async () => {
    await fake.close();
    rmSync(cwd, { recursive: true, force: true });
  });

  it("refuses what would cost more than the limit, before it asks", async () => {
    const ran = await run("collect", ...WINDOW, "--signal", "metrics", "--max-query-usd", "0.0000001", "--data", "dear");
    // metrics that do not fit are left out, and that is said
    expect([ran.code, ran.stdout]).toEqual([4, expect.stringContaining("--max-query-usd")]);
    expect(fake.stats["monitoring:GetMetricData"]).toBeUndefined();
  });

  it("stopped by Ctrl-C it keeps a dataset that the next run completes", async () => {
    const child = spawn(process.execPath, [bin, "collect", ...WINDOW], {
      cwd,
      env: { ...process.env, ...env, CI: "true" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (data: Buffer) => {
      if (!said.includes("to read:") && (said += data.toString()).includes("to read:")) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, said]).toEqual([130, expect.stringContaining("to read:")]);

    const ran = await run("collect", ...WINDOW, "--format", "json");
    expect(ran.code, ran.stderr).toBe(0);
    const document = JSON.parse(ran.stdout);
    expect(schemaErrors("collect", document)).toEqual([]);
    expect(document.targets).toEqual([
      { name: "shop", account: "111122223333", region: "us-east-1", functions: FUNCTIONS, sourcesHeld: expect.any(Number) },
    ]);
    // 60 functions x 5 statistics x $0.01 per 1,000 = $0.003; how many traces there are is not known before
    expect(ran.stderr).toContain("paid queries at least $0.0030, the rest not known (limit $1.00)");
    const { dataset } = JSON.parse((await run("dataset", "info", "--format", "json")).stdout);
    // one run an hour and function
    expect([dataset.rows.invocation, dataset.functions]).toEqual([FUNCTIONS, FUNCTIONS]);

    const again = await run("collect", ...WINDOW);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("Nothing to read")]);
  });

  it("doctor says who is asking and prints its schema; a wrong account is refused", async () => {
    const ran = await run("doctor", "--format", "json");
    const document = JSON.parse(ran.stdout);
    expect(schemaErrors("doctor", document)).toEqual([]);
    expect(document.targets[0]).toMatchObject({ account: "111122223333", functions: FUNCTIONS, error: null });
    writeFileSync(join(cwd, "other.yaml"), 'aws: { accounts: [{ name: pay, account: "444455556666", regions: [us-east-1] }] }\n');
    const other = await run("doctor", "--config", "other.yaml");
    expect([other.code, other.stdout]).toEqual([3, ""]);
    expect(other.stderr).toMatch(/444455556666/);
  });

  it("doctor prints a policy without asking anybody", async () => {
    const ran = await evscope(["doctor", "--policy", "--feature", "collect"], { cwd, env: { AWS_ENDPOINT_URL: "http://127.0.0.1:1" } });
    expect(ran.code).toBe(0);
    const policy = JSON.parse(ran.stdout);
    expect(policy.Version).toBe("2012-10-17");
    expect(JSON.stringify(policy)).toContain("lambda:ListFunctions");
    expect(JSON.stringify(policy)).not.toMatch(/Update|Create|Delete|Publish|Invoke/);
  });
});
