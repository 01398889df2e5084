import { describe, expect, it } from "vitest";
import { gcp } from "../../../../src/clouds/gcp/index.ts";
import { tookOf } from "../../../../src/clouds/gcp/logs/gen1.ts";
import type { Json } from "../../../../src/model/records.ts";
import { only, readWith } from "../../../support/read-format.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const at = (ms: number): string => new Date(START + ms).toISOString();
const START = Date.UTC(2025, 4, 12, 21, 45, 32);

type Entry = { [key: string]: Json };

function runEntry(log: string, rest: Entry, labels: Entry = { instanceId: "i-1" }): Entry {
  return {
    insertId: `e${JSON.stringify(rest).length}`,
    logName: `projects/shop/logs/run.googleapis.com%2F${log}`,
    resource: {
      type: "cloud_run_revision",
      labels: { project_id: "shop", service_name: "mailer", revision_name: "mailer-00003-abc", location: "europe-west1" },
    },
    timestamp: "2025-05-12T21:45:32.338627Z",
    receiveTimestamp: "2025-05-12T21:45:32.900000000Z",
    severity: "INFO",
    labels,
    ...rest,
  };
}

function request(rest: Entry = {}, http: Entry = {}, labels?: Entry): Entry {
  return runEntry(
    "requests",
    {
      trace: `projects/shop/traces/${TRACE}`,
      spanId: SPAN,
      httpRequest: {
        requestMethod: "POST",
        requestUrl: "https://mailer.run.app/?token=secret&orderId=ord-771",
        requestSize: "333",
        status: 200,
        latency: "0.162307150s",
        userAgent: "curl/8",
        ...http,
      },
      ...rest,
    },
    labels,
  );
}

const stdout = (rest: Entry, labels: Entry = { instanceId: "i-1" }): Entry =>
  runEntry("stdout", { trace: `projects/shop/traces/${TRACE}`, ...rest }, labels);
const gen1Line = (text: string, timestamp: string, execution = "abc123def456"): Entry => ({
  insertId: text.length.toString(),
  logName: "projects/shop/logs/cloudfunctions.googleapis.com%2Fcloud-functions",
  resource: { type: "cloud_function", labels: { function_name: "audit", project_id: "shop", region: "us-central1" } },
  timestamp,
  severity: "DEBUG",
  labels: { execution_id: execution },
  textPayload: text,
});

const read = (...entries: Json[]) => readWith(gcp.formats, [entries]);

