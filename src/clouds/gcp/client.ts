/**
 * The room's only door to Google Cloud: the SDKs with retries, rate and time-outs of our own, since theirs do not repeat a request that was
 * one too many (RESOURCE_EXHAUSTED), and repeat others for as long as a table in each package says.
 */
import { EXIT, UserError } from "../../model/errors.ts";
import { textAt, type JsonObject } from "../../model/json.ts";
import { allPages } from "../kit/pages.ts";
import { sharedBucket } from "../kit/rate.ts";
import { retrying, type Verdict } from "../kit/retry.ts";
import type { LiveContext, Target } from "../room.ts";
import { type Api, type CallOptions, type GcpApi, GcpError } from "./api.ts";
import { type Credentials, credentialsError, credentialsOf } from "./client-credentials.ts";
import { type Failure, failureOf } from "./client-errors.ts";
import { openRest } from "./client-rest.ts";
import { type Attempt, endpointOf, isGrpc, openGrpc, type Service } from "./client-services.ts";
import { quotaOf } from "./quotas.ts";

const MAX_PAGES = 10_000;
const DEFAULT_UNIVERSE = "googleapis.com";
/** What is tried where the project itself may not be read: who may none of it has nothing to do here, or there is no such project. */
const TRIED = ["run.services.list", "cloudfunctions.functions.list", "logging.logEntries.list", "monitoring.timeSeries.list"];

/** Opens a client and asks for the project. Throws UserError (exit 3) without usable credentials, or where there is no such project. */
export async function openGcp(target: Target, context: LiveContext): Promise<GcpApi> {
  const project = target.account;
  if (project === null) throw new UserError(`${target.name}: no Google Cloud project is named`);
  const access = accessOf(target, context);
  const wire = newWire(target, context, access);
  try {
    // an emulator instead of Resource Manager knows no projects, and takes no credentials
    const known = endpointOf(target, "cloudresourcemanager", "cloudresourcemanager", DEFAULT_UNIVERSE).secure;
    const principal = known ? (await access.open()).principal : null;
    if (known) await refuseUnknown(wire.call, target, project, principal);
    return {
      project,
      principal,
      call: wire.call,
      pages(name, request, options = {}) {
        const limits = {
          maxPages: options.maxPages ?? MAX_PAGES,
          endless: (why: string) => new GcpError("broken-answer", name, "EndlessList", why, null, 1),
        };
        return allPages(
          (token) => wire.call(name, token === null ? request : { ...request, pageToken: token }, options),
          (page) => textAt(page, "nextPageToken"),
          limits,
        );
      },
      calls: wire.calls,
      close: wire.close,
    };
  } catch (error) {
    wire.close();
    throw error;
  }
}

async function refuseUnknown(call: GcpApi["call"], target: Target, project: string, principal: string | null): Promise<void> {
  const correct = ["correct the project's ID", `or grant ${principal ?? "the account"} a role on it; \`evscope doctor\` prints the role`];
  const fail = (why: string, cause: unknown, suggestions = correct): UserError =>
    new UserError(`${target.name}: ${why}`, { exitCode: EXIT.credentials, suggestions, cause });
  try {
    await call("cloudresourcemanager:projects.get", { name: `projects/${project}` });
  } catch (error) {
    if (!(error instanceof GcpError)) throw error;
    if (error.kind === "not-found" || error.kind === "invalid") throw fail(`there is no Google Cloud project ${project}`, error);
    if (error.kind === "unreachable")
      throw fail(`cannot ask for project ${project}: ${error.message}`, error, [
        "check the network, HTTPS_PROXY, and the endpoints in evscope.yaml",
      ]);
    // not enabled, or not there: the services themselves will say
    if (error.kind !== "denied") return;
    const granted = await call("cloudresourcemanager:testIamPermissions", { resource: `projects/${project}`, permissions: TRIED }).catch(
      (other: unknown) => {
        if (other instanceof GcpError && (other.kind === "denied" || other.kind === "not-found")) return {} as JsonObject;
        throw other;
      },
    );
    if (granted["permissions"] === undefined)
      throw fail(`there is no Google Cloud project ${project}, or ${principal ?? "this account"} may read nothing in it`, error);
  }
}

/** Credentials, looked for when something first needs them. */
interface Access {
  open(): Promise<Credentials>;
  /** The token in these headers was refused. */
  renew(refused: { [name: string]: string }): void;
}

function accessOf(target: Target, context: LiveContext): Access {
  let held: Promise<Credentials> | null = null;
  return {
    open: () => (held ??= credentialsOf(target, context)),
    renew: (refused) => void held?.then((credentials) => credentials.renew(refused)),
  };
}

interface Wire {
  call: GcpApi["call"];
  calls: GcpApi["calls"];
  close(): void;
}

type Counts = { calls: number; throttled: number; failed: number };

