/**
 * Measures a function at several memory sizes on versions of a copy (see probe-twin.ts for why a copy): one discarded run each, then
 * rounds of one warm run per size, interleaved (ABC ABC), all sizes of a round with the same payload, so that a slow minute of the
 * platform or a heavy payload weighs on all sizes alike.
 */
import { UserError } from "../../model/errors.ts";
import type { ResourceRef } from "../../model/plan.ts";
import type { Invocation, Outcome } from "../../model/records.ts";
import type { ProbeRuns } from "../../model/sizing.ts";
import type { EpochMs } from "../../model/units.ts";
import type { LiveContext, Prober, Target } from "../room.ts";
import { AwsError, type AwsApi } from "./api.ts";
import type { PlatformLine } from "./platform-fields.ts";
import { parsePlatformLine } from "./platform-line.ts";
import { createTwin, deleteTwin, logGroupOf, type Original, publishSizes, readOriginal } from "./probe-twin.ts";
import { list, num, obj, type Obj, text } from "./schema.ts";
import { asUserError, reworded } from "./user-error.ts";

/** Longest init of a new environment (10 s, then once more inside the invocation), and time for the way. */
const BESIDE_TIMEOUT_MS = 30_000;
/** How often, and how far apart, a REPORT line is looked for in the log group of an endpoint that does not return it. */
const LOOKS = 8;
const LOOK_EVERY_MS = 250;

/** A version of the copy, and what was measured on it. */
interface Size {
  version: string;
  runs: ProbeRuns;
}

/** What all invocations of one probe share. */
interface Bench {
  ref: ResourceRef;
  original: Original;
  twin: string;
  /** Requests whose line was found in the log group. */
  seen: Set<string>;
}

/** The prober of one account and region. */
export function openProber(api: AwsApi, target: Target, context: LiveContext): Prober {
  return {
    async probe(ref, options) {
      const original = await readOriginal(api, ref);
      const invocations: Invocation[] = [];
      const runs = options.sizesMib.map((memoryMib): ProbeRuns => ({
        memoryMib,
        durationsMs: [],
        billedMs: [],
        initMs: null,
        maxUsedMib: null,
        discardedBilledMs: null,
      }));
      if (!options.mayGoOn(runs)) return { runs, leftBehind: [], invocations, stopped: null };
      const twin = await createTwin(api, context, ref, original, options.sizesMib[0]!);
      let stopped: string | null = null;
      let deleted = false;
      try {
        const versions = await publishSizes(api, context, twin, options.sizesMib);
        const sizes = versions.map((version, i): Size => ({ version, runs: runs[i]! }));
        const bench: Bench = { ref, original, twin, seen: new Set() };
        stopped = await measure(bench, sizes, options, invocations);
      } catch (error) {
        throw asUserError(error, `probe ${ref.name} in ${target.region} (${target.name})`);
      } finally {
        deleted = await deleteTwin(api, context, twin);
        if (!deleted)
          context.host.warn(`${twin} could not be deleted; it costs nothing at rest: aws lambda delete-function --function-name ${twin}`);
      }
      return { runs, leftBehind: deleted ? [] : [twin], invocations, stopped };
    },
  };

  /** Runs round after round; returns why it ended early, null: all rounds were run or the caller had enough. */
  async function measure(
    bench: Bench,
    sizes: readonly Size[],
    options: Parameters<Prober["probe"]>[1],
    invocations: Invocation[],
  ): Promise<string | null> {
    for (let round = 0; round <= options.rounds; round++) {
      if (round > 0 && !options.mayGoOn(sizes.map((size) => size.runs))) return null;
      const payload = options.payloads[Math.max(0, round - 1) % options.payloads.length] ?? "{}";
      for (const size of sizes) {
        context.signal.throwIfAborted();
        const invocation = await invokeOnce(bench, size, payload);
        invocations.push(invocation);
        if (invocation.outcome !== "ok")
          return `at ${size.runs.memoryMib} MiB the function ended with ${invocation.outcome}${invocation.errorType === null ? "" : ` (${invocation.errorType})`}: nothing more was sent`;
        note(size.runs, invocation, round === 0);
      }
      context.host.progress("probe", round + 1, options.rounds + 1, "rounds");
    }
    return null;
  }

  async function invokeOnce(bench: Bench, size: Size, payload: string): Promise<Invocation> {
    const startedAt = context.clock.now();
    const input = {
      FunctionName: bench.twin,
      Qualifier: size.version,
      InvocationType: "RequestResponse",
      LogType: "Tail",
      Payload: new TextEncoder().encode(payload),
    };
    const options = { timeoutMs: bench.original.timeoutS * 1000 + BESIDE_TIMEOUT_MS, once: true };
    const answer = await api.call("lambda:Invoke", input, options).catch((error: unknown) => {
      throw error instanceof AwsError ? reworded(error, `${error.code} (its words are left out: they may repeat the payload)`) : error;
    });
    const report = reportIn(tailOf(answer)) ?? (await reportInLogs(bench, size, startedAt));
    if (report === null)
      throw new UserError(
        `no REPORT line of the probe's run at ${size.runs.memoryMib} MiB was found: nothing can be measured on this endpoint`,
      );
    return invocationOf(bench, size, report, failureIn(answer, report), startedAt, context.clock.now());
  }

  /** Endpoints exist that leave the platform's lines out of the tail. Runs are one after another, so that the newest line of the version is ours. */
  async function reportInLogs(bench: Bench, size: Size, startedAt: EpochMs): Promise<PlatformLine | null> {
    for (let look = 0; look < LOOKS; look++) {
      if (look > 0) await context.clock.sleep(LOOK_EVERY_MS, context.signal);
      const found = await newLines(bench, startedAt).catch((error: unknown) => {
        if (error instanceof AwsError && (error.kind === "not-found" || error.kind === "denied")) return [];
        throw error;
      });
      for (const event of found.reverse()) {
        const report = reportIn([text(event["message"]) ?? ""]);
        const ours =
          report !== null && report.memoryMib === size.runs.memoryMib && (text(event["logStreamName"]) ?? "").includes(`[${size.version}]`);
        if (!ours || bench.seen.has(report.requestId ?? "")) continue;
        bench.seen.add(report.requestId ?? "");
        return report;
      }
    }
    return null;
  }

  async function newLines(bench: Bench, startedAt: EpochMs): Promise<Obj[]> {
    const page = await api.call("logs:FilterLogEvents", {
      logGroupName: logGroupOf(bench.original.configuration),
      startTime: startedAt,
      filterPattern: '"REPORT RequestId"',
    });
    return list(page["events"])
      .map(obj)
      .filter((event) => event !== null)
      .sort((a, b) => (num(a["timestamp"]) ?? 0) - (num(b["timestamp"]) ?? 0));
  }
}

