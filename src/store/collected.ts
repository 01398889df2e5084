/**
 * What live collection has brought in: which windows of which source the dataset holds, and what could not be had. Written after the batch
 * that holds the records, so that a crash in between only means that a window is read again; equal records are stored once anyway.
 */
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../model/errors.ts";
import type { Gap } from "../model/records.ts";
import type { EpochMs } from "../model/units.ts";
import { writeDurably } from "./durable.ts";
import { readIfThere } from "./manifest.ts";

/** Half-open [from, to). */
export interface TimeSpan {
  from: EpochMs;
  to: EpochMs;
}

const spanShape = z.tuple([z.number(), z.number()]);
const name = z.string().nullable();
const moment = z.number().nullable();
const gapShape = z.strictObject({
  type: z.literal("gap"),
  cloud: z.enum(["aws", "azure", "gcp", "other"]),
  account: name,
  region: name,
  what: z.string(),
  why: z.string(),
  from: moment,
  to: moment,
});
const File = z.strictObject({
  schemaVersion: z.literal(1),
  /** By source: spans held, in order, none touching the next. */
  held: z.record(z.string(), z.array(spanShape)),
  /** By topic (a target's inventory, a target's logs ...). */
  gaps: z.record(z.string(), z.array(gapShape)),
  /** By scope: when all of it was last collected that can be had, from when on, and what cannot be had. */
  complete: z.record(
    z.string(),
    z.strictObject({
      at: z.number(),
      from: z.number(),
      lasting: z
        .array(z.strictObject({ about: z.enum(["inventory", "logs", "metrics", "traces", "histories"]), gap: gapShape }))
        .default([]),
    }),
  ),
});

/** Topics that say nothing about events: a chain is not cut by them. */
const BESIDE = /#(inventory|metrics)$/;

const pathOf = (dir: string): string => join(dir, "collected.json");

function read(dir: string): z.infer<typeof File> {
  const text = readIfThere(pathOf(dir));
  if (text === null) return { schemaVersion: 1, held: {}, gaps: {}, complete: {} };
  try {
    return File.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(`${pathOf(dir)} is damaged: it cannot be told which windows the dataset holds`, {
      suggestions: ["delete that file: the next collect reads the windows again, and what is held already is not stored twice"],
      cause,
    });
  }
}

/** What live collection could not get; `events`: only what cuts chains, not missing metrics or descriptions. Throws UserError when the file is damaged. */
export function collectedGaps(dir: string, which: "all" | "events"): Gap[] {
  return Object.entries(read(dir).gaps).flatMap(([topic, gaps]) => (which === "events" && BESIDE.test(topic) ? [] : gaps));
}

/** A gap that trying again does not mend, and the topic that it is about. */
export type LastingGap = z.infer<typeof File>["complete"][string]["lasting"][number];

/** Writers only: the caller holds the dataset's lock. Nothing reaches the disk before `save`. */
export interface Collected {
  /** Parts of the window that are not held, in order. */
  missing(source: string, window: TimeSpan): TimeSpan[];
  mark(source: string, window: TimeSpan): void;
  /**
   * Replaces what was said about this window under `topic` (`PLACE#KIND`), and under the parts of its place (`PLACE of PART#KIND`); gaps
   * without times are replaced too, what lies outside the window stays.
   */
  setGaps(topic: string, window: TimeSpan, gaps: readonly Gap[]): void;
  /** When all was last collected of this scope that can be had, from `from` (or earlier) on, and what cannot be had; null: never. */
  complete(scope: string, from: EpochMs): { at: EpochMs; lasting: readonly LastingGap[] } | null;
  setComplete(scope: string, at: EpochMs, from: EpochMs, lasting?: readonly LastingGap[]): void;
  save(): void;
}

/** Throws UserError when the file is damaged. */
export function openCollected(dir: string): Collected {
  const file = read(dir);
  return {
    missing: (source, window) => without(window, file.held[source] ?? []),
    mark(source, { from, to }) {
      if (from < to) file.held[source] = joined([...(file.held[source] ?? []), [from, to]]);
    },
    setGaps(topic, window, gaps) {
      const [place, kind] = [topic.slice(0, topic.lastIndexOf("#")), topic.slice(topic.lastIndexOf("#"))];
      const parts = Object.keys(file.gaps).filter((key) => key.startsWith(`${place} of `) && key.endsWith(kind));
      for (const key of new Set([topic, ...parts])) {
        const left = (file.gaps[key] ?? []).flatMap((one) => outside(one, window));
        if (key === topic) left.push(...gaps);
        if (left.length > 0) file.gaps[key] = left;
        else delete file.gaps[key];
      }
    },
    complete(scope, from) {
      const last = file.complete[scope];
      return last !== undefined && last.from <= from ? last : null;
    },
    setComplete(scope, at, from, lasting = []) {
      const last = file.complete[scope];
      // time between the two that neither saw would be taken for seen
      const since = last !== undefined && last.at >= from ? Math.min(from, last.from) : from;
      file.complete[scope] = { at, from: since, lasting: [...lasting] };
    },
    save: () => writeDurably(pathOf(dir), JSON.stringify(file)),
  };
}

/** After old days were deleted their windows are no longer held. */
export function forgetCollected(dir: string, before: EpochMs): void {
  if (readIfThere(pathOf(dir)) === null) return;
  const file = read(dir);
  for (const [source, spans] of Object.entries(file.held)) {
    const left = spans.flatMap(([from, to]): [number, number][] => (to <= before ? [] : [[Math.max(from, before), to]]));
    if (left.length > 0) file.held[source] = left;
    else delete file.held[source];
  }
  file.complete = {};
  writeDurably(pathOf(dir), JSON.stringify(file));
}

function joined(spans: readonly [EpochMs, EpochMs][]): [EpochMs, EpochMs][] {
  const sorted = [...spans].sort((a, b) => a[0] - b[0]);
  const result: [EpochMs, EpochMs][] = [];
  for (const [from, to] of sorted) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

function without(window: TimeSpan, held: readonly [EpochMs, EpochMs][]): TimeSpan[] {
  const left: TimeSpan[] = [];
  let from = window.from;
  for (const [start, end] of held) {
    if (end <= from || start >= window.to) continue;
    if (start > from) left.push({ from, to: start });
    from = end;
  }
  if (from < window.to) left.push({ from, to: window.to });
  return left;
}

function outside(gap: Gap, window: TimeSpan): Gap[] {
  if (gap.from === null || gap.to === null) return [];
  const parts: Gap[] = [];
  if (gap.from < window.from) parts.push({ ...gap, to: Math.min(gap.to, window.from) });
  if (gap.to > window.to) parts.push({ ...gap, from: Math.max(gap.from, window.to) });
  return parts;
}
