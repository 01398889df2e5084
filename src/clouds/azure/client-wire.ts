/**
 * Sends the SDK's requests: every one of them, pages and polls of long operations too, waits for the shared quota, is given up where no
 * answer comes in time, and is sent again where that is harmless. The SDK sees successful answers only.
 */
import type { HttpClient, PipelineRequest, PipelineResponse } from "@azure/core-rest-pipeline";
import { type JsonObject, isObject } from "../../model/json.ts";
import type { Ms } from "../../model/units.ts";
import { sharedBucket } from "../kit/rate.ts";
import type { Failure } from "../kit/call-error.ts";
import { retrying, type Verdict } from "../kit/retry.ts";
import type { LiveContext, Target } from "../room.ts";
import { type Api, AzureError } from "./api.ts";
import { credentialsError, type Tokens } from "./client-credentials.ts";
import { brokenAnswer, failureOfAnswer, failureOfError, jsonOf } from "./client-errors.ts";
import { isRead, quotaOf } from "./quotas.ts";

export interface Counts {
  calls: number;
  throttled: number;
  failed: number;
}

/** What all wires of a session share. */
export interface Line {
  target: Target;
  context: LiveContext;
  http: HttpClient;
  /** By API: requests sent, those of them refused as too many, and calls given up for good (`not-found` is an answer). */
  counts: Map<Api, Counts>;
}

export interface WireOptions {
  tokens: Tokens;
  /** Origin that requests may go to: an answer that names another would be sent our token. */
  origin: string;
  signal: AbortSignal;
  timeoutMs: Ms;
  headers?: Readonly<Record<string, string>>;
  /** Body of a PUT, in place of the one that the SDK makes. */
  body?: string;
}

/** How many requests are left, by ARM and Resource Graph. https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling */
const REMAINING = [
  "x-ms-ratelimit-remaining-subscription-reads",
  "x-ms-ratelimit-remaining-subscription-writes",
  "x-ms-ratelimit-remaining-subscription-resource-requests",
  "x-ms-user-quota-remaining",
];

/** The HTTP client of one call. */
export interface Wire extends HttpClient {
  /** The last answer's body; null: none came. */
  answer(): JsonObject | null;
}

/** An attempt that was answered, but not with success. */
class Refused extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export function newWire(line: Line, api: Api, options: WireOptions): Wire {
  const { target, context } = line;
  const { clock } = context;
  const { signal, tokens } = options;
  const quota = quotaOf(api);
  const bucket = sharedBucket(`azure ${target.account ?? ""} ${quota.family}`, context.requestsPerS ?? quota.perS, clock);
  const count = countsOf(line.counts, api);
  let answer: JsonObject | null = null;

  async function attempt(request: PipelineRequest): Promise<PipelineResponse> {
    const response = await sent(line.http, request, signal, options.timeoutMs);
    const text = response.bodyAsText ?? "";
    const header = (name: string): string | undefined => response.headers.get(name);
    // said before it is refused: the next one would be
    if (REMAINING.some((name) => header(name) === "0")) bucket.throttled();
    if (response.status >= 300) throw new Refused(failureOfAnswer({ status: response.status, header, text }, clock.now()));
    const mayBeEmpty = response.status !== 200 || !(request.method === "GET" || isRead(api));
    const body = text === "" && mayBeEmpty ? {} : jsonOf(text);
    if (!isObject(body as JsonObject)) throw new Refused(brokenAnswer(response.status, brokenText(text, body)));
    // ARM sends it as a header, in the body, or not at all
    const etag = request.method === "GET" ? header("etag") : undefined;
    answer = etag === undefined ? (body as JsonObject) : { etag, ...(body as JsonObject) };
    return response;
  }

  async function sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
    refuseForeign(request.url, options.origin, api);
    for (const [name, value] of Object.entries(options.headers ?? {})) if (request.method !== "GET") request.headers.set(name, value);
    if (options.body !== undefined && request.method === "PUT") request.body = options.body;
    const read = request.method === "GET" || isRead(api);
    let failure: Failure | null = null as Failure | null;
    let attempts = 0;
    let refusedToken: string | null = null;
    let renewed = false;

