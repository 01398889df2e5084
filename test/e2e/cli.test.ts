/** The built CLI as a user meets it: exit codes, streams, messages. `npm test` builds it first. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { evscope } from "../support/cli.ts";

const workDir = (): string => mkdtempSync(join(tmpdir(), "evscope-e2e-"));

// Two functions of one order: `checkout` publishes an event that `ship` receives. Bills by hand at list price, us-east-1, x86:
// checkout 512 MB x 100 ms = 0.05 GB-s, ship 1024 MB x 200 ms = 0.2 GB-s; 0.25 GB-s x $0.0000166667 + 2 x $0.0000002 = $0.000004566675
const T0 = Date.UTC(2026, 10, 20, 10, 0, 0);
const A = "11111111-1111-4111-8111-111111111111";
const B = "22222222-2222-4222-8222-222222222222";
const EVENT = "33333333-3333-4333-8333-333333333333";
const TAB = "\t";

function report(id: string, duration: string, billed: number, memory: number): string {
  return [
    `REPORT RequestId: ${id}`,
    `Duration: ${duration} ms`,
    `Billed Duration: ${billed} ms`,
    `Memory Size: ${memory} MB`,
    "Max Memory Used: 80 MB",
    "\n",
  ].join(TAB);
}

function lines(fn: string, at: number, messages: [number, string][]): object {
  return {
    messageType: "DATA_MESSAGE",
    owner: "111122223333",
    logGroup: `/aws/lambda/${fn}`,
    logStream: "2026/11/20/[$LATEST]abc",
    subscriptionFilters: ["all"],
    logEvents: messages.map(([ms, message], i) => ({ id: `${at}${ms}${i}`, timestamp: at + ms, message })),
  };
}

const checkout = lines("checkout", T0, [
  [0, `START RequestId: ${A} Version: $LATEST\n`],
  [10, JSON.stringify({ level: "INFO", message: "order accepted", function_request_id: A, correlation_id: "order-0042" })],
  [
    60,
    JSON.stringify({
      level: "INFO",
      message: "published",
      function_request_id: A,
      correlation_id: "order-0042",
      response: { FailedEntryCount: 0, Entries: [{ EventId: EVENT }] },
    }),
  ],
  [100, `END RequestId: ${A}\n`],
  [100, report(A, "99.20", 100, 512)],
]);
const ship = lines("ship", T0, [
  [400, `START RequestId: ${B} Version: $LATEST\n`],
  [
    405,
    JSON.stringify({
      level: "INFO",
      message: {
        version: "0",
        id: EVENT,
        "detail-type": "OrderPlaced",
        source: "shop",
        account: "111122223333",
        time: new Date(T0 + 60).toISOString(),
        region: "us-east-1",
        resources: [],
        detail: { correlationId: "order-0042" },
      },
      function_request_id: B,
      correlation_id: "order-0042",
    }),
  ],
  [600, `END RequestId: ${B}\n`],
  [600, report(B, "199.90", 200, 1024)],
]);

describe("a first session", () => {
  let cwd = "";
  beforeAll(async () => {
    cwd = workDir();
    mkdirSync(join(cwd, "export"));
    writeFileSync(join(cwd, "export", "checkout.json"), JSON.stringify(checkout));
    writeFileSync(join(cwd, "export", "anything.bin"), gzipSync(JSON.stringify(ship)));
    const ran = await evscope(["import", "export", "--format", "json"], { cwd });
    expect(ran.stderr).toBe("");
    expect(ran.code).toBe(0);
    const { files } = JSON.parse(ran.stdout);
    expect(files.map((f: { path: string }) => f.path)).toHaveLength(2);
    expect(
      files.every(
        (f: { error: string | null; skipped: number; format: string; records: number }) =>
          f.error === null && f.skipped === 0 && f.format.startsWith("aws.") && f.records > 0,
      ),
    ).toBe(true);
  });

  it("traces the correlation ID over both functions", async () => {
    const { code, stdout } = await evscope(["trace", "order-0042", "--format", "json"], { cwd });
    expect(code).toBe(0);
    const { chain } = JSON.parse(stdout);
    expect(chain).toMatchObject({ id: "order-0042", complete: true, endToEndMs: 600, problems: [] });
    expect(chain.hops.map((h: { function: string }) => h.function)).toEqual(["checkout", "ship"]);
    expect(chain.edges).toEqual([expect.objectContaining({ from: chain.hops[0].id, to: chain.hops[1].id })]);
    expect(chain.edges[0].confidence).toBeGreaterThanOrEqual(0.9);
    const covered = chain.criticalPath.reduce((sum: number, s: { fromMs: number; toMs: number }) => sum + s.toMs - s.fromMs, 0);
    expect(covered).toBeCloseTo(600, 6);
  });

  it.each([A, EVENT, B.toUpperCase()])("finds the same chain by %s", async (id) => {
    const { code, stdout } = await evscope(["trace", id, "--format", "json"], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).chain.hops.map((h: { function: string }) => h.function)).toEqual(["checkout", "ship"]);
  });

  it("prints a waterfall that fits the terminal", async () => {
    const { code, stdout, stderr } = await evscope(["trace", "order-0042"], { cwd, env: { COLUMNS: "100" } });
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain("checkout");
    expect(stdout).toContain("ship");
    expect(Math.max(...stdout.split("\n").map((line) => [...line].length))).toBeLessThanOrEqual(100);
  });

  it("bills what the log says, to the last digit", async () => {
    const { code, stdout } = await evscope(["cost", "--by", "function", "--format", "json"], { cwd });
    expect(code).toBe(0);
    const { rows } = JSON.parse(stdout);
    const of = (fn: string): { [key: string]: number } => rows.find((row: { function: string }) => row.function === fn);
    expect(of("checkout")).toMatchObject({ cloud: "aws", invocations: 1, billedMs: 100, gbSeconds: 0.05, unknown: 0 });
    expect(of("ship")).toMatchObject({ cloud: "aws", invocations: 1, billedMs: 200, gbSeconds: 0.2, unknown: 0 });
    expect(of("checkout")["usd"]! + of("ship")["usd"]!).toBeCloseTo(0.000004566675, 12);
  });

  it("costs files directly, without a dataset", async () => {
    const { code, stdout } = await evscope(["cost", join(cwd, "export"), "--format", "csv"], { cwd: workDir() });
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toMatch(/function/);
    expect(stdout).toContain("checkout");
  });

  it("importing again changes nothing", async () => {
    const before = (await evscope(["dataset", "info", "--format", "json"], { cwd })).stdout;
    expect((await evscope(["import", "export"], { cwd })).code).toBe(0);
    expect((await evscope(["dataset", "info", "--format", "json"], { cwd })).stdout).toBe(before);
  });

  it("says where it looked for an ID that is not there, and what is near", async () => {
    const { code, stdout, stderr } = await evscope(["trace", "order-0043"], { cwd });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("not in the dataset");
    expect(stderr).toContain("did you mean order-0042");
  });

  it("reads stdin", async () => {
    const other = workDir();
    const ran = await evscope(["import", "-", "--format", "json"], { cwd: other, stdin: JSON.stringify(ship) });
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout).files[0]).toMatchObject({ path: "-", skipped: 0, error: null });
  });

  it("lists chains as CSV", async () => {
    const { code, stdout } = await evscope(["chains", "--format", "csv"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain("order-0042");
  });
});

describe("when something is wrong", () => {
  it("a broken record is named with its line, the rest is imported, exit code 4", async () => {
    const cwd = workDir();
    const event = (n: number): string =>
      JSON.stringify({
        timestamp: T0 + n,
        message: `line ${n} correlation_id=order-${1000 + n}`,
        logStreamName: "s",
        logGroup: "/aws/lambda/x",
      });
    writeFileSync(join(cwd, "a.ndjson"), [event(1), '{"timestamp": 12, "message": "cut', event(3), ""].join("\n"));
    const { code, stdout, stderr } = await evscope(["import", "a.ndjson"], { cwd });
    expect(code).toBe(4);
    expect(stdout + stderr).toMatch(/a\.ndjson:2/);
    expect((await evscope(["trace", "order-1003"], { cwd })).stdout).toContain("order-1003");
  });

  it("an unknown format is refused with what was looked for, exit code 2", async () => {
    const cwd = workDir();
    writeFileSync(join(cwd, "notes.md"), "# Notes\n\nNothing to see.\n");
    const { code, stdout, stderr } = await evscope(["import", "notes.md"], { cwd });
    expect(code).toBe(2);
    expect(stdout + stderr).toMatch(/looked for/i);
    expect(stdout + stderr).not.toMatch(/at .*\.js:\d+/);
  });

  it.each([
    [["import", "nowhere.json"], /nowhere\.json/],
    [["trace", "x-1"], /evscope (demo|import)/],
    [["cost"], /evscope (demo|import)/],
    [["trace"], /id/i],
    [["frobnicate"], /frobnicate/],
    [["cost", "--by", "nonsense"], /--by/],
  ])("%j: exit code 2 and what to do", async (args, message) => {
    const { code, stdout, stderr } = await evscope(args, { cwd: workDir() });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("control characters of the telemetry never reach the terminal", async () => {
    const cwd = workDir();
    const nasty = "order-\u001b[31m7";
    const event = {
      timestamp: T0,
      message: JSON.stringify({ correlation_id: nasty, message: "\u001b]0;owned\u0007", function_name: "evil\u001b[2J" }),
      logGroup: "/aws/lambda/evil\u001b[2J",
      logStreamName: "s",
    };
    writeFileSync(join(cwd, "n.ndjson"), JSON.stringify(event) + "\n");
    await evscope(["import", "n.ndjson"], { cwd });
    for (const args of [["chains"], ["cost"], ["trace", nasty], ["dataset", "info"]]) {
      const { stdout, stderr } = await evscope(args, { cwd });
      // oxlint-disable-next-line no-control-regex
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
    }
  });
});

describe("manners", () => {
  it("--version and --help", async () => {
    const cwd = workDir();
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect((await evscope(["--version"], { cwd })).stdout).toBe(`evscope ${version}\n`);
    const help = await evscope(["--help"], { cwd });
    for (const command of ["import", "trace", "chains", "cost", "demo", "dataset"]) expect(help.stdout).toContain(command);
    for (const command of ["import", "trace", "chains", "cost"]) {
      const own = await evscope([command, "--help"], { cwd });
      expect(own.code).toBe(0);
      expect(own.stdout).toMatch(/EXAMPLES/);
      expect(own.stdout).toMatch(/Exit codes/);
      expect(own.stdout).toMatch(/130\s+stopped/);
    }
  });

  it("the demo runs without account, network or configuration, and says what to try next", async () => {
    const { code, stdout, stderr } = await evscope(["demo", "--orders", "12"], { cwd: workDir() });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("What to try next");
    for (const command of ["trace", "filters", "batching", "ttl", "import"])
      expect(stdout.split("What to try next")[1]).toContain(`evscope ${command} `);
    expect(stdout).not.toMatch(/\b(NaN|undefined|Infinity|\[object)/);
  });
});