describe("request logs of Cloud Run and 2nd gen functions", () => {
  it("is an invocation with the latency as its duration, to the nanosecond's tenth of a microsecond", () => {
    const [invocation] = only(read(request()).records, "invocation");
    expect(invocation).toMatchObject({
      cloud: "gcp",
      account: "shop",
      region: "europe-west1",
      fn: "mailer",
      version: "mailer-00003-abc",
      requestId: `${TRACE}/${SPAN}`,
      startedAt: START + 338.627,
      outcome: "ok",
      errorType: null,
      traceId: TRACE,
      spanId: SPAN,
      stream: "i-1",
      trigger: "http",
      billedMs: null,
      memoryMib: null,
      vcpu: null,
      plan: null,
      coldStart: null,
      seenIn: "request-log",
    });
    expect(invocation!.durationMs).toBeCloseTo(162.30715, 9);
    expect(invocation!.endedAt).toBeCloseTo(START + 338.627 + 162.30715, 3);
  });

  it("reads correlation IDs of the URL but keeps its query out of the message", () => {
    const { records } = read(request());
    expect(only(records, "invocation")[0]!.ids).toContainEqual({ kind: "correlation", value: "ord-771" });
    expect(only(records, "log")[0]!.message).toBe("POST https://mailer.run.app/ 200");
  });

  it.each([
    [{ status: 500 }, "error", "HTTP 500"],
    [{ status: 503 }, "error", "HTTP 503"],
    [{ status: 504 }, "timeout", "HTTP 504"],
    [{ status: 429 }, "throttled", "HTTP 429"],
    [{ status: 404 }, "ok", null],
    // a push endpoint that answers 404 has not taken the message
    [{ status: 404, userAgent: "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)" }, "error", "HTTP 404"],
  ])("%j is %s", (http, outcome, errorType) => {
    const [invocation] = only(read(request({}, http)).records, "invocation");
    expect(invocation!.outcome).toBe(outcome);
    expect(invocation!.errorType).toBe(errorType);
  });

  it.each([
    ["APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)", "pubsub"],
    ["Google-Cloud-Scheduler", "timer"],
    ["Google-Cloud-Tasks", "tasks"],
    ["okhttp/4", "http"],
  ])("the user agent %s says %s", (userAgent, trigger) => {
    expect(only(read(request({}, { userAgent })).records, "invocation")[0]!.trigger).toBe(trigger);
  });

  it("a request that no instance took is throttled and has a plan that costs nothing", () => {
    const textPayload = "The request was aborted because there was no available instance.";
    const [invocation] = only(read(request({ textPayload }, { status: 429, latency: "10.002s" }, {})).records, "invocation");
    expect(invocation).toMatchObject({ outcome: "throttled", durationMs: 10_002, plan: "run-refused", stream: null });
  });

  it("the time limit is said in the request's own text", () => {
    const textPayload =
      "The request has been terminated because it has reached the maximum request timeout. To change this limit, see the documentation";
    expect(only(read(request({ textPayload }, { status: 504, latency: "300.001s" })).records, "invocation")[0]!.outcome).toBe("timeout");
  });

  it("goes by the execution ID that its own labels carry, and keeps trace and span as an ID", () => {
    const [invocation] = only(read(request({}, {}, { execution_id: "x1yz2", instanceId: "i-1" })).records, "invocation");
    expect(invocation).toMatchObject({ requestId: "x1yz2", ids: expect.arrayContaining([{ kind: "request", value: `${TRACE}/${SPAN}` }]) });
  });

  it("lines with an execution ID that the request log lacks are the request's, in either order", () => {
    const own = stdout({ textPayload: "hello" }, { execution_id: "x1yz2", instanceId: "i-1" });
    for (const entries of [
      [own, request()],
      [request(), own],
    ]) {
      const { records } = read(...entries);
      expect(only(records, "log").map(({ requestId }) => requestId)).toEqual([`${TRACE}/${SPAN}`, `${TRACE}/${SPAN}`]);
      expect(only(records, "invocation")[0]!.ids).toContainEqual({ kind: "request", value: "x1yz2" });
    }
  });

  it("a line with another execution ID than its trace's request belongs to another run", () => {
    const lost = stdout({ textPayload: "of a request whose log is lost" }, { execution_id: "other1" });
    const { records } = read(request({}, {}, { execution_id: "x1yz2" }), lost);
    expect(only(records, "log").map(({ requestId }) => requestId)).toEqual(["x1yz2", "other1"]);
  });

  it("lines of a 2nd gen function carry the span of their request, those of a tracer one of their own", () => {
    const line = (labels: Entry): string | null =>
      only(read(stdout({ textPayload: "x", spanId: "5555555555555555" }, labels)).records, "log")[0]!.requestId;
    expect(line({ "goog-managed-by": "cloudfunctions" })).toBe(`${TRACE}/5555555555555555`);
    expect(line({})).toBeNull();
  });

  it("overlapping exports give the same invocations and log events", () => {
    const line = stdout({ textPayload: "traced" });
    const labelled = (rest: Entry): Entry => ({ ...rest, labels: { execution_id: "x1yz2", instanceId: "i-1" } });
    const whole = read(request(), line, labelled(request({ spanId: "6666666666666666" })), labelled(stdout({ textPayload: "labelled" })));
    const first = read(request(), line);
    const second = read(line, labelled(request({ spanId: "6666666666666666" })), labelled(stdout({ textPayload: "labelled" })));
    const distinct = (...records: unknown[]): string[] => [...new Set(records.map((record) => JSON.stringify(record)))].sort();
    expect(distinct(...first.records, ...second.records)).toEqual(distinct(...whole.records));
  });

  it("leaves a line alone where two requests of one trace fit", () => {
    const second = request({ spanId: "1111111111111111" });
    const { records } = read(request(), second, stdout({ textPayload: "whose?" }));
    expect(only(records, "log").find(({ message }) => message === "whose?")!.requestId).toBeNull();
    expect(only(records, "invocation").map(({ requestId }) => requestId)).toEqual([`${TRACE}/${SPAN}`, `${TRACE}/1111111111111111`]);
  });

  it("every entry is a log event, once, with its level and kind", () => {
    const { records } = read(
      request(),
      stdout({ textPayload: "a", severity: "WARNING" }),
      runEntry("varlog%2Fsystem", { textPayload: "Container called exit(1).", severity: "CRITICAL" }),
      runEntry("stderr", { textPayload: "b", severity: 500 }),
    );
    const events = only(records, "log").map(({ kind, level }) => `${kind} ${level}`);
    expect(events.sort()).toEqual(["function ERROR", "function WARN", "platform FATAL", "platform INFO"]);
  });
});

