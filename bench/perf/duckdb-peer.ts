/** The peer "same figures in SQL": per-function statistics of REPORT lines straight from the file, by DuckDB alone. `duckdb-peer.ts FILE`. */
import { Engine, quote } from "../../src/store/duckdb.ts";

const engine = await Engine.open({ threads: 2, memoryMib: 1024, spillDir: null });
const rows = await engine.rows(`
  SELECT "logGroupName", count(*), sum(billed)::DOUBLE, quantile_cont(duration, 0.95) FROM (
    SELECT "logGroupName", regexp_extract(message, '\\tDuration: ([0-9.]+) ms', 1)::DOUBLE AS duration,
           regexp_extract(message, 'Billed Duration: ([0-9]+) ms', 1)::DOUBLE AS billed
    FROM read_ndjson(${quote(process.argv[2]!)}, columns = {"logGroupName": 'VARCHAR', "message": 'VARCHAR'})
    WHERE starts_with(message, 'REPORT RequestId: '))
  GROUP BY 1 ORDER BY 1`);
console.log(`${rows.length} functions, ${rows.reduce((sum, row) => sum + Number(row[1]), 0)} runs`);
engine.close();
