/** One JSON value that is not simply a line: over several lines, behind another one, too large to hold, or broken. */
import type { Position } from "../model/formats.ts";
import type { ByteWindow } from "./byte-window.ts";
import { type DocumentSink, inMib } from "./documents.ts";
import { decode, encodingOf, parseJson } from "./json-text.ts";
import { nextElement, type Sibling, siblingOf } from "./recover.ts";
import { JsonScan } from "./scan.ts";

const NEWLINE = 0x0a;
/** As long as a line goes on, so much of it is awaited before a broken value is judged. */
const AWAIT_BYTES = 256 * 1024;
/** Bytes that recovery may look at again, beyond those of the stream: keeps hostile input linear. */
const RESCAN_BYTES = 64 * 1024 * 1024;
/** Kept before the place where recovery searches. */
const LOOK_BACK_BYTES = 64;
/** A line longer than this is not tried as text. */
export const TEXT_BYTES = 64 * 1024;

/** Where the splitter is: shared by its parts. */
export interface Feed {
  readonly window: ByteWindow;
  readonly out: DocumentSink;
  readonly pieceBytes: number;
  readonly maxBytes: number;
  /** Line of `window.at`. */
  line: number;
  /** False: lines are not known (a byte range). */
  readonly numbered: boolean;
  /** Values begun so far. */
  values: number;
}

export const place = (feed: Feed, offset: number, line: number): Position => ({
  line: feed.numbered ? line : null,
  byte: feed.window.base + offset,
});

/** line: at the start of a line. inside: behind a value, on its line. skip: to the next line. top: to the next line that begins with a bracket. element: to the next element of a broken list. */
export type Next = "line" | "inside" | "skip" | "top" | "element";

export class JsonValue {
  private readonly feed: Feed;
  private readonly scan = new JsonScan();
  private pieceAt: Position = { line: null, byte: null };
  /** The beginning of the value is no longer in the window as it was. */
  private cut = false;
  /** Too large: refused, its bytes go as they are scanned. */
  private dropped = false;
  private waiting = false;
  private sibling: Sibling | null = null;
  private siblingDepth = 0;
  private search = 0;
  private rescanned = 0;
  private probe: JsonScan | null = null;

  constructor(feed: Feed) {
    this.feed = feed;
  }

  /** A value begins at `offset` (its bracket). */
  begin(offset: number): void {
    this.feed.window.at = offset;
    this.pieceAt = place(this.feed, offset, this.feed.line);
    this.scan.start(offset, this.feed.line);
    this.cut = false;
    this.dropped = false;
    this.waiting = false;
    this.sibling = null;
  }

  /** All offsets of the window went down. */
  moved(delta: number): void {
    this.scan.shift(delta);
    this.search -= delta;
  }

  /** Goes on with the value. null: more bytes are needed. */
  take(final: boolean): Next | null {
    const { feed, scan } = this;
    const { window } = feed;
    const result = this.waiting ? "error" : scan.run(window.bytes, window.end);
    if (result === "done") {
      if (!this.dropped) this.deliver(scan.at, "");
      feed.values++;
      window.at = scan.at;
      feed.line = scan.line;
      return "inside";
    }
    if (result === "error") {
      // what follows decides how to go on, so that the result does not depend on how the bytes came
      this.waiting = !final && window.end - scan.at < AWAIT_BYTES && window.find(NEWLINE, scan.at) < 0;
      return this.waiting ? null : this.failed(scan.at, scan.reason, final);
    }
    if (this.dropped) window.at = scan.at;
    else while (window.end - window.at > feed.pieceBytes && this.cutPiece());
    return final ? this.failed(window.end, "the data ends inside a value", true) : null;
  }

  /** Looks for the next element of the list that `failed` gave up in. null: more bytes are needed. */
  takeElement(final: boolean): Next | "value" | null {
    const { feed, scan } = this;
    const { window } = feed;
    const found = nextElement(window.bytes, this.search, window.end, this.sibling, final);
    for (let i = this.search; i < found.offset; i++) if (window.bytes[i] === NEWLINE) scan.line++;
    const open = scan.open[this.siblingDepth]!;
    if (found.kind === "none") {
      const keep = Math.max(open, found.offset - LOOK_BACK_BYTES);
      window.remove(open, keep);
      this.search = found.offset - (keep - open);
      return null;
    }
    if (found.kind === "top") {
      window.at = found.offset;
      feed.line = scan.line;
      return "line";
    }
    window.remove(open, found.offset);
    this.pieceAt = place(feed, open, scan.line);
    scan.resumeInArray(this.siblingDepth, open, scan.line);
    this.waiting = false;
    return "value";
  }

  private deliver(to: number, closers: string): void {
    const { window, out } = this.feed;
    const encoding = encodingOf(window.bytes.subarray(window.at, to));
    const value = parseJson(decode(window.bytes, encoding, window.at, to) + closers, encoding, this.pieceAt, out);
    if (value === undefined) out.broken("not JSON", this.pieceAt, null);
    else out.json(value, this.pieceAt);
  }

