/** Lines of comma- or tab-separated values (RFC 4180): quotes, doubled quotes, and line ends inside quotes. */

/** A cell that goes on beyond this is no cell but a lost quote. */
const MAX_ROW_CHARS = 1024 * 1024;

/** Separator of a header line. */
export const separatorOf = (header: string): "," | "\t" => (header.includes("\t") ? "\t" : ",");

/** The cells of a line; null: a quoted cell goes on in the next line. */
export function cellsOf(line: string, separator: "," | "\t"): string[] | null {
  const cells: string[] = [];
  let i = 0;
  for (;;) {
    let cell = "";
    if (line[i] === '"') {
      for (i++; ;) {
        const quote = line.indexOf('"', i);
        if (quote < 0) return null;
        cell += line.slice(i, quote);
        i = quote + 1;
        if (line[i] !== '"') break;
        cell += '"';
        i++;
      }
    }
    const end = line.indexOf(separator, i);
    cells.push(cell + line.slice(i, end < 0 ? line.length : end));
    if (end < 0) return cells;
    i = end + 1;
  }
}

/** Puts lines together to rows. */
export interface CsvRows {
  /** The row that this line completes; null: it goes on. `lost`: a quote never ended, the text up to here is given up. */
  add(line: string): { cells: string[] } | { lost: string } | null;
  /** What is left of a row that never ended; null: nothing. */
  rest(): string | null;
}

export function csvRows(separator: "," | "\t"): CsvRows {
  let held = "";
  return {
    add(line) {
      const text = held === "" ? line : `${held}\n${line}`;
      const cells = cellsOf(text, separator);
      if (cells === null && text.length <= MAX_ROW_CHARS) {
        held = text;
        return null;
      }
      held = "";
      return cells === null ? { lost: text } : { cells };
    },
    rest: () => (held === "" ? null : held),
  };
}
