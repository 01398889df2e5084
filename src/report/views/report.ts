/** The cost report -> its sections: what every form of it (page, Markdown, table) shows, in this order. */
import type { CostReport } from "../../model/cost-report.ts";
import { humanCount, humanPercent, humanUsd, plural } from "../formats/values.ts";
import type { Cell, Report, Section } from "../report.ts";
import { changeSections } from "./report-change.ts";
import { divisions } from "./report-divisions.ts";
import { adviceSections } from "./report-advice.ts";
import { shareOf, wasteUsdOf } from "./report-numbers.ts";

/** `top`: how many rows of each division are shown; null: all. Totals count all. */
export function reportView(report: CostReport, top: number | null): Report {
  return {
    schemaVersion: 1,
    title: "Cost report",
    lead: leadOf(report),
    sections: [
      summary(report),
      ...thresholds(report),
      ...changeSections(report, top),
      ...daily(report),
      ...divisions(report, top),
      ...waste(report, top),
      ...adviceSections(report, top),
      ...unknowns(report, top),
    ],
  };
}

function leadOf({ from, to, days, baseline, noBaseline }: CostReport): string {
  if (from === null || to === null || days === null) return "There is no telemetry in this window.";
  const minute = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")}`;
  const span = `${minute(from)} to ${minute(to)} UTC (${length(days)})`;
  if (baseline === null) return `${span}. Compared with nothing: ${noBaseline}.`;
  const what = { file: "the report given", "previous-run": "the run before", "previous-window": "the time before" }[baseline.source];
  const scaled =
    baseline.scale === 1 ? "" : `, taken times ${humanCount(Number(baseline.scale.toPrecision(3)))} since its window had another length`;
  return `${span}, compared with ${what}: ${minute(baseline.from)} to ${minute(baseline.to)}${scaled}.`;
}

function length(days: number): string {
  if (days >= 1.5) return plural(Math.round(days * 10) / 10, "day");
  return days * 24 >= 1.5 ? plural(Math.round(days * 240) / 10, "hour") : plural(Math.max(1, Math.round(days * 1440)), "minute");
}

function usdText(usd: number | null): string {
  return usd === null ? "unknown" : humanUsd(usd);
}

function signed(usd: number): string {
  return usd > 0 ? `+${humanUsd(usd)}` : humanUsd(usd);
}

function summary(report: CostReport): Section {
  const { usd, change, projection, invocations, failed, chains } = report;
  const wasted = wasteUsdOf(report);
  const share = change?.share === null || change === null ? "" : ` (${change.share > 0 ? "+" : ""}${humanPercent(change.share)})`;
  const month = projection.usd;
  const saving = report.recommendations.reduce((sum, one) => sum + Math.max(0, one.savingUsdPerMonth?.p50 ?? 0), 0);
  const units = report.unknown.reduce((sum, one) => sum + one.count, 0);
  const rows: { [key: string]: Cell }[] = [
    {
      figure: "cost",
      value: usdText(usd),
      note: change === null ? "nothing to compare with" : `${signed(change.usd)}${share} to the baseline`,
    },
    {
      figure: "a month at this rate",
      value: usdText(month?.p50 ?? null),
      note: month === null ? projection.why : `${humanUsd(month.p10)} to ${humanUsd(month.p90)} in 8 of 10 cases`,
    },
    { figure: "of it waste", value: usdText(wasted), note: shareOf(wasted, usd) ?? "errors, time-outs, retries, cold starts" },
    {
      figure: "could be saved a month",
      value: report.recommendations.length === 0 ? "nothing advised" : usdText(saving),
      note: plural(report.recommendations.length, "recommendation"),
    },
    {
      figure: "runs",
      value: invocations === null ? "unknown" : humanCount(invocations),
      note: failed === null || invocations === null || invocations === 0 ? "failures unknown" : `${humanCount(failed)} failed`,
    },
    ...(chains === null
      ? []
      : [
          {
            figure: "business transactions",
            value: humanCount(chains.count),
            note: `${humanCount(chains.failed)} failed, ${humanCount(chains.broken)} with a hop missing`,
          },
        ]),
    ...(units === 0 ? [] : [{ figure: "cost unknown of", value: humanCount(units), note: "runs or units, in no sum; reasons below" }]),
  ];
  return {
    title: "Summary",
    columns: [
      { key: "figure", label: "figure", type: "text" },
      { key: "value", label: "value", type: "text" },
      { key: "note", label: "note", type: "text" },
    ],
    rows,
    notes: [`List prices of ${report.pricesAsOf}, first tier, without free tier, discounts or tax.`],
  };
}

