/** What a failed attempt means: its kind, whether to try again, and whether a write may have taken effect all the same. */
import { type JsonObject, isObject } from "../../model/json.ts";
import type { EpochMs, Ms } from "../../model/units.ts";
import type { CallErrorKind, Failure } from "../kit/call-error.ts";
import { BRIEFLY, LATER, NEVER, type Verdict } from "../kit/retry.ts";

/** An answer, as far as it is looked at. */
export interface Answer {
  status: number;
  header(name: string): string | undefined;
  text: string;
}

const THROTTLED = /Throttl|^TooManyRequests$|^RateLimit|^429$/i;
const CREDENTIALS = /^(ExpiredAuthenticationToken|InvalidAuthenticationToken\w*|AuthenticationFailed\w*|InvalidTokenError|invalid_token)$/i;
/** A kind of resource, API version or path that an endpoint does not have. */
const UNSUPPORTED =
  /^(InvalidResourceType|NoRegisteredProviderFound|InvalidResourceNamespace|InvalidApiVersionParameter|PathNotFoundError)$/;
/** No connection was made, so that nothing was sent. */
const NOT_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const CUT_OFF = /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED|HPE_\w+|ERR_STREAM_PREMATURE_CLOSE|TimeoutError|PARSE_ERROR|ABORT_ERR)$/;
const TLS = /^(CERT_|ERR_TLS|ERR_SSL|EPROTO|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/;

/** A query that ran out of the service's time will do so again: once more, and the caller asks for less. */
const ONCE: Verdict = { retry: "later", waitMs: null, patienceMs: 0 };

/** What an answer that is no success means. */
export function failureOfAnswer(answer: Answer, now: EpochMs): Failure {
  const { status } = answer;
  const body = jsonOf(answer.text);
  const said = body === undefined ? null : saidIn(body);
  const code = said?.code ?? (answer.text.trim() === "" || body !== undefined ? `HTTP ${status}` : "UnreadableAnswer");
  const message = safeText(said?.message ?? (body === undefined ? unreadable(answer.text) : "")) || code;
  const failure = (kind: CallErrorKind, verdict: Verdict, mayHaveHappened: boolean): Failure => ({
    kind,
    code,
    message,
    status,
    verdict,
    mayHaveHappened,
  });
  const waitMs = retryAfterMs(answer, now);

  if (status === 429 || (status < 500 && THROTTLED.test(code)))
    return failure("throttled", { ...NEVER, retry: "throttled", waitMs }, false);
  if (status === 401 || CREDENTIALS.test(code)) return failure("credentials", NEVER, false);
  if (status === 504) return failure("failed", ONCE, true);
  if (status === 408 || (status >= 500 && status !== 501)) return failure("failed", { ...LATER, waitMs }, true);
  if (status === 501 || status === 405 || UNSUPPORTED.test(code)) return failure("unsupported", NEVER, false);
  if (status === 403) return failure("denied", NEVER, false);
  if (status === 404 || status === 410)
    return failure(body === undefined && answer.text.trim() !== "" ? "unsupported" : "not-found", NEVER, false);
  // a lock is no other writer: a new plan would not help
  if (code === "ScopeLocked") return failure("invalid", NEVER, false);
  if (status === 409 || status === 412) return failure("conflict", NEVER, false);
  return failure("invalid", NEVER, false);
}

/** An answer with a status of success whose body is none. */
export function brokenAnswer(status: number, why: string): Failure {
  return { kind: "broken-answer", code: "UnreadableAnswer", message: why, status, verdict: LATER, mayHaveHappened: true };
}

/** What an error that was thrown instead of an answer means. Never throws. */
export function failureOfError(thrown: unknown): Failure {
  const raised = (typeof thrown === "object" && thrown !== null ? thrown : {}) as {
    name?: string;
    code?: string;
    message?: string;
    cause?: unknown;
  };
  const inner = raised.cause as { code?: string } | undefined;
  const known = [raised.code, inner?.code, raised.name].filter((one) => typeof one === "string");
  const code =
    known.find((one) => NOT_SENT.test(one) || CUT_OFF.test(one) || TLS.test(one)) ??
    (cutOff(raised.message) ? "ECONNRESET" : (known[0] ?? "Error"));
  const message = safeText(raised.message ?? "") || code;
  const failure = (verdict: Verdict, mayHaveHappened: boolean): Failure => ({
    kind: "unreachable",
    code,
    message,
    status: null,
    verdict,
    mayHaveHappened,
  });
  if (TLS.test(code)) return failure(NEVER, false);
  if (NOT_SENT.test(code)) return failure(BRIEFLY, false);
  if (CUT_OFF.test(code)) return failure(LATER, true);
  return { ...failure(NEVER, true), kind: "failed" };
}

/** The body as JSON; undefined: it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** `{error: {code, message, innererror}}` of ARM and Log Analytics, `{Code, Message}` of App Service; null: neither. */
function saidIn(body: unknown): { code: string; message: string } | null {
  if (!isObject(body as JsonObject)) return null;
  const { error } = body as JsonObject;
  const inside = (isObject(error) ? error : body) as JsonObject;
  const [code, message] = [
    inside["code"] ?? inside["Code"] ?? error,
    inside["message"] ?? inside["Message"] ?? inside["error_description"],
  ];
  if (typeof code !== "string" && typeof message !== "string") return null;
  return {
    code: typeof code === "string" && code !== "" ? code.slice(0, 100) : "Error",
    message: [message, innermost(inside)].filter((one) => typeof one === "string").join(" "),
  };
}

/** What Log Analytics says of a query stands in the innermost error. */
function innermost(error: JsonObject): string | null {
  let message: string | null = null;
  for (let at = error["innererror"], depth = 0; isObject(at) && depth < 5; at = at["innererror"], depth++)
    if (typeof at["message"] === "string") message = at["message"];
  return message;
}

function unreadable(text: string): string {
  if (text.trim() === "") return "the answer is empty";
  return `the answer is ${/^\s*<(!doctype|html)/i.test(text) ? "HTML" : /^\s*</.test(text) ? "XML" : "cut off, or no JSON"}`;
}

function cutOff(message: string | undefined): boolean {
  return /socket hang up|^aborted$|premature close/i.test(message ?? "");
}

/** Longer than any pause that a command waits for. */
const LONGEST_MS: Ms = 120_000;

/** The service's own wish: Retry-After in seconds or as a date, its variants in ms, Resource Graph's `hh:mm:ss`. null: none. */
function retryAfterMs({ header }: Answer, now: EpochMs): Ms | null {
  const ms = Number(header("retry-after-ms") ?? header("x-ms-retry-after-ms"));
  if (Number.isFinite(ms) && ms > 0) return Math.min(LONGEST_MS, ms);
  const after = header("retry-after");
  if (after !== undefined) {
    const waitMs = /^\s*\d+(\.\d+)?\s*$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
    if (Number.isFinite(waitMs) && waitMs > 0) return Math.min(LONGEST_MS, waitMs);
  }
  const [, h, m, s] = /^(\d+):(\d+):(\d+)/.exec(header("x-ms-user-quota-resets-after") ?? "") ?? [];
  return h === undefined ? null : Math.min(LONGEST_MS, ((Number(h) * 60 + Number(m)) * 60 + Number(s)) * 1000);
}

/** First line, cut, without tokens and keys. */
export function safeText(message: string): string {
  return message
    .trim()
    .split(/[\r\n]/, 1)[0]!
    .slice(0, 500)
    .replace(/\beyJ[\w-]{5,}\.[\w-]+(\.[\w-]*)?/g, "…")
    .replace(/\b(Bearer\s+)\S+/gi, "$1…")
    .replace(/\b((?:sig|code|key|client_secret|AccountKey|SharedAccessKey|InstrumentationKey|password)=)[^&;\s"']+/gi, "$1…");
}
