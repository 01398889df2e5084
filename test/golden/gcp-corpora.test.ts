/**
 * Google Cloud's recorded telemetry, record by record. Expected values were read off the raw files with other programs (jq, Python), or are
 * those of the files' own authors (`*_expected.json`, converted events); every file is counted, so that none is left out in silence.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSource } from "../../src/archive/index.ts";
import { neutralFormats } from "../../src/archive/neutral/index.ts";
import { formats } from "../../src/clouds/gcp/formats.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import type { Json, Rec, RecordType } from "../../src/model/records.ts";
import { epochMsOfText } from "../../src/model/times.ts";
import { type Read, readDocuments } from "../contract/read-documents.ts";
import { shared } from "../support/shared.ts";

const root = shared("corpora/gcp");
const load = <T = Json>(path: string): T => JSON.parse(readFileSync(join(root!, path), "utf8")) as T;
const read = (path: string): Read => readDocuments(formats, [load(path)]);
const only = <T extends RecordType>(type: T, records: readonly Rec[]): Extract<Rec, { type: T }>[] =>
  records.filter((record): record is Extract<Rec, { type: T }> => record.type === type);
const filesOf = (folder: string): string[] =>
  root === null
    ? []
    : readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".json"))
        .sort();
const at = (text: string): unknown => expect.closeTo(epochMsOfText(text)!, 3);

describe.skipIf(root === null)("request logs of Cloud Run", () => {
  interface Entry {
    httpRequest: { latency: string; status: number; requestMethod: string; requestUrl: string };
    resource: { labels: { revision_name: string; service_name: string; project_id: string; location: string } };
    labels: { instanceId: string };
    timestamp: string;
    severity: string;
    trace: string;
    spanId: string;
  }
  const folder = "ubc-cloudrun-requests/gcp_logs_varying_rps";
  const expected = root === null ? {} : load<{ [file: string]: { entries: number } }>("ubc-cloudrun-requests/expected.json");

  it("are the files that have expected values", () => {
    expect(filesOf(folder)).toEqual(Object.keys(expected).sort());
  });

  it.each(Object.entries(expected))("%s gives each field of each entry", (file, { entries: count }) => {
    const entries = load<Entry[]>(`${folder}/${file}`);
    const { records, broken, ignored } = read(`${folder}/${file}`);
    expect([entries.length, broken, ignored]).toEqual([count, [], []]);
    const wanted = entries.map(({ httpRequest, resource, labels, timestamp, trace, spanId }) => ({
      account: resource.labels.project_id,
      region: resource.labels.location,
      fn: resource.labels.service_name,
      version: resource.labels.revision_name,
      startedAt: at(timestamp),
      durationMs: expect.closeTo(Number(httpRequest.latency.slice(0, -1)) * 1000, 6),
      traceId: trace.split("/").at(-1),
      spanId,
      stream: labels.instanceId,
      outcome: httpRequest.status < 400 ? "ok" : "error",
      trigger: "http",
      seenIn: "request-log",
      weight: 1,
      billedMs: null,
      maxMemoryMib: null,
    }));
    const order = (a: { traceId?: string | null | undefined }, b: { traceId?: string | null | undefined }): number =>
      a.traceId! < b.traceId! ? -1 : 1;
    expect(only("invocation", records).sort(order)).toMatchObject(wanted.sort(order));
    const lines = only("log", records).map(({ at: when, message, level, traceId }) => ({ when, message, level, traceId }));
    expect(lines.sort(order)).toEqual(
      entries
        .map(({ httpRequest: { requestMethod, requestUrl, status }, timestamp, severity, trace }) => ({
          when: at(timestamp),
          message: `${requestMethod} ${requestUrl} ${status}`,
          level: severity,
          traceId: trace.split("/").at(-1),
        }))
        .sort(order),
    );
  });
});

describe.skipIf(root === null)("Cloud Custodian's recordings of Google Cloud", () => {
  const folder = "custodian-flights";
  const files = filesOf(folder);
  const reads = files.map((file) => read(`${folder}/${file}`));
  const configs = reads.flatMap(({ records }) => only("config", records));

  it("are 118 files, none broken, with as many resources as the raw answers", () => {
    expect(files).toHaveLength(118);
    expect(reads.flatMap(({ broken }) => broken)).toEqual([]);
    expect(reads.filter(({ records, ignored }) => records.length + ignored.length === 0)).toEqual([]);
    const kinds: { [kind: string]: number } = {};
    for (const { kind } of configs) kinds[kind] = (kinds[kind] ?? 0) + 1;
    // `functions[]` and lone functions 16, Run services, jobs and revisions 9; subscriptions 5, Scheduler jobs 6, event triggers of functions 4;
    // `topics[]` and lone topics 19; `sinks[]` and lone sinks 10
    expect(kinds).toEqual({ function: 25, trigger: 15, topic: 19, rule: 10, bucket: 1 });
  });

  it("functions of the first generation: memory, timeout, runtime, instances, version and state", () => {
    const found = configs
      .filter(({ kind, settings }) => kind === "function" && settings["generation"] === 1)
      .map(({ name, revision, settings: s }) =>
        [name, s["memoryMib"], s["timeoutS"], s["runtime"], s["maxInstances"] ?? "-", revision, s["state"]].join(" "),
      );
    expect(found.sort()).toEqual(
      [
        "gcp-service 512 60 python37 - 2 ACTIVE",
        "hello_http 256 60 python37 - 13 ACTIVE",
        "serverless-ftw 512 60 python37 - 1 ACTIVE",
        "hello_http 256 60 python37 - 13 DELETE_IN_PROGRESS",
        "function-3 256 60 nodejs20 2 1 ACTIVE",
        "function-4 256 60 nodejs20 3000 1 ACTIVE",
        "c7n-function-default-bd9c 128 60 python310 - 1 ACTIVE",
        "c7n-function-default-4339 128 60 python310 - 2 ACTIVE",
        "c7n-function-default-22ea 128 60 python310 - 2 ACTIVE",
        "c7n-function-default-bd9c 128 60 python310 - 1 ACTIVE",
        "c7n-function-default-bd9c 128 60 python310 - 2 ACTIVE",
        "topic-created 512 60 python37 - 1 DEPLOY_IN_PROGRESS",
        "custodian-dev 256 60 nodejs6 - 1 DEPLOY_IN_PROGRESS",
        "gcp-find-instances 512 60 python37 - 8 ACTIVE",
        "instance-off 512 60 python37 - 1 DEPLOY_IN_PROGRESS",
        "test-scc 512 60 python37 - 1 DEPLOY_IN_PROGRESS",
      ].sort(),
    );
  });

  it("Cloud Run services, jobs and revisions", () => {
    const found = configs
      .filter(({ kind, settings }) => kind === "function" && settings["generation"] === 2)
      .map(({ resource, settings: s }) => {
        const [, account, , , kind, name] = resource.split("/");
        return [
          account,
          kind,
          name,
          s["plan"],
          s["memoryMib"] ?? "-",
          s["vcpu"] ?? "-",
          s["timeoutS"],
          s["concurrency"] ?? "-",
          s["maxInstances"] ?? "-",
        ].join(" ");
      });
    const service = "run-request 512 1 300 80 5";
    expect(found.sort()).toEqual(
      [
        `1098479648729 services hello ${service}`,
        `1098479648729 services run-1 ${service}`,
        `1098479648729 services run-2 ${service}`,
        // no limits of its container are in these two
        "cloud-custodian services hello run-request - - 300 80 -",
        "cloud-custodian services hello run-request - - 300 80 -",
        "1098479648729 jobs job run-job 512 1 600 - -",
        "cloud-custodian jobs job run-job 512 1 600 - -",
        "cloud-custodian jobs job run-job 512 1 600 - -",
        "443732426401 revisions hello-00001-nvq run-request 512 1 300 80 1",
      ].sort(),
    );
  });

  it("what feeds functions: Pub/Sub, Scheduler, event triggers, sinks", () => {
    const last = (text: string | null): string => text?.split("/").at(-1) ?? "-";
    const triggers = configs
      .filter(({ kind }) => kind === "trigger")
      .map(
        ({ name, from, to, settings: s }) => `${name}: ${last(from)} > ${last(to)} ${s["schedule"] ?? s["ackDeadlineS"] ?? s["eventType"]}`,
      );
    expect([...new Set(triggers)].sort()).toEqual(
      [
        "c7n-subscription-default-b0fa: c7n-topic-default-b0fa > - 10",
        "c7n-subscription: c7n-topic > - 10",
        "custodian: cloud-builds > - 10",
        "custodian-auto-gcp-find-instances: every 2 hours > gcp-find-instances every 2 hours",
        "custodian-auto-gcp-find-instances: every 3 hours > gcp-find-instances every 3 hours",
        "custodian-auto-instance-off: every 2 hours > instance-off every 2 hours",
        ...["gcp-service", "serverless-ftw", "topic-created"].map(
          (name) => `${name}: custodian-auto-audit-${name} > ${name} providers/cloud.pubsub/eventTypes/topic.publish`,
        ),
        "test-scc: custodian-auto-scc-bucket > test-scc providers/cloud.pubsub/eventTypes/topic.publish",
      ].sort(),
    );
    const sinks = configs.filter(({ kind }) => kind === "rule").map(({ name, to }) => `${name} > ${to}`);
    expect([...new Set(sinks)]).toEqual(
      expect.arrayContaining([
        "test-sink > pubsub.googleapis.com/projects/cloud-custodian/topics/test-topis",
        "storage > storage.googleapis.com/staging.test-project-232910.appspot.com",
        "testqqqqqqqqqqqqqqqqq > bigquery.googleapis.com/projects/cloud-custodian/datasets/qwerty1234",
        "_Default > logging.googleapis.com/projects/cloud-custodian/locations/global/buckets/_Default",
      ]),
    );
  });

  it("time series of Monitoring", () => {
    const points = reads.flatMap(({ records }) => only("metric", records));
    expect(
      points.map(({ at: when, name, value, account, region, unit, periodMs }) => ({ when, name, value, account, region, unit, periodMs })),
    ).toEqual([
      {
        when: at("2025-10-10T18:36:07.478160Z"),
        name: "spanner.googleapis.com/instance/cpu/utilization",
        value: 0.0349,
        account: "cloud-custodian",
        region: "us-central1",
        unit: "10^2.%",
        // from 2025-09-01T18:36:07.478160Z: 39 days
        periodMs: expect.closeTo(39 * 86_400_000, 3),
      },
      {
        when: at("2025-09-10T08:56:00Z"),
        name: "compute.googleapis.com/instance/cpu/utilization",
        value: 0.01145088399757294,
        account: "ABC",
        region: "us-central1",
        unit: "10^2.%",
        periodMs: null,
      },
      {
        when: at("2021-04-01T18:36:07.478160Z"),
        name: "compute.googleapis.com/instance/cpu/utilization",
        value: 0.0034935695658400334,
        account: "cloud-custodian",
        region: "us-east4",
        unit: "10^2.%",
        periodMs: null,
      },
      {
        when: at("2018-08-12T22:30:53.524505Z"),
        name: "custom.googleapis.com/custodian/policy/resourcecount",
        // int64 in a string
        value: 43,
        account: "cloud-custodian",
        region: null,
        unit: null,
        periodMs: null,
      },
    ]);
  });
});

describe.skipIf(root === null)("official CloudEvents of Google's sources", () => {
  const folder = "google-cloudevents";
  const message = (channel: string, kind: string, id: string | null, sent: string, name: string | null, size: number | null): Json => ({
    channel,
    kind,
    id,
    sentAt: epochMsOfText(sent),
    name,
    size,
  });
  /** `publishTime`, `updateTime`, `updated` or the envelope's `time`; sizes: characters of `data` decoded from base64. */
  const EXPECTED: { readonly [file: string]: Json } = {
    "binary/audit/LogEntryData-bigqueryjobcompleted.json": "log",
    "binary/audit/LogEntryData-pubsubCreateTopic.json": "log",
    "binary/cloudbuild/BuildEventData-complex.json": "Cloud Build event data without its envelope: no ID and no time",
    "binary/cloudbuild/BuildEventData-simple.json": "Cloud Build event data without its envelope: no ID and no time",
    "binary/firestore/DocumentEventData-complex.json": message("gcf-test", "table", null, "2020-04-23T14:25:05.349632Z", null, null),
    "binary/firestore/DocumentEventData-simple.json": message("gcf-test", "table", null, "2020-04-23T12:00:27.247187Z", null, null),
    "binary/pubsub/MessagePublishedData-complex.json": message(
      "my-subscription",
      "topic",
      "message-id",
      "2021-02-05T04:06:14.109Z",
      null,
      30,
    ),
    "binary/pubsub/MessagePublishedData-simple.json": message(
      "my-subscription",
      "topic",
      "message-id",
      "2021-02-05T04:06:14.109Z",
      null,
      4,
    ),
    "binary/scheduler/SchedulerJobData-simple.json": "Cloud Scheduler event data without its envelope: no ID and no time",
    "binary/storage/StorageObjectData-complex.json": message(
      "sample-bucket",
      "bucket",
      "sample-bucket/MyFile@96883251",
      "2020-05-06T15:14:15.917Z",
      null,
      null,
    ),
    "binary/storage/StorageObjectData-simple.json": message(
      "sample-bucket",
      "bucket",
      "sample-bucket/folder/Test.cs@1587627537231057",
      "2020-04-23T07:38:57.230Z",
      null,
      null,
    ),
    "structured/audit/LogEntryData-bigqueryjobcompleted.json": message(
      "cloudaudit.googleapis.com",
      "bus",
      "projects/test-project/logs/cloudaudit.googleapis.com%2Fdata_access1234567123456789",
      "2021-11-25T21:56:00.653866570Z",
      "google.cloud.audit.log.v1.written",
      null,
    ),
    "structured/pubsub/MessagePublishedData.json": message(
      "my-topic",
      "topic",
      "message-id",
      "2021-02-05T04:06:14.109Z",
      "google.cloud.pubsub.topic.v1.messagePublished",
      30,
    ),
    "structured/storage/StorageObjectDataWorkflows.json": message(
      "sample-bucket",
      "bucket",
      "sample-bucket/MyFile@96883251",
      "2021-11-25T21:04:32.279744Z",
      "google.cloud.storage.object.v1.finalized",
      null,
    ),
  };

  it("are 14, each a message, a line of the audit log, or left out with its reason", () => {
    const found = filesOf(folder).map((file): [string, Json] => {
      const { records, ignored, broken } = read(`${folder}/${file}`);
      expect([records.length + ignored.length, broken], file).toEqual([1, []]);
      const [record] = records;
      if (record?.type !== "message") return [file, record?.type ?? ignored[0]!];
      const { channel, channelKind, messageId, sentAt, eventName, sizeBytes } = record;
      const sent = sentAt === null ? null : Math.round(sentAt * 1000) / 1000;
      return [file, { channel, kind: channelKind, id: messageId, sentAt: sent, name: eventName, size: sizeBytes }];
    });
    const rounded = Object.entries(EXPECTED).map(([file, one]): [string, Json] => {
      if (typeof one !== "object" || one === null || Array.isArray(one)) return [file, one];
      return [file, { ...one, sentAt: Math.round((one["sentAt"] as number) * 1000) / 1000 }];
    });
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(rounded));
  });
});

