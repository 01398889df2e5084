/** SQL sources for reading: a table over exactly the committed files that a question needs. */
import type { EpochMs } from "../model/units.ts";
import { quote, quoteList } from "./duckdb.ts";
import { filesOf, type Manifest } from "./manifest.ts";
import { sqlName, tableNamed, type TableName } from "./tables.ts";
import type { Filter } from "./types.ts";

/** Committed files of a table that can hold times in [from, to], as an SQL source; an empty relation where there are none. */
export function scan(
  dir: string,
  manifests: readonly Manifest[],
  table: TableName,
  from: EpochMs | null = null,
  to: EpochMs | null = null,
): string {
  const files = filesOf(dir, manifests, table, from, to);
  return files.length === 0 ? emptyTable(table) : parquet(files);
}

/** Rows of these files. The day in a path is no column of theirs. */
export function parquet(files: readonly string[]): string {
  return `read_parquet([${files.map(quote).join(", ")}], hive_partitioning = false)`;
}

function emptyTable(table: TableName): string {
  const columns =
    table === "links"
      ? ["id", "kind", "ownerKind", "owner", "cloud", "fn"]
          .map((name) => [name, "VARCHAR"])
          .concat([
            ["firstAt", "DOUBLE"],
            ["lastAt", "DOUBLE"],
          ])
      : tableNamed(table).columns.map((c) => [table === "events" && c.name === "sizeBytes" ? "sizeExtra" : c.name, c.type]);
  return `(SELECT ${columns.map(([name, type]) => `NULL::${type} AS ${sqlName(name!)}`).join(", ")} WHERE FALSE)`;
}

/** The filter as an SQL condition on a table with `cloud` and `fn`; TRUE where it restricts nothing. */
export function condition(filter: Filter, time: string): string {
  const parts: string[] = [];
  if (filter.from !== null) parts.push(`${time} >= ${filter.from}`);
  if (filter.to !== null) parts.push(`${time} < ${filter.to}`);
  if (filter.clouds.length > 0) parts.push(`cloud IN ${quoteList(filter.clouds)}`);
  if (filter.functions.length > 0) parts.push(`fn IN ${quoteList(filter.functions)}`);
  return parts.length > 0 ? parts.join(" AND ") : "TRUE";
}
