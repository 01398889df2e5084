/** What a chain's picture cannot say: what went wrong and what to do next, where the time went, whose clock is off. Plain sentences. */
import type { TraceDocument, TraceHop } from "../report.ts";
import { endMsOf } from "./trace-bar.ts";
import type { TreeRow } from "./trace-tree.ts";
import { humanMs, humanPercent, plural } from "./values.ts";

type Chain = TraceDocument["chain"];
type Code = Chain["problems"][number]["code"];

/** A statement and what to do about it. */
export interface Remark {
  what: string;
  next: string | null;
}

/** null: nothing to do. */
const NEXT: Record<Code, string | null> = {
  "lost-hop": "import the logs of that function for this time; if it has them, let it log the correlation ID",
  "missing-parent": "import the caller's telemetry for this time; it may also have been left out by sampling",
  cycle: "two records name each other as cause: check how the code hands on trace context",
  "in-progress": "it had not ended when this was exported: export again and import",
  cut: "some of it may lie outside what was read: import a longer export; evscope doctor says what a live account does not allow",
  "dead-letter": "read the message in the dead-letter queue; send it again once the cause is mended",
  ambiguous: "several causes fit equally, so none was chosen: let the sender pass on a correlation ID",
  fault: "see its logs at this time",
  error: "see its logs at this time",
  throttle: "raise its concurrency limit, or slow down the sender",
  timeout: "find what it waited for (--parts shows its calls); then raise the time limit or shorten the call",
  hub: null,
  "clock-skew": null,
  "no-end": "no end was recorded: it is still running, was cut, or its log was lost",
};

/** Problems of one kind that are printed one by one; the rest are counted. */
const SHOWN_PER_CODE = 5;

function bareName(hop: TraceHop): string {
  return hop.name === "" ? "(no name)" : hop.name;
}

function nameOf(hop: TraceHop): string {
  return `${bareName(hop)} (${hop.cloud})`;
}

function failed(hop: TraceHop): boolean {
  return hop.outcome !== "ok" && hop.outcome !== "unknown";
}

/** Problems, failures, retries and doubtful links. */
export function remarks(chain: Chain, rows: readonly TreeRow[]): Remark[] {
  const hops = new Map(chain.hops.map((hop) => [hop.id, hop]));
  const found: Remark[] = [];
  for (const { hop } of rows) {
    if (failed(hop)) found.push({ what: failureOf(hop), next: nextOf(hop) });
    else if (hop.attempts.length > 1) found.push({ what: `${nameOf(hop)} succeeded only ${attemptsOf(hop)}`, next: null });
  }
  const told = new Set(rows.filter(({ hop }) => failed(hop)).map(({ hop }) => hop.id));
  // a failed state says no more than its failed workflow
  const workflowTold = rows.some(({ hop }) => hop.kind === "workflow" && failed(hop));
  const isTold = (hop: TraceHop | undefined): boolean => hop !== undefined && (told.has(hop.id) || (hop.kind === "state" && workflowTold));
  const byCode = new Map<Code, number>();
  const alike = new Map<string, { remark: Remark; times: number }>();
  for (const problem of chain.problems) {
    const hop = problem.hopId === null ? undefined : hops.get(problem.hopId);
    if (["error", "fault", "timeout", "throttle"].includes(problem.code) && isTold(hop)) continue;
    const where = hop === undefined || problem.message.includes(hop.name) ? "" : ` [${nameOf(hop)}]`;
    const what = `${problem.code}: ${problem.message}${where}`;
    const same = alike.get(what);
    if (same !== undefined) {
      same.times += 1;
      same.remark.what = `${what} (${same.times} times)`;
      continue;
    }
    const count = (byCode.get(problem.code) ?? 0) + 1;
    byCode.set(problem.code, count);
    const remark = { what, next: NEXT[problem.code] };
    alike.set(what, { remark, times: 1 });
    if (count <= SHOWN_PER_CODE) found.push(remark);
  }
  for (const [code, count] of byCode)
    if (count > SHOWN_PER_CODE) found.push({ what: `${code}: ${count - SHOWN_PER_CODE} more, see --format json`, next: null });
  const guesses = rows.filter((row) => row.cause !== null && row.cause.confidence < 0.5);
  if (guesses.length > 0)
    found.push({
      what: `${list(guesses.map(({ hop }) => bareName(hop)))}: joined by a guess (confidence below .5)`,
      next: "let the sender pass on a correlation ID",
    });
  for (const { hop, otherCauses } of rows) {
    if (otherCauses.length > 0)
      found.push({
        what: `${nameOf(hop)} has ${plural(otherCauses.length, "more cause")}: ${list(otherCauses.map((other) => bareName(other.from)))}`,
        next: null,
      });
  }
  return found;
}

