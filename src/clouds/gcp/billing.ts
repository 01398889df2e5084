/**
 * What Google meters, with its own rounding.
 * Cloud Run and 2nd gen functions (https://cloud.google.com/run/pricing): CPU and memory as allocated, while at least one request
 * is in flight, rounded up to 100 ms, and a fee per request; with instance-based billing the life of the instance and no fee.
 * 1st gen functions (https://cloud.google.com/functions/pricing-1stgen): memory and the CPU clock that goes with it, rounded up to
 * 100 ms, and a fee per invocation.
 */
import { type Billing, type BillingMetric, type InstanceRule, type Reading, type UsageGroup, upTo } from "../../model/billing.ts";
import type { Mib, Ms } from "../../model/units.ts";

const STEP_MS = 100;
/** CPU clock of each memory size of a 1st gen function, in MHz. */
const GEN1_MHZ: { readonly [memoryMib: number]: number } = { 128: 200, 256: 400, 512: 800, 1024: 1400, 2048: 2400, 4096: 4800, 8192: 4800 };
/** Least size of a Pub/Sub request: a message published or delivered alone is billed as this much. */
const PUBSUB_LEAST_BYTES = 1000;
/** Cloud Tasks counts a task in pieces of this size. */
const TASK_PIECE_BYTES = 32 * 1024;

/**
 * Request-based billing: an instance is billed from the start of its first request to the end of the last one that overlaps, and while it starts,
 * rounded up to 100 ms. https://cloud.google.com/run/pricing#billable-time
 */
const INSTANCES: InstanceRule = { cloud: "gcp", leastMs: 0, stepMs: STEP_MS, withInit: true, unbilledPlans: ["run-refused"] };
/** Seconds in which instances were billed. https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run */
const METRICS: readonly BillingMetric[] = [
  {
    name: "run.googleapis.com/container/billable_instance_time",
    statistic: "sum",
    stampedAt: "end",
    variant: "",
    factor: 1_000,
    standing: false,
    readyPlans: ["run-instance", "run-job"],
  },
];

const ALONE =
  "each request counted alone, since its instance is not reported; requests that run at the same time in one instance share its time, so the bill can be less";
const BEYOND = "billable instance time beyond the requests that were seen: start and stop of instances, instances kept ready";
const NO_SIZE = "memory or CPU unknown: import the service's configuration";
const MODE = "the billing mode is not in the telemetry: request-based, the default, is assumed";

/** Duration rounded up as both products do. */
function billedStepsMs(durationMs: Ms): Ms {
  return upTo(durationMs, STEP_MS);
}

/** CPU clock of a 1st gen function; null: no such memory size. */
function gen1Mhz(memoryMib: Mib): number | null {
  return GEN1_MHZ[memoryMib] ?? null;
}

function gen1Readings(group: UsageGroup): Reading[] {
  const { count, memoryMib, durationMs } = group;
  const variant = "gen1";
  const requests: Reading = { meter: "functions.requests", variant, quantity: count, unit: "requests", basis: "measured", why: null };
  const mhz = memoryMib === null ? null : gen1Mhz(memoryMib);
  const why =
    memoryMib === null
      ? "memory size unknown: import the function's configuration"
      : durationMs === null
        ? "no duration: the end was not seen"
        : mhz === null
          ? `${memoryMib} MiB is no memory size of a 1st gen function`
          : null;
  const billedMs = why === null ? billedStepsMs(durationMs!) * count : null;
  return [
    {
      meter: "functions.memory",
      variant,
      quantity: billedMs === null ? null : billedMs * memoryMib!,
      unit: "mib-ms",
      basis: "modelled",
      why,
    },
    { meter: "functions.cpu", variant, quantity: billedMs === null ? null : billedMs * mhz!, unit: "mhz-ms", basis: "modelled", why },
    requests,
  ];
}

/** CPU and memory of instances over so many ms; null: not known, and why. */
function sizedReadings(
  group: UsageGroup,
  variant: string,
  instanceMs: number | null,
  basis: Reading["basis"],
  why: string | null,
): Reading[] {
  const { vcpu, memoryMib } = group;
  const of = (size: number | null): number | null => (instanceMs === null || size === null ? null : instanceMs * size);
  return [
    { meter: "run.vcpu", variant, quantity: of(vcpu), unit: "vcpu-ms", basis, why },
    { meter: "run.memory", variant, quantity: of(memoryMib), unit: "mib-ms", basis, why },
  ];
}

const sizeUnknown = (group: UsageGroup): boolean => group.memoryMib === null || group.vcpu === null;
/** What the metric says falls to the group, in ms of instances. */
const meteredMs = (group: UsageGroup): Ms | null => group.meteredParts?.[0]?.quantity ?? null;

