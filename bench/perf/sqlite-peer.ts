/**
 * The peer "import into SQLite": the same lines into a table with the two indexes that a trace needs, in transactions of 50,000 rows.
 * `sqlite-peer.ts FILE`. What many do by hand; no normalising, no duplicates looked for.
 */
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";

const ROWS = 50_000;
const folder = mkdtempSync(join(tmpdir(), "evscope-sqlite-"));
const db = new DatabaseSync(join(folder, "events.db"));
db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE events (at REAL, fn TEXT, stream TEXT, request TEXT, correlation TEXT, message TEXT);
  CREATE INDEX by_request ON events (request); CREATE INDEX by_correlation ON events (correlation);`);
const insert = db.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)");

interface Event {
  timestamp: number;
  message: string;
  logGroupName?: string;
  logStreamName?: string;
}

let count = 0;
db.exec("BEGIN");
for await (const line of createInterface({ input: createReadStream(process.argv[2]!), crlfDelay: Infinity })) {
  const event = JSON.parse(line) as Event;
  const request = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{22}/.exec(event.message)?.[0] ?? null;
  const correlation = /"correlation_?[iI]d":"([^"]+)"/.exec(event.message)?.[1] ?? null;
  insert.run(event.timestamp, event.logGroupName ?? null, event.logStreamName ?? null, request, correlation, event.message);
  if (++count % ROWS === 0) db.exec("COMMIT; BEGIN");
}
db.exec("COMMIT");
db.close();
rmSync(folder, { recursive: true, force: true });
console.log(`${count} lines`);
