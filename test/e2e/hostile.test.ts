/** What a hostile machine does to the built CLI: it ends, says why in a line or two, and never with a stack trace. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { systemError } from "../../src/cli/system-error.ts";
import { evscope } from "../support/cli.ts";

const bin = fileURLToPath(new URL("../../bin/run.js", import.meta.url));
const workDir = (): string => mkdtempSync(join(tmpdir(), "evscope-e2e-"));
const posix = process.platform !== "win32";

describe("paths that are not what they should be", () => {
  it.each([[["cost"]], [["import", "in.ndjson"]]])("%j with --data naming a file: usage", async (args) => {
    const cwd = workDir();
    writeFileSync(join(cwd, "in.ndjson"), "{}\n");
    const { code, stderr } = await evscope([...args, "--data", "in.ndjson"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("in.ndjson is a file; a dataset is a folder");
  });

  it.skipIf(!posix)("--data naming a link that leads nowhere: usage", async () => {
    const cwd = workDir();
    writeFileSync(join(cwd, "in.ndjson"), "{}\n");
    symlinkSync(join(cwd, "gone"), join(cwd, "link"));
    const { code, stderr } = await evscope(["import", "in.ndjson", "--data", "link"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("link is a link to a folder that is not there");
  });

  it.skipIf(!posix)("a pipe that nobody writes to is refused, not waited for", async () => {
    const cwd = workDir();
    execFileSync("mkfifo", [join(cwd, "pipe")]);
    const { code, stderr } = await evscope(["import", "pipe"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("evscope import - < pipe");
  });

  it("following the advice for an ID under an unknown name finds it", async () => {
    const cwd = workDir();
    const message = JSON.stringify({ level: "INFO", bookingRef: "BR-4711", requestId: "11111111-1111-4111-8111-111111111111" });
    const event = { timestamp: 1_764_000_000_000, message, logGroup: "/aws/lambda/x", logStreamName: "s" };
    writeFileSync(join(cwd, "in.ndjson"), `${JSON.stringify(event)}\n`);
    await evscope(["import", "in.ndjson"], { cwd });
    const missing = await evscope(["trace", "BR-4711"], { cwd });
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("correlation.keys in evscope.yaml and import into a new folder (--data)");
    writeFileSync(join(cwd, "evscope.yaml"), "correlation:\n  keys: [bookingRef]\n");
    await evscope(["import", "in.ndjson", "--data", "new"], { cwd });
    expect((await evscope(["trace", "BR-4711", "--data", "new"], { cwd })).stdout).toContain("BR-4711");
  });

  it("an ID of any length fits the message", async () => {
    const cwd = workDir();
    const event = { timestamp: 1_764_000_000_000, message: "x", logGroup: "/aws/lambda/x", logStreamName: "s" };
    writeFileSync(join(cwd, "in.ndjson"), `${JSON.stringify(event)}\n`);
    await evscope(["import", "in.ndjson"], { cwd });
    const { code, stderr } = await evscope(["trace", "a".repeat(5000)], { cwd });
    expect(code).toBe(2);
    expect(stderr.length).toBeLessThan(1000);
  });
});

describe("the system refuses", () => {
  // messages as Node 24 and DuckDB 1.5 write them
  it.each([
    ["ENOSPC: no space left on device, write", 2, "the disk is full"],
    [
      'IO Error: Could not write file "d/tmp/1/invocations-20468.parquet": No space left on device',
      2,
      "the disk is full: d/tmp/1/invocations-20468.parquet",
    ],
    ["EACCES: permission denied, open 'd/v1/a.json'", 3, "no permission: d/v1/a.json"],
    ["EROFS: read-only file system, mkdir 'd/tmp'", 3, "the file system is read-only: d/tmp"],
  ])("%s", (message, exitCode, said) => {
    expect(systemError(new Error(message))).toMatchObject({ exitCode, message: said });
  });

  it("a bug of ours stays one", () => {
    expect(systemError(new TypeError("Cannot read properties of undefined (reading 'x')"))).toBeNull();
  });

  it.skipIf(!existsSync("/dev/full"))("a result that cannot be written: one line, exit code 2", async () => {
    const cwd = workDir();
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [bin, "demo", "--orders", "1"], { cwd, stdio: ["ignore", full, "pipe"] });
    closeSync(full);
    let stderr = "";
    child.stderr!.on("data", (data: Buffer) => (stderr += data.toString()));
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(2);
    expect(stderr).toBe("error: the disk is full\n");
  });
});

describe("signals", () => {
  it.skipIf(!posix).each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends an import that waits for its input, exit code %d", async (signal, code) => {
    const cwd = workDir();
    const child = spawn(process.execPath, [bin, "import", "-"], { cwd, stdio: ["pipe", "pipe", "pipe"] });
    const closed = new Promise((resolve) => child.on("close", resolve));
    // the writer is open, so its signal handlers are as well
    while (!existsSync(join(cwd, ".evscope", "tmp"))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill(signal);
    expect(await closed).toBe(code);
  });
});

describe("the Node that was brought", () => {
  it.skipIf(!posix)("cannot be started: one line", async () => {
    const root = workDir();
    mkdirSync(join(root, "bin"));
    mkdirSync(join(root, "node_modules", "node", "bin"), { recursive: true });
    copyFileSync(bin, join(root, "bin", "run.js"));
    writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module", version: "0.0.0" }));
    writeFileSync(join(root, "node_modules", "node", "bin", "node"), "");
    chmodSync(join(root, "node_modules", "node", "bin", "node"), 0o644);
    // what an old Node says of itself
    const preload = join(root, "old.cjs");
    writeFileSync(preload, 'Object.defineProperty(process.versions, "node", { value: "20.20.2" });');
    const child = spawn(process.execPath, ["--require", preload, join(root, "bin", "run.js"), "cost"], { cwd: root });
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(2);
    expect(stderr).toMatch(/^evscope cannot start the Node it brought \(EACCES\).*\n$/);
  });
});
