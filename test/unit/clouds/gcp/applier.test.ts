/** The applier of Google Cloud on a scripted service that keeps what is written, as the field mask says. */
import { expect, test } from "vitest";
import { GcpError, UNKNOWN } from "../../../../src/clouds/gcp/api.ts";
import { openApplier } from "../../../../src/clouds/gcp/applier.ts";
import { fingerprintOf, trafficTo } from "../../../../src/clouds/gcp/service-state.ts";
import type { Host } from "../../../../src/model/host.ts";
import { silentHost } from "../../../../src/model/host.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Change, ResourceRef, Settings } from "../../../../src/model/plan.ts";
import type { Json } from "../../../../src/model/records.ts";
import {
  failure,
  gcpContext,
  gcpTarget,
  PROJECT,
  REGION,
  type Scripted,
  type ScriptedGcp,
  scriptedGcp,
} from "../../../support/scripted-gcp.ts";
import { virtualClock } from "../../../support/virtual-clock.ts";

const SERVICE = `projects/${PROJECT}/locations/${REGION}/services/orders`;
const FUNCTION = `projects/${PROJECT}/locations/${REGION}/functions/mail`;

interface World {
  service: JsonObject;
  /** What becomes of the next update. */
  behaves: "well" | "never-ready" | "ignored" | "disturbed" | "lost-answer" | "etag-conflict";
  revisions: { [name: string]: JsonObject };
}

function world(more: JsonObject = {}): World {
  const template = {
    containers: [
      {
        image: "orders@sha256:1",
        env: [{ name: "KEY", value: "secret" }],
        resources: { limits: { memory: "512Mi", cpu: "1000m" }, cpuIdle: true, startupCpuBoost: true },
      },
    ],
    scaling: { maxInstanceCount: 10 },
    timeout: "60s",
    maxInstanceRequestConcurrency: 80,
  };
  const service = {
    name: SERVICE,
    generation: "1",
    observedGeneration: "1",
    etag: '"1"',
    template,
    traffic: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 }],
    latestReadyRevision: `${SERVICE}/revisions/orders-00001-aaa`,
    latestCreatedRevision: `${SERVICE}/revisions/orders-00001-aaa`,
    terminalCondition: { type: "Ready", state: "CONDITION_SUCCEEDED" },
    ...more,
  };
  return {
    service,
    behaves: "well",
    revisions: { "orders-00001-aaa": { ...structuredClone(template), name: `${SERVICE}/revisions/orders-00001-aaa` } },
  };
}

/** Cloud Run's update as its reference says it: etag, mask, validateOnly, a revision per changed template. */
function cloudRun(at: World, more: { [api: string]: Scripted } = {}): ScriptedGcp {
  const update = (request: JsonObject): object => {
    const sent = request["service"] as JsonObject;
    const refuse = (code: "ABORTED" | "UNAVAILABLE"): never => {
      const kind = code === "ABORTED" ? "conflict" : "unreachable";
      throw new GcpError(kind, "run:Services.UpdateService", code, `${code}: told by the script`, null, 1, code === "UNAVAILABLE");
    };
    if (at.behaves === "etag-conflict" || sent["etag"] !== at.service["etag"]) refuse("ABORTED");
    if (request["validateOnly"] === true) return { name: "operations/v", done: true };
    const generation = Number(at.service["generation"]) + 1;
    const next = structuredClone(at.service);
    const mask = String(request["updateMask"]).split(",");
    if (at.behaves !== "ignored") for (const path of mask) copy(path.split("."), sent, next);
    Object.assign(next, { generation: String(generation), observedGeneration: String(generation), etag: `"${generation}"` });
    if (mask.some((path) => path.startsWith("template"))) {
      const revision = `orders-0000${generation}-aaa`;
      next["latestCreatedRevision"] = `${SERVICE}/revisions/${revision}`;
      if (at.behaves === "never-ready") {
        next["terminalCondition"] = { state: "CONDITION_FAILED", message: "the container did not start" };
        at.behaves = "well";
      } else {
        next["latestReadyRevision"] = next["latestCreatedRevision"]!;
        next["terminalCondition"] = { state: "CONDITION_SUCCEEDED" };
        at.revisions[revision] = structuredClone(next["template"] as JsonObject);
      }
    }
    if (at.behaves === "disturbed") (next["template"] as JsonObject)["timeout"] = "120s";
    at.service = next;
    return at.behaves === "lost-answer" ? refuse("UNAVAILABLE") : { name: "operations/u", done: true };
  };
  return scriptedGcp({
    "run:Services.GetService": () => structuredClone(at.service),
    "run:Services.UpdateService": update,
    "run:Revisions.GetRevision": (request) => at.revisions[String(request["name"]).split("/").at(-1)!]!,
    ...more,
  });
}

