import { describe, expect, it } from "vitest";
import { memoryMibOf, secondsOf, vcpuOf } from "../../../../src/clouds/gcp/configs/quantities.ts";
import { gcp } from "../../../../src/clouds/gcp/index.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Json } from "../../../../src/model/records.ts";
import { only, readWith } from "../../../support/read-format.ts";

const service = (annotations: { [key: string]: string }): Json => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: {
    name: "hello",
    namespace: "shop",
    resourceVersion: "AAX4",
    labels: { "cloud.googleapis.com/location": "us-central1" },
    creationTimestamp: "2023-03-31T10:53:45Z",
  },
  spec: {
    template: {
      metadata: { annotations },
      spec: {
        containerConcurrency: 80,
        timeoutSeconds: 300,
        containers: [
          { image: "x", env: [{ name: "KEY", value: "s3cr3t" }], resources: { limits: { cpu: "1000m", memory: "512Mi" } } },
          { resources: { limits: { cpu: "500m", memory: "256Mi" } } },
        ],
      },
    },
  },
  status: { conditions: [{ lastTransitionTime: "2023-03-31T10:54:51.5Z" }, { lastTransitionTime: "2023-03-31T10:54:50Z" }] },
});

const v2 = (resources: Json): Json => ({
  name: "projects/shop/locations/us-central1/services/hello",
  etag: '"e"',
  template: { containers: [{ resources }], timeout: "300s", maxInstanceRequestConcurrency: 80, scaling: { maxInstanceCount: 3 } },
});

const configs = (...documents: Json[]) => only(readWith(gcp.formats, documents).records, "config");

describe("amounts", () => {
  // Kubernetes quantities: Mi and Gi are binary, M and G decimal (256e6 / 1,048,576 = 244.140625)
  it.each<[Json, number | null]>([
    ["512Mi", 512],
    ["1Gi", 1024],
    ["256M", 244.140625],
    ["2G", 1907.3486328125],
    ["134217728", 128],
    [134217728, 128],
    ["", null],
    ["lots", null],
    ["12Zi", null],
  ])("memory %j", (text, mib) => expect(memoryMibOf(text)).toBe(mib));

  it.each<[Json, number | null]>([
    ["1000m", 1],
    ["0.1666", 0.1666],
    ["2", 2],
    ["", null],
    ["1x", null],
  ])("CPU %j", (text, vcpu) => expect(vcpuOf(text)).toBe(vcpu));

  it.each<[Json, number | null]>([
    ["60s", 60],
    ["600", 600],
    [300, 300],
    ["x", null],
  ])("seconds %j", (text, seconds) => expect(secondsOf(text)).toBe(seconds));
});

