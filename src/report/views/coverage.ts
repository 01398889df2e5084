/** Correlation coverage -> its part of doctor's document and its tables. */
import type { Coverage, CoveredFunction, FunctionCoverage, HopCoverage, Language } from "../../model/coverage.ts";
import type { Cloud } from "../../model/records.ts";
import { humanPercent, plural } from "../formats/values.ts";
import type { Section } from "../report.ts";
import { carrierOf, recipeName, recipeOf } from "./mending.ts";
import { isoTime } from "./time.ts";

/** Below this share of runs with a correlation ID a function is worth mending. */
const ENOUGH = 0.95;
/** Rows shown per table; JSON has all. */
const SHOWN = 15;

/** Lines to write, for all functions of one cloud and language. */
interface Mending {
  cloud: Cloud;
  /** null: the runtime is not known or has no recipe. */
  language: Language | null;
  functions: string[];
  lines: string[];
}

/** `coverage` of `doctor --format json`. */
export interface CoverageDocument extends Omit<Coverage, "from" | "to" | "hops"> {
  from: string | null;
  to: string | null;
  /** `carrier`: where the sender puts the ID; null: the channel is not known. */
  hops: (HopCoverage & { carrier: string | null })[];
  mending: Mending[];
}

export function coverageDocument(coverage: Coverage): CoverageDocument {
  const { from, to, runs, withCorrelation, withTrace, withAny, functions, hops } = coverage;
  return {
    from: isoTime(from),
    to: isoTime(to),
    runs,
    withCorrelation,
    withTrace,
    withAny,
    functions,
    hops: hops.map((hop) => ({ ...hop, carrier: carrierOf(hop) })),
    mending: mendingOf(coverage),
  };
}

/** Functions that log too few IDs, or lose the one they are sent. */
function mendingOf({ functions, hops }: Coverage): Mending[] {
  const losing = hops.flatMap(({ to, lost, changed }) => (to !== null && lost + changed > 0 ? [to] : []));
  const affected = functions.filter((one) => one.withCorrelation < ENOUGH * one.runs || losing.some((to) => isSame(to, one)));
  const groups = Map.groupBy(affected, ({ cloud, language }) => `${cloud} ${language}`);
  return [...groups.values()].map((own) => {
    const { cloud, language } = own[0]!;
    const lines = language === null ? [] : [...recipeOf(cloud, language)];
    return { cloud, language, functions: [...new Set(own.map((one) => one.fn))], lines };
  });
}

function isSame(a: CoveredFunction, b: CoveredFunction): boolean {
  return a.cloud === b.cloud && a.account === b.account && a.region === b.region && a.fn === b.fn;
}

export function coverageSections(coverage: Coverage): Section[] {
  const mending = mendingOf(coverage);
  return [
    functionSection(coverage),
    ...(coverage.hops.length === 0 ? [] : [hopSection(coverage)]),
    ...(mending.length === 0 ? [] : [mendingSection(mending, coverage.hops)]),
  ];
}

function functionSection({ from, to, runs, withCorrelation, withTrace, functions }: Coverage): Section {
  const unread = functions.filter((one) => one.readable !== true);
  return {
    title: "Correlation coverage",
    columns: [
      { key: "function", label: "function", type: "id" },
      { key: "cloud", label: "cloud", type: "text" },
      { key: "runtime", label: "runtime", type: "text", optional: true },
      { key: "runs", label: "runs", type: "count" },
      { key: "correlation", label: "with ID", type: "percent" },
      { key: "trace", label: "with trace ID", type: "percent" },
      { key: "readable", label: "own lines", type: "text", optional: true },
    ],
    rows: functions.slice(0, SHOWN).map((one) => ({
      function: one.fn,
      cloud: one.cloud,
      runtime: one.runtime,
      runs: one.runs,
      correlation: one.withCorrelation / one.runs,
      trace: one.withTrace / one.runs,
      readable: linesOf(one),
    })),
    notes: [
      `${withCorrelation} of ${plural(runs, "run")} from ${isoTime(from) ?? "?"} to ${isoTime(to) ?? "?"} carry a correlation or business ID, ${withTrace} a trace ID.`,
      ...more(functions.length),
      ...(unread.length === 0
        ? []
        : [
            `Of ${plural(unread.length, "function")} no line of its own with an ID is held: it writes none, or its lines were not read (evscope collect --logs all reads them).`,
          ]),
    ],
  };
}

function linesOf({ readable }: FunctionCoverage): string {
  return readable === true ? "read" : readable === false ? "none held" : "not known";
}

function more(count: number): string[] {
  return count > SHOWN ? [`${count - SHOWN} more in --format json.`] : [];
}

function hopSection({ hops }: Coverage): Section {
  return {
    title: "Where the ID is lost",
    columns: [
      { key: "from", label: "from", type: "id" },
      { key: "channel", label: "over", type: "id" },
      { key: "to", label: "to", type: "id" },
      { key: "passes", label: "passes", type: "count" },
      { key: "kept", label: "kept", type: "percent" },
      { key: "lost", label: "lost", type: "count" },
      { key: "changed", label: "other ID", type: "count", optional: true },
      { key: "without", label: "none sent", type: "count", optional: true },
      { key: "unseen", label: "side not seen", type: "count", optional: true },
      { key: "weakest", label: "joined by", type: "text" },
      { key: "confidence", label: "confidence", type: "confidence", optional: true },
    ],
    rows: hops.slice(0, SHOWN).map((hop) => ({
      from: hop.from?.fn ?? null,
      channel: hop.channel ?? hop.channelKind,
      to: hop.to?.fn ?? null,
      passes: hop.passes,
      kept: hop.passes === 0 ? null : hop.kept / hop.passes,
      lost: hop.lost,
      changed: hop.changed,
      without: hop.without,
      unseen: hop.unseen,
      weakest: hop.weakest,
      confidence: hop.confidence,
    })),
    notes: [
      "Joined by: the weakest evidence of all passes. Lost: the sender carried an ID, the receiver none; none sent: the sender had none.",
      ...more(hops.length),
    ],
  };
}

function mendingSection(mending: readonly Mending[], hops: readonly HopCoverage[]): Section {
  const losing = hops.filter((hop) => hop.lost + hop.changed > 0);
  const carriers = [...new Set(losing.flatMap((hop) => lineOf(hop)))];
  return {
    title: "Mending it",
    columns: [
      { key: "runtime", label: "runtime", type: "text" },
      { key: "functions", label: "functions", type: "list" },
    ],
    rows: mending.map(({ cloud, language, functions }) => ({ runtime: nameOf(cloud, language), functions })),
    notes: [
      ...mending.flatMap(({ cloud, language, lines }) =>
        lines.length === 0 ? [] : [`${nameOf(cloud, language)}:`, ...lines.map((line) => `    ${line}`)],
      ),
      ...carriers,
      "docs/correlation.md says where each channel carries an ID, and how to send it on.",
    ],
  };
}

function nameOf(cloud: Cloud, language: Language | null): string {
  return language === null ? `not known, or without a recipe (${cloud})` : recipeName(cloud, language);
}

function lineOf(hop: HopCoverage): string[] {
  const carrier = carrierOf(hop);
  const way = `${hop.from?.fn ?? "?"} -> ${hop.channel ?? hop.channelKind ?? "?"} -> ${hop.to?.fn ?? "?"}`;
  const share = humanPercent((hop.lost + hop.changed) / hop.passes);
  return carrier === null ? [] : [`${way} loses it in ${share} of passes. It can travel in ${carrier}.`];
}
