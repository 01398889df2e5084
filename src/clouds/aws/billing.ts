/**
 * What AWS meters, with its own rounding. Pure. Pages: https://aws.amazon.com/lambda/pricing/, https://aws.amazon.com/sqs/pricing/,
 * https://aws.amazon.com/sns/pricing/, https://aws.amazon.com/eventbridge/pricing/, https://aws.amazon.com/step-functions/pricing/.
 */
import type { Billing, Reading, UsageGroup } from "../../model/billing.ts";
import type { Message } from "../../model/records.ts";

/** SQS, SNS and EventBridge count each started 64 KB of a payload as one request. */
const CHUNK_BYTES = 64 * 1024;
/** DynamoDB counts each started KB of a written item as one write unit. */
const WRITE_UNIT_BYTES = 1024;

/** Kinds of environments, as the platform's initStart line names them. https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html */
const PROVISIONED = "provisioned-concurrency";
const MANAGED = "lambda-managed-instances";
/** /tmp of this size is free. */
const FREE_EPHEMERAL_MIB = 512;
/** An asynchronous event counts as one request up to here, and as one more for each started 64 KB beyond. */
const ASYNC_BYTES = 256 * 1024;
/** SnapStart: restoring is free for Java, paid for these. */
const PAID_RESTORE = /^(python|dotnet)/;

/**
 * Requests, and duration in MiB·ms: configured memory times the time that the log says was billed (GB-s = MiB / 1024 x s).
 * The billed time is taken as logged: it holds the init phase where AWS billed it and the billed part of a SnapStart restore, and is
 * never recomputed from the duration. /tmp beyond 512 MiB is paid for the same time; a restored snapshot by the memory of the function.
 */
function invocations(group: UsageGroup): Reading[] {
  // local runs are not billed, and a throttled request does not run
  if (group.emulator || group.outcome === "throttled") return [];
  const variant = (group.architecture ?? "x86_64") + (group.plan === PROVISIONED ? " provisioned" : "");
  const requests: Reading = {
    meter: "lambda.requests",
    variant: "",
    quantity: group.count * (1 + Math.ceil(Math.max(0, (group.asyncBytes ?? 0) - ASYNC_BYTES) / CHUNK_BYTES)),
    unit: "requests",
    basis: "measured",
    why: null,
  };
  const known = group.billedMs !== null && group.memoryMib !== null && group.plan !== MANAGED;
  const duration: Reading = {
    meter: "lambda.duration",
    variant,
    quantity: known ? group.memoryMib! * group.billedMs! * group.count : null,
    unit: "mib-ms",
    basis: group.architecture === null ? "assumed" : "measured",
    why: known ? (group.architecture === null ? "architecture not reported: price of x86_64" : null) : unbilled(group),
  };
  return [requests, duration, ...storage(group), ...restores(group)];
}

function storage(group: UsageGroup): Reading[] {
  const paidMib = (group.ephemeralMib ?? FREE_EPHEMERAL_MIB) - FREE_EPHEMERAL_MIB;
  if (paidMib <= 0 || group.billedMs === null || group.plan === MANAGED) return [];
  const quantity = paidMib * group.billedMs * group.count;
  return [{ meter: "lambda.ephemeral-storage", variant: "", quantity, unit: "storage-mib-ms", basis: "measured", why: null }];
}

function restores(group: UsageGroup): Reading[] {
  if (group.restored !== true || group.memoryMib === null) return [];
  const meter = { meter: "lambda.snapstart-restores", variant: "", unit: "restored-mib" } as const;
  const runtime = group.runtime ?? null;
  if (runtime === null)
    return [{ ...meter, quantity: 0, basis: "assumed", why: "runtime not reported: a restore is taken as free, as for Java" }];
  return PAID_RESTORE.test(runtime) ? [{ ...meter, quantity: group.memoryMib * group.count, basis: "measured", why: null }] : [];
}

function unbilled(group: UsageGroup): string {
  if (group.seenIn === "span") return "seen only in a trace, which says nothing of billed time";
  if (group.seenIn === "history") return "seen only in a workflow history, which says nothing of billed time";
  if (group.durationMs === null) return "no REPORT line: the export ends before the invocation does";
  if (group.billedMs === null || group.plan === MANAGED) return "the platform reports no billed time (Lambda Managed Instances)";
  return "memory size not reported";
}

/**
 * One message on its channel. Deliveries by SNS, EventBridge, S3 and DynamoDB streams to Lambda are free. What a poller pays for
 * receiving from SQS depends on how messages share requests, which no message says: unknown.
 */
function message(one: Pick<Message, "cloud" | "direction" | "channelKind" | "sizeBytes">): Reading[] {
  const published = one.direction === "published";
  switch (one.channelKind) {
    case "queue":
      return published ? [chunks("sqs.requests", "standard", one.sizeBytes)] : [unknown("sqs.requests", "standard", "requests", POLLED)];
    case "topic":
      return published ? [chunks("sns.publishes", "standard", one.sizeBytes)] : [];
    case "bus":
      return published ? [chunks("eventbridge.events", "custom", one.sizeBytes)] : [];
    case "stream":
      return [bytes(published ? "kinesis.in" : "kinesis.out", "on-demand", one.sizeBytes)];
    case "table":
      return published ? [writes(one.sizeBytes)] : [];
    case "http":
      return published
        ? []
        : [unknown("http.requests", "", "requests", "API Gateway, load balancer or function URL: each has its own price")];
    case "bucket":
      return published ? [unknown("s3.requests", "", "requests", "S3 requests are not in the price table")] : [];
    case "workflow":
    case "schedule":
      return [];
  }
}

const POLLED = "receive and delete requests are shared by the messages of a poll";

function unknown(meter: string, variant: string, unit: Reading["unit"], why: string): Reading {
  return { meter, variant, quantity: null, unit, basis: "assumed", why };
}

function chunks(meter: string, variant: string, sizeBytes: number | null): Reading {
  const known = sizeBytes !== null;
  return {
    meter,
    variant,
    quantity: known ? Math.max(1, Math.ceil(sizeBytes / CHUNK_BYTES)) : 1,
    unit: "chunks-64k",
    basis: known ? "modelled" : "assumed",
    why: known ? null : "size not reported: one chunk of 64 KB",
  };
}

function bytes(meter: string, variant: string, sizeBytes: number | null): Reading {
  return {
    meter,
    variant,
    quantity: sizeBytes,
    unit: "bytes",
    basis: "assumed",
    why: sizeBytes === null ? "size not reported" : "price of an on-demand stream",
  };
}

function writes(sizeBytes: number | null): Reading {
  if (sizeBytes === null) return unknown("dynamodb.writes", "on-demand", "operations", "item size not reported");
  return {
    meter: "dynamodb.writes",
    variant: "on-demand",
    quantity: Math.max(1, Math.ceil(sizeBytes / WRITE_UNIT_BYTES)),
    unit: "operations",
    basis: "assumed",
    why: "price of an on-demand table",
  };
}

export const billing: Billing = {
  invocations,
  message,
  logs: (sizeBytes) => [{ meter: "logs.ingested", variant: "standard", quantity: sizeBytes, unit: "bytes", basis: "modelled", why: null }],
  transitions: (count) => [
    { meter: "stepfunctions.transitions", variant: "standard", quantity: count, unit: "transitions", basis: "measured", why: null },
  ],
};
