/** The cost divided: by cloud, service, tag, function and route, and per business transaction. */
import type { CostReport, Slice } from "../../model/cost-report.ts";
import type { Usd } from "../../model/units.ts";
import { humanUsd, plural } from "../formats/values.ts";
import type { Section } from "../report.ts";

/** Divisions that say something: one row is none, but by function. */
export function divisions(report: CostReport, top: number | null): Section[] {
  const { cloud, service, tag, function: functions, route } = report.slices;
  const rest = report.unattributedUsd;
  return [
    ...(cloud.length > 1 ? [division("By cloud", "cloud", cloud, 0, report, top)] : []),
    ...(service.length > 1 ? [division("By service", "service", service, 0, report, top)] : []),
    ...(tag === null ? [] : [division(`By tag ${report.tagKey}`, "tag", tag, rest, report, top)]),
    ...(functions.length > 0 ? [division("By function", "function", functions, rest, report, top)] : []),
    ...(route.length > 0 ? [division("By route", "route", route, report.outsideChainsUsd ?? 0, report, top)] : []),
    ...transactions(report, top),
  ];
}

function division(title: string, name: string, slices: readonly Slice[], restUsd: Usd, report: CostReport, top: number | null): Section {
  const shown = slices.slice(0, top ?? undefined);
  const changes = name === "function" ? changesOf(report) : null;
  const aboutRuns = slices.some((one) => one.invocations !== null);
  const several = new Set(slices.map((one) => one.cloud)).size > 1 && name !== "cloud";
  return {
    title,
    columns: [
      { key: name, label: name, type: "text" },
      ...(several ? [{ key: "cloud", label: "cloud", type: "text" } as const] : []),
      { key: "usd", label: "cost", type: "usd" },
      { key: "share", label: "share", type: "percent" },
      ...(changes === null ? [] : [{ key: "change", label: "change", type: "usd" } as const]),
      ...(aboutRuns ? [{ key: "invocations", label: "runs", type: "count" } as const] : []),
      ...(slices.some((one) => (one.failed ?? 0) > 0) ? [{ key: "failed", label: "failed", type: "count", optional: true } as const] : []),
      ...(slices.some((one) => one.p95Ms !== null) ? [{ key: "p95Ms", label: "p95", type: "ms", optional: true } as const] : []),
      ...(slices.some((one) => one.unknown > 0)
        ? [{ key: "unknown", label: "cost unknown of", type: "count", optional: true } as const]
        : []),
    ],
    rows: shown.map((one) => ({
      [name]: one.key,
      cloud: one.cloud ?? "several",
      usd: one.usd,
      share: one.usd === null || report.usd === null || report.usd === 0 ? null : one.usd / report.usd,
      ...(changes === null ? {} : { change: changes.get(keyOf(one)) ?? null }),
      invocations: one.invocations ?? "-",
      failed: one.failed ?? (one.invocations === null ? "-" : null),
      p95Ms: one.p95Ms ?? "-",
      unknown: one.unknown,
    })),
    total: { [name]: restUsd === 0 ? "total" : "total with unattributed", usd: report.usd },
    notes: [
      ...(slices.length > shown.length ? [`${plural(slices.length - shown.length, "more row")}; the total counts all.`] : []),
      ...(restUsd === 0
        ? []
        : [
            `${humanUsd(restUsd)} belongs to no ${name === "tag" ? "function" : name}: messages, log lines, state transitions, idle instances.`,
          ]),
    ],
    chart: { kind: "bars", name, values: ["usd"] },
  };
}

function keyOf({ cloud, account, region, key }: Pick<Slice, "cloud" | "account" | "region" | "key">): string {
  return JSON.stringify([cloud, account, region, key]);
}

function changesOf({ change }: CostReport): Map<string, Usd> | null {
  return change === null ? null : new Map(change.drivers.map((one) => [keyOf(one), one.changeUsd]));
}

function transactions(report: CostReport, top: number | null): Section[] {
  if (report.transactions.length === 0) return [];
  const shown = report.transactions.slice(0, top ?? undefined);
  return [
    {
      title: "Per business transaction",
      columns: [
        { key: "route", label: "route", type: "text" },
        { key: "count", label: "transactions", type: "count" },
        { key: "mean", label: "cost of one", type: "usd" },
        { key: "p95", label: "cost of one, p95", type: "usd", optional: true },
        { key: "p95Ms", label: "end to end, p95", type: "ms", optional: true },
        { key: "failed", label: "failed", type: "count" },
        { key: "broken", label: "hop missing", type: "count" },
      ],
      rows: shown.map((one) => ({
        route: one.route,
        count: one.count,
        mean: one.usdEach?.mean ?? null,
        p95: one.usdEach?.p95 ?? null,
        p95Ms: one.p95Ms,
        failed: one.failed,
        broken: one.broken,
      })),
      notes: report.transactions.length > shown.length ? [`${plural(report.transactions.length - shown.length, "more route")}.`] : [],
    },
  ];
}
