/**
 * What holds an ID: one query per workspace finds the operations in which it occurs as a whole word, in a column, in the properties or in a
 * batch's links (`_MS.links`), and reads these operations whole. A batch that is asked for brings the operations that it continues. Paid
 * tables are searched for the IDs and the operations found, as far as the price limit allows.
 */
import type { Id } from "../../model/ids.ts";
import type { Gap, Json, Rec } from "../../model/records.ts";
import type { Bytes, Usd } from "../../model/units.ts";
import { merged } from "../kit/concurrent.ts";
import { searchTerms } from "../kit/search-terms.ts";
import { BudgetError, spentUsd, usdText } from "../kit/spent.ts";
import type { Estimate, LiveContext, Span } from "../room.ts";
import type { AzureApi, LogsAnswer, LogsTable } from "./api.ts";
import { askWithin, scannedBytes } from "./collect-paid.ts";
import { shapeOf, type Table } from "./kql-tables.ts";
import { MAX_OPERATIONS, operationRowsKql, operationsKql, paidSearchKql, searchKql, type Where } from "./kql-queries.ts";
import { gap, orGap } from "./live-gaps.ts";
import { queryEstimate, searchPrice } from "./log-plans.ts";
import { isFree, type LogSource } from "./log-sources.ts";
import { logTables } from "./log-tables.ts";
import type { Scope } from "./log-tasks.ts";
import { ask, MAX_ROWS, NOTHING, recordsOf } from "./log-window.ts";
import type { LiveReader } from "../kit/read-live.ts";
import { liveReader } from "./read-live.ts";
import { meansNothing } from "./target-scope.ts";
import { textOf } from "./values.ts";

const SEARCHED: readonly Table[] = ["requests", "dependencies", "traces", "exceptions", "events", "hostlogs"];
/** Words of one query: its text stays far below what the service takes. */
const WORDS_PER_QUERY = 500;
/** A shorter word names nothing. */
const SHORTEST = 3;

/** The words to look for: each spelling of an ID without signs at its ends, and the root of a hierarchical one (`|root.1901.`). */
export function wordsOf(ids: readonly Id[]): string[] {
  const legacy = ids.flatMap(({ value }) => /^\|([^.]+)\./.exec(value)?.[1] ?? []);
  const bare = (text: string): string => text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  const words = [...searchTerms(ids).map(({ text }) => bare(text)), ...legacy.map(bare)];
  return [...new Set(words)].filter((word) => word.length >= SHORTEST);
}

/** Records that hold one of these IDs, and the rest of their operations. What could not be searched is a gap among them. */
export async function* search(
  api: AzureApi,
  ctx: LiveContext,
  scope: Scope,
  ids: readonly Id[],
  window: Span,
  maxQueryUsd: Usd,
): AsyncGenerator<Rec[]> {
  const words = wordsOf(ids);
  if (words.length === 0 || meansNothing(scope.apps)) return;
  const before = spentUsd(api);
  const leftUsd = (): Usd => maxQueryUsd - (spentUsd(api) - before);
  yield* merged(
    scope.sources.map((source) => {
      const what = `log search in ${source.name}`;
      const reader = liveReader(api, logTables, ctx.keys, what);
      return orGap(api, what, searchOne({ api, ctx, scope, source, window, leftUsd, found: new Set(), reader }, words), window);
    }),
  );
}

/** A search of one workspace or component. */
interface Search {
  api: AzureApi;
  ctx: LiveContext;
  scope: Scope;
  source: LogSource;
  window: Span;
  leftUsd: () => Usd;
  /** Operations found so far. */
  found: Set<string>;
  reader: LiveReader;
}

async function* searchOne(one: Search, words: readonly string[]): AsyncGenerator<Rec[]> {
  const { source } = one;
  const tables = SEARCHED.filter((table) => shapeOf(source.dialect, table) !== null);
  const free = tables.filter((table) => isFree(source, table));
  for (let i = 0; i < words.length; i += WORDS_PER_QUERY) yield* searchFree(one, free, words.slice(i, i + WORDS_PER_QUERY));
  for (const table of tables) if (!isFree(source, table)) yield* searchPaid(one, table, [...words, ...one.found]);
  yield one.reader.end();
}

function ofPart({ source, scope }: Search, window: Span): Where {
  return { dialect: source.dialect, scope: scope.apps, window };
}

function read({ reader }: Search, tables: readonly LogsTable[]): Rec[] {
  return reader.read({ tables: tables as unknown as Json[] });
}

function askFree({ api, ctx, source }: Search, kql: string | null, span: Span): Promise<LogsAnswer> {
  return kql === null ? Promise.resolve(NOTHING) : ask(api, ctx, { scope: source.scope, kql, span });
}

