/** Shares inputs out into tasks. */
import { planRanges, type SourceInput } from "../../archive/index.ts";
import type { Bytes } from "../../model/units.ts";
import { formats } from "./formats.ts";
import type { Task } from "./protocol.ts";

/**
 * A task becomes a batch of the dataset: neighbouring files, or a part of a large plain file of lines, so that batches hardly overlap in time
 * and need no looking for duplicates among each other. Two workers with two such batches stay below 600 MB.
 */
const LARGEST_TASK_BYTES = 36e6;
/** Less than this is read sooner than workers start. */
const SMALLEST_TASK_BYTES = 8e6;
/** So that no worker waits long for the last one. */
const TASKS_PER_WORKER = 2;
/** What a compressed byte becomes, roughly. */
const UNPACKED = 8;

export interface Plan {
  tasks: Task[];
  /** Workers that have something to do; 0: the main thread reads it all. */
  workers: number;
}

export async function plan(inputs: readonly SourceInput[], cores: number): Promise<Plan> {
  const total = inputs.reduce((sum, input) => sum + workOf(input), 0);
  const taskBytes = Math.min(LARGEST_TASK_BYTES, Math.max(SMALLEST_TASK_BYTES, total / (cores * TASKS_PER_WORKER)));
  const tasks: Task[] = [];
  let group: Task[number][] = [];
  let grouped = 0;
  const close = (): void => {
    if (group.length > 0) tasks.push(group);
    group = [];
    grouped = 0;
  };
  for (const [index, input] of inputs.entries()) {
    const size = workOf(input);
    const ranges = await planRanges(input, formats, taskBytes);
    if (ranges) {
      close();
      for (const range of ranges) tasks.push([{ input: index, path: input.path, range }]);
      continue;
    }
    if (grouped + size > taskBytes) close();
    group.push({ input: index, path: input.path, range: null });
    grouped += size;
  }
  close();
  // standard input belongs to the main thread
  const alone = total < SMALLEST_TASK_BYTES || tasks.length < 2 || inputs.some((input) => input.path === "-");
  return { tasks, workers: alone ? 0 : Math.min(cores, tasks.length) };
}

function workOf(input: SourceInput): Bytes {
  const size = input.sizeBytes ?? 0;
  return /\.(gz|zst|gzip)$/i.test(input.path) ? size * UNPACKED : size;
}