function copy([first, ...rest]: string[], from: JsonObject, to: JsonObject): void {
  const value = from[first!];
  if (rest.length > 0) copy(rest, (value ?? {}) as JsonObject, (to[first!] ??= {}) as JsonObject);
  else if (value === undefined) delete to[first!];
  else to[first!] = structuredClone(value);
}

const ref = (more: Partial<ResourceRef> = {}): ResourceRef => ({
  cloud: "gcp",
  account: PROJECT,
  region: REGION,
  kind: "run.service",
  resource: SERVICE,
  name: "orders",
  ...more,
});

function change(before: Settings, after: Settings, more: Partial<Change> = {}): Change {
  const lock = { revision: null, fingerprint: "", alias: null, aliasVersion: null, aliasTarget: null };
  return { ...ref(), id: "1", before, after, ...lock, danger: "none", owners: [], expected: null, reasons: [], ...more };
}

const open = (api: ScriptedGcp, host: Host = silentHost): ReturnType<typeof openApplier> =>
  openApplier(api, gcpTarget(), gcpContext({ host }));
const updates = (api: ScriptedGcp): JsonObject[] => api.asked.filter((one) => /[.:]Update/.test(one.api)).map((one) => one.request);
const MEMORY = change({ memoryMib: 512 }, { memoryMib: 768 });

test("memory: judged first, then written under the etag, with nothing but the containers; a new revision takes the traffic", async () => {
  const at = world();
  const api = cloudRun(at);
  const applier = open(api);
  const live = await applier.read(ref());
  expect(live).toMatchObject({
    revision: '"1"',
    busy: null,
    failed: null,
    aliases: [],
    settings: { memoryMib: 512, vcpu: 1, concurrency: 80, maxInstances: 10 },
  });
  const done = await applier.write({ ...MEMORY, revision: live.revision, fingerprint: live.fingerprint }, live.revision);
  expect(done.publishedVersion).toBe("orders-00002-aaa");
  expect(done.live.settings["memoryMib"]).toBe(768);
  const body = {
    name: SERVICE,
    etag: '"1"',
    template: {
      containers: [
        // all of the container goes back as it was read: a list is written as a whole
        {
          image: "orders@sha256:1",
          env: [{ name: "KEY", value: "secret" }],
          resources: { limits: { memory: "768Mi", cpu: "1000m" }, cpuIdle: true, startupCpuBoost: true },
        },
      ],
    },
  };
  expect(updates(api)).toEqual([
    { service: body, updateMask: "template.containers", validateOnly: true },
    { service: body, updateMask: "template.containers" },
  ]);
  // undo: the same state again, by the hash that a plan keeps
  await applier.write(change({ memoryMib: 768 }, { memoryMib: 512 }), null);
  expect((await applier.read(ref())).fingerprint).toBe(live.fingerprint);
});

test("several settings at once; a count stays where it is set; a named revision loses its name", async () => {
  const at = world({ scaling: { minInstanceCount: 1 } });
  (at.service["template"] as JsonObject)["revision"] = "orders-named";
  const api = cloudRun(at);
  const before = { vcpu: 1, concurrency: 80, minInstances: 1, maxInstances: 10 };
  await open(api).write(change(before, { vcpu: 2, concurrency: 20, minInstances: 2, maxInstances: 5 }), null);
  expect(updates(api)[1]).toMatchObject({
    updateMask:
      "scaling.minInstanceCount,template.containers,template.maxInstanceRequestConcurrency,template.revision,template.scaling.maxInstanceCount",
    service: { scaling: { minInstanceCount: 2 }, template: { scaling: { maxInstanceCount: 5 }, maxInstanceRequestConcurrency: 20 } },
  });
  expect(at.service["template"]).not.toHaveProperty("revision");
});

