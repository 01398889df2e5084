import { describe, expect, it } from "vitest";
import { gcp } from "../../../../src/clouds/gcp/index.ts";
import type { Json } from "../../../../src/model/records.ts";
import { only, readWith } from "../../../support/read-format.ts";

const wrapped = (body: Json): Json => ({ headers: {}, body });

const entry = {
  insertId: "a1",
  logName: "projects/shop/logs/run.googleapis.com%2Fstdout",
  resource: { type: "cloud_run_revision", labels: { project_id: "shop", service_name: "mailer", location: "europe-west1" } },
  timestamp: "2025-05-12T21:45:32.338627123Z",
  severity: "NOTICE",
  textPayload: "hello",
};
const AT = Date.UTC(2025, 4, 12, 21, 45, 32) + 338.627123;
const read = (...documents: Json[]) => readWith(gcp.formats, documents);

describe("log entries in every wrapping", () => {
  const snake = {
    insert_id: "a1",
    log_name: entry.logName,
    resource: entry.resource,
    timestamp: { seconds: "1747086332", nanos: 338627123 },
    severity: 300,
    text_payload: "hello",
  };
  const pushed = {
    message: { data: Buffer.from(JSON.stringify(entry)).toString("base64"), messageId: "1", message_id: "1" },
    subscription: "projects/shop/subscriptions/logs",
  };

  it.each<[string, Json[]]>([
    ["alone (NDJSON)", [entry]],
    ["an array", [[entry]]],
    ["entries.list", [{ entries: [entry], nextPageToken: "t" }]],
    [
      "entries.write with defaults",
      [
        {
          logName: entry.logName,
          resource: entry.resource,
          entries: [{ timestamp: entry.timestamp, severity: "NOTICE", textPayload: "hello" }],
        },
      ],
    ],
    ["snake_case with protobuf timestamp and severity number", [snake]],
    ["pushed through Pub/Sub", [pushed]],
    ["pulled from Pub/Sub", [{ receivedMessages: [{ ackId: "x", message: pushed.message }] }]],
    ["an array of pushes", [[pushed]]],
    ["a recorded answer", [{ headers: { date: "x" }, body: { entries: [entry] } }]],
  ])("%s", (_name, documents) => {
    const { format, records, broken } = read(...documents);
    expect(format).toBe("gcp.log-entry");
    expect(broken).toEqual([]);
    const events = only(records, "log");
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ account: "shop", region: "europe-west1", fn: "mailer", level: "INFO", message: "hello" });
    expect(events[0]!.at).toBeCloseTo(AT, 3);
  });

  it("takes the time of receipt where there is no other, and reports an entry without both", () => {
    const { timestamp: _, ...untimed } = entry;
    const { records, broken } = read([{ ...untimed, receiveTimestamp: "2025-05-12T21:45:32Z" }, untimed, entry]);
    expect(only(records, "log")).toHaveLength(2);
    expect(broken).toEqual(["log entry without a readable timestamp or receiveTimestamp"]);
  });

  it("reads a protobuf Struct as plain JSON", () => {
    const jsonPayload = {
      fields: { orderId: { stringValue: "ord-1" }, n: { numberValue: 2 }, l: { listValue: { values: [{ boolValue: true }] } } },
    };
    const [event] = only(read([{ ...entry, textPayload: null, jsonPayload }]).records, "log");
    expect(JSON.parse(event!.message)).toEqual({ orderId: "ord-1", n: 2, l: [true] });
    expect(event!.ids).toEqual([{ kind: "correlation", value: "ord-1" }]);
  });

  it("reports what is not an entry among entries and reads the rest", () => {
    const { records, broken } = read([entry, { hello: 1 }, null, 3, entry]);
    expect(only(records, "log")).toHaveLength(2);
    expect(broken).toEqual(Array(3).fill("not a log entry"));
  });

  it("an audit log says who did what to what, without request and response", () => {
    const protoPayload = {
      "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
      serviceName: "run.googleapis.com",
      methodName: "google.cloud.run.v2.Services.UpdateService",
      resourceName: "projects/shop/locations/europe-west1/services/mailer",
      request: { secret: "s3cr3t" },
    };
    const [event] = only(
      read([{ ...entry, textPayload: null, logName: "projects/shop/logs/cloudaudit.googleapis.com%2Factivity", protoPayload }]).records,
      "log",
    );
    expect(event).toMatchObject({ kind: "platform", fn: "mailer" });
    expect(event!.message).toBe(
      "run.googleapis.com google.cloud.run.v2.Services.UpdateService projects/shop/locations/europe-west1/services/mailer",
    );
  });
});

describe("other answers", () => {
  it.each<[Json, string]>([
    [{ error: { code: 404, status: "NOT_FOUND", message: "no" } }, "API error: NOT_FOUND"],
    [wrapped({}), "empty answer"],
    [{ apiVersion: "serving.knative.dev/v1", kind: "ServiceList" }, "empty list"],
    [{ version: 1, etag: "BwYC=", bindings: [] }, "IAM policy"],
    [wrapped({ uploadUrl: "https://storage.googleapis.com/x?Signature=secret" }), "recorded API answer of another kind (uploadUrl)"],
    [
      { name: "operations/abc", metadata: { "@type": "type.googleapis.com/google.cloud.functions.v1.OperationMetadataV1" } },
      "long-running operation: what was asked for, not what is",
    ],
  ])("%j is refused: %s", (document, reason) => {
    const { format, records, ignored } = read(document);
    expect(format).toBe("gcp.api-response");
    expect(records).toEqual([]);
    expect(ignored).toEqual([reason]);
  });

  it.each<Json>([
    null,
    3,
    "text",
    [],
    {},
    { a: 1 },
    { Events: [] },
    { traceID: "1", spanID: "2" },
    { error: { code: "BadRequest", message: "azure" } },
    { statusCode: 200, headers: {}, body: "{}" },
  ])("%j is not Google's", (document) => expect(read(document).format).toBeNull());
});
