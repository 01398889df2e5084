/**
 * Google's side of credentials: the key file of a service account, whose own JWTs are taken as Google takes them
 * (https://google.aip.dev/auth/4111), a federated identity with its token endpoint (https://google.aip.dev/auth/4117), and who a call's token
 * says it is. Google's library takes the token endpoint of federation from the credentials, not that of service accounts.
 */
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const EMAIL = "evscope@shop-mail-418.iam.gserviceaccount.com";
const AUDIENCE = "//iam.googleapis.com/projects/418027719931/locations/global/workloadIdentityPools/tests/providers/oidc";
const SUBJECT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.";
const LIFE_S = 3600;
const TOLERANCE_S = 300;

export class Tokens {
  readonly #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #issued = new Map<string, number>();
  readonly #revokedJwts = new Set<string>();
  /** Tokens that were given out, counted. */
  given = 0;
  /** Sent instead of a token. */
  refusal: { status: number; body: unknown } | null = null;
  /** Whether calls with a JWT of the account's own are let in. */
  selfSigned = true;
  /** How long a token is good for. */
  lifeS = LIFE_S;
  /** Server time minus the machine's. */
  offsetMs = 0;

  /** Writes the key file of the account. */
  writeKeyFile(folder: string, tokenUri: string): string {
    const path = join(folder, "service-account.json");
    const key = {
      type: "service_account",
      project_id: "shop-mail-418",
      private_key_id: "0123456789abcdef0123456789abcdef01234567",
      private_key: this.#keys.privateKey.export({ type: "pkcs8", format: "pem" }),
      client_email: EMAIL,
      client_id: "104000000000000000000",
      auth_uri: "https://accounts.google.com/o/oauth2/auth",
      token_uri: tokenUri,
      universe_domain: "googleapis.com",
    };
    writeFileSync(path, JSON.stringify(key), { mode: 0o600 });
    return path;
  }

  /** Writes the credentials of a workload whose identity comes from elsewhere, and the token that it proves it with. */
  writeFederatedFile(folder: string, base: string): string {
    const subject = join(folder, "subject-token");
    writeFileSync(subject, SUBJECT);
    const path = join(folder, "federated.json");
    const file = {
      type: "external_account",
      audience: AUDIENCE,
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${base}/sts/v1/token`,
      credential_source: { file: subject },
      universe_domain: "googleapis.com",
    };
    writeFileSync(path, JSON.stringify(file), { mode: 0o600 });
    return path;
  }

  /** The token endpoint of federation. */
  exchange(form: URLSearchParams): { status: number; body: unknown } {
    if (this.refusal !== null) return this.refusal;
    const right = form.get("grant_type") === "urn:ietf:params:oauth:grant-type:token-exchange" && form.get("audience") === AUDIENCE;
    if (!right || form.get("subject_token") !== SUBJECT)
      return { status: 400, body: { error: "invalid_grant", error_description: "The subject token is not valid." } };
    return { status: 200, body: { ...this.#issue(), issued_token_type: "urn:ietf:params:oauth:token-type:access_token" } };
  }

  /** A token, as if a client had asked for it. */
  token(): string {
    return this.#issue().access_token;
  }

  #issue(): { access_token: string; expires_in: number; token_type: "Bearer" } {
    const token = `ya29.test-${randomBytes(24).toString("base64url")}`;
    this.#issued.set(token, this.#now() + this.lifeS);
    this.given++;
    return { access_token: token, expires_in: this.lifeS, token_type: "Bearer" };
  }

  /** The token endpoint of service accounts. */
  grant(form: URLSearchParams, tokenUri: string): { status: number; body: unknown } {
    if (this.refusal !== null) return this.refusal;
    const refused = (text: string): { status: number; body: unknown } => ({
      status: 400,
      body: { error: "invalid_grant", error_description: text },
    });
    if (form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer") return refused("unsupported grant");
    const problem = this.#jwtProblem(form.get("assertion") ?? "", tokenUri);
    if (problem !== null) return refused(problem);
    return { status: 200, body: this.#issue() };
  }

  /** Nothing that was given out is good any more. */
  revokeAll(): void {
    this.#issued.clear();
    this.#seenJwts.forEach((jwt) => this.#revokedJwts.add(jwt));
  }
  readonly #seenJwts = new Set<string>();

  /** Why a call is not let in; null: it is. */
  problem(authorization: string | undefined): string | null {
    const token = /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
    if (token === undefined) return "Request is missing required authentication credential.";
    const until = this.#issued.get(token);
    if (until !== undefined) return until > this.#now() ? null : "Request had invalid authentication credentials.";
    if (this.selfSigned && token.split(".").length === 3 && !this.#revokedJwts.has(token) && this.#jwtProblem(token, null) === null) {
      this.#seenJwts.add(token);
      return null;
    }
    return "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.";
  }

  #now(): number {
    return (Date.now() + this.offsetMs) / 1000;
  }

  #jwtProblem(jwt: string, audience: string | null): string | null {
    const [head = "", body = "", signature = ""] = jwt.split(".");
    const key = createPublicKey(this.#keys.publicKey.export({ type: "spki", format: "pem" }));
    if (!verify("RSA-SHA256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"))) return "Invalid JWT Signature.";
    const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as { [name: string]: unknown };
    const now = this.#now();
    const [iat, exp] = [Number(claims["iat"]), Number(claims["exp"])];
    if (!(iat <= now + TOLERANCE_S && exp >= now - TOLERANCE_S && exp - iat <= LIFE_S))
      return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";
    if (claims["iss"] !== EMAIL) return "Invalid grant: account not found";
    if (audience !== null && claims["aud"] !== audience) return "Invalid JWT: Failed audience check.";
    return null;
  }
}