describe("what the platform's lines say about requests", () => {
  const started = "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling factors.";

  it("the first request of an instance that was seen to start is a cold start, the next is not", () => {
    const { records } = read(
      runEntry("varlog%2Fsystem", { textPayload: started, timestamp: at(0) }),
      request({ timestamp: at(900), spanId: "2222222222222222" }),
      request({ timestamp: at(10) }),
      request({ timestamp: at(950), spanId: "3333333333333333" }, {}, { instanceId: "i-2" }),
    );
    const cold = Object.fromEntries(only(records, "invocation").map(({ spanId, coldStart }) => [spanId, coldStart]));
    // i-2 was not seen to start: not known
    expect(cold).toEqual({ [SPAN]: true, "2222222222222222": false, "3333333333333333": null });
  });

  it("the application's own text is no evidence", () => {
    const { records } = read(stdout({ textPayload: "Starting new instance of worker" }), request());
    expect(only(records, "invocation")[0]!.coldStart).toBeNull();
  });

  it("a memory fault during a failed request makes it out of memory, with the sizes that the line says", () => {
    const fault =
      "Memory limit of 512 MiB exceeded with 527 MiB used. Consider increasing the memory limit, see https://cloud.google.com/run/docs/configuring/memory-limits";
    const { records } = read(
      request({ timestamp: at(0) }, { status: 500, latency: "2.5s" }),
      runEntry("varlog%2Fsystem", { textPayload: fault, timestamp: at(2400), severity: "ERROR" }),
      request({ timestamp: at(9000), spanId: "4444444444444444", trace: `projects/shop/traces/${"a".repeat(32)}` }, { status: 200 }),
    );
    const [failed, later] = only(records, "invocation");
    expect(failed).toMatchObject({ outcome: "oom", memoryMib: 512, maxMemoryMib: 527, errorType: "memory limit exceeded" });
    expect(later).toMatchObject({ outcome: "ok", memoryMib: 512, maxMemoryMib: null });
    expect(only(records, "log").map(({ kind }) => kind)).toContain("oom");
  });
});

