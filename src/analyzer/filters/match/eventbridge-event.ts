/** The leaves of an event that a filter asks for, with the elements of arrays they lie in. */
import type { Json } from "../../../model/records.ts";
import { MAX_DEPTH } from "./pattern-json.ts";
import type { Scalar } from "./term.ts";

/** A value of an event, and the array elements around it as pairs: number of the array, index in it. */
export interface Leaf {
  value: Scalar;
  within: readonly number[];
}

/** Paths by their steps. `leaf`: number of the path that ends here, -1 for none. */
interface Step {
  next: Map<string, Step>;
  leaf: number;
}

/** Finds the leaves of these paths. An event nested deeper than the engine's parser reads gives null. */
export function leafReader(paths: readonly string[]): (event: Json) => Leaf[][] | null {
  const root: Step = { next: new Map(), leaf: -1 };
  for (const [at, path] of paths.entries()) stepTo(root, path).leaf = at;
  return (event) => {
    const reading: Reading = { leaves: paths.map(() => []), arrays: 0 };
    return collectObject(event, root, [], reading, 0) ? reading.leaves : null;
  };
}

/** The step at a path's end, made where it is missing. */
function stepTo(root: Step, path: string): Step {
  let step = root;
  for (const key of path.split(".")) {
    const next = step.next.get(key) ?? { next: new Map(), leaf: -1 };
    step.next.set(key, next);
    step = next;
  }
  return step;
}

interface Reading {
  leaves: Leaf[][];
  /** Arrays met so far: each has a number. */
  arrays: number;
}

/** False: nested too deeply. */
function collect(value: Json, step: Step, within: readonly number[], reading: Reading, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return collectArray(value, step, within, reading, depth);
  if (typeof value === "object" && value !== null) return collectObject(value, step, within, reading, depth);
  if (step.leaf >= 0) reading.leaves[step.leaf]?.push({ value, within });
  return true;
}

function collectObject(object: Json, step: Step, within: readonly number[], reading: Reading, depth: number): boolean {
  if (step.next.size === 0) return true;
  for (const [key, value] of Object.entries(object as { [key: string]: Json })) {
    const next = step.next.get(key) ?? (key.includes(".") ? alongDots(step, key) : undefined);
    if (next !== undefined && !collect(value, next, within, reading, depth + 1)) return false;
  }
  return true;
}

/** A key with dots is the path of its parts. */
function alongDots(from: Step, key: string): Step | undefined {
  let step: Step | undefined = from;
  for (const part of key.split(".")) step = step?.next.get(part);
  return step;
}

function collectArray(array: Json[], step: Step, within: readonly number[], reading: Reading, depth: number): boolean {
  const number = reading.arrays++;
  for (const [index, item] of array.entries()) {
    const inElement = typeof item === "object" && item !== null ? [...within, number, index] : within;
    if (!collect(item, step, inElement, reading, depth + 1)) return false;
  }
  return true;
}

/** Whether both may be parts of one match: no array is entered at two elements. */
export function isConsistent(one: readonly number[], other: readonly number[]): boolean {
  for (let a = 0; a < one.length; a += 2) {
    for (let b = 0; b < other.length; b += 2) if (one[a] === other[b] && one[a + 1] !== other[b + 1]) return false;
  }
  return true;
}
