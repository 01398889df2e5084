/** The cost report as one long table, for spreadsheets: every row of every division. */
import type { CostReport, ReportBy, Slice } from "../../model/cost-report.ts";
import type { Report } from "../report.ts";

const DIVISIONS: readonly ReportBy[] = ["cloud", "service", "tag", "function", "route"];

/** One section; costs of one division add up to the total less what it leaves unattributed, those of two count everything twice. */
export function reportRows(report: CostReport): Report {
  const rows = DIVISIONS.flatMap((by) => (report.slices[by] ?? []).map((slice) => ({ by, slice })));
  const drivers = new Map((report.change?.drivers ?? []).map((one) => [keyOf(one), one]));
  return {
    schemaVersion: 1,
    title: "Cost report",
    sections: [
      {
        title: "Cost report",
        columns: [
          { key: "by", label: "division", type: "text" },
          { key: "key", label: "name", type: "text" },
          { key: "cloud", label: "cloud", type: "text" },
          { key: "account", label: "account", type: "text" },
          { key: "region", label: "region", type: "text" },
          { key: "usd", label: "cost", type: "usd" },
          { key: "beforeUsd", label: "before", type: "usd" },
          { key: "changeUsd", label: "change", type: "usd" },
          { key: "wasteUsd", label: "waste", type: "usd" },
          { key: "invocations", label: "runs", type: "count" },
          { key: "failed", label: "failed", type: "count" },
          { key: "billedMs", label: "billed", type: "ms" },
          { key: "gbSeconds", label: "GB-seconds", type: "gb-s" },
          { key: "p95Ms", label: "p95", type: "ms" },
          { key: "unknown", label: "cost unknown of", type: "count" },
        ],
        rows: rows.map(({ by, slice }) => {
          const driver = by === "function" ? drivers.get(keyOf(slice)) : undefined;
          const { key, cloud, account, region, usd, invocations, failed, billedMs, gbSeconds, p95Ms, unknown } = slice;
          return {
            by,
            key,
            cloud,
            account,
            region,
            usd,
            invocations,
            failed,
            billedMs,
            gbSeconds,
            p95Ms,
            unknown,
            beforeUsd: driver?.beforeUsd ?? null,
            changeUsd: driver?.changeUsd ?? null,
            wasteUsd: Object.values(slice.wasteUsd).reduce((sum, one) => sum + one, 0),
          };
        }),
        notes: [],
      },
    ],
  };
}

function keyOf({ cloud, account, region, key }: Pick<Slice, "cloud" | "account" | "region" | "key">): string {
  return JSON.stringify([cloud, account, region, key]);
}
