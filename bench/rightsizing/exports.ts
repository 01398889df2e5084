/** A function's past as the CloudWatch exports it would have left: FilterLogEvents answers, text lines, JSON platform reports. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { normalCdf } from "../../src/analyzer/sizing/mixture.ts";
import { type Case, normal, oneOf } from "./cases.ts";
import { generator } from "./metrics.ts";

const ACCOUNT = "111122223333";
const REGION = "us-east-1";
const arn = (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;

/** Slow runs of no cause: two in a hundred take eight times as long. */
export const OUTLIERS = { share: 0.02, times: 8 };
/** A cold run takes so many times as long, after its init. */
export const COLD_TIMES = 1.6;
/** Share of runs that fail, where a function is in trouble. */
const TROUBLED = 0.04;

interface Run {
  at: number;
  version: string;
  stream: string;
  requestId: string;
  memoryMib: number;
  durationMs: number;
  billedMs: number;
  usedMib: number;
  initMs: number | null;
  status: "success" | "error" | "timeout";
  errorType: string | null;
}

/** Writes every function's files and, where it has any, its configuration. */
export function writeExports(cases: readonly Case[], dir: string, seed = 23): void {
  const random = generator(seed);
  mkdirSync(dir, { recursive: true });
  for (const one of cases) {
    const runs = runsOf(one, random);
    const extension = one.form === "text" ? "log" : "json";
    writeFileSync(join(dir, `${one.name}.${extension}`), FORMS[one.form](one, runs));
  }
  const configured = cases.filter((one, i) => one.asynchronous || i % 2 === 0);
  writeFileSync(join(dir, "functions.json"), JSON.stringify({ Functions: configured.map(configurationOf) }));
  const EventSourceMappings = cases.filter((one) => one.asynchronous).map(mappingOf);
  writeFileSync(join(dir, "mappings.json"), JSON.stringify({ EventSourceMappings }));
}

function runsOf(one: Case, random: () => number): Run[] {
  const runs: Run[] = [];
  const centre = (one.spells[0]!.from + one.spells.at(-1)!.to) / 2;
  const scale = 1 / trimmedOverMedian(one.noise);
  for (const spell of one.spells) {
    const mean = one.truth.find(({ memoryMib }) => memoryMib === spell.memoryMib)!.durationMs;
    const streams = Array.from(
      { length: one.sandboxes },
      () => `${new Date(spell.from).toISOString().slice(0, 10).replaceAll("-", "/")}/${one.name}[${spell.version}]${hex(32, random)}`,
    );
    for (let i = 0; i < spell.runs; i++) {
      const at = Math.round(spell.from + random() * (spell.to - spell.from - 3_600_000));
      const cold = random() < one.coldShare;
      const drift = (one.drift * (at - centre)) / (30 * 86_400_000);
      const slow = random() < OUTLIERS.share ? OUTLIERS.times : 1;
      const durationMs = mean * scale * Math.exp(one.noise * normal(random) + drift) * slow * (cold ? COLD_TIMES : 1);
      const limitMs = one.timeoutS * 1000;
      const failed = one.trouble !== "none" && (random() < TROUBLED || i === spell.runs - 1);
      const timedOut = (failed && one.trouble === "timeouts") || durationMs > limitMs;
      const outOfMemory = failed && one.trouble === "out of memory" && spell.memoryMib === Math.min(...one.seenMib);
      const lasted = timedOut ? limitMs : durationMs * (failed && one.trouble === "errors" ? 0.3 : 1);
      const initMs = cold ? one.initMs * Math.exp(0.2 * normal(random)) : null;
      runs.push({
        at,
        version: spell.version,
        stream: oneOf(streams, random),
        requestId: [8, 4, 4, 4, 12].map((length) => hex(length, random)).join("-"),
        memoryMib: spell.memoryMib,
        durationMs: Math.round(lasted * 100) / 100,
        billedMs: Math.ceil(lasted + (initMs ?? 0)),
        usedMib: outOfMemory ? spell.memoryMib : Math.min(spell.memoryMib, Math.round(one.usedMib * (0.9 + 0.1 * random()))),
        initMs: initMs === null ? null : Math.round(initMs * 100) / 100,
        status: timedOut ? "timeout" : outOfMemory || (failed && one.trouble === "errors") ? "error" : "success",
        errorType: outOfMemory ? "Runtime.OutOfMemory" : failed && one.trouble === "errors" ? "Function.Error" : null,
      });
    }
  }
  return runs.sort((a, b) => a.at - b.at);
}

