/** The dataset as readers see it. Reading takes no lock: every question goes to the files of the batches committed at that moment. */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Cloud } from "../model/records.ts";
import type { EpochMs } from "../model/units.ts";
import { batchAnswersOf, batchRunsOf, countsOf, receivedChannelsOf, receivedMessagesOf } from "./batches.ts";
import { downstreamTimeOf } from "./downstream.ts";
import { Engine } from "./duckdb.ts";
import { dailySumsOf, levelsRead, sizesSeenOf } from "./growth.ts";
import { checkDataset, SCHEMA_VERSION, UNDATED } from "./layout.ts";
import { codeVersionsOf, cpuTimeOf, dailyRunsOf, epochHoursOf, functionStatsOf } from "./function-stats.ts";
import { instanceLoadOf, instanceUseOf } from "./instances.ts";
import { eventFunctionsOf, loggedRunsOf } from "./logged-runs.ts";
import { allConfigs, allGaps, findLinks, recordsInWindow, recordsOfOwners, workflowSpansIn } from "./lookup.ts";
import { coveragePath, type Manifest, manifestPath, readManifests } from "./manifest.ts";
import { nearMissesOf } from "./near-misses.ts";
import { meteredOf } from "./instance-time.ts";
import { durationsOf } from "./runs.ts";
import { condition, scan } from "./scan.ts";
import { SIZE_OF_LINE } from "./tables.ts";
import type { Dataset, DatasetInfo } from "./types.ts";
import { usageOf } from "./usage.ts";

/** More than this and DuckDB stops a question rather than the machine. */
const READER_MEMORY_MIB = 2048;

/** Opens a dataset for reading. Throws UserError if there is none, or one of another layout. */
export async function openDataset(dir: string): Promise<Dataset> {
  checkDataset(dir);
  let engine: Promise<Engine> | null = null;
  let manifests: Manifest[] | null = null;

  /** A writer may have swept files that were replaced since the manifests were read: look once more. */
  async function ask<T>(question: (engine: Engine, dir: string, manifests: readonly Manifest[]) => Promise<T>): Promise<T> {
    engine ??= Engine.open({ threads: availableParallelism(), memoryMib: READER_MEMORY_MIB, spillDir: null });
    manifests ??= readManifests(dir);
    try {
      return await question(await engine, dir, manifests);
    } catch (error) {
      if (!(error instanceof Error) || !/No files found|No such file|Cannot open file/i.test(error.message)) throw error;
      manifests = readManifests(dir);
      return await question(await engine, dir, manifests);
    }
  }

  return {
    dir,
    info: () => ask(infoOf),
    span: () => ask(async (_engine, _dir, committed) => spanOf(committed)),
    find: (ids, hubLimit) => ask((e, d, m) => findLinks(e, d, m, ids, hubLimit)),
    nearMisses: (id, limit) => ask((e, d, m) => nearMissesOf(e, d, m, id, limit)),
    records: (owners) => ask((e, d, m) => recordsOfOwners(e, d, m, owners)),
    chainRecords: (filter) => ask((e, d, m) => recordsInWindow(e, d, m, filter)),
    usage: (filter, rules, spans) => ask((e, d, m) => usageOf(e, d, m, filter, rules, spans)),
    metered: (window, metrics) => ask((e, d, m) => meteredOf(e, d, m, window, metrics)),
    durations: (filter) => ask((e, d, m) => durationsOf(e, d, m, filter)),
    logBytes: (filter) =>
      ask(async (e, d, m) => {
        const rows = await e.rows(
          `SELECT cloud, account, region, fn, sum(${SIZE_OF_LINE})::DOUBLE, count(*) FROM ${scan(d, m, "events", filter.from, filter.to)}
           WHERE ${condition(filter, `"at"`)} GROUP BY ALL ORDER BY cloud, account, region, fn`,
        );
        return rows.map(([cloud, account, region, fn, bytes, lines]) => ({ cloud, account, region, fn, bytes, lines }) as never);
      }),
    messageCounts: (filter) =>
      ask(async (e, d, m) => {
        const rows = await e.rows(
          `SELECT cloud, account, region, channel, "channelKind", direction, "sizeBytes", count(*)
           FROM ${scan(d, m, "messages", filter.from, filter.to)} WHERE ${condition(filter, `"at"`)} GROUP BY ALL ORDER BY ALL`,
        );
        return rows.map(
          ([cloud, account, region, channel, channelKind, direction, sizeBytes, count]) =>
            ({ cloud, account, region, channel, channelKind, direction, sizeBytes, count }) as never,
        );
      }),
    workflowSpans: (filter) => ask((e, d, m) => workflowSpansIn(e, d, m, filter)),
    configs: () => ask(allConfigs),
    functionStats: (filter) => ask((e, d, m) => functionStatsOf(e, d, m, filter)),
    epochHours: (epochs) => ask((e, d, m) => epochHoursOf(e, d, m, epochs)),
    dailyRuns: (filter) => ask((e, d, m) => dailyRunsOf(e, d, m, filter)),
    cpuTime: (filter) => ask((e, d, m) => cpuTimeOf(e, d, m, filter)),
    downstreamTime: (filter) => ask((e, d, m) => downstreamTimeOf(e, d, m, filter)),
    instanceLoad: (filter) => ask((e, d, m) => instanceLoadOf(e, d, m, filter)),
    instanceUse: (filter) => ask((e, d, m) => instanceUseOf(e, d, m, filter)),
    eventFunctions: (filter) => ask((e, d, m) => eventFunctionsOf(e, d, m, filter)),
    loggedRuns: (filter, most) => ask((e, d, m) => loggedRunsOf(e, d, m, filter, most)),
    codeVersions: () => ask(codeVersionsOf),
    dailySums: (window, names) => ask((e, d, m) => dailySumsOf(e, d, m, window, names)),
    levels: (names) => ask((e, d, m) => levelsRead(e, d, m, names)),
    sizesSeen: () => ask(sizesSeenOf),
    receivedChannels: (filter) => ask((e, d, m) => receivedChannelsOf(e, d, m, filter)),
    batchRuns: (filter, of, channel) => ask((e, d, m) => batchRunsOf(e, d, m, filter, of, channel)),
    receivedMessages: (filter, of, channel) => ask((e, d, m) => receivedMessagesOf(e, d, m, filter, of, channel)),
    counts: (filter, names) => ask((e, d, m) => countsOf(e, d, m, filter, names)),
    batchAnswers: (filter) => ask((e, d, m) => batchAnswersOf(e, d, m, filter)),
    async close() {
      if (engine) (await engine).close();
      engine = null;
    },
  };
}

