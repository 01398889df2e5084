/**
 * List prices in USD, first tier, without free grants and discounts. A price is a default: `--prices FILE` overrides it.
 * Refresh from https://prices.azure.com/api/retail/prices and change `asOf` with the numbers.
 */
import type { Price } from "../../model/billing.ts";

const AS_OF = "2026-11-23";

/** The meters count MB·ms; 1,024,000 of them are one GB-s: https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs */
export const MIB_MS_PER_GB_S = 1_024_000;

const FUNCTIONS_PAGE = "https://azure.microsoft.com/pricing/details/functions/";
const EAST_US = { eastus: 1 } as const;

export const prices: readonly Price[] = [
  {
    meter: "functions.duration",
    variant: "consumption",
    usd: 0.000016,
    per: MIB_MS_PER_GB_S,
    unit: "mib-ms",
    regions: EAST_US,
    source: `${FUNCTIONS_PAGE} (Consumption, Standard Execution Time, East US, price-API snapshot of 2024)`,
    asOf: AS_OF,
  },
  {
    meter: "functions.executions",
    variant: "consumption",
    usd: 0.2,
    per: 1_000_000,
    unit: "requests",
    regions: EAST_US,
    source: `${FUNCTIONS_PAGE} (Consumption, Standard Total Executions, East US, price-API snapshot of 2024)`,
    asOf: AS_OF,
  },
  {
    meter: "functions.duration",
    variant: "flex",
    usd: 0.000026,
    per: MIB_MS_PER_GB_S,
    unit: "mib-ms",
    // Brazil South 0.000037
    regions: { ...EAST_US, brazilsouth: 37 / 26 },
    source: `${FUNCTIONS_PAGE} (Flex Consumption, On Demand Execution Time; secondary source, agrees with the EUR price and the price API's tiers)`,
    asOf: AS_OF,
  },
  {
    meter: "functions.executions",
    variant: "flex",
    usd: 0.4,
    per: 1_000_000,
    unit: "requests",
    regions: EAST_US,
    source: `${FUNCTIONS_PAGE} (Flex Consumption, On Demand Total Executions; secondary source)`,
    asOf: AS_OF,
  },
  {
    meter: "servicebus.operations",
    variant: "standard",
    // the first 13 million of a month are in the base charge; this is the tier after them
    usd: 0.8,
    per: 1_000_000,
    unit: "operations",
    regions: { westeurope: 1 },
    source:
      "https://azure.microsoft.com/pricing/details/service-bus/ (Standard, 13M-100M operations, West Europe, price-API snapshot of 2024)",
    asOf: AS_OF,
  },
  {
    meter: "eventgrid.operations",
    variant: "basic",
    usd: 0.6,
    per: 1_000_000,
    unit: "operations",
    regions: {},
    source: "https://azure.microsoft.com/pricing/details/event-grid/ (Basic tier operations, price-API snapshot of 2024)",
    asOf: AS_OF,
  },
  {
    meter: "eventhubs.ingress",
    variant: "standard",
    usd: 0.028,
    per: 1_000_000,
    unit: "chunks-64k",
    regions: EAST_US,
    source:
      "https://azure.microsoft.com/pricing/details/event-hubs/ (Standard, ingress events of up to 64 KB, East US, price-API snapshot of 2024)",
    asOf: AS_OF,
  },
  {
    meter: "log-analytics.ingestion",
    variant: "analytics",
    usd: 2.3,
    // Log Analytics counts GB of 10^9 bytes
    per: 1_000_000_000,
    unit: "bytes",
    // West Europe 2.99, Japan East 3.34
    regions: { ...EAST_US, westeurope: 2.99 / 2.3, japaneast: 3.34 / 2.3 },
    source: "https://azure.microsoft.com/pricing/details/monitor/ (Analytics Logs ingestion, East US, price-API snapshot of 2024)",
    asOf: AS_OF,
  },
];
