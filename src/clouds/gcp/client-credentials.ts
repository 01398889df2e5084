/** Application Default Credentials only, and the service account on top of them. No key is ever read, kept or printed here. */
import { EXIT, UserError } from "../../model/errors.ts";
import type { Ms } from "../../model/units.ts";
import type { LiveContext, Target } from "../room.ts";
import { type Failure, failureOf } from "./client-errors.ts";
import { loaded } from "./client-loaded.ts";
import { endpointOf } from "./client-services.ts";

export interface Credentials {
  /** Headers of a request: a token that is good for some time, and the project that is billed for quota where the credentials name one. */
  headers(): Promise<{ [name: string]: string }>;
  /** The token in these headers was refused: the next `headers` fetches another, once for all calls that were refused with it. */
  renew(refused: { [name: string]: string }): void;
  /** E-mail of the account; null: the credentials do not say. */
  principal: string | null;
  /** `googleapis.com`, or the domain of another universe. */
  universe: string;
}

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
/** Longest look for a metadata server where nothing else says that this is Google Cloud: an address that nobody has answers never. */
const LOOK_MS: Ms = 1_000;

/** As far as it is used here: every client of the library has it. */
interface AuthClient {
  getRequestHeaders(url?: string): Promise<Headers>;
  universeDomain?: string;
  /** JWT of a service account's key. */
  email?: string;
  /** External accounts that impersonate one. */
  getServiceAccountEmail?(): string | null;
}

/** Of the library's internals: without it every command would print a warning that is none of the user's. */
interface Quiet {
  suppressAdcWarning<Result>(work: () => Result): Result;
}

/** Finds the credentials. Throws UserError (exit 3) where there are none. */
export async function credentialsOf(target: Target, context: LiveContext): Promise<Credentials> {
  const sdk = await loaded("google-auth-library", () => import("google-auth-library"));
  const { suppressAdcWarning } = (await loaded(
    "google-auth-library",
    () => import("google-auth-library/build/src/util.js"),
  )) as unknown as Quiet;
  const project = target.account ?? "";
  const { host, port, secure } = endpointOf(target, "iam", "iamcredentials", "");
  const endpoint = target.endpoints?.["iam"] === undefined ? {} : { endpoint: `https://${host}:${port}` };
  if (!secure) throw new UserError(`${target.name}: the endpoint of iam is asked over TLS only: it gives tokens`);

  async function open(): Promise<AuthClient> {
    const auth = new sdk.GoogleAuth({ scopes: [SCOPE], projectId: project });
    // a key signs its own tokens, as in every client of the SDK: https://google.aip.dev/auth/4111
    auth.useJWTAccessWithScope = true;
    const look = auth._checkIsGCE.bind(auth);
    auth._checkIsGCE = () => withinLook(look(), context);
    const own = await auth.getClient();
    const impersonate = target.gcp?.impersonate ?? null;
    if (impersonate === null) return own as AuthClient;
    // the library warns of source credentials that nobody checked; these are the ones that it found itself
    return suppressAdcWarning(
      () =>
        new sdk.Impersonated({
          sourceClient: own as never,
          targetPrincipal: impersonate,
          targetScopes: [SCOPE],
          lifetime: 3600,
          ...endpoint,
        }),
    ) as AuthClient;
  }

  let held = open();
  const first = await held.catch((error: unknown) => {
    throw credentialsError(failureOf(error), target, error);
  });
  let given: string | undefined;
  return {
    async headers() {
      const client = await held;
      const headers = Object.fromEntries((await client.getRequestHeaders()).entries());
      given = headers["authorization"];
      return headers;
    },
    renew(refused) {
      if (given !== refused["authorization"]) return;
      given = undefined;
      held = open();
      held.catch(() => {});
    },
    principal: target.gcp?.impersonate ?? first.email ?? first.getServiceAccountEmail?.() ?? null,
    universe: first.universeDomain ?? "googleapis.com",
  };
}

/** false where it is not known in time. */
async function withinLook(look: Promise<boolean>, { clock, signal }: LiveContext): Promise<boolean> {
  const found = new AbortController();
  const late = clock.sleep(LOOK_MS, AbortSignal.any([signal, found.signal])).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([look, late]);
  } finally {
    // a timer that is not needed any more would keep the command from ending
    found.abort();
  }
}

/** The error for credentials that Google, or the library itself, does not take: exit 3, with what to do. */
export function credentialsError(failure: Failure, target: Target, cause: unknown): UserError {
  const login = "gcloud auth application-default login";
  const text = `${failure.code} ${failure.message}`;
  const [what, suggestions] =
    failure.code === "CONSUMER_INVALID"
      ? [`there is no Google Cloud project ${target.account}`, ["correct the project's ID in evscope.yaml, or --project"]]
      : /Could not load the default credentials|NO_ADC/.test(text)
        ? ["no Google Cloud credentials found", [`sign in: ${login}`, "or set GOOGLE_APPLICATION_CREDENTIALS"]]
        : /invalid_grant|invalid_rapt|expired/i.test(text)
          ? ["the Google Cloud credentials have expired", [`sign in again: ${login}`, "the same command goes on where this one stopped"]]
          : /impersonat|iamcredentials|getAccessToken/i.test(text)
            ? [`may not act as ${target.gcp?.impersonate ?? "the service account"}`, ["grant roles/iam.serviceAccountTokenCreator on it"]]
            : [
                "Google Cloud does not take these credentials",
                [`sign in: ${login}`, "check this machine's clock", "evscope doctor shows what is found"],
              ];
  return new UserError(`${target.name}: ${what}: ${failure.message}`, { exitCode: EXIT.credentials, suggestions, cause });
}
