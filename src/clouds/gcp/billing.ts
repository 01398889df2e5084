/**
 * What Google meters, with its own rounding.
 * Cloud Run and 2nd gen functions (https://cloud.google.com/run/pricing): CPU and memory as allocated, while at least one request
 * is in flight, rounded up to 100 ms, and a fee per request; with instance-based billing the life of the instance and no fee.
 * 1st gen functions (https://cloud.google.com/functions/pricing-1stgen): memory and the CPU clock that goes with it, rounded up to
 * 100 ms, and a fee per invocation.
 */
import type { Billing, Reading, UsageGroup } from "../../model/billing.ts";
import type { Mib, Ms } from "../../model/units.ts";

const STEP_MS = 100;
/** CPU clock of each memory size of a 1st gen function, in MHz. */
const GEN1_MHZ: { readonly [memoryMib: number]: number } = { 128: 200, 256: 400, 512: 800, 1024: 1400, 2048: 2400, 4096: 4800, 8192: 4800 };
/** Least size of a Pub/Sub request: a message published or delivered alone is billed as this much. */
const PUBSUB_LEAST_BYTES = 1000;
/** Cloud Tasks counts a task in pieces of this size. */
const TASK_PIECE_BYTES = 32 * 1024;

const SHARED = "each request counted alone; requests that run at the same time in one instance share its time, so the bill can be less";
const MODE = "the billing mode is not in the telemetry: request-based, the default, is assumed";

/** Duration rounded up as both products do. */
function billedStepsMs(durationMs: Ms): Ms {
  return Math.ceil(durationMs / STEP_MS) * STEP_MS;
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

function instanceReadings(): Reading[] {
  const why =
    "instance-based billing: instances cost while they live, not per request; see run.googleapis.com/container/billable_instance_time";
  const variant = "instance-based";
  return [
    { meter: "run.vcpu", variant, quantity: null, unit: "vcpu-ms", basis: "modelled", why },
    { meter: "run.memory", variant, quantity: null, unit: "mib-ms", basis: "modelled", why },
  ];
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

function requestReadings(group: UsageGroup): Reading[] {
  const { count, memoryMib, vcpu, durationMs } = group;
  const variant = "request-based";
  const assumed = group.plan === null;
  const why =
    durationMs === null
      ? "no duration: the end was not seen"
      : memoryMib === null || vcpu === null
        ? "memory or CPU unknown: import the service's configuration"
        : null;
  const note = assumed ? `${SHARED}; ${MODE}` : SHARED;
  const basis = assumed ? "assumed" : "modelled";
  const billedMs = why === null ? billedStepsMs(durationMs!) * count : null;
  return [
    { meter: "run.vcpu", variant, quantity: billedMs === null ? null : billedMs * vcpu!, unit: "vcpu-ms", basis, why: why ?? note },
    { meter: "run.memory", variant, quantity: billedMs === null ? null : billedMs * memoryMib!, unit: "mib-ms", basis, why: why ?? note },
    {
      meter: "run.requests",
      variant,
      quantity: count,
      unit: "requests",
      basis: assumed ? "assumed" : "measured",
      why: assumed ? MODE : null,
    },
  ];
}

/** The room's billing rules. */
export const billing: Billing = {
  invocations(group) {
    if (group.plan === "gen1") return gen1Readings(group);
    if (group.plan === "run-refused") return [REFUSED];
    if (group.plan === "run-instance" || group.plan === "run-job") return instanceReadings();
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
};
