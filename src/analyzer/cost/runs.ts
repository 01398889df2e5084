/** Invocation records -> runs, each once: what is billed is a run, however many sources saw it. */
import type { UsageGroup } from "../../model/billing.ts";
import type { Invocation, Span } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import type { TransitionCount } from "./ledger.ts";

/** Sources in the order in which their figures are believed where several saw the same run. The dataset's usage counts by the same rule. */
const RANK: Record<Invocation["seenIn"], number> = { "platform-log": 0, "request-log": 1, history: 2, span: 3 };
/** A run of which only the beginning was seen comes after every whole one. */
const CUT_RANK = 4;
/** A START may be stamped this long before what its run's end minus duration gives. */
const ATTEMPT_GAP_MS = 1_000;

function rankOf(record: Invocation): number {
  return RANK[record.seenIn] + (record.durationMs === null && record.billedMs === null ? CUT_RANK : 0);
}

/**
 * One record per run. Of the records of one request those of the best source stand; of these, records that overlap in time are one
 * run exported twice, and records that do not are attempts that keep the request ID. What a record does not say itself, it takes
 * from the others that saw the same run.
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
    else for (const run of runsOfRequest(records)) runs.push(run);
  }
  return runs;
}

function runsOfRequest(records: readonly Invocation[]): Invocation[] {
  const best = records.reduce((least, record) => Math.min(least, rankOf(record)), Number.POSITIVE_INFINITY);
  const sorted = records
    .filter((record) => rankOf(record) === best)
    .sort((a, b) => a.startedAt - b.startedAt || (b.endedAt ?? b.startedAt) - (a.endedAt ?? a.startedAt) || sayingMore(a, b));
  const runs: { records: Invocation[]; startedAt: EpochMs; endedAt: EpochMs }[] = [];
  for (const record of sorted) {
    const last = runs.at(-1);
    const endedAt = record.endedAt ?? record.startedAt;
    if (last === undefined || (record.startedAt >= last.endedAt && record.startedAt > last.startedAt)) {
      runs.push({ records: [record], startedAt: record.startedAt, endedAt });
      continue;
    }
    last.records.push(record);
    last.startedAt = record.startedAt;
    last.endedAt = Math.max(last.endedAt, endedAt);
  }
  const cut = new Map<EpochMs, Invocation>();
  for (const record of records.filter((one) => rankOf(one) !== best).sort((a, b) => rankOf(a) - rankOf(b))) {
    if (rankOf(record) === CUT_RANK && !runs.some((run) => isWithin(record, run))) cut.set(record.startedAt, record);
    else nearestTo(runs, record.startedAt).records.push(record);
  }
  return [...runs.map((run) => merged(run.records)), ...cut.values()];
}

/** A START that lies outside every whole run of its request is an attempt of its own, whose end was not seen; the dataset's usage says so too. */
function isWithin(record: Invocation, run: { startedAt: EpochMs; endedAt: EpochMs }): boolean {
  return record.startedAt >= run.startedAt - ATTEMPT_GAP_MS && record.startedAt <= run.endedAt;
}

const OUTCOMES: readonly Invocation["outcome"][] = ["oom", "timeout", "error", "throttled", "ok", "unknown"];

/** Order of records that tell the same run differently, as in the dataset: a named failure, a named function, a named account first. */
function sayingMore(a: Invocation, b: Invocation): number {
  return (
    OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome) ||
    Number(a.fn === "unknown") - Number(b.fn === "unknown") ||
    Number(a.account === null) - Number(b.account === null) ||
    compare(a.account ?? "", b.account ?? "") ||
    compare(a.fn, b.fn)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The run that starts nearest to a moment; `runs` in order of start, at least one. */
function nearestTo<Run extends { startedAt: EpochMs }>(runs: readonly Run[], at: EpochMs): Run {
  let low = 0;
  for (let high = runs.length - 1; low < high;) {
    const middle = (low + high) >> 1;
    if (runs[middle]!.startedAt < at) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [runs[Math.max(0, low - 1)]!, runs[low]!];
  return at - before.startedAt < after.startedAt - at ? before : after;
}

/** The first record, completed by the others. */
function merged(records: readonly Invocation[]): Invocation {
  const best = { ...records[0]! };
  for (const other of records.slice(1)) {
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
export function usageOf(
  run: Invocation & Pick<UsageGroup, "ephemeralMib" | "runtime" | "app" | "readyInstances">,
  count = run.weight,
): UsageGroup {
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
    restored: run.restoreMs !== null,
    ephemeralMib: run.ephemeralMib ?? null,
    runtime: run.runtime ?? null,
    app: run.app ?? null,
    readyInstances: run.readyInstances ?? null,
  };
}

/** Transitions of one execution. `execution` is its ARN: the ID of its hop. */
export interface ExecutionTransitions extends TransitionCount {
  execution: string;
}

/** Express executions pay no transitions (https://aws.amazon.com/step-functions/pricing/). */
function isExpress(execution: string): boolean {
  return execution.includes(":express:");
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
    if (isExpress(id)) made.why = "Express: billed by duration and memory, which no export says";
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
    if (!isExpress(execution.execution)) execution.count = (execution.count ?? 0) + 1;
  }
  return [...found.values()];
}
