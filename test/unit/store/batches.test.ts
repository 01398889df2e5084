import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Invocation, LogEvent, Message, MetricPoint, Rec } from "../../../src/model/records.ts";
import { openBatchWriter, openCommitter, openDataset } from "../../../src/store/index.ts";
import type { Dataset } from "../../../src/store/types.ts";

const NOON = Date.UTC(2026, 0, 15, 12);
const ANY = { from: null, to: null, functions: [], clouds: [] };
const scope = { cloud: "aws", account: "111122223333", region: "eu-west-1" } as const;
const STOCK = { ...scope, fn: "stock" };

function run(requestId: string, at: number, durationMs: number | null, fields: Partial<Invocation> = {}): Invocation {
  return {
    type: "invocation",
    ...STOCK,
    version: null,
    requestId,
    startedAt: NOON + at,
    endedAt: durationMs === null ? null : NOON + at + durationMs,
    durationMs,
    billedMs: durationMs,
    memoryMib: 128,
    maxMemoryMib: 70,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: false,
    outcome: "ok",
    errorType: null,
    traceId: null,
    spanId: null,
    parentSpanId: null,
    stream: "s",
    architecture: "x86_64",
    plan: null,
    trigger: "sqs",
    weight: 1,
    emulator: false,
    seenIn: "platform-log",
    ids: [],
    ...fields,
  };
}

function got(messageId: string | null, requestId: string, at: number, fields: Partial<Message> = {}): Message {
  return {
    type: "message",
    ...STOCK,
    direction: "received",
    at: NOON + at + 20,
    channel: "stock-updates",
    channelKind: "queue",
    messageId,
    requestId,
    traceId: null,
    parentSpanId: null,
    sentAt: NOON + at,
    attempt: 1,
    sizeBytes: 400,
    payloadHash: null,
    eventName: null,
    deadLetter: false,
    replay: null,
    ids: [],
    ...fields,
  };
}

function count(name: string, at: number, periodMs: number, value: number, fields: Partial<MetricPoint> = {}): MetricPoint {
  return {
    type: "metric",
    ...scope,
    at: NOON + at,
    periodMs,
    resource: "stock-updates",
    fn: null,
    name,
    statistic: "Sum",
    unit: null,
    value,
    ...fields,
  };
}

function line(message: string, fn: string): LogEvent {
  return {
    type: "log",
    ...scope,
    at: NOON,
    fn,
    stream: "s",
    kind: "function",
    level: null,
    requestId: null,
    traceId: null,
    spanId: null,
    message,
    sizeBytes: 100,
    ids: [],
  };
}

let dir: string;
let dataset: Dataset | null = null;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-batches-"));
});
afterEach(async () => {
  await dataset?.close();
  dataset = null;
  rmSync(dir, { recursive: true, force: true });
});

async function held(...records: Rec[]): Promise<Dataset> {
  const committer = openCommitter(dir);
  const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 128 });
  for (const record of records) writer.write(record);
  await writer.finish();
  await writer.close();
  committer.close();
  return (dataset = await openDataset(dir));
}

