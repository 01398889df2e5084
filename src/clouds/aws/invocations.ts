/**
 * Puts the lines of one invocation together: START, END, REPORT, and the error lines that the platform writes before or
 * after REPORT. Works in both orders (GetLogEvents gives the newest first) and holds a bounded number of invocations.
 */
import type { Invocation, Outcome } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { traceIdOf } from "../../model/ids.ts";
import type { Environment } from "./environment.ts";
import type { PlatformLine } from "./platform-fields.ts";

/** An invocation of which part has been seen. */
interface Run {
  requestId: string;
  env: Environment;
  startedAt: EpochMs | null;
  endedAt: EpochMs | null;
  version: string | null;
  report: PlatformLine | null;
  failure: Outcome | null;
  errorType: string | null;
  traceId: string | null;
  spanId: string | null;
  initFailed: boolean;
  /** Its REPORT came before its START: an export with the newest first. */
  backward: boolean;
  trigger: string | null;
}

/** How many reported invocations wait for a START or an error line of theirs, at least; released by so many, since a map's first entry is found slowly behind deleted ones. */
const HELD = 1_024;
/** How many invocations may be open at once, and how many reported IDs are remembered so that a late START does not open them again. */
const OPEN = 200_000;
const REMEMBERED = 65_536;

/** Two STARTs of one request this far apart are two attempts: Lambda waits a minute before it tries again. */
const ATTEMPT_GAP_MS = 1_000;

export interface Invocations {
  started(env: Environment, line: PlatformLine, at: EpochMs): void;
  ended(requestId: string | null, at: EpochMs): void;
  reported(env: Environment, line: PlatformLine, at: EpochMs): void;
  /** An INIT_REPORT: an init that failed, or that ran inside the invocation, makes that invocation a cold start. */
  initialised(env: Environment, line: PlatformLine, at: EpochMs): void;
  /** An error line of the platform or runtime about this invocation. */
  failed(requestId: string, outcome: Outcome, errorType: string | null): void;
  /** The runtime's own word on how it ended (`platform.runtimeDone`). */
  traced(requestId: string, traceId: string): void;
  triggered(requestId: string, trigger: string): void;
  /** Gives out everything still held: reported ones, then those whose end was not seen. */
  end(): void;
}

/** Calls `emit` once for each invocation, when nothing more is expected about it. */
export function invocations(emit: (invocation: Invocation) => void): Invocations {
  const open = new Map<string, Run>();
  const held = new Map<string, Run>();
  const done = new Set<string>();
  /** Failures named before anything else of their invocation (newest-first exports). */
  const failures = new Map<string, { outcome: Outcome; errorType: string | null }>();

  function run(requestId: string, env: Environment): Run {
    return {
      requestId,
      env,
      startedAt: null,
      endedAt: null,
      version: null,
      report: null,
      failure: null,
      errorType: null,
      traceId: null,
      spanId: null,
      initFailed: false,
      backward: false,
      trigger: env.probe ? "probe" : null,
    };
  }

  function release(r: Run): void {
    held.delete(r.requestId);
    if (r.startedAt === null) {
      if (done.size >= REMEMBERED) done.delete(done.values().next().value!);
      done.add(r.requestId);
    }
    emit(invocation(r));
  }

  function close(r: Run): void {
    open.delete(r.requestId);
    r.env.open -= 1;
    emit(invocation(r));
  }

  function known(requestId: string): Run | undefined {
    return open.get(requestId) ?? held.get(requestId);
  }

  return {
    started(env, line, at) {
      const requestId = line.requestId;
      if (requestId === null) return;
      const reported = held.get(requestId);
      if (reported !== undefined && reported.startedAt === null && at <= (reported.endedAt ?? at)) {
        reported.startedAt = at;
        reported.version = line.version;
        trace(reported, line);
        if (env.current === requestId) env.current = null;
        env.last = requestId;
        return;
      }
      if (reported !== undefined) {
        // the same line again, and after it the lines of this invocation
        if (reported.startedAt !== null && Math.abs(at - reported.startedAt) < ATTEMPT_GAP_MS) {
          env.current = requestId;
          return;
        }
        release(reported);
      } else if (done.delete(requestId)) return;
      const before = open.get(requestId);
      if (before !== undefined) {
        // the same line again, or an attempt that keeps the ID, and the one before it left no REPORT
        if (Math.abs(at - before.startedAt!) < ATTEMPT_GAP_MS) return;
        close(before);
      }
      if (open.size >= OPEN) close(open.values().next().value!);
      const r = run(requestId, env);
      r.startedAt = at;
      r.version = line.version;
      r.initFailed = env.initFailed;
      env.initFailed = false;
      trace(r, line);
      open.set(requestId, r);
      env.open += 1;
      env.current = requestId;
      env.last = requestId;
    },
    ended(requestId, at) {
      const r = requestId === null ? undefined : open.get(requestId);
      if (r !== undefined) r.endedAt = at;
    },
    reported(env, line, at) {
      const requestId = line.requestId!;
      let r = open.get(requestId);
      if (r !== undefined) {
        open.delete(requestId);
        r.env.open -= 1;
      } else {
        const before = held.get(requestId);
        if (before !== undefined) {
          // the same REPORT twice is a repeated line, another one a retry that keeps its ID
          if (before.endedAt === at && before.report?.durationMs === line.durationMs) {
            env.current = requestId;
            return;
          }
          release(before);
        }
        r = run(requestId, env);
        r.backward = true;
        env.current = requestId;
        env.last = requestId;
      }
      const failure = failures.get(requestId);
      if (failure !== undefined) {
        failures.delete(requestId);
        r.failure ??= failure.outcome;
        r.errorType ??= failure.errorType;
      }
      r.endedAt = at;
      r.report = line;
      if (line.emulator) env.emulator = true;
      trace(r, line);
      held.set(requestId, r);
      if (held.size > 2 * HELD) for (const oldest of [...held.values()].slice(0, HELD)) release(oldest);
    },
    initialised(env, line, at) {
      const inside = line.phase === "invoke";
      const failed = inside || (line.status !== null && line.status !== "success");
      const r = env.last === null ? undefined : known(env.last);
      if (failed && r !== undefined && isInitOf(r, inside, at)) r.initFailed = true;
      else env.initFailed = failed;
    },
    failed(requestId, outcome, errorType) {
      const r = known(requestId);
      if (r === undefined) {
        if (failures.size < REMEMBERED) failures.set(requestId, { outcome, errorType });
        return;
      }
      if (r.failure === null || r.failure === "error") r.failure = outcome;
      r.errorType ??= errorType;
    },
    traced(requestId, traceId) {
      const r = known(requestId);
      if (r !== undefined) r.traceId ??= traceId;
    },
    triggered(requestId, trigger) {
      const r = known(requestId);
      if (r !== undefined) r.trigger ??= trigger;
    },
    end() {
      for (const r of held.values()) release(r);
      for (const r of open.values()) close(r);
    },
  };
}

