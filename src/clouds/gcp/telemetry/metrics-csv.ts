/**
 * The CSV that Metrics Explorer downloads: a row `TimeSeries ID` with a column per series, a row per label, then
 * `Mon Mar 30 2026 10:00:00 GMT+0200 (Central European Summer Time),1.5`. It names no metric: the file's name has to do.
 */
import type { Position, Reader, Sink, Source } from "../../../model/formats.ts";
import { numberOf } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";
import { epochMsOfText } from "../../../model/times.ts";
import type { EpochMs } from "../../../model/units.ts";

/** True for the first line of such a file. */
export function isMetricsCsvHeader(line: string): boolean {
  return /^\uFEFF?"?TimeSeries ID"?(,|$)/i.test(line);
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DATE = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT([+-])(\d\d):?(\d\d)/;

/** A browser's `Date` text with its offset, or RFC 3339. null: not a time. */
export function timeOfCell(cell: string): EpochMs | null {
  const m = DATE.exec(cell);
  if (!m) return epochMsOfText(cell);
  const month = MONTHS.indexOf(m[1]!.toLowerCase());
  if (month < 0) return null;
  const offset = (Number(m[8]) * 60 + Number(m[9])) * 60_000 * (m[7] === "-" ? -1 : 1);
  return Date.UTC(Number(m[3]), month, Number(m[2]), Number(m[4]), Number(m[5]), Number(m[6])) - offset;
}

/** Cells of one CSV line. */
export function cellsOf(line: string): string[] {
  const cells: string[] = [];
  const pattern = /"((?:[^"]|"")*)"|([^,]*)/y;
  while (pattern.lastIndex <= line.length) {
    const m = pattern.exec(line);
    if (!m) break;
    cells.push(m[1] === undefined ? m[2]!.trim() : m[1].replaceAll('""', '"'));
    if (line[pattern.lastIndex] !== ",") break;
    pattern.lastIndex++;
  }
  return cells;
}

/** Reads the lines of one file. */
export function metricsCsvReader(source: Source, sink: Sink): Reader {
  const name = (source.path.split(/[\\/]/).at(-1) ?? "").replace(/(?:\.\w+)+$/, "") || "metric";
  const labels = new Map<string, string[]>();
  let inData = false;
  return {
    read(document: Json, at: Position) {
      if (typeof document !== "string" || document.trim() === "") return;
      const cells = cellsOf(document);
      const time = timeOfCell(cells[0] ?? "");
      if (time === null) {
        if (inData) sink.broken("metrics CSV: the first cell is not a time", at);
        else labels.set(cells[0] ?? "", cells.slice(1));
        return;
      }
      inData = true;
      for (const [column, cell] of cells.slice(1).entries()) {
        if (cell === "" || cell === "undefined") continue;
        const value = numberOf(cell);
        if (value === null) sink.broken(`metrics CSV: "${cell.slice(0, 40)}" is not a number`, at);
        else point(time, column, value);
      }
    },
    end() {
      if (!inData) sink.ignored("Metrics Explorer CSV without a data row");
    },
  };

  function label(key: string, column: number): string | null {
    return labels.get(key)?.[column] || null;
  }

  function point(at: EpochMs, column: number, value: number): void {
    const own = [...labels].filter(([key]) => !/^TimeSeries ID$/i.test(key)).map(([key, values]) => `${key}=${values[column] ?? ""}`);
    sink.record({
      type: "metric",
      cloud: "gcp",
      account: label("project_id", column) ?? source.account,
      region: label("location", column)?.toLowerCase() ?? source.region,
      at,
      periodMs: null,
      resource: own.length === 0 ? null : `{${own.join(",")}}`,
      fn: label("service_name", column) ?? label("function_name", column) ?? source.fn,
      name,
      statistic: "value",
      unit: null,
      value,
    });
  }
}
