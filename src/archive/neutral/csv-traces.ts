/**
 * Traces and their logs as CSV or TSV tables with a header row: `TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano`
 * and `TimeUnixNano,…,PodName,Container,TraceID,SpanID,Log`, as published data sets of Kubernetes systems have them. Times are ns in UTC;
 * the parent of a root span is the word `root`.
 */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { Json, LogEvent, Span } from "../../model/records.ts";
import { epochMsOfNanos } from "../../model/times.ts";
import { type CsvRows, cellsOf, csvRows, separatorOf } from "./csv-line.ts";

type Columns = ReadonlyMap<string, number>;
type Row = (name: string) => string;

const SPAN_COLUMNS = ["traceid", "spanid", "parentid", "operationname", "starttimeunixnano", "endtimeunixnano"];
const LOG_COLUMNS = ["timeunixnano", "traceid", "spanid", "log"];
const NO_PARENT = new Set(["", "root", "0", "null", "none"]);

function columnsOf(header: string): Columns | null {
  const cells = cellsOf(header.replace(/^\uFEFF/, ""), separatorOf(header));
  // a sentence that names the columns is no header
  if (cells === null || !cells.every((name) => /^[\w .-]{0,64}$/.test(name))) return null;
  return new Map(cells.map((name, i) => [name.toLowerCase().replace(/[-_ ]/g, ""), i]));
}

const hasAll = (columns: Columns, names: readonly string[]): boolean => names.every((name) => columns.has(name));

function scoreOf(document: Json, names: readonly string[]): number {
  if (typeof document !== "string" || document.length > 2_000 || !/trace_?id/i.test(document)) return 0;
  const columns = columnsOf(document);
  return columns !== null && hasAll(columns, names) ? 80 : 0;
}

/** Hex ID of `digits` digits; null: empty or not hex. */
function hexOf(text: string, digits: number): string | null {
  const hex = text.trim().toLowerCase();
  return /^[0-9a-f]+$/.test(hex) && hex.length <= digits && !/^0+$/.test(hex) ? hex.padStart(digits, "0") : null;
}

/** A Deployment's pod without its replica set's and its own suffix: `ts-gateway-service-6f6cfc45b-h5m2n` -> `ts-gateway-service`. */
export function serviceOfPod(pod: string): string | null {
  const name = pod.trim().replace(/-[a-z0-9]{5,10}-[a-z0-9]{5}$/, "");
  return name === "" ? null : name;
}

function spanOf(row: Row, source: Source): Span | string {
  const traceId = hexOf(row("traceid"), 32);
  const spanId = hexOf(row("spanid"), 16);
  if (traceId === null || spanId === null) return "a span without trace ID and span ID";
  const startedAt = epochMsOfNanos(row("starttimeunixnano"));
  if (startedAt === null) return `span ${spanId} without a readable start time`;
  const parent = row("parentid").trim();
  const service = serviceOfPod(row("podname"));
  const endedAt = epochMsOfNanos(row("endtimeunixnano"));
  return {
    type: "span",
    cloud: "other",
    account: source.account,
    region: source.region,
    traceId,
    spanId,
    parentSpanId: NO_PARENT.has(parent.toLowerCase()) ? null : hexOf(parent, 16),
    name: row("operationname"),
    fn: source.fn,
    requestId: null,
    kind: "unknown",
    isInvocation: false,
    startedAt,
    endedAt,
    inProgress: endedAt === null,
    error: false,
    fault: false,
    throttle: false,
    inferred: false,
    origin: null,
    namespace: null,
    links: [],
    attributes: service === null ? {} : { "service.name": service },
    ids: [],
  };
}

/** Text of a container's log line, out of Docker's JSON (`{"log":"…\n","stream":…}`) where it is in that. */
function messageOf(cell: string): string {
  if (!cell.startsWith("{")) return cell.trimEnd();
  try {
    const log = (JSON.parse(cell) as { log?: unknown }).log;
    return (typeof log === "string" ? log : cell).trimEnd();
  } catch {
    return cell.trimEnd();
  }
}

const LEVEL = /\b(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?:ING)?\b/i;

function logOf(row: Row, source: Source, keys: IdKeys): LogEvent | string {
  const at = epochMsOfNanos(row("timeunixnano"));
  if (at === null) return "a log line without a readable time";
  const message = messageOf(row("log"));
  const pod = row("podname").trim();
  return {
    type: "log",
    cloud: "other",
    account: source.account,
    region: source.region,
    at,
    fn: source.fn ?? serviceOfPod(pod),
    stream: pod === "" ? null : pod,
    kind: "function",
    // levels stand at the beginning of a line; further on the word is only a word
    level: LEVEL.exec(message.slice(0, 80))?.[1]!.toUpperCase() ?? null,
    requestId: null,
    traceId: hexOf(row("traceid"), 32),
    spanId: hexOf(row("spanid"), 16),
    message,
    sizeBytes: Buffer.byteLength(message),
    ids: keys.inText(message),
  };
}

function reader(sink: Sink, wanted: readonly string[], record: (row: Row) => Span | LogEvent | string): Reader {
  let columns: Columns | null = null;
  let header = "";
  let rows: CsvRows | null = null;
  let begunAt: Position | null = null;
  return {
    read(document: Json, at: Position) {
      if (typeof document !== "string") return sink.broken("not a line of text", at);
      if (columns === null || rows === null) {
        const found = columnsOf(document);
        if (found === null || !hasAll(found, wanted))
          return document.trim() === "" ? undefined : sink.ignored("text before the header row");
        columns = found;
        header = document;
        rows = csvRows(separatorOf(document));
        return;
      }
      // tables put one behind another repeat their header
      if ((document.trim() === "" || document === header) && rows.rest() === null) return;
      begunAt ??= at;
      const row = rows.add(document);
      if (row === null) return;
      const place = begunAt;
      begunAt = null;
      if ("lost" in row) return sink.broken("a quote that never ends", place);
      const names = columns;
      if (row.cells.length !== names.size) return sink.broken(`${row.cells.length} cells where the header has ${names.size}`, place);
      const made = record((name) => row.cells[names.get(name) ?? -1] ?? "");
      if (typeof made === "string") sink.broken(made, place);
      else sink.record(made);
    },
    end() {
      if (rows?.rest()) sink.broken("a quote that never ends", begunAt ?? { line: null, byte: null });
    },
  };
}

export const csvSpans: Format = {
  id: "csv.spans",
  title: "Spans as CSV",
  kind: "text",
  headed: true,
  lookedFor: "a header row with TraceID, SpanID, ParentID, OperationName, StartTimeUnixNano, EndTimeUnixNano",
  recognise: (document) => scoreOf(document, SPAN_COLUMNS),
  open: (source, sink) => reader(sink, SPAN_COLUMNS, (row) => spanOf(row, source)),
};

export const csvLogs: Format = {
  id: "csv.logs",
  title: "Log lines with trace IDs as CSV",
  kind: "text",
  headed: true,
  lookedFor: "a header row with TimeUnixNano, TraceID, SpanID, Log",
  recognise: (document) => scoreOf(document, LOG_COLUMNS),
  open: (source, sink, keys) => reader(sink, LOG_COLUMNS, (row) => logOf(row, source, keys)),
};
