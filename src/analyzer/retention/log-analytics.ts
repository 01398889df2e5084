/** Tables of Log Analytics workspaces: interactive and total retention. https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure */
import type { Settings } from "../../model/plan.ts";
import type { RetentionAdvice } from "../../model/retention.ts";
import { blank, numberIn, type StoreFacts, textIn } from "./facts.ts";
import { floorText } from "./floors.ts";
import { proposalOf, targetOf } from "./proposal.ts";

/** Days that ingestion pays for: 31, of Application Insights' tables 90: https://azure.microsoft.com/pricing/details/monitor/ */
const FREE_D = 31;
const FREE_APP_D = 90;
/** https://learn.microsoft.com/rest/api/loganalytics/tables/update */
const LEAST_D = 4;
const MOST_D = 730;
const MOST_TOTAL_D = 4_383;

export function logTableAdvice(facts: StoreFacts): RetentionAdvice {
  const { config, floor } = facts;
  const workspace = facts.configs.find(
    (one) => one.kind === "log-group" && config.resource.toLowerCase().startsWith(`${one.resource.toLowerCase()}/tables/`),
  );
  const retentionD = numberIn(config, "retentionD") ?? (workspace === undefined ? null : numberIn(workspace, "retentionD"));
  const totalRetentionD = numberIn(config, "totalRetentionD") ?? retentionD;
  const plan = textIn(config, "plan");
  const freeD = config.name.startsWith("App") ? FREE_APP_D : FREE_D;
  const advice: RetentionAdvice = {
    ...blank(facts, "log-analytics"),
    target: targetOf(config, "loganalytics.table"),
    current: currentText(retentionD, totalRetentionD),
    effects:
      totalRetentionD === null || totalRetentionD <= freeD
        ? []
        : [`what is kept beyond ${freeD} days is billed; the table's size is not known (the workspace's Usage table tells)`],
  };
  if (retentionD === null || totalRetentionD === null) return { ...advice, refusal: "its retention is not known" };
  if (totalRetentionD <= freeD) return { ...advice, refusal: `ingestion pays for ${freeD} days: a shorter retention saves nothing` };
  if (floor === null) return { ...advice, refusal: "nothing says that less must be kept: --keep DAYS" };
  if (floor.days > MOST_TOTAL_D) return { ...advice, refusal: `it keeps ${MOST_TOTAL_D} days at most; to be kept: ${floorText(floor)}` };
  if (totalRetentionD < floor.days) return { ...advice, refusal: `it keeps less than it must: ${floorText(floor)}` };
  const days = Math.max(floor.days, freeD, LEAST_D);
  if (totalRetentionD <= days) return { ...advice, refusal: "it keeps no more than it must" };
  // only Analytics tables choose how long they are interactive
  const isAnalytics = plan === null || plan === "Analytics";
  const before: Settings = isAnalytics ? { retentionD, totalRetentionD } : { totalRetentionD };
  const after: Settings = isAnalytics
    ? { retentionD: Math.min(retentionD, days, MOST_D), totalRetentionD: days }
    : { totalRetentionD: days };
  return proposalOf(advice, {
    before,
    after,
    proposed: `${days} days in total`,
    saving: null,
    effects: [
      "rows that are older are deleted for good; Azure waits 30 days before it does",
      "while the table is updated no other change of it is taken",
    ],
    danger: "irreversible",
    first: ["export what must be kept (a data export rule, or a search job)"],
    reasons: [`kept ${totalRetentionD} days; to be kept: ${floorText(floor)}; ${freeD} days are paid with ingestion`],
  });
}

function currentText(retentionD: number | null, totalRetentionD: number | null): string | null {
  if (retentionD === null || totalRetentionD === null) return null;
  return totalRetentionD > retentionD ? `${retentionD} days, ${totalRetentionD} in total` : `${retentionD} days`;
}