describe("1st gen functions", () => {
  // spellings seen in real logs of 2018 to 2023
  it.each([
    ["Function execution took 800 ms, finished with status: 'ok'", { durationMs: 800, outcome: "ok", errorType: null }],
    ["Function execution took 5 ms, finished with status code: 200", { durationMs: 5, outcome: "ok", errorType: null }],
    ["Function execution took 1198 ms. Finished with status code: 200", { durationMs: 1198, outcome: "ok", errorType: null }],
    ["Function execution took 540141 ms. Finished with status: timeout", { durationMs: 540_141, outcome: "timeout", errorType: "timeout" }],
    ["Function execution took 60002 ms, finished with status: 'timeout'", { durationMs: 60_002, outcome: "timeout", errorType: "timeout" }],
    ["Function execution took 23 ms, finished with status: 'crash'", { durationMs: 23, outcome: "error", errorType: "crash" }],
    [
      "Function execution took 12 ms, finished with status: 'connection error'",
      { durationMs: 12, outcome: "error", errorType: "connection error" },
    ],
    ["Function execution took 31 ms, finished with status code: 500", { durationMs: 31, outcome: "error", errorType: "HTTP 500" }],
    ["Function execution took 3 ms, finished with status code: 404", { durationMs: 3, outcome: "ok", errorType: null }],
    ["Function execution took 3 ms, finished with status code: 429", { durationMs: 3, outcome: "throttled", errorType: "HTTP 429" }],
  ])("%s", (text, expected) => expect(tookOf(text)).toEqual(expected));

  it("other lines are not the end", () => {
    expect(tookOf("Function execution started")).toBeNull();
    expect(tookOf("our Function execution took 3 ms, finished with status: 'ok'")).toBeNull();
  });

  const begin = gen1Line("Function execution started", "2021-03-04T05:06:07.123456789Z");
  const end = gen1Line("Function execution took 800 ms, finished with status: 'ok'", "2021-03-04T05:06:07.923999999Z");

  it("start and end make one invocation, newest first as well", () => {
    for (const entries of [
      [begin, end],
      [end, begin],
    ]) {
      const found = only(read(...entries).records, "invocation");
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({
        fn: "audit",
        requestId: "abc123def456",
        durationMs: 800,
        outcome: "ok",
        plan: "gen1",
        seenIn: "platform-log",
      });
      expect(found[0]!.startedAt).toBeCloseTo(Date.UTC(2021, 2, 4, 5, 6, 7) + 123.456789, 3);
    }
  });

  it("an end without a start began its duration earlier; a start without an end is cut, not a timeout", () => {
    const [ended] = only(read(end).records, "invocation");
    expect(ended!.startedAt).toBeCloseTo(Date.UTC(2021, 2, 4, 5, 6, 7) + 923.999999 - 800, 3);
    const [cut] = only(read(begin).records, "invocation");
    expect(cut).toMatchObject({ endedAt: null, durationMs: null, outcome: "unknown" });
  });

  it("a memory fault is said in a line of its own", () => {
    const fault = gen1Line("Error: memory limit exceeded. Function invocation was interrupted.", "2021-03-04T05:06:07.900Z");
    const crash = gen1Line("Function execution took 700 ms, finished with status: 'connection error'", "2021-03-04T05:06:07.924Z");
    expect(only(read(begin, fault, crash).records, "invocation")[0]).toMatchObject({ outcome: "oom", durationMs: 700 });
  });

  it("lines of the function carry its execution ID and correlation IDs", () => {
    const own = gen1Line("audited orderId=ord-9 transactionId=tx-55", "2021-03-04T05:06:07.500Z");
    const event = only(read(begin, own, end).records, "log").find(({ message }) => message.startsWith("audited"));
    expect(event).toMatchObject({ requestId: "abc123def456", kind: "function", fn: "audit" });
    expect(event!.ids).toEqual([
      { kind: "correlation", value: "ord-9" },
      { kind: "correlation", value: "tx-55" },
    ]);
  });
});

