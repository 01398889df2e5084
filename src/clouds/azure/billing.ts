/**
 * What Azure meters, with its rounding. Azure's logs never say what was billed: quantities are those of its billing metrics where they were read,
 * else modelled by the rules of the price pages, and unknown where the plan or the memory is not known.
 * https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs, https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#billing,
 * https://azure.microsoft.com/pricing/details/functions/
 */
import { type Billing, type BillingMetric, type InstanceRule, type Reading, type UsageGroup, upTo } from "../../model/billing.ts";
import type { Mib, Ms } from "../../model/units.ts";

/** Consumption: memory in steps of 128 MB up to 1,536 MB. */
const MEMORY_STEP_MIB = 128;
const MEMORY_MAX_MIB = 1_536;
/** Consumption: an execution lasts at least 100 ms, in steps of 1 ms. */
const CONSUMPTION_MIN_MS = 100;
/**
 * Flex Consumption: an instance is billed while it executes functions, whatever their number; each such period lasts at least 1,000 ms
 * and is rounded up to 100 ms. Instances are never shared beyond a scaling group (HTTP together, each other trigger alone), so the instance is all
 * that needs to be known. https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#per-function-scaling
 */
const FLEX: InstanceRule = { cloud: "azure", leastMs: 1_000, stepMs: 100, withInit: false, unbilledPlans: [] };
/** Price class of executions on always-ready instances, and of these instances themselves. */
const READY = "flex-always-ready";
const READY_METER = "functions.baseline";

const sites = (name: string): string => `microsoft.web/sites/${name}`;
const counts = { statistic: "Sum", stampedAt: "start", factor: 1, standing: false, readyPlans: [] } as const;
/** All in MB·ms. https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs#viewing-and-estimating-costs-from-metrics */
const METRICS: readonly BillingMetric[] = [
  { ...counts, name: sites("functionexecutionunits"), variant: "consumption" },
  { ...counts, name: sites("ondemandfunctionexecutionunits"), variant: "flex" },
  { ...counts, name: sites("alwaysreadyfunctionexecutionunits"), variant: READY },
  { ...counts, name: sites("alwaysreadyunits"), variant: READY_METER, standing: true },
];
/** Messages are counted in chunks of 64 KiB (Service Bus, Event Grid, Event Hubs). */
const CHUNK_BYTES = 65_536;

/** Billed memory under Consumption: observed memory, rounded up. */
export function consumptionMemoryMib(observedMib: Mib): Mib {
  const steps = Math.ceil(observedMib / MEMORY_STEP_MIB);
  return Math.min(MEMORY_MAX_MIB, Math.max(1, steps) * MEMORY_STEP_MIB);
}

/** Billed time of one execution under Consumption. */
export function consumptionMs(durationMs: Ms): Ms {
  return Math.max(CONSUMPTION_MIN_MS, upTo(durationMs, 1));
}

/** Billed time of one execution under Flex Consumption, alone on its instance. */
export function flexMs(durationMs: Ms): Ms {
  return Math.max(FLEX.leastMs, upTo(durationMs, FLEX.stepMs));
}

function unknown(meter: string, variant: string, unit: Reading["unit"], why: string): Reading {
  return { meter, variant, quantity: null, unit, basis: "modelled", why };
}

function known(meter: string, variant: string, unit: Reading["unit"], quantity: number, basis: Reading["basis"] = "modelled"): Reading {
  return { meter, variant, quantity, unit, basis, why: null };
}

const NO_PLAN = "plan not known: import the Function App's configuration";
const NO_END = "the end of the run was not seen";
const ALONE =
  "each execution counted alone, since its instance is not reported or the telemetry is sampled: executions at the same time in one instance share its time, so the bill can be less";
const SOME_READY =
  "counted at the on-demand price: which executions ran on always-ready instances, at a lower one, is in the metrics of the app only";
const READY_UNKNOWN = "instances kept ready: their size or the length of the time is not known";
const BEYOND = "counted by the app's metric, and explained by no execution that was seen";

/** Plans whose instances are billed, whatever they execute. */
const byInstance = (plan: string): string => `plan ${plan}: billed by plan instances, not attributed to executions`;

const noDuration = (variant: string, why: string): Reading => unknown("functions.duration", variant, "mib-ms", why);

/** Execution time in MB·ms. */
function duration(group: UsageGroup): Reading[] {
  const { plan, durationMs, memoryMib, maxMemoryMib, count, meteredParts } = group;
  if (plan !== "consumption" && plan !== "flex") return [noDuration("", plan === null ? NO_PLAN : byInstance(plan))];
  if (durationMs === null || durationMs < 0) return [noDuration(plan, NO_END)];
  if (meteredParts != null)
    return meteredParts.map(({ variant, quantity }) => known("functions.duration", variant, "mib-ms", quantity, "measured"));
  if (plan === "flex") {
    if (memoryMib === null) return [noDuration(plan, "instance memory not known: import the Function App's configuration")];
    const instanceMs = group.sharedMs ?? flexMs(durationMs) * count;
    const whys = [...(group.sharedMs == null ? [ALONE] : []), ...((group.readyInstances ?? 0) > 0 ? [SOME_READY] : [])];
    const reading = known(
      "functions.duration",
      plan,
      "mib-ms",
      Math.round(memoryMib) * instanceMs,
      whys.length > 0 ? "assumed" : "modelled",
    );
    return [{ ...reading, why: whys.length === 0 ? null : whys.join("; ") }];
  }
  if (maxMemoryMib === null)
    return [
      noDuration(
        plan,
        "Consumption bills observed memory, which the telemetry does not say: import FunctionExecutionUnits or memory metrics",
      ),
    ];
  return [known("functions.duration", plan, "mib-ms", consumptionMemoryMib(maxMemoryMib) * consumptionMs(durationMs) * count)];
}

function executions(group: UsageGroup): Reading {
  const { plan, count } = group;
  if (plan === "consumption" || plan === "flex") return known("functions.executions", plan, "requests", count);
  return unknown("functions.executions", "", "requests", plan === null ? NO_PLAN : byInstance(plan));
}

function chunks(sizeBytes: number | null): number {
  return sizeBytes === null ? 1 : Math.max(1, Math.ceil(sizeBytes / CHUNK_BYTES));
}

export const billing: Billing = {
  invocations: (group) => [...duration(group), executions(group)],
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
  instances: FLEX,
  metrics: METRICS,
  modelOf: (group) => duration({ ...group, meteredParts: null })[0]!.quantity,
  beyondRuns,
};

/** Always-ready instances are paid all the time; what is left of execution time belongs to no execution. */
function beyondRuns({ plan, memoryMib }: UsageGroup, variant: string, quantity: number | null): Reading[] {
  if (variant === "ready") {
    const ready = quantity === null || memoryMib === null ? null : quantity * Math.round(memoryMib);
    const why = ready === null ? READY_UNKNOWN : "instances kept ready: as configured now, over the whole time";
    return [{ meter: READY_METER, variant: "flex", quantity: ready, unit: "mib-ms", basis: "assumed", why }];
  }
  if (variant === READY_METER)
    return [{ ...known(READY_METER, "flex", "mib-ms", quantity!, "measured"), why: "instances kept ready, by the app's metric" }];
  const measured = { ...known("functions.duration", variant, "mib-ms", quantity!, "measured"), why: BEYOND };
  if (variant !== "consumption" || plan === "consumption") return [measured];
  // the metric is there for Premium too, which is not billed by it
  return plan === null ? [noDuration("", NO_PLAN)] : [];
}
