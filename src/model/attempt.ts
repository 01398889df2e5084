import type { Position, Sink } from "./formats.ts";

/** Runs the reading of one record; whatever it throws becomes a broken record with its place, so that the rest is still read. */
export function attempt(sink: Pick<Sink, "broken">, at: Position, work: () => void): void {
  try {
    work();
  } catch (error) {
    sink.broken(`unreadable: ${error instanceof Error ? error.message : "unknown error"}`, at);
  }
}