function instanceReadings(group: UsageGroup): Reading[] {
  const metered = meteredMs(group);
  const variant = "instance-based";
  if (metered !== null && sizeUnknown(group)) return sizedReadings(group, variant, null, "measured", NO_SIZE);
  if (metered !== null) return sizedReadings(group, variant, metered, "measured", null);
  const why =
    "instance-based billing: instances cost while they live, not per request; see run.googleapis.com/container/billable_instance_time";
  return sizedReadings(group, variant, null, "modelled", why);
}

/** Only requests that reach a container are billed. */
const REFUSED: Reading = {
  meter: "run.requests",
  variant: "request-based",
  quantity: 0,
  unit: "requests",
  basis: "measured",
  why: "refused: no instance took it",
};

/** Instance time of request-based billing by the requests alone: as they shared it, else each alone. null: an end was not seen. */
function requestMs(group: UsageGroup): Ms | null {
  const { durationMs, initMs, count, sharedMs } = group;
  if (durationMs === null) return null;
  return sharedMs ?? billedStepsMs(durationMs + (initMs ?? 0)) * count;
}

function requestReadings(group: UsageGroup): Reading[] {
  const variant = "request-based";
  const assumed = group.plan === null;
  const metered = meteredMs(group);
  const instanceMs = group.durationMs === null ? null : (metered ?? requestMs(group));
  const requests: Reading = {
    meter: "run.requests",
    variant,
    quantity: group.count,
    unit: "requests",
    basis: assumed ? "assumed" : "measured",
    why: assumed ? MODE : null,
  };
  const unknown = instanceMs === null ? "no duration: the end was not seen" : sizeUnknown(group) ? NO_SIZE : null;
  if (unknown !== null) return [...sizedReadings(group, variant, null, assumed ? "assumed" : "modelled", unknown), requests];
  const alone = metered === null && group.sharedMs == null;
  const whys = [...(alone ? [ALONE] : []), ...(assumed ? [MODE] : [])];
  const basis = whys.length > 0 ? "assumed" : metered === null ? "modelled" : "measured";
  return [...sizedReadings(group, variant, instanceMs, basis, whys.length === 0 ? null : whys.join("; ")), requests];
}

const byInstance = (plan: string | null): boolean => plan === "run-instance" || plan === "run-job";

/** The room's billing rules. */
export const billing: Billing = {
  invocations(group) {
    if (group.plan === "gen1") return gen1Readings(group);
    if (group.plan === "run-refused") return [REFUSED];
    if (byInstance(group.plan)) return instanceReadings(group);
    return requestReadings(group);
  },
  message(message) {
    const { sizeBytes } = message;
    if (message.channelKind === "queue") {
      const quantity = sizeBytes === null ? 1 : Math.max(1, Math.ceil(sizeBytes / TASK_PIECE_BYTES));
      const why = sizeBytes === null ? "size unknown: one operation assumed" : null;
      return [
        { meter: "tasks.operations", variant: "", quantity, unit: "operations", basis: sizeBytes === null ? "assumed" : "measured", why },
      ];
    }
    if (message.channelKind !== "topic") return [];
    const quantity = sizeBytes === null ? null : Math.max(sizeBytes, PUBSUB_LEAST_BYTES);
    const why =
      sizeBytes === null
        ? "message size unknown"
        : "published or delivered alone; messages that share a request share its least size of 1,000 bytes";
    return [{ meter: "pubsub.throughput", variant: "", quantity, unit: "bytes", basis: "modelled", why }];
  },
  logs(sizeBytes) {
    const why = "size of the entries as JSON; Google counts its own encoding";
    return [{ meter: "logging.ingestion", variant: "", quantity: sizeBytes, unit: "bytes", basis: "modelled", why }];
  },
  transitions(count) {
    if (count === 0) return [];
    const why = "Workflows is not read: internal and external steps cost differently";
    return [{ meter: "workflows.steps", variant: "", quantity: null, unit: "transitions", basis: "modelled", why }];
  },
  instances: INSTANCES,
  metrics: METRICS,
  modelOf: (group) => (group.plan === "run-refused" ? 0 : byInstance(group.plan) ? null : requestMs(group)),
  beyondRuns(group, of, quantity) {
    const variant = byInstance(group.plan) ? "instance-based" : "request-based";
    // paid at a lower price while they idle, and nothing that is read says how long
    if (of === "ready")
      return sizedReadings(group, variant, null, "assumed", "minimum instances: the time they idle is not in the telemetry");
    if (sizeUnknown(group)) return sizedReadings(group, variant, null, "measured", NO_SIZE);
    return sizedReadings(group, variant, quantity, group.plan === null ? "assumed" : "measured", BEYOND);
  },
};
