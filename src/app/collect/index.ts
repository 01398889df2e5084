/** `collect`: telemetry of live clouds into the dataset, only the windows that it does not hold yet. */
import type { CollectTask, LiveSession, Signal, Span } from "../../clouds/room.ts";
import { UserError } from "../../model/errors.ts";
import type { Config, Gap, RecordType } from "../../model/records.ts";
import type { Usd } from "../../model/units.ts";
import { type Collected, openBatchWriter, openCollected, openCommitter } from "../../store/index.ts";
import { type LiveWorld, type Sessions, withSessions } from "../live.ts";
import { nameOf } from "../targets.ts";
import type { Scope } from "../targets.ts";
import { announce } from "./announce.ts";
import { credentialsError, failure, GapList, isAbsence, isExhausted, isGap, isLasting, type Missing, signalOf, topicOf } from "./gaps.ts";
import { knownConfigs } from "./known-configs.ts";
import { Merger } from "./merge.ts";

/** One kind of work on one target. */
export interface CollectedPart {
  target: string;
  signal: Signal;
  via: string;
  /** Windows read to their end, and those that were not. */
  fetched: number;
  failed: number;
  records: number;
}

export interface CollectResult {
  window: Span;
  targets: { name: string; account: string | null; region: string; functions: number; sourcesHeld: number }[];
  parts: CollectedPart[];
  calls: { api: string; calls: number; throttled: number; failed: number }[];
  /** What the paid queries cost, at list price; null: not told. */
  spentUsd: Usd | null;
  added: number;
  duplicates: number;
  byType: Partial<Record<RecordType, number>>;
  gaps: Gap[];
  /** The same, each with what it is about. */
  missing: Missing[];
  /** Something that is there could not be read. */
  partial: boolean;
}

/** Memory of the writer, beyond which it spills to disk. */
const MEMORY_MIB = 256;
/** Windows of one signal and target read at the same time; the room's quotas decide how fast. */
const AT_ONCE = 8;

interface Work {
  dataDir: string;
  scope: Scope;
  world: LiveWorld;
  merger: Merger;
  collected: Collected;
  gaps: GapList;
}

/**
 * Reads what is missing of the scope's window. Finished batches stay whatever happens, and the next run goes on from there. A window that cannot
 * be read is a gap, not the end. Throws UserError when the dataset is in use, no target can be reached, or the price is above the limit; the
 * signal's reason when aborted.
 */
export async function collect(dataDir: string, scope: Scope, world: LiveWorld): Promise<CollectResult> {
  const committer = openCommitter(dataDir);
  try {
    const collected = openCollected(dataDir);
    const writer = await openBatchWriter({ dir: dataDir, publisher: committer, threads: 2, memoryMib: MEMORY_MIB });
    try {
      const merger = new Merger(writer, collected, world.clock);
      const work = { dataDir, scope, world, merger, collected, gaps: new GapList() };
      return await withSessions(scope, world, (open) => collectFrom(open, work));
    } finally {
      await writer.close();
    }
  } finally {
    committer.close();
  }
}

/** What one target is to be asked, and what became of it. */
interface Part {
  session: LiveSession;
  configs: Config[];
  tasks: CollectTask[];
  sourcesHeld: number;
  /** Why nothing more can be asked of it; null: it can. */
  ended: Error | null;
  /** By signal and call: windows in a row for which all attempts were in vain. */
  inVain: Map<string, number>;
  results: Map<string, CollectedPart>;
}

async function collectFrom({ sessions, unreached }: Sessions, work: Work): Promise<CollectResult> {
  const { scope, world, merger, collected, gaps } = work;
  for (const { target, gap } of unreached) gaps.add(`${target.cloud}/${nameOf(target)}#inventory`, gap);
  try {
    const parts = await all(sessions.map((session) => prepare(session, work)));
    await merger.commit();
    announce(
      parts.flatMap((part) => part.tasks),
      scope.maxQueryUsd,
      world.host,
    );
    await readAll(parts, work);
    const failed = parts.find((part) => part.ended !== null);
    if (failed !== undefined && parts.every((part) => part.ended !== null)) throw failed.ended!;
    await merger.commit();
    finish(work);
    return resultOf(parts, unreached, work);
  } finally {
    // a stop, or an error, keeps what was read to its end
    if (merger.broken === null) await merger.commit();
    const topics = sessions.flatMap((s) => [topicOf(s, "inventory"), ...scope.signals.map((signal) => topicOf(s, signal))]);
    if (!world.signal.aborted)
      gaps.store(collected, [...topics, ...sessions.map((s) => `${s.target.cloud}/${nameOf(s.target)}#inventory`)], scope.window);
  }
}

