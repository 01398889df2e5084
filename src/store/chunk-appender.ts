/** Hands rows to DuckDB column by column, a few hundred at a time: records then die young, which halves the cost of collecting them. */
import type * as Bindings from "@duckdb/node-bindings";
import type { Cell, Engine } from "./duckdb.ts";
import type { ColumnType } from "./tables.ts";

export interface AppendColumn<Row> {
  type: ColumnType | "INTEGER";
  get(row: Row): Cell | undefined;
}

const ROWS = 256;
/** Texts of a column that are longer together go one by one. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
/** DuckDB's string: length, then up to 12 bytes in place, or 4 bytes of prefix and where the text lies (little-endian, as on every platform it runs on). */
const STRING_WORDS = 4;
const INLINE_BYTES = 12;

export class ChunkAppender<Row> {
  readonly #engine: Engine;
  readonly #columns: readonly AppendColumn<Row>[];
  readonly #appender: Bindings.Appender;
  readonly #chunk: Bindings.DataChunk;
  readonly #validity = new Uint8Array(ROWS / 8);
  readonly #doubles = new Float64Array(ROWS);
  readonly #integers = new Int32Array(ROWS);
  readonly #bytes = new Uint8Array(ROWS);
  readonly #strings = new Uint32Array(ROWS * STRING_WORDS);
  readonly #texts: string[] = [];
  #text = Buffer.allocUnsafeSlow(64 * 1024);
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
    let nulls = 0;
    const isText = column.type === "VARCHAR";
    const numbers = column.type === "DOUBLE" ? this.#doubles : column.type === "INTEGER" ? this.#integers : this.#bytes;
    const texts = this.#texts;
    texts.length = rows.length;
    for (let i = 0; i < rows.length; i++) {
      const cell = column.get(rows[i]!);
      if (cell === null || cell === undefined) {
        nulls++;
        validity[i >> 3]! &= ~(1 << (i & 7));
        texts[i] = "";
      } else if (isText) texts[i] = cell as string;
      else numbers[i] = Number(cell);
    }
    if (nulls < rows.length) {
      if (isText) this.#assign(vector, texts);
      else b.copy_data_to_vector(vector, 0, numbers.buffer, 0, rows.length * numbers.BYTES_PER_ELEMENT);
    }
    if (nulls === 0) return;
    b.vector_ensure_validity_writable(vector);
    b.copy_data_to_vector_validity(vector, 0, validity.buffer, 0, Math.ceil(rows.length / 64) * 8);
  }

  /**
   * All texts of a column in one call where they are ASCII: the vector gets one long text, and every cell then points into it. A call for each
   * cell costs several times as much.
   */
  #assign(vector: Bindings.Vector, texts: readonly string[]): void {
    const { native: b } = this.#engine;
    const all = texts.join("");
    const bytes = all.length;
    if (bytes > MAX_TEXT_BYTES || !this.#write(all)) {
      for (let i = 0; i < texts.length; i++) b.vector_assign_string_element(vector, i, texts[i]!);
      return;
    }
    const text = this.#text;
    const strings = this.#strings;
    let low = 0;
    let high = 0;
    if (bytes > INLINE_BYTES) {
      b.vector_assign_string_element_len(vector, 0, text.subarray(0, bytes));
      const first = b.vector_get_data(vector, STRING_WORDS * 4);
      const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
      low = view.getUint32(8, true);
      high = view.getUint32(12, true);
    }
    let from = 0;
    for (let i = 0; i < texts.length; i++) {
      const length = texts[i]!.length;
      const at = i * STRING_WORDS;
      strings[at] = length;
      if (length > INLINE_BYTES) {
        const place = low + from;
        strings[at + 1] = word(text, from, 4);
        strings[at + 2] = place;
        strings[at + 3] = place > 0xffff_ffff ? high + 1 : high;
      } else {
        strings[at + 1] = word(text, from, length);
        strings[at + 2] = word(text, from + 4, length - 4);
        strings[at + 3] = word(text, from + 8, length - 8);
      }
      from += length;
    }
    b.copy_data_to_vector(vector, 0, strings.buffer, 0, texts.length * STRING_WORDS * 4);
  }

  /** Puts the text into the buffer; false: it is not ASCII. */
  #write(text: string): boolean {
    // room for a character more than there would be: the text did not fit only if it is not ASCII
    if (this.#text.length < text.length + 4) this.#text = Buffer.allocUnsafeSlow(2 * text.length + 4);
    return this.#text.write(text, 0, "utf8") === text.length;
  }
}

/** Up to four bytes as a little-endian number, missing ones 0. */
function word(bytes: Uint8Array, from: number, count: number): number {
  if (count >= 4) return bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24);
  let value = 0;
  for (let i = 0; i < count; i++) value |= bytes[from + i]! << (8 * i);
  return value;
}