test("what was not set becomes unset again", async () => {
  const at = world();
  const applier = open(cloudRun(at));
  await applier.write(change({ minInstances: null }, { minInstances: 3 }), null);
  expect((at.service["template"] as JsonObject)["scaling"]).toEqual({ maxInstanceCount: 10, minInstanceCount: 3 });
  await applier.write(change({ minInstances: 3 }, { minInstances: null }), null);
  expect((at.service["template"] as JsonObject)["scaling"]).toEqual({ maxInstanceCount: 10 });
});

test("a revision that does not start: the old one keeps the traffic, and the template is set back", async () => {
  const at = world();
  at.behaves = "never-ready";
  const failed = open(cloudRun(at)).write(MEMORY, null);
  await expect(failed).rejects.toMatchObject({
    exitCode: 5,
    message: expect.stringMatching(/the container did not start; orders-00001-aaa still takes the traffic, and the service is set back/),
  });
  expect(JSON.stringify(at.service["template"])).toContain("512Mi");
});

test.each([
  ["ignored", /accepted the change of memoryMib and did not make it/],
  ["disturbed", /template\.timeout changed while memoryMib was written/],
  ["etag-conflict", /ABORTED/],
] as const)("%s is said and exits with 5", async (behaves, message) => {
  const at = world();
  at.behaves = behaves;
  await expect(open(cloudRun(at)).write(MEMORY, null)).rejects.toMatchObject({ exitCode: 5, message: expect.stringMatching(message) });
});

test("an answer that was lost: the service itself says that the change was made", async () => {
  const at = world();
  at.behaves = "lost-answer";
  expect((await open(cloudRun(at)).write(MEMORY, null)).live.settings["memoryMib"]).toBe(768);
});

test.each<[string, Partial<Change>, JsonObject, RegExp]>([
  ["another value", { before: { memoryMib: 256 } }, {}, /memoryMib is 512, the plan saw 256/],
  ["another etag", { revision: '"0"' }, {}, /revision "1", expected "0"/],
  ["another configuration", { fingerprint: "00" }, {}, /its configuration is another/],
  ["less than one CPU with concurrency", { before: { vcpu: 1 }, after: { vcpu: 0.5 } }, {}, /less than 1 vCPU needs concurrency 1/],
  ["more memory than the CPU takes", { after: { memoryMib: 8192 } }, {}, /memory with 1 vCPU is 128 to 4096 MiB/],
  ["a setting of another cloud", { before: { ephemeralMib: 1 }, after: { ephemeralMib: 2 } }, {}, /cannot write the setting ephemeralMib/],
  ["the service of a function", {}, { labels: { "goog-managed-by": "cloudfunctions" } }, /is the service of function orders/],
])("%s is refused before anything is written", async (_, more, found, message) => {
  const api = cloudRun(world(found));
  const wanted = { ...MEMORY, ...more };
  await expect(open(api).write(wanted, wanted.revision)).rejects.toThrow(message);
  expect(updates(api)).toEqual([]);
});

test("a service with a sidecar: concurrency may be written, memory may not", async () => {
  const at = world();
  const template = at.service["template"] as { containers: Json[] };
  template.containers.push({ image: "proxy", resources: { limits: { memory: "256Mi", cpu: "1" } } });
  const applier = open(cloudRun(at));
  await expect(applier.write(change({ memoryMib: 768 }, { memoryMib: 1024 }), null)).rejects.toThrow(/2 containers/);
  await applier.write(change({ concurrency: 80 }, { concurrency: 40 }), null);
  expect(template.containers).toHaveLength(2);
});

const PINNED: JsonObject = {
  traffic: [
    { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "orders-00001-aaa", percent: 100 },
    { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "orders-00000-old", tag: "old" },
  ],
};
const MOVE = { alias: "traffic", aliasVersion: "orders-00001-aaa" };

