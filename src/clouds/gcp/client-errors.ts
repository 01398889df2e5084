/**
 * What an error of Google's clients means: its kind, whether to try again, and whether a write may have taken effect all the same.
 * https://cloud.google.com/apis/design/errors, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
 */
import { arrayAt, isObject, type JsonObject, numberAt, objectAt, textAt } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { durationMsOf } from "../../model/times.ts";
import type { Ms } from "../../model/units.ts";
import type { CallErrorKind, Failure as CallFailure } from "../kit/call-error.ts";
import { BRIEFLY, LATER, NEVER, type Verdict } from "../kit/retry.ts";

/** `code` is the reason of the error's ErrorInfo where that says more than the status (`SERVICE_DISABLED`). */
export interface Failure extends CallFailure {
  /** Permission that is said to be missing; null: none is said. */
  permission: string | null;
}

/** Fields of gRPC, HTTP and network errors that are looked at; every one may be missing. */
interface Raised {
  name?: string;
  message?: string;
  code?: unknown;
  details?: unknown;
  cause?: unknown;
  reason?: unknown;
  errorInfoMetadata?: unknown;
  statusDetails?: unknown;
  response?: { status?: number; data?: unknown; headers?: unknown };
}

const STATUS = [
  ..."OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED".split(" "),
  ..."FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED".split(" "),
];
/** Status of an answer that names none: a gateway's, or one that was cut off. */
const OF_HTTP: { readonly [status: number]: string } = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "UNIMPLEMENTED",
  405: "UNIMPLEMENTED",
  408: "DEADLINE_EXCEEDED",
  409: "ABORTED",
  412: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

const NOT_SENT = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|Name resolution failed|No connection established/;
/** How the client itself begins where it had no connection to send a request on. */
const OWN_WORDS = /^(14 UNAVAILABLE: )?(No connection established|Name resolution failed)/;
const TLS = /certificate|CERT_|ERR_TLS|ERR_SSL|EPROTO|SELF_SIGNED|UNABLE_TO_|wrong version number|Hostname\/IP does not match/;
const UNREADABLE =
  /message parsing error|Failed to deserialize|Error deserializing|not valid JSON|invalid wire type|index out of range|nesting depth exceeded/i;
const NO_PROJECT = /^(CONSUMER_INVALID|RESOURCE_PROJECT_INVALID|PROJECT_INVALID|CONSUMER_SUSPENDED)$/;

/** What token endpoints say of credentials that they do not take: https://www.rfc-editor.org/rfc/rfc6749#section-5.2, rfc8693#section-2.2.2 */
const NO_TOKEN = /\b(invalid_grant|invalid_rapt|invalid_client|invalid_target|unauthorized_client)\b/;

/** Reads an error that a client threw. Never throws. */
export function failureOf(thrown: unknown): Failure {
  const raised = (typeof thrown === "object" && thrown !== null ? thrown : { message: String(thrown) }) as Raised;
  const said = saidBy(raised);
  const message = safeText(said.message) || said.status;
  const failure = (kind: CallErrorKind, verdict: Verdict, mayHaveHappened: boolean, code = said.status): Failure => ({
    kind,
    code,
    message,
    verdict,
    mayHaveHappened,
    status: said.http,
    permission: said.permission,
  });
  const again = { ...LATER, waitMs: said.waitMs };

  if (TLS.test(said.network)) return failure("unreachable", NEVER, false);
  if (NOT_SENT.test(said.network)) return failure("unreachable", BRIEFLY, false);
  if (UNREADABLE.test(said.message)) return failure("broken-answer", LATER, true, "UnreadableAnswer");
  // the answer of IAM Credentials, not of what was asked: https://cloud.google.com/iam/docs/reference/credentials/rest
  if (/unable to impersonate/.test(raised.message ?? "") && said.http !== null && said.http < 429)
    return failure("credentials", NEVER, false, "IMPERSONATION_REFUSED");
  const noToken = NO_TOKEN.exec(said.message)?.[1];
  if (noToken !== undefined) return failure("credentials", NEVER, false, noToken);
  if (said.reason === "SERVICE_DISABLED" || /has not been used in project .* before or it is disabled/.test(said.message))
    return failure("unsupported", NEVER, false, "SERVICE_DISABLED");
  if (NO_PROJECT.test(said.reason) || /^Project '?[\w:.-]+'? (not found|has been deleted|was deleted)/i.test(said.message))
    return failure("credentials", NEVER, false, "CONSUMER_INVALID");
  if (/^(rateLimitExceeded|userRateLimitExceeded|RATE_LIMIT_EXCEEDED)$/.test(said.reason) || said.status === "RESOURCE_EXHAUSTED")
    // what is counted by the day does not come back in minutes
    return failure("throttled", { retry: said.daily ? "never" : "throttled", waitMs: said.waitMs, patienceMs: null }, false);
  switch (said.status) {
    case "UNAUTHENTICATED":
      return failure("credentials", NEVER, false);
    case "PERMISSION_DENIED":
      return failure("denied", NEVER, false);
    case "NOT_FOUND":
      return failure("not-found", NEVER, false);
    case "ABORTED":
    case "ALREADY_EXISTS":
    case "FAILED_PRECONDITION":
      return failure("conflict", NEVER, false);
    case "INVALID_ARGUMENT":
    case "OUT_OF_RANGE":
      return failure("invalid", NEVER, false);
    case "UNIMPLEMENTED":
      return failure("unsupported", NEVER, false);
    case "UNAVAILABLE":
    case "DEADLINE_EXCEEDED":
    case "CANCELLED":
      return failure("unreachable", again, true);
    case "INTERNAL":
    case "UNKNOWN":
      return failure("failed", again, true);
    case "UnreadableAnswer":
      return failure("broken-answer", LATER, true);
    default:
      return failure("failed", NEVER, said.http === null);
  }
}