  /** Gives out the envelope with the elements read so far. False: nothing to cut at. */
  private cutPiece(): boolean {
    const { feed, scan } = this;
    const { window } = feed;
    const depth = scan.outermostArray(true);
    if (depth === 0 || window.end - scan.open[depth]! <= feed.pieceBytes) {
      if (window.end - window.at <= feed.maxBytes) return false;
      feed.out.broken(`larger than ${inMib(feed.maxBytes)}, and no list in it to cut at`, this.pieceAt, null);
      this.dropped = true;
      window.at = scan.at;
      return false;
    }
    const comma = scan.comma[depth]!;
    const open = scan.open[depth]!;
    this.remember(depth);
    this.deliver(comma, scan.closers(depth));
    this.pieceAt = place(feed, comma + 1, scan.commaLine[depth]!);
    window.remove(open, comma + 1);
    scan.cut(depth, comma + 1 - open);
    this.cut = true;
    return true;
  }

  /** What the elements of this list look like, to find the next one behind a broken one. */
  private remember(depth: number): void {
    if (this.sibling !== null && this.siblingDepth === depth) return;
    this.sibling = siblingOf(this.feed.window.bytes, this.scan.open[depth]!, this.feed.window.end);
    this.siblingDepth = depth;
  }

  /** The value is broken at `offset`: gives out what is whole, says what is wrong, and where to go on. */
  private failed(offset: number, reason: string, final: boolean): Next {
    const { feed, scan } = this;
    const { window } = feed;
    const firstEnd = this.cut ? -1 : window.find(NEWLINE, window.at, offset);
    const nextLine = firstEnd < 0 ? -1 : this.wholeLine(firstEnd + 1);
    if (nextLine >= 0) {
      if (!this.dropped) feed.out.broken("the line ends inside a value", place(feed, firstEnd, feed.line), null);
      this.rescanned += window.end - nextLine;
      window.at = nextLine;
      feed.line++;
      return "line";
    }
    const list = this.dropped ? 0 : this.brokenList();
    if (list > 0 && (firstEnd >= 0 || this.cut || feed.values === 0)) return this.salvage(list, offset, reason);
    const ownLine = firstEnd < 0 && !this.cut;
    if (!this.dropped) {
      const text = ownLine ? this.lineText(final) : null;
      feed.out.broken(reason, place(feed, offset, scan.line), text);
    }
    window.at = offset;
    feed.line = scan.line;
    feed.values++;
    if (ownLine) return "skip";
    const c = offset < window.end ? window.bytes[offset] : 0;
    return offset > 0 && window.bytes[offset - 1] === NEWLINE && (c === 0x7b || c === 0x5b) ? "line" : "top";
  }

  /** Depth of the list whose elements are worth going on with; 0: none. */
  private brokenList(): number {
    const { scan } = this;
    const whole = scan.outermostArray(false);
    const known = this.sibling !== null && this.siblingDepth <= scan.depth && scan.isArray[this.siblingDepth] === 1 ? this.siblingDepth : 0;
    return whole > 0 && (known === 0 || whole <= known) ? whole : known;
  }

  private lineText(final: boolean): string | null {
    const { window } = this.feed;
    const newline = window.find(NEWLINE, window.at);
    if (newline < 0 && !final) return null;
    const to = newline < 0 ? window.end : newline;
    return to - window.at > TEXT_BYTES ? null : window.bytes.toString("utf8", window.at, to).trimEnd();
  }

  /** `from`, if the line there is a whole value that begins like the one in hand: then that one was a line cut short. Else -1. */
  private wholeLine(from: number): number {
    const { window } = this.feed;
    if (this.rescanned > RESCAN_BYTES) return -1;
    const own = siblingOf(window.bytes, window.at, window.end);
    const next = siblingOf(window.bytes, from, window.end);
    if (own === null || next === null || own.first !== next.first || own.key !== next.key) return -1;
    const newline = window.find(NEWLINE, from);
    const to = newline < 0 ? window.end : newline;
    this.rescanned += to - from;
    this.probe ??= new JsonScan();
    this.probe.start(from, 1);
    // scanned, not parsed: an exception per line would cost far more than the line
    if (this.probe.run(window.bytes, to) !== "done") return -1;
    return window.bytes.toString("latin1", this.probe.at, to).trim() === "" ? from : -1;
  }

  private salvage(list: number, offset: number, reason: string): Next {
    const { feed, scan } = this;
    this.remember(list);
    const whole = scan.elementEnd[list]!;
    if (whole >= 0) this.deliver(whole, scan.closers(list));
    feed.out.broken(reason, place(feed, offset, scan.line), null);
    const open = scan.open[list]!;
    const keep = Math.max(open, offset - LOOK_BACK_BYTES);
    feed.window.remove(open, keep);
    this.search = offset - (keep - open);
    scan.depth = list;
    this.cut = true;
    return "element";
  }
}
