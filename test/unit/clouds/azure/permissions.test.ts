import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Api } from "../../../../src/clouds/azure/api.ts";
import { operationOf } from "../../../../src/clouds/azure/client-services.ts";
import { endpointsOf } from "../../../../src/clouds/azure/client-endpoints.ts";
import { checkPermissions } from "../../../../src/clouds/azure/permission-check.ts";
import { permissions, policy } from "../../../../src/clouds/azure/permissions.ts";
import { isRead } from "../../../../src/clouds/azure/quotas.ts";
import { actionOf } from "../../../../src/clouds/azure/role.ts";
import type { PermissionCheck } from "../../../../src/clouds/room.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import { type Answered, scriptedArm } from "../../../support/scripted-arm.ts";
import { azureFailure, azureTarget, SUBSCRIPTION } from "../../../support/scripted-azure.ts";

const FEATURES = ["collect", "trace", "apply", "probe"] as const;
const room = new URL("../../../../src/clouds/azure/", import.meta.url);

/** Calls that the room's files name, except the tables about calls. */
function calledApis(): Set<Api> {
  const found = new Set<Api>();
  for (const file of readdirSync(room).filter((name) => name.endsWith(".ts") && !/^(permission|quotas|role|api)/.test(name)))
    for (const [, api] of readFileSync(new URL(file, room), "utf8").matchAll(
      /"((?:web|eventgrid|servicebus|cosmos|insights|monitor|graph|logs|metrics):[a-z]\w*(?:\.\w+)?)"/g,
    ))
      found.add(api as Api);
  return found;
}

test("every call of the room has its action in the role", () => {
  const allowed = new Set(permissions.map((one) => one.action.toLowerCase()));
  const called = [...calledApis()].filter((api) => !api.startsWith("graph:"));
  expect(called.length).toBeGreaterThan(15);
  expect(called.filter((api) => !allowed.has(actionOf(api).toLowerCase()))).toEqual([]);
});

test("every call is an operation that the SDK has, and writes are told from reads", async () => {
  const opening = {
    subscription: SUBSCRIPTION,
    endpoints: endpointsOf(azureTarget()),
    region: "westeurope",
    credential: { getToken: () => Promise.resolve(null) },
    httpClient: { sendRequest: () => expect.fail("nothing is sent") },
    userAgent: "evscope",
  };
  const writes: Api[] = [];
  for (const api of calledApis()) {
    if (!isRead(api)) writes.push(api);
    const [service = "", method = ""] = api.split(":");
    if (api === "logs:search") continue;
    expect(await operationOf(service, method, opening), api).toBeTypeOf("function");
  }
  expect(writes.sort()).toEqual([
    "cosmos:sqlResources.createUpdateSqlContainer",
    "web:webApps.createOrUpdate",
    "web:webApps.updateApplicationSettings",
  ]);
});

test("collecting and tracing need nothing that writes, and no secrets", () => {
  const { Actions } = policy(["collect", "trace"]) as { Actions: string[] };
  for (const action of Actions) expect(action).toMatch(/\/read$/i);
  expect(Actions).toEqual(Actions.toSorted());
});

test("a role definition as `az role definition create` takes it", () => {
  // https://learn.microsoft.com/azure/role-based-access-control/role-definitions: keys of the command's JSON
  expect(Object.keys(policy(FEATURES) as object).sort()).toEqual([
    "Actions",
    "AssignableScopes",
    "DataActions",
    "Description",
    "IsCustom",
    "Name",
    "NotActions",
    "NotDataActions",
  ]);
  const { Actions } = policy(FEATURES) as { Actions: string[] };
  expect(new Set(Actions).size).toBe(Actions.length);
  expect((policy(["probe"]) as { Actions: string[] }).Actions).toEqual([]);
});

async function states(answer: Answered): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const one of checkPermissions(scriptedArm({ calls: { "arm:GET": answer } })))
    found.set(`${one.feature} ${one.action}`, one.state);
  return found;
}

const role = (actions: string[], notActions: string[] = []): JsonObject => ({ actions, notActions, dataActions: [], notDataActions: [] });

test("what roles grant, with wildcards, in any case", async () => {
  // the actions of the built-in role Reader: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/general#reader
  const reader = await states([role(["*/read"])]);
  expect(reader.get("collect Microsoft.Web/sites/Read")).toBe("granted");
  expect(reader.get("trace Microsoft.OperationalInsights/workspaces/query/*/read")).toBe("granted");
  expect(reader.get("apply Microsoft.Web/sites/Write")).toBe("denied");
  expect(reader.get("apply Microsoft.Web/sites/config/list/Action")).toBe("denied");
  const both = await states([role(["*/read"]), role(["microsoft.web/SITES/*"])]);
  expect(both.get("apply Microsoft.Web/sites/Write")).toBe("granted");
});

test("what one role excludes another may grant", async () => {
  // "NotActions" subtracts from its own role only
  const excluded = role(["*"], ["Microsoft.Web/sites/Write"]);
  expect((await states([excluded])).get("apply Microsoft.Web/sites/Write")).toBe("denied");
  expect((await states([excluded, role(["Microsoft.Web/*"])])).get("apply Microsoft.Web/sites/Write")).toBe("granted");
});

test("an answer that may not be had leaves all unknown, and says why", async () => {
  const api = scriptedArm({ calls: { "arm:GET": azureFailure("arm:GET", "denied", "AuthorizationFailed", 403) } });
  const checks: PermissionCheck[] = [];
  for await (const one of checkPermissions(api)) checks.push(one);
  expect(checks).toHaveLength(permissions.length);
  expect(new Set(checks.map((one) => one.state))).toEqual(new Set(["unknown"]));
  expect(checks[0]!.note).toMatch(/^Azure does not say what is granted: not allowed/);
});
