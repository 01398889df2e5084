/**
 * Exports of a function that a standard queue feeds: messages come evenly, two in every fifth run, 100 ms a run and 60 ms a message. How its runs get
 * longer with the batch is therefore known, and long windows save most of the 100 ms.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { random } from "../../fixtures/simulator/random.ts";

/** Where it is, and how its mapping, function and queue are set. */
export interface QueueStory {
  account: string;
  region: string;
  fn: string;
  queue: string;
  mapping: string;
  timeoutS: number;
  visibilityTimeoutS: number;
  /** Every so many runs one fails; null: none does. */
  failsEvery: number | null;
  /** Its lines show that it says which messages failed. */
  answers: boolean;
  batchSize: number;
  windowS: number;
  /** Messages of a run; null: one, in every fifth run two. */
  perRun: number | null;
  from: number;
  minutes: number;
  /** From message to message. */
  everyMs: number;
}

export const QUEUE_RUN = { fixedMs: 100, perMessageMs: 60, memoryMib: 512 } as const;

/** Writes FilterLogEvents answers and descriptions; returns how many messages and runs there were. */
export function writeQueueExport(dir: string, story: QueueStory): { messages: number; runs: number } {
  const { account, region, fn, queue } = story;
  const chance = random(11);
  const arn = `arn:aws:lambda:${region}:${account}:function:${fn}`;
  const queueArn = `arn:aws:sqs:${region}:${account}:${queue}`;
  const messages = (story.minutes * 60_000) / story.everyMs;
  const events: object[] = [];
  let [sent, runs] = [0, 0];
  while (sent < messages) {
    const size = Math.min(messages - sent, story.perRun ?? (runs % 5 === 4 ? 2 : 1));
    const records = Array.from({ length: size }, (_, i) => ({
      messageId: chance.uuid(),
      receiptHandle: "x",
      body: `{"order":${sent + i}}`,
      attributes: { ApproximateReceiveCount: "1", SentTimestamp: String(story.from + (sent + i) * story.everyMs) },
      messageAttributes: {},
      eventSource: "aws:sqs",
      eventSourceARN: queueArn,
      awsRegion: region,
    }));
    sent += size;
    const at = story.from + (sent - 1) * story.everyMs + 20;
    const [requestId, ms] = [chance.uuid(), QUEUE_RUN.fixedMs + QUEUE_RUN.perMessageMs * size];
    const say = (offset: number, message: string): void => {
      events.push({
        timestamp: at + offset,
        message,
        logStreamName: "2026/11/20/[$LATEST]0a1b2c3d",
        ingestionTime: at + offset,
        eventId: String(events.length),
      });
    };
    const stamp = (offset: number, level: string): string => `${new Date(at + offset).toISOString()}\t${requestId}\t${level}\t`;
    say(0, `START RequestId: ${requestId} Version: $LATEST\n`);
    say(1, `${stamp(1, "INFO")}${JSON.stringify({ Records: records })}\n`);
    if (story.failsEvery !== null && runs % story.failsEvery === story.failsEvery - 1)
      say(5, `${stamp(5, "ERROR")}Invoke Error \t{"errorType":"Error","errorMessage":"no such card"}\n`);
    if (story.answers) say(6, `${stamp(6, "INFO")}{"batchItemFailures":[]}\n`);
    say(ms, `END RequestId: ${requestId}\n`);
    say(
      ms,
      `REPORT RequestId: ${requestId}\tDuration: ${ms}.00 ms\tBilled Duration: ${ms} ms\tMemory Size: ${QUEUE_RUN.memoryMib} MB\tMax Memory Used: 90 MB\t\n`,
    );
    runs += 1;
  }
  const files: { [name: string]: unknown } = {
    "log.json": { logGroupName: `/aws/lambda/${fn}`, events },
    "functions.json": {
      Functions: [
        {
          FunctionName: fn,
          FunctionArn: arn,
          Runtime: "nodejs22.x",
          Timeout: story.timeoutS,
          MemorySize: QUEUE_RUN.memoryMib,
          Version: "$LATEST",
          Architectures: ["x86_64"],
        },
      ],
    },
    "mappings.json": {
      EventSourceMappings: [
        {
          UUID: story.mapping,
          EventSourceMappingArn: `arn:aws:lambda:${region}:${account}:event-source-mapping:${story.mapping}`,
          BatchSize: story.batchSize,
          MaximumBatchingWindowInSeconds: story.windowS,
          EventSourceArn: queueArn,
          FunctionArn: arn,
          State: "Enabled",
        },
      ],
    },
    "queue.json": {
      Attributes: { QueueArn: queueArn, VisibilityTimeout: String(story.visibilityTimeoutS), ReceiveMessageWaitTimeSeconds: "20" },
    },
  };
  mkdirSync(dir, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), JSON.stringify(content));
  return { messages, runs };
}