describe.skipIf(root === null)("events of the functions frameworks and what they convert to", () => {
  const folder = "functions-framework-conformance";
  const files = filesOf(folder);

  it("are 65 files of 16 events", () => {
    expect(files).toHaveLength(65);
    expect(new Set(files.map((file) => file.replace(/-(?:cloudevent|legacy)-.*$/, ""))).size).toBe(16);
  });

  it("say by the background event what upstream's CloudEvent says", () => {
    const inputs = files.filter((file) => file.endsWith("-legacy-input.json"));
    expect(inputs).toHaveLength(16);
    for (const input of inputs) {
      const event = load<{ id: string; type: string; time: string; source: string }>(
        `${folder}/${input.replace("legacy-input", "cloudevent-output")}`,
      );
      const { records, broken } = read(`${folder}/${input}`);
      expect(broken, input).toEqual([]);
      expect(records, input).toMatchObject([
        { type: "message", messageId: event.id, eventName: event.type, sentAt: epochMsOfText(event.time), direction: "received" },
      ]);
      const [, project] = /\/projects\/([^/_][^/]*)\//.exec(event.source) ?? [];
      if (project !== undefined && !event.type.startsWith("google.firebase.database"))
        expect(records[0], input).toMatchObject({ account: project });
    }
  });
});

