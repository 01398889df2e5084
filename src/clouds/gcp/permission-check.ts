/** What may be done, asked of the project in one call: nothing is tried. */
import { arrayAt } from "../../model/json.ts";
import type { PermissionCheck } from "../room.ts";
import { type GcpApi, GcpError } from "./api.ts";
import { reasonOf } from "./live-gaps.ts";
import { permissions } from "./permissions.ts";

/**
 * All permissions of the room with their state. A role on a single service, secret or account is not seen by a question about the project:
 * that is said where it matters.
 * https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions
 */
export async function* checkPermissions(api: GcpApi): AsyncGenerator<PermissionCheck> {
  const asked = [...new Set(permissions.map((one) => one.action))];
  let granted: Set<unknown> | null = null;
  let note: string | null = null;
  try {
    const answer = await api.call("cloudresourcemanager:testIamPermissions", { resource: `projects/${api.project}`, permissions: asked });
    granted = new Set(arrayAt(answer, "permissions") ?? []);
  } catch (error) {
    if (!(error instanceof GcpError)) throw error;
    note = reasonOf(error);
  }
  for (const one of permissions) {
    if (granted === null) yield { ...one, state: "unknown", note };
    else if (granted.has(one.action)) yield { ...one, state: "granted", note: null };
    else if (one.action === "iam.serviceAccounts.actAs")
      yield { ...one, state: "unknown", note: "not on the whole project; it may be granted on the service accounts themselves" };
    else yield { ...one, state: "denied", note: null };
  }
}
