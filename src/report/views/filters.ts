/** Filter advice -> its JSON document, its table, and one consumer's advice in full. */
import type { FilterAdvice, FilterSurvey } from "../../model/filters.ts";
import type { Interval } from "../../model/plan.ts";
import type { Usd } from "../../model/units.ts";
import { humanCount, humanUsd, plural } from "../formats/values.ts";
import type { Report } from "../report.ts";
import { isoTime } from "./time.ts";

/** One consumer in `filters --format json`. */
export interface FiltersConsumer extends Omit<FilterAdvice, "fn" | "events" | "proposals"> {
  function: string;
  verdict: "propose" | "refused";
  events: Omit<FilterAdvice["events"], "from" | "to"> & { from: string | null; to: string | null };
  /** Settings as they are and as they would be; null: nothing would be written. */
  change: { before: FilterAdvice["proposals"][number]["before"]; after: FilterAdvice["proposals"][number]["after"] } | null;
}

/** `filters --format json`; its shape is `schemas/filters.schema.json`. */
export interface FiltersDocument {
  schemaVersion: 1;
  from: string | null;
  to: string | null;
  /** Date of the price table. */
  pricesAsOf: string;
  currency: "USD";
  consumers: FiltersConsumer[];
  /** Functions whose log lines hold no event as it was handed to them. */
  withoutEvents: string[];
  totals: { consumers: number; proposed: number; refused: number; savingUsdPerMonth: Usd };
}

/** `top`: how many consumers are listed; null: all. Totals count all. */
export function filtersDocument({ advice, from, to, pricesAsOf, silent }: FilterSurvey, top: number | null): FiltersDocument {
  const proposed = advice.filter(({ refusal }) => refusal === null);
  return {
    schemaVersion: 1,
    from: isoTime(from),
    to: isoTime(to),
    pricesAsOf,
    currency: "USD",
    consumers: advice.slice(0, top ?? undefined).map(({ fn, events, proposals, ...rest }) => ({
      function: fn,
      verdict: rest.refusal === null ? "propose" : "refused",
      ...rest,
      events: { ...events, from: isoTime(events.from), to: isoTime(events.to) },
      change: proposals[0] === undefined ? null : { before: proposals[0].before, after: proposals[0].after },
    })),
    withoutEvents: silent,
    totals: {
      consumers: advice.length,
      proposed: proposed.length,
      refused: advice.length - proposed.length,
      savingUsdPerMonth: proposed.reduce((sum, one) => sum + (one.saving?.usdPerMonth?.p50 ?? 0), 0),
    },
  };
}

/** What to filter first, then what cannot be said. */
export function filtersView(survey: FilterSurvey, top: number | null): Report {
  const shown = survey.advice.slice(0, top ?? undefined);
  return {
    schemaVersion: 1,
    title: "Event filters",
    sections: [
      {
        title: "Event filters",
        columns: [
          { key: "function", label: "consumer", type: "id" },
          { key: "channel", label: "channel", type: "id", optional: true, clip: true },
          { key: "events", label: "events", type: "count" },
          { key: "unwanted", label: "unwanted dropped", type: "text" },
          { key: "wanted", label: "wanted dropped", type: "text" },
          { key: "savingUsd", label: "saving per month", type: "usd" },
          { key: "savingUsdP10", label: "P10", type: "usd", optional: true, group: "interval" },
          { key: "savingUsdP90", label: "P90", type: "usd", optional: true, group: "interval" },
          { key: "danger", label: "danger", type: "text" },
          { key: "filter", label: "filter, or why none", type: "text", below: true },
        ],
        rows: shown.map((one) => ({
          function: one.fn,
          channel: one.channel === null ? "-" : channelName(one.channel),
          events: one.events.count,
          unwanted: one.proof === null ? "-" : `${one.proof.discardedDropped} of ${one.proof.discarded}`,
          wanted: wantedText(one),
          savingUsd: one.saving === null || one.refusal !== null ? "-" : (one.saving.usdPerMonth?.p50 ?? null),
          savingUsdP10: one.saving === null || one.refusal !== null ? "-" : (one.saving.usdPerMonth?.p10 ?? null),
          savingUsdP90: one.saving === null || one.refusal !== null ? "-" : (one.saving.usdPerMonth?.p90 ?? null),
          danger: one.refusal === null ? one.danger : "-",
          filter: one.refusal === null ? (one.words ?? "") : `refused: ${one.refusal}`,
        })),
        notes: notesOf(survey),
      },
    ],
  };
}

/** The last part of an ARN or path; of a table's stream (`.../table/orders/stream/<time>`) the table. */
function channelName(channel: string): string {
  return channel
    .replace(/\/stream\/[^/]*$/, "")
    .split(/[:/]/)
    .at(-1)!;
}

function wantedText({ proof }: FilterAdvice): string {
  if (proof === null) return "-";
  const bound = proof.wantedDroppedAtMost === null ? "" : ` (at most ${(100 * proof.wantedDroppedAtMost).toFixed(2)} %)`;
  return `${proof.wantedDropped} of ${humanCount(proof.wanted)}${bound}`;
}

