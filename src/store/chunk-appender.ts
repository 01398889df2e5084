/** Hands rows to DuckDB column by column, a few hundred at a time: records then die young, which halves the cost of collecting them. */
import type * as Bindings from "@duckdb/node-bindings";
import type { Cell, Engine } from "./duckdb.ts";
import type { ColumnType } from "./tables.ts";

export interface AppendColumn<Row> {
  type: ColumnType | "INTEGER";
  get(row: Row): Cell | undefined;
}

const ROWS = 256;

export class ChunkAppender<Row> {
  readonly #engine: Engine;
  readonly #columns: readonly AppendColumn<Row>[];
  readonly #appender: Bindings.Appender;
  readonly #chunk: Bindings.DataChunk;
  readonly #validity = new Uint8Array(ROWS / 8);
  readonly #doubles = new Float64Array(ROWS);
  readonly #integers = new Int32Array(ROWS);
  readonly #bytes = new Uint8Array(ROWS);
  #rows: Row[] = [];

  constructor(engine: Engine, table: string, columns: readonly AppendColumn<Row>[]) {
    const { native: b } = engine;
    this.#engine = engine;
    this.#columns = columns;
    this.#appender = b.appender_create_ext(engine.connection, null, null, table);
    this.#chunk = b.create_data_chunk(columns.map((c) => b.create_logical_type(b.Type[c.type])));
  }

  push(row: Row): void {
    this.#rows.push(row);
    if (this.#rows.length === ROWS) this.#append();
  }

  /** After it the table holds every row pushed. */
  flush(): void {
    this.#append();
    this.#engine.native.appender_flush_sync(this.#appender);
  }

  close(): void {
    this.#engine.native.appender_close_sync(this.#appender);
  }

  #append(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    const { native: b } = this.#engine;
    b.data_chunk_reset(this.#chunk);
    b.data_chunk_set_size(this.#chunk, rows.length);
    for (let c = 0; c < this.#columns.length; c++) this.#fill(b.data_chunk_get_vector(this.#chunk, c), this.#columns[c]!, rows);
    b.append_data_chunk(this.#appender, this.#chunk);
    this.#rows = [];
  }

  #fill(vector: Bindings.Vector, column: AppendColumn<Row>, rows: readonly Row[]): void {
    const { native: b } = this.#engine;
    const validity = this.#validity.fill(255);
    let nulls = false;
    const numbers = column.type === "DOUBLE" ? this.#doubles : column.type === "INTEGER" ? this.#integers : this.#bytes;
    for (let i = 0; i < rows.length; i++) {
      const cell = column.get(rows[i]!);
      if (cell === null || cell === undefined) {
        nulls = true;
        validity[i >> 3]! &= ~(1 << (i & 7));
      } else if (column.type === "VARCHAR") b.vector_assign_string_element(vector, i, cell as string);
      else numbers[i] = Number(cell);
    }
    if (column.type !== "VARCHAR") b.copy_data_to_vector(vector, 0, numbers.buffer, 0, rows.length * numbers.BYTES_PER_ELEMENT);
    if (!nulls) return;
    b.vector_ensure_validity_writable(vector);
    b.copy_data_to_vector_validity(vector, 0, validity.buffer, 0, Math.ceil(rows.length / 64) * 8);
  }
}