describe("functions", () => {
  const gen1 = {
    name: "projects/shop/locations/us-central1/functions/audit",
    eventTrigger: { eventType: "google.pubsub.topic.publish", resource: "projects/shop/topics/sent", failurePolicy: { retry: {} } },
    status: "ACTIVE",
    timeout: "60s",
    availableMemoryMb: 256,
    updateTime: "2021-03-29T13:59:52.634Z",
    versionId: "8",
    labels: { "goog-terraform-provisioned": "true" },
    runtime: "python310",
    environmentVariables: { PASSWORD: "hunter2" },
    sourceUploadUrl: "https://storage.googleapis.com/x?Signature=abc",
  };

  it("1st gen: memory, timeout and trigger; no secrets", () => {
    const found = configs({ functions: [gen1] });
    expect(found).toEqual([
      expect.objectContaining({
        kind: "function",
        account: "shop",
        region: "us-central1",
        name: "audit",
        revision: "8",
        observedAt: Date.UTC(2021, 2, 29, 13, 59, 52, 634),
        settings: {
          generation: 1,
          plan: "gen1",
          runtime: "python310",
          memoryMib: 256,
          timeoutS: 60,
          concurrency: 1,
          state: "ACTIVE",
          managedBy: "terraform",
        },
      }),
      expect.objectContaining({
        kind: "trigger",
        from: "projects/shop/topics/sent",
        to: "audit",
        settings: { eventType: "google.pubsub.topic.publish", retry: true },
      }),
    ]);
    expect(JSON.stringify(found)).not.toMatch(/hunter2|Signature/);
  });

  it("2nd gen: named after the service that its logs name", () => {
    const gen2 = {
      name: "projects/shop/locations/europe-west1/functions/Mailer_Fn",
      environment: "GEN_2",
      buildConfig: { runtime: "nodejs22", entryPoint: "handle" },
      serviceConfig: {
        service: "projects/shop/locations/europe-west1/services/mailer-fn",
        revision: "mailer-fn-00007-wep",
        availableMemory: "512Mi",
        availableCpu: "1",
        timeoutSeconds: 120,
        maxInstanceCount: 40,
        maxInstanceRequestConcurrency: 8,
        environmentVariables: { TOKEN: "t0ken" },
      },
      eventTrigger: {
        trigger: "projects/shop/locations/europe-west1/triggers/mailer-1",
        eventType: "google.cloud.pubsub.topic.v1.messagePublished",
        pubsubTopic: "projects/shop/topics/mail",
        eventFilters: [{ attribute: "type", value: "x" }],
        retryPolicy: "RETRY_POLICY_RETRY",
      },
      state: "ACTIVE",
    };
    const [fn, trigger] = configs(gen2);
    expect(fn).toMatchObject({
      name: "mailer-fn",
      revision: "mailer-fn-00007-wep",
      settings: {
        generation: 2,
        plan: "run-request",
        memoryMib: 512,
        vcpu: 1,
        timeoutS: 120,
        concurrency: 8,
        maxInstances: 40,
        functionName: "Mailer_Fn",
        runtime: "nodejs22",
      },
    });
    expect(trigger).toMatchObject({
      name: "mailer-1",
      from: "projects/shop/topics/mail",
      to: "mailer-fn",
      settings: { retry: "RETRY_POLICY_RETRY", filters: [{ attribute: "type", value: "x" }] },
    });
    expect(JSON.stringify([fn, trigger])).not.toContain("t0ken");
  });

  it("1st gen through the v2 API: the tier is in MiB", () => {
    const [fn] = configs({ name: gen1.name, environment: "GEN_1", serviceConfig: { availableMemory: "256M", timeoutSeconds: 60 } });
    expect(fn!.settings).toMatchObject({ generation: 1, plan: "gen1", memoryMib: 256, concurrency: 1 });
  });
});

