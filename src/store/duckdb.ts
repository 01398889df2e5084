/**
 * DuckDB in process, through its own C bindings: they load in a tenth of the time of the object API above them, and
 * a whole column of numbers is handed over in one copy.
 */
import { createRequire } from "node:module";
import { arch, platform } from "node:process";
import type * as Bindings from "@duckdb/node-bindings";

type Native = typeof Bindings;

/** What a cell can be. BIGINT comes back as a number: the dataset's counts stay far below 2^53. */
export type Cell = string | number | boolean | null;

let native: Native | null = null;

/** The native binding of this platform, loaded on first use. Asks for glibc's first: telling musl apart beforehand costs 20 ms. */
export function bindings(): Native {
  if (native) return native;
  const require = createRequire(import.meta.url);
  try {
    native = require(`@duckdb/node-bindings-${platform}-${arch}/duckdb.node`) as Native;
  } catch {
    native = require("@duckdb/node-bindings") as Native;
  }
  return native;
}

export interface EngineOptions {
  threads: number;
  memoryMib: number;
  /** Where DuckDB may spill; null: nowhere. */
  spillDir: string | null;
}

/** Doubles a quote: the text as an SQL string literal. NUL cannot stand in SQL text and is left out. */
export function quote(text: string): string {
  return `'${text.replaceAll("\0", "").replaceAll("'", "''")}'`;
}

/** A list of literals in brackets; an empty list becomes `(NULL)`, which nothing equals. */
export function quoteList(texts: readonly string[]): string {
  return texts.length === 0 ? "(NULL)" : `(${texts.map(quote).join(", ")})`;
}

/** An in-memory DuckDB with one connection. */
export class Engine {
  readonly native: Native;
  readonly connection: Bindings.Connection;
  readonly #database: Bindings.Database;
  #open = true;

  private constructor(loaded: Native, database: Bindings.Database, connection: Bindings.Connection) {
    this.native = loaded;
    this.#database = database;
    this.connection = connection;
  }

  /** Opens it with everything off that could reach for the network. */
  static async open(options: EngineOptions): Promise<Engine> {
    const loaded = bindings();
    const config = loaded.create_config();
    loaded.set_config(config, "threads", String(options.threads));
    loaded.set_config(config, "memory_limit", `${options.memoryMib}MiB`);
    loaded.set_config(config, "autoinstall_known_extensions", "false");
    loaded.set_config(config, "autoload_known_extensions", "false");
    loaded.set_config(config, "preserve_insertion_order", "false");
    loaded.set_config(config, "temp_directory", options.spillDir ?? "");
    const database = await loaded.open(":memory:", config);
    const engine = new Engine(loaded, database, await loaded.connect(database));
    // committed files never change
    await engine.run("SET parquet_metadata_cache = true");
    return engine;
  }

  /** Runs statements; the result of the last one is thrown away. */
  async run(sql: string): Promise<void> {
    await this.native.query(this.connection, sql);
  }

  /** Rows of one query as arrays, in column order. */
  async rows(sql: string): Promise<Cell[][]> {
    const columns = await this.columns(sql);
    const count = columns[0]?.length ?? 0;
    const rows: Cell[][] = [];
    for (let i = 0; i < count; i++) rows.push(columns.map((column) => column[i]!));
    return rows;
  }

  /** Columns of one query. */
  async columns(sql: string): Promise<Cell[][]> {
    const { native: b } = this;
    const result = await b.query(this.connection, sql);
    const count = b.column_count(result);
    const columns: Cell[][] = Array.from({ length: count }, () => []);
    for (let chunk = await b.fetch_chunk(result); chunk; chunk = await b.fetch_chunk(result)) {
      const size = b.data_chunk_get_size(chunk);
      if (size === 0) break;
      for (let c = 0; c < count; c++) readColumn(b, b.data_chunk_get_vector(chunk, c), b.column_type(result, c), size, columns[c]!);
    }
    return columns;
  }

  /** Stops the running query; it then throws. */
  interrupt(): void {
    if (this.#open) this.native.interrupt(this.connection);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.native.disconnect_sync(this.connection);
    this.native.close_sync(this.#database);
  }
}

/** A byte order mark at the start of a value is part of it. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** A DuckDB string is 16 bytes: length, then up to 12 bytes inline, or 4 bytes of prefix and a pointer. */
const STRING_BYTES = 16;
const INLINE_BYTES = 12;

function readColumn(b: Native, vector: Bindings.Vector, type: Bindings.Type, size: number, into: Cell[]): void {
  const width = type === b.Type.VARCHAR ? STRING_BYTES : type === b.Type.BOOLEAN ? 1 : type === b.Type.INTEGER ? 4 : 8;
  const data = b.vector_get_data(vector, size * width);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const validity = b.vector_get_validity(vector, Math.ceil(size / 64) * 8) as Uint8Array | null;
  const read = cellReader(b, type, data, view);
  for (let i = 0; i < size; i++) {
    const valid = validity === null || (validity[i >> 3]! & (1 << (i & 7))) !== 0;
    into.push(valid ? read(i) : null);
  }
}

function cellReader(b: Native, type: Bindings.Type, data: Uint8Array, view: DataView): (i: number) => Cell {
  switch (type) {
    case b.Type.VARCHAR: {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      // equal strings of a column mostly lie in one place (Parquet dictionaries), and fetching one costs more than finding it again
      const fetched = new Map<number, { length: number; text: string }>();
      return (i) => {
        const at = i * STRING_BYTES;
        const length = view.getUint32(at, true);
        if (length <= INLINE_BYTES) return bytes.toString("utf8", at + 4, at + 4 + length);
        const place = view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32;
        const known = fetched.get(place);
        if (known?.length === length) return known.text;
        const text = decoder.decode(b.get_data_from_pointer(data.buffer as ArrayBuffer, data.byteOffset + at + 8, length));
        fetched.set(place, { length, text });
        return text;
      };
    }
    case b.Type.DOUBLE:
      return (i) => view.getFloat64(i * 8, true);
    case b.Type.BIGINT:
      return (i) => Number(view.getBigInt64(i * 8, true));
    case b.Type.INTEGER:
      return (i) => view.getInt32(i * 4, true);
    case b.Type.BOOLEAN:
      return (i) => data[i] !== 0;
    default:
      throw new TypeError(`a query returned a column of DuckDB type ${type}, which nothing here reads: cast it`);
  }
}