function spanOf(manifests: readonly Manifest[]): { from: EpochMs | null; to: EpochMs | null } {
  const timed = new Set(["invocations", "events"]);
  const dated = manifests.flatMap((manifest) => manifest.files.filter((file) => timed.has(file.table) && file.day !== UNDATED));
  const [from, to] = dated.reduce(([a, b], file) => [Math.min(a, file.from), Math.max(b, file.to)], [Infinity, -Infinity]);
  return dated.length === 0 ? { from: null, to: null } : { from, to };
}

async function infoOf(engine: Engine, dir: string, manifests: readonly Manifest[]): Promise<DatasetInfo> {
  const rows: DatasetInfo["rows"] = { log: 0, invocation: 0, span: 0, message: 0, metric: 0, config: 0, gap: 0, link: 0 };
  const recordOf = {
    events: "log",
    invocations: "invocation",
    spans: "span",
    messages: "message",
    metrics: "metric",
    configs: "config",
    gaps: "gap",
    links: "link",
  } as const;
  const days = new Map<string, { day: string; files: number; sizeBytes: number }>();
  let sizeBytes = 0;
  let from: number | null = null;
  let to: number | null = null;
  for (const manifest of manifests) {
    sizeBytes += statSync(manifestPath(dir, manifest.batch)).size + statSync(coveragePath(dir, manifest.batch)).size;
    for (const file of manifest.files) {
      rows[recordOf[file.table]] += file.rows;
      sizeBytes += file.bytes;
      if (file.day === UNDATED) continue;
      const day = days.get(file.day) ?? { day: file.day, files: 0, sizeBytes: 0 };
      days.set(file.day, { day: file.day, files: day.files + 1, sizeBytes: day.sizeBytes + file.bytes });
      from = Math.min(from ?? Infinity, file.from);
      to = Math.max(to ?? -Infinity, file.to);
    }
  }
  const withFn = (["invocations", "events", "spans"] as const)
    .map((t) => `SELECT cloud, fn FROM ${scan(dir, manifests, t)}`)
    .join(" UNION ");
  // functions of which only descriptions are held count too; Azure describes apps as well, which hold functions
  const isFunction = `kind = 'function' AND (cloud <> 'azure' OR resource LIKE '%/functions/%')`;
  const described = `SELECT cloud, CASE WHEN ${isFunction} THEN name END AS fn FROM ${scan(dir, manifests, "configs")}`;
  const found = await engine.rows(`SELECT DISTINCT cloud, fn FROM (${withFn} UNION ${described}) ORDER BY ALL`);
  return {
    dir,
    schemaVersion: SCHEMA_VERSION,
    batches: manifests.length,
    rows,
    sizeBytes,
    from,
    to,
    clouds: [...new Set(found.map(([cloud]) => cloud as Cloud))],
    functions: found.filter(([, fn]) => fn !== null).length,
    days: [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1)),
    gaps: await allGaps(engine, dir, manifests, "all"),
  };
}
