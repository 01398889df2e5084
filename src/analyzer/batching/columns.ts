/** Arrivals as columns in order of time: a month of them is millions, and objects would be most of the work. */
import type { Arrival } from "../../model/batching.ts";

export interface Columns {
  length: number;
  atMs: Float64Array;
  bytes: Float64Array;
  /** Number of the key, from 0 by first appearance; -1: none known. */
  key: Int32Array;
  keys: number;
}

export function columnsOf(arrivals: readonly Arrival[]): Columns {
  const { length } = arrivals;
  const ordered = inOrder(arrivals) ? arrivals : arrivals.toSorted((a, b) => a.atMs - b.atMs);
  const columns = { atMs: new Float64Array(length), bytes: new Float64Array(length), key: new Int32Array(length) };
  const numbers = new Map<string, number>();
  for (let i = 0; i < length; i++) {
    const { atMs, bytes, key } = ordered[i]!;
    columns.atMs[i] = atMs;
    columns.bytes[i] = bytes;
    columns.key[i] = key === null ? -1 : numberOf(key, numbers);
  }
  return { ...columns, length, keys: numbers.size };
}

function numberOf(key: string, numbers: Map<string, number>): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

function inOrder(arrivals: readonly Arrival[]): boolean {
  for (let i = 1; i < arrivals.length; i++) if (arrivals[i]!.atMs < arrivals[i - 1]!.atMs) return false;
  return true;
}