test("traffic that is pinned is moved to the new revision, and back; tags stay", async () => {
  const at = world(PINNED);
  const applier = open(cloudRun(at));
  expect((await applier.read(ref())).aliases).toEqual([{ name: "traffic", version: "orders-00001-aaa" }]);
  const done = await applier.write({ ...MEMORY, ...MOVE }, null);
  expect([done.publishedVersion, done.live.aliases]).toEqual(["orders-00002-aaa", [{ name: "traffic", version: "orders-00002-aaa" }]]);
  expect(at.service["traffic"]).toEqual([
    { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "orders-00002-aaa", percent: 100 },
    { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "orders-00000-old", tag: "old" },
  ]);
  expect((await applier.moveAlias(ref(), "traffic", "orders-00001-aaa")).aliases).toEqual([
    { name: "traffic", version: "orders-00001-aaa" },
  ]);
});

test("without the alias the new revision takes no traffic, which is said", async () => {
  const said: string[] = [];
  await open(cloudRun(world(PINNED)), { ...silentHost, warn: (message) => void said.push(message) }).write(MEMORY, null);
  expect(said).toEqual([
    "the traffic of orders is pinned to orders-00001-aaa: the new revision orders-00002-aaa takes none until it is moved",
  ]);
});

test("a run that was cut off between template and traffic goes on with the traffic", async () => {
  const at = world(PINNED);
  const applier = open(cloudRun(at));
  const { fingerprint } = await applier.read(ref());
  await applier.write(MEMORY, null);
  const done = await applier.write({ ...MEMORY, ...MOVE, fingerprint }, null);
  expect(done.live.aliases).toEqual([{ name: "traffic", version: "orders-00002-aaa" }]);
  expect(at.service["generation"]).toBe("3");
});

test.each<[string, JsonObject, Partial<Change>, RegExp]>([
  [
    "split traffic",
    {
      traffic: [
        { revision: "orders-00001-aaa", percent: 90 },
        { revision: "orders-00000-old", percent: 10 },
      ],
    },
    MOVE,
    /split \(90 % to orders-00001-aaa, 10 % to orders-00000-old\)/,
  ],
  ["traffic elsewhere", PINNED, { ...MOVE, aliasVersion: "orders-00000-old" }, /goes to orders-00001-aaa, the plan saw orders-00000-old/],
  ["traffic that follows the latest", {}, MOVE, /nothing has to be moved/],
  ["an alias of another name", PINNED, { alias: "live" }, /has no alias live/],
])("%s is refused before anything is written", async (_, found, more, message) => {
  const api = cloudRun(world(found));
  await expect(open(api).write({ ...MEMORY, ...more }, null)).rejects.toThrow(message);
  expect(updates(api)).toEqual([]);
});

test("a newer revision that takes no traffic would be released too: refused", async () => {
  const at = world({
    ...PINNED,
    latestReadyRevision: `${SERVICE}/revisions/orders-00009-new`,
    latestCreatedRevision: `${SERVICE}/revisions/orders-00009-new`,
  });
  at.revisions["orders-00001-aaa"]!["containers"] = [{ image: "orders@sha256:0" }];
  await expect(open(cloudRun(at)).write({ ...MEMORY, ...MOVE }, null)).rejects.toThrow(/would release that too/);
});

function functions(api: "functions" | "functions1", found: JsonObject, told: string[]): ScriptedGcp {
  return scriptedGcp({
    [`${api}:GetFunction`]: () => structuredClone(found),
    [`${api}:UpdateFunction`]: (request: JsonObject) => {
      told.push(String(request["updateMask"]));
      for (const path of String(request["updateMask"]).split(",")) copy(path.split("."), request["function"] as JsonObject, found);
      return { name: "operations/1" };
    },
    [`${api}:Operations.GetOperation`]: () => ({ name: "operations/1", done: true }),
  });
}

