/** Lines of text exports: the time (and stream) that a tool put before a message. */
import { momentOfText } from "./schema.ts";

/** A line taken out of its wrapping. */
export interface Bare {
  at: number;
  /** null: the tool did not write it. */
  stream: string | null;
  message: string;
}

const SAM = /^(\d{4}\/\d\d\/\d\d\/(?:[\w-]+)?\[[\w$-]+\]\S+) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?) /;
const TABLE = /^\| *(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?) *\| /;
const PLAIN = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /;
/** A line of the Node.js runtime that was copied without the export's own time: its time is the event's. */
const NODE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\t/;
/** `aws logs tail`: time, stream, message. */
const TAIL = /^(\d{4}\/\d\d\/\d\d\/(?:[\w-]+)?\[[\w$-]+\][0-9a-f]+) /;

/**
 * The message behind a wrapping: S3 export `2020-02-25T22:04:08.390Z START ...`, `sam logs` with stream and time,
 * `aws logs tail` with time and stream, a row of a console table. null: the line has none of them (a continuation, or bare text).
 */
export function unwrap(text: string): Bare | null {
  const first = text.charCodeAt(0);
  if (first === 124) return table(text); // |
  if (first < 48 || first > 57) return null;
  const sam = SAM.exec(text);
  if (sam !== null) return bare(sam[2]!, sam[1]!, text.slice(sam[0].length));
  const plain = PLAIN.exec(text);
  if (plain === null) {
    const node = NODE.exec(text);
    return node === null ? null : bare(node[1]!, null, text);
  }
  const rest = text.slice(plain[0].length);
  const tail = TAIL.exec(rest);
  if (tail !== null) return bare(plain[1]!, tail[1]!, rest.slice(tail[0].length));
  return bare(plain[1]!, null, rest);
}

function table(text: string): Bare | null {
  const m = TABLE.exec(text);
  if (m === null) return null;
  const cell = text.slice(m[0].length).trimEnd();
  return bare(m[1]!, null, cell.endsWith("|") ? cell.slice(0, -1).trimEnd() : cell);
}

function bare(time: string, stream: string | null, message: string): Bare | null {
  const at = momentOfText(time);
  return at === null ? null : { at, stream, message };
}
