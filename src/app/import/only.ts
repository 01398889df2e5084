/** A batch of some kinds of records: what a question about runs needs of an export is a tenth of it. */
import type { LogEvent, RecordType } from "../../model/records.ts";
import type { BatchWriter } from "../../store/index.ts";

/** Leaves out all other kinds, but for the first and the last log line of a batch: they say which time the telemetry covers. */
export function only(wanted: readonly RecordType[], writer: BatchWriter): BatchWriter {
  const kinds = new Set(wanted);
  let first: LogEvent | null = null;
  let last: LogEvent | null = null;
  return {
    write(record) {
      if (kinds.has(record.type)) return writer.write(record);
      if (record.type !== "log") return;
      if (first === null || record.at < first.at) first = record;
      if (last === null || record.at >= last.at) last = record;
    },
    beginSource: () => writer.beginSource(),
    useSource: (source) => writer.useSource(source),
    get heldBytes() {
      return writer.heldBytes;
    },
    finish() {
      for (const edge of new Set([first, last])) if (edge !== null) writer.write(edge);
      first = last = null;
      return writer.finish();
    },
    abort: () => writer.abort(),
  };
}
