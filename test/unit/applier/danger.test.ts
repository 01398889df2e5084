import { describe, expect, it } from "vitest";
import { dangerOf, dangerOfSettings } from "../../../src/applier/danger.ts";
import type { Settings } from "../../../src/model/plan.ts";
import type { Danger } from "../../../src/model/plan.ts";

/** What the vendors say is lost, by kind; sources in the rows. */
const ROWS: [kind: string, before: Settings, after: Settings, danger: Danger][] = [
  // messages that match no filter are deleted from the queue: docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
  ["lambda.event-source-mapping", { filterPatterns: null }, { filterPatterns: ['{"body":{"a":["b"]}}'] }, "data-loss"],
  ["lambda.event-source-mapping", { filterPatterns: ['{"body":{"a":["b"]}}'] }, { filterPatterns: null }, "none"],
  ["lambda.event-source-mapping", { filterPatterns: ['{"body":{"a":["b"]}}'] }, { filterPatterns: [] }, "none"],
  ["lambda.event-source-mapping", { batchSize: 10 }, { batchSize: 100 }, "none"],
  ["lambda.event-source-mapping", { reportsBatchItemFailures: false }, { reportsBatchItemFailures: true }, "data-loss"],
  // code that names failed messages instead of throwing succeeds for Lambda, which deletes the whole batch
  ["lambda.event-source-mapping", { reportsBatchItemFailures: true }, { reportsBatchItemFailures: false }, "data-loss"],
  ["events.rule", { pattern: '{"source":["a"]}' }, { pattern: '{"source":["a"],"detail-type":["b"]}' }, "data-loss"],
  [
    "sns.subscription",
    { filterPolicy: '{"a":["b"]}', filterPolicyScope: "MessageBody" },
    { filterPolicy: null, filterPolicyScope: "MessageBody" },
    "none",
  ],
  // expired items are deleted within days, no undo: docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
  ["dynamodb.table", { ttlAttribute: null }, { ttlAttribute: "expiresAt" }, "irreversible"],
  ["dynamodb.table", { ttlAttribute: "expiresAt" }, { ttlAttribute: null }, "none"],
  ["logs.group", { retentionD: null }, { retentionD: 30 }, "irreversible"],
  ["logs.group", { retentionD: 30 }, { retentionD: 90 }, "none"],
  ["logs.group", { retentionD: 90 }, { retentionD: 30 }, "irreversible"],
  ["logs.group", { retentionD: 90 }, { retentionD: null }, "none"],
  // -1: on, without an end of its own: learn.microsoft.com/azure/cosmos-db/nosql/time-to-live
  ["cosmos.container", { defaultTtlS: null }, { defaultTtlS: -1 }, "irreversible"],
  ["cosmos.container", { defaultTtlS: 3600 }, { defaultTtlS: 60 }, "irreversible"],
  ["cosmos.container", { defaultTtlS: 3600 }, { defaultTtlS: 7200 }, "none"],
  ["cosmos.container", { defaultTtlS: 3600 }, { defaultTtlS: null }, "none"],
  ["cosmos.container", { defaultTtlS: -1 }, { defaultTtlS: 3600 }, "irreversible"],
  ["loganalytics.table", { totalRetentionD: 90 }, { totalRetentionD: 30 }, "irreversible"],
  ["firestore.field", { ttl: false }, { ttl: true }, "irreversible"],
  ["logging.bucket", { retentionD: 30 }, { retentionD: 7 }, "irreversible"],
  ["pubsub.subscription", { filter: "" }, { filter: 'attributes.a = "b"' }, "data-loss"],
  ["servicebus.subscription", { rules: [{ name: "$Default" }] }, { rules: [{ name: "paid" }] }, "data-loss"],
  ["eventarc.trigger", { filters: [] }, { filters: [{ attribute: "type", value: "x" }] }, "data-loss"],
  [
    "azure.function-app",
    { "host.extensions.serviceBus.maxMessageBatchSize": 10 },
    { "host.extensions.serviceBus.maxMessageBatchSize": 100 },
    "restart",
  ],
  ["lambda.function", { memoryMib: 1024 }, { memoryMib: 512 }, "none"],
];

describe("danger of a change", () => {
  it.each(ROWS)("%s %j -> %j: %s", (kind, before, after, danger) => {
    expect(dangerOfSettings(kind, before, after)).toBe(danger);
    // a plan that claims less is not believed, one that claims more is
    expect(dangerOf({ kind, before, after, danger: "none" })).toBe(danger);
    expect(dangerOf({ kind, before, after, danger: "irreversible" })).toBe("irreversible");
  });
  it("the same value is no change", () => {
    expect(dangerOfSettings("dynamodb.table", { ttlAttribute: "a" }, { ttlAttribute: "a" })).toBe("none");
  });
});
