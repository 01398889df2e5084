/** Batching advice -> its JSON document, its table, and everything about one function. */
import type { BatchAdvice, Batching, BatchFigures, PollerSettings, QueueAdvice } from "../../model/batching.ts";
import type { Interval } from "../../model/plan.ts";
import type { Ms, Usd } from "../../model/units.ts";
import { humanCount, humanMs, humanPercent, humanUsd, plural } from "../formats/values.ts";
import type { Report, Section } from "../report.ts";
import { isoTime } from "./time.ts";

/** One mapping, subscription or binding in `batching --format json`. */
export interface BatchingMapping extends Omit<BatchAdvice, "fn" | "arrivals"> {
  function: string;
  verdict: "change" | "keep" | "refused";
  arrivals: (Omit<NonNullable<BatchAdvice["arrivals"]>, "from" | "to"> & { from: string | null; to: string | null }) | null;
}

/** `batching --format json`; its shape is `schemas/batching.schema.json`. */
export interface BatchingDocument {
  schemaVersion: 1;
  from: string | null;
  to: string | null;
  /** Date of the price table. */
  pricesAsOf: string;
  currency: "USD";
  maxAddedLatencyMs: Ms;
  mappings: BatchingMapping[];
  queues: QueueAdvice[];
  /** Over all mappings, also those that are not listed. */
  totals: { mappings: number; proposed: number; refused: number; savingUsdPerMonth: Usd };
}

const isProposed = (one: BatchAdvice): boolean => one.proposed !== null;

/** `top`: how many mappings are listed; null: all. Totals count all. */
export function batchingDocument(
  { mappings, queues, from, to, pricesAsOf, maxAddedLatencyMs }: Batching,
  top: number | null,
): BatchingDocument {
  const proposed = mappings.filter(isProposed);
  return {
    schemaVersion: 1,
    from: isoTime(from),
    to: isoTime(to),
    pricesAsOf,
    currency: "USD",
    maxAddedLatencyMs,
    mappings: mappings.slice(0, top ?? undefined).map(({ fn, arrivals, ...rest }) => ({
      function: fn,
      verdict: rest.proposed !== null ? "change" : rest.refusal === null ? "keep" : "refused",
      ...rest,
      arrivals: arrivals === null ? null : { ...arrivals, from: isoTime(arrivals.from), to: isoTime(arrivals.to) },
    })),
    queues,
    totals: {
      mappings: mappings.length,
      proposed: proposed.length,
      refused: mappings.filter(({ refusal }) => refusal !== null).length,
      savingUsdPerMonth: proposed.reduce((sum, one) => sum + (one.savingUsdPerMonth?.p50 ?? 0), 0),
    },
  };
}

/** What to change first, then what is right, then what cannot be said. */
export function batchingView(batching: Batching, top: number | null): Report {
  const shown = batching.mappings.slice(0, top ?? undefined);
  return {
    schemaVersion: 1,
    title: "Batches",
    sections: [
      {
        title: "Batches",
        columns: [
          { key: "function", label: "function", type: "id" },
          { key: "channel", label: "from", type: "id", clip: true },
          { key: "kind", label: "by", type: "text", optional: true },
          { key: "now", label: "batch now", type: "text" },
          { key: "proposed", label: "proposed", type: "text" },
          { key: "runs", label: "runs per month", type: "count", optional: true, group: "runs" },
          { key: "runsAfter", label: "then", type: "count", optional: true, group: "runs" },
          { key: "usd", label: "per month", type: "usd" },
          { key: "savingUsd", label: "saving", type: "usd" },
          { key: "savingUsdP10", label: "P10", type: "usd", optional: true, group: "interval" },
          { key: "savingUsdP90", label: "P90", type: "usd", optional: true, group: "interval" },
          { key: "p95Ms", label: "p95 now", type: "ms", optional: true, group: "latency" },
          { key: "p95AfterMs", label: "p95 then", type: "ms", optional: true, group: "latency" },
          { key: "why", label: "why", type: "text", below: true },
        ],
        rows: shown.map((one) => ({
          function: one.fn,
          channel: one.channel,
          kind: one.kind ?? "-",
          now: one.current === null ? "-" : settingsText(one.current),
          proposed: one.proposed !== null ? settingsText(one.proposed) : one.refusal === null ? "keep" : "refused",
          runs: rounded(one.invocationsPerMonth.now),
          runsAfter: rounded(one.invocationsPerMonth.after) ?? "-",
          usd: one.usdPerMonth.now?.p50 ?? null,
          savingUsd: one.savingUsdPerMonth?.p50 ?? "-",
          savingUsdP10: one.savingUsdPerMonth?.p10 ?? "-",
          savingUsdP90: one.savingUsdPerMonth?.p90 ?? "-",
          p95Ms: one.now?.latencyMs.p95 ?? null,
          p95AfterMs: one.after?.latencyMs.p95 ?? "-",
          why: whyText(one),
        })),
        notes: notesOf(batching, shown),
      },
    ],
  };
}

