/** Reads the parts of a task into batches: the same code in a worker and in the main thread. */
import { readSource, type SourceHints, type SourceResult } from "../../archive/index.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { Bytes } from "../../model/units.ts";
import type { BatchWriter } from "../../store/index.ts";
import { formats } from "./formats.ts";
import type { Part, Task } from "./protocol.ts";

/** A batch is finished at the end of its task, or when it holds so much. */
export const BATCH_BYTES = 48e6;

export interface TaskContext {
  writer: BatchWriter;
  keys: IdKeys;
  hints: SourceHints;
  signal: AbortSignal;
  batchBytes: Bytes;
  stdin?: AsyncIterable<Uint8Array>;
  onBytes(count: number): void;
  onPart(input: number, result: SourceResult): void;
  onBatch(added: number, duplicates: number): void;
}

/** Reads all parts of a task and finishes its batch. Throws the signal's reason when aborted, and what the dataset throws. */
export async function readTask(task: Task, context: TaskContext): Promise<void> {
  for (const part of task) context.onPart(part.input, await readPart(part, context));
  await finishBatch(context);
}

async function readPart(part: Part, context: TaskContext): Promise<SourceResult> {
  const { writer } = context;
  writer.beginSource();
  return readSource(part.path, {
    formats,
    keys: context.keys,
    hints: context.hints,
    signal: context.signal,
    record: (record) => writer.write(record),
    // reading waits for it, so a batch is finished between two chunks
    onBytes: async (count) => {
      context.onBytes(count);
      if (writer.heldBytes >= context.batchBytes) await finishBatch(context);
    },
    ...(part.range === null ? {} : { range: part.range }),
    ...(context.stdin === undefined ? {} : { stdin: context.stdin }),
  });
}

async function finishBatch(context: TaskContext): Promise<void> {
  const { added, duplicates } = await context.writer.finish();
  context.onBatch(added, duplicates);
}
