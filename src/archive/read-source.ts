/** One exported file into records: the only function that an import needs. */
import type { Format, Position, Reader, Sink, Source } from "../model/formats.ts";
import type { IdKeys } from "../model/id-keys.ts";
import type { Json, Rec, RecordType } from "../model/records.ts";
import type { Bytes } from "../model/units.ts";
import { type Content, openContent, Refused } from "./bytes.ts";
import { DamagedData } from "./decompress.ts";
import type { DocumentSink, SplitOptions } from "./documents.ts";
import { type ByteRange, readRange } from "./ranges.ts";
import { recogniser, textFormatOf, type Unrecognised, unrecognised } from "./recognise.ts";
import { split } from "./split.ts";
import { whyNot } from "./walk.ts";

/** What `record` threw, on its way out past the guards for readers. */
class CallerError extends Error {}

const KEEP_BROKEN = 20;
const UNKNOWN = "of no known format";

/** What the user said about exports that do not say it themselves. */
export type SourceHints = Pick<Source, "fn" | "account" | "region">;

export interface ReadOptions {
  formats: readonly Format[];
  keys: IdKeys;
  hints?: SourceHints;
  /** Every record, as it is found. What it throws stops the reading and comes out of `readSource`. */
  record(record: Rec): void;
  signal?: AbortSignal;
  /** Bytes read from the file (compressed ones), as they come; reading waits for the promise. */
  onBytes?: (count: Bytes) => void | Promise<void>;
  /** Only the lines that start in this part of a plain file. */
  range?: ByteRange;
  /** Where the path `-` reads from; default: the process's standard input. */
  stdin?: AsyncIterable<Uint8Array>;
  /** Limits of the splitter, for tests. */
  split?: Pick<SplitOptions, "pieceBytes" | "maxDocumentBytes">;
}

/** A part that could not be used. Position in the uncompressed data; null: not known. */
export interface BrokenPart extends Position {
  reason: string;
}

export interface SourceResult {
  path: string;
  /** IDs of the formats found, in the order they came. Empty: not recognised. */
  formats: string[];
  documents: number;
  records: Partial<Record<RecordType, number>>;
  /** The first 20. */
  broken: BrokenPart[];
  brokenCount: number;
  /** Well-formed content that holds nothing evscope reads: how many, by reason. */
  ignored: Record<string, number>;
  /** Why nothing of the file was used; null: something was, or the file holds only what is counted in `ignored`. */
  error: string | null;
  /** How the file begins and what was looked for, where that is why. */
  unrecognised: Unrecognised | null;
  /** Uncompressed bytes read. */
  bytes: Bytes;
}

/**
 * Reads one file (or `-`, or a byte range of a plain file) and gives every record to `record`. Content never makes it throw: what is broken is in
 * the result, the rest is used. Throws the signal's reason when aborted, and what `record` throws.
 */
export async function readSource(path: string, options: ReadOptions): Promise<SourceResult> {
  const result: SourceResult = {
    path,
    formats: [],
    documents: 0,
    records: {},
    broken: [],
    brokenCount: 0,
    ignored: {},
    error: null,
    unrecognised: null,
    bytes: 0,
  };
  try {
    if (options.range !== undefined) await readPart(path, options.range, options, result);
    else await readWhole(path, options, result);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof CallerError) throw error.cause;
    if (error instanceof Refused || error instanceof DamagedData) result.error = error.message;
    else if (isFileError(error)) result.error = whyNot(error);
    else throw error;
  }
  return result;
}

async function readWhole(path: string, options: ReadOptions, result: SourceResult): Promise<void> {
  const content = await openContent(path, options);
  if (content.head.length === 0) {
    result.error = "empty";
    return;
  }
  const kind = kindOf(content.head, options.formats);
  const take = documents(path, kind, content.head, options, result);
  const splitter = split(kind, take, { ...options.split, fromByte: content.skipped });
  const damage = await pour(content, result, (chunk) => splitter.push(chunk));
  splitter.end();
  take.end();
  if (damage !== null) addBroken(result, damage, { line: null, byte: content.skipped + result.bytes });
  conclude(content.head, options.formats, result, take.unknown);
}

/** Pushes all chunks; the reason where the data is damaged or cannot be read to its end. */
async function pour(content: Content, result: SourceResult, push: (chunk: Buffer) => void): Promise<string | null> {
  const chunks = content.chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextOf(chunks);
      if (typeof next === "string") return next;
      if (next === null) return null;
      result.bytes += next.length;
      push(next);
    }
  } finally {
    await chunks.return?.();
  }
}

/** The next chunk; null: no more; a text: what is wrong with the data. Other errors go on. */
async function nextOf(chunks: AsyncIterator<Buffer>): Promise<Buffer | string | null> {
  try {
    const next = await chunks.next();
    return next.done === true ? null : next.value;
  } catch (error) {
    if (error instanceof DamagedData) return error.message;
    if (isFileError(error)) return whyNot(error);
    throw error;
  }
}

async function readPart(path: string, range: ByteRange, options: ReadOptions, result: SourceResult): Promise<void> {
  const take = documents(path, range.kind, null, options, result);
  let splitter: ReturnType<typeof split> | null = null;
  let head = Buffer.alloc(0);
  for await (const { bytes, byte } of readRange(path, range, options)) {
    if (splitter === null) {
      head = Buffer.from(bytes.subarray(0, 4096));
      splitter = split(range.kind, take, { ...options.split, fromByte: byte, fromLine: byte === 0 ? 1 : null, linesOnly: true });
    }
    result.bytes += bytes.length;
    splitter.push(bytes);
  }
  splitter?.end();
  take.end();
  if (result.bytes > 0) conclude(head, options.formats, result, take.unknown);
}

