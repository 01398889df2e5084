/**
 * Lambda's pollers of Kinesis and DynamoDB streams: each shard is read once a second (DynamoDB: four times), with a parallelization factor
 * each shard has so many batches under way, in order for each partition key. One batch at a time in each of these lanes.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html, .../with-ddb.html
 * Assumed: reading goes on at the same pace while a run is under way; all lanes of a shard see an event at the same read; keys are spread evenly.
 * Where the number of shards is not known, one is simulated. Batches with events that fail: `retries.ts`.
 */
import type { Ms } from "../../../model/units.ts";
import { serveLanes } from "./lanes.ts";
import { LAMBDA_PAYLOAD_BYTES, type PollerModel, windowAfterRun } from "./poller.ts";
import { retriesOf } from "./retries.ts";

/** Read once in so long. */
const stream =
  (everyMs: Ms): PollerModel =>
  (arrivals, settings, tally, waits, failures) => {
    const shards = settings.shards ?? 1;
    const phases = Float64Array.from({ length: shards }, () => tally.random() * everyMs);
    serveLanes(
      arrivals,
      {
        lanes: shards * (settings.parallelizationFactor ?? 1),
        read: { everyMs, phaseMs: (lane) => phases[lane % shards]! },
        batchSize: settings.batchSize,
        enough: settings.batchSize,
        windowMs: settings.windowMs,
        windowEnd: (idleMs, firstMs) => windowAfterRun(idleMs, firstMs, settings.windowMs, waits),
        payloadBytes: LAMBDA_PAYLOAD_BYTES,
        ...(failures && { retries: retriesOf(arrivals, failures, settings, failures.seed) }),
      },
      tally,
    );
  };

export const kinesis: PollerModel = stream(1_000);

export const dynamodbStream: PollerModel = stream(250);
