/**
 * Executions of 1st gen functions from their two platform lines, `Function execution started` and
 * `Function execution took 800 ms, finished with status: 'ok'` (and its other spellings), joined by `labels.execution_id`.
 */
import type { Invocation, LogEvent, Outcome } from "../../../model/records.ts";
import type { EpochMs, Ms } from "../../../model/units.ts";

const TOOK = /^Function execution took (\d+(?:\.\d+)?) ms[.,;]?\s*finished with (status code|status)\s*:?\s*'?([\w .-]+?)'?\.?\s*$/i;

/** How an execution ended. */
export interface Took {
  durationMs: Ms;
  outcome: Outcome;
  errorType: string | null;
}

/** Reads the closing line in any of its spellings; null: it is another line. */
export function tookOf(text: string): Took | null {
  const m = TOOK.exec(text.trim());
  if (!m) return null;
  const status = m[3]!.toLowerCase();
  const code = /^\d{3}$/.test(status) ? Number(status) : null;
  const outcome = code === null ? outcomeOfStatus(status) : outcomeOfCode(code);
  return { durationMs: Number(m[1]), outcome, errorType: outcome === "ok" ? null : code === null ? status : `HTTP ${code}` };
}

function outcomeOfStatus(status: string): Outcome {
  if (status === "ok") return "ok";
  if (status === "timeout") return "timeout";
  return /out of memory|memory/.test(status) ? "oom" : "error";
}

/** Outcome of an HTTP status: a 4xx is an answer, not a failure of the function, but for 429. */
export function outcomeOfCode(code: number): Outcome {
  if (code === 429) return "throttled";
  if (code === 504) return "timeout";
  return code >= 500 ? "error" : "ok";
}

interface Execution {
  line: LogEvent;
  version: string | null;
  startedAt: EpochMs | null;
  endedAt: EpochMs | null;
  took: Took | null;
  oom: boolean;
  started: boolean;
}

const HELD = 50_000;

/** Joins start and end of executions in either order; gives them out when both are there and the source ends or too many wait. */
export function gen1Executions(give: (invocation: Invocation) => void): {
  line(event: LogEvent, version: string | null): void;
  end(): void;
} {
  const held = new Map<string, Execution>();
  return {
    line(event, version) {
      if (event.requestId === null || event.fn === null) return;
      const started = event.kind === "start";
      const took = event.kind === "end" ? tookOf(event.message) : null;
      const oom = event.kind === "oom";
      if (!started && took === null && !oom) return;
      const key = `${event.account}|${event.fn}|${event.requestId}`;
      const before = held.get(key);
      const execution = before ?? { line: event, version, startedAt: null, endedAt: null, took: null, oom: false, started: false };
      if (started) execution.startedAt = event.at;
      if (started) execution.started = true;
      if (took !== null) {
        execution.took = took;
        execution.endedAt = event.at;
      }
      execution.oom ||= oom;
      held.set(key, execution);
      if (held.size > HELD) giveOldest();
    },
    end() {
      for (const execution of held.values()) finish(execution);
      held.clear();
    },
  };

  function giveOldest(): void {
    const [key, execution] = held.entries().next().value!;
    held.delete(key);
    finish(execution);
  }

  function finish(execution: Execution): void {
    // a memory line alone says nothing about when the execution ran
    if (execution.took === null && !execution.started) return;
    give(invocationOf(execution));
  }
}

function invocationOf(execution: Execution): Invocation {
  const { line, took } = execution;
  const endedAt = execution.endedAt;
  const startedAt = execution.startedAt ?? endedAt! - took!.durationMs;
  const outcome: Outcome = execution.oom ? "oom" : (took?.outcome ?? "unknown");
  return {
    type: "invocation",
    cloud: "gcp",
    account: line.account,
    region: line.region,
    fn: line.fn!,
    version: execution.version,
    requestId: line.requestId!,
    startedAt,
    endedAt,
    durationMs: took?.durationMs ?? null,
    billedMs: null,
    memoryMib: null,
    maxMemoryMib: null,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: null,
    outcome,
    errorType: outcome === "ok" || outcome === "unknown" ? null : (took?.errorType ?? null),
    traceId: line.traceId,
    spanId: line.spanId,
    parentSpanId: null,
    stream: line.stream,
    architecture: null,
    plan: "gen1",
    trigger: null,
    weight: 1,
    emulator: false,
    seenIn: "platform-log",
    ids: [],
  };
}
