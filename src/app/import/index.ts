/** `import`: exported files into the dataset, on all cores. */
import { availableParallelism } from "node:os";
import { type SourceHints, type SourceResult, walk } from "../../archive/index.ts";
import type { Host } from "../../model/host.ts";
import { idKeys } from "../../model/id-keys.ts";
import type { RecordType } from "../../model/records.ts";
import type { Bytes } from "../../model/units.ts";
import { type Committer, openBatchWriter, openCommitter } from "../../store/index.ts";
import { type Plan, plan } from "./plan.ts";
import { runPool } from "./pool.ts";
import { only } from "./only.ts";
import { BATCH_BYTES, readTask, type TaskContext } from "./read-task.ts";
import { type ImportedFile, summarise } from "./summary.ts";

export type { ImportedFile } from "./summary.ts";

export interface ImportOptions {
  dataDir: string;
  /** Field names that carry correlation IDs, in addition to the default ones. */
  correlationKeys: readonly string[];
  hints: SourceHints;
  host: Host;
  signal: AbortSignal;
  /** Kinds of records that are wanted; default: all. Of log lines that are not, the first and the last of a batch are kept: which time they cover. */
  wanted?: readonly RecordType[];
  /** Worker threads at most; default: one per core. */
  cores?: number;
  /** Raw bytes of a batch; default: 48 MB, and never more than one task. */
  batchBytes?: Bytes;
  /** Where the path `-` reads from; default: the process's standard input. */
  stdin?: AsyncIterable<Uint8Array>;
}

export interface ImportResult {
  files: ImportedFile[];
  /** Records new to the dataset. */
  added: number;
  /** Records that the dataset held already, or that came more than once. */
  duplicates: number;
  byType: Partial<Record<RecordType, number>>;
}

/** Memory of the in-process writer: small inputs. */
const MEMORY_MIB = 256;

/**
 * Reads files and folders (`-`: standard input) into the dataset, which is made if need be. What a file holds is recognised from its content; what
 * is broken is left out and reported. Importing a file again, or exports that overlap, changes nothing.
 * Throws UserError for paths that are not there, a folder that is no dataset, or a dataset that another process writes to; the signal's reason
 * when aborted: batches published until then stay.
 */
export async function importFiles(paths: readonly string[], options: ImportOptions): Promise<ImportResult> {
  const { host, signal } = options;
  const inputs = await walk(paths);
  const committer = openCommitter(options.dataDir);
  try {
    const parts = new Map<number, SourceResult[]>();
    const result: ImportResult = { files: [], added: 0, duplicates: 0, byType: {} };
    const total = inputs.some((i) => i.sizeBytes === null) ? null : inputs.reduce((sum, i) => sum + i.sizeBytes!, 0);
    let bytes = 0;
    const on = {
      signal,
      onBytes: (count: number): void => host.progress("import", (bytes += count), total, "bytes"),
      onPart: (input: number, part: SourceResult): void => {
        parts.set(input, [...(parts.get(input) ?? []), part]);
      },
      onBatch: (added: number, duplicates: number): void => {
        result.added += added;
        result.duplicates += duplicates;
      },
    };
    await readAll(await plan(inputs, options.cores ?? availableParallelism()), options, committer, on);
    result.files = summarise(inputs, parts);
    for (const file of result.files) {
      for (const [type, count] of Object.entries(file.byType))
        result.byType[type as RecordType] = (result.byType[type as RecordType] ?? 0) + count;
    }
    return result;
  } finally {
    committer.close();
  }
}

async function readAll(
  { tasks, workers }: Plan,
  options: ImportOptions,
  committer: Committer,
  on: Pick<TaskContext, "signal" | "onBytes" | "onPart" | "onBatch">,
): Promise<void> {
  const { dataDir: dir, correlationKeys, hints, batchBytes = BATCH_BYTES, wanted = null } = options;
  if (workers > 0) return runPool(tasks, workers, { dir, correlationKeys, hints, batchBytes, wanted }, committer, on);
  const writer = await openBatchWriter({
    dir,
    publisher: committer,
    threads: options.cores ?? availableParallelism(),
    memoryMib: MEMORY_MIB,
  });
  try {
    const context: TaskContext = {
      ...on,
      writer: wanted === null ? writer : only(wanted, writer),
      keys: idKeys(correlationKeys),
      hints,
      batchBytes,
      ...(options.stdin ? { stdin: options.stdin } : {}),
    };
    for (const task of tasks) await readTask(task, context);
  } finally {
    await writer.close();
  }
}
