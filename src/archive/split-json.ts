/** JSON values as documents: one per line (fast), one behind another, or of any size and cut into pieces. */
import type { Position } from "../model/formats.ts";
import type { Json } from "../model/records.ts";
import {
  type DocumentSink,
  type Encoding,
  encodingOf,
  MAX_DOCUMENT_BYTES,
  MAYBE_SURROGATE,
  PIECE_BYTES,
  type SplitOptions,
  type Splitter,
  tooLarge,
  withoutLoneSurrogates,
} from "./documents.ts";
import { nextElement, nextTopLevelLine, type Sibling, siblingOf } from "./recover.ts";
import { JsonScan, show } from "./scan.ts";

const NEWLINE = 0x0a;
const STEP_BYTES = 1024 * 1024;
/** A line that has not ended after this much is scanned as a value. */
const LONG_LINE_BYTES = 256 * 1024;
/** Bytes that recovery may look at again, beyond those of the stream: keeps hostile input linear. */
const RESCAN_BYTES = 64 * 1024 * 1024;
/** Kept before the place where recovery searches. */
const LOOK_BACK_BYTES = 64;
/** A line longer than this is not tried as text. */
const TEXT_BYTES = 64 * 1024;

const isSpace = (c: number): boolean => c === 0x20 || c === 0x09 || c === 0x0d || c === 0x0a || c === 0x1e;
const isOpen = (c: number): boolean => c === 0x7b || c === 0x5b;

/**
 * line: at the start of a line. inside: behind a value, on its line. value: within a value. skip: to the next line.
 * top: to the next line that begins with a bracket. element: to the next element of the list at `lost.depth`.
 */
type Mode = "line" | "inside" | "value" | "skip" | "top" | "element";

