/**
 * Invocations on their way out. Three facts about one run can come later, or earlier, than its record: why it failed (its
 * exception), whether it was the first on a new instance (the host's start line), and the other half of its log lines.
 * So failed runs, first runs and halves are held, within bounds, until the source ends.
 */
import type { Invocation, Rec } from "../../model/records.ts";
import type { EndLine, StartLine } from "./function-lines.ts";
import { hold } from "./held.ts";

/** Held of each kind at most; the oldest are let go as they are. */
const HELD_LIMIT = 20_000;
/** A run that begins this long after its instance's host came up is not put down to the cold start. */
const COLD_WITHIN_MS = 30_000;
/** The host logs its start up to this long after the run began (clock and flush order). */
const COLD_BEFORE_MS = 5_000;

/** Why a run failed, as an exception or a line of the host says. */
export interface Failure {
  errorType: string | null;
  outcome: "timeout" | "oom" | null;
}

/** A line of the host that is half of a run. */
export interface Half {
  line: StartLine | EndLine;
  at: number;
  /** Fields of the record that this row knows. */
  base: Invocation;
  host: string | null;
}

export interface Invocations {
  /** A complete record. `host`: host instance ID, null where not said. */
  add(invocation: Invocation, host: string | null): void;
  half(half: Half): void;
  /** `key`: an InvocationId, or `<operation>/<span>` of the run. */
  failed(key: string, failure: Failure): void;
  hostStarted(host: string, at: number, tookMs: number): void;
  end(): void;
}

interface First {
  startedAt: number;
  requestId: string;
  records: Invocation[];
}

/** Joins the two halves; with one half only the other side stays unknown (normal under sampling). */
function joined(start: Half | null, end: Half | null): Invocation {
  const known = (end ?? start)!;
  const base = known.base;
  const durationMs = end?.line.kind === "end" ? end.line.durationMs : null;
  const startedAt = start?.at ?? known.at - (durationMs ?? 0);
  return {
    ...base,
    startedAt,
    endedAt: end?.at ?? null,
    durationMs: durationMs ?? (start && end ? Math.max(0, end.at - start.at) : null),
    outcome: end?.line.kind === "end" ? (end.line.succeeded ? "ok" : "error") : "unknown",
    trigger: start?.base.trigger ?? base.trigger,
    ids: [...(start?.base.ids ?? []), ...(end?.base.ids ?? [])].filter(
      (id, i, all) => all.findIndex((other) => other.kind === id.kind && other.value === id.value) === i,
    ),
  };
}

/** One per source. */
export function invocations(out: (record: Rec) => void): Invocations {
  const halves = new Map<string, { start: Half | null; end: Half | null }>();
  const failures = new Map<string, Failure>();
  const failedRuns = new Map<string, Invocation[]>();
  const firsts = new Map<string, First>();
  const hosts = new Map<string, { at: number; tookMs: number }>();

  const failureOf = (run: Invocation): Failure | undefined => failures.get(run.requestId) ?? failures.get(`${run.traceId}/${run.spanId}`);

  function finish(run: Invocation): void {
    const failure = run.outcome === "error" ? failureOf(run) : undefined;
    out(failure ? { ...run, outcome: failure.outcome ?? run.outcome, errorType: run.errorType ?? failure.errorType } : run);
  }

  function afterCold(run: Invocation): void {
    if (run.outcome !== "error" || failureOf(run)) return finish(run);
    const same = failedRuns.get(run.requestId);
    if (same) same.push(run);
    else hold(failedRuns, run.requestId, [run], HELD_LIMIT, (old) => old.forEach(finish));
  }

  function add(run: Invocation, host: string | null): void {
    if (host === null || run.coldStart !== null) return afterCold(run);
    const first = firsts.get(host);
    if (first?.requestId === run.requestId) {
      first.records.push(run);
      first.startedAt = Math.min(first.startedAt, run.startedAt);
      return;
    }
    if (first && first.startedAt <= run.startedAt) return afterCold({ ...run, coldStart: false });
    for (const old of first?.records ?? []) afterCold({ ...old, coldStart: false });
    hold(firsts, host, { startedAt: run.startedAt, requestId: run.requestId, records: [run] }, HELD_LIMIT, (old) =>
      old.records.forEach(afterCold),
    );
  }

  return {
    add,
    half(half) {
      const key = half.line.invocationId;
      const held = halves.get(key) ?? { start: null, end: null };
      const whole = { ...held, [half.line.kind]: half };
      if (whole.start && whole.end) {
        halves.delete(key);
        return add(joined(whole.start, whole.end), whole.end.host ?? whole.start.host);
      }
      hold(halves, key, whole, HELD_LIMIT, (old) => add(joined(old.start, old.end), (old.end ?? old.start)!.host));
    },
    failed(key, failure) {
      const held = failures.get(key);
      const known = { errorType: held?.errorType ?? failure.errorType, outcome: held?.outcome ?? failure.outcome };
      hold(failures, key, known, HELD_LIMIT, () => undefined);
    },
    hostStarted(host, at, tookMs) {
      hold(hosts, host, { at, tookMs }, HELD_LIMIT, () => undefined);
    },
    end() {
      for (const { start, end } of halves.values()) add(joined(start, end), (end ?? start)!.host);
      halves.clear();
      for (const [host, first] of firsts) {
        const up = hosts.get(host);
        const cold = up !== undefined && first.startedAt >= up.at - COLD_BEFORE_MS && first.startedAt <= up.at + COLD_WITHIN_MS;
        for (const run of first.records) afterCold(cold ? { ...run, coldStart: true, initMs: up.tookMs } : run);
      }
      firsts.clear();
      for (const runs of failedRuns.values()) runs.forEach(finish);
      failedRuns.clear();
    },
  };
}
