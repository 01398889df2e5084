/** The tables of the dataset: which column holds which field of which record, and how a row becomes the record again. */
import type { Config, Gap, Invocation, LogEvent, Message, MetricPoint, Rec, RecordType, Span } from "../model/records.ts";
import type { Cell } from "./duckdb.ts";
import { packIds, unpackIds } from "./ids-cell.ts";
import { packMessage, unpackMessage } from "./message-cell.ts";

export type TableName = "events" | "invocations" | "spans" | "messages" | "metrics" | "configs" | "gaps" | "links";
export type ColumnType = "VARCHAR" | "DOUBLE" | "BOOLEAN";

/** A field and its column, which share their name. */
interface Column {
  name: string;
  type: ColumnType;
  /** How the field becomes a cell; plain fields go as they are. */
  as: "plain" | "json" | "ids" | "message";
}

export interface Table {
  name: TableName;
  record: RecordType;
  columns: readonly Column[];
  /** Column that says when; its null counts as 1970-01-01. */
  time: string;
  /** Column whose values tell sources apart (function, resource); duplicates are only sought among equal ones. */
  key: string;
  /**
   * SQL expressions that make a row the same fact as another. Left out: what a reader infers from the lines around (account, request ...), so that
   * it depends on where an export was cut, and `ids`, which depend on the keys the reader was given.
   */
  identity: readonly string[];
  /** Cheap expression that equal rows share, to look closer only at rows that may be equal. */
  likeness: string;
  /** One source may hold two equal rows that are two facts (two equal log lines in one millisecond). */
  repeats: boolean;
}

const text = (...names: string[]): Column[] => names.map((name) => ({ name, type: "VARCHAR", as: "plain" }));
const number = (...names: string[]): Column[] => names.map((name) => ({ name, type: "DOUBLE", as: "plain" }));
const flag = (...names: string[]): Column[] => names.map((name) => ({ name, type: "BOOLEAN", as: "plain" }));
const json = (...names: string[]): Column[] => names.map((name) => ({ name, type: "VARCHAR", as: "json" }));
const scope = text("cloud", "account", "region");
const names = (...columns: readonly Column[]): string[] => columns.filter((c) => c.as !== "ids").map((c) => sqlName(c.name));
const ids: Column = { name: "ids", type: "VARCHAR", as: "ids" };

/** The text of a line as it was written, see message-cell.ts. */
const RAW_MESSAGE = `CASE WHEN starts_with(message, chr(2)) THEN message WHEN contains(message, chr(1)) THEN replace(message, chr(1), "requestId") ELSE message END`;

const FIRST_LETTER = `CASE WHEN starts_with(message, chr(1)) THEN "requestId"[1] WHEN starts_with(message, chr(2)) THEN message[2] ELSE message[1] END`;

const spanColumns: readonly Column[] = [
  ...number("startedAt", "endedAt"),
  ...scope,
  ...text("traceId", "spanId", "parentSpanId", "name", "fn", "requestId", "kind"),
  ...flag("isInvocation", "inProgress", "error", "fault", "throttle", "inferred"),
  ...text("origin", "namespace"),
  ...json("links", "attributes"),
  ids,
];

const metricColumns: readonly Column[] = [
  ...number("at", "periodMs"),
  ...scope,
  ...text("resource", "fn", "name", "statistic", "unit"),
  ...number("value"),
];

const configColumns: readonly Column[] = [
  ...number("observedAt"),
  ...scope,
  ...text("kind", "resource", "name", "revision", "from", "to"),
  ...json("settings"),
];

const gapColumns: readonly Column[] = [...number("from", "to"), ...scope, ...text("what", "why")];

