/** An import worker: reads tasks into batches of its own and asks the main thread to publish them. */
import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../../model/errors.ts";
import { idKeys } from "../../model/id-keys.ts";
import { openBatchWriter, type Overlap, type Publisher } from "../../store/index.ts";
import { only } from "./only.ts";
import type { Failure, FromWorker, PublishReply, Task, ToWorker, WorkerSetup } from "./protocol.ts";
import { readTask, type TaskContext } from "./read-task.ts";

const MEMORY_MIB = 160;

const port = parentPort;
if (port) await serve(workerData as WorkerSetup, port);

async function serve(setup: WorkerSetup, main: NonNullable<typeof parentPort>): Promise<void> {
  const send = (message: FromWorker): void => main.postMessage(message);
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (why: unknown) => void }>();
  let calls = 0;
  function call<Answer>(message: (call: number) => FromWorker): Promise<Answer> {
    calls += 1;
    send(message(calls));
    return new Promise<unknown>((resolve, reject) => waiting.set(calls, { resolve, reject })) as Promise<Answer>;
  }
  const publisher: Publisher = {
    overlaps: (coverage, checked) => call<Overlap[]>((id) => ({ type: "overlaps", call: id, coverage, checked })),
    publish: (draft, checked) => call<PublishReply>((id) => ({ type: "publish", call: id, draft, checked })),
  };
  const writer = await openBatchWriter({ dir: setup.dir, publisher, threads: 1, memoryMib: MEMORY_MIB });
  const abort = new AbortController();
  const context: TaskContext = {
    writer: setup.wanted === null ? writer : only(setup.wanted, writer),
    keys: idKeys(setup.correlationKeys),
    hints: setup.hints,
    signal: abort.signal,
    batchBytes: setup.batchBytes,
    onBytes: (count) => send({ type: "bytes", count }),
    onPart: (input, result) => send({ type: "part", input, result }),
    onBatch: (added, duplicates) => send({ type: "batch", added, duplicates }),
  };
  /** Tasks in the order they came; one at a time. */
  let work: Promise<void> = Promise.resolve();

  async function end(): Promise<void> {
    await writer.close();
    send({ type: "done" });
    main.close();
  }

  async function attempt(job: () => Promise<void>): Promise<void> {
    try {
      if (!abort.signal.aborted) await job();
    } catch (error) {
      if (!abort.signal.aborted) send({ type: "failed", failure: failureOf(error) });
    }
  }

  main.on("message", (message: ToWorker) => {
    switch (message.type) {
      case "reply":
        waiting.get(message.call)?.resolve(message.value);
        waiting.delete(message.call);
        return;
      case "task":
        work = work.then(() => attempt(() => taken(message.task, context)));
        return;
      case "finish":
        work = work.then(end);
        return;
      case "abort":
        abort.abort();
        // nobody answers any more
        for (const { reject } of waiting.values()) reject(abort.signal.reason);
        work = work.then(end);
    }
  });
  send({ type: "ready" });

  async function taken(task: Task, within: TaskContext): Promise<void> {
    await readTask(task, within);
    send({ type: "ready" });
  }
}

function failureOf(error: unknown): Failure {
  const known = error instanceof Error ? error : new Error(String(error));
  return {
    message: known.message,
    stack: known.stack,
    user: known instanceof UserError ? { exitCode: known.exitCode, suggestions: known.suggestions } : null,
  };
}