/** Inventory, then the plan of what to read. */
async function prepare(session: LiveSession, work: Work): Promise<Part> {
  const { scope, world, merger, collected, gaps } = work;
  const part: Part = { session, configs: [], tasks: [], sourcesHeld: 0, ended: null, inVain: new Map(), results: new Map() };
  const held = new Map<string, boolean>();
  try {
    const source = merger.begin();
    const isKnown = await knownConfigs(work.dataDir, world.clock.now());
    for await (const page of session.collector.inventory()) {
      for (const record of page) {
        if (record.type === "config") part.configs.push(record);
        if (isGap(record)) gaps.add(topicOf(session, "inventory"), record);
      }
      const news = page.filter((record) => !isGap(record) && !(record.type === "config" && isKnown(record)));
      await merger.write(source, news);
      world.host.progress("inventory", part.configs.length, null, "records");
    }
    const { signals, logs, window, maxQueryUsd } = scope;
    const planned = await session.collector.plan(part.configs, { signals, logs, window, maxQueryUsd }, (name, wanted) => {
      const missing = collected.missing(name, wanted);
      held.set(name, missing.length === 0);
      return missing;
    });
    part.tasks = planned.tasks;
    part.sourcesHeld = [...held.values()].filter(Boolean).length;
    for (const gap of planned.gaps) if (gap.type === "gap") gaps.add(topicOf(session, signalOf(gap)), gap);
  } catch (error) {
    fail(part, `the inventory of ${nameOf(session.target)}`, error, null, "inventory", work);
  }
  return part;
}

async function readAll(parts: readonly Part[], work: Work): Promise<void> {
  const total = parts.reduce((sum, part) => sum + part.tasks.length, 0);
  let done = 0;
  const lanes = parts.flatMap((part) =>
    work.scope.signals.map((signal) => ({ part, queue: part.tasks.filter((t) => t.signal === signal).values() })),
  );
  await all(
    lanes.flatMap(({ part, queue }) =>
      Array.from({ length: AT_ONCE }, async () => {
        for (const task of queue) {
          work.world.signal.throwIfAborted();
          if (work.merger.broken !== null) throw work.merger.broken;
          if (part.ended !== null) countOf(task, part).failed += 1;
          else if ((part.inVain.get(callOf(task)) ?? 0) >= AT_ONCE) giveUp(task, part, work);
          else await read(task, part, work);
          work.world.host.progress("collect", ++done, total, "windows");
        }
      }),
    ),
  );
}

