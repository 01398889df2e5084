/** One row whose properties are nested so deep that no stack holds them must not take the rows beside it along. */
import type { Position, Sink } from "../../model/formats.ts";

/** Runs `read`; where the stack ends, the row is reported as broken. Any other error is a bug and goes on. */
export function unlessTooDeep(sink: Sink, at: Position, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    sink.broken("nested too deep", at);
  }
}
