/** What a failed call means to the user of a command that cannot go on without it. */
import type { CallErrorKind } from "../kit/call-error.ts";
import { failedWhile } from "../kit/gaps.ts";
import { type Api, AzureError } from "./api.ts";
import { actionOf, roleOf } from "./role.ts";

/**
 * `error` as a UserError that begins with what was being done (`write memoryMib of orders`). A denied call names its action and role
 * and exits with 3, a refused lock with 5, all others with 4. What is no AzureError (abort, a bug) comes back as it is.
 */
export function asUserError(error: unknown, doing: string): unknown {
  if (!(error instanceof AzureError)) return error;
  return failedWhile(error, doing, suggestions(error.kind, error.api));
}

function suggestions(kind: CallErrorKind, api: Api): string[] {
  if (kind === "denied") return [`assign ${roleOf(api)}, or ${actionOf(api)}; \`evscope doctor\` prints the role definition`];
  if (kind === "credentials") return ["log in again (`az login`)"];
  if (kind === "throttled") return ["run it again later"];
  if (kind === "unreachable") return ["check the network, proxies (HTTPS_PROXY) and the endpoints in evscope.yaml"];
  return [];
}
