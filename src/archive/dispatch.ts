/** Documents to the readers of their formats. */
import type { Format, Position, Reader, Sink, Source } from "../model/formats.ts";
import type { Json } from "../model/records.ts";
import type { DocumentSink } from "./documents.ts";
import type { ReadOptions } from "./options.ts";
import { notFinite } from "./finite.ts";
import { recogniser, textFormatOf } from "./recognise.ts";
import { addBroken, addIgnored, type SourceResult } from "./result.ts";
import { split } from "./split.ts";

/** What `record` threw, on its way out past the guards for readers. */
export class CallerError extends Error {}

/** JSON or text: what the formats know in the first bytes, else what they look like. `whole`: the head is the whole file. */
export function kindOf(head: Buffer, whole: boolean, formats: readonly Format[]): Format["kind"] {
  const start = head.toString("utf8").replaceAll("\0", "").trimStart();
  const looksJson = start.startsWith("{") || start.startsWith("[");
  const json = recogniser(formats, "json");
  let known = false;
  const probe = split("json", {
    json(value) {
      known ||= json.of(value) !== null || (Array.isArray(value) && value.slice(0, 8).some((v) => json.of(v) !== null));
    },
    text() {},
    broken() {},
  });
  probe.push(head);
  // else the head may stop inside a value
  if (whole) probe.end();
  if (known && looksJson) return "json";
  const lines = start.split("\n", 200);
  if (looksJson) return textFormatOf(formats, lines.slice(0, 1)) === null ? "json" : "text";
  return known && textFormatOf(formats, lines) === null ? "json" : "text";
}

export interface Take extends DocumentSink {
  end(): void;
  /** How many documents no format knew. */
  unknown(): number;
}

/** Gives each document to the reader of its format. */
export function documents(path: string, kind: Format["kind"], head: Buffer | null, options: ReadOptions, result: SourceResult): Take {
  const source: Source = {
    path,
    segments: path.split(/[\\/]+/).filter((part) => part !== "" && part !== "." && part !== ".."),
    fn: options.hints?.fn ?? null,
    account: options.hints?.account ?? null,
    region: options.hints?.region ?? null,
  };
  const json = recogniser(options.formats, "json");
  const readers = new Map<string, Reader>();
  let unknown = 0;
  let failed: CallerError | null = null;
  /** Of the document being read. */
  let place: Position = { line: null, byte: null };
  let text: Format | null = options.formats.find((f) => f.kind === "text" && f.id === options.range?.format) ?? null;
  if (text === null && kind === "text" && head !== null) text = textFormatOf(options.formats, head.toString("utf8").split(/\r?\n/, 2000));

  const sink: Sink = {
    record(record) {
      const odd = notFinite(record);
      if (odd !== null) return addBroken(result, `a ${record.type} with a number out of range in \`${odd}\``, place);
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
    place = at;
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
    if (!Array.isArray(value)) {
      unknown++;
      return;
    }
    if (value.length === 0) sink.ignored("an empty list");
    for (const element of value) {
      const own = json.of(element);
      if (own === null) unknown++;
      else give(own, element, at);
    }
  }

  return {
    unknown: () => unknown,
    json(value, at) {
      result.documents++;
      giveJson(value, at);
    },
    text(line, at) {
      if (text === null && line.trim() === "") return;
      result.documents++;
      if (text === null) unknown++;
      else give(text, line, at);
    },
    broken(reason, at, line) {
      const own = line === null ? null : textFormatOf(options.formats, [line]);
      text = own ?? text;
      if (line === null || text === null || (own === null && line.startsWith("{"))) return addBroken(result, reason, at);
      result.documents++;
      give(text, line, at);
    },
    end() {
      for (const [id, reader] of readers) guarded(() => reader.end(), id, { line: null, byte: null });
    },
  };
}