describe("what batching asks of the dataset", () => {
  it("says which channel fed a function, each message once", async () => {
    const data = await held(
      got("m1", "r1", 0),
      got("m2", "r1", 10, { sizeBytes: 200 }),
      // the second delivery of m2
      got("m2", "r2", 10, { attempt: 2, at: NOON + 31_000, sizeBytes: 200 }),
      got("other", "r3", 5, { fn: "projection", channel: "orders", channelKind: "table" }),
      got("sent", "r1", 5, { direction: "published" }),
    );
    const [projection, stock] = await data.receivedChannels(ANY);
    expect(projection).toMatchObject({ fn: "projection", channel: "orders", channelKind: "table", messages: 1, runs: 1 });
    expect(stock).toMatchObject({ fn: "stock", channel: "stock-updates", messages: 2, runs: 2, redelivered: 1 });
    // as delivered: 400, 200 and 200 again
    expect(stock).toMatchObject({ meanBytes: 800 / 3, from: NOON, to: NOON + 10 });
  });

  it("tells how many messages each run received; null where it did not log them", async () => {
    const runs = await (
      await held(
        run("r1", 20, 100),
        run("r2", 400, 40),
        run("probe", 500, 10, { trigger: "probe" }),
        run("emulated", 600, 10, { emulator: true }),
        got("m1", "r1", 0),
        got("m2", "r1", 10),
        got(null, "r1", 15),
      )
    ).batchRuns(ANY, STOCK, "stock-updates");
    expect(runs.map((one) => [one.batchSize, one.durationMs]).sort((a, b) => b[1]! - a[1]!)).toEqual([
      [3, 100],
      [null, 40],
    ]);
  });

  it("counts messages of the channel that is asked for", async () => {
    const data = await held(run("r1", 20, 100), got("m1", "r1", 0), got("x", "r1", 3, { channel: "else" }));
    expect((await data.batchRuns(ANY, STOCK, "stock-updates")).map((one) => one.batchSize)).toEqual([1]);
    expect((await data.batchRuns(ANY, STOCK, null)).map((one) => one.batchSize)).toEqual([2]);
  });

  it("lists messages by when they were sent, a redelivered one at its first", async () => {
    const data = await held(
      got("m2", "r1", 10),
      got("m1", "r1", 0, { sentAt: null }),
      got("m2", "r9", 10, { at: NOON + 60_000, attempt: 2 }),
    );
    expect(await data.receivedMessages(ANY, STOCK, "stock-updates")).toEqual([
      { at: NOON + 10, bytes: 400, messageId: "m2" },
      // it does not say when it was sent: when it was received
      { at: NOON + 20, bytes: 400, messageId: "m1" },
    ]);
    expect(await data.receivedMessages(ANY, STOCK, null)).toEqual([]);
  });

  it("reads a metric at the finest period held, and sums what labels split", async () => {
    const SENT = "AWS/SQS/NumberOfMessagesSent";
    const azure = { cloud: "azure", account: "s", region: "westeurope", resource: "/subscriptions/s/x/namespaces/ns" } as const;
    const data = await held(
      count(SENT, 0, 60_000, 5),
      count(SENT, 60_000, 60_000, 7),
      count(SENT, 0, 3_600_000, 900),
      count(SENT, 0, 60_000, 3, { resource: "other" }),
      count(SENT, 0, 60_000, 1, { statistic: "Average" }),
      count("Microsoft.ServiceBus/namespaces/IncomingMessages{EntityName=stock}", 0, 60_000, 11, azure),
    );
    const names = ["aws/sqs/numberofmessagessent", "microsoft.servicebus/namespaces/incomingmessages"];
    expect((await data.counts(ANY, names)).map((one) => [one.resource, one.periodMs, one.points.map((point) => point.count)])).toEqual([
      ["other", 60_000, [3]],
      ["stock-updates", 60_000, [5, 7]],
      ["stock", 60_000, [11]],
    ]);
    expect(await data.counts(ANY, ["aws/sqs/numberofmessagesreceived"])).toEqual([]);
  });

  it("finds functions that say which messages failed", async () => {
    const says: { [fn: string]: string } = {
      json: '{"batchItemFailures":[]}',
      nested: String.raw`{"message":"answer {\"batchItemFailures\": [{\"itemIdentifier\":\"m-1\"}]}"}`,
      python: "{'batchItemFailures': [{'itemIdentifier': 'm-1'}]}",
      node: "{ batchItemFailures: [] }",
      go: "{BatchItemFailures:[]}",
      // https://github.com/aws-powertools/powertools-lambda-python, utilities/batch/base.py; -typescript, packages/batch/src/errors.ts
      powertoolsPython: "[ERROR] BatchProcessingError: All records failed processing. 3 individual errors logged separately below.",
      powertoolsNode: '{"errorType":"FullBatchFailureError","errorMessage":"All records failed processing. See individual errors below."}',
      // talk of it is no answer
      todo: "TODO answer with batchItemFailures",
      off: "batchItemFailures is not set up for this queue",
      partial: "partial_response of upstream: 206",
      other: "PartialItemFailures: 0, BatchProcessingError: no such batch",
    };
    const data = await held(...Object.entries(says).map(([fn, text]) => line(text, fn)));
    const found = (await data.batchAnswers(ANY)).map((one) => one.fn);
    expect(found).toEqual(["go", "json", "nested", "node", "powertoolsNode", "powertoolsPython", "python"]);
  });
});
