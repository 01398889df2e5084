/** Lines of an input, with their numbers, in bounded memory. */
import { openContent, type OpenOptions, Refused } from "./bytes.ts";
import { DamagedData } from "./decompress.ts";
import { whyNot } from "./walk.ts";

/** A line that is not empty. `problem`: why it cannot be used, or why there are no more; `text` is then empty. */
export interface InputLine {
  /** From 1. */
  line: number;
  text: string;
  problem: string | null;
}

/** No event of any vendor is that long: Event Grid's and Pub/Sub's limits are 1 and 10 MB. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const LF = 10;

/** Reads a file or `-`, unpacked by content (.gz, .zst). An input that cannot be read, or not to its end, ends with a line that says so. */
export async function* inputLines(path: string, options: OpenOptions): AsyncGenerator<InputLine> {
  let line = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const take = (): InputLine | null => {
    line++;
    const tooLong = heldBytes > MAX_LINE_BYTES;
    const text = tooLong ? "" : Buffer.concat(held).toString("utf8").trim();
    held = [];
    heldBytes = 0;
    if (tooLong) return { line, text, problem: `longer than ${MAX_LINE_BYTES / 1024 / 1024} MiB` };
    return text === "" ? null : { line, text, problem: null };
  };
  const hold = (part: Buffer): void => {
    heldBytes += part.length;
    if (heldBytes <= MAX_LINE_BYTES) held.push(Buffer.from(part));
    else held = [];
  };
  try {
    for await (const chunk of (await openContent(path, options)).chunks) {
      let from = 0;
      for (let to = chunk.indexOf(LF); to >= 0; to = chunk.indexOf(LF, from)) {
        hold(chunk.subarray(from, to));
        from = to + 1;
        const whole = take();
        if (whole !== null) yield whole;
      }
      if (from < chunk.length) hold(chunk.subarray(from));
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = error instanceof Refused || error instanceof DamagedData ? error.message : isFileError(error) ? whyNot(error) : null;
    if (why === null) throw error;
    yield { line: line + 1, text: "", problem: why };
    return;
  }
  const last = heldBytes > 0 ? take() : null;
  if (last !== null) yield last;
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && "code" in error && "syscall" in error;
}
