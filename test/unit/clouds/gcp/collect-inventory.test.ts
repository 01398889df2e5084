/** What is read live of one project, from scripted answers in the form of Google's REST references. */
import { expect, test } from "vitest";
import type { Api } from "../../../../src/clouds/gcp/api.ts";
import { inventory } from "../../../../src/clouds/gcp/collect-inventory.ts";
import type { Target } from "../../../../src/clouds/room.ts";
import {
  collected,
  denied,
  failure,
  gcpContext,
  gcpTarget,
  NOW,
  PROJECT,
  type Scripted,
  scriptedGcp,
  typed,
} from "../../../support/scripted-gcp.ts";

const at = (region: string): string => `projects/${PROJECT}/locations/${region}`;
const service = (region: string, name: string, labels: object = {}): object => ({
  name: `${at(region)}/services/${name}`,
  labels,
  etag: '"1"',
  template: {
    containers: [{ resources: { limits: { memory: "512Mi", cpu: "1" }, cpuIdle: true } }],
    scaling: { maxInstanceCount: 10 },
  },
  scaling: { minInstanceCount: 2 },
});

function script(more: { [api in Api]?: Scripted } = {}): { [api in Api]?: Scripted } {
  return {
    "run:Locations.ListLocations": { locations: [{ locationId: "europe-west1" }, { name: `${at("us-east1")}`, locationId: "us-east1" }] },
    "run:Services.ListServices": ({ parent }) =>
      parent === at("us-east1")
        ? { services: [service("us-east1", "mail", { "goog-managed-by": "cloudfunctions" })] }
        : [
            { services: [service("europe-west1", "orders", { team: "shop" })] },
            { services: [service("europe-west1", "stock")], unreachable: ["x"] },
          ],
    "functions:ListFunctions": {
      functions: [
        {
          name: `${at("us-east1")}/functions/Mail`,
          environment: "GEN_2",
          labels: { team: "shop" },
          serviceConfig: { service: `${at("us-east1")}/services/mail`, availableMemory: "256Mi", availableCpu: "0.1666" },
        },
        { name: `${at("us-east1")}/functions/old`, environment: "GEN_1", serviceConfig: { availableMemory: "256M" } },
      ],
    },
    "functions1:ListFunctions": {
      functions: [{ name: `${at("us-east1")}/functions/old`, availableMemoryMb: 256, timeout: "60s", versionId: "4" }],
    },
    "pubsub:ListTopics": { topics: [{ name: `projects/${PROJECT}/topics/orders` }] },
    "pubsub:ListSubscriptions": {
      subscriptions: [{ name: `projects/${PROJECT}/subscriptions/s`, topic: `projects/${PROJECT}/topics/orders`, ackDeadlineSeconds: 10 }],
    },
    "eventarc:triggers.list": {
      triggers: [
        {
          name: `${at("us-east1")}/triggers/t`,
          eventFilters: [{ attribute: "type", value: "x" }],
          destination: { cloudRun: { service: "mail" } },
        },
      ],
    },
    "firestore:databases.list": {
      databases: [
        { name: `projects/${PROJECT}/databases/(default)`, type: "FIRESTORE_NATIVE", locationId: "nam5" },
        { name: `projects/${PROJECT}/databases/legacy`, type: "DATASTORE_MODE" },
      ],
    },
    "firestore:fields.list": {
      fields: [{ name: `projects/${PROJECT}/databases/(default)/collectionGroups/mails/fields/expireAt`, ttlConfig: { state: "ACTIVE" } }],
    },
    "logging:ListBuckets": {
      buckets: [{ name: `projects/${PROJECT}/locations/global/buckets/_Default`, retentionDays: 30, lifecycleState: "ACTIVE" }],
    },
    ...more,
  };
}

async function read(
  more: { [api in Api]?: Scripted } = {},
  target: Partial<Target> = {},
): Promise<{ found: string[]; gaps: string[]; asked: string[] }> {
  const api = scriptedGcp(script(more));
  const records = await collected(inventory(api, gcpTarget(target), gcpContext()));
  return {
    found: typed(records, "config")
      .map(({ kind, name }) => `${kind} ${name}`)
      .sort(),
    gaps: typed(records, "gap")
      .map(({ what, why }) => `${what}: ${why}`)
      .sort(),
    asked: api.asked.map(({ api: name, request }) => `${name} ${JSON.stringify(request)}`),
  };
}