function thresholds({ gates }: CostReport): Section[] {
  if (gates.length === 0) return [];
  return [
    {
      title: "Thresholds",
      columns: [
        { key: "outcome", label: "outcome", type: "text" },
        { key: "level", label: "level", type: "text" },
        { key: "rule", label: "rule", type: "text" },
        { key: "reason", label: "reason", type: "text", below: true },
      ],
      rows: gates.map(({ outcome, level, rule, reason }) => ({ outcome, level, rule, reason })),
      notes: [],
    },
  ];
}

function daily({ daily: days }: CostReport): Section[] {
  if (days.length < 2) return [];
  return [
    {
      title: "Cost per day",
      columns: [
        { key: "day", label: "day", type: "text" },
        { key: "usd", label: "cost", type: "usd" },
      ],
      rows: days.map(({ day, usd }) => ({ day, usd })),
      notes: ["Whole days (UTC) of the window."],
      chart: { kind: "line", name: "day", values: ["usd"] },
    },
  ];
}

const WASTE_LABELS = { errors: "errors", timeouts: "time-outs", retries: "retries", "cold-starts": "cold starts" } as const;

function waste(report: CostReport, top: number | null): Section[] {
  const kinds = Object.entries(report.wasteUsd).filter(([, usd]) => usd > 0) as [keyof typeof WASTE_LABELS, number][];
  if (kinds.length === 0) return [];
  const wasters = report.slices.function
    .map((slice) => ({ slice, usd: Object.values(slice.wasteUsd).reduce((sum, usd) => sum + usd, 0) }))
    .filter((one) => one.usd > 0)
    .sort((a, b) => b.usd - a.usd);
  const shown = wasters.slice(0, top ?? undefined);
  return [
    {
      title: "Waste",
      columns: [
        { key: "function", label: "function", type: "text" },
        { key: "waste", label: "waste", type: "usd" },
        { key: "share", label: "of its cost", type: "percent" },
        ...kinds.map(([kind]) => ({ key: kind, label: WASTE_LABELS[kind], type: "usd", optional: true }) as const),
      ],
      rows: shown.map(({ slice, usd }) => ({
        function: slice.key,
        waste: usd,
        share: slice.usd === null || slice.usd === 0 ? null : usd / slice.usd,
        ...Object.fromEntries(kinds.map(([kind]) => [kind, slice.wasteUsd[kind] ?? 0])),
      })),
      total: { function: "total", waste: wasteUsdOf(report), ...Object.fromEntries(kinds) },
      notes:
        wasters.length > shown.length
          ? [`${plural(wasters.length - shown.length, "more function")} with waste; the total counts all.`]
          : [],
    },
  ];
}

function unknowns(report: CostReport, top: number | null): Section[] {
  const rows = [
    ...report.unknown.map(({ count, why }) => ({ what: `cost of ${humanCount(count)} runs or units`, why })),
    ...report.gaps.map(({ what, why }) => ({ what, why })),
  ];
  const own = report.ownUsd === null ? "not known" : humanUsd(report.ownUsd);
  const shown = rows.slice(0, top ?? undefined);
  return [
    {
      title: "Not known, and how this was made",
      columns: [
        { key: "what", label: "what", type: "text" },
        { key: "why", label: "why", type: "text" },
      ],
      rows: shown,
      notes: [
        ...(rows.length > shown.length ? [`${plural(rows.length - shown.length, "more gap")}.`] : []),
        `Paid queries for this report cost ${own}. Made ${report.madeAt.slice(0, 16).replace("T", " ")} UTC by evscope ${report.version}.`,
      ],
    },
  ];
}
