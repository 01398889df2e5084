/** Pieces of work that read log groups: slices of time for FilterLogEvents, batches of groups and slices for Logs Insights. */
import type { Json } from "../../model/records.ts";
import type { Bytes, Ms, Usd } from "../../model/units.ts";
import type { CollectRequest, CollectTask, Span } from "../room.ts";
import * as calls from "./log-calls.ts";
import { type LogGroup, someOf } from "./log-groups.ts";
import { MAX_ROWS } from "./log-query.ts";

/** What a task remembers between `plan` and `run`. */
export interface Detail {
  call: "filter" | "insights";
  groups: { name: string; functions: string[]; histories: boolean }[];
  /** Ask for the platform's lines only: with so few bytes that they fit into one page, a pattern would save nothing. */
  pattern: boolean;
  /** Keep the platform's lines only. */
  platform: boolean;
  /** Insights: first step, what all queries of the task may cost, and all paid calls of the command. */
  stepMs: Ms;
  maxUsd: Usd;
  limitUsd: Usd;
}

/** A group with what is not held of it. */
export interface Part extends calls.Sized {
  bytes: Bytes | null;
  spans: Span[];
}

/** A slice of a group is worth so many calls: what a kill makes one read again. */
const CALLS_PER_TASK = 50;
/** Rows that are expected of one query at most, so that an uneven day still fits. */
const ROWS_PER_QUERY = 0.6 * MAX_ROWS;

const lengthMs = (spans: readonly Span[]): Ms => spans.reduce((sum, span) => sum + span.to - span.from, 0);

export const plus = (a: Bytes | null, b: Bytes | null): Bytes | null => (a === null || b === null ? null : a + b);

/** What tasks have in common. */
export interface Order {
  request: CollectRequest;
  /** Name of a group's source. */
  source(group: LogGroup): string;
  requestsPerS: number | null;
}

/** Slices of one group; a pattern is only sent where it saves calls. */
export function filterTasks(part: Part, { request, source, requestsPerS }: Order): CollectTask[] {
  const { group, bytes, spans } = part;
  return spans.flatMap((span) => {
    const share = bytes === null ? null : (bytes * (span.to - span.from)) / lengthMs(spans);
    const slices = calls.daySlices(span, share === null ? 1 : share / calls.PAGE_BYTES, CALLS_PER_TASK);
    return slices.map((window) => {
      const sliceBytes = share === null ? null : (share * (window.to - window.from)) / (span.to - span.from);
      const platform = request.logs === "platform" && !group.histories;
      const detail: Detail = {
        call: "filter",
        groups: [shortOf(group)],
        pattern: platform && sliceBytes !== null && sliceBytes > calls.PAGE_BYTES,
        platform,
        stepMs: 0,
        maxUsd: 0,
        limitUsd: 0,
      };
      return task(source(group), [], `logs of ${titleOf([group])}`, window, calls.filterEstimate(sliceBytes, requestsPerS), detail);
    });
  });
}

/** Batches of groups, sliced by what one query gives. `means.maxQueryUsd` is shared out among them. */
export function insightsTasks(choice: calls.Choice<Part>, { request, source, requestsPerS }: Order, means: calls.Means): CollectTask[] {
  const total = choice.insights.reduce((sum, part) => sum + (part.bytes ?? 0), 0);
  const unknown = choice.insights.filter((part) => part.bytes === null).length;
  return batches(choice.insights, request.logs).flatMap((batch) => {
    const groups = batch.map((part) => part.group);
    const bytes = batch.reduce<Bytes | null>((sum, part) => plus(sum, part.bytes), 0);
    // every task may use its part of the whole limit: what was estimated too low somewhere is stopped there
    const share = total > 0 && unknown === 0 ? (bytes ?? 0) / total : batch.length / choice.insights.length;
    const spans = batch[0]!.spans;
    const rows = calls.rowsOf(bytes ?? 0, request.logs);
    return spans
      .flatMap((span) => calls.daySlices(span, (rows * (span.to - span.from)) / lengthMs(spans), ROWS_PER_QUERY))
      .map((window) => {
        const part = (window.to - window.from) / lengthMs(spans);
        const detail: Detail = {
          call: "insights",
          groups: groups.map(shortOf),
          pattern: true,
          platform: request.logs === "platform" && !groups[0]!.histories,
          stepMs: Math.ceil((window.to - window.from) / Math.max(1, (rows * part) / ROWS_PER_QUERY)),
          maxUsd: means.maxQueryUsd * share * part,
          limitUsd: request.maxQueryUsd,
        };
        const [first, ...others] = groups.map((group) => source(group));
        const estimate = calls.insightsEstimate(
          bytes === null ? null : bytes * part,
          groups.length,
          means.usdPerByte,
          requestsPerS,
          request.logs,
        );
        return task(first!, others, `logs of ${titleOf(groups)}`, window, estimate, detail);
      });
  });
}

/** Groups of which the same is missing, 50 at a time, and no more than fill a query with one day's rows. */
function batches(parts: readonly Part[], lines: CollectRequest["logs"]): Part[][] {
  const found: Part[][] = [];
  const open = new Map<string, { batch: Part[]; rowsPerDay: number }>();
  for (const part of parts) {
    const key = JSON.stringify([part.spans, part.group.histories]);
    const rowsPerDay = calls.rowsOf(part.bytes ?? 0, lines) / (lengthMs(part.spans) / calls.DAY_MS);
    let last = open.get(key);
    if (last === undefined || last.batch.length >= calls.GROUPS_PER_QUERY || last.rowsPerDay + rowsPerDay > ROWS_PER_QUERY) {
      open.set(key, (last = { batch: [], rowsPerDay: 0 }));
      found.push(last.batch);
    }
    last.batch.push(part);
    last.rowsPerDay += rowsPerDay;
  }
  return found;
}

const shortOf = ({ name, functions, histories }: LogGroup): Detail["groups"][number] => ({ name, functions, histories });

const titleOf = (groups: readonly LogGroup[]): string => someOf(groups.map((g) => g.functions[0] ?? g.name));

function task(
  source: string,
  alsoCovers: string[],
  title: string,
  window: Span,
  estimate: CollectTask["estimate"],
  detail: Detail,
): CollectTask {
  const via = detail.call === "filter" ? "FilterLogEvents" : "Logs Insights";
  const covers = alsoCovers.length === 0 ? {} : { alsoCovers };
  return { source, ...covers, signal: "logs", title, via, window, estimate, detail: detail as unknown as Json };
}