export function splitJson(out: DocumentSink, options: SplitOptions = {}): Splitter {
  const pieceBytes = options.pieceBytes ?? PIECE_BYTES;
  const maxBytes = Math.max(options.maxDocumentBytes ?? MAX_DOCUMENT_BYTES, pieceBytes);
  const numbered = options.fromLine !== null;
  const scan = new JsonScan();
  let buf = Buffer.allocUnsafe(0);
  let p = 0;
  let end = 0;
  /** Stream position of buf[0], and line of buf[p]. */
  let base = options.fromByte ?? 0;
  let line = options.fromLine ?? 1;
  let mode: Mode = "line";
  /** Stream position up to which `encoding` holds (behind a newline). */
  let linesTo = base;
  let encoding: Encoding = "latin1";
  let values = 0;
  let rescanned = 0;
  // of the value in hand
  let pieceAt: Position = { line: 1, byte: 0 };
  let cuts = 0;
  let dropped = false;
  let sibling: Sibling | null = null;
  let siblingDepth = 0;
  let search = 0;
  let waiting = false;

  const place = (offset: number, atLine: number): Position => ({ line: numbered ? atLine : null, byte: base + offset });

  function append(chunk: Uint8Array): void {
    if (end + chunk.length > buf.length) {
      const size = Math.max(end - p + chunk.length, Math.min(2 * (end - p + chunk.length), end - p + 2 * pieceBytes), 64 * 1024);
      const larger = size > buf.length ? Buffer.allocUnsafeSlow(size) : buf;
      buf.copy(larger, 0, p, end);
      buf = larger;
      moved(p);
    }
    buf.set(chunk, end);
    end += chunk.length;
  }

  function moved(delta: number): void {
    base += delta;
    end -= delta;
    p -= delta;
    search -= delta;
    if (mode === "value" || mode === "element") scan.shift(delta);
  }

  /** JSON.parse with the mending of what JSON.parse lets pass but a dataset cannot hold. */
  function parse(text: string, encoding: Encoding, at: Position): Json | undefined {
    let json = text;
    if (MAYBE_SURROGATE.test(json)) {
      json = withoutLoneSurrogates(json);
      if (json !== text) out.broken("half of a surrogate pair, read as U+FFFD", at, null);
    }
    try {
      const value = JSON.parse(json) as Json;
      if (encoding === "bad") out.broken("bytes that are not UTF-8, read as U+FFFD", at, null);
      return value;
    } catch {
      return undefined;
    }
  }

  function deliver(from: number, to: number, closers: string, at: Position): void {
    const bytes = buf.subarray(from, to);
    const encoding = encodingOf(bytes);
    const value = parse(bytes.toString(encoding === "latin1" ? "latin1" : "utf8") + closers, encoding, at);
    if (value === undefined) out.broken("not JSON", at, null);
    else out.json(value, at);
  }

  function begin(offset: number): void {
    p = offset;
    pieceAt = place(offset, line);
    scan.start(offset, line);
    cuts = 0;
    dropped = false;
    sibling = null;
    mode = "value";
  }

  /** Lines that are values of their own: the common case, kept short. */
  function takeLines(final: boolean): boolean {
    while (p < end) {
      if (base + p >= linesTo) wholeLines();
      let to = base + p < linesTo ? buf.indexOf(NEWLINE, p) : -1;
      const ended = to >= 0;
      if (!ended) {
        if (!final && end - p < LONG_LINE_BYTES) return false;
        to = end;
      }
      let from = p;
      while (from < to && isSpace(buf[from]!)) from++;
      if (from === to) {
        p = ended ? to + 1 : to;
        if (ended) line++;
        continue;
      }
      const c = buf[from]!;
      if (!isOpen(c)) {
        if (!ended && !final) return longStray(from);
        stray(from, to);
        p = ended ? to + 1 : to;
        if (ended) line++;
        continue;
      }
      let behind = to;
      while (isSpace(buf[behind - 1]!)) behind--;
      const closing = buf[behind - 1]!;
      if (ended && (closing === 0x7d || closing === 0x5d)) {
        const own = encoding === "bad" ? encodingOf(buf.subarray(from, behind)) : encoding;
        const at: Position = { line: numbered ? line : null, byte: base + from };
        const value = parse(buf.toString(own === "latin1" ? "latin1" : "utf8", from, behind), own, at);
        if (value !== undefined) {
          values++;
          p = to + 1;
          line++;
          out.json(value, at);
          continue;
        }
      }
      if (options.linesOnly === true && (ended || final)) {
        alone(from, to);
        p = ended ? to + 1 : to;
        if (ended) line++;
        continue;
      }
      begin(from);
      return true;
    }
    return false;
  }

  /** Looks once at a whole stretch of lines instead of at each. */
  function wholeLines(): void {
    const last = buf.subarray(p, end).lastIndexOf(NEWLINE);
    if (last < 0) return;
    encoding = encodingOf(buf.subarray(p, p + last + 1));
    linesTo = base + p + last + 1;
  }

  /** One line that is not one value, split on its own (byte ranges: what follows may be another worker's). */
  function alone(from: number, to: number): void {
    const part = splitJson(out, { pieceBytes, maxDocumentBytes: maxBytes, fromByte: base + from, fromLine: numbered ? line : null });
    part.push(Buffer.from(buf.subarray(from, to)));
    part.end();
  }

  function stray(from: number, to: number): void {
    const nul = buf[from] === 0;
    let first = from;
    while (nul && first < to && buf[first] === 0) first++;
    if (nul) out.broken(`${first - from} NUL bytes`, place(from, line), null);
    if (first === to) return;
    if (nul && isOpen(buf[first]!)) {
      alone(first, to);
      return;
    }
    const text = buf.toString("utf8", first, to).trimEnd();
    out.broken(`unexpected character ${show(buf[first]!)}, expected { or [`, place(first, line), text);
  }

  function longStray(from: number): boolean {
    if (end - from < maxBytes) return false;
    out.broken(`a line longer than ${Math.round(maxBytes / 1_048_576)} MiB that is not JSON`, place(from, line), null);
    p = end;
    mode = "skip";
    return true;
  }

  function takeInside(): boolean {
    while (p < end && buf[p] !== NEWLINE && isSpace(buf[p]!)) p++;
    if (p >= end) return false;
    const c = buf[p]!;
    if (c === NEWLINE) {
      p++;
      line++;
      mode = "line";
    } else if (isOpen(c)) {
      begin(p);
    } else {
      out.broken(`unexpected character ${show(c)} behind a value`, place(p, line), null);
      mode = "skip";
    }
    return true;
  }

  function takeValue(final: boolean): boolean {
    const result = waiting ? "error" : scan.run(buf, end);
    if (result === "done") {
      if (!dropped) deliver(p, scan.at, "", pieceAt);
      values++;
      p = scan.at;
      line = scan.line;
      mode = "inside";
      return true;
    }
    // what follows decides how to go on, so that the result does not depend on how the bytes came
    waiting = result === "error" && !final && end - scan.at < LONG_LINE_BYTES && !buf.subarray(scan.at, end).includes(NEWLINE);
    if (waiting) return false;
    if (result === "error") return failed(scan.at, scan.line, scan.reason, final);
    if (dropped) p = scan.at;
    else while (end - p > pieceBytes && cutPiece());
    return final ? failed(end, scan.line, "the data ends inside a value", true) : false;
  }

  /** Gives out the envelope with the elements read so far. False: nothing to cut (if far too large, the value is refused and its bytes go as they are scanned). */
  function cutPiece(): boolean {
    const depth = scan.outermostArray(true);
    if (depth === 0 || end - scan.open[depth]! <= pieceBytes) {
      if (end - p <= maxBytes) return false;
      out.broken(tooLarge(maxBytes), pieceAt, null);
      dropped = true;
      p = scan.at;
      return false;
    }
    const comma = scan.comma[depth]!;
    const open = scan.open[depth]!;
    const atLine = scan.commaLine[depth]!;
    remember(depth);
    deliver(p, comma, scan.closers(depth), pieceAt);
    pieceAt = place(comma + 1, atLine);
    const delta = comma + 1 - open;
    buf.copyWithin(open, comma + 1, end);
    end -= delta;
    base += delta;
    scan.cut(depth, delta);
    cuts++;
    return true;
  }

  /** What the elements of this list look like, to find the next one behind a broken one. */
  function remember(depth: number): void {
    if (sibling !== null && siblingDepth === depth) return;
    sibling = siblingOf(buf, scan.open[depth]!, end);
    siblingDepth = depth;
  }

  /** The value is broken at `offset`. Gives out what is whole, says what is wrong, and looks for where to go on. */
  function failed(offset: number, atLine: number, reason: string, final: boolean): boolean {
    const firstEnd = cuts > 0 ? -1 : buf.subarray(p, Math.min(offset, end)).indexOf(NEWLINE);
    const cutLine = firstEnd < 0 ? -1 : nextWholeLine(p + firstEnd + 1);
    if (cutLine >= 0) {
      if (!dropped) out.broken("the line ends inside a value", place(p + firstEnd, line), null);
      rescanned += end - cutLine;
      p = cutLine;
      line++;
      mode = "line";
      return true;
    }
    const depth = dropped ? 0 : scan.outermostArray(false);
    const known = sibling !== null && siblingDepth <= scan.depth && scan.isArray[siblingDepth] === 1 ? siblingDepth : 0;
    const list = depth > 0 && (known === 0 || depth <= known) ? depth : known;
    if (list > 0 && (firstEnd >= 0 || cuts > 0 || values === 0)) return salvage(list, offset, atLine, reason);
    const ownLine = firstEnd < 0 && cuts === 0;
    if (!dropped) report(offset, atLine, reason, ownLine && mode === "value" ? p : -1, final);
    p = offset;
    line = atLine;
    values++;
    if (ownLine) mode = "skip";
    else {
      mode = "top";
      search = offset;
    }
    return !final || p < end;
  }

  function report(offset: number, atLine: number, reason: string, lineFrom: number, final: boolean): void {
    let text: string | null = null;
    if (lineFrom >= 0) {
      const to = buf.subarray(0, end).indexOf(NEWLINE, lineFrom);
      const behind = to < 0 ? end : to;
      if ((to >= 0 || final) && behind - lineFrom < TEXT_BYTES) text = buf.toString("utf8", lineFrom, behind).trimEnd();
    }
    out.broken(reason, place(offset, atLine), text);
  }

  /** Start of the line at `from` if it is a whole JSON value on its own that looks like the value in hand: then that one was a cut line. */
  function nextWholeLine(from: number): number {
    if (from >= end || !isOpen(buf[from]!) || rescanned > RESCAN_BYTES) return -1;
    const own = siblingOf(buf, p, end);
    const next = siblingOf(buf, from, end);
    if (own === null || next === null || own.first !== next.first || own.key !== next.key) return -1;
    let to = buf.subarray(0, end).indexOf(NEWLINE, from);
    if (to < 0) to = end;
    try {
      JSON.parse(buf.toString("utf8", from, to));
      return from;
    } catch {
      return -1;
    }
  }

  function salvage(list: number, offset: number, atLine: number, reason: string): boolean {
    remember(list);
    const whole = scan.elementEnd[list]!;
    if (whole >= 0) deliver(p, whole, scan.closers(list), pieceAt);
    out.broken(reason, place(offset, atLine), null);
    const open = scan.open[list]!;
    const delta = Math.max(0, Math.min(offset, end) - LOOK_BACK_BYTES - open);
    buf.copyWithin(open, open + delta, end);
    end -= delta;
    base += delta;
    scan.depth = list;
    scan.line = atLine;
    cuts++;
    search = offset - delta;
    mode = "element";
    return true;
  }

  function takeElement(final: boolean): boolean {
    const found = nextElement(buf, search, end, sibling, final);
    for (let i = search; i < found.offset; i++) if (buf[i] === NEWLINE) scan.line++;
    if (found.kind === "none") {
      const open = scan.open[siblingDepth]!;
      // keep the envelope, drop what was searched but for a little to look back at
      const keep = Math.max(open, found.offset - LOOK_BACK_BYTES);
      buf.copyWithin(open, keep, end);
      end -= keep - open;
      base += keep - open;
      search = found.offset - (keep - open);
      return false;
    }
    if (found.kind === "top") {
      p = found.offset;
      line = scan.line;
      mode = "line";
      return true;
    }
    const open = scan.open[siblingDepth]!;
    const delta = found.offset - open;
    buf.copyWithin(open, found.offset, end);
    end -= delta;
    base += delta;
    pieceAt = place(open, scan.line);
    scan.resumeInArray(siblingDepth, open, scan.line);
    mode = "value";
    return true;
  }

  function takeSkip(): boolean {
    const at = buf.subarray(0, end).indexOf(NEWLINE, p);
    p = at < 0 ? end : at + 1;
    if (at < 0) return false;
    line++;
    mode = "line";
    return true;
  }

  function takeTop(): boolean {
    const found = nextTopLevelLine(buf, search, end);
    for (let i = search; i < found.offset; i++) if (buf[i] === NEWLINE) line++;
    search = found.offset;
    p = found.found ? found.offset : Math.max(p, found.offset - 1);
    if (found.found) mode = "line";
    return found.found;
  }

  function drain(final: boolean): void {
    for (;;) {
      let more = false;
      if (mode === "line") more = takeLines(final);
      else if (mode === "inside") more = takeInside();
      else if (mode === "value") more = takeValue(final);
      else if (mode === "skip") more = takeSkip();
      else if (mode === "top") more = takeTop();
      else more = takeElement(final);
      if (!more) break;
    }
    if (p >= end && mode !== "value" && mode !== "element") moved(p);
  }

  return {
    push(chunk) {
      for (let from = 0; from < chunk.length; from += STEP_BYTES) {
        append(chunk.subarray(from, from + STEP_BYTES));
        drain(false);
      }
    },
    end() {
      drain(true);
    },
  };
}
