/** What decides a bill beside time and memory comes from the telemetry and the configuration to the ledger. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { costOf } from "../../../src/app/cost.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { silentHost } from "../../../src/model/host.ts";
import type { CostRow, Ledger } from "../../../src/model/cost.ts";

const AT = Date.UTC(2026, 10, 1);
const id = (n: number): string => `3a2f1e0d-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** A FilterLogEvents answer of one function, one environment (stream) per list of lines. */
function exportOf(cwd: string, fn: string, streams: string[][]): string {
  const events = streams.flatMap((lines, s) =>
    lines.map((message, i) => ({
      logStreamName: `2026/11/01/[1]${String(s).padStart(32, "0")}`,
      timestamp: AT + s * 60_000 + i,
      message,
      ingestionTime: AT,
      eventId: `${s}-${i}`,
    })),
  );
  const path = join(cwd, `${fn}.json`);
  writeFileSync(path, JSON.stringify({ logGroupName: `/aws/lambda/${fn}`, events }));
  return path;
}

function configurationOf(cwd: string, fn: string, fields: object): string {
  const path = join(cwd, `${fn}-configuration.json`);
  writeFileSync(
    path,
    JSON.stringify({
      FunctionName: fn,
      FunctionArn: `arn:aws:lambda:us-east-1:111122223333:function:${fn}`,
      MemorySize: 1024,
      Timeout: 3,
      Architectures: ["x86_64"],
      Version: "$LATEST",
      ...fields,
    }),
  );
  return path;
}

const platform = (type: string, record: object): string =>
  JSON.stringify({ time: new Date(AT).toISOString(), type: `platform.${type}`, record });

function run(n: number, metrics: object): string[] {
  return [
    platform("start", { requestId: id(n), version: "1" }),
    platform("report", {
      requestId: id(n),
      status: "success",
      metrics: { memorySizeMB: 1024, maxMemoryUsedMB: 100, durationMs: 999.5, billedDurationMs: 1000, ...metrics },
    }),
  ];
}

async function ledgerOf(paths: string[], cwd: string, by: "function" | "chain" = "function"): Promise<Ledger> {
  const { ledger } = await costOf(cwd, paths, { by }, loadSettings(null, cwd), silentHost, new AbortController().signal);
  return ledger;
}

const usdBy = (row: CostRow): { [meter: string]: number } =>
  Object.fromEntries(row.lines.map((line) => [`${line.meter} ${line.variant}`.trim(), line.usd!]));

it("provisioned environments have a price of their own; what runs beside them has not", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-modes-"));
  const init = (kind: string): string =>
    platform("initStart", { initializationType: kind, phase: "init", functionName: "orders", functionVersion: "1" });
  const paths = [
    exportOf(cwd, "orders", [
      [init("provisioned-concurrency"), ...run(1, {}), ...run(2, {})],
      [init("on-demand"), ...run(3, {})],
    ]),
    configurationOf(cwd, "orders", {}),
  ];
  const { rows } = await ledgerOf(paths, cwd);
  // 2 x 1 GB-s x 0.0000097222; 1 GB-s x 0.0000166667; 3 requests
  expect(usdBy(rows[0]!)).toEqual({
    "lambda.duration x86_64": expect.closeTo(0.0000166667, 13),
    "lambda.duration x86_64 provisioned": expect.closeTo(0.0000194444, 13),
    "lambda.requests": expect.closeTo(0.0000006, 13),
  });
});

it("/tmp beyond 512 MiB and paid restores, as the configuration says", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-modes-"));
  const restored = { durationMs: 974.5, restoreDurationMs: 400, billedRestoreDurationMs: 25 };
  const paths = [
    exportOf(cwd, "python", [[...run(1, restored), ...run(2, {})]]),
    configurationOf(cwd, "python", { Runtime: "python3.13", EphemeralStorage: { Size: 10_240 } }),
    exportOf(cwd, "java", [run(3, restored)]),
    configurationOf(cwd, "java", { Runtime: "java21", EphemeralStorage: { Size: 512 } }),
  ];
  for (const by of ["function", "chain"] as const) {
    const { rows, unattributedLines } = await ledgerOf(paths, cwd, by);
    const of = (requests: number): CostRow => rows.find((row) => row.invocations === requests)!;
    if (by === "function") {
      // 9,728 MiB / 1024 x 2 s x 0.0000000309 = 0.0000005871; one restore of 1 GB
      expect(usdBy(of(2))).toEqual({
        "lambda.duration x86_64": expect.closeTo(0.0000333334, 13),
        "lambda.ephemeral-storage": expect.closeTo(0.0000005871, 13),
        "lambda.requests": expect.closeTo(0.0000004, 13),
        "lambda.snapstart-restores": expect.closeTo(0.0001397998, 13),
      });
      expect(Object.keys(usdBy(of(1)))).toEqual(["lambda.duration x86_64", "lambda.requests"]);
      // GB-s are those of memory alone
      expect(of(2).gbSeconds).toBeCloseTo(2, 12);
    }
    const lambda = [...rows.flatMap((row) => row.lines), ...unattributedLines].filter((line) => line.meter.startsWith("lambda."));
    // 0.0000333334 + 0.0000005871 + 0.0000004 + 0.0001397998 and 0.0000166667 + 0.0000002, in either grouping
    expect(lambda.reduce((sum, line) => sum + line.usd!, 0)).toBeCloseTo(0.0001741203 + 0.0000168667, 12);
  }
});