describe("Cloud Run", () => {
  it("v1: the instance is the sum of its containers; request-based unless CPU throttling is off", () => {
    const [config] = configs({
      apiVersion: "serving.knative.dev/v1",
      kind: "ServiceList",
      items: [service({ "autoscaling.knative.dev/maxScale": "5" })],
    });
    expect(config).toMatchObject({
      kind: "function",
      account: "shop",
      region: "us-central1",
      name: "hello",
      revision: "AAX4",
      observedAt: Date.UTC(2023, 2, 31, 10, 54, 51, 500),
    });
    expect(config!.settings).toEqual({
      generation: 2,
      plan: "run-request",
      memoryMib: 768,
      vcpu: 1.5,
      timeoutS: 300,
      concurrency: 80,
      maxInstances: 5,
      containers: 2,
    });
    expect(configs([service({ "run.googleapis.com/cpu-throttling": "false" })])[0]!.settings["plan"]).toBe("run-instance");
    expect(JSON.stringify(config)).not.toContain("s3cr3t");
  });

  it("v1: a revision is a revision of its service; a namespace that is a number is no project ID", () => {
    const revision = {
      apiVersion: "serving.knative.dev/v1",
      kind: "Revision",
      metadata: { name: "hello-00001-nvq", namespace: "443732426401", labels: { "serving.knative.dev/service": "hello" } },
      spec: { containers: [{ resources: { limits: { cpu: "1", memory: "1Gi" } } }] },
    };
    expect(configs(revision)[0]).toMatchObject({
      name: "hello",
      revision: "hello-00001-nvq",
      account: null,
      settings: { memoryMib: 1024, vcpu: 1, projectNumber: "443732426401" },
    });
  });

  it("v1: one container without limits makes the sum unknown", () => {
    const bare = {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { name: "x", namespace: "shop" },
      spec: { template: { spec: { containers: [{}] } } },
    };
    expect(configs(bare)[0]!.settings).toEqual({ generation: 2, plan: "run-request" });
  });

  const bare = v2({}) as JsonObject;
  const IMAGE = `europe-docker.pkg.dev/shop/x/hello@sha256:${"0a".repeat(32)}`;

  it("instances that are kept: with the revision, with the service, or all by hand", () => {
    const kept = (template: JsonObject, whole: JsonObject): Json =>
      configs({ ...bare, template: { ...(bare["template"] as JsonObject), scaling: template }, scaling: whole })[0]!.settings[
        "minInstances"
      ] ?? null;
    expect(kept({ minInstanceCount: 0 }, { minInstanceCount: 2 })).toBe(2);
    expect(kept({ minInstanceCount: 3 }, {})).toBe(3);
    expect(kept({}, { scalingMode: "MANUAL", manualInstanceCount: 4 })).toBe(4);
    const v1 = (whole: JsonObject): Json => {
      const item = service({}) as { metadata: JsonObject };
      return configs({ ...item, metadata: { ...item.metadata, annotations: whole } })[0]!.settings["minInstances"] ?? null;
    };
    expect(v1({ "run.googleapis.com/minScale": "2" })).toBe(2);
    expect(v1({ "run.googleapis.com/scalingMode": "manual", "run.googleapis.com/manualInstanceCount": "3" })).toBe(3);
  });

  it("the image tells the code of the revision that was made of it, but not where Cloud Functions builds it", () => {
    const containers = [{ image: IMAGE, resources: { limits: { cpu: "1", memory: "1Gi" }, cpuIdle: true } }];
    const one = (over: JsonObject): JsonObject =>
      configs({
        ...bare,
        template: { containers, executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2" },
        latestReadyRevision: "projects/shop/locations/us-central1/services/hello/revisions/hello-00001-abc",
        latestCreatedRevision: "projects/shop/locations/us-central1/services/hello/revisions/hello-00002-abc",
        ...over,
      })[0]!.settings;
    expect(one({})).toMatchObject({ latestRevision: "hello-00002-abc", codeSha256: "0a".repeat(32), environment: 2 });
    expect(one({ labels: { "goog-managed-by": "cloudfunctions" } })).not.toHaveProperty("codeSha256");
    const revision = { name: "projects/shop/locations/us-central1/services/hello/revisions/hello-00001-abc", containers };
    expect(configs(revision)[0]!.settings).toMatchObject({ version: "hello-00001-abc", codeSha256: "0a".repeat(32) });
  });

  it("v2: cpuIdle left out means instance-based", () => {
    expect(configs({ services: [v2({ limits: { cpu: "2", memory: "1Gi" }, cpuIdle: true })] })[0]).toMatchObject({
      name: "hello",
      revision: '"e"',
      settings: { plan: "run-request", memoryMib: 1024, vcpu: 2, timeoutS: 300, concurrency: 80, maxInstances: 3 },
    });
    expect(configs(v2({ limits: { cpu: "2", memory: "1Gi" } }))[0]!.settings["plan"]).toBe("run-instance");
  });

  it("jobs", () => {
    const job = {
      apiVersion: "run.googleapis.com/v1",
      kind: "Job",
      metadata: { name: "job", namespace: "shop" },
      spec: {
        template: {
          spec: {
            taskCount: 3,
            template: {
              spec: { containers: [{ resources: { limits: { cpu: "1000m", memory: "512Mi" } } }], maxRetries: 2, timeoutSeconds: "600" },
            },
          },
        },
      },
    };
    expect(configs(job)[0]!.settings).toEqual({
      generation: 2,
      plan: "run-job",
      memoryMib: 512,
      vcpu: 1,
      timeoutS: 600,
      taskCount: 3,
      maxRetries: 2,
    });
  });
});

describe("wiring", () => {
  it("a subscription: from its topic to its endpoint without the query, with its filter and dead letters", () => {
    const subscription = {
      name: "projects/shop/subscriptions/s",
      topic: "projects/shop/topics/t",
      pushConfig: { pushEndpoint: "https://x.run.app/push?token=s3cr3t" },
      ackDeadlineSeconds: 10,
      messageRetentionDuration: "604800s",
      filter: 'attributes.kind = "order"',
      deadLetterPolicy: { deadLetterTopic: "projects/shop/topics/dead", maxDeliveryAttempts: 5 },
      retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
      expirationPolicy: { ttl: "2678400s" },
    };
    expect(configs({ subscriptions: [subscription] })).toEqual([
      expect.objectContaining({
        kind: "trigger",
        account: "shop",
        name: "s",
        from: "projects/shop/topics/t",
        to: "https://x.run.app/push",
        settings: {
          delivery: "push",
          filter: 'attributes.kind = "order"',
          ackDeadlineS: 10,
          retentionS: 604_800,
          expirationS: 2_678_400,
          deadLetterTopic: "projects/shop/topics/dead",
          maxDeliveryAttempts: 5,
          minBackoffS: 10,
          maxBackoffS: 600,
        },
      }),
    ]);
  });

  it.each<[string, Json, object]>([
    [
      "topic",
      { topics: [{ name: "projects/shop/topics/t", labels: { "goog-terraform-provisioned": "true" } }] },
      { kind: "topic", name: "t", settings: { managedBy: "terraform" } },
    ],
    [
      "Eventarc trigger",
      {
        name: "projects/shop/locations/us-central1/triggers/tr",
        etag: "e",
        eventFilters: [
          { attribute: "type", value: "google.cloud.storage.object.v1.finalized" },
          { attribute: "bucket", value: "inbox" },
        ],
        destination: { cloudRun: { service: "mailer", region: "us-central1" } },
        transport: { pubsub: { topic: "projects/shop/topics/ea" } },
      },
      { kind: "trigger", name: "tr", revision: "e", from: "projects/shop/topics/ea", to: "mailer", region: "us-central1" },
    ],
    [
      "schedule",
      {
        jobs: [
          {
            name: "projects/shop/locations/us-central1/jobs/j",
            httpTarget: { uri: "https://x/y?key=1" },
            schedule: "every 2 hours",
            timeZone: "UTC",
            state: "ENABLED",
            userUpdateTime: "2018-12-26T15:04:21Z",
          },
        ],
      },
      {
        kind: "trigger",
        name: "j",
        from: "every 2 hours",
        to: "https://x/y",
        settings: { schedule: "every 2 hours", timeZone: "UTC", state: "ENABLED" },
      },
    ],
    [
      "sink",
      {
        sinks: [
          {
            name: "audit",
            destination: "pubsub.googleapis.com/projects/shop/topics/logs",
            filter: 'severity>="ERROR"',
            writerIdentity: "serviceAccount:x",
          },
        ],
      },
      {
        kind: "rule",
        name: "audit",
        to: "pubsub.googleapis.com/projects/shop/topics/logs",
        settings: { filter: 'severity>="ERROR"', exclusions: [] },
      },
    ],
    [
      "Firestore TTL",
      { name: "projects/shop/databases/(default)/collectionGroups/events/fields/expireAt", ttlConfig: { state: "ACTIVE" } },
      { kind: "table", name: "events", settings: { ttlField: "expireAt", ttlState: "ACTIVE" } },
    ],
  ])("%s", (_name, document, expected) => expect(configs(document)[0]).toMatchObject(expected));
});
