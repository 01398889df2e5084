/** Which permissions there are, by what Azure says the caller's roles allow on the subscription: nothing needs to be tried. */
import { arrayAt, type JsonObject } from "../../model/json.ts";
import type { PermissionCheck } from "../room.ts";
import { type AzureApi, AzureError } from "./api.ts";
import { reasonOf } from "./live-gaps.ts";
import { permissions } from "./permissions.ts";

/** https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group, for the subscription */
const API_VERSION = "2022-04-01";

/** What one role assignment grants. */
interface Grant {
  actions: RegExp[];
  notActions: RegExp[];
}

/** Every permission once per feature, in the order of `permissions`. */
export async function* checkPermissions(api: AzureApi): AsyncGenerator<PermissionCheck> {
  const grants = await grantsOf(api);
  for (const one of permissions) {
    if (grants instanceof AzureError) yield { ...one, state: "unknown", note: `Azure does not say what is granted: ${reasonOf(grants)}` };
    else if (grants.some((grant) => covers(grant, one.action))) yield { ...one, state: "granted", note: null };
    else
      yield {
        ...one,
        state: "denied",
        note: "not granted on the subscription; a role on a resource group or resource does not count here",
      };
  }
}

/** Which of these actions the caller's roles do not grant on the whole subscription. Empty too where Azure does not say. */
export async function missingActions(api: AzureApi, actions: readonly string[]): Promise<string[]> {
  const grants = await grantsOf(api);
  return grants instanceof AzureError ? [] : actions.filter((action) => !grants.some((grant) => covers(grant, action)));
}

async function grantsOf(api: AzureApi): Promise<Grant[] | AzureError> {
  const path = `/subscriptions/${api.subscription}/providers/Microsoft.Authorization/permissions`;
  const grants: Grant[] = [];
  try {
    for await (const page of api.pages("arm:GET", [path, API_VERSION])) grants.push(...page.map(grantOf));
    return grants;
  } catch (error) {
    if (!(error instanceof AzureError) || error.kind === "credentials") throw error;
    return error;
  }
}

function grantOf(granted: JsonObject): Grant {
  return { actions: patternsOf(granted, "actions"), notActions: patternsOf(granted, "notActions") };
}

/** `*` in the middle and at the ends, whatever the case. https://learn.microsoft.com/azure/role-based-access-control/role-definitions */
function patternsOf(granted: JsonObject, field: string): RegExp[] {
  return (arrayAt(granted, field) ?? [])
    .filter((one) => typeof one === "string")
    .map((one) => new RegExp(`^${one.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", ".*")}$`, "is"));
}

/** An action with `*` of its own is covered where its text is: that of tables by the one above it. */
function covers({ actions, notActions }: Grant, action: string): boolean {
  return actions.some((one) => one.test(action)) && !notActions.some((one) => one.test(action));
}