/** In the order in which they are published: who sees an event can follow its ID. */
export const TABLES: readonly Table[] = [
  {
    name: "invocations",
    record: "invocation",
    columns: [
      ...number("startedAt", "endedAt"),
      ...scope,
      ...text("fn", "version", "requestId"),
      ...number("durationMs", "billedMs", "memoryMib", "maxMemoryMib", "vcpu", "initMs", "restoreMs", "billedRestoreMs"),
      ...flag("coldStart"),
      ...text("outcome", "errorType", "traceId", "spanId", "parentSpanId", "stream", "architecture", "plan", "trigger"),
      ...number("weight"),
      ...flag("emulator"),
      ...text("seenIn"),
      ids,
    ],
    time: "startedAt",
    key: "fn",
    identity: [
      "cloud",
      '"requestId"',
      '"seenIn"',
      '"endedAt"',
      '"durationMs"',
      '"billedMs"',
      '"initMs"',
      "outcome",
      "fn",
      'CASE WHEN "endedAt" IS NULL THEN "startedAt" END',
    ],
    likeness: '"requestId"',
    repeats: false,
  },
  {
    name: "spans",
    record: "span",
    columns: spanColumns,
    time: "startedAt",
    key: "fn",
    identity: names(...spanColumns),
    likeness: '"spanId"',
    repeats: false,
  },
  {
    name: "messages",
    record: "message",
    columns: [
      ...number("at"),
      ...scope,
      ...text("direction", "channel", "channelKind", "messageId", "fn", "requestId", "traceId", "parentSpanId"),
      ...number("sentAt", "attempt", "sizeBytes"),
      ...text("payloadHash", "eventName"),
      ...flag("deadLetter"),
      ...text("replay"),
      ids,
    ],
    time: "at",
    key: "fn",
    identity: [
      "cloud",
      "direction",
      "channel",
      '"channelKind"',
      '"messageId"',
      '"at"',
      "fn",
      '"sentAt"',
      "attempt",
      '"sizeBytes"',
      '"payloadHash"',
      '"eventName"',
    ],
    likeness: '"messageId"',
    repeats: false,
  },
  {
    name: "metrics",
    record: "metric",
    columns: metricColumns,
    time: "at",
    key: "resource",
    identity: names(...metricColumns),
    likeness: '"at"',
    repeats: false,
  },
  {
    name: "configs",
    record: "config",
    columns: configColumns,
    time: "observedAt",
    key: "resource",
    identity: names(...configColumns),
    likeness: '"resource"',
    repeats: false,
  },
  {
    name: "gaps",
    record: "gap",
    columns: gapColumns,
    time: "from",
    key: "what",
    identity: names(...gapColumns),
    likeness: '"what"',
    repeats: false,
  },
  {
    name: "events",
    record: "log",
    columns: [
      ...number("at"),
      ...scope,
      ...text("fn", "stream", "kind", "level", "requestId", "traceId", "spanId"),
      { name: "message", type: "VARCHAR", as: "message" },
      ...number("sizeBytes"),
      ids,
    ],
    time: "at",
    key: "fn",
    identity: ["cloud", '"at"', "coalesce(stream, fn)", RAW_MESSAGE],
    likeness: `hash("at", coalesce(stream, fn), ${FIRST_LETTER})`,
    repeats: true,
  },
];

export const LINK_COLUMNS = ["id", "kind", "ownerKind", "owner", "cloud", "fn", "firstAt", "lastAt"] as const;

const byRecord = new Map(TABLES.map((table) => [table.record, table]));
const byName = new Map(TABLES.map((table) => [table.name, table]));

export function tableOf(type: RecordType): Table {
  return byRecord.get(type)!;
}

export function tableNamed(name: Exclude<TableName, "links">): Table {
  return byName.get(name)!;
}

/** Column name as SQL. */
export function sqlName(name: string): string {
  return `"${name}"`;
}

/** Columns as they lie in Parquet. The size of a line is kept as its distance from what its text says, which hardly varies. */
export function storedColumns(table: Table): string {
  return table.columns.map((c) => (c.name === "sizeBytes" && table.name === "events" ? SIZE_TO_STORED : sqlName(c.name))).join(", ");
}

/** Columns as the records hold them, read from Parquet. */
export function readColumns(table: Table): string {
  return table.columns.map((c) => (c.name === "sizeBytes" && table.name === "events" ? SIZE_FROM_STORED : sqlName(c.name))).join(", ");
}

/** CloudWatch Logs counts 26 bytes per event beside the text (AWS, "CloudWatch Logs quotas"). */
const PER_EVENT_BYTES = 26;
const SIZE_TO_STORED = `"sizeBytes" - strlen("message") - ${PER_EVENT_BYTES} AS "sizeExtra"`;
/** Ingested size of a line, from the stored columns. */
export const SIZE_OF_LINE = `("sizeExtra" + strlen("message") + ${PER_EVENT_BYTES})`;
const SIZE_FROM_STORED = `${SIZE_OF_LINE} AS "sizeBytes"`;

type Fields = { [name: string]: unknown; requestId?: string | null; traceId?: string | null };

/** The cell of a column, from a record. */
export function cellOf(column: Column, record: Rec): Cell | undefined {
  const fields = record as unknown as Fields;
  const value = fields[column.name];
  switch (column.as) {
    case "plain":
      return value as Cell | undefined;
    case "json":
      return JSON.stringify(value);
    case "ids":
      return packIds(value as LogEvent["ids"], fields.requestId ?? null, fields.traceId ?? null);
    case "message":
      return packMessage(value as string, fields.requestId ?? null);
  }
}

type RecordOf = {
  events: LogEvent;
  invocations: Invocation;
  spans: Span;
  messages: Message;
  metrics: MetricPoint;
  configs: Config;
  gaps: Gap;
};

/** Rows of `readColumns`, given as columns, back to records. */
export function recordsOf<Name extends keyof RecordOf>(name: Name, columns: readonly Cell[][]): RecordOf[Name][] {
  const table = tableNamed(name);
  const records: RecordOf[Name][] = [];
  const count = columns[0]?.length ?? 0;
  for (let i = 0; i < count; i++) {
    const fields: Fields = { type: table.record };
    for (let c = 0; c < table.columns.length; c++) {
      const column = table.columns[c]!;
      const cell = columns[c]![i]!;
      fields[column.name] = column.as === "json" ? JSON.parse(cell as string) : cell;
    }
    const requestId = fields.requestId ?? null;
    if ("message" in fields) fields["message"] = unpackMessage(fields["message"] as string, requestId);
    if ("ids" in fields) fields["ids"] = unpackIds(fields["ids"] as string | null, requestId, fields.traceId ?? null);
    records.push(fields as unknown as RecordOf[Name]);
  }
  return records;
}
