/**
 * Azure list prices in USD: first tier, without free grants and discounts. Each is the price of the regions it names; elsewhere it is
 * assumed. Newer ones: https://prices.azure.com/api/retail/prices (no account needed); change `asOf` with the numbers.
 */
import type { Price } from "../../model/billing.ts";

/** The meters count MB·ms; 1,024,000 of them are one GB-s: https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs */
const GB_SECOND = 1_024_000;
const MILLION = 1_000_000;
/** Log Analytics counts GB of 10^9 bytes: https://learn.microsoft.com/azure/azure-monitor/logs/cost-logs#data-size-calculation */
const GB = 1_000_000_000;

const PAGES = "https://azure.microsoft.com/pricing/details";
/** Snapshots of the vendor's price API (infracost, repository of that day). */
const SNAPSHOT_AS_OF = "2026-08-21";
/** Quoted by others on or before that day; the price API's tiers and the EUR price agree. */
const FLEX_AS_OF = "2026-11-23";
const EAST_US = { eastus: 1 };

function snapshot(
  meter: string,
  variant: string,
  usd: number,
  per: number,
  unit: Price["unit"],
  regions: Price["regions"],
  page: string,
): Price {
  return { meter, variant, usd, per, unit, regions, source: `${PAGES}/${page}/`, asOf: SNAPSHOT_AS_OF };
}

function flex(meter: string, variant: string, usd: number, per: number, unit: Price["unit"], regions: Price["regions"]): Price {
  return { meter, variant, usd, per, unit, regions, source: `${PAGES}/functions/ (secondary source)`, asOf: FLEX_AS_OF };
}

export const prices: readonly Price[] = [
  snapshot("functions.duration", "consumption", 0.000016, GB_SECOND, "mib-ms", EAST_US, "functions"),
  snapshot("functions.executions", "consumption", 0.2, MILLION, "requests", EAST_US, "functions"),
  // Brazil South 0.000037
  flex("functions.duration", "flex", 0.000026, GB_SECOND, "mib-ms", { ...EAST_US, brazilsouth: 37 / 26 }),
  flex("functions.executions", "flex", 0.4, MILLION, "requests", EAST_US),
  // always-ready instances: what they execute, and that they are there; Brazil South 0.000005 for the latter
  flex("functions.duration", "flex-always-ready", 0.000016, GB_SECOND, "mib-ms", EAST_US),
  flex("functions.baseline", "flex", 0.000004, GB_SECOND, "mib-ms", { ...EAST_US, brazilsouth: 5 / 4 }),
  // Standard: the first 13 million operations of a month are in the base charge; this is the tier after them
  snapshot("servicebus.operations", "standard", 0.8, MILLION, "operations", { westeurope: 1 }, "service-bus"),
  snapshot("eventgrid.operations", "basic", 0.6, MILLION, "operations", {}, "event-grid"),
  snapshot("eventhubs.ingress", "standard", 0.028, MILLION, "chunks-64k", EAST_US, "event-hubs"),
  // West Europe 2.99, Japan East 3.34
  snapshot(
    "log-analytics.ingestion",
    "analytics",
    2.3,
    GB,
    "bytes",
    { ...EAST_US, westeurope: 2.99 / 2.3, japaneast: 3.34 / 2.3 },
    "monitor",
  ),
  // beyond the days that ingestion pays for (31; 90 of App* tables); 0.10 to 0.13 by region
  snapshot("log-analytics.retention", "analytics", 0.1, GB, "byte-months", {}, "monitor"),
  snapshot("cosmos.units", "serverless", 0.279, MILLION, "operations", { westus: 1 }, "cosmos-db/serverless"),
  snapshot("cosmos.stored", "", 0.25, GB, "byte-months", { westus: 1 }, "cosmos-db/serverless"),
];
