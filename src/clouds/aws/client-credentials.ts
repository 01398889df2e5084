/** Credentials by the SDK's default chain only, and the role on top of them. No key is ever read, kept or printed here. */
import { UserError, EXIT } from "../../model/errors.ts";
import type { Clock } from "../../model/clock.ts";
import type { Failure } from "../kit/call-error.ts";
import type { Target } from "../room.ts";
import { loaded } from "./client-services.ts";

interface Identity {
  expiration?: Date;
}

export type Credentials = () => Promise<Identity>;

/** Taken anew this long before they expire, as the SDK does. */
const EARLY_MS = 300_000;

/** The provider that all clients of one session share, so that a role is assumed once and not once per service. */
export async function credentialsOf(target: Target, clientConfig: object, clock: Clock): Promise<Credentials> {
  const sdk = await loaded("@aws-sdk/credential-providers", () => import("@aws-sdk/credential-providers"));
  const profile = target.profile ?? undefined;
  const own = sdk.fromNodeProviderChain({ ...(profile === undefined ? {} : { profile }), logger: SILENT, clientConfig });
  if (target.roleArn === null) return once(own, clock);
  const role = sdk.fromTemporaryCredentials({
    masterCredentials: own,
    params: {
      RoleArn: target.roleArn,
      RoleSessionName: "evscope",
      ...(target.externalId === null ? {} : { ExternalId: target.externalId }),
    },
    clientConfig,
    logger: SILENT,
  });
  return once(role, clock);
}

function once(provider: () => Promise<Identity>, clock: Clock): Credentials {
  let held: Promise<Identity> | null = null;
  let expiresAt = Number.POSITIVE_INFINITY;
  return () => {
    if (held !== null && clock.now() < expiresAt - EARLY_MS) return held;
    const mine = provider().then((identity) => {
      expiresAt = identity.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
      return identity;
    });
    expiresAt = Number.POSITIVE_INFINITY;
    held = mine;
    mine.catch(() => {
      if (held === mine) held = null;
    });
    return mine;
  };
}

/** The SDK warns on the console where it is given no logger; stderr is ours. */
export const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** The error for credentials that AWS, or the chain itself, does not take: exit 3, with what to do. */
export function credentialsError(failure: Failure, target: Target, cause: unknown): UserError {
  const login = target.profile === null ? "aws sso login, or set AWS_PROFILE" : `aws sso login --profile ${target.profile}`;
  const where = `${target.name} (${target.region}${target.profile === null ? "" : `, profile ${target.profile}`})`;
  const [what, suggestions] = /Expired/.test(failure.code)
    ? ["the AWS credentials have expired", [`sign in again: ${login}`, "the same command goes on where this one stopped"]]
    : failure.code.endsWith("ProviderError")
      ? ["no usable AWS credentials", [`sign in: ${login}`, "evscope doctor shows what is found"]]
      : /Skewed|RequestExpired/.test(failure.code) || /Signature (expired|not yet current)/.test(failure.message)
        ? ["AWS refuses the signature's time", ["set this machine's clock"]]
        : [
            "AWS does not know these credentials",
            ["check the access key, secret and session token belong together", `is the region ${target.region} enabled for this account?`],
          ];
  return new UserError(`${where}: ${what}: ${failure.message}`, { exitCode: EXIT.credentials, suggestions, cause });
}
