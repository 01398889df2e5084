/** What a failed call means to the user of a command that cannot go on without it. */
import { failedWhile } from "../kit/gaps.ts";
import { GcpError } from "./api.ts";
import { apiHost } from "./live-gaps.ts";
import { permissionOf } from "./permissions.ts";

/**
 * `error` as a UserError that begins with what was being done (`write memoryMib of orders`). A denied call names its permission and exits
 * with 3, a refused lock with 5, all others with 4. What is no GcpError (abort, a bug) comes back as it is.
 */
export function asUserError(error: unknown, doing: string): unknown {
  if (!(error instanceof GcpError)) return error;
  return failedWhile(error, doing, suggestions(error));
}

function suggestions(error: GcpError): string[] {
  const permission = error.permission ?? permissionOf(error.api);
  if (error.kind === "denied") return [`grant ${permission ?? "the permission"}; \`evscope doctor\` prints the role`];
  if (error.kind === "credentials") return ["sign in again: gcloud auth application-default login"];
  if (error.code === "SERVICE_DISABLED") return [`gcloud services enable ${apiHost(error.api)}`];
  if (error.kind === "throttled") return ["run it again later"];
  if (error.kind === "unreachable") return ["check the network, and the endpoints in evscope.yaml where they are set"];
  return [];
}
