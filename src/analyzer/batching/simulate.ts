/** What a vendor's pollers make of a stretch of arrivals: invocations, batch sizes, latency. Pure; the same seed gives the same answer. */
import type { Arrival, BatchFigures, PollerKind, PollerSettings, ServiceTime } from "../../model/batching.ts";
import type { Ms } from "../../model/units.ts";
import { columnsOf } from "./columns.ts";
import { eventHubs } from "./pollers/event-hubs.ts";
import { kafka } from "./pollers/kafka.ts";
import type { PollerModel } from "./pollers/poller.ts";
import { eventGrid, pubsubPush } from "./pollers/push.ts";
import type { Failing } from "./pollers/retries.ts";
import { serviceBus } from "./pollers/service-bus.ts";
import { sqsFifo } from "./pollers/sqs-fifo.ts";
import { sqsStandard } from "./pollers/sqs-standard.ts";
import { dynamodbStream, kinesis } from "./pollers/streams.ts";
import { type Outcome, Tally } from "./tally.ts";

/** What a simulation needs beside arrivals, settings and run times. */
export interface SimulateOptions {
  /** Runs are cut here; null: not known, none is. */
  timeoutMs: Ms | null;
  /** Of the random numbers: which idle poller gets a message, how long a run takes. */
  seed: number;
  /**
   * Where the vendor does not say how long a poller waits, the longest or the shortest that its page allows (each poller's file says which
   * those are). Default: longest.
   */
  waits?: "longest" | "shortest";
  /** Least billed time of a run, and the step it is rounded up to; left out: 1 ms each (Lambda). */
  billing?: { leastMs: Ms; stepMs: Ms };
  /**
   * Kinesis and DynamoDB streams: events that always fail, whose retries then count as runs, are billed, and hold up what is behind them.
   * Latency is that of the events that were handled. Left out, and for other kinds: no run fails.
   */
  failing?: Failing;
}

const MODELS: Record<PollerKind, PollerModel> = {
  "sqs-standard": sqsStandard,
  "sqs-fifo": sqsFifo,
  kinesis,
  "dynamodb-stream": dynamodbStream,
  kafka,
  "event-hubs": eventHubs,
  "service-bus": serviceBus,
  "event-grid": eventGrid,
  "pubsub-push": pubsubPush,
};

/** Figures of one stretch. Arrivals in any order; without any, all figures are 0. */
export function simulate(
  arrivals: readonly Arrival[],
  settings: PollerSettings,
  service: ServiceTime,
  options: SimulateOptions,
): BatchFigures {
  return outcomeOf(arrivals, settings, service, options).figures;
}

/** The same with every event's latency, for figures over several stretches. */
export function outcomeOf(arrivals: readonly Arrival[], settings: PollerSettings, service: ServiceTime, options: SimulateOptions): Outcome {
  const columns = columnsOf(arrivals);
  const tally = new Tally(columns, service, options);
  const failures = options.failing ? { ...options.failing, seed: options.seed } : null;
  MODELS[settings.kind](columns, settings, tally, options.waits ?? "longest", failures);
  return tally.outcome();
}