const rounded = (interval: Interval | null): number | null => (interval === null ? null : Math.round(interval.p50));

function whyText(one: BatchAdvice): string {
  if (one.proposed === null) return one.refusal ?? one.keep ?? "";
  const fewer =
    one.now === null || one.after === null || one.now.invocations === 0
      ? ""
      : `${humanPercent(1 - one.after.invocations / one.now.invocations)} fewer runs, `;
  const with_ = besideText(one);
  return `${fewer}${humanMs(one.addedLatencyMs?.p50 ?? 0)} more at p95${with_ === "" ? "" : `; with ${with_}`}`;
}

/** `timeout 30 s, visibility 190 s`: what changes beside the batch. */
function besideText({ memoryMib, timeoutS, visibilityTimeoutS }: BatchAdvice): string {
  const parts: [string, { now: number | null; proposed: number | null }, string][] = [
    ["memory", memoryMib, "MiB"],
    ["timeout", timeoutS, "s"],
    ["visibility timeout", visibilityTimeoutS, "s"],
  ];
  return parts
    .filter(([, { now, proposed }]) => proposed !== null && proposed !== now)
    .map(([name, { proposed }, unit]) => `${name} ${proposed} ${unit}`)
    .join(", ");
}

/** `10, window 2 s`. */
function settingsText({ batchSize, windowMs, minimumBatchSize, parallelizationFactor }: PollerSettings): string {
  const parts = [minimumBatchSize !== null && minimumBatchSize > 1 ? `${minimumBatchSize} to ${batchSize}` : String(batchSize)];
  if (windowMs > 0 && (minimumBatchSize === null || minimumBatchSize > 1)) parts.push(`window ${humanMs(windowMs)}`);
  if (parallelizationFactor !== null && parallelizationFactor > 1) parts.push(`${parallelizationFactor} at once a shard`);
  return parts.join(", ");
}

function notesOf(batching: Batching, shown: readonly BatchAdvice[]): string[] {
  const { totals } = batchingDocument(batching, 0);
  const notes = [];
  if (shown.length < totals.mappings) notes.push(`${humanCount(totals.mappings - shown.length)} more; --top N lists more.`);
  const saving = totals.proposed === 0 ? "" : `, ${humanUsd(totals.savingUsdPerMonth)} less per month`;
  notes.push(
    `${plural(totals.mappings, "mapping")}: ${totals.proposed} to change${saving}, ${totals.refused} that cannot be judged or must not grow.`,
  );
  const waste = [
    ...shown.flatMap((one) => one.idle.map((idle) => ({ name: one.fn, ...idle }))),
    ...batching.queues.map(({ queue, idle }) => ({ name: queue, ...idle })),
  ].sort((a, b) => (b.usdPerMonth ?? 0) - (a.usdPerMonth ?? 0));
  if (waste.length > 0) notes.push("Polling where nothing comes:");
  for (const { name, what, usdPerMonth, advice } of waste.slice(0, MOST_WASTE))
    notes.push(`  ${name}: ${what}, ${usdPerMonth === null ? "cost unknown" : `${humanUsd(usdPerMonth)} per month`}. ${advice}`);
  if (waste.length > MOST_WASTE) notes.push(`  and ${waste.length - MOST_WASTE} more, see --format json`);
  const modelled = shown.filter((one) => one.arrivals !== null && one.arrivals.basis !== "measured").length;
  if (modelled > 0)
    notes.push(`Arrivals of ${plural(modelled, "mapping")} were not seen one by one; --explain FUNCTION says how they were got.`);
  notes.push(`At most ${humanMs(batching.maxAddedLatencyMs)} more at p95 (--max-added-latency). Runs, costs and latency are simulated.`);
  notes.push(`List prices of ${batching.pricesAsOf}, without free tier, discounts or tax; log lines of each run are not counted.`);
  return notes;
}

const MOST_WASTE = 8;

/** Everything about each mapping: now against then. */
export function batchingExplained(batching: Batching): Report {
  return { schemaVersion: 1, title: "Batches", sections: batching.mappings.map(explained) };
}

