/** `batching`: batch size and window of each mapping, as arrivals that were recorded and the vendor's pollers make them, or why neither can be said. */
import { batching as adviceOf, BATCHING_METRICS } from "../analyzer/batching/index.ts";
import { rooms } from "../clouds/index.ts";
import type { Batching } from "../model/batching.ts";
import type { Host } from "../model/host.ts";
import type { Ms } from "../model/units.ts";
import type { Dataset, Filter } from "../store/types.ts";
import { namePattern } from "./name-pattern.ts";
import type { Advice } from "./plan.ts";
import { ratesWith } from "./rates.ts";
import { withDataset } from "./scratch.ts";
import type { Settings } from "./settings.ts";
import { parseWindow, warnIfOutside } from "./window.ts";

export interface BatchingOptions {
  /** Only mappings to functions of this name; `*` stands for anything. null: all. */
  functions: string | null;
  since?: string | undefined;
  until?: string | undefined;
  /** Most that latency at p95 may grow by. */
  maxAddedLatencyMs: Ms;
}

/** Kinds of records that batches are read from; log lines tell whether code reports failed messages. */
const WANTED = ["invocation", "message", "metric", "config", "gap", "log"] as const;

/**
 * `paths` empty: the dataset. Else the files are read into a dataset that lives as long as the call. `partial`: some of them could not be used
 * wholly. Throws UserError if none of them is readable.
 */
export async function batching(
  dataDir: string,
  paths: readonly string[],
  options: BatchingOptions,
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<{ batching: Batching; partial: boolean }> {
  const { value, partial } = await withDataset(dataDir, paths, settings, { host, signal, wanted: WANTED }, (dataset) =>
    batchingOf(dataset, options, settings, host, signal),
  );
  return { batching: value, partial };
}

async function batchingOf(
  dataset: Dataset,
  options: BatchingOptions,
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<Batching> {
  const held = await dataset.span();
  const window = parseWindow(options.since, options.until, held.to);
  warnIfOutside(window, held, host);
  const all: Filter = { ...window, functions: [], clouds: [] };
  return adviceOf({
    configs: await dataset.configs(),
    stats: await dataset.functionStats(all),
    channels: await dataset.receivedChannels(all),
    counts: await dataset.counts(all, BATCHING_METRICS),
    answers: await dataset.batchAnswers(all),
    runs: (of, channel) => {
      signal.throwIfAborted();
      return dataset.batchRuns(all, of, channel);
    },
    messages: (of, channel) => dataset.receivedMessages(all, of, channel),
    from: window.from ?? held.from,
    to: window.to ?? held.to,
    functions: options.functions === null ? null : namePattern(options.functions),
    rates: ratesWith(settings.pricesFile),
    maxAddedLatencyMs: options.maxAddedLatencyMs,
    mostMemoryMib: rooms.aws.limits.find((limit) => limit.setting === "lambda.memory" && limit.appliesTo === null)!.max!,
  });
}

/** What of it can be planned. */
export function batchingChanges({ mappings, queues }: Batching): Advice {
  return {
    proposals: [...mappings, ...queues].flatMap(({ proposals }) => proposals),
    refused: mappings.flatMap(({ fn, refusal, keep }) => {
      const why = refusal ?? keep;
      return why === null ? [] : [{ name: fn, why }];
    }),
    unready: [],
  };
}