interface Said {
  status: string;
  reason: string;
  message: string;
  http: number | null;
  /** What the network said, where no answer came; empty: an answer came. */
  network: string;
  waitMs: Ms | null;
  daily: boolean;
  permission: string | null;
}

function saidBy(raised: Raised): Said {
  const body = isObject(raised.response?.data as Json) ? objectAt(raised.response!.data as JsonObject, "error") : null;
  const http = raised.response?.status ?? null;
  const details = (body === null ? asList(raised.statusDetails) : (arrayAt(body, "details") ?? [])).filter(isObject);
  const info = details.find((one) => textAt(one, "reason") !== null);
  const metadata = (info === undefined ? null : objectAt(info, "metadata")) ?? asObject(raised.errorInfoMetadata) ?? {};
  const reason =
    asText(raised.reason) ?? (info === undefined ? null : textAt(info, "reason")) ?? legacyReason(body) ?? asText(raised.code) ?? "";
  const message = (body === null ? null : textAt(body, "message")) ?? asText(raised.details) ?? raised.message ?? "";
  const retryInfo = details.map((one) => durationOf(one["retryDelay"])).find((ms) => ms !== null);
  return {
    status: statusOf(raised, body, http),
    reason,
    message,
    http,
    network: http === null ? networkOf(raised) : "",
    waitMs: retryInfo ?? retryAfterMs(raised),
    daily: /PerDay|per day/i.test(`${textAt(metadata, "quota_limit", "quota_unit") ?? ""} ${message}`),
    permission: textAt(metadata, "permission") ?? permissionIn(message),
  };
}

function statusOf(raised: Raised, body: JsonObject | null, http: number | null): string {
  const named = body === null ? null : textAt(body, "status");
  if (named !== null) return named;
  if (typeof raised.code === "number" && http === null) return STATUS[raised.code] ?? "UNKNOWN";
  if (http === null) return raised.name === "TimeoutError" ? "DEADLINE_EXCEEDED" : networkOf(raised) === "" ? "Error" : "UNAVAILABLE";
  if (http < 400) return "UnreadableAnswer";
  if (body !== null && http === 404) return "NOT_FOUND";
  return OF_HTTP[http] ?? (http >= 500 ? "INTERNAL" : "INVALID_ARGUMENT");
}

/** Text in which the network's own words stand: codes of sockets, of TLS, and gRPC's report of its last connection. */
function networkOf(raised: Raised): string {
  const cause = asObject(raised.cause) ?? (raised.cause instanceof Error ? (raised.cause as Raised) : null);
  const codes = [raised.code, (cause as Raised | null)?.code].filter((code) => typeof code === "string");
  // a server's or proxy's own UNAVAILABLE may say anything, and the request may have reached it
  const own = raised.code === 14 && OWN_WORDS.test(asText(raised.details) ?? raised.message ?? "");
  const grpc = own ? `${asText(raised.details) ?? ""} ${raised.message ?? ""}` : "";
  const fetched = codes.length > 0 ? `${raised.message ?? ""} ${(cause as Raised | null)?.message ?? ""}` : "";
  return `${codes.join(" ")} ${grpc} ${fetched}`.trim();
}

function legacyReason(body: JsonObject | null): string | null {
  const first = body === null ? null : (arrayAt(body, "errors") ?? [])[0];
  return isObject(first) ? textAt(first, "reason") : null;
}

function permissionIn(message: string): string | null {
  return /[Pp]ermissions?:? ['"`]?([a-z][a-z0-9]*\.[a-zA-Z]+\.[a-zA-Z]+)/.exec(message)?.[1] ?? null;
}

/** A Duration as REST writes it (`1.5s`), or as gRPC's clients decode it. */
function durationOf(value: Json | undefined): Ms | null {
  // seconds are a 64-bit number: text, a number, or an object of the library's own that says itself as text
  const ms = isObject(value) ? Number(String(value["seconds"] ?? 0)) * 1000 + (numberAt(value, "nanos") ?? 0) / 1e6 : durationMsOf(value);
  return ms === null || !Number.isFinite(ms) ? null : Math.min(ms, 60_000);
}

function retryAfterMs(raised: Raised): Ms | null {
  const headers = raised.response?.headers;
  const get = (headers as { get?: unknown } | undefined)?.get;
  const value: unknown = typeof get === "function" ? get.call(headers, "retry-after") : (asObject(headers)?.["retry-after"] ?? null);
  const seconds = Number(value);
  return value !== null && Number.isFinite(seconds) && seconds > 0 ? Math.min(60, seconds) * 1000 : null;
}

/** First line, cut, without tokens and keys. */
export function safeText(message: string): string {
  const line = message
    .replace(/^\d+ [A-Z_]+: /, "")
    .replace(/\.? Resolution note:\s*$/, "")
    .split(/[\r\n]/, 1)[0]!
    .slice(0, 500);
  return line
    .replace(/\bya29\.[\w.-]+/g, "ya29.…")
    .replace(/\beyJ[\w-]+\.[\w-]+\.?[\w-]*/g, "eyJ…")
    .replace(/\b(Bearer|access_token|refresh_token|assertion|client_secret|key)(["'=: ]+)[^\s,"'&]+/gi, "$1$2…");
}

const asText = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const asList = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const asObject = (value: unknown): JsonObject | null => (isObject(value as Json) ? (value as JsonObject) : null);
