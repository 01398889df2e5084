/**
 * A JSON scanner that can stop at any byte and go on when more has come. It finds where a value ends and where it could be cut,
 * without building it (JSON.parse does that, on whole values or pieces), and says exactly what is wrong where it is not JSON.
 */

/** Nesting beyond this is refused: nothing that a cloud exports comes near, and readers may recurse. */
export const MAX_DEPTH = 1_000;
const MAX_NUMBER_CHARS = 1_000;

const VALUE = 0;
const VALUE_OR_END = 1;
const KEY_OR_END = 2;
const KEY = 3;
const COLON = 4;
const COMMA_OR_END = 5;
const STRING = 6;
const KEY_STRING = 7;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON_CHAR = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const NEWLINE = 0x0a;

const EXPECTED: Record<number, string> = {
  [VALUE]: "a value",
  [VALUE_OR_END]: "a value or ]",
  [KEY_OR_END]: 'a key in " or }',
  [KEY]: 'a key in "',
  [COLON]: ": after the key",
  [COMMA_OR_END]: "a comma or the end of the list or object",
};

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LITERALS = new Map([
  [0x74, "true"],
  [0x66, "false"],
  [0x6e, "null"],
]);

/** Characters of a number, and those that may follow a backslash. */
const inNumber = new Uint8Array(256);
for (const c of "0123456789+-.eE") inNumber[c.charCodeAt(0)] = 1;
const escapes = new Uint8Array(256);
for (const c of '"\\/bfnrtu') escapes[c.charCodeAt(0)] = 1;

const isHex = (c: number): boolean => (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);

/** `more`: the bytes ended inside the value. `done`: `at` is behind its end. `error`: `at` is the wrong byte, `reason` says why. */
export type ScanResult = "more" | "done" | "error";

export class JsonScan {
  /** Next byte to look at, in the caller's buffer. */
  at = 0;
  /** Line (1-based) of `at`. */
  line = 1;
  depth = 0;
  reason = "";
  /** Per depth 1..: is it an array; first byte behind its bracket. */
  readonly isArray = new Uint8Array(MAX_DEPTH + 1);
  readonly open = new Float64Array(MAX_DEPTH + 1);
  /** Arrays of objects or arrays: the end of the last complete element, the comma behind it, and its line. -1: none. */
  readonly elementEnd = new Float64Array(MAX_DEPTH + 1);
  readonly comma = new Float64Array(MAX_DEPTH + 1);
  readonly commaLine = new Float64Array(MAX_DEPTH + 1);
  private state = VALUE;

  /** Begins a value whose first byte (`{` or `[`) is at `at`. */
  start(at: number, line: number): void {
    this.at = at;
    this.line = line;
    this.depth = 0;
    this.reason = "";
    this.state = VALUE;
  }

  /** Goes on inside the array at `depth`, where an element begins at `at`. */
  resumeInArray(depth: number, at: number, line: number): void {
    this.at = at;
    this.line = line;
    this.depth = depth;
    this.reason = "";
    this.state = VALUE;
    this.elementEnd[depth] = -1;
    this.comma[depth] = -1;
  }

  /** The bytes behind the opening bracket of the array at `depth`, `delta` of them, were taken out of the buffer. */
  cut(depth: number, delta: number): void {
    this.at -= delta;
    this.elementEnd[depth] = this.elementEnd[depth]! > this.comma[depth]! ? this.elementEnd[depth]! - delta : -1;
    this.comma[depth] = -1;
    for (let d = depth + 1; d <= this.depth; d++) this.shiftLevel(d, delta);
  }

  /** The whole buffer moved down by `delta` bytes. */
  shift(delta: number): void {
    this.at -= delta;
    for (let d = 1; d <= this.depth; d++) this.shiftLevel(d, delta);
  }

  /** Outermost open array that has complete elements (and, if asked, a comma behind them). 0: none. */
  outermostArray(withComma: boolean): number {
    for (let d = 1; d <= this.depth; d++) {
      if (this.isArray[d] === 1 && (withComma ? this.comma[d]! : this.elementEnd[d]!) >= 0) return d;
    }
    return 0;
  }

  /** The brackets that close everything from `depth` outwards. */
  closers(depth: number): string {
    let text = "";
    for (let d = depth; d >= 1; d--) text += this.isArray[d] === 1 ? "]" : "}";
    return text;
  }

