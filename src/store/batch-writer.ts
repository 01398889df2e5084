/** Collects records in an in-memory DuckDB (which spills to `tmp/`) and turns them into one batch of Parquet files. */
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Rec } from "../model/records.ts";
import type { Bytes } from "../model/units.ts";
import { type AppendColumn, ChunkAppender } from "./chunk-appender.ts";
import type { Draft, DraftFile, Publisher } from "./committer.ts";
import { Engine, quote } from "./duckdb.ts";
import { syncFile } from "./durable.ts";
import { dayNamed, tmpDir } from "./layout.ts";
import { MOST_NAMED, namedTogether } from "./manifest.ts";
import {
  dropStaging,
  coverageOf,
  createStaging,
  dropHeld,
  dropLinksOfHeld,
  dropRepeats,
  repeatedElsewhere,
  staged,
  timeOf,
} from "./staging.ts";
import { cellOf, LINK_COLUMNS, sqlName, storedColumns, type Table, type TableName, TABLES, tableOf } from "./tables.ts";
import { LinkIndex } from "./link-index.ts";
import { StagedLines } from "./staged-lines.ts";
import type { BatchWriter } from "./types.ts";

export interface BatchWriterOptions {
  dir: string;
  publisher: Publisher;
  threads: number;
  memoryMib: number;
}

/** Rows of a group: a reader skips whole groups. Index rows are sorted by ID, so that small groups leave a few to look at. */
const GROUP_ROWS = 24_576;
const INDEX_GROUP_ROWS = 2048;

/** Options of `COPY ... TO`: fast compression, since a reader waits for it too. */
export function parquetOptions(table: TableName): string {
  return `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${table === "links" ? INDEX_GROUP_ROWS : GROUP_ROWS}`;
}

const DAY_MS = 86_400_000;
/** What a record holds beside its text, roughly as it was written. */
const RECORD_BYTES = 250;

interface Staged {
  record: Rec;
  source: number;
}

/** Opens a writer that can write one batch after another. */
export async function openBatchWriter(options: BatchWriterOptions): Promise<BatchWriter & { close(): Promise<void> }> {
  const folder = join(tmpDir(options.dir), randomUUID());
  mkdirSync(folder, { recursive: true });
  const engine = await Engine.open({ threads: options.threads, memoryMib: options.memoryMib, spillDir: join(folder, "spill") });
  await engine.run(createStaging());
  return new ParquetBatchWriter(engine, folder, options.publisher);
}

class ParquetBatchWriter implements BatchWriter {
  readonly #engine: Engine;
  readonly #folder: string;
  readonly #publisher: Publisher;
  readonly #appenders = new Map<Rec["type"], ChunkAppender<Staged>>();
  #lines: StagedLines;
  #links: LinkIndex;
  #source = 0;
  #sources = 0;
  #heldBytes = 0;
  #count = 0;

  constructor(engine: Engine, folder: string, publisher: Publisher) {
    this.#engine = engine;
    this.#lines = new StagedLines(engine);
    this.#links = new LinkIndex(engine);
    this.#folder = folder;
    this.#publisher = publisher;
  }

  get heldBytes(): Bytes {
    return this.#heldBytes;
  }

  beginSource(): number {
    this.#source = ++this.#sources;
    return this.#source;
  }

  useSource(source: number): void {
    this.#source = source;
  }

  write(record: Rec): void {
    this.#count += 1;
    this.#heldBytes += RECORD_BYTES + (record.type === "log" ? record.message.length : 0);
    if (record.type === "log") {
      this.#links.addLine(record, this.#lines.push(record, this.#source));
      return;
    }
    this.#links.add(record);
    this.#stage(record);
  }

