/**
 * AWS list prices in USD, without free tier and discounts. Prices of us-east-1; where `regions` names no factor,
 * the price of another region is assumed to be the same. China (CNY) is not priced in USD and has no entry.
 */
import type { Price } from "../../model/billing.ts";

const GIB = 1_073_741_824;
/** One GB-second in MiB·ms. */
const GB_SECOND = 1024 * 1000;
const MILLION = 1_000_000;

/** Regions with Lambda's common price (aws-lambda-power-tuning's table of 2026-04). */
const COMMON_REGIONS = [
  "us-east-1",
  "us-east-2",
  "us-west-1",
  "us-west-2",
  "ca-central-1",
  "sa-east-1",
  "eu-central-1",
  "eu-north-1",
  "eu-west-1",
  "eu-west-2",
  "eu-west-3",
  "ap-northeast-1",
  "ap-northeast-2",
  "ap-south-1",
  "ap-southeast-1",
  "ap-southeast-2",
];
const COMMON = Object.fromEntries(COMMON_REGIONS.map((region) => [region, 1]));

/** USD per 128 MB·ms on x86 by region, against the common 2.1e-9 (same table). arm64 has no figures for these regions. */
const LAMBDA_X86 = {
  ...COMMON,
  "eu-south-1": 2.4 / 2.1,
  "me-south-1": 2.6 / 2.1,
  "ap-northeast-3": 2.7 / 2.1,
  "af-south-1": 2.8 / 2.1,
  "ap-east-1": 2.9 / 2.1,
};
const HOME = { "us-east-1": 1 };

/** Lambda: the vendor's page as quoted on that day. Others: snapshots of the vendor's price API (infracost, repository of that day). */
const LAMBDA_AS_OF = "2026-09-20";
const OTHERS_AS_OF = "2026-08-21";

function lambda(meter: string, variant: string, usd: number, per: number, unit: Price["unit"], regions: Price["regions"]): Price {
  return { meter, variant, usd, per, unit, regions, source: LAMBDA, asOf: LAMBDA_AS_OF };
}

function price(meter: string, variant: string, usd: number, per: number, unit: Price["unit"], source: string): Price {
  return { meter, variant, usd, per, unit, regions: HOME, source, asOf: OTHERS_AS_OF };
}

const LAMBDA = "https://aws.amazon.com/lambda/pricing/";

/** Per month, region and architecture over all accounts of an organisation, in GB-s: https://aws.amazon.com/blogs/compute/introducing-tiered-pricing-for-aws-lambda/ */
const X86_TIERS = [
  { above: 6e9, usd: 0.000015 },
  { above: 15e9, usd: 0.0000133334 },
];
const ARM_TIERS = [
  { above: 7.5e9, usd: 0.0000120001 },
  { above: 18.75e9, usd: 0.0000106667 },
];

export const prices: readonly Price[] = [
  lambda("lambda.requests", "", 0.2, MILLION, "requests", COMMON),
  { ...lambda("lambda.duration", "x86_64", 0.0000166667, GB_SECOND, "mib-ms", LAMBDA_X86), tiers: X86_TIERS },
  { ...lambda("lambda.duration", "arm64", 0.0000133334, GB_SECOND, "mib-ms", COMMON), tiers: ARM_TIERS },
  // runs on provisioned environments; what keeping these costs is billed by the hour, used or not, and no run says it
  lambda("lambda.duration", "x86_64 provisioned", 0.0000097222, GB_SECOND, "mib-ms", HOME),
  lambda("lambda.duration", "arm64 provisioned", 0.0000077778, GB_SECOND, "mib-ms", HOME),
  lambda("lambda.ephemeral-storage", "", 0.0000000309, GB_SECOND, "storage-mib-ms", HOME),
  // of a unit that holds ten pollers by default: https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
  lambda("lambda.event-poller-units", "kafka", 0.185, 1, "poller-hours", HOME),
  lambda("lambda.snapstart-restores", "", 0.0001397998, 1024, "restored-mib", HOME),
  price("sqs.requests", "standard", 0.4, MILLION, "chunks-64k", "https://aws.amazon.com/sqs/pricing/"),
  price("sqs.requests", "fifo", 0.5, MILLION, "chunks-64k", "https://aws.amazon.com/sqs/pricing/"),
  price("sns.publishes", "standard", 0.5, MILLION, "chunks-64k", "https://aws.amazon.com/sns/pricing/"),
  price("sns.publishes", "fifo", 0.3, MILLION, "chunks-64k", "https://aws.amazon.com/sns/pricing/"),
  price("eventbridge.events", "custom", 1, MILLION, "chunks-64k", "https://aws.amazon.com/eventbridge/pricing/"),
  price("kinesis.in", "on-demand", 0.08, GIB, "bytes", "https://aws.amazon.com/kinesis/data-streams/pricing/"),
  price("kinesis.out", "on-demand", 0.04, GIB, "bytes", "https://aws.amazon.com/kinesis/data-streams/pricing/"),
  price("dynamodb.writes", "on-demand", 0.625, MILLION, "operations", "https://aws.amazon.com/dynamodb/pricing/on-demand/"),
  price("stepfunctions.transitions", "standard", 0.025, 1_000, "transitions", "https://aws.amazon.com/step-functions/pricing/"),
  price("logs.ingested", "standard", 0.5, GIB, "bytes", "https://aws.amazon.com/cloudwatch/pricing/"),
  price("logs.ingested", "infrequent-access", 0.25, GIB, "bytes", "https://aws.amazon.com/cloudwatch/pricing/"),
  // of what is kept after compression
  price("logs.stored", "", 0.03, GIB, "byte-months", "https://aws.amazon.com/cloudwatch/pricing/"),
  price("dynamodb.stored", "standard", 0.25, GIB, "byte-months", "https://aws.amazon.com/dynamodb/pricing/on-demand/"),
  price("dynamodb.reads", "on-demand", 0.125, MILLION, "operations", "https://aws.amazon.com/dynamodb/pricing/on-demand/"),
  // a replica pays each write of a global table, deletions by TTL among them; since 2024-11 the price of a write
  price("dynamodb.replicated-writes", "on-demand", 0.625, MILLION, "operations", "https://aws.amazon.com/dynamodb/pricing/on-demand/"),
];