/** Whole operations of the tables whose queries are free. */
async function* searchFree(one: Search, tables: readonly Table[], words: readonly string[]): AsyncGenerator<Rec[]> {
  const { source, window, found } = one;
  const answer = await askFree(one, searchKql(tables, ofPart(one, window), words, MAX_ROWS), window);
  if (answer.partial !== null || answer.tables.some((table) => table.rows.length > MAX_ROWS)) return yield* inSteps(one, tables, words);
  const column = shapeOf(source.dialect, "requests")!.operation!;
  for (const operation of cells(answer.tables, column)) found.add(operation);
  yield read(one, answer.tables);
  if (found.size > MAX_OPERATIONS) yield [tooMany(one)];
}

/** Where that is too much for one answer: first the operations, then their rows table by table, each window by window. */
async function* inSteps(one: Search, tables: readonly Table[], words: readonly string[]): AsyncGenerator<Rec[]> {
  const { api, ctx, source, window, found } = one;
  const what = `log search in ${source.name}`;
  const holding = (part: Span): Promise<LogsAnswer> => askFree(one, operationsKql(tables, ofPart(one, part), words), part);
  yield* recordsOf(api, ctx, { what, windows: [window], query: holding, maxRows: MAX_OPERATIONS }, (answers) => {
    for (const operation of cells(answers, "Operation")) found.add(operation);
    return [];
  });
  const wanted = [...found].slice(0, MAX_OPERATIONS);
  if (found.size > wanted.length) yield [tooMany(one)];
  for (const table of tables) {
    const query = (part: Span): Promise<LogsAnswer> =>
      askFree(one, operationRowsKql(table, ofPart(one, part), wanted, words, MAX_ROWS), part);
    yield* recordsOf(api, ctx, { what, windows: [window], query }, (answers) => read(one, answers));
  }
}

function tooMany({ api, source, window }: Search): Gap {
  return gap(
    api,
    `log search in ${source.name}`,
    `more than ${MAX_OPERATIONS} operations hold one of the IDs; the rest was not read`,
    window,
  );
}

/** Texts of a column, without empty ones. */
function cells(tables: readonly LogsTable[], column: string): string[] {
  return tables.flatMap(({ columns, rows }) => {
    const at = columns.findIndex(({ name }) => name === column);
    return rows.flatMap((row) => textOf(row[at]) ?? []);
  });
}

/** Rows of a paid table, where its price fits. */
async function* searchPaid(one: Search, table: Table, words: readonly string[]): AsyncGenerator<Rec[]> {
  const { api, ctx, source, window, leftUsd } = one;
  const { name } = shapeOf(source.dialect, table)!;
  const what = `log search in ${name} of ${source.name}`;
  const bytes = source.customerId === null ? null : await scannedBytes(api, ctx, source, table, window);
  const { usdPerByte } = searchPrice(source.region);
  if (bytes === null || bytes * usdPerByte > leftUsd()) {
    const price = bytes === null ? "is not known" : `(${usdText(bytes * usdPerByte)}) does not fit into --max-query-usd`;
    return yield [
      gap(api, what, `not searched: a query of this ${source.tables.get(table)!.plan} table is paid, and its price ${price}`, window),
    ];
  }
  const query = (part: Span): Promise<LogsAnswer> => {
    const usd = (bytes * usdPerByte * (part.to - part.from)) / (window.to - window.from);
    return askWithin(api, source, paidSearchKql(table, ofPart(one, part), words)!, part, { usd, usdPerByte, leftUsd });
  };
  try {
    yield* recordsOf(api, ctx, { what, windows: [window], query, maxRows: Infinity }, (answers) =>
      read(
        one,
        answers.map((answer) => ({ ...answer, name })),
      ),
    );
    ctx.host.note(`${what}: ${usdText(bytes * usdPerByte)} at list price`);
  } catch (error) {
    if (!(error instanceof BudgetError)) throw error;
    yield [gap(api, what, error.message, window)];
  }
}

/** One round over the whole window. Only paid tables cost. */
export async function searchEstimate(api: AzureApi, ctx: LiveContext, scope: Scope, window: Span): Promise<Estimate> {
  let bytes: Bytes | null = 0;
  let usd: Usd | null = 0;
  for (const source of scope.sources)
    for (const table of SEARCHED.filter((one) => !isFree(source, one))) {
      const own = await scannedBytes(api, ctx, source, table, window);
      bytes = own === null || bytes === null ? null : bytes + own;
      usd = own === null || usd === null ? null : usd + own * searchPrice(source.region).usdPerByte;
    }
  return { ...queryEstimate(scope.sources.length, null, ctx.requestsPerS), usd, bytes };
}