/** All results; the first error only when all have come to their end, so that nothing goes on behind it. */
async function all<Result>(work: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function read(task: CollectTask, part: Part, work: Work): Promise<void> {
  const { merger, gaps } = work;
  const count = countOf(task, part);
  const source = merger.begin();
  let whole = true;
  try {
    for await (const page of part.session.collector.run(task)) {
      const missing = page.filter(isGap);
      for (const gap of missing) gaps.add(topicOf(part.session, task.signal), gap);
      whole &&= missing.length === 0;
      const records = missing.length === 0 ? page : page.filter((record) => !isGap(record));
      count.records += records.length;
      await merger.write(source, records);
    }
  } catch (error) {
    whole = false;
    fail(part, task.title, error, task.window, task.signal, work);
    part.inVain.set(callOf(task), isExhausted(error) ? (part.inVain.get(callOf(task)) ?? 0) + 1 : 0);
  }
  if (whole) {
    part.inVain.delete(callOf(task));
    merger.done([task.source, ...(task.alsoCovers ?? [])], task.window);
  }
  count[whole ? "fetched" : "failed"] += 1;
}

/** Each further window would be tried for as long again as an outage lasts. */
function giveUp(task: CollectTask, part: Part, { gaps }: Work): void {
  const error = new UserError(`not asked: ${task.via} failed for the ${AT_ONCE} windows before, however often it was tried`);
  gaps.add(topicOf(part.session, task.signal), failure(part.session, task.title, error, task.window));
  countOf(task, part).failed += 1;
}

/** Notes a failure and goes on; throws when all is to stop. */
function fail(part: Part, what: string, error: unknown, window: Span | null, topic: Signal | "inventory", work: Work): void {
  work.world.signal.throwIfAborted();
  if (work.merger.broken !== null) throw work.merger.broken;
  const ended = credentialsError(error);
  if (ended !== null && part.ended === null) {
    part.ended = ended;
    work.world.host.warn(`${nameOf(part.session.target)}: ${ended.message}`);
  }
  work.gaps.add(topicOf(part.session, topic), failure(part.session, what, ended ?? error, window));
}

function callOf(task: CollectTask): string {
  return `${task.signal} ${task.via}`;
}

function countOf(task: CollectTask, part: Part): CollectedPart {
  const key = callOf(task);
  const count = part.results.get(key) ?? {
    target: nameOf(part.session.target),
    signal: task.signal,
    via: task.via,
    fetched: 0,
    failed: 0,
    records: 0,
  };
  part.results.set(key, count);
  return count;
}

/** Notes that all of the scope is held that can be had, so that the next command need not look again at once. */
function finish({ scope, collected, gaps }: Work): void {
  const missing = gaps.missing.filter(({ gap }) => !isAbsence(gap));
  if (!missing.every(({ gap }) => isLasting(gap))) return;
  collected.setComplete(scopeKey(scope), scope.window.to, scope.window.from, missing);
  collected.save();
}

/** Names what a scope covers, whatever its window. */
export function scopeKey(scope: Scope): string {
  const targets = scope.targets.map(({ cloud, name, account, region, regions = [], functions }) => [
    cloud,
    name,
    account,
    region,
    functions,
    ...(regions.length === 0 ? [] : [regions]),
  ]);
  return JSON.stringify([targets, scope.signals, scope.logs]);
}

function resultOf(parts: readonly Part[], unreached: Sessions["unreached"], { scope, merger, gaps }: Work): CollectResult {
  const spent = parts.map((part) => part.session.collector.spentUsd?.() ?? null);
  return {
    window: scope.window,
    targets: [
      ...parts.map(({ session, configs, sourcesHeld }) => ({
        name: session.target.name,
        account: session.account,
        region: session.target.region,
        functions: new Set(configs.filter((one) => one.kind === "function").map((one) => one.name)).size,
        sourcesHeld,
      })),
      ...unreached.map(({ target }) => ({
        name: target.name,
        account: target.account,
        region: target.region,
        functions: 0,
        sourcesHeld: 0,
      })),
    ],
    parts: parts.flatMap((part) => [...part.results.values()]),
    calls: callsOf(parts.map((part) => part.session)),
    spentUsd: spent.includes(null) ? null : spent.reduce<number>((sum, usd) => sum + usd!, 0),
    added: merger.added,
    duplicates: merger.duplicates,
    byType: { ...merger.byType },
    gaps: gaps.missing.map((one) => one.gap),
    missing: gaps.missing,
    partial: gaps.missing.some(({ gap }) => !isAbsence(gap)),
  };
}

function callsOf(sessions: readonly LiveSession[]): CollectResult["calls"] {
  const sums = new Map<string, CollectResult["calls"][number]>();
  for (const one of sessions.flatMap((session) => session.calls())) {
    const sum = sums.get(one.api) ?? { api: one.api, calls: 0, throttled: 0, failed: 0 };
    sums.set(one.api, { ...sum, calls: sum.calls + one.calls, throttled: sum.throttled + one.throttled, failed: sum.failed + one.failed });
  }
  return [...sums.values()].sort((a, b) => b.calls - a.calls || (a.api < b.api ? -1 : 1));
}