  #stage(record: Rec): void {
    let appender = this.#appenders.get(record.type);
    if (!appender) {
      const table = tableOf(record.type);
      appender = new ChunkAppender(this.#engine, staged(table), columnsOf(table));
      this.#appenders.set(record.type, appender);
    }
    appender.push({ record, source: this.#source });
  }

  async finish(): Promise<{ batch: string | null; added: number; duplicates: number }> {
    const count = this.#count;
    this.#flush();
    this.#links.flush();
    if (count === 0) return { batch: null, added: 0, duplicates: 0 };
    const tables = TABLES.filter((t) => t.record === "log" || this.#appenders.has(t.record));
    let duplicates = 0;
    for (const table of tables) if (this.#mayRepeat(table)) duplicates += await dropRepeats(this.#engine, table);
    const coverage = await coverageOf(this.#engine, tables);
    const checked: string[] = [];
    let overlaps = await this.#publisher.overlaps(coverage, checked);
    let draft: Draft | null = null;
    const elsewhere: string[] = [];
    for (;;) {
      const dropped = await dropHeld(this.#engine, overlaps);
      duplicates += dropped;
      elsewhere.push(...(await repeatedElsewhere(this.#engine, overlaps)));
      checked.push(...overlaps.map((o) => o.batch));
      if (duplicates === count) break;
      if (duplicates > 0) await dropLinksOfHeld(this.#engine);
      if (!draft || dropped > 0) draft = await this.#draft(tables);
      const doubtfulIds = namedTogether([draft.doubtfulIds, elsewhere]);
      const repeatedRequests = draft.repeatedRequests + elsewhere.length;
      const reply = await this.#publisher.publish({ ...draft, coverage, repeatedRequests, doubtfulIds }, checked);
      if ("batch" in reply) {
        await this.#clear();
        return { batch: reply.batch, added: count - duplicates, duplicates };
      }
      overlaps = reply.unchecked;
    }
    await this.#clear();
    return { batch: null, added: 0, duplicates };
  }

  async abort(): Promise<void> {
    await this.#clear();
  }

  async close(): Promise<void> {
    this.#closeAppenders();
    this.#engine.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #mayRepeat(table: Table): boolean {
    return table.record !== "invocation" || this.#links.mayRepeatRuns;
  }

  #flush(): void {
    for (const appender of this.#appenders.values()) appender.flush();
    this.#lines.flush();
  }

  #closeAppenders(): void {
    for (const appender of this.#appenders.values()) appender.close();
    this.#appenders.clear();
    this.#lines.close();
    this.#links.close();
  }

  /** Makes room for the next batch. */
  async #clear(): Promise<void> {
    this.#closeAppenders();
    await this.#engine.run(`${dropStaging()}; ${createStaging()}`);
    this.#lines = new StagedLines(this.#engine);
    this.#links = new LinkIndex(this.#engine);
    this.#count = 0;
    this.#heldBytes = 0;
  }

  /** Writes every table of every day to a file of its own, index first, so that the order of files is the order of publishing. */
  async #draft(tables: readonly Table[]): Promise<Draft> {
    const files = await this.#write("links", "staged_links", `"firstAt"`, LINK_COLUMNS.map(sqlName).join(", "), 'ORDER BY "id"');
    for (const table of tables) files.push(...(await this.#write(table.name, staged(table), timeOf(table), storedColumns(table), "")));
    const [weak] = await this.#engine.rows(
      `SELECT count(*) FILTER (${WEAK}), count(*) - count(DISTINCT "requestId") FROM staged_invocations`,
    );
    const [weakInvocations, repeatedRequests] = [Number(weak![0]), Number(weak![1])];
    const doubtful =
      weakInvocations + repeatedRequests === 0
        ? []
        : await this.#engine.rows(
            `SELECT "requestId" FROM staged_invocations GROUP BY "requestId" HAVING count(*) > 1 OR bool_or(${WEAK}) LIMIT ${MOST_NAMED + 1}`,
          );
    const doubtfulIds = namedTogether([doubtful.map(([id]) => id as string)]);
    return { files, coverage: {}, weakInvocations, repeatedRequests, doubtfulIds };
  }

  async #write(table: TableName, from: string, time: string, columns: string, order: string): Promise<DraftFile[]> {
    const day = `CAST(floor(${time} / ${DAY_MS}) AS INTEGER)`;
    const days = await this.#engine.rows(`SELECT ${day} AS day, count(*), min(${time}), max(${time}) FROM ${from} GROUP BY 1 ORDER BY 1`);
    const files: DraftFile[] = [];
    for (const [number, rows, first, last] of days) {
      const path = join(this.#folder, `${table}-${String(number)}.parquet`);
      const where = days.length > 1 ? `WHERE ${day} = ${String(number)}` : "";
      await this.#engine.run(`COPY (SELECT ${columns} FROM ${from} ${where} ${order}) TO ${quote(path)} (${parquetOptions(table)})`);
      syncFile(path);
      files.push({ table, day: dayNamed(Number(number)), rows: Number(rows), from: Number(first), to: Number(last), path });
    }
    return files;
  }
}

/** A run of which another row may tell more: seen by a source that is not the biller, or cut. */
const WEAK = `("seenIn" <> 'platform-log' OR ("billedMs" IS NULL AND "durationMs" IS NULL))`;

function columnsOf(table: Table): AppendColumn<Staged>[] {
  return [
    ...table.columns.map((column): AppendColumn<Staged> => ({ type: column.type, get: (row) => cellOf(column, row.record) })),
    { type: "INTEGER", get: (row) => row.source },
  ];
}
