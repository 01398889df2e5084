/**
 * Lambda's pollers of Kafka: the window (500 ms where it was never set) begins with the first record, at most one batch of a partition is under way.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
 * Assumed: a consumer for each partition. Lambda begins with one for all of them, so that batches may be larger than simulated at low traffic.
 * Records that came during a run: their window begins with the next batch (longest) or ran already (shortest).
 */
import { serveLanes } from "./lanes.ts";
import { LAMBDA_PAYLOAD_BYTES, type PollerModel } from "./poller.ts";

export const kafka: PollerModel = (arrivals, settings, tally, waits) => {
  const { windowMs, batchSize } = settings;
  serveLanes(
    arrivals,
    {
      lanes: settings.shards ?? 1,
      read: null,
      batchSize,
      enough: batchSize,
      windowMs,
      windowEnd: (idleMs, firstMs) => (waits === "longest" ? Math.max(idleMs, firstMs) : firstMs) + windowMs,
      payloadBytes: LAMBDA_PAYLOAD_BYTES,
    },
    tally,
  );
};
