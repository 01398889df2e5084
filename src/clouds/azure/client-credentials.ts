/** Tokens by the SDK's default chain only. None is ever printed here; kept in memory until shortly before it expires. */
import type { AccessToken, TokenCredential } from "@azure/identity";
import type { Clock } from "../../model/clock.ts";
import { EXIT, UserError } from "../../model/errors.ts";
import { isObject } from "../../model/json.ts";
import type { LiveContext, Target } from "../room.ts";
import { type Endpoints, isMicrosoftAuthority } from "./client-endpoints.ts";
import { jsonOf, safeText } from "./client-errors.ts";
import { loaded } from "./client-services.ts";

/** Tokens for one audience, in the SDK's form and in ours. */
export interface Tokens extends TokenCredential {
  /** A token that is not `refused`: asked anew where that one is still held. Throws UserError (exit 3). */
  renewed(refused: string): Promise<string>;
}

/** Taken anew this long before they expire, as the SDK does. */
const EARLY_MS = 300_000;

/** Longest that a login program (`az`) or an issuer may take. */
const LOGIN_MS = 60_000;

/** Opens the credential chain; one for all audiences of a session. */
export async function openTokens(target: Target, context: LiveContext, { authority }: Endpoints): Promise<(scope: string) => Tokens> {
  const identity = await loaded("@azure/identity", () => import("@azure/identity"));
  const tenantId = target.azure?.tenant ?? undefined;
  const open = (): TokenCredential =>
    new identity.DefaultAzureCredential({
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(authority === null ? {} : { authorityHost: authority }),
      // AZURE_AUTHORITY_HOST, which the SDK reads, may name an issuer that Microsoft's directory of issuers does not know
      disableInstanceDiscovery: authority === null || !isMicrosoftAuthority(authority),
    });
  return (scope) => tokensOf(open, scope, target, context);
}

function tokensOf(open: () => TokenCredential, scope: string, target: Target, { clock, signal }: LiveContext): Tokens {
  let credential = open();
  let held: Promise<AccessToken> | null = null;
  let current: AccessToken | null = null;

  function ask(claims: string | undefined): Promise<AccessToken> {
    current = null;
    const mine = asked(credential, scope, claims, target, signal).then((token) => (current = token));
    held = mine;
    mine.catch(() => {
      if (held === mine) held = null;
    });
    return mine;
  }

  const fits = (): boolean => current === null || clock.now() < current.expiresOnTimestamp - early(current, clock);
  return {
    // the SDK gives claims when the service wants another token than it was given
    getToken: (_scopes, options) => (held !== null && fits() && options?.claims === undefined ? held : ask(options?.claims)),
    async renewed(refused) {
      if (current !== null && current.token === refused) {
        // a chain of its own, since the old one would hand out the same token again
        credential = open();
        return (await ask(undefined)).token;
      }
      return (await (held ?? ask(undefined))).token;
    },
  };
}

/** A token that lives shorter than that is used for as long as it lives. */
function early(token: AccessToken, clock: Clock): number {
  return Math.min(EARLY_MS, (token.expiresOnTimestamp - clock.now()) / 2);
}

async function asked(
  credential: TokenCredential,
  scope: string,
  claims: string | undefined,
  target: Target,
  signal: AbortSignal,
): Promise<AccessToken> {
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(LOGIN_MS)]);
  try {
    const token = await credential.getToken(scope, { abortSignal, ...(claims === undefined ? {} : { claims }) });
    if (token === null) throw new Error("the credential chain gave no token");
    return token;
  } catch (error) {
    signal.throwIfAborted();
    throw credentialsError(reasonsOf(error), target, error);
  }
}

/** The error for credentials that Azure, or the chain itself, does not take: exit 3, with what to do. */
export function credentialsError(why: string, target: Target, cause: unknown): UserError {
  const login = `az login${target.azure?.tenant == null ? "" : ` --tenant ${target.azure.tenant}`}`;
  const expired = /expired|AADSTS(70043|700082|50173)/i.test(why);
  return new UserError(`${target.name}: ${expired ? "the Azure token has expired" : "no usable Azure credentials"}: ${why}`, {
    exitCode: EXIT.credentials,
    suggestions: [
      `sign in${expired ? " again" : ""}: ${login}`,
      expired
        ? "the same command goes on where this one stopped"
        : "or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; evscope doctor shows what is found",
    ],
    cause,
  });
}

interface Said {
  name?: string;
  message?: string;
  errors?: unknown;
  /** The issuer's own words (`AADSTS7000215: Invalid client secret provided`). */
  errorResponse?: { errorDescription?: string };
}

/** What the parts of the chain said: a refusal says more than that a program is not there. */
function reasonsOf(error: unknown): string {
  const said = error as Said;
  const parts = Array.isArray(said.errors) ? (said.errors as Said[]) : [said];
  const refusal = parts.find((one) => one.name !== "CredentialUnavailableError");
  if (refusal === undefined) return "no environment variables, no managed identity, and no sign-in by az, azd or PowerShell";
  // the SDK's own words come first, with a link; what happened stands after them
  const details = refusal.errorResponse?.errorDescription || /More details:\s*(.+)/s.exec(refusal.message ?? "")?.[1];
  if (/^(endpoints_resolution_error|network_error)/.test(details ?? ""))
    return "the issuer of tokens was not reached, or is none: check the network, HTTPS_PROXY and AZURE_AUTHORITY_HOST";
  return safeText(details ?? refusal.message ?? "") || "no reason given";
}

/** Who a token says we are. Nothing is checked: the services do. */
export interface Claims {
  tenant: string | null;
  principal: string | null;
}

/** The claims of a token; all null where it is no JWT. https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
export function claimsOf(token: string): Claims {
  const body = jsonOf(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as never;
  const claim = (name: string): string | null =>
    isObject(body) && typeof body[name] === "string" && body[name] !== "" ? body[name] : null;
  const app = claim("appid") ?? claim("azp");
  const object = claim("oid");
  return {
    tenant: claim("tid"),
    principal:
      claim("upn") ??
      claim("preferred_username") ??
      claim("unique_name") ??
      (app !== null ? `app ${app}` : object === null ? null : `object ${object}`),
  };
}