function explained(one: BatchAdvice): Section {
  const figure = (text: (figures: BatchFigures) => string): [string, string] => [
    one.now === null ? "unknown" : text(one.now),
    one.after === null ? "-" : text(one.after),
  ];
  const pair = (values: { now: Interval | null; after: Interval | null }, text: (value: number) => string): [string, string] => [
    values.now === null ? "unknown" : intervalText(values.now, text),
    values.after === null ? "-" : intervalText(values.after, text),
  ];
  const setting = ({ now, proposed }: { now: number | null; proposed: number | null }, unit: string): [string, string] => [
    now === null ? "unknown" : `${now} ${unit}`,
    proposed === null ? "-" : `${proposed} ${unit}`,
  ];
  const rows: [string, [string, string]][] = [
    ["batch", [one.current === null ? "-" : settingsText(one.current), one.proposed === null ? "-" : settingsText(one.proposed)]],
    ["events in a run", figure(({ meanBatch }) => meanBatch.toFixed(1))],
    ["runs per month", pair(one.invocationsPerMonth, (value) => humanCount(Math.round(value)))],
    ["cost per month", pair(one.usdPerMonth, humanUsd)],
    ["latency p50", figure(({ latencyMs }) => humanMs(latencyMs.p50))],
    ["latency p95", figure(({ latencyMs }) => humanMs(latencyMs.p95))],
    ["latency p99", figure(({ latencyMs }) => humanMs(latencyMs.p99))],
    ["memory", setting(one.memoryMib, "MiB")],
    ["timeout", setting(one.timeoutS, "s")],
    ["visibility timeout", setting(one.visibilityTimeoutS, "s")],
  ];
  return {
    title: `${one.fn}${one.channel === null ? "" : ` from ${one.channel}`}`,
    columns: [
      { key: "what", label: "", type: "text" },
      { key: "now", label: "now", type: "text" },
      { key: "after", label: "then", type: "text" },
    ],
    rows: rows.map(([what, [now, after]]) => ({ what, now, after })),
    notes: explainedNotes(one),
  };
}

function intervalText({ p10, p50, p90 }: Interval, text: (value: number) => string): string {
  return `${text(p50)} (${text(Math.max(0, p10))} to ${text(p90)})`;
}

function explainedNotes(one: BatchAdvice): string[] {
  const { arrivals, service, partialFailures: failures } = one;
  const notes = [];
  const why = one.refusal ?? one.keep;
  if (why !== null) notes.push(`${one.refusal === null ? "Kept" : "Refused"}: ${why}.`);
  if (one.savingUsdPerMonth !== null)
    notes.push(
      `Saving per month ${humanUsd(one.savingUsdPerMonth.p50)} (${humanUsd(one.savingUsdPerMonth.p10)} to ${humanUsd(one.savingUsdPerMonth.p90)}).`,
    );
  if (one.addedLatencyMs !== null)
    notes.push(`Added at p95: ${humanMs(one.addedLatencyMs.p50)}, at most ${humanMs(one.addedLatencyMs.p90)}.`);
  if (arrivals !== null)
    notes.push(
      `Arrivals ${arrivals.basis}: ${humanCount(arrivals.events)} events from ${isoTime(arrivals.from)} to ${isoTime(arrivals.to)}, ${arrivals.perSecond.toPrecision(2)} a second${arrivals.note === null ? "" : `; ${arrivals.note}`}.`,
    );
  if (service !== null)
    notes.push(
      `A run takes ${humanMs(service.fixedMs)} and ${humanMs(service.perEventMs)} an event (${service.basis}; an event takes ${humanMs(service.perEventBoundsMs[0])} to ${humanMs(service.perEventBoundsMs[1])}).`,
    );
  if (failures.reported !== null)
    notes.push(
      `Failed messages: ReportBatchItemFailures is ${failures.reported ? "on" : "off"}; ${failures.answered === true ? "lines show that the code answers with them" : "no line shows that the code answers with them"}.`,
    );
  if (failures.errorShare !== null) notes.push(`${humanPercent(failures.errorShare)} of ${plural(failures.runs, "run")} failed.`);
  for (const note of one.notes) notes.push(`${note[0]!.toUpperCase()}${note.slice(1)}.`);
  for (const { what, usdPerMonth, advice } of one.idle)
    notes.push(`Idle: ${what}, ${usdPerMonth === null ? "cost unknown" : `${humanUsd(usdPerMonth)} per month`}. ${advice}.`);
  for (const first of one.proposals.flatMap((proposal) => proposal.first)) notes.push(`First: ${first}.`);
  return notes;
}
