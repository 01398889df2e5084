/**
 * Rows of tables of the Basic and Auxiliary plans. Each query of them is paid by the data in its time range, so the price is told before,
 * by what the workspace says it took in, and what does not fit the limit is a gap.
 * https://learn.microsoft.com/azure/azure-monitor/logs/basic-logs-query
 */
import type { Json, Rec } from "../../model/records.ts";
import type { Bytes, Usd } from "../../model/units.ts";
import { BudgetError, spend, spentTogetherUsd, usdText } from "../kit/spent.ts";
import type { CollectPlan, CollectRequest, CollectTask, LiveContext, Span } from "../room.ts";
import { type AzureApi, AzureError, type LogsAnswer } from "./api.ts";
import { shapeOf, type Table } from "./kql-tables.ts";
import { type AppScope, paidRowsKql } from "./kql-queries.ts";
import { gap } from "./live-gaps.ts";
import { ingestedBytes, searchPrice } from "./log-plans.ts";
import type { LogSource } from "./log-sources.ts";
import { logTables } from "./log-tables.ts";
import type { Detail, Part } from "./log-tasks.ts";
import { askPaid, recordsOf } from "./log-window.ts";
import { liveReader } from "./read-live.ts";

/** What one query may read, so that its answer stays small and a broken one costs little. */
const QUERY_BYTES: Bytes = 50e6;

/** What a search of this table would scan. null: the workspace does not say. */
export async function scannedBytes(
  api: AzureApi,
  ctx: Pick<LiveContext, "requestTimeoutMs">,
  source: LogSource,
  table: Table,
  window: Span,
): Promise<Bytes | null> {
  try {
    return (await ingestedBytes(api, ctx, source, [table], window)).get(table) ?? null;
  } catch (error) {
    if (!(error instanceof AzureError) || error.kind === "credentials") throw error;
    return null;
  }
}

/** For the one table of `part`: a task per missing window that fits into `maxUsd`; what does not is a gap. */
export async function planPaid(
  api: AzureApi,
  ctx: LiveContext,
  apps: AppScope,
  part: Part,
  request: CollectRequest,
  spans: readonly Span[],
  maxUsd: Usd,
): Promise<CollectPlan> {
  const plan: CollectPlan = { tasks: [], gaps: [] };
  const { source, signal, lines, name } = part;
  const table = part.tables[0]!;
  const known = source.tables.get(table)!.plan;
  const titled = `${shapeOf(source.dialect, table)?.name ?? table} of ${source.name}`;
  const refuse = (why: string): void =>
    void plan.gaps.push(gap(api, `${signal}: ${titled}`, `queries of a ${known} table are paid${why}`, request.window));
  if (source.customerId === null) refuse(", and the workspace's customer ID, which they need, is not known");
  let leftUsd = maxUsd;
  for (const window of source.customerId === null ? [] : spans) {
    const bytes = await scannedBytes(api, ctx, source, table, window);
    const { usdPerByte, assumed } = searchPrice(source.region);
    if (bytes === null) {
      refuse(", and how much data lies in the window is not known");
      break;
    }
    const usd = bytes * usdPerByte;
    if (usd > leftUsd) {
      refuse(
        ` (${usdText(usd)}${assumed ? ", by an assumed price" : ""}), and ${usdText(leftUsd)} are left of the price limit (--max-query-usd)`,
      );
      break;
    }
    leftUsd -= usd;
    const count = Math.max(1, Math.ceil(bytes / QUERY_BYTES));
    const detail: Detail = {
      source,
      apps,
      lines,
      queries: [{ table, windows: evenly(window, count) }],
      paid: { usdPerByte, bytes, limitUsd: request.maxQueryUsd },
    };
    plan.tasks.push({
      source: name,
      signal,
      title: `${titled} (${known} plan)`,
      via: "Log Analytics search",
      window,
      estimate: { calls: count, seconds: null, usd, bytes },
      detail: detail as unknown as Json,
    });
  }
  return plan;
}

function evenly(window: Span, count: number): Span[] {
  const at = (i: number): number => Math.round(window.from + (i * (window.to - window.from)) / count);
  return Array.from({ length: count }, (_, i) => ({ from: at(i), to: at(i + 1) }));
}

/** A paid query: what it scans is spent before it is asked, as estimated, and set right by what it says. Throws BudgetError. */
export async function askWithin(
  api: AzureApi,
  source: LogSource,
  kql: string,
  window: Span,
  price: { usd: Usd; usdPerByte: Usd; leftUsd: () => Usd },
): Promise<LogsAnswer> {
  // sums of many small prices differ in the last digits
  if (price.usd > price.leftUsd() + 1e-9) throw new BudgetError("the paid queries have used up the price limit");
  spend(api, price.usd);
  const answer = await askPaid(api, source.customerId!, kql, window);
  if (answer.scannedBytes !== null) spend(api, answer.scannedBytes * price.usdPerByte - price.usd);
  return answer;
}

/** The records of a paid task. A window that must be halved is paid again. */
export async function* runPaid(api: AzureApi, ctx: LiveContext, task: CollectTask, detail: Detail): AsyncGenerator<Rec[]> {
  const { source, apps, lines } = detail;
  const { usdPerByte, bytes, limitUsd } = detail.paid!;
  const { table, windows } = detail.queries[0]!;
  const reader = liveReader(api, logTables, ctx.keys, task.source);
  const usdOf = (part: Span): Usd => (usdPerByte * bytes * (part.to - part.from)) / (task.window.to - task.window.from);
  const query = (part: Span): Promise<LogsAnswer> => {
    const kql = paidRowsKql(table, { dialect: source.dialect, scope: apps, window: part }, lines)!;
    return askWithin(api, source, kql, part, { usd: usdOf(part), usdPerByte, leftUsd: () => limitUsd - spentTogetherUsd(api) });
  };
  const name = shapeOf(source.dialect, table)!.name;
  yield* recordsOf(api, ctx, { what: `${name} of ${source.name}`, windows, query, maxRows: Infinity }, (tables) =>
    reader.read({ tables: tables.map((one) => ({ ...one, name })) as unknown as Json[] }),
  );
  yield reader.end();
}
