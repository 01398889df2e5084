/**
 * The room's only door to AWS: the SDK with retries, rate and time-outs of our own, since its retries give up on big accounts, and its
 * time-outs only warn. `AWS_ENDPOINT_URL`, profiles and proxies of credentials are the SDK's business.
 */
import manifest from "../../../package.json" with { type: "json" };
import { EXIT, UserError } from "../../model/errors.ts";
import type { Json } from "../../model/records.ts";
import { allPages } from "../kit/pages.ts";
import { sharedBucket } from "../kit/rate.ts";
import type { Failure } from "../kit/call-error.ts";
import { retrying, type Verdict } from "../kit/retry.ts";
import type { LiveContext, Target } from "../room.ts";
import { type Api, type AwsApi, AwsError, type CallOptions } from "./api.ts";
import { type Credentials, credentialsError, credentialsOf, SILENT } from "./client-credentials.ts";
import { failureOf } from "./client-errors.ts";
import { isReadOperation, loaded, openService, type SdkClient, serviceOf } from "./client-services.ts";
import { arnOf } from "./names.ts";
import { quotaOf } from "./quotas.ts";
import { type Obj, text } from "./schema.ts";

export interface AwsClient extends AwsApi {
  /** By API: requests sent, those of them refused as too many, and calls given up for good (`not-found` is an answer). */
  calls(): { api: string; calls: number; throttled: number; failed: number }[];
  close(): void;
}

const CONNECT_MS = 10_000;
const MAX_SOCKETS = 50;
const MAX_PAGES = 10_000;
/** Longest a function may run, and some time for the way. */
const INVOKE_MS = 930_000;

/** Opens a client and asks who we are. Throws UserError (exit 3) without usable credentials or with those of another account. */
export async function openAws(target: Target, context: LiveContext): Promise<AwsClient> {
  const handlers = await loaded("@smithy/node-http-handler", () => import("@smithy/node-http-handler"));
  const requestHandler = new handlers.NodeHttpHandler({
    connectionTimeout: Math.min(CONNECT_MS, context.requestTimeoutMs),
    httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    logger: SILENT,
  });
  const config = {
    region: target.region,
    ...(target.profile === null ? {} : { profile: target.profile }),
    maxAttempts: 1,
    requestHandler,
    logger: SILENT,
    customUserAgent: [["evscope", manifest.version]],
    // a compressed request is answered with an error by many a private endpoint, and our requests are small
    disableRequestCompression: true,
    // SQS would else send to the host that stands in the queue's URL, whatever endpoint is set
    useQueueUrlAsEndpoint: false,
  };
  const credentials = await credentialsOf(target, config, context.clock);
  const wire = newWire({ ...config, credentials }, target, context);
  try {
    const me = await identityOf(wire, target, credentials);
    return api(wire, me, () => requestHandler.destroy());
  } catch (error) {
    wire.close();
    requestHandler.destroy();
    throw error;
  }
}

interface Identity {
  account: string;
  principal: string | null;
  partition: string;
}

async function identityOf(wire: Wire, target: Target, credentials: Credentials): Promise<Identity> {
  // the chain's own error says more than that of a call which could not be signed
  await credentials().catch((error: unknown) => {
    throw credentialsError(failureOf(error), target, error);
  });
  const me = await wire.call("sts:GetCallerIdentity", {}, "", {}).catch((error: unknown) => {
    if (!(error instanceof AwsError)) throw error;
    throw new UserError(`${target.name} (${target.region}): cannot ask AWS who we are: ${error.message}`, {
      exitCode: EXIT.credentials,
      suggestions: ["check the network, and AWS_ENDPOINT_URL where it is set", "evscope doctor"],
      cause: error,
    });
  });
  const account = text(me["Account"]);
  const principal = text(me["Arn"]);
  if (account === null) throw new UserError(`${target.name}: AWS STS names no account`, { exitCode: EXIT.credentials });
  if (target.account !== null && target.account !== account)
    throw new UserError(`${target.name}: the credentials belong to account ${account}, not to ${target.account}`, {
      exitCode: EXIT.credentials,
      suggestions: ["name another profile or role for this target, or correct its account"],
    });
  return { account, principal, partition: arnOf(principal) === null ? "aws" : principal!.split(":")[1]! };
}

function api(wire: Wire, me: Identity, closed: () => void): AwsClient {
  const call = (name: Api, input: object, options: CallOptions = {}): Promise<Obj> => wire.call(name, input, me.account, options);
  return {
    ...me,
    region: wire.region,
    call,
    pages(name, input, options = {}) {
      const [given, returned] = serviceOf(name.slice(0, name.indexOf(":"))).token ?? ["", ""];
      const limits = {
        maxPages: options.maxPages ?? MAX_PAGES,
        endless: (why: string) => new AwsError("broken-answer", name, "EndlessList", why, 200, 1),
      };
      return allPages(
        (token) => call(name, token === null ? input : { ...input, [given]: token }),
        (page) => text(page[returned]),
        limits,
      );
    },
    calls: () => wire.calls(),
    close() {
      wire.close();
      closed();
    },
  };
}

