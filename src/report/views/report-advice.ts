/** What could be saved, and what earlier changes came to. */
import type { CostReport } from "../../model/cost-report.ts";
import type { Settings } from "../../model/plan.ts";
import { plural } from "../formats/values.ts";
import type { Section } from "../report.ts";

export function adviceSections(report: CostReport, top: number | null): Section[] {
  return [recommendations(report, top), ...savings(report)];
}

function recommendations({ recommendations: all, notAdvised }: CostReport, top: number | null): Section {
  const shown = all.slice(0, top ?? undefined);
  return {
    title: "Recommendations",
    columns: [
      { key: "name", label: "name", type: "text" },
      { key: "topic", label: "kind", type: "text" },
      { key: "change", label: "change", type: "text" },
      { key: "p50", label: "saves a month", type: "usd", basis: "modelled" },
      { key: "p10", label: "P10", type: "usd", optional: true, group: "interval" },
      { key: "p90", label: "P90", type: "usd", optional: true, group: "interval" },
      { key: "danger", label: "danger", type: "text" },
      { key: "command", label: "command", type: "text", below: true },
    ],
    rows: shown.map((one) => ({
      name: one.name,
      topic: one.topic,
      change: Object.keys(one.after)
        .map((key) => `${key} ${valueText(one.before, key)} -> ${valueText(one.after, key)}`)
        .join("; "),
      p50: one.savingUsdPerMonth?.p50 ?? null,
      p10: one.savingUsdPerMonth?.p10 ?? null,
      p90: one.savingUsdPerMonth?.p90 ?? null,
      danger: one.danger,
      command: one.command,
    })),
    notes: [
      ...(all.length > shown.length ? [`${plural(all.length - shown.length, "more recommendation")}.`] : []),
      ...notAdvised.slice(0, 6).map(({ topic, count, why }) => `${topic}: ${count === 0 ? "" : `${count} not advised: `}${why}`),
      ...(notAdvised.length > 6 ? [`and ${plural(notAdvised.length - 6, "more reason")}`] : []),
    ],
  };
}

/** Longest value shown of a setting; filters are long. */
const LONGEST = 60;

function valueText(settings: Settings, key: string): string {
  const value = settings[key] ?? null;
  const text = value === null ? "none" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function savings({ savings: all }: CostReport): Section[] {
  if (all.length === 0) return [];
  const known = all.filter((one) => one.verdict !== "undone");
  const sum = (of: (number | null)[]): number | null => {
    const there = of.filter((value) => value !== null);
    return there.length === 0 ? null : there.reduce((total, value) => total + value, 0);
  };
  return [
    {
      title: "Promised and realised",
      columns: [
        { key: "name", label: "name", type: "text" },
        { key: "applied", label: "changed", type: "time" },
        { key: "verdict", label: "verdict", type: "text" },
        { key: "promised", label: "promised a month", type: "usd", basis: "modelled" },
        { key: "realised", label: "realised a month", type: "usd" },
        { key: "run", label: "run", type: "id", optional: true },
      ],
      rows: all.map((one) => ({
        name: one.name,
        applied: one.appliedAt,
        verdict: one.verdict,
        promised: one.promisedUsdPerMonth?.p50 ?? null,
        realised: one.realisedUsdPerMonth,
        run: one.run,
      })),
      total: {
        name: "total, without what was undone",
        promised: sum(known.map((one) => one.promisedUsdPerMonth?.p50 ?? null)),
        realised: sum(known.map((one) => one.realisedUsdPerMonth)),
      },
      notes: [],
    },
  ];
}
