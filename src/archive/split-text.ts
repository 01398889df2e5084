/** Lines of text as documents. */
import type { Position } from "../model/formats.ts";
import { type DocumentSink, inMib, MAX_DOCUMENT_BYTES, type SplitOptions, type Splitter } from "./documents.ts";
import { encodingOf } from "./json-text.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** One document per line, without its end (`\n` or `\r\n`); bad UTF-8 and NUL bytes are reported and mended. */
export function splitText(out: DocumentSink, options: SplitOptions = {}): Splitter {
  const max = options.maxDocumentBytes ?? MAX_DOCUMENT_BYTES;
  let byte = options.fromByte ?? 0;
  let line = options.fromLine === undefined ? 1 : options.fromLine;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let skipping = false;

  function give(bytes: Buffer, from: number, to: number, latin1: boolean, clean: boolean): void {
    const at: Position = { line, byte: byte + from };
    const last = to > from && bytes[to - 1] === RETURN ? to - 1 : to;
    const text = bytes.toString(latin1 ? "latin1" : "utf8", from, last);
    if (clean) return out.text(text, at);
    const whole = text.replaceAll("\0", "");
    if (whole.length < text.length) out.broken(`${text.length - whole.length} NUL bytes in the line, left out`, at, null);
    if (encodingOf(bytes.subarray(from, last)) === "bad") out.broken("bytes that are not UTF-8, read as U+FFFD", at, null);
    if (whole !== "" || text === "") out.text(whole, at);
  }

  /** `bytes` holds whole lines. */
  function lines(bytes: Buffer): void {
    const encoding = encodingOf(bytes);
    const clean = encoding !== "bad" && !bytes.includes(0);
    let from = 0;
    while (from < bytes.length) {
      let to = bytes.indexOf(NEWLINE, from);
      if (to < 0) to = bytes.length;
      give(bytes, from, to, encoding === "latin1", clean);
      if (line !== null) line++;
      from = to + 1;
    }
    byte += bytes.length;
  }

  function hold(chunk: Uint8Array): void {
    if (skipping) {
      byte += chunk.length;
      return;
    }
    // the caller may use its buffer again
    held.push(Buffer.from(chunk));
    heldBytes += chunk.length;
    if (heldBytes <= max) return;
    out.broken(`a line longer than ${inMib(max)}`, { line, byte }, null);
    byte += heldBytes;
    held = [];
    heldBytes = 0;
    skipping = true;
  }

  return {
    push(input) {
      const chunk = Buffer.from(input.buffer, input.byteOffset, input.length);
      const last = chunk.lastIndexOf(NEWLINE);
      if (last < 0) return hold(chunk);
      let from = 0;
      const first = chunk.indexOf(NEWLINE);
      if (skipping) {
        byte += first + 1;
        if (line !== null) line++;
        skipping = false;
        from = first + 1;
      } else if (heldBytes > 0) {
        const whole = Buffer.concat([...held, chunk.subarray(0, first + 1)]);
        held = [];
        heldBytes = 0;
        lines(whole);
        from = first + 1;
      }
      if (from <= last) lines(chunk.subarray(from, last + 1));
      if (last + 1 < chunk.length) hold(chunk.subarray(last + 1));
    },
    end() {
      if (heldBytes > 0) lines(Buffer.concat(held));
      held = [];
      heldBytes = 0;
    },
  };
}
