/** Shares inputs out into tasks. */
import { planRanges, type SourceInput } from "../../archive/index.ts";
import type { Bytes } from "../../model/units.ts";
import { formats } from "./formats.ts";
import type { Task } from "./protocol.ts";

/** Large plain files of lines are cut into parts of this size. */
const RANGE_BYTES = 64e6;
/** Small files are handed out together. */
const TASK_BYTES = 16e6;
/** Less than this is read sooner than workers start. */
const SMALL_BYTES = 8e6;
/** What a compressed byte becomes, roughly. */
const UNPACKED = 8;

export interface Plan {
  tasks: Task[];
  /** Workers that have something to do; 0: the main thread reads it all. */
  workers: number;
}

export async function plan(inputs: readonly SourceInput[], cores: number): Promise<Plan> {
  const tasks: Task[] = [];
  let group: Task[number][] = [];
  let grouped = 0;
  let total = 0;
  for (const [index, input] of inputs.entries()) {
    const size = workOf(input);
    total += size;
    const ranges = await planRanges(input, formats, RANGE_BYTES);
    if (ranges) {
      for (const range of ranges) tasks.push([{ input: index, path: input.path, range }]);
      continue;
    }
    group.push({ input: index, path: input.path, range: null });
    grouped += size;
    if (grouped < TASK_BYTES) continue;
    tasks.push(group);
    group = [];
    grouped = 0;
  }
  if (group.length > 0) tasks.push(group);
  return { tasks, workers: total < SMALL_BYTES || tasks.length < 2 ? 0 : Math.min(cores, tasks.length) };
}

function workOf(input: SourceInput): Bytes {
  const size = input.sizeBytes ?? 0;
  return /\.(gz|zst|gzip)$/i.test(input.path) ? size * UNPACKED : size;
}