/** 20 % trimmed mean of a log-normal distribution with median 1: mean between its quantiles 0.2 and 0.8. */
export function trimmedOverMedian(sd: number): number {
  const z = 0.8416212335729143;
  return (Math.exp(sd ** 2 / 2) * (normalCdf(z - sd) - normalCdf(-z - sd))) / 0.6;
}

const ended = (run: Run): number => Math.round(run.at + run.durationMs + (run.initMs ?? 0));

function reportLine(run: Run): string {
  const init = run.initMs === null ? "" : `Init Duration: ${run.initMs} ms\t`;
  const status = run.status === "success" ? "" : `Status: ${run.status}\t${run.errorType === null ? "" : `Error Type: ${run.errorType}\t`}`;
  return `REPORT RequestId: ${run.requestId}\tDuration: ${run.durationMs.toFixed(2)} ms\tBilled Duration: ${run.billedMs} ms\tMemory Size: ${run.memoryMib} MB\tMax Memory Used: ${run.usedMib} MB\t${init}${status}\n`;
}

function reportRecord(run: Run): string {
  return JSON.stringify({
    time: new Date(ended(run)).toISOString(),
    type: "platform.report",
    record: {
      requestId: run.requestId,
      metrics: {
        durationMs: run.durationMs,
        billedDurationMs: run.billedMs,
        memorySizeMB: run.memoryMib,
        maxMemoryUsedMB: run.usedMib,
        ...(run.initMs === null ? {} : { initDurationMs: run.initMs }),
      },
      status: run.status === "success" ? "success" : run.status === "timeout" ? "timeout" : "error",
      ...(run.errorType === null ? {} : { errorType: run.errorType }),
    },
  });
}

const FORMS: Record<Case["form"], (one: Case, runs: readonly Run[]) => string> = {
  filter: (_, runs) =>
    JSON.stringify({
      events: runs.map((run, i) => ({
        logStreamName: run.stream,
        timestamp: ended(run),
        message: reportLine(run),
        ingestionTime: ended(run) + 900,
        eventId: String(37_000_000_000_000 + i),
      })),
      searchedLogStreams: [],
    }),
  text: (_, runs) => runs.map((run) => `${run.stream} ${new Date(ended(run)).toISOString()} ${reportLine(run)}`).join(""),
  json: (one, runs) =>
    runs
      .map((run) =>
        JSON.stringify({
          logGroup: `/aws/lambda/${one.name}`,
          logStream: run.stream,
          timestamp: ended(run),
          message: reportRecord(run),
        }),
      )
      .join("\n"),
};

function configurationOf(one: Case): object {
  const current = one.spells.at(-1)!;
  return {
    FunctionName: one.name,
    FunctionArn: arn(one.name),
    Runtime: "nodejs22.x",
    MemorySize: current.memoryMib,
    Timeout: one.timeoutS,
    Version: "$LATEST",
    Architectures: ["x86_64"],
    LastModified: new Date(current.from - 60_000).toISOString(),
    RevisionId: "5c2ad9f4-0000-4000-8000-000000000001",
    PackageType: "Zip",
  };
}

const mappingOf = (one: Case): object => ({
  UUID: `m-${one.name}`,
  EventSourceArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:${one.name}`,
  FunctionArn: arn(one.name),
  State: "Enabled",
  BatchSize: 1,
});

function hex(length: number, random: () => number): string {
  return Array.from({ length }, () => "0123456789abcdef"[Math.floor(random() * 16)]).join("");
}
