/** What the main thread and the import workers say to each other. */
import type { ByteRange, SourceHints, SourceResult } from "../../archive/index.ts";
import type { ExitCode } from "../../model/errors.ts";
import type { RecordType } from "../../model/records.ts";
import type { Bytes } from "../../model/units.ts";
import type { Coverage, Draft, Overlap } from "../../store/index.ts";

/** A file, or a part of one, to read. */
export interface Part {
  /** Which of the inputs it is. */
  input: number;
  path: string;
  range: ByteRange | null;
}

/** Parts that one worker reads after one another. */
export type Task = readonly Part[];

export interface WorkerSetup {
  dir: string;
  correlationKeys: readonly string[];
  hints: SourceHints;
  batchBytes: Bytes;
  /** null: all kinds of records. */
  wanted: readonly RecordType[] | null;
}

export type ToWorker =
  | { type: "task"; task: Task }
  /** No more tasks. */
  | { type: "finish" }
  /** Throw the batch away and end. */
  | { type: "abort" }
  | { type: "reply"; call: number; value: unknown };

export type FromWorker =
  | { type: "ready" }
  | { type: "bytes"; count: number }
  | { type: "part"; input: number; result: SourceResult }
  | { type: "batch"; added: number; duplicates: number }
  | { type: "overlaps"; call: number; coverage: Coverage; checked: readonly string[] }
  | { type: "publish"; call: number; draft: Draft; checked: readonly string[] }
  | { type: "done" }
  | { type: "failed"; failure: Failure };

/** An error on its way to another thread. */
export interface Failure {
  message: string;
  stack: string | undefined;
  /** null: no UserError. */
  user: { exitCode: ExitCode; suggestions: readonly string[] } | null;
}

export type PublishReply = { batch: string } | { unchecked: Overlap[] };
