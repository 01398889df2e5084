/**
 * `npm run bench:scale [-- --functions 2000 --requests-per-s 10 --latency-ms 50]`: the built CLI collects inventory, metrics and an hour of
 * logs of a region with many functions, from a fake AWS that refuses what comes too fast. Beside the seconds: what the rate limit allows at best.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type FakeAws, startFakeAws, type Stats } from "./fake-aws.ts";

const { values } = parseArgs({
  options: {
    functions: { type: "string", default: "2000" },
    "requests-per-s": { type: "string", default: "10" },
    "latency-ms": { type: "string", default: "50" },
  },
});
const [functions, requestsPerS, latencyMs] = [Number(values.functions), Number(values["requests-per-s"]), Number(values["latency-ms"])];
const bin = fileURLToPath(new URL("../../bin/run.js", import.meta.url));

interface Ran {
  code: number | null;
  seconds: number;
  peakMib: number;
  stdout: string;
  stderr: string;
}

/** Peak memory as the kernel counts it, looked at while the child lives; 0 where there is no /proc. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

async function collect(cwd: string, url: string, window: readonly string[]): Promise<Ran> {
  const began = performance.now();
  const env = {
    PATH: process.env["PATH"],
    HOME: cwd,
    CI: "true",
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const child = spawn(process.execPath, [bin, "collect", ...window, "--format", "json"], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => out.push(data));
  child.stderr.on("data", (data: Buffer) => err.push(data));
  let peakMib = 0;
  const watch = setInterval(() => (peakMib = Math.max(peakMib, peakOf(child.pid!))), 100);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(watch);
  return {
    code,
    seconds: (performance.now() - began) / 1000,
    peakMib,
    stdout: Buffer.concat(out).toString(),
    stderr: Buffer.concat(err).toString(),
  };
}

interface Row {
  run: string;
  seconds: number;
  bound: number;
  calls: number;
  refused: number;
  failed: number;
  records: number;
  peakMib: number;
}

/** `before`: what the server had counted before this run. */
function rowOf(name: string, ran: Ran, fake: FakeAws, before: Stats): Row {
  if (ran.code !== 0) throw new Error(`collect ended with ${ran.code}: ${ran.stderr}${ran.stdout.slice(0, 2000)}`);
  const { totals, gaps } = JSON.parse(ran.stdout) as { totals: { windowsFailed: number; added: number }; gaps: unknown[] };
  const done = Object.entries(fake.stats).map(([family, { calls, throttled }]) => ({
    calls: calls - (before[family]?.calls ?? 0),
    throttled: throttled - (before[family]?.throttled ?? 0),
  }));
  const busiest = Math.max(...done.map((one) => one.calls));
  return {
    run: name,
    seconds: ran.seconds,
    // a bucket starts full
    bound: Math.max(0, busiest - requestsPerS) / requestsPerS,
    calls: done.reduce((sum, one) => sum + one.calls, 0),
    refused: done.reduce((sum, one) => sum + one.throttled, 0),
    failed: totals.windowsFailed + gaps.length,
    records: totals.added,
    peakMib: ran.peakMib,
  };
}

const cwd = mkdtempSync(join(tmpdir(), "evscope-scale-"));
const fake = await startFakeAws({ functions, requestsPerS, latencyMs });
try {
  const accounts = [{ name: "bench", regions: ["us-east-1"] }];
  writeFileSync(join(cwd, "evscope.yaml"), JSON.stringify({ aws: { accounts, requestsPerSecond: requestsPerS } }));
  const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const window = (from: number, to: number): string[] => ["--since", `${day}T${from}:00`, "--until", `${day}T${to}:00`];
  const rows: Row[] = [];
  for (const [name, span] of [
    ["first hour", window(10, 11)],
    ["same hour again", window(10, 11)],
    ["next hour", window(10, 12)],
  ] as const) {
    const before = structuredClone(fake.stats);
    rows.push(rowOf(name, await collect(cwd, fake.url, span), fake, before));
    console.error(`${name}: ${rows.at(-1)!.seconds.toFixed(1)} s`);
  }
  console.log(`${functions} functions; ${latencyMs} ms latency, ${requestsPerS} requests/s per API family\n`);
  console.log("run              seconds  rate's bound  calls  per function  refused and repeated  failed  new records  peak MiB");
  for (const row of rows) {
    const cells = [
      row.run.padEnd(16),
      row.seconds.toFixed(1).padStart(7),
      row.bound.toFixed(1).padStart(12),
      String(row.calls).padStart(6),
      (row.calls / functions).toFixed(2).padStart(13),
      String(row.refused).padStart(20),
      String(row.failed).padStart(7),
      String(row.records).padStart(12),
      row.peakMib.toFixed(0).padStart(9),
    ];
    console.log(cells.join(" "));
  }
  for (const [family, { calls, throttled }] of Object.entries(fake.stats)
    .sort((a, b) => b[1].calls - a[1].calls)
    .slice(0, 6))
    console.log(`  ${family}: ${calls} calls, ${throttled} refused`);
  if (rows.some((row) => row.failed > 0)) process.exitCode = 1;
} finally {
  await fake.close();
  rmSync(cwd, { recursive: true, force: true });
}
