import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePlatformLine } from "../../../../src/clouds/aws/platform-line.ts";
import { shared } from "../../../support/shared.ts";

const variants = shared("corpora/splits/lambda-variants.dev.ndjson");
const ID = "5f0c7a1e-9b1d-4c58-8a3e-2f6d1b7c9e04";

/** The collector's names of fields, where ours differ. */
const OURS: { [theirs: string]: string } = { memoryMb: "memoryMib", maxMemoryMb: "maxMemoryMib" };

function pick(raw: string, wanted: object): object {
  const found = parsePlatformLine(raw) as unknown as { [key: string]: unknown };
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, found[key]]));
}

describe("recorded platform lines", () => {
  const cases =
    variants === null
      ? []
      : readFileSync(variants, "utf8")
          .trim()
          .split("\n")
          .map((l) => JSON.parse(l));
  it.skipIf(variants === null)("are all there", () => expect(cases).toHaveLength(34));
  for (const { id, raw, expected } of cases) {
    it(id, () => {
      const wanted = Object.fromEntries(Object.entries(expected).map(([key, value]) => [OURS[key] ?? key, value]));
      expect(pick(raw, wanted)).toEqual(wanted);
    });
  }
});

/** Forms that the vendor's pages and public logs show, in lines of our own; each figure can be read off the line beside it. */
const FORMS: [name: string, raw: string, wanted: object][] = [
  [
    "REPORT of 1 ms era",
    `REPORT RequestId: ${ID}\tDuration: 155.51 ms\tBilled Duration: 156 ms\tMemory Size: 1769 MB\tMax Memory Used: 40 MB\t\n`,
    {
      kind: "report",
      requestId: ID,
      durationMs: 155.51,
      billedMs: 156,
      memoryMib: 1769,
      maxMemoryMib: 40,
      initMs: null,
      coldStart: false,
      snapStart: false,
      emulator: false,
      status: null,
    },
  ],
  [
    "REPORT with init billed: 31.92 + 811.55 = 843.47",
    `REPORT RequestId: ${ID}\tDuration: 31.92 ms\tBilled Duration: 844 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tInit Duration: 811.55 ms\t\n`,
    { kind: "report", billedMs: 844, initMs: 811.55, initBilled: true, coldStart: true },
  ],
  [
    "REPORT with init not billed",
    `REPORT RequestId: ${ID}\tDuration: 31.92 ms\tBilled Duration: 32 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tInit Duration: 811.55 ms\t\n`,
    { initBilled: false },
  ],
  [
    "REPORT of 100 ms steps, init not billed",
    `REPORT RequestId: ${ID}\tDuration: 103.25 ms\tBilled Duration: 200 ms \tMemory Size: 128 MB\tMax Memory Used: 60 MB\tInit Duration: 411.5 ms\t\n`,
    { billedMs: 200, initBilled: false },
  ],
  [
    "REPORT where init fits both ways says nothing",
    `REPORT RequestId: ${ID}\tDuration: 31.10 ms\tBilled Duration: 32 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tInit Duration: 0.42 ms\t\n`,
    { initBilled: null },
  ],
  [
    "billed one step above the duration",
    `REPORT RequestId: ${ID}\tDuration: 153.00 ms\tBilled Duration: 154 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n`,
    { durationMs: 153, billedMs: 154 },
  ],
  [
    "REPORT with status and error type",
    `REPORT RequestId: ${ID}\tDuration: 44.00 ms\tBilled Duration: 44 ms\tMemory Size: 256 MB\tMax Memory Used: 256 MB\tStatus: error\tError Type: Runtime.OutOfMemory\n`,
    { kind: "report", status: "error", errorType: "Runtime.OutOfMemory" },
  ],
  [
    "REPORT and X-Ray on one line, spaces only",
    `REPORT RequestId: ${ID} Duration: 21.50 ms Billed Duration: 48 ms Memory Size: 512 MB Max Memory Used: 90 MB Restore Duration: 398.97 ms Billed Restore Duration: 26 ms XRAY TraceId: 1-66d978e5-56c7378e556e94b5461da07c SegmentId: 29c3839e6ecb5895 Sampled: true`,
    {
      kind: "report",
      durationMs: 21.5,
      billedMs: 48,
      memoryMib: 512,
      maxMemoryMib: 90,
      restoreMs: 398.97,
      billedRestoreMs: 26,
      snapStart: true,
      coldStart: true,
      xrayTraceId: "1-66d978e5-56c7378e556e94b5461da07c",
      segmentId: "29c3839e6ecb5895",
      sampled: true,
    },
  ],
  [
    "REPORT with billed restore before restore",
    `REPORT RequestId: ${ID}\tBilled Restore Duration: 26 ms\tRestore Duration: 398.97 ms\tDuration: 21.50 ms\tBilled Duration: 48 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB`,
    { durationMs: 21.5, billedMs: 48, restoreMs: 398.97, billedRestoreMs: 26, emulator: false },
  ],
  [
    "REPORT with single spaces",
    `REPORT RequestId: ${ID} Duration: 198.79 ms Billed Duration: 332 ms Memory Size: 256 MB Max Memory Used: 38 MB Init Duration: 132.79 ms`,
    { durationMs: 198.79, billedMs: 332, memoryMib: 256, maxMemoryMib: 38, initMs: 132.79, initBilled: true, emulator: false },
  ],
  [
    "REPORT escaped twice",
    `REPORT RequestId: ${ID}\\tDuration: 3003.16 ms\\tBilled Duration: 3000 ms\\tMemory Size: 128 MB\\tMax Memory Used: 35 MB\\t\\n`,
    { kind: "report", requestId: ID, durationMs: 3003.16, billedMs: 3000, memoryMib: 128, maxMemoryMib: 35 },
  ],
  ["REPORT that is garbage", "REPORT invalid report log line", { kind: "malformed", durationMs: null, billedMs: null }],
  [
    "REPORT of a third party",
    `REPORT RequestId: ${ID} Runtime Duration: 30000.00 ms Task timed out after 30.00 seconds`,
    { kind: "malformed", requestId: ID, durationMs: null, billedMs: null },
  ],
  ["START of a published version", `START RequestId: ${ID} Version: 56\n`, { kind: "start", requestId: ID, version: "56" }],
  [
    "START behind the prefix of sam logs",
    `2023/07/05/[56]374c97ca4f2b4b8ea2e5f8a1c0b1d2e3 2023-07-05T10:16:34.379000 START RequestId: ${ID} Version: 56`,
    { kind: "start", requestId: ID, version: "56" },
  ],
  ["START escaped twice", `START RequestId: ${ID} Version: $LATEST\\n`, { kind: "start", version: "$LATEST" }],
  ["END", `END RequestId: ${ID}\n`, { kind: "end", requestId: ID }],
  [
    "INIT_START with tabs",
    "INIT_START Runtime Version: python:3.11.v73\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0f1a\n",
    { kind: "init_start", runtimeVersion: "python:3.11.v73", runtimeVersionArn: "arn:aws:lambda:eu-west-1::runtime:0f1a" },
  ],
  [
    "INIT_REPORT of a timeout",
    "INIT_REPORT Init Duration: 9999.58 ms\tPhase: init\tStatus: timeout",
    { kind: "init_report", initMs: 9999.58, phase: "init", status: "timeout" },
  ],
  [
    "INIT_REPORT of a repeat",
    "INIT_REPORT Init Duration: 1712.41 ms   Phase: invoke   Status: error   Error Type: Runtime.Unknown",
    { phase: "invoke", status: "error", errorType: "Runtime.Unknown" },
  ],
  [
    "RESTORE_START",
    "RESTORE_START Runtime Version: java:21.v11\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:1",
    { kind: "restore_start", runtimeVersion: "java:21.v11" },
  ],
  ["RESTORE_REPORT", "RESTORE_REPORT Restore Duration: 412.10 ms", { kind: "restore_report", restoreMs: 412.1 }],
  ["timeout line", `2020-02-25T22:04:08.390Z ${ID} Task timed out after 3.00 seconds`, { kind: "error", requestId: ID, status: "timeout" }],
  [
    "killed runtime",
    `RequestId: ${ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError`,
    { kind: "error", requestId: ID, errorType: "Runtime.ExitError" },
  ],
  ["exit without reason", `RequestId: ${ID} Process exited before completing request`, { kind: "error", requestId: ID }],
  ["node line with level", `2019-06-19T12:45:35.624Z\t${ID}\tINFO\tAfter sleep`, { kind: "function", requestId: ID, level: "INFO" }],
  ["python line", `[WARNING]\t2021-05-03T11:47:12.494Z\t${ID}\tlow stock`, { kind: "function", requestId: ID, level: "WARN" }],
  [
    "python error without ID",
    "[ERROR] KeyError: 'sku'\nTraceback (most recent call last):",
    { kind: "function", requestId: null, level: "ERROR" },
  ],
  [
    "extension with a space in its events",
    "EXTENSION\tName: insights\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",
    { kind: "extension", name: "insights" },
  ],
  ["log subscription", "LOGS\tName: shipper\tState: Subscribed\tTypes: [Platform, Function]", { kind: "extension", name: "shipper" }],
  ["telemetry subscription", "TELEMETRY\tName: shipper\tState: Subscribed\tTypes: [Platform]", { kind: "extension", name: "shipper" }],
  ["Java out of memory", "Java heap space: java.lang.OutOfMemoryError\njava.lang.OutOfMemoryError: Java heap space", { kind: "oom" }],
  ["a talk about memory", "memory of last order kept", { kind: "function" }],
  [
    "platform.report with init billed: 1233.96 + 463.512 = 1697.472",
    JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      type: "platform.report",
      record: {
        requestId: ID,
        metrics: { durationMs: 1233.96, billedDurationMs: 1698, memorySizeMB: 512, maxMemoryUsedMB: 120, initDurationMs: 463.512 },
        status: "success",
      },
    }),
    {
      kind: "report",
      durationMs: 1233.96,
      billedMs: 1698,
      memoryMib: 512,
      maxMemoryMib: 120,
      initMs: 463.512,
      initBilled: true,
      coldStart: true,
      status: "success",
    },
  ],
  [
    "platform.report of Managed Instances",
    JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      type: "platform.report",
      record: { requestId: ID, status: "success", metrics: { durationMs: 2.524 } },
    }),
    { kind: "report", durationMs: 2.524, billedMs: null, memoryMib: null, maxMemoryMib: null, coldStart: null },
  ],
  [
    "platform.report without figures",
    JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      type: "platform.report",
      record: { requestId: ID, metrics: { durationMs: "soon" } },
    }),
    { kind: "malformed", durationMs: null },
  ],
  [
    "platform.report of a restore",
    JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      type: "platform.report",
      record: {
        requestId: ID,
        metrics: {
          durationMs: 10.5,
          billedDurationMs: 80,
          memorySizeMB: 512,
          maxMemoryUsedMB: 99,
          restoreDurationMs: 450.2,
          billedRestoreDurationMs: 69,
        },
        status: "success",
      },
    }),
    { restoreMs: 450.2, billedRestoreMs: 69, snapStart: true, coldStart: true },
  ],
  [
    "platform.start with tracing",
    JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      type: "platform.start",
      record: {
        requestId: ID,
        version: "$LATEST",
        tracing: {
          spanId: "54565fb41ac79632",
          type: "X-Amzn-Trace-Id",
          value: "Root=1-62e900b2-710d76f009d6e7785905449a;Parent=0efbd19962d95b05;Sampled=1",
        },
      },
    }),
    { kind: "start", version: "$LATEST", xrayTraceId: "1-62e900b2-710d76f009d6e7785905449a", segmentId: "54565fb41ac79632", sampled: true },
  ],
  [
    "platform.initStart",
    JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      type: "platform.initStart",
      record: {
        initializationType: "on-demand",
        phase: "init",
        runtimeVersion: "nodejs:22.v45",
        functionName: "orders",
        functionVersion: "$LATEST",
        instanceMaxMemory: 268435456,
      },
    }),
    { kind: "init_start", runtimeVersion: "nodejs:22.v45", functionName: "orders", phase: "init" },
  ],
  [
    "platform.runtimeDone",
    JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      type: "platform.runtimeDone",
      record: { requestId: ID, status: "error", errorType: "Error", metrics: { durationMs: 11.185 } },
    }),
    { kind: "runtime_done", requestId: ID, status: "error", errorType: "Error" },
  ],
  [
    "platform record that is a string",
    JSON.stringify({ time: "2026-01-02T03:04:05.678Z", type: "platform.fault", record: "RequestId: x Error" }),
    { kind: "platform" },
  ],
  [
    "pino level",
    JSON.stringify({ level: 50, time: 1735787045678, msg: "no stock", requestId: ID }),
    { kind: "function", level: "ERROR", requestId: ID },
  ],
  [
    "killed runtime, pasted with spaces",
    `RequestId: ${ID} Error: Runtime exited with error: signal: killed Runtime.ExitError`,
    { kind: "error", requestId: ID, errorType: "Runtime.ExitError" },
  ],
  [
    "timeout as an error text",
    `RequestId: ${ID} Error: Task timed out after 3.00 seconds`,
    { kind: "error", requestId: ID, status: "timeout" },
  ],
  ["timeout between tabs", `2020-02-25T22:04:08.390Z\t${ID}\tTask timed out after 3.00 seconds`, { kind: "error", status: "timeout" }],
  ["indented START", `    START RequestId: ${ID} Version: 7\n`, { kind: "start", requestId: ID, version: "7" }],
  [".NET line", `2024-05-01T12:00:00.123Z\t${ID}\twarn\tlow stock`, { kind: "function", requestId: ID, level: "WARN" }],
  [".NET failure", `2024-05-01T12:00:00.123Z\t${ID}\tfail\tno stock`, { requestId: ID, level: "ERROR" }],
  ["Ruby line", `W, [2024-05-01T12:00:00.123456 #8]  WARN -- ${ID}: low stock`, { kind: "function", requestId: ID, level: "WARN" }],
  ["python line with spaces", `[INFO] 2021-05-03T11:47:12.494Z ${ID} low stock`, { kind: "function", requestId: ID, level: "INFO" }],
  [
    "platform.fault in words",
    JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      type: "platform.fault",
      record: `RequestId: ${ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError`,
    }),
    { kind: "error", requestId: ID, errorType: "Runtime.ExitError" },
  ],
  [
    "function record of the Telemetry API",
    JSON.stringify({ time: "2026-01-02T03:04:05.678Z", type: "function", record: { level: "WARN", requestId: ID, message: "low stock" } }),
    { kind: "function", requestId: ID, level: "WARN" },
  ],
  ["empty line", "", { kind: "function", requestId: null, level: null }],
];

describe("forms of platform and function lines", () => {
  it.each(FORMS)("%s", (_name, raw, wanted) => {
    expect(pick(raw, wanted)).toEqual(wanted);
  });

  it("never gives a figure that is not finite", () => {
    for (const [, raw] of FORMS) {
      for (const value of Object.values(parsePlatformLine(raw))) if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
    }
  });
});