describe("messages that functions logged", () => {
  const push = {
    message: {
      data: Buffer.from('{"orderId":"ord-42"}').toString("base64"),
      messageId: "13800011122233",
      message_id: "13800011122233",
      publishTime: "2025-05-12T21:45:31.5Z",
      attributes: { googclient_traceparent: `00-${"c".repeat(32)}-${"d".repeat(16)}-01` },
    },
    subscription: "projects/shop/subscriptions/mail-push",
    deliveryAttempt: 2,
  };

  it("a logged push body is a received message of the request that logged it", () => {
    const { records } = read(stdout({ jsonPayload: { message: "push received", event: push } }), request());
    expect(only(records, "message")).toEqual([
      expect.objectContaining({
        direction: "received",
        channel: "mail-push",
        channelKind: "topic",
        account: "shop",
        messageId: "13800011122233",
        sentAt: Date.UTC(2025, 4, 12, 21, 45, 31, 500),
        attempt: 2,
        traceId: "c".repeat(32),
        parentSpanId: "d".repeat(16),
        fn: "mailer",
        requestId: `${TRACE}/${SPAN}`,
        // {"orderId":"ord-42"} is 20 bytes, the attribute's name 22 and its value 55
        sizeBytes: 20 + 22 + 55,
        ids: [{ kind: "correlation", value: "ord-42" }],
      }),
    ]);
  });

  it.each([
    [{ message: "published", topic: "projects/shop/topics/mail-sent", messageId: "15550001" }, "published", "mail-sent", "15550001"],
    [{ msg: "got it", topic: "mail-sent", message_id: "15550001" }, "received", "mail-sent", "15550001"],
    [{ subscription: "projects/shop/subscriptions/s1", messageId: "15550001" }, "received", "s1", "15550001"],
    [
      {
        context: {
          eventId: "15550001",
          eventType: "google.pubsub.topic.publish",
          timestamp: "2025-05-12T21:45:31Z",
          resource: { name: "projects/shop/topics/t" },
        },
      },
      "received",
      "t",
      "15550001",
    ],
    [
      {
        event: {
          specversion: "1.0",
          id: "15550001",
          type: "google.cloud.pubsub.topic.v1.messagePublished",
          source: "//pubsub.googleapis.com/projects/shop/topics/t",
        },
      },
      "received",
      "t",
      "15550001",
    ],
    [
      {
        headers: {
          "ce-id": "15550001",
          "ce-specversion": "1.0",
          "ce-type": "google.cloud.storage.object.v1.finalized",
          "ce-source": "//storage.googleapis.com/projects/_/buckets/b",
        },
      },
      "received",
      "b",
      "15550001",
    ],
  ])("%j", (jsonPayload, direction, channel, messageId) => {
    expect(only(read(stdout({ jsonPayload: jsonPayload as Json })).records, "message")).toEqual([
      expect.objectContaining({ direction, channel, messageId }),
    ]);
  });

  it.each([
    ["Published message 13800011122233 to projects/shop/topics/orders.", "published", "orders", "13800011122233"],
    ["Message 13800011122233 published.", "published", null, "13800011122233"],
    ["published message with ID 13800011122233", "published", null, "13800011122233"],
    ["handling messageId=13800011122233 subscription=projects/shop/subscriptions/orders-sub", "received", "orders-sub", "13800011122233"],
    [`Pub/Sub push: ${JSON.stringify(push)}`, "received", "mail-push", "13800011122233"],
  ])("%s", (textPayload, direction, channel, messageId) => {
    expect(only(read(stdout({ textPayload })).records, "message")).toEqual([expect.objectContaining({ direction, channel, messageId })]);
  });

  it.each(["no message here", "messageId=13800011122233 and nothing about a channel", '{"broken": "messageId"', "published 3 messages"])(
    "nothing in: %s",
    (textPayload) => {
      expect(only(read(stdout({ textPayload })).records, "message")).toEqual([]);
    },
  );

  it("a batch names several messages", () => {
    const jsonPayload = { message: "published batch", topic: "projects/shop/topics/t", messageIds: ["15550001", "15550002"] };
    expect(only(read(stdout({ jsonPayload })).records, "message").map(({ messageId, direction }) => [messageId, direction])).toEqual([
      ["15550001", "published"],
      ["15550002", "published"],
    ]);
  });

  it("the correlation ID beside a published message belongs to it", () => {
    const { records } = read(
      stdout({ jsonPayload: { message: "published", topic: "projects/shop/topics/t", messageId: "15550001", correlationId: "c-1001" } }),
    );
    expect(only(records, "message")[0]!.ids).toContainEqual({ kind: "correlation", value: "c-1001" });
    expect(only(records, "log")[0]!.ids).toContainEqual({ kind: "message", value: "15550001" });
  });

  it("extra correlation keys count", () => {
    const { records } = readWith(gcp.formats, [[stdout({ jsonPayload: { message: "x", parcel_no: "PN-778" } })]], "x.json", ["parcel-no"]);
    expect(only(records, "log")[0]!.ids).toEqual([{ kind: "correlation", value: "PN-778" }]);
  });
});