/** JSON or text: what the formats know in the first bytes, else what they look like. */
function kindOf(head: Buffer, formats: readonly Format[]): Format["kind"] {
  const start = head.toString("utf8").replaceAll("\0", "").trimStart();
  const looksJson = start.startsWith("{") || start.startsWith("[");
  const json = recogniser(formats, "json");
  let known = false;
  let broken = 0;
  const probe = split("json", {
    json(value) {
      known ||= json.of(value) !== null || (Array.isArray(value) && value.slice(0, 8).some((v) => json.of(v) !== null));
    },
    text() {},
    broken() {
      broken++;
    },
  });
  // without `end`: the head may stop inside a value
  probe.push(head);
  if (known && looksJson) return "json";
  const lines = start.split("\n", 200);
  if (looksJson) return broken > 0 || lines.length > 1 ? (textFormatOf(formats, lines.slice(0, 1)) === null ? "json" : "text") : "json";
  return known && textFormatOf(formats, lines) === null ? "json" : "text";
}

interface Take extends DocumentSink {
  end(): void;
  /** Documents that no format knew. */
  unknown: { count: number };
}

/** Gives each document to the reader of its format. */
function documents(path: string, kind: Format["kind"], head: Buffer | null, options: ReadOptions, result: SourceResult): Take {
  const source: Source = {
    path,
    segments: path.split(/[\\/]+/).filter((part) => part !== "" && part !== "." && part !== ".."),
    fn: options.hints?.fn ?? null,
    account: options.hints?.account ?? null,
    region: options.hints?.region ?? null,
  };
  const json = recogniser(options.formats, "json");
  const readers = new Map<string, Reader>();
  const unknown = { count: 0 };
  let failed: CallerError | null = null;
  let text: Format | null = options.formats.find((f) => f.kind === "text" && f.id === options.range?.format) ?? null;
  if (text === null && kind === "text" && head !== null) text = textFormatOf(options.formats, head.toString("utf8").split(/\r?\n/, 2000));

  const sink: Sink = {
    record(record) {
      result.records[record.type] = (result.records[record.type] ?? 0) + 1;
      try {
        options.record(record);
      } catch (error) {
        failed = new CallerError("record", { cause: error });
        throw failed;
      }
    },
    broken: (reason, at) => addBroken(result, reason, at),
    ignored: (reason) => addIgnored(result, reason, 1),
  };

  function readerOf(format: Format): Reader {
    let reader = readers.get(format.id);
    if (reader === undefined) {
      reader = format.open(source, sink, options.keys);
      readers.set(format.id, reader);
      result.formats.push(format.id);
    }
    return reader;
  }

  /** A reader that throws is our bug, but not a reason to lose the rest of the file. */
  function guarded(work: () => void, format: string, at: Position): void {
    try {
      work();
    } catch (error) {
      if (failed !== null) throw failed;
      const why = error instanceof RangeError ? "nested too deep" : error instanceof Error ? error.message : String(error);
      addBroken(result, `${format} could not read it: ${why}`, at);
    }
  }

  function give(format: Format, document: Json, at: Position): void {
    guarded(() => readerOf(format).read(document, at), format.id, at);
  }

  function giveJson(value: Json, at: Position): void {
    const format = json.of(value);
    if (format !== null) return give(format, value, at);
    if (!Array.isArray(value) || value.length === 0) {
      unknown.count++;
      return;
    }
    for (const element of value) {
      const own = json.of(element);
      if (own === null) unknown.count++;
      else give(own, element, at);
    }
  }

  return {
    unknown,
    json(value, at) {
      result.documents++;
      giveJson(value, at);
    },
    text(line, at) {
      if (text === null && line.trim() === "") return;
      result.documents++;
      if (text === null) unknown.count++;
      else give(text, line, at);
    },
    broken(reason, at, line) {
      if (line !== null && kind === "json") {
        text ??= textFormatOf(options.formats, [line]);
        if (text !== null && readers.has(text.id) ? true : text !== null && text.recognise(line) > 0) {
          result.documents++;
          give(text!, line, at);
          return;
        }
      }
      addBroken(result, reason, at);
    },
    end() {
      for (const [id, reader] of readers) guarded(() => reader.end(), id, { line: null, byte: null });
    },
  };
}

function conclude(head: Buffer, formats: readonly Format[], result: SourceResult, unknown: { count: number }): void {
  if (result.formats.length === 0) {
    if (result.documents > 0 && unknown.count > 0) {
      result.error = "not recognised";
      result.unrecognised = unrecognised(head, formats);
    } else if (result.brokenCount > 0) {
      result.error = `nothing in it could be read: ${result.broken[0]!.reason}`;
      result.unrecognised = unrecognised(head, formats);
    } else result.error = result.documents > 0 ? "nothing in it" : "only white space";
    return;
  }
  if (unknown.count > 0) addIgnored(result, UNKNOWN, unknown.count);
  const records = Object.values(result.records).reduce((a, b) => a + b, 0);
  if (records === 0 && result.brokenCount === 0 && Object.keys(result.ignored).length === 0) {
    addIgnored(result, "holds no records", result.documents);
  }
}

function addBroken(result: SourceResult, reason: string, at: Position): void {
  result.brokenCount++;
  if (result.broken.length < KEEP_BROKEN) result.broken.push({ line: at.line, byte: at.byte, reason });
}

function addIgnored(result: SourceResult, reason: string, count: number): void {
  result.ignored[reason] = (result.ignored[reason] ?? 0) + count;
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && "code" in error && "syscall" in error;
}