interface Wire {
  readonly region: string;
  call(name: Api, input: object, account: string, options: CallOptions): Promise<Obj>;
  calls(): ReturnType<AwsClient["calls"]>;
  close(): void;
}

type Counts = { calls: number; throttled: number; failed: number };

/** Sends calls: one client per service, one bucket per quota. */
function newWire(config: object, target: Target, context: LiveContext): Wire {
  const services = new Map<string, ReturnType<typeof openService>>();
  const counts = new Map<Api, Counts>();
  const never = new AbortController().signal;

  function service(name: string): ReturnType<typeof openService> {
    let found = services.get(name);
    if (found === undefined) services.set(name, (found = openService(name, config)));
    return found;
  }

  /** One attempt. */
  async function send(client: SdkClient, request: object, signal: AbortSignal, timeoutMs: number): Promise<Obj> {
    signal.throwIfAborted();
    const stop = new AbortController();
    const cancel = (): void => stop.abort();
    const timer = setTimeout(cancel, timeoutMs);
    signal.addEventListener("abort", cancel);
    try {
      const answer = await client.send(request, { abortSignal: stop.signal });
      return plain({ ...answer, $metadata: undefined }) as Obj;
    } catch (error) {
      signal.throwIfAborted();
      if (stop.signal.aborted) throw Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: "TimeoutError" });
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
    }
  }

  async function call(name: Api, input: object, account: string, options: CallOptions): Promise<Obj> {
    const [serviceName = "", operation = ""] = name.split(":");
    const { client, command } = await service(serviceName);
    command(operation, input); // an operation that does not exist is no fault of the server
    const signal = options.evenAfterAbort === true ? never : context.signal;
    const quota = quotaOf(name);
    const bucket = sharedBucket(`aws ${account} ${target.region} ${quota.family}`, context.requestsPerS ?? quota.perS, context.clock);
    const leastMs = name === "lambda:Invoke" ? INVOKE_MS : 0;
    const timeoutMs = options.timeoutMs ?? Math.max(leastMs, context.requestTimeoutMs);
    const read = isReadOperation(operation);
    const count = countsOf(counts, name);
    let failure: Failure | null = null as Failure | null;
    let attempts = 0;

    function judge(error: unknown): Verdict {
      failure = failureOf(error);
      if (failure.kind === "throttled") {
        count.throttled++;
        bucket.throttled();
      }
      // a query that AWS says it did not start is started again; one whose answer was lost may run, and would be paid twice
      const harmless = read || (name === "logs:StartQuery" && (failure.status ?? 0) >= 500);
      const again = harmless && options.once !== true;
      return failure.mayHaveHappened && !again ? { ...failure.verdict, retry: "never" } : failure.verdict;
    }

    try {
      return await retrying(
        (attempt) => {
          attempts = attempt;
          count.calls++;
          return send(client, command(operation, input), signal, timeoutMs);
        },
        { clock: context.clock, signal, patienceMs: context.patienceMs, ready: () => bucket.take(signal), judge },
      );
    } catch (error) {
      signal.throwIfAborted();
      if (failure === null) throw error;
      if (failure.kind !== "not-found") count.failed++;
      if (failure.kind === "credentials") throw credentialsError(failure, target, error);
      throw finalError(failure, name, attempts, !read && failure.mayHaveHappened, error);
    }
  }

  return {
    region: target.region,
    call,
    calls: () => [...counts].map(([name, count]) => ({ api: name, ...count })),
    close() {
      for (const opened of services.values()) void opened.then(({ client }) => client.destroy()).catch(() => {});
    },
  };
}

function finalError(failure: Failure, name: Api, attempts: number, mayHaveHappened: boolean, cause: unknown): AwsError {
  const tries = attempts > 1 ? ` (${attempts} attempts)` : "";
  const doubt = mayHaveHappened ? "; whether it took effect is unknown" : "";
  const code = failure.message.startsWith(failure.code) ? "" : `${failure.code}: `;
  const error = new AwsError(
    failure.kind,
    name,
    failure.code,
    `${code}${failure.message}${tries}${doubt}`,
    failure.status,
    attempts,
    mayHaveHappened,
  );
  error.cause = cause;
  return error;
}

function countsOf(counts: Map<Api, Counts>, name: Api): Counts {
  let found = counts.get(name);
  if (found === undefined) counts.set(name, (found = { calls: 0, throttled: 0, failed: 0 }));
  return found;
}

/** SDK values as JSON: dates as ISO text, bytes as base64, whole numbers beyond 2^53 as text; what is undefined is left out. */
function plain(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value !== "object") return value as Json;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (Array.isArray(value)) return value.map(plain);
  const out: Obj = {};
  for (const [key, one] of Object.entries(value)) if (one !== undefined) out[key] = plain(one);
  return out;
}