test("everything once: a function is told from its service, 1st gen by the API that knows it", async () => {
  const { found, gaps } = await read();
  expect(found).toEqual([
    "function mail",
    "function old",
    "function orders",
    "function stock",
    "log-group _Default",
    "table (default)",
    "table legacy",
    "table mails",
    "topic orders",
    "trigger s",
    "trigger t",
  ]);
  expect(gaps).toEqual(["Cloud Run services in europe-west1: Google could not reach x: not listed there"]);
});

test("settings are those of the readers of exports, with labels and the time of the look", async () => {
  const records = await collected(inventory(scriptedGcp(script()), gcpTarget(), gcpContext()));
  const configs = typed(records, "config");
  const named = (name: string): object => configs.find((one) => one.kind === "function" && one.name === name)!;
  expect(named("orders")).toMatchObject({
    revision: '"1"',
    region: "europe-west1",
    observedAt: NOW,
    settings: { plan: "run-request", memoryMib: 512, vcpu: 1, minInstances: 2, maxInstances: 10, tags: { team: "shop" } },
  });
  expect(named("mail")).toMatchObject({ settings: { memoryMib: 256, functionName: "Mail", generation: 2 } });
  expect(named("old")).toMatchObject({ revision: "4", settings: { memoryMib: 256, generation: 1, timeoutS: 60 } });
  expect(configs.find((one) => one.kind === "log-group")!.settings).toEqual({ retentionD: 30, state: "ACTIVE" });
});

test("regions narrow what is asked and what is told; what has no region stays", async () => {
  const { found, asked } = await read({}, { regions: ["europe-west1"] });
  expect(found.filter((one) => one.startsWith("function"))).toEqual(["function orders", "function stock"]);
  expect(found).toContain("topic orders");
  expect(asked.some((one) => one.startsWith("run:Locations") || one.includes("us-east1"))).toBe(false);
});

test("names and labels choose functions", async () => {
  const labelled = await read({}, { functions: { names: [], tags: { team: "shop" } } });
  expect(labelled.found.filter((one) => one.startsWith("function"))).toEqual(["function mail", "function orders"]);
  const named = await read({}, { functions: { names: ["sto*"], tags: {} } });
  expect(named.found.filter((one) => one.startsWith("function"))).toEqual(["function stock"]);
});

test("an API that is off, and a permission that is missing, are gaps; where functions are not told their services are", async () => {
  const off = failure("functions:ListFunctions", "unsupported", "SERVICE_DISABLED", null);
  const { found, gaps } = await read({
    "functions:ListFunctions": off,
    "functions1:ListFunctions": off,
    "eventarc:triggers.list": denied("eventarc:triggers.list"),
  });
  expect(found).toContain("function mail");
  expect(gaps).toEqual([
    "1st gen functions: the API is not enabled in this project: gcloud services enable cloudfunctions.googleapis.com",
    "Cloud Run services in europe-west1: Google could not reach x: not listed there",
    "Eventarc triggers: not allowed: the permission eventarc.triggers.list is missing (PERMISSION_DENIED)",
    "functions: the API is not enabled in this project: gcloud services enable cloudfunctions.googleapis.com",
  ]);
});

test("what fails in every region is said once, in one region by its name", async () => {
  const refused = denied("run:Services.ListServices");
  const all = await read({ "run:Services.ListServices": refused });
  expect(all.gaps).toEqual(["Cloud Run services: not allowed: the permission run.services.list is missing (PERMISSION_DENIED)"]);
  const one = await read({
    "run:Services.ListServices": ({ parent }) => {
      if (parent === at("us-east1")) throw refused;
      return { services: [] };
    },
  });
  expect(one.gaps).toEqual([
    "Cloud Run services in us-east1: not allowed: the permission run.services.list is missing (PERMISSION_DENIED)",
  ]);
});