/** True if an init that ended then was this run's; one that is reported before START is the next run's, whose lines come first only in a newest-first export. */
function isInitOf(r: Run, inside: boolean, at: EpochMs): boolean {
  if (r.backward) return r.startedAt === null ? inside && at <= r.endedAt! : at <= r.startedAt;
  return inside && r.report === null;
}

function trace(r: Run, line: PlatformLine): void {
  if (line.xrayTraceId !== null) r.traceId = traceIdOf(line.xrayTraceId) ?? r.traceId;
  if (line.segmentId !== null) r.spanId = line.segmentId;
}

const STATUS: { readonly [status: string]: Outcome } = { success: "ok", timeout: "timeout", error: "error", failure: "error" };

/**
 * How it ended: what the platform's status or an error line says; billed below duration is a timeout (the platform bills no
 * more than the limit); a REPORT with neither is a success; without REPORT nothing is known.
 */
function outcomeOf(r: Run): Outcome {
  if (r.failure === "oom" || r.errorType === "Runtime.OutOfMemory" || r.report?.errorType === "Runtime.OutOfMemory") return "oom";
  const report = r.report;
  if (report === null) return r.failure ?? "unknown";
  const status = report.status === null ? null : (STATUS[report.status] ?? "unknown");
  if (status !== null && status !== "ok") return status;
  if (r.failure !== null) return r.failure;
  if (status === null && report.billedMs !== null && report.billedMs + 1 <= report.durationMs!) return "timeout";
  return "ok";
}

/**
 * START, else the end minus the duration. An init that is repeated inside the invocation is part of its duration,
 * and START is stamped only after it: the earlier of the two then.
 */
function startOf(r: Run, durationMs: number | null): EpochMs {
  const reckoned = r.endedAt === null || durationMs === null ? null : r.endedAt - durationMs;
  if (r.startedAt === null) return reckoned ?? r.endedAt!;
  return r.initFailed && reckoned !== null ? Math.min(r.startedAt, reckoned) : r.startedAt;
}

function invocation(r: Run): Invocation {
  const { env, report } = r;
  const outcome = outcomeOf(r);
  const durationMs = report?.durationMs ?? null;
  return {
    type: "invocation",
    cloud: "aws",
    account: env.account,
    region: env.region,
    fn: env.fn ?? "unknown",
    // the copy numbers its own versions
    version: env.probe ? null : (r.version ?? env.version),
    requestId: r.requestId,
    startedAt: startOf(r, durationMs),
    endedAt: r.endedAt,
    durationMs,
    billedMs: report?.billedMs ?? null,
    memoryMib: report?.memoryMib ?? null,
    maxMemoryMib: env.emulator ? null : (report?.maxMemoryMib ?? null),
    vcpu: null,
    initMs: report?.initMs ?? null,
    restoreMs: report?.restoreMs ?? null,
    billedRestoreMs: report?.billedRestoreMs ?? null,
    coldStart: r.initFailed ? true : (report?.coldStart ?? null),
    outcome,
    errorType: outcome === "ok" ? null : (report?.errorType ?? r.errorType),
    traceId: r.traceId,
    spanId: r.spanId,
    parentSpanId: null,
    stream: env.stream,
    architecture: null,
    plan: env.plan,
    trigger: r.trigger,
    weight: 1,
    emulator: env.emulator,
    seenIn: "platform-log",
    ids: [],
  };
}