/** Sends calls: one client per service, one bucket per quota. */
function newWire(target: Target, context: LiveContext, access: Access): Wire {
  const services = new Map<string, Promise<Service>>();
  const counts = new Map<Api, Counts>();
  const never = new AbortController().signal;

  async function open(name: string): Promise<Service> {
    const universe = isSecure(name, target) ? (await access.open()).universe : DEFAULT_UNIVERSE;
    return isGrpc(name) ? openGrpc(name, target, universe) : openRest(name, target, universe);
  }

  function service(name: string): Promise<Service> {
    let found = services.get(name);
    if (found === undefined) services.set(name, (found = open(name)));
    return found;
  }

  async function call(name: Api, request: object, options: CallOptions = {}): Promise<JsonObject> {
    const colon = name.indexOf(":");
    const { endpoint, prepare } = await service(name.slice(0, colon));
    const operation = name.slice(colon + 1);
    const send = await prepare(operation, request);
    const signal = options.evenAfterAbort === true ? never : context.signal;
    const quota = quotaOf(name);
    const bucket = sharedBucket(`gcp ${target.account} ${quota.family}`, context.requestsPerS ?? quota.perS, context.clock);
    const timeoutMs = options.timeoutMs ?? context.requestTimeoutMs;
    const read = isReadOperation(operation);
    const count = countsOf(counts, name);
    let failure: Failure | null = null as Failure | null;
    let [attempts, renewed] = [0, false];
    let headers: { [name: string]: string } = {};

    function judge(error: unknown): Verdict {
      failure = failureOf(error);
      if (failure.kind === "throttled") {
        count.throttled++;
        bucket.throttled();
      }
      if (failure.code === "UNAUTHENTICATED" && endpoint.secure && !renewed) {
        renewed = true;
        access.renew(headers);
        return { ...failure.verdict, retry: "now" };
      }
      // two writers that meet are told so, a reader only came at a bad moment
      if (read && failure.code === "ABORTED") return { ...failure.verdict, retry: "later" };
      return failure.mayHaveHappened && !read ? { ...failure.verdict, retry: "never" } : failure.verdict;
    }

    async function attempt(number: number): Promise<JsonObject> {
      attempts = number;
      count.calls++;
      return within(timeoutMs, signal, async (stop) => {
        headers = endpoint.secure ? await (await access.open()).headers() : {};
        return send({ headers, timeoutMs: timeoutMs + SDK_GRACE_MS, signal: stop } satisfies Attempt);
      });
    }

    try {
      return await retrying(attempt, {
        clock: context.clock,
        signal,
        patienceMs: context.patienceMs,
        ready: () => bucket.take(signal),
        judge,
      });
    } catch (error) {
      signal.throwIfAborted();
      if (failure === null || error instanceof UserError) throw error;
      if (failure.kind !== "not-found") count.failed++;
      if (failure.kind === "credentials") throw credentialsError(failure, target, error);
      throw finalError(failure, name, attempts, !read && failure.mayHaveHappened, error);
    }
  }

  return {
    call,
    calls: () => [...counts].map(([name, count]) => ({ api: name, ...count })),
    close() {
      for (const opened of services.values()) void opened.then((one) => one.close()).catch(() => {});
    },
  };
}

/** The SDK's own deadline comes after ours, so that one of the two, always the same, ends an attempt and names its time. */
const SDK_GRACE_MS = 1000;

/** One attempt, given up after its time: the SDK's own deadline starts only when its connection stands. */
async function within<T>(timeoutMs: number, signal: AbortSignal, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // first the reason, then the end: what the abort rejects with must not come before it
    late.reject(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: "TimeoutError" }));
    stop.abort();
  }, timeoutMs);
  const cancel = (): void => {
    late.reject(signal.reason);
    stop.abort();
  };
  signal.addEventListener("abort", cancel);
  try {
    return await Promise.race([work(stop.signal), late.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
  }
}

/** Methods that change nothing, by name. */
export function isReadOperation(operation: string): boolean {
  return /(^|\.)(Get|List|get|list|testIamPermissions)/.test(operation);
}

function isSecure(service: string, target: Target): boolean {
  return !(target.endpoints?.[service.replace("functions1", "functions")] ?? "").startsWith("http://");
}

function finalError(failure: Failure, name: Api, attempts: number, mayHaveHappened: boolean, cause: unknown): GcpError {
  const tries = attempts > 1 ? ` (${attempts} attempts)` : "";
  const doubt = mayHaveHappened ? "; whether it took effect is unknown" : "";
  const message = `${failure.code}: ${failure.message}${tries}${doubt}`;
  const error = new GcpError(failure.kind, name, failure.code, message, failure.status, attempts, mayHaveHappened, failure.permission);
  error.cause = cause;
  return error;
}

function countsOf(counts: Map<Api, Counts>, name: Api): Counts {
  let found = counts.get(name);
  if (found === undefined) counts.set(name, (found = { calls: 0, throttled: 0, failed: 0 }));
  return found;
}
