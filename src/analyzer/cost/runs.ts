/** Invocation records -> runs, each once: what is billed is a run, however many sources saw it. */
import type { UsageGroup } from "../../model/billing.ts";
import type { Invocation, Span } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import type { TransitionCount } from "./ledger.ts";

/** Sources in the order in which their figures are believed where two saw the same run. */
const RANK: Record<Invocation["seenIn"], number> = { "platform-log": 0, "request-log": 1, history: 2, span: 3 };
/** Two records of one request closer than this are one run: automatic retries that keep the ID come a minute apart (AWS async invocation). */
const SAME_RUN_MS = 2000;

function runEnd(run: Invocation): EpochMs {
  return run.endedAt ?? run.startedAt + (run.initMs ?? 0) + (run.durationMs ?? 0);
}

/**
 * One record per run. Records of one request that overlap in time (or lie within two seconds) are one run seen by several
 * sources or exported twice: the record that says what was billed wins, and takes from the others what it does not say itself.
 */
export function runsOf(invocations: readonly Invocation[]): Invocation[] {
  const byRequest = new Map<string, Invocation[]>();
  for (const record of invocations) {
    const key = `${record.cloud} ${record.requestId}`;
    const seen = byRequest.get(key);
    if (seen === undefined) byRequest.set(key, [record]);
    else seen.push(record);
  }
  const runs: Invocation[] = [];
  for (const records of byRequest.values()) {
    if (records.length === 1) runs.push(records[0]!);
    else for (const cluster of clusters(records)) runs.push(merged(cluster));
  }
  return runs;
}

function clusters(records: Invocation[]): Invocation[][] {
  const sorted = [...records].sort((a, b) => a.startedAt - b.startedAt);
  const found: Invocation[][] = [];
  let until = Number.NEGATIVE_INFINITY;
  for (const record of sorted) {
    if (record.startedAt <= until + SAME_RUN_MS) found.at(-1)!.push(record);
    else found.push([record]);
    until = Math.max(until, runEnd(record));
  }
  return found;
}

function merged(records: Invocation[]): Invocation {
  const ranked = [...records].sort(
    (a, b) =>
      Number(a.billedMs === null) - Number(b.billedMs === null) ||
      RANK[a.seenIn] - RANK[b.seenIn] ||
      Number(a.endedAt === null) - Number(b.endedAt === null),
  );
  const best = { ...ranked[0]! };
  for (const other of ranked.slice(1)) {
    best.account ??= other.account;
    best.region ??= other.region;
    best.architecture ??= other.architecture;
    best.plan ??= other.plan;
    best.memoryMib ??= other.memoryMib;
    best.vcpu ??= other.vcpu;
    best.durationMs ??= other.durationMs;
    best.initMs ??= other.initMs;
    best.coldStart ??= other.coldStart;
    // one of them saw every run, the other a sample: the run is known to be there once
    best.weight = Math.min(best.weight, other.weight);
    if (best.outcome === "unknown") best.outcome = other.outcome;
  }
  return best;
}

/** The fields of a run that decide its bill; `count` is its weight unless given. */
export function usageOf(run: Invocation, count = run.weight): UsageGroup {
  return {
    cloud: run.cloud,
    account: run.account,
    region: run.region,
    fn: run.fn,
    architecture: run.architecture,
    plan: run.plan,
    memoryMib: run.memoryMib,
    maxMemoryMib: run.maxMemoryMib,
    vcpu: run.vcpu,
    billedMs: run.billedMs,
    durationMs: run.durationMs,
    initMs: run.initMs,
    emulator: run.emulator,
    seenIn: run.seenIn,
    outcome: run.outcome,
    coldStart: run.coldStart,
    count,
  };
}

/** Transitions of one execution. `execution` is its ARN: the ID of its hop. */
export interface ExecutionTransitions extends TransitionCount {
  execution: string;
}

/**
 * State transitions of every execution in the spans: one for each state entered and each retry of a task
 * (https://aws.amazon.com/step-functions/pricing/). Spans seen twice count once; no state seen: null, since every execution enters one.
 */
export function transitionsOf(spans: readonly Span[]): ExecutionTransitions[] {
  const seen = new Set<string>();
  const found = new Map<string, ExecutionTransitions>();
  const executionOf = (span: Span, id: string): ExecutionTransitions => {
    const known = found.get(id);
    if (known !== undefined) return known;
    const { cloud, account, region } = span;
    const made: ExecutionTransitions = { execution: id, cloud, account, region, workflow: span.name, count: null };
    found.set(id, made);
    return made;
  };
  for (const span of spans) {
    if (seen.has(span.spanId)) continue;
    if (span.kind === "workflow") {
      seen.add(span.spanId);
      executionOf(span, span.spanId).workflow = span.name;
    }
    if (span.kind !== "state" || !span.spanId.includes("#")) continue;
    seen.add(span.spanId);
    const execution = executionOf(span, span.spanId.slice(0, span.spanId.lastIndexOf("#")));
    execution.count = (execution.count ?? 0) + 1;
  }
  return [...found.values()];
}