test("2nd gen function: through its own API with the changed fields alone; the build is announced", async () => {
  const found = {
    name: FUNCTION,
    environment: "GEN_2",
    state: "ACTIVE",
    updateTime: "2026-11-01T00:00:00Z",
    buildConfig: { runtime: "nodejs22" },
    serviceConfig: { service: SERVICE.replace("orders", "mail"), availableMemory: "256M", availableCpu: "1", timeoutSeconds: 60 },
  };
  const [masks, notes]: string[][] = [[], []];
  const applier = open(functions("functions", found, masks!), { ...silentHost, note: (message) => void notes!.push(message) });
  const mail = { kind: "cloudfunctions.v2", resource: FUNCTION, name: "mail" };
  // 256 MB are 256,000,000 bytes, of 1,048,576 each
  await applier.write({ ...change({ memoryMib: 244.140625, timeoutS: 60 }, { memoryMib: 512, timeoutS: 90 }), ...mail }, null);
  expect(masks).toEqual(["serviceConfig.availableMemory,serviceConfig.timeoutSeconds"]);
  expect(found.serviceConfig).toMatchObject({ availableMemory: "512Mi", timeoutSeconds: 90, availableCpu: "1" });
  expect(notes).toEqual(["mail: Cloud Functions builds the image anew for this; it takes minutes"]);
  await applier.write({ ...change({ memoryMib: 512 }, { memoryMib: 244.140625 }), ...mail }, null);
  expect(found.serviceConfig.availableMemory).toBe("256M");
});

test("1st gen function: memory by its tiers", async () => {
  const found = { name: FUNCTION, status: "ACTIVE", versionId: "4", availableMemoryMb: 256, timeout: "60s" };
  const masks: string[] = [];
  const applier = open(functions("functions1", found, masks));
  const mail = { kind: "cloudfunctions.gen1", resource: FUNCTION, name: "mail" };
  await applier.write({ ...change({ memoryMib: 256, timeoutS: 60 }, { memoryMib: 512, timeoutS: 120 }), ...mail }, "4");
  expect([found.availableMemoryMb, found.timeout, masks]).toEqual([512, "120s", ["availableMemoryMb,timeout"]]);
  await expect(applier.write({ ...change({ memoryMib: 512 }, { memoryMib: 768 }), ...mail }, null)).rejects.toThrow(
    /128, 256, 512, 1024, 2048, 4096, 8192/,
  );
});

test("an update of a function that fails says the build's reason", async () => {
  const found = { name: FUNCTION, state: "ACTIVE", environment: "GEN_2", serviceConfig: { availableMemory: "256Mi" } };
  const api = functions("functions", found, []);
  const failing = scriptedGcp({
    "functions:GetFunction": () => structuredClone(found),
    "functions:UpdateFunction": { name: "operations/1", done: true, error: { code: 3, message: "Build failed: npm ci" } },
  });
  expect(api.project).toBe(PROJECT);
  const wanted = { ...change({ memoryMib: 256 }, { memoryMib: 512 }), kind: "cloudfunctions.v2", resource: FUNCTION };
  await expect(open(failing).write(wanted, null)).rejects.toMatchObject({
    exitCode: 5,
    message: expect.stringContaining("Build failed: npm ci"),
  });
});

test("a permission that is missing is named; another project's and another kind's resources are refused", async () => {
  const api = cloudRun(world(), { "run:Services.GetService": failure("run:Services.GetService", "denied", "PERMISSION_DENIED") });
  await expect(open(api).read(ref())).rejects.toMatchObject({ exitCode: 3, suggestions: [expect.stringContaining("run.services.get")] });
  await expect(open(api).read(ref({ kind: "lambda.function" }))).rejects.toThrow(/cannot write a lambda.function/);
  const other = ref({ account: "other", resource: SERVICE.replace(PROJECT, "other") });
  await expect(open(api).read(other)).rejects.toThrow(/belongs to project other/);
  await expect(open(api).read(ref({ region: "us-east1" }))).rejects.toMatchObject({ exitCode: 5 });
});

test.each<[string, JsonObject, string[]]>([
  ["Terraform's label", { labels: { "goog-terraform-provisioned": "true" } }, ["Terraform (label goog-terraform-provisioned=true)"]],
  ["Config Connector", { labels: { "managed-by-cnrm": "true" } }, ["Config Connector (label managed-by-cnrm=true)"]],
  ["the client that deployed last", { client: "terraform" }, ["Terraform (last deployed by client terraform)"]],
  ["a function", { labels: { "goog-managed-by": "cloudfunctions" } }, ["Cloud Functions: function orders, which is deployed over it"]],
  ["a hand", { client: "cloud-console", labels: { team: "shop" } }, []],
])("owner: %s", async (_, found, owners) => {
  expect(await open(cloudRun(world(found))).owners(ref())).toEqual(owners);
});

