/**
 * Lambda's pollers of Kinesis and DynamoDB streams: each shard is read once a second (DynamoDB: four times), with a parallelization factor
 * each shard has so many batches under way, in order for each partition key. One batch at a time in each of these lanes.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html, .../with-ddb.html
 * Assumed: reading goes on at the same pace while a run is under way; all lanes of a shard see an event at the same read; keys are spread evenly.
 * Where the number of shards is not known, one is simulated. Errors, and the bisection after them, are not: only the blast radius grows.
 */
import type { PollerSettings } from "../../../model/batching.ts";
import type { Ms } from "../../../model/units.ts";
import type { Columns } from "../columns.ts";
import type { Tally } from "../tally.ts";
import { serveLanes } from "./lanes.ts";
import { LAMBDA_PAYLOAD_BYTES, type PollerModel, type Waits, windowAfterRun } from "./poller.ts";

const stream = (arrivals: Columns, settings: PollerSettings, tally: Tally, waits: Waits, everyMs: Ms): void => {
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
    },
    tally,
  );
};

export const kinesis: PollerModel = (arrivals, settings, tally, waits) => stream(arrivals, settings, tally, waits, 1_000);

export const dynamodbStream: PollerModel = (arrivals, settings, tally, waits) => stream(arrivals, settings, tally, waits, 250);