function failureOf(hop: TraceHop): string {
  const how = {
    error: "failed",
    timeout: "timed out",
    oom: "ran out of memory",
    throttled: "was throttled",
    ok: "ended",
    unknown: "ended",
  }[hop.outcome];
  const what = hop.errorType === null ? "" : `: ${hop.errorType}`;
  const tries = hop.attempts.length > 1 ? ` ${attemptsOf(hop)}` : "";
  return `${nameOf(hop)} ${how}${hop.durationMs === null ? "" : ` after ${humanMs(hop.durationMs)}`}${tries}${what}`;
}

function nextOf(hop: TraceHop): string | null {
  if (hop.kind === "workflow") return "see which of its functions failed; --parts shows its states";
  const search = hop.requestId === null ? "see its logs at this time" : `search its logs for request ${hop.requestId}`;
  if (hop.outcome === "oom") return `give it more memory; ${search}`;
  if (hop.outcome === "timeout") return NEXT.timeout;
  return hop.outcome === "throttled" ? NEXT.throttle : search;
}

function attemptsOf(hop: TraceHop): string {
  const shown = hop.attempts.slice(0, 6).map((attempt) => `${attempt.outcome} at +${humanMs(attempt.startMs)}`);
  return `in attempt ${hop.attempts.length} (${list(shown, hop.attempts.length)})`;
}

function list(items: readonly string[], total = items.length): string {
  const shown = items.slice(0, 6);
  const more = total - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

const SPENT: Record<string, string> = {
  working: "work",
  "cold-start": "cold starts",
  "queue-wait": "waiting in queues",
  "batch-window": "waiting for batches to fill",
  "retry-backoff": "waiting to retry",
  throttled: "throttled",
  "external-service": "external services",
  orchestration: "orchestration",
  trigger: "triggers",
  unknown: "not explained",
};

/** Shares of the end-to-end time along the critical path, largest first. Empty: no critical path. */
export function timeSpent(chain: Chain): { label: string; ms: number; share: number }[] {
  const sums = new Map<string, number>();
  for (const { spent, fromMs, toMs } of chain.criticalPath) sums.set(spent, (sums.get(spent) ?? 0) + toMs - fromMs);
  const total = [...sums.values()].reduce((sum, ms) => sum + ms, 0);
  return [...sums]
    .filter(([, ms]) => ms > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([spent, ms]) => ({ label: SPENT[spent] ?? spent, ms, share: ms / total }));
}

/** The longest stretch of the critical path, in words; null: no path. */
export function longestStretch(chain: Chain): string | null {
  let longest: Chain["criticalPath"][number] | null = null;
  for (const segment of chain.criticalPath)
    if (longest === null || segment.toMs - segment.fromMs > longest.toMs - longest.fromMs) longest = segment;
  if (longest === null || longest.toMs <= longest.fromMs) return null;
  const hop = chain.hops.find(({ id }) => id === longest.hopId);
  const share =
    chain.endToEndMs === null || chain.endToEndMs <= 0
      ? ""
      : `, ${humanPercent((longest.toMs - longest.fromMs) / chain.endToEndMs)} of the whole`;
  const what = SPENT[longest.spent] ?? longest.spent;
  return `Longest stretch: ${hop === undefined ? longest.hopId : nameOf(hop)}, ${what}, ${humanMs(longest.toMs - longest.fromMs)}${share}.`;
}

/** One sentence per clock that seems off; none: no evidence, or a problem says it already. */
export function clockNotes(chain: Chain, rows: readonly TreeRow[]): string[] {
  if (chain.problems.some(({ code }) => code === "clock-skew")) return [];
  const byClock = new Map<string, { hops: TraceHop[]; skewMs: number; cloud: string }>();
  for (const { hop } of rows) {
    if (hop.skewMs === null || Math.abs(hop.skewMs) < 1) continue;
    const key = `${hop.cloud} ${Math.round(hop.skewMs)}`;
    const known = byClock.get(key) ?? { hops: [], skewMs: hop.skewMs, cloud: hop.cloud };
    known.hops.push(hop);
    byClock.set(key, known);
  }
  return [...byClock.values()].map(
    ({ hops, skewMs, cloud }) =>
      `Clock of ${cloud} (${list(hops.map(bareName))}) seems ${humanMs(Math.abs(skewMs))} ${skewMs > 0 ? "behind" : "ahead"}: a correction of ${skewMs > 0 ? "+" : "-"}${humanMs(Math.abs(skewMs))} would agree with its causes. Times above are as recorded.`,
  );
}

/** Latest known end among hops, in milliseconds since the start; for chains whose end-to-end time is unknown. */
export function seenUntilMs(chain: Chain): number {
  return chain.hops.reduce((latest, hop) => Math.max(latest, endMsOf(hop)), 0);
}