test("values of environment variables are no part of the fingerprint", async () => {
  const [one, two] = [world(), world()];
  (two.service["template"] as { containers: { env: JsonObject[] }[] }).containers[0]!.env[0]!["value"] = "rotated";
  const [a, b] = [await open(cloudRun(one)).read(ref()), await open(cloudRun(two)).read(ref())];
  expect(a.fingerprint).toBe(b.fingerprint);
});

/** What Google's descriptions call "output only", but for what names the resource, where it runs, and its end. */
const OUTPUT_ONLY: { [name: string]: Json } = {
  generation: "9",
  updateTime: "2026-11-23T01:00:00Z",
  lastModifier: "robot@shop",
  urls: ["https://orders-1.example"],
  observedGeneration: "9",
  terminalCondition: { type: "Ready", state: "CONDITION_RECONCILING" },
  conditions: [{ type: "RoutesReady", lastTransitionTime: "2026-11-23T01:00:00Z" }],
  latestReadyRevision: `${SERVICE}/revisions/orders-00009-aaa`,
  latestCreatedRevision: `${SERVICE}/revisions/orders-00009-aaa`,
  trafficStatuses: [{ percent: 100 }],
  satisfiesPzs: true,
  threatDetectionEnabled: true,
  reconciling: true,
  etag: '"9"',
  // of functions, whose image each deployment builds anew
  state: "DEPLOYING",
  stateMessages: [{ message: "warm" }],
  buildConfig: {
    build: "projects/1/builds/2",
    sourceProvenance: { resolvedStorageSource: { generation: "17" } },
    onDeployUpdatePolicy: { runtimeVersion: "nodejs22_20261101" },
  },
  onDeployUpdatePolicy: { runtimeVersion: "nodejs22_20261101" },
  versionId: "9",
  buildId: "b",
  buildName: "n",
  status: "ACTIVE",
  sourceRepository: { deployedUrl: "https://source.example/9" },
};

test.each(Object.keys(OUTPUT_ONLY))("the fingerprint stays while %s goes on by itself", (name) => {
  const { service } = world();
  expect(fingerprintOf({ ...service, [name]: OUTPUT_ONLY[name]! })).toBe(fingerprintOf(service));
});

test("an operation that never ends: said after the longest deployment, and not written again", async () => {
  const at = world();
  const api = cloudRun(at, {
    "run:Operations.GetOperation": { name: "operations/u" },
    "run:Services.UpdateService": { name: "operations/u" },
  });
  const clock = virtualClock();
  const from = clock.now();
  await expect(openApplier(api, gcpTarget(), gcpContext({ clock })).write(MEMORY, null)).rejects.toThrow(
    /still being deployed after 600 s/,
  );
  expect(clock.now() - from).toBeLessThanOrEqual(600_000);
  expect(updates(api)).toHaveLength(2);
});

test("fields of a container that the SDK does not know are not written away", async () => {
  const at = world({ [UNKNOWN]: ["template.containers.4242", "template.21"] });
  const api = cloudRun(at);
  await expect(open(api).write(MEMORY, null)).rejects.toThrow(/template\.containers\.4242\): writing memoryMib would delete them/);
  expect(updates(api)).toEqual([]);
  await open(api).write(change({ concurrency: 80 }, { concurrency: 40 }), null);
  expect(updates(api)).toHaveLength(2);
});

test("traffic: each tag stays on its revision, also two of one", () => {
  const type = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
  const traffic: Json[] = [
    { type, revision: "r1", percent: 100, tag: "stable" },
    { type, revision: "r2", percent: 0 },
    { type, revision: "r2", tag: "green" },
    { type, revision: "r2", tag: "blue" },
  ];
  expect(trafficTo({ traffic }, "r2")).toEqual([
    { type, revision: "r2", percent: 100, tag: "green" },
    { type, revision: "r1", tag: "stable" },
    { type, revision: "r2", tag: "blue" },
  ]);
});
