/** Settings on Azure that lose telemetry. */
import type { Config } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import type { Finding } from "../room.ts";

const DAY_MS: Ms = 86_400_000;

/** What in these settings loses telemetry of a window of this length. */
export function findingsOf(configs: readonly Config[], windowMs: Ms): Finding[] {
  const tables = configs.filter((one) => one.kind === "log-group");
  const apps = configs.filter((one) => one.kind === "function" && one.settings["plan"] !== undefined);
  const named = (code: Finding["code"], what: string, advice: string, found: readonly Config[]): Finding[] =>
    found.length === 0 ? [] : [{ code, what, advice, names: [...new Set(found.map((one) => one.name))].sort() }];
  const short = tables.filter(({ settings: { retentionD: days } }) => typeof days === "number" && days * DAY_MS < windowMs);
  const paid = tables.filter(({ settings: { plan } }) => plan === "Basic" || plan === "Auxiliary");
  const sampled = tables.filter(({ settings: { samplingPercent: percent } }) => typeof percent === "number" && percent < 100);
  const capped = tables.filter(({ settings: { dailyQuotaGb: quota } }) => typeof quota === "number" && quota >= 0);
  return [
    ...named(
      "retention",
      "tables keep rows for less than the window: older ones are gone",
      "a shorter --window, a longer retention of the table, or collect more often",
      short,
    ),
    ...named(
      "log-class",
      "tables of plan Basic or Auxiliary can only be searched for money, one at a time and without joins",
      "raise --max-query-usd, or set the table's plan to Analytics",
      paid,
    ),
    ...named(
      "sampling",
      "Application Insights resources that keep a sample of what arrives: runs, their lines and the IDs in them are missing from chains",
      "set the ingestion sampling percentage to 100",
      sampled,
    ),
    ...named(
      "daily-cap",
      "workspaces with a daily cap: what arrives after it is reached is dropped until the next day",
      "raise the cap, or watch for days that end early",
      capped,
    ),
    ...named(
      "no-telemetry",
      "apps without Application Insights: their runs, durations and errors are not recorded anywhere that evscope reads",
      "connect an Application Insights resource (APPLICATIONINSIGHTS_CONNECTION_STRING)",
      apps.filter(({ settings }) => settings["telemetry"] === "none"),
    ),
  ];
}
