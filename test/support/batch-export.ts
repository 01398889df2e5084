/**
 * Exports of a function that one Kinesis shard feeds with five records every two seconds, one record a run of 20 ms. Lambda reads a shard once a second,
 * so that a batch of three or more, without a window, is one run a second: the best settings are known by hand.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { random } from "../../fixtures/simulator/random.ts";

export const CLICKS = { account: "111122223333", region: "us-east-1", fn: "count-clicks", stream: "clicks" };

export interface BatchExportOptions {
  /** Every so many runs one fails; null: none does. */
  failsEvery: number | null;
  reports: boolean;
  /** It says which messages failed, in its own lines. */
  answers: boolean;
}

export const SPAN_MS = 2 * 3_600_000;
export const EVERY_MS = 400;
export const RUN_MS = 20;
const START = Date.UTC(2026, 9, 5, 8);

/** Writes FilterLogEvents answers and descriptions. Returns how many records there were. */
export function writeBatchExport(dir: string, { failsEvery, reports, answers }: BatchExportOptions): number {
  const chance = random(5);
  const arn = `arn:aws:lambda:${CLICKS.region}:${CLICKS.account}:function:${CLICKS.fn}`;
  const stream = `arn:aws:kinesis:${CLICKS.region}:${CLICKS.account}:stream/${CLICKS.stream}`;
  const events: object[] = [];
  const records = SPAN_MS / EVERY_MS;
  for (let i = 0; i < records; i++) {
    const sentAt = START + i * EVERY_MS;
    // the shard is read at whole seconds
    const at = Math.ceil((sentAt + 1) / 1000) * 1000 + (i % 3) * 25;
    const requestId = chance.uuid();
    const fails = failsEvery !== null && i % failsEvery === failsEvery - 1;
    const sequence = String(4_954_511_524_349_098n + BigInt(i));
    const record = {
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey: `visitor-${i % 50}`,
        sequenceNumber: sequence,
        data: "eyJjbGljayI6MX0=",
        approximateArrivalTimestamp: sentAt / 1000,
      },
      eventSource: "aws:kinesis",
      eventVersion: "1.0",
      eventID: `shardId-000000000000:${sequence}`,
      eventName: "aws:kinesis:record",
      awsRegion: CLICKS.region,
      eventSourceARN: stream,
    };
    const say = (offset: number, message: string): void => {
      events.push({
        timestamp: at + offset,
        message,
        logStreamName: "2026/10/05/[$LATEST]0a1b2c3d",
        ingestionTime: at + offset,
        eventId: String(events.length),
      });
    };
    say(0, `START RequestId: ${requestId} Version: $LATEST\n`);
    say(1, `${new Date(at + 1).toISOString()}\t${requestId}\tINFO\t${JSON.stringify({ Records: [record] })}\n`);
    if (fails)
      say(
        10,
        `${new Date(at + 10).toISOString()}\t${requestId}\tERROR\tInvoke Error \t{"errorType":"Error","errorMessage":"no such visitor"}\n`,
      );
    if (answers && i % 100 === 0) say(12, `${new Date(at + 12).toISOString()}\t${requestId}\tINFO\t{"batchItemFailures":[]}\n`);
    say(RUN_MS, `END RequestId: ${requestId}\n`);
    say(
      RUN_MS,
      `REPORT RequestId: ${requestId}\tDuration: ${RUN_MS}.00 ms\tBilled Duration: ${RUN_MS} ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\t\n`,
    );
  }
  mkdirSync(dir, { recursive: true });
  const files: { [name: string]: unknown } = {
    [`aws-lambda-${CLICKS.fn}.json`]: { logGroupName: `/aws/lambda/${CLICKS.fn}`, events },
    "functions.json": {
      Functions: [
        {
          FunctionName: CLICKS.fn,
          FunctionArn: arn,
          Runtime: "nodejs22.x",
          Timeout: 30,
          MemorySize: 128,
          Version: "$LATEST",
          Architectures: ["x86_64"],
          RevisionId: chance.uuid(),
        },
      ],
    },
    "mappings.json": {
      EventSourceMappings: [
        {
          UUID: "5a0c6c47-2f0b-4a9b-9f5e-0b7a6c1d2e3f",
          EventSourceMappingArn: `arn:aws:lambda:${CLICKS.region}:${CLICKS.account}:event-source-mapping:5a0c6c47-2f0b-4a9b-9f5e-0b7a6c1d2e3f`,
          BatchSize: 1,
          MaximumBatchingWindowInSeconds: 0,
          ParallelizationFactor: 1,
          EventSourceArn: stream,
          FunctionArn: arn,
          State: "Enabled",
          ...(reports ? { FunctionResponseTypes: ["ReportBatchItemFailures"] } : {}),
        },
      ],
    },
    "stream.json": {
      StreamDescriptionSummary: {
        StreamName: CLICKS.stream,
        StreamARN: stream,
        StreamStatus: "ACTIVE",
        OpenShardCount: 1,
        RetentionPeriodHours: 24,
      },
    },
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), JSON.stringify(content));
  return records;
}
