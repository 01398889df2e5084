/** What a failed call means to the user of a command that cannot go on without it. */
import { type Api, AwsError, iamAction } from "./api.ts";
import type { CallErrorKind } from "../kit/call-error.ts";
import { failedWhile } from "../kit/gaps.ts";

/**
 * `error` as a UserError that begins with what was being done (`write memoryMib of orders`). A denied call names its IAM action
 * and exits with 3, a refused lock with 5, all others with 4. What is no AwsError (abort, a bug) comes back as it is.
 */
export function asUserError(error: unknown, doing: string): unknown {
  if (!(error instanceof AwsError)) return error;
  return failedWhile(error, doing, suggestions(error.kind, error.api));
}

/** The same failure in other words, where the vendor's may repeat what nobody but the user may see. */
export function reworded({ kind, api, code, status, attempts, mayHaveHappened }: AwsError, message: string): AwsError {
  return new AwsError(kind, api, code, message, status, attempts, mayHaveHappened);
}

function suggestions(kind: CallErrorKind, api: Api): string[] {
  if (kind === "denied") return [`grant ${iamAction(api)}; \`evscope doctor\` prints the policy`];
  if (kind === "credentials") return ["log in again (`aws sso login`), or name another profile"];
  if (kind === "throttled") return ["run it again later"];
  if (kind === "unreachable") return ["check the network, the region and AWS_ENDPOINT_URL"];
  return [];
}