    function judge(error: unknown): Verdict {
      failure = error instanceof Refused ? error.failure : failureOfError(error);
      if (failure.kind === "throttled") {
        count.throttled++;
        bucket.throttled();
      }
      if (failure.kind === "credentials" && !renewed) {
        refusedToken = /^Bearer (.*)$/i.exec(request.headers.get("Authorization") ?? "")?.[1] ?? null;
        if (refusedToken !== null) return { ...failure.verdict, retry: "now" };
      }
      return failure.mayHaveHappened && !read ? { ...failure.verdict, retry: "never" } : failure.verdict;
    }

    try {
      return await retrying(
        async (number) => {
          attempts = number;
          if (refusedToken !== null && !renewed) {
            renewed = true;
            request.headers.set("Authorization", `Bearer ${await tokens.renewed(refusedToken)}`);
          }
          count.calls++;
          return attempt(request);
        },
        { clock, signal, patienceMs: context.patienceMs, ready: () => bucket.take(signal), judge },
      );
    } catch (error) {
      signal.throwIfAborted();
      if (failure === null || (error as Error).name === "UserError") throw error;
      if (failure.kind !== "not-found") count.failed++;
      if (failure.kind === "credentials") throw credentialsError(failure.message, target, error);
      throw finalError(failure, api, attempts, !read && failure.mayHaveHappened, error);
    }
  }

  return { sendRequest, answer: () => answer };
}

/** One attempt; an answer that does not come within `timeoutMs` is a `TimeoutError`. */
async function sent(http: HttpClient, request: PipelineRequest, signal: AbortSignal, timeoutMs: Ms): Promise<PipelineResponse> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const cancel = (): void => stop.abort();
  const timer = setTimeout(cancel, timeoutMs);
  const before = request.abortSignal;
  signal.addEventListener("abort", cancel);
  request.abortSignal = stop.signal;
  try {
    return await http.sendRequest(request);
  } catch (error) {
    signal.throwIfAborted();
    if (stop.signal.aborted) throw Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: "TimeoutError" });
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
    if (before === undefined) delete request.abortSignal;
    else request.abortSignal = before;
  }
}

function brokenText(text: string, body: unknown): string {
  if (text.trim() === "") return "the answer is empty";
  if (body !== undefined) return "the answer is no JSON object";
  return /^\s*</.test(text) ? "the answer is HTML or XML" : "the answer is cut off, or no JSON";
}

/** A page's link or a poll's location is the server's word: our token goes to the endpoint that was asked, and nowhere else. */
function refuseForeign(url: string, origin: string, api: Api): void {
  const asked = URL.parse(url)?.origin;
  if (asked !== origin)
    throw new AzureError("broken-answer", api, "ForeignLink", `the answer leads to ${asked ?? "no URL"}, which is not ${origin}`, null, 1);
}

function finalError(failure: Failure, api: Api, attempts: number, mayHaveHappened: boolean, cause: unknown): AzureError {
  const tries = attempts > 1 ? ` (${attempts} attempts)` : "";
  const doubt = mayHaveHappened ? "; whether it took effect is unknown" : "";
  const code = failure.message.startsWith(failure.code) ? "" : `${failure.code}: `;
  const message = `${code}${failure.message}${tries}${doubt}`;
  const error = new AzureError(failure.kind, api, failure.code, message, failure.status, attempts, mayHaveHappened);
  // the SDK's errors repeat requests with their headers
  error.cause = cause instanceof Refused ? undefined : (cause as Error).name;
  return error;
}

function countsOf(counts: Map<Api, Counts>, name: Api): Counts {
  let found = counts.get(name);
  if (found === undefined) counts.set(name, (found = { calls: 0, throttled: 0, failed: 0 }));
  return found;
}
