/**
 * Lambda's pollers of a standard queue: five concurrent batches at low traffic, up to 300 more a minute while messages wait, at most 1,250.
 * Each polls and batches for itself; a receive brings ten messages at most; without a window a batch is what one receive brought.
 * With a window and very low traffic Lambda "might wait for up to 20 seconds", even where the window is shorter: the longest wait.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html, .../with-sqs.html#sqs-polling-behavior
 * Assumed: growth in steps of a second while the oldest message has waited for one at least, a return to five after a minute in which no message waited, and that any idle poller may get a message.
 * Lambda may go down to two pollers without maximum concurrency; five is what is simulated, since it makes the smaller batches.
 */
import { compete } from "./competing.ts";
import { LAMBDA_PAYLOAD_BYTES, type PollerModel, windowAfterRun } from "./poller.ts";

const POLLERS = 5;
const MOST_POLLERS = 1_250;
const GROWTH_PER_SECOND = 300 / 60;
const RECEIVE_MOST = 10;

export const sqsStandard: PollerModel = (arrivals, settings, tally, waits) => {
  const mostPollers = settings.maximumConcurrency ?? MOST_POLLERS;
  const { windowMs, batchSize } = settings;
  const size = windowMs > 0 ? batchSize : Math.min(batchSize, RECEIVE_MOST);
  compete(
    arrivals,
    {
      pollers: Math.min(POLLERS, mostPollers),
      mostPollers,
      growth: GROWTH_PER_SECOND,
      calmMs: 60_000,
      receiveMost: RECEIVE_MOST,
      batchSize: size,
      enough: size,
      windowMs,
      windowEnd: (idleMs, firstMs) => windowAfterRun(idleMs, firstMs, windowMs, waits),
      longPollMs: 20_000,
      payloadBytes: LAMBDA_PAYLOAD_BYTES,
      deletesPerCall: 10,
    },
    tally,
    waits,
  );
};
