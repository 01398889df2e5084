/** What changed since the baseline, and why. */
import type { CostReport, Effect } from "../../model/cost-report.ts";
import { plural } from "../formats/values.ts";
import type { Cell, Section } from "../report.ts";

const EFFECTS: readonly [Effect, string, string][] = [
  ["volume", "volume", "more or fewer runs that did their work, or units of a service"],
  ["errors", "errors", "runs per run that did its work"],
  ["duration", "duration", "billed time per run"],
  ["memory", "memory", "size per billed time"],
  ["usage", "usage", "other metered units per run"],
  ["price", "price", "price of a unit"],
  ["appeared", "new", "was not there before"],
  ["gone", "gone", "is not there any more"],
  ["unexplained", "unexplained", "quantities that one of the two does not know"],
];

/** Empty: there is no baseline. */
export function changeSections(report: CostReport, top: number | null): Section[] {
  const { change, baseline } = report;
  if (change === null || baseline === null) return [];
  return [
    {
      title: "Why it changed",
      columns: [
        { key: "step", label: "step", type: "text" },
        { key: "usd", label: "cost", type: "usd" },
        { key: "why", label: "what it is", type: "text" },
      ],
      rows: [
        { step: "before", usd: baseline.usd, why: "the baseline" },
        ...EFFECTS.filter(([effect]) => (change.effects[effect] ?? 0) !== 0).map(([effect, step, why]) => ({
          step,
          usd: change.effects[effect]!,
          why,
        })),
        { step: "now", usd: report.usd, why: "this window" },
      ],
      notes: ["Exact: the steps lead from the one to the other."],
      chart: { kind: "steps", name: "step", values: ["usd"] },
    },
    drivers(change, top),
  ];
}

function drivers(change: NonNullable<CostReport["change"]>, top: number | null): Section {
  const moved = change.drivers.filter((one) => one.changeUsd !== 0);
  const shown = moved.slice(0, top ?? undefined);
  const used = EFFECTS.filter(([effect]) => moved.some((one) => (one.effects[effect] ?? 0) !== 0));
  return {
    title: "What changed most",
    columns: [
      { key: "name", label: "name", type: "text" },
      { key: "change", label: "change", type: "usd" },
      { key: "before", label: "before", type: "usd" },
      { key: "after", label: "now", type: "usd" },
      ...used.map(([effect, label]) => ({ key: effect, label, type: "usd", optional: true }) as const),
    ],
    rows: shown.map((one) => ({
      name: one.key,
      change: one.changeUsd,
      before: one.beforeUsd,
      after: one.afterUsd,
      ...Object.fromEntries(used.map(([effect]) => [effect, one.effects[effect] ?? 0])),
    })),
    total: {
      name: "total",
      change: change.usd,
      ...Object.fromEntries(used.map(([effect]): [string, Cell] => [effect, change.effects[effect] ?? 0])),
    },
    notes: moved.length > shown.length ? [`${plural(moved.length - shown.length, "more thing")} changed; the total counts all.`] : [],
  };
}