  run(buf: Uint8Array, end: number): ScanResult {
    let i = this.at;
    for (;;) {
      if (this.state === STRING || this.state === KEY_STRING) {
        i = this.skipString(buf, i, end);
        if (this.reason !== "") return this.fail(i);
        if (i < 0) return "more";
        if (this.state === KEY_STRING) this.state = COLON;
        else this.state = COMMA_OR_END;
      }
      let c = 0;
      for (; i < end; i++) {
        c = buf[i]!;
        if (c === NEWLINE) this.line++;
        else if (c !== 0x20 && c !== 0x0d && c !== 0x09) break;
      }
      this.at = i;
      if (i >= end) return "more";
      if (c === QUOTE && this.beginString()) {
        i++;
        continue;
      }
      if ((c === OPEN_OBJECT || c === OPEN_ARRAY) && this.state <= VALUE_OR_END) {
        if (this.depth >= MAX_DEPTH) return this.fail(i, `nested deeper than ${MAX_DEPTH} levels`);
        this.push(c === OPEN_ARRAY, i + 1);
        i++;
        continue;
      }
      if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) {
        if (!this.mayClose(c)) return this.fail(i, this.unexpected(c));
        i++;
        this.depth--;
        if (this.depth === 0) {
          this.at = i;
          return "done";
        }
        this.state = COMMA_OR_END;
        if (this.isArray[this.depth] === 1) this.elementEnd[this.depth] = i;
        continue;
      }
      if (c === COMMA && this.state === COMMA_OR_END) {
        this.takeComma(i);
        i++;
        continue;
      }
      if (c === COLON_CHAR && this.state === COLON) {
        this.state = VALUE;
        i++;
        continue;
      }
      if (this.state > VALUE_OR_END) return this.fail(i, this.unexpected(c));
      const behind = this.skipScalar(buf, i, end, c);
      if (this.reason !== "") return this.fail(behind);
      if (behind < 0) return "more";
      i = behind;
      this.state = COMMA_OR_END;
    }
  }

  private shiftLevel(d: number, delta: number): void {
    this.open[d] = this.open[d]! - delta;
    if (this.elementEnd[d]! >= 0) this.elementEnd[d] = this.elementEnd[d]! - delta;
    if (this.comma[d]! >= 0) this.comma[d] = this.comma[d]! - delta;
  }

  private push(array: boolean, open: number): void {
    const d = ++this.depth;
    this.isArray[d] = array ? 1 : 0;
    this.open[d] = open;
    this.elementEnd[d] = -1;
    this.comma[d] = -1;
    this.state = array ? VALUE_OR_END : KEY_OR_END;
  }

  private beginString(): boolean {
    if (this.state <= VALUE_OR_END) this.state = STRING;
    else if (this.state <= KEY) this.state = KEY_STRING;
    else return false;
    return true;
  }

  private mayClose(c: number): boolean {
    if (this.depth === 0) return false;
    if (c === CLOSE_ARRAY) return this.isArray[this.depth] === 1 && (this.state === COMMA_OR_END || this.state === VALUE_OR_END);
    return this.isArray[this.depth] === 0 && (this.state === COMMA_OR_END || this.state === KEY_OR_END);
  }

  private takeComma(i: number): void {
    const d = this.depth;
    if (this.isArray[d] === 0) {
      this.state = KEY;
      return;
    }
    this.state = VALUE;
    if (this.elementEnd[d]! < 0) return;
    this.comma[d] = i;
    this.commaLine[d] = this.line;
  }

  /** Behind the string that `i` is in; -1: more bytes needed (`at` says from where). On an error: `reason` is set and the place returned. */
  private skipString(buf: Uint8Array, from: number, end: number): number {
    let i = from;
    while (i < end) {
      const c = buf[i]!;
      if (c === QUOTE) return i + 1;
      if (c === BACKSLASH) {
        if (i + 1 >= end) break;
        const e = buf[i + 1]!;
        if (escapes[e] === 0) return this.wrong(i, `unknown escape \\${show(e)} in a string`);
        if (e !== 0x75) {
          i += 2;
          continue;
        }
        if (i + 5 >= end) break;
        if (!isHex(buf[i + 2]!) || !isHex(buf[i + 3]!) || !isHex(buf[i + 4]!) || !isHex(buf[i + 5]!)) {
          return this.wrong(i, "\\u without four hex digits in a string");
        }
        i += 6;
        continue;
      }
      if (c < 0x20) {
        return this.wrong(i, c === NEWLINE ? "the line ends inside a string" : `control character ${show(c)} in a string`);
      }
      i++;
    }
    this.at = i;
    return -1;
  }

  private skipScalar(buf: Uint8Array, from: number, end: number, first: number): number {
    const literal = LITERALS.get(first);
    if (literal !== undefined) {
      for (let k = 0; k < literal.length; k++) {
        if (from + k >= end) return -1;
        if (buf[from + k] !== literal.charCodeAt(k)) return this.wrong(from + k, this.unexpected(buf[from + k]!));
      }
      return from + literal.length;
    }
    if (inNumber[first] === 0) return this.wrong(from, this.unexpected(first));
    let i = from;
    let text = "";
    while (i < end && inNumber[buf[i]!] === 1) {
      if (i - from >= MAX_NUMBER_CHARS) return this.wrong(from, `a number longer than ${MAX_NUMBER_CHARS} characters`);
      text += String.fromCharCode(buf[i]!);
      i++;
    }
    if (i >= end) return -1;
    if (!NUMBER.test(text)) return this.wrong(from, "not a number in JSON's form");
    return i;
  }

  private wrong(at: number, reason: string): number {
    this.reason = reason;
    return at;
  }

  private fail(at: number, reason = this.reason): ScanResult {
    this.at = at;
    this.reason = reason;
    return "error";
  }

  private unexpected(c: number): string {
    return `unexpected character ${show(c)}, expected ${EXPECTED[this.state] ?? "a value"}`;
  }
}

/** A byte for a message: printable ones in quotes, others as hex. */
export function show(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `0x${byte.toString(16).padStart(2, "0")}`;
}
