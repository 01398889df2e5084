/**
 * What Azure meters, with its rounding. Azure's telemetry never says what was billed, so every quantity is modelled by the rules of
 * the price pages, and unknown where the plan or the memory is not known.
 * https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs, https://azure.microsoft.com/pricing/details/functions/
 */
import type { Billing, Reading, UsageGroup } from "../../model/billing.ts";
import type { Mib, Ms } from "../../model/units.ts";

/** Consumption: memory in steps of 128 MB up to 1,536 MB. */
const MEMORY_STEP_MIB = 128;
const MEMORY_MAX_MIB = 1_536;
/** Consumption: an execution lasts at least 100 ms, in steps of 1 ms. */
const CONSUMPTION_MIN_MS = 100;
/** Flex Consumption: an execution lasts at least 1,000 ms, in steps of 100 ms. */
const FLEX_MIN_MS = 1_000;
const FLEX_STEP_MS = 100;
/** Messages are counted in chunks of 64 KiB (Service Bus, Event Grid, Event Hubs). */
const CHUNK_BYTES = 65_536;

/** Billed memory under Consumption: observed memory, rounded up. */
export function consumptionMemoryMib(observedMib: Mib): Mib {
  const steps = Math.ceil(observedMib / MEMORY_STEP_MIB);
  return Math.min(MEMORY_MAX_MIB, Math.max(1, steps) * MEMORY_STEP_MIB);
}

/** Billed time of one execution under Consumption. */
export function consumptionMs(durationMs: Ms): Ms {
  return Math.max(CONSUMPTION_MIN_MS, Math.ceil(durationMs));
}

/** Billed time of one execution under Flex Consumption, run alone on its instance (concurrent runs share the time: an upper bound). */
export function flexMs(durationMs: Ms): Ms {
  return Math.max(FLEX_MIN_MS, Math.ceil(durationMs / FLEX_STEP_MS) * FLEX_STEP_MS);
}

function unknown(meter: string, variant: string, unit: Reading["unit"], why: string): Reading {
  return { meter, variant, quantity: null, unit, basis: "modelled", why };
}

function known(meter: string, variant: string, unit: Reading["unit"], quantity: number, basis: Reading["basis"] = "modelled"): Reading {
  return { meter, variant, quantity, unit, basis, why: null };
}

const NO_PLAN = "plan not known: import the Function App's configuration";
const NO_END = "the end of the run was not seen";

const noDuration = (variant: string, why: string): Reading => unknown("functions.duration", variant, "mib-ms", why);

function duration(group: UsageGroup): Reading {
  const { plan, durationMs, memoryMib, maxMemoryMib, count } = group;
  if (plan !== "consumption" && plan !== "flex") {
    return noDuration("", plan === null ? NO_PLAN : `plan ${plan}: billed by instance time, not by execution`);
  }
  if (durationMs === null || durationMs < 0) return noDuration(plan, NO_END);
  if (plan === "flex") {
    if (memoryMib === null) return noDuration(plan, "instance memory not known: import the Function App's configuration");
    return known("functions.duration", plan, "mib-ms", Math.round(memoryMib) * flexMs(durationMs) * count);
  }
  if (maxMemoryMib === null)
    return noDuration(
      plan,
      "Consumption bills observed memory, which the telemetry does not say: import FunctionExecutionUnits or memory metrics",
    );
  return known("functions.duration", plan, "mib-ms", consumptionMemoryMib(maxMemoryMib) * consumptionMs(durationMs) * count);
}

function executions(group: UsageGroup): Reading {
  const { plan, count } = group;
  if (plan === "consumption" || plan === "flex") return known("functions.executions", plan, "requests", count);
  return unknown("functions.executions", "", "requests", plan === null ? NO_PLAN : `plan ${plan}: executions are not billed one by one`);
}

function chunks(sizeBytes: number | null): number {
  return sizeBytes === null ? 1 : Math.max(1, Math.ceil(sizeBytes / CHUNK_BYTES));
}

export const billing: Billing = {
  invocations: (group) => [duration(group), executions(group)],
  /**
   * Service Bus: one operation per send and per delivery (completes are free); Event Grid: one per publish and per delivery attempt;
   * Event Hubs: ingress events; each per started 64 KiB, one where the size is not known (then assumed).
   * Storage queues cannot be told from Service Bus queues here and count as these.
   */
  message({ channelKind, direction, sizeBytes }) {
    const basis = sizeBytes === null ? "assumed" : "modelled";
    if (channelKind === "queue" || channelKind === "topic")
      return [known("servicebus.operations", "standard", "operations", chunks(sizeBytes), basis)];
    if (channelKind === "bus") return [known("eventgrid.operations", "basic", "operations", chunks(sizeBytes), basis)];
    if (channelKind === "stream" && direction === "published")
      return [known("eventhubs.ingress", "standard", "chunks-64k", chunks(sizeBytes), basis)];
    return [];
  },
  logs: (sizeBytes) => [known("log-analytics.ingestion", "analytics", "bytes", Math.round(sizeBytes))],
  /** No workflow service of Azure is read yet (Logic Apps, Durable Functions bill as functions). */
  transitions: () => [],
};
