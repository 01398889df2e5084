/**
 * Log lines while they wait to be written. They are most of what a dataset holds, and most of their texts repeat: who wrote a line, and for
 * which request, goes into tables of its own, and the line has numbers for them. `staged_events` is the view with everything in place.
 */
import type { LogEvent } from "../model/records.ts";
import { type AppendColumn, ChunkAppender } from "./chunk-appender.ts";
import type { Engine } from "./duckdb.ts";
import type { Owned } from "./link-index.ts";
import { packIds } from "./ids-cell.ts";
import { packMessage } from "./message-cell.ts";
import { sqlName, tableNamed } from "./tables.ts";

interface Line {
  record: LogEvent;
  source: number;
  place: number;
  subject: number;
}

type Place = Pick<LogEvent, "cloud" | "account" | "region" | "fn" | "stream" | "kind" | "level"> & { place: number };
type Subject = Pick<LogEvent, "requestId" | "traceId" | "ids"> & Owned & { subject: number };

const PLACE = ["cloud", "account", "region", "fn", "stream", "kind", "level"] as const;
const SUBJECT = ["requestId", "traceId", "ids"] as const;
/** Places or subjects under one key that are compared with; beyond it a line gets a number of its own, which costs room and nothing else. */
const MAX_COMPARED = 32;

const LINE_COLUMNS: readonly (AppendColumn<Line> & { name: string })[] = [
  { name: "at", type: "DOUBLE", get: (line) => line.record.at },
  { name: "place", type: "INTEGER", get: (line) => line.place },
  { name: "subject", type: "INTEGER", get: (line) => line.subject },
  { name: "spanId", type: "VARCHAR", get: (line) => line.record.spanId },
  { name: "message", type: "VARCHAR", get: ({ record }) => packMessage(record.message, record.requestId) },
  { name: "sizeBytes", type: "DOUBLE", get: (line) => line.record.sizeBytes },
  { name: "source", type: "INTEGER", get: (line) => line.source },
];

/** The tables and the view; `r` of the view is the row of `lines`. */
export function createStagedLines(): string {
  const from = (name: string): string => {
    if ((PLACE as readonly string[]).includes(name)) return "p";
    return (SUBJECT as readonly string[]).includes(name) ? "s" : "l";
  };
  return `
    CREATE TABLE lines (${LINE_COLUMNS.map((c) => `${sqlName(c.name)} ${c.type}`).join(", ")});
    CREATE TABLE places (place INTEGER, ${PLACE.map((name) => `${name} VARCHAR`).join(", ")});
    CREATE TABLE subjects (subject INTEGER, "requestId" VARCHAR, "traceId" VARCHAR, ids VARCHAR);
    CREATE VIEW staged_events AS
      SELECT ${tableNamed("events")
        .columns.map((c) => `${from(c.name)}.${sqlName(c.name)}`)
        .join(", ")}, l.source, l.rowid AS r
      FROM lines l JOIN places p ON p.place = l.place JOIN subjects s ON s.subject = l.subject`;
}

export class StagedLines {
  readonly #lines: ChunkAppender<Line>;
  readonly #places: ChunkAppender<Place>;
  readonly #subjects: ChunkAppender<Subject>;
  /** By stream (or function), since few places share one. */
  readonly #placesBy = new Map<string | null, Place[]>();
  /** By request (or trace). */
  readonly #subjectsBy = new Map<string | null, Subject[]>();
  #placeCount = 0;
  #subjectCount = 0;

  constructor(engine: Engine) {
    this.#lines = new ChunkAppender(engine, "lines", LINE_COLUMNS);
    this.#places = new ChunkAppender(engine, "places", [
      { type: "INTEGER", get: (row) => row.place },
      ...PLACE.map((name): AppendColumn<Place> => ({ type: "VARCHAR", get: (row) => row[name] })),
    ]);
    this.#subjects = new ChunkAppender(engine, "subjects", [
      { type: "INTEGER", get: (row) => row.subject },
      { type: "VARCHAR", get: (row) => row.requestId },
      { type: "VARCHAR", get: (row) => row.traceId },
      { type: "VARCHAR", get: (row) => packIds(row.ids, row.requestId, row.traceId) },
    ]);
  }

  /** Returns what the line shares with others about the same thing. */
  push(record: LogEvent, source: number): Owned {
    const subject = this.#subjectOf(record);
    this.#lines.push({ record, source, place: this.#placeOf(record), subject: subject.subject });
    return subject;
  }

  /** After it the view holds every line pushed, and no more can be. */
  flush(): void {
    this.#lines.flush();
    this.#places.flush();
    this.#subjects.flush();
    this.#placesBy.clear();
    this.#subjectsBy.clear();
  }

  close(): void {
    this.#lines.close();
    this.#places.close();
    this.#subjects.close();
  }

  #placeOf(record: LogEvent): number {
    const places = listOf(this.#placesBy, record.stream ?? record.fn);
    for (const place of places) if (isAt(record, place)) return place.place;
    const { cloud, account, region, fn, stream, kind, level } = record;
    const made: Place = { cloud, account, region, fn, stream, kind, level, place: this.#placeCount++ };
    if (places.length < MAX_COMPARED) places.push(made);
    this.#places.push(made);
    return made.place;
  }

  #subjectOf(record: LogEvent): Subject {
    const known = listOf(this.#subjectsBy, record.requestId ?? record.traceId);
    for (const subject of known) if (isAbout(record, subject)) return subject;
    const { requestId, traceId, ids } = record;
    const made: Subject = { requestId, traceId, ids, owner: null, subject: this.#subjectCount++ };
    if (known.length < MAX_COMPARED) known.push(made);
    this.#subjects.push(made);
    return made;
  }
}

function listOf<Item>(map: Map<string | null, Item[]>, key: string | null): Item[] {
  let list = map.get(key);
  if (!list) map.set(key, (list = []));
  return list;
}

function isAt(record: LogEvent, place: Place): boolean {
  return (
    record.kind === place.kind &&
    record.level === place.level &&
    record.fn === place.fn &&
    record.stream === place.stream &&
    record.region === place.region &&
    record.account === place.account &&
    record.cloud === place.cloud
  );
}

function isAbout(record: LogEvent, subject: Subject): boolean {
  if (record.requestId !== subject.requestId || record.traceId !== subject.traceId || record.ids.length !== subject.ids.length)
    return false;
  for (let i = 0; i < record.ids.length; i++) {
    const a = record.ids[i]!;
    const b = subject.ids[i]!;
    if (a.value !== b.value || a.kind !== b.kind) return false;
  }
  return true;
}
