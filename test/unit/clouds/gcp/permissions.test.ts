import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Api } from "../../../../src/clouds/gcp/api.ts";
import { checkPermissions } from "../../../../src/clouds/gcp/permission-check.ts";
import { permissionOf, permissions, policy } from "../../../../src/clouds/gcp/permissions.ts";
import { quotaOf } from "../../../../src/clouds/gcp/quotas.ts";
import { denied, PROJECT, type Scripted, scriptedGcp } from "../../../support/scripted-gcp.ts";

const room = new URL("../../../../src/clouds/gcp/", import.meta.url);

/** Calls that the room's files name, except the tables about calls. */
function calledApis(): Api[] {
  const found = new Set<string>();
  for (const file of readdirSync(room).filter((name) => name.endsWith(".ts") && !/^(permissions|quotas|client-|api)/.test(name)))
    for (const [, api] of readFileSync(new URL(file, room), "utf8").matchAll(
      /"((?:run|functions1?|logging|monitoring|pubsub|cloudtrace|eventarc|firestore|cloudresourcemanager):[\w.]+)"/g,
    ))
      found.add(api!);
  return [...found] as Api[];
}

test("every call of the room has its permission in the role, and every permission is for a call", () => {
  const called = calledApis();
  expect(called.length).toBeGreaterThan(15);
  const actions = new Set(permissions.map((one) => one.action));
  // asking what one may do needs no permission
  const missing = called.filter((api) => api !== "cloudresourcemanager:testIamPermissions" && !actions.has(permissionOf(api) ?? ""));
  expect(missing).toEqual([]);
  const used = new Set(called.map(permissionOf));
  // asked of what a call names besides: the account that a deployment runs as, the topic of a new subscription
  const besides = ["iam.serviceAccounts.actAs", "pubsub.topics.attachSubscription"];
  expect([...actions].filter((action) => !used.has(action) && !besides.includes(action))).toEqual([]);
  for (const api of called) expect(quotaOf(api).perS, api).toBeGreaterThan(0);
});

test("collecting and tracing need nothing that writes", () => {
  for (const { feature, action } of permissions) if (feature === "collect" || feature === "trace") expect(action).toMatch(/\.(list|get)$/);
});

test("the role is one that gcloud takes", () => {
  // https://cloud.google.com/iam/docs/creating-custom-roles#creating: title, description, stage, includedPermissions
  expect(policy(["trace"])).toEqual({
    title: "evscope",
    description: "What evscope needs for: trace",
    stage: "GA",
    includedPermissions: ["cloudtrace.traces.get", "cloudtrace.traces.list", "logging.logEntries.list", "resourcemanager.projects.get"],
  });
});

async function states(answer: Scripted): Promise<{ [action: string]: string }> {
  const api = scriptedGcp({ "cloudresourcemanager:testIamPermissions": answer });
  const found: { [action: string]: string } = {};
  for await (const { action, state } of checkPermissions(api)) found[action] = state;
  expect(api.asked).toHaveLength(1);
  return found;
}

test("all permissions are asked for in one question", async () => {
  const found = await states(({ resource, permissions: asked }) => {
    expect(resource).toBe(`projects/${PROJECT}`);
    expect(asked).toContain("run.services.update");
    return { permissions: ["run.services.list", "logging.logEntries.list"] };
  });
  expect(found).toMatchObject({
    "run.services.list": "granted",
    "run.services.update": "denied",
    // may be granted on the service account itself
    "iam.serviceAccounts.actAs": "unknown",
  });
});

test("where the question itself is refused nothing is known", async () => {
  const found = await states(denied("cloudresourcemanager:testIamPermissions"));
  expect(new Set(Object.values(found))).toEqual(new Set(["unknown"]));
});
