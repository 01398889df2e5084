/** The token endpoint, as Microsoft Entra ID has it: OpenID configuration, and tokens for a client secret that expire. */
import type { Answer, Seen } from "./http.ts";
import { armError } from "./http.ts";

/** Audience of a token, and the paths it may be used on. */
const MAY_ASK: readonly [audience: RegExp, path: RegExp][] = [
  [/^https:\/\/management\./, /^\/(?!v1\/)/],
  [/^https:\/\/api\.loganalytics\./, /^\/v1\//],
  [/^https:\/\/metrics\.monitor\./, /metrics:getBatch$/],
];

export const SECRET = "s3cret-of-the-client";

export interface Identity {
  /** The answer to a request of the token endpoint; null: it is none. */
  answer(seen: Seen): Answer | null;
  /** The refusal of a request without a good token; null: it has one. */
  refusal(seen: Seen): Answer | null;
  /** From now on no token given so far is good. */
  expireAll(): void;
  /** Audiences asked for. */
  audiences: Set<string>;
  issued: number;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** `base` is asked when it is known. */
export function identity(tenant: string, clientId: string, base: () => string): Identity {
  const good = new Map<string, { audience: string; until: number }>();
  const gone = new Set<string>();
  const it: Identity = {
    audiences: new Set(),
    issued: 0,
    answer(seen) {
      if (!seen.path.startsWith(`/${tenant}/`)) return null;
      if (seen.path.endsWith("/.well-known/openid-configuration")) {
        const root = `${base()}/${tenant}`;
        const body = {
          token_endpoint: `${root}/oauth2/v2.0/token`,
          authorization_endpoint: `${root}/oauth2/v2.0/authorize`,
          end_session_endpoint: `${root}/oauth2/v2.0/logout`,
          issuer: `${root}/v2.0`,
          jwks_uri: `${root}/discovery/v2.0/keys`,
        };
        return { status: 200, body };
      }
      if (!seen.path.endsWith("/oauth2/v2.0/token")) return null;
      const asked = new URLSearchParams(seen.body);
      if (asked.get("client_secret") !== SECRET || asked.get("client_id") !== clientId)
        return {
          status: 401,
          body: { error: "invalid_client", error_description: "AADSTS7000215: Invalid client secret provided.", error_codes: [7_000_215] },
        };
      const audience = (asked.get("scope") ?? "").split(" ")[0]!.replace(/\/\.default$/, "");
      it.audiences.add(audience);
      it.issued++;
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        aud: audience,
        tid: tenant,
        appid: clientId,
        oid: "5d1f0c2e-7c52-4a4e-9b3f-6a5f3a1e0b11",
        iat: now,
        exp: now + 3600,
        jti: it.issued,
      };
      const token = `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.c2ln`;
      good.set(token, { audience, until: (now + 3600) * 1000 });
      return { status: 200, body: { token_type: "Bearer", expires_in: 3600, ext_expires_in: 3600, access_token: token } };
    },
    refusal(seen) {
      const token = /^Bearer (.+)$/.exec(seen.headers["authorization"] ?? "")?.[1] ?? "";
      const known = good.get(token);
      if (known === undefined) {
        const expired = gone.has(token);
        return armError(
          401,
          expired ? "ExpiredAuthenticationToken" : "InvalidAuthenticationToken",
          expired ? "The access token expiry UTC time is earlier than current UTC time." : "The access token is invalid.",
          {
            "www-authenticate": `Bearer authorization_uri="${base()}/${tenant}", error="invalid_token", error_description="${expired ? "The access token expired" : "The access token is invalid"}"`,
          },
        );
      }
      const allowed = MAY_ASK.some(([audience, path]) => audience.test(known.audience) && path.test(seen.path));
      return allowed
        ? null
        : armError(
            401,
            "InvalidAuthenticationTokenAudience",
            `The access token has been obtained for wrong audience or resource '${known.audience}'.`,
          );
    },
    expireAll() {
      for (const token of good.keys()) gone.add(token);
      good.clear();
    },
  };
  return it;
}
