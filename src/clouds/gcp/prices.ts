/**
 * Google Cloud list prices: USD, first tier, without free grants and discounts. Cloud Run and functions have two price classes
 * of regions; Pub/Sub, logging, Cloud Tasks and Workflows cost the same everywhere.
 */
import type { Price } from "../../model/billing.ts";

/** https://cloud.google.com/run/docs/locations, "Subject to tier 1 pricing" and "tier 2". */
const RUN_TIER_1 = [
  "asia-east1",
  "asia-northeast1",
  "asia-northeast2",
  "europe-north1",
  "europe-southwest1",
  "europe-west1",
  "europe-west4",
  "europe-west8",
  "europe-west9",
  "me-west1",
  "us-central1",
  "us-east1",
  "us-east4",
  "us-east5",
  "us-south1",
  "us-west1",
] as const;
const RUN_TIER_2 = [
  "africa-south1",
  "asia-east2",
  "asia-northeast3",
  "asia-south1",
  "asia-south2",
  "asia-southeast1",
  "asia-southeast2",
  "australia-southeast1",
  "australia-southeast2",
  "europe-central2",
  "europe-west10",
  "europe-west12",
  "europe-west2",
  "europe-west3",
  "europe-west6",
  "me-central1",
  "me-central2",
  "northamerica-northeast1",
  "northamerica-northeast2",
  "southamerica-east1",
  "southamerica-west1",
  "us-west2",
  "us-west3",
  "us-west4",
] as const;

/** https://cloud.google.com/functions/1stgendocs/locations: the classes of 1st gen functions are not those of Cloud Run. */
const GEN1_TIER_1 = [
  "asia-east1",
  "asia-east2",
  "asia-northeast1",
  "asia-northeast2",
  "europe-west1",
  "europe-west2",
  "us-central1",
  "us-east1",
  "us-east4",
  "us-west1",
] as const;
const GEN1_TIER_2 = [
  "asia-northeast3",
  "asia-south1",
  "asia-southeast1",
  "asia-southeast2",
  "australia-southeast1",
  "europe-central2",
  "europe-west3",
  "europe-west6",
  "northamerica-northeast1",
  "southamerica-east1",
  "us-west2",
  "us-west3",
  "us-west4",
] as const;

function tiers(first: readonly string[], second: readonly string[], factor: number): { [region: string]: number } {
  return Object.fromEntries([...first.map((region) => [region, 1] as const), ...second.map((region) => [region, factor] as const)]);
}

const ALL_REGIONS = tiers([...new Set([...RUN_TIER_1, ...RUN_TIER_2])], [], 1);
const RUN_REQUEST = tiers(RUN_TIER_1, RUN_TIER_2, 1.4);
const RUN_INSTANCE = tiers(RUN_TIER_1, RUN_TIER_2, 1.2);
const GEN1 = tiers(GEN1_TIER_1, GEN1_TIER_2, 1.4);

const RUN_PAGE = "https://cloud.google.com/run/pricing";
const GEN1_PAGE = "https://cloud.google.com/functions/pricing-1stgen";
const VCPU_SECOND = 1_000;
const GIB_SECOND = 1_024 * 1_000;
const GHZ_SECOND = 1_000 * 1_000;
const MILLION = 1_000_000;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

/** The table; `asOf` is when the page (or a dated copy of it) was read. */
export const prices: readonly Price[] = [
  {
    meter: "run.vcpu",
    variant: "request-based",
    usd: 0.000024,
    per: VCPU_SECOND,
    unit: "vcpu-ms",
    regions: RUN_REQUEST,
    source: RUN_PAGE,
    asOf: "2026-08-21",
  },
  {
    meter: "run.memory",
    variant: "request-based",
    usd: 0.0000025,
    per: GIB_SECOND,
    unit: "mib-ms",
    regions: RUN_REQUEST,
    source: RUN_PAGE,
    asOf: "2026-08-21",
  },
  {
    meter: "run.requests",
    variant: "request-based",
    usd: 0.4,
    per: MILLION,
    unit: "requests",
    regions: ALL_REGIONS,
    source: RUN_PAGE,
    asOf: "2026-08-21",
  },
  {
    meter: "run.vcpu",
    variant: "instance-based",
    usd: 0.000018,
    per: VCPU_SECOND,
    unit: "vcpu-ms",
    regions: RUN_INSTANCE,
    source: RUN_PAGE,
    asOf: "2026-08-21",
  },
  {
    meter: "run.memory",
    variant: "instance-based",
    usd: 0.000002,
    per: GIB_SECOND,
    unit: "mib-ms",
    regions: RUN_INSTANCE,
    source: RUN_PAGE,
    asOf: "2026-08-21",
  },
  {
    meter: "functions.memory",
    variant: "gen1",
    usd: 0.0000025,
    per: GIB_SECOND,
    unit: "mib-ms",
    regions: GEN1,
    source: GEN1_PAGE,
    asOf: "2026-08-21",
  },
  {
    meter: "functions.cpu",
    variant: "gen1",
    usd: 0.00001,
    per: GHZ_SECOND,
    unit: "mhz-ms",
    regions: GEN1,
    source: GEN1_PAGE,
    asOf: "2026-08-21",
  },
  {
    meter: "functions.requests",
    variant: "gen1",
    usd: 0.4,
    per: MILLION,
    unit: "requests",
    regions: ALL_REGIONS,
    source: GEN1_PAGE,
    asOf: "2026-08-21",
  },
  {
    meter: "pubsub.throughput",
    variant: "",
    usd: 40,
    per: TIB,
    unit: "bytes",
    regions: ALL_REGIONS,
    source: "https://cloud.google.com/pubsub/pricing",
    asOf: "2026-09-20",
  },
  {
    meter: "logging.ingestion",
    variant: "",
    usd: 0.5,
    per: GIB,
    unit: "bytes",
    regions: ALL_REGIONS,
    source: "https://cloud.google.com/stackdriver/pricing",
    asOf: "2026-09-12",
  },
  {
    // beyond the 30 days that ingestion pays for
    meter: "logging.retention",
    variant: "",
    usd: 0.01,
    per: GIB,
    unit: "byte-months",
    regions: ALL_REGIONS,
    source: "https://cloud.google.com/stackdriver/pricing",
    asOf: "2026-09-12",
  },
  {
    meter: "firestore.stored",
    variant: "",
    usd: 0.15,
    per: GIB,
    unit: "byte-months",
    regions: {},
    source: "https://cloud.google.com/firestore/pricing",
    asOf: "2026-09-12",
  },
  {
    // deletions by TTL among them
    meter: "firestore.deletes",
    variant: "",
    usd: 0.01,
    per: 100_000,
    unit: "operations",
    regions: {},
    source: "https://cloud.google.com/firestore/pricing",
    asOf: "2026-09-12",
  },
  {
    meter: "tasks.operations",
    variant: "",
    usd: 0.4,
    per: MILLION,
    unit: "operations",
    regions: ALL_REGIONS,
    source: "https://cloud.google.com/tasks/pricing",
    asOf: "2026-09-20",
  },
];