function notesOf({ advice, silent, pricesAsOf }: FilterSurvey): string[] {
  const proposed = advice.filter(({ refusal }) => refusal === null);
  const notes: string[] = [];
  if (advice.length === 0)
    notes.push(
      "No function's log holds the events that it was handed: log the event, or give events with --events and --grammar (exports that name no function: evscope import --function NAME).",
    );
  else if (silent.length > 0) notes.push(`${plural(silent.length, "function")} without a logged event: nothing can be learned of them.`);
  if (proposed.length > 0) {
    notes.push("What a filter leaves out is gone for its consumer: --apply also needs --accept-data-loss.");
    notes.push("Counts are of events that the filter was not learned from; the bound is 3 / wanted ones (95 %).");
  }
  for (const { fn, unready } of proposed) if (unready !== null) notes.push(`${fn}: evscope cannot write the filter: ${unready}.`);
  for (const first of new Set(proposed.flatMap((one) => one.first))) notes.push(`First ${first}.`);
  if (proposed.length > 0)
    notes.push(`List prices of ${pricesAsOf}, without free tier, discounts or tax. What the channel itself costs stays.`);
  if (advice.length > 0) notes.push("evscope filters --explain FUNCTION shows the filter, its proof and how the outcomes are known.");
  return notes;
}

const EVIDENCE = {
  given: "you said so",
  marker: "a line of the run says so",
  result: "a result field says so",
  "no-effect": "the run called and published nothing, though others do",
  "early-return": "the run ended far below the usual time",
} as const;

/** Everything that is known of one consumer's filter. */
export function filterView(one: FilterAdvice): Report {
  const { proof, saving, events } = one;
  const fact = (what: string, value: string | null): { what: string; value: string }[] => (value === null ? [] : [{ what, value }]);
  const rows = [
    ...fact("channel", one.channel),
    ...fact("grammar", one.grammar),
    ...fact("written to", one.target === null ? one.unready : `${one.target.kind} ${one.target.name}`),
    ...fact("filter now", one.current ?? "none"),
    ...fact("filter proposed", one.proposed),
    ...fact("in words", one.words),
    ...fact("refused", one.refusal),
    ...fact(
      "events",
      `${humanCount(events.count)}: ${humanCount(events.wanted)} wanted, ${humanCount(events.discarded)} discarded, ${humanCount(events.unknown)} unknown`,
    ),
    ...fact("seen", events.from === null ? null : `${isoTime(events.from)} to ${isoTime(events.to)}`),
    ...Object.entries(one.evidence).map(([kind, count]) => ({
      what: `known by ${kind}`,
      value: `${humanCount(count)} (${EVIDENCE[kind as keyof typeof EVIDENCE]})`,
    })),
    ...(proof === null
      ? []
      : [
          ...fact("learned from", plural(proof.learned, "event")),
          ...fact("replayed on", plural(proof.replayed, "later event")),
          ...fact("wanted dropped", wantedText(one)),
          ...fact("unwanted dropped", `${humanCount(proof.discardedDropped)} of ${humanCount(proof.discarded)}`),
          ...fact("unknown dropped", `${humanCount(proof.unknownDropped)} of ${humanCount(proof.unknown)}`),
        ]),
    ...fact("runs saved", saving?.invocationsPerMonth == null ? null : `${countInterval(saving.invocationsPerMonth)} per month`),
    ...fact("GB-s saved", saving?.gbSecondsPerMonth == null ? null : `${gbSecondsInterval(saving.gbSecondsPerMonth)} per month`),
    ...fact("saving", saving?.usdPerMonth == null ? null : usdInterval(saving.usdPerMonth)),
    ...(saving?.parts ?? []).map(({ what, usdPerMonth }) => ({ what: `of it ${what}`, value: humanUsd(usdPerMonth) })),
    ...fact("danger", one.refusal === null ? one.danger : null),
  ];
  return {
    schemaVersion: 1,
    title: `Filter of ${one.fn}`,
    sections: [
      {
        title: `Filter of ${one.fn}`,
        columns: [
          { key: "what", label: "what", type: "text" },
          { key: "value", label: "value", type: "text" },
        ],
        rows,
        notes: [...one.caveats.map(sentence), ...(one.refusal === null ? one.first.map((first) => sentence(`first ${first}`)) : [])],
      },
    ],
  };
}

const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;

const countInterval = ({ p10, p50, p90 }: Interval): string =>
  `${humanCount(Math.round(p50))} (P10 ${humanCount(Math.round(p10))}, P90 ${humanCount(Math.round(p90))})`;

const gbSecondsInterval = ({ p10, p50, p90 }: Interval): string => {
  const [low, middle, high] = [p10, p50, p90].map((value) => humanCount(Number(value.toPrecision(3))));
  return `${middle} (P10 ${low}, P90 ${high})`;
};

const usdInterval = ({ p10, p50, p90 }: Interval): string => `${humanUsd(p50)} per month (P10 ${humanUsd(p10)}, P90 ${humanUsd(p90)})`;