describe.skipIf(root === null)("OTLP and what Google's exporter makes of it", () => {
  const folder = "otel-operations-fixtures";
  /** Through the archive: one of the inputs holds three documents, one after the other. */
  async function otlp(file: string): Promise<Rec[]> {
    const records: Rec[] = [];
    const result = await readSource(join(root!, folder, file), {
      formats: [...formats, ...neutralFormats],
      keys: idKeys(),
      record: (record) => void records.push(record),
    });
    expect([result.error, result.brokenCount], file).toEqual([null, 0]);
    return records;
  }
  const span = ({ traceId, spanId, parentSpanId, name, kind }: Extract<Rec, { type: "span" }>): string =>
    `${traceId} ${spanId} ${parentSpanId} ${name} ${kind}`;

  it("are 8 files in 4 pairs", () => {
    const names = filesOf(folder).map((file) => file.replace(/(_expected)?\.json$/, ""));
    expect([names.length, new Set(names).size]).toEqual([8, 4]);
  });

  it("the spans of Cloud Trace are those of the input", async () => {
    const theirs = read(`${folder}/traces/traces_basic_expected.json`);
    expect([theirs.broken, theirs.ignored]).toEqual([[], []]);
    const written = only("span", theirs.records).map(span);
    const given = only("span", await otlp("traces/traces_basic.json")).map(span);
    // upstream's own counts: 20 of the batch
    expect(written).toHaveLength(20);
    expect(written.filter((one) => !given.includes(one))).toEqual([]);
  });

  it.each([
    ["logs_apache_access", 17],
    ["logs_multi_project", 34],
    ["logs_span_trace_id", 5],
  ])("the entries of Cloud Logging are those of %s", async (name, count) => {
    interface Entry {
      logName: string;
      textPayload?: string;
      trace?: string;
      spanId?: string;
    }
    const requests = load<{ writeLogEntriesRequests: { entries: Entry[] }[] }>(`${folder}/logs/${name}_expected.json`);
    const entries = requests.writeLogEntriesRequests.flatMap((request) => request.entries);
    const { records, broken } = read(`${folder}/logs/${name}_expected.json`);
    const lines = only("log", records);
    expect([entries.length, lines.length, broken]).toEqual([count, count, []]);
    expect(lines.map(({ account, traceId, spanId }) => [account, traceId, spanId])).toEqual(
      entries.map(({ logName, trace, spanId }) => [logName.split("/")[1], trace?.split("/").at(-1) ?? null, spanId ?? null]),
    );
    const said = entries.flatMap(({ textPayload }) => textPayload ?? []);
    expect(lines.map(({ message }) => message).filter((message) => said.includes(message))).toEqual(said);
    const ids = (all: readonly Rec[]): string[] =>
      only("log", all)
        .map(({ traceId, spanId }) => `${traceId} ${spanId}`)
        .sort();
    expect(ids(await otlp(`logs/${name}.json`))).toEqual(ids(records));
  });
});
