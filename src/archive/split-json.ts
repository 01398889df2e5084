/** JSON values as documents: one per line (fast), one behind another, or of any size and cut into pieces. */
import { ByteWindow } from "./byte-window.ts";
import { type DocumentSink, inMib, MAX_DOCUMENT_BYTES, PIECE_BYTES, type SplitOptions, type Splitter } from "./documents.ts";
import { decode, type Encoding, encodingOf, parseJson } from "./json-text.ts";
import { type Feed, JsonValue, type Next, place, TEXT_BYTES } from "./json-value.ts";
import { JsonScan, show } from "./scan.ts";

const NEWLINE = 0x0a;
/** Bytes looked at together: what a broken list moves about at each of its errors. */
const STEP_BYTES = 64 * 1024;
const DISTRUSTED_LINES = 64;
/** A line that has not ended after this much is scanned as a value. */
const LONG_LINE_BYTES = 256 * 1024;

const isSpace = (c: number): boolean => c === 0x20 || c === 0x09 || c === 0x0d || c === NEWLINE || c === 0x1e;
const isOpen = (c: number): boolean => c === 0x7b || c === 0x5b;
const isClose = (c: number): boolean => c === 0x7d || c === 0x5d;

/** Concatenated values with anything of white space (or the record separator of JSON sequences) between them. */
export function splitJson(out: DocumentSink, options: SplitOptions = {}): Splitter {
  const pieceBytes = options.pieceBytes ?? PIECE_BYTES;
  const maxBytes = Math.max(options.maxDocumentBytes ?? MAX_DOCUMENT_BYTES, pieceBytes);
  const window = new ByteWindow(options.fromByte ?? 0);
  const numbered = options.fromLine !== null;
  const feed: Feed = { window, out, pieceBytes, maxBytes, line: options.fromLine ?? 1, numbered, values: 0 };
  const value = new JsonValue(feed);
  const probe = new JsonScan();
  const longLine = Math.min(LONG_LINE_BYTES, pieceBytes);
  let mode: Next | "value" = "line";
  /** Place in the stream up to which `encoding` holds (behind a newline). */
  let linesTo = window.base;
  let encoding: Encoding = "latin1";
  /** So many lines more are scanned before they are parsed: an exception of JSON.parse costs more than most lines. */
  let distrust = 0;

  /** Lines that are values of their own: the common case, kept short. */
  function takeLines(final: boolean): Next | "value" | null {
    while (window.at < window.end) {
      const start = window.at;
      const { bytes } = window;
      if (window.base + start >= linesTo) lookAtLines();
      let to = window.base + start < linesTo ? bytes.indexOf(NEWLINE, start) : -1;
      const ended = to >= 0;
      if (!ended) {
        if (!final && window.end - start < longLine) return null;
        to = window.end;
      }
      let from = start;
      while (from < to && isSpace(bytes[from]!)) from++;
      if (from < to && isOpen(bytes[from]!)) {
        if (!(ended && distrust === 0 && takeLine(from, to))) {
          if (options.linesOnly !== true || !(ended || final)) {
            if (distrust > 0) distrust--;
            value.begin(from);
            return "value";
          }
          lineAlone(from, to);
        }
      } else if (from < to) {
        if (!ended && !final) return longStray(from);
        stray(from, to);
      }
      window.at = ended ? to + 1 : to;
      if (ended) feed.line++;
    }
    return null;
  }

  /** Looks once at a whole stretch of lines instead of at each. */
  function lookAtLines(): void {
    const lines = window.bytes.subarray(window.at, window.end);
    const last = lines.lastIndexOf(NEWLINE);
    if (last < 0) return;
    encoding = encodingOf(lines.subarray(0, last + 1));
    linesTo = window.base + window.at + last + 1;
  }

  function takeLine(from: number, to: number): boolean {
    const { bytes } = window;
    let behind = to;
    while (isSpace(bytes[behind - 1]!)) behind--;
    if (!isClose(bytes[behind - 1]!)) return false;
    const own = encoding === "bad" ? encodingOf(bytes.subarray(from, behind)) : encoding;
    const at = place(feed, from, feed.line);
    const parsed = parseJson(decode(bytes, own, from, behind), own, at, out);
    if (parsed === undefined) {
      distrust = options.linesOnly === true ? 0 : DISTRUSTED_LINES;
      return false;
    }
    feed.values++;
    out.json(parsed, at);
    return true;
  }

  /** A line that is not one value, in a byte range: what follows may be another worker's. */
  function lineAlone(from: number, to: number): void {
    probe.start(from, feed.line);
    const result = probe.run(window.bytes, to);
    if (result === "done") return alone(from, to);
    const text = to - from > TEXT_BYTES ? null : window.bytes.toString("utf8", from, to).trimEnd();
    const reason = result === "error" ? probe.reason : "the line ends inside a value";
    out.broken(reason, place(feed, result === "error" ? probe.at : to, feed.line), text);
  }

  /** A part of a line that is not one value, split on its own. */
  function alone(from: number, to: number): void {
    const part = splitJson(out, {
      pieceBytes,
      maxDocumentBytes: maxBytes,
      fromByte: window.base + from,
      fromLine: numbered ? feed.line : null,
    });
    part.push(window.bytes.subarray(from, to));
    part.end();
  }

  function stray(from: number, to: number): void {
    let first = from;
    while (first < to && window.bytes[first] === 0) first++;
    if (first > from) {
      out.broken(`${first - from} NUL bytes`, place(feed, from, feed.line), null);
      if (first < to && isOpen(window.bytes[first]!)) return alone(first, to);
      if (first === to) return;
    }
    const text = window.bytes.toString("utf8", first, to).trimEnd();
    out.broken(`unexpected character ${show(window.bytes[first]!)}, expected { or [`, place(feed, first, feed.line), text);
  }

  function longStray(from: number): Next | null {
    if (window.end - from < maxBytes) return null;
    out.broken(`a line longer than ${inMib(maxBytes)} that is not JSON`, place(feed, from, feed.line), null);
    window.at = window.end;
    return "skip";
  }

  function takeInside(): Next | "value" | null {
    const { bytes } = window;
    while (window.at < window.end && bytes[window.at] !== NEWLINE && isSpace(bytes[window.at]!)) window.at++;
    if (window.at >= window.end) return null;
    const c = bytes[window.at]!;
    if (isOpen(c)) {
      value.begin(window.at);
      return "value";
    }
    if (c !== NEWLINE) {
      out.broken(`unexpected character ${show(c)} behind a value`, place(feed, window.at, feed.line), null);
      return "skip";
    }
    window.at++;
    feed.line++;
    return "line";
  }

  function takeSkip(): Next | null {
    const newline = window.find(NEWLINE, window.at);
    window.at = newline < 0 ? window.end : newline + 1;
    if (newline < 0) return null;
    feed.line++;
    return "line";
  }

  function takeTop(): Next | null {
    for (;;) {
      const newline = window.find(NEWLINE, window.at);
      // the byte behind the newline decides
      window.at = newline < 0 ? window.end : newline;
      if (newline < 0 || newline + 1 >= window.end) return null;
      window.at++;
      feed.line++;
      if (isOpen(window.bytes[window.at]!)) return "line";
    }
  }

  function take(final: boolean): Next | "value" | null {
    if (mode === "line") return takeLines(final);
    if (mode === "value") return value.take(final);
    if (mode === "inside") return takeInside();
    if (mode === "skip") return takeSkip();
    return mode === "top" ? takeTop() : value.takeElement(final);
  }

  function drain(final: boolean): void {
    for (let next = take(final); next !== null; next = take(final)) mode = next;
  }

  return {
    push(chunk) {
      for (let from = 0; from < chunk.length; from += STEP_BYTES) {
        const moved = window.append(chunk.subarray(from, from + STEP_BYTES));
        if (moved > 0 && (mode === "value" || mode === "element")) value.moved(moved);
        drain(false);
      }
    },
    end() {
      drain(true);
    },
  };
}
