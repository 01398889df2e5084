/** The import workers, seen from the main thread: hands out tasks, publishes batches one at a time. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { UserError } from "../../model/errors.ts";
import type { Publisher } from "../../store/index.ts";
import type { Failure, FromWorker, Task, ToWorker, WorkerSetup } from "./protocol.ts";
import type { TaskContext } from "./read-task.ts";

/** Records die young. The old heap holds a batch's index, and the largest piece of a document. */
const LIMITS = { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 384 };

/**
 * Runs all tasks on so many workers. Rejects with the first failure, or with the signal's reason; batches published until then stay, the others
 * are thrown away.
 */
export async function runPool(
  tasks: readonly Task[],
  workers: number,
  setup: WorkerSetup,
  publisher: Publisher,
  on: Pick<TaskContext, "onBytes" | "onPart" | "onBatch" | "signal">,
): Promise<void> {
  const queue = [...tasks];
  const failures: unknown[] = [];
  const pool = Array.from({ length: workers }, () => new Worker(workerFile(), { workerData: setup, resourceLimits: LIMITS }));
  const tell = (worker: Worker, message: ToWorker): void => worker.postMessage(message);
  const stop = (why: unknown): void => {
    failures.push(why);
    queue.length = 0;
    for (const worker of pool) tell(worker, { type: "abort" });
  };
  const aborted = (): void => stop(on.signal.reason);
  if (on.signal.aborted) aborted();
  on.signal.addEventListener("abort", aborted, { once: true });

  async function answer(worker: Worker, message: FromWorker): Promise<void> {
    switch (message.type) {
      case "ready": {
        const task = queue.shift();
        if (failures.length === 0) tell(worker, task === undefined ? { type: "finish" } : { type: "task", task });
        return;
      }
      case "bytes":
        return on.onBytes(message.count);
      case "part":
        return on.onPart(message.input, message.result);
      case "batch":
        return on.onBatch(message.added, message.duplicates);
      case "overlaps":
        return tell(worker, { type: "reply", call: message.call, value: await publisher.overlaps(message.coverage, message.checked) });
      case "publish":
        return tell(worker, { type: "reply", call: message.call, value: await publisher.publish(message.draft, message.checked) });
      case "failed":
        return stop(errorOf(message.failure));
      case "done":
        return;
    }
  }

  const ends = pool.map(
    (worker) =>
      new Promise<void>((resolve) => {
        worker.on("message", (message: FromWorker) => {
          answer(worker, message).catch(stop);
        });
        worker.on("error", stop);
        worker.on("exit", () => resolve());
      }),
  );
  await Promise.all(ends);
  on.signal.removeEventListener("abort", aborted);
  if (failures.length > 0) throw failures[0];
}

function errorOf(failure: Failure): Error {
  if (failure.user) return new UserError(failure.message, failure.user);
  const error = new Error(failure.message);
  if (failure.stack !== undefined) error.stack = failure.stack;
  return error;
}

/** The worker beside this file, as source; or in the bundle, whose chunks lie up to two folders below it. */
function workerFile(): URL {
  for (const place of ["./worker.ts", "./import-worker.js", "../import-worker.js", "../../import-worker.js"]) {
    const url = new URL(place, import.meta.url);
    if (existsSync(fileURLToPath(url))) return url;
  }
  throw new Error("the import worker is missing from this installation");
}
