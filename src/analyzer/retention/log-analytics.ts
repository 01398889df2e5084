/** Tables of Log Analytics workspaces: interactive and total retention. https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure */
import type { Interval, Settings } from "../../model/plan.ts";
import type { Config } from "../../model/records.ts";
import type { RetentionAdvice } from "../../model/retention.ts";
import { blank, numberIn, type StoreFacts, textIn, usdFor } from "./facts.ts";
import { floorText } from "./floors.ts";
import { proposalOf, targetOf } from "./proposal.ts";

/** Days that ingestion pays for: 31, of Application Insights' tables 90: https://azure.microsoft.com/pricing/details/monitor/ */
const FREE_D = 31;
const FREE_APP_D = 90;
/** A month of 730 hours, as price lists count, in days. */
const MONTH_D = 730 / 24;
/** Tables of Application Insights and two more; others begin with "App" too (AppServiceHTTPLogs): https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure */
const FREE_LONGER =
  /^(App(AvailabilityResults|BrowserTimings|Dependencies|Events|Exceptions|Metrics|PageViews|PerformanceCounters|Requests|SystemEvents|Traces)|Usage|AzureActivity)$/;
const LEAST_D = 4;
const MOST_D = 730;
/** Beyond two years whole ones alone, up to twelve: https://learn.microsoft.com/cli/azure/monitor/log-analytics/workspace/table#az-monitor-log-analytics-workspace-table-update */
const WHOLE_YEARS_D = [1_095, 1_460, 1_826, 2_191, 2_556, 2_922, 3_288, 3_653, 4_018, 4_383];
const MOST_TOTAL_D = 4_383;

export function logTableAdvice(facts: StoreFacts): RetentionAdvice {
  const { config, floor } = facts;
  const workspace = facts.configs.find(
    (one) => one.kind === "log-group" && config.resource.toLowerCase().startsWith(`${one.resource.toLowerCase()}/tables/`),
  );
  const retentionD = numberIn(config, "retentionD") ?? (workspace === undefined ? null : numberIn(workspace, "retentionD"));
  const totalRetentionD = numberIn(config, "totalRetentionD") ?? retentionD;
  const plan = textIn(config, "plan");
  const freeD = FREE_LONGER.test(config.name) ? FREE_APP_D : FREE_D;
  // only Analytics tables choose how long they are interactive
  const isAnalytics = plan === null || plan === "Analytics";
  const perDay = numberIn(config, "billableBytesPerDay");
  const perMonth = perDay === null ? null : perDay * MONTH_D;
  const keptUsd = (days: number | null, total: number | null): number | null => {
    if (days === null || total === null) return null;
    if (total <= freeD) return 0;
    // the price of long-term retention is not held
    return !isAnalytics || total > days || perDay === null
      ? null
      : usdFor(facts, "log-analytics.retention", "analytics", perDay * (days - freeD));
  };
  const nowUsd = keptUsd(retentionD, totalRetentionD);
  const advice: RetentionAdvice = {
    ...blank(facts, "log-analytics"),
    target: targetOf(config, "loganalytics.table"),
    current: currentText(retentionD, totalRetentionD),
    growthBytesPerMonth: flat(perMonth),
    growthFrom: perMonth === null ? null : "metric",
    storageUsdPerMonth: nowUsd,
    ingestUsdPerMonth: isAnalytics ? usdFor(facts, "log-analytics.ingestion", "analytics", perMonth) : null,
    effects: totalRetentionD === null || totalRetentionD <= freeD ? [] : [billedText(config, freeD, perDay, nowUsd)],
  };
  if (retentionD === null || totalRetentionD === null) return { ...advice, refusal: "its retention is not known" };
  if (totalRetentionD <= freeD) return { ...advice, refusal: `ingestion pays for ${freeD} days: a shorter retention saves nothing` };
  if (floor === null) return { ...advice, refusal: "nothing says that less must be kept: --keep DAYS" };
  if (floor.days > MOST_TOTAL_D) return { ...advice, refusal: `it keeps ${MOST_TOTAL_D} days at most; to be kept: ${floorText(floor)}` };
  if (totalRetentionD < floor.days) return { ...advice, refusal: `it keeps less than it must: ${floorText(floor)}` };
  const least = Math.max(floor.days, freeD, LEAST_D);
  const days = least <= MOST_D ? least : WHOLE_YEARS_D.find((one) => one >= least)!;
  if (totalRetentionD <= days) return { ...advice, refusal: "it keeps no more than it must" };
  const interactiveD = Math.min(retentionD, days, MOST_D);
  const thenUsd = keptUsd(interactiveD, days);
  const before: Settings = isAnalytics ? { retentionD, totalRetentionD } : { totalRetentionD };
  const after: Settings = isAnalytics ? { retentionD: interactiveD, totalRetentionD: days } : { totalRetentionD: days };
  return proposalOf(advice, {
    before,
    after,
    proposed: `${days} days in total`,
    saving: nowUsd === null || thenUsd === null ? null : flat(nowUsd - thenUsd),
    effects: [
      "rows that are older are deleted for good; Azure waits 30 days before it does",
      "while the table is updated no other change of it is taken",
    ],
    danger: "irreversible",
    first: ["export what must be kept (a data export rule, or a search job)"],
    reasons: [`kept ${totalRetentionD} days; to be kept: ${floorText(floor)}; ${freeD} days are paid with ingestion`],
  });
}

function billedText(config: Config, freeD: number, perDay: number | null, usd: number | null): string {
  const billed = `what is kept beyond ${freeD} days is billed`;
  if (perDay === null) return `${billed}; what comes in is not known: the workspace's table Usage was not read, or has nothing of it`;
  const days = numberIn(config, "ingestionDays");
  return usd === null
    ? `${billed}; the price of long-term retention and of other plans than Analytics is not held`
    : `${billed}; modelled: at what came in over ${days ?? "some"} days, once the table is as old as its retention`;
}

function flat(value: number): Interval;
function flat(value: number | null): Interval | null;
function flat(value: number | null): Interval | null {
  return value === null ? null : { p10: value, p50: value, p90: value };
}

function currentText(retentionD: number | null, totalRetentionD: number | null): string | null {
  if (retentionD === null || totalRetentionD === null) return null;
  return totalRetentionD > retentionD ? `${retentionD} days, ${totalRetentionD} in total` : `${retentionD} days`;
}
