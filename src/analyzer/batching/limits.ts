/** What settings of a poller may be, and what larger batches ask of the function: time and memory. */
import type { PollerKind, PollerSettings, ServiceTime } from "../../model/batching.ts";
import type { Bytes, Mib, Ms } from "../../model/units.ts";

/** Legal values of the settings that are varied. */
export interface PollerBounds {
  mostBatch: number;
  mostWindowMs: Ms;
  mostParallelization: number;
  /** Batches larger than this need a window of a second; null: no such rule. */
  windowNeededAbove: number | null;
  /** What ends the wait: a full batch, or a minimum of its own; null: does not wait. */
  waitsFor: "full" | "minimum" | null;
  mostTimeoutS: number;
}

const MAPPING = { mostTimeoutS: 900, mostParallelization: 1, windowNeededAbove: 10, waitsFor: "full" } as const;
const HOST = { mostTimeoutS: 600, mostParallelization: 1, windowNeededAbove: null } as const;

/**
 * AWS: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html.
 * Azure: https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings (the wait is at most half of the
 * longest lock), .../functions-bindings-event-hubs#hostjson-settings; a batch of Service Bus or Event Hubs has no limit of its own: the default
 * of Service Bus, and what a receive of Event Hubs brings, are taken. Event Grid: https://learn.microsoft.com/azure/event-grid/delivery-and-retry
 * (a delivery is answered within 30 s). Timeout of Azure: that of a Consumption app.
 */
export const BOUNDS: Readonly<Record<PollerKind, PollerBounds>> = {
  "sqs-standard": { ...MAPPING, mostBatch: 10_000, mostWindowMs: 300_000 },
  "sqs-fifo": { ...MAPPING, mostBatch: 10, mostWindowMs: 0, waitsFor: null },
  kinesis: { ...MAPPING, mostBatch: 10_000, mostWindowMs: 300_000, mostParallelization: 10 },
  "dynamodb-stream": { ...MAPPING, mostBatch: 10_000, mostWindowMs: 300_000, mostParallelization: 10 },
  kafka: { ...MAPPING, mostBatch: 10_000, mostWindowMs: 300_000, windowNeededAbove: null },
  "event-hubs": { ...HOST, mostBatch: 1_000, mostWindowMs: 600_000, waitsFor: "minimum" },
  "service-bus": { ...HOST, mostBatch: 1_000, mostWindowMs: 150_000, waitsFor: "minimum" },
  "event-grid": { ...HOST, mostBatch: 5_000, mostWindowMs: 0, waitsFor: null, mostTimeoutS: 30 },
  "pubsub-push": { ...HOST, mostBatch: 1, mostWindowMs: 0, waitsFor: null },
};

/** 99.9th percentile of a standard normal. */
const Z999 = 3.09;
/** Over the predicted 99.9th percentile: engineering choice. */
const TIMEOUT_MARGIN = 1.5;

/** Timeout that a run with a full batch needs: the 99.9th percentile with a margin, each event as slow as the runs allow. Whole seconds. */
export function neededTimeoutS(service: ServiceTime, batchSize: number): number {
  // the line through the known mean with the steepest slope above it, and the flattest below
  const perEventMs = batchSize >= service.meanBatch ? service.perEventBoundsMs[1] : service.perEventBoundsMs[0];
  const atMean = service.fixedMs + service.perEventMs * service.meanBatch;
  const runMs = atMean + perEventMs * (batchSize - service.meanBatch);
  return Math.max(1, Math.ceil((runMs * Math.exp(Z999 * service.spread) * TIMEOUT_MARGIN) / 1_000));
}

/** AWS: six times the timeout, plus the window. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
export function neededVisibilityS(timeoutS: number, windowMs: Ms): number {
  return 6 * timeoutS + Math.ceil(windowMs / 1_000);
}

/** Memory of a function and what its events take of it. */
export interface MemoryFacts {
  sizeMib: Mib;
  /** High-water mark at today's batches; null: not known. */
  usedMib: Mib | null;
  /** More memory for each event of a batch; null: not known, then a multiple of the event's size is taken. */
  perEventMib: Mib | null;
  /** Largest size that may be proposed; null: the size cannot be changed. */
  mostMib: Mib | null;
}

/** Parsed and copied, an event takes a multiple of its size in memory. Assumed. */
const COPIES = 10;
/** Share of the memory that may be used. */
const USABLE = 0.8;
/** Where the high-water mark is not known, events may take this share. */
const USABLE_BLIND = 0.25;
const STEP_MIB: Mib = 64;

/** Memory that a full batch needs, at least what there is; null: more than may be proposed. */
export function neededMemoryMib(memory: MemoryFacts, batchSize: number, meanBatch: number, meanBytes: Bytes): Mib | null {
  const perEventMib = memory.perEventMib ?? (COPIES * meanBytes) / 1_048_576;
  if (memory.usedMib === null) return batchSize * perEventMib <= USABLE_BLIND * memory.sizeMib ? memory.sizeMib : null;
  const needed = (memory.usedMib + perEventMib * Math.max(0, batchSize - meanBatch)) / USABLE;
  if (needed <= memory.sizeMib || batchSize <= meanBatch) return memory.sizeMib;
  const size = Math.ceil(needed / STEP_MIB) * STEP_MIB;
  return memory.mostMib !== null && size <= memory.mostMib ? size : null;
}

/** Whether the API would take these settings. */
export function legal(settings: PollerSettings, current: PollerSettings): boolean {
  const bounds = BOUNDS[settings.kind];
  if (settings.batchSize > bounds.mostBatch || settings.windowMs > bounds.mostWindowMs) return false;
  const changed = settings.batchSize !== current.batchSize || settings.windowMs !== current.windowMs;
  if (changed && bounds.windowNeededAbove !== null && settings.batchSize > bounds.windowNeededAbove && settings.windowMs < 1_000)
    return false;
  return (settings.minimumBatchSize ?? 1) <= settings.batchSize;
}