/** The last 4 KB of the log, https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
function tailOf(answer: Obj): string[] {
  return Buffer.from(text(answer["LogResult"]) ?? "", "base64")
    .toString("utf8")
    .split("\n");
}

function reportIn(lines: readonly string[]): PlatformLine | null {
  for (const line of lines.toReversed()) {
    const found = line.includes("REPORT ") || line.includes("platform.report") ? parsePlatformLine(line) : null;
    if (found?.kind === "report") return found;
  }
  return null;
}

/** How a failed run ended; null: it did not fail. The payload that comes back is the user's, only its error type is read. */
function failureIn(answer: Obj, report: PlatformLine): { outcome: Outcome; errorType: string | null } | null {
  if (text(answer["FunctionError"]) === null && (report.status === null || report.status === "success")) return null;
  const payload = Buffer.from(text(answer["Payload"]) ?? "", "base64").toString("utf8");
  const errorType = report.errorType ?? /"errorType"\s*:\s*"([\w.]{1,100})"/.exec(payload)?.[1] ?? null;
  if (report.status === "timeout" || /Task timed out after/.test(payload)) return { outcome: "timeout", errorType };
  return { outcome: errorType === "Runtime.OutOfMemory" || /signal: killed/.test(payload) ? "oom" : "error", errorType };
}

/** The run as a record of the function that is probed, so that the engine counts it as evidence about it. Its cost was real too. */
function invocationOf(
  { ref, original }: Bench,
  size: Size,
  report: PlatformLine,
  failure: { outcome: Outcome; errorType: string | null } | null,
  startedAt: EpochMs,
  endedAt: EpochMs,
): Invocation {
  const architecture = text(list(original.configuration["Architectures"])[0]);
  return {
    type: "invocation",
    cloud: "aws",
    account: ref.account,
    region: ref.region,
    fn: ref.name,
    version: null,
    requestId: report.requestId ?? `probe-${startedAt}-${size.version}`,
    startedAt,
    endedAt,
    durationMs: report.durationMs,
    billedMs: report.billedMs,
    memoryMib: report.memoryMib ?? size.runs.memoryMib,
    maxMemoryMib: report.emulator ? null : report.maxMemoryMib,
    vcpu: null,
    initMs: report.initMs,
    restoreMs: report.restoreMs,
    billedRestoreMs: report.billedRestoreMs,
    coldStart: report.coldStart,
    outcome: failure?.outcome ?? "ok",
    errorType: failure?.errorType ?? null,
    traceId: null,
    spanId: null,
    parentSpanId: null,
    stream: null,
    architecture: architecture === "arm64" || architecture === "x86_64" ? architecture : null,
    plan: null,
    trigger: "probe",
    weight: 1,
    emulator: report.emulator,
    seenIn: "platform-log",
    ids: [],
  };
}

/** Adds a run to the figures of its size; the first one and cold ones are no measurement of a warm run. */
function note(runs: ProbeRuns, one: Invocation, discarded: boolean): void {
  if (one.initMs !== null) runs.initMs ??= one.initMs;
  if (one.maxMemoryMib !== null) runs.maxUsedMib = Math.max(runs.maxUsedMib ?? 0, one.maxMemoryMib);
  if (discarded || one.coldStart === true) {
    if (one.billedMs !== null) runs.discardedBilledMs = (runs.discardedBilledMs ?? 0) + one.billedMs;
    return;
  }
  if (one.durationMs !== null) runs.durationsMs.push(one.durationMs);
  if (one.billedMs !== null) runs.billedMs.push(one.billedMs);
}
