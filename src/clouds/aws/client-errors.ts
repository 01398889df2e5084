/** What an SDK error means: its kind, whether to try again, and whether a write may have taken effect all the same. */
import { BRIEFLY, LATER, NEVER, type Verdict } from "../kit/retry.ts";
import type { CallErrorKind, Failure } from "../kit/call-error.ts";

/** The fields of SDK and network errors that are looked at; every one may be missing. */
interface Raised {
  name?: string;
  message?: string;
  code?: string;
  cause?: unknown;
  $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean };
  $response?: { headers?: { [name: string]: string } };
  /** Set where the body could not be parsed. */
  $responseBodyText?: unknown;
}

// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html, and Logs' and X-Ray's own names
const THROTTLED =
  /^(Throttl(ing|ed|edException|ingException)?|TooManyRequests(Exception)?|RequestLimitExceeded|RequestThrottled(Exception)?|SlowDown|BandwidthLimitExceeded|EC2ThrottledException|PriorRequestNotComplete|ProvisionedThroughputExceeded(Exception)?|LimitExceededException)$/;
const CREDENTIALS =
  /^(ExpiredToken(Exception)?|InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature(Exception)?|MissingAuthenticationToken(Exception)?|IncompleteSignature(Exception)?|RequestExpired|RequestTimeTooSkewed|AuthFailure|InvalidToken|CredentialsProviderError|TokenProviderError)$/;
const DENIED =
  /(AccessDenied|^Unauthorized(Operation|Exception)?$|^NotAuthorized|^Authorization(Error|ErrorException)$|^OptInRequired$|^SubscriptionRequired)/;
const NOT_FOUND = /(NotFound(Exception)?$|DoesNotExist|NonExistentQueue|^NoSuch)/;
const CONFLICT =
  /^(ResourceConflictException|PreconditionFailed(Exception)?|ConcurrentModificationException|ResourceInUseException|ResourceNotReadyException)$/;
const UNSUPPORTED = /^(UnknownOperation(Exception)?|InvalidAction|UnknownAction|NotImplemented|UnsupportedOperation(Exception)?)$/;
const INVALID = /(Validation|InvalidParameter|InvalidRequest|InvalidAttribute|MalformedQuery|InvalidArn|InvalidInput|MissingParameter)/;
/** No connection was made, so that nothing was sent. */
const NOT_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const CUT_OFF =
  /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED|RequestTimeout(Exception)?|UND_ERR\w*|HPE_\w+|ERR_STREAM_PREMATURE_CLOSE|TimeoutError|AbortError)$/;
const TLS = /^(CERT_|ERR_TLS|ERR_SSL|EPROTO|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/;

/** Reads an error that `send` threw. Never throws. */
export function failureOf(thrown: unknown): Failure {
  const raised = (typeof thrown === "object" && thrown !== null ? thrown : { message: String(thrown) }) as Raised;
  const status = raised.$metadata?.httpStatusCode ?? null;
  const answer = foreignAnswer(raised);
  const code = answer?.code ?? networkCode(raised) ?? raised.name ?? "Error";
  const message = safeText(answer?.message ?? raised.message ?? "") || code;
  const failure = (kind: CallErrorKind, verdict: Verdict, mayHaveHappened: boolean): Failure => ({
    kind,
    code,
    message,
    status,
    verdict,
    mayHaveHappened,
  });

  if (raised.$metadata?.clockSkewCorrected === true) return failure("credentials", { ...NEVER, retry: "now" }, false);
  if (status === 429 || THROTTLED.test(code) || (status === 400 && message.startsWith("Rate exceeded")))
    return failure("throttled", { ...NEVER, retry: "throttled", waitMs: retryAfterMs(raised) }, false);
  if (CREDENTIALS.test(code)) return failure("credentials", NEVER, false);
  if (DENIED.test(code)) return failure("denied", NEVER, false);
  if (TLS.test(code)) return failure("unreachable", NEVER, false);
  if (NOT_SENT.test(code) || (code === "TimeoutError" && /establish a connection|connection timed out/i.test(message)))
    return failure("unreachable", BRIEFLY, false);
  if (CUT_OFF.test(code)) return failure("unreachable", LATER, true);
  // names that say what is the matter, also where Lambda sends them with 502
  if (CONFLICT.test(code)) return failure("conflict", NEVER, false);
  if (status !== null && status >= 500 && status !== 501) return failure("failed", { ...LATER, waitMs: retryAfterMs(raised) }, true);
  if (UNSUPPORTED.test(code) || status === 501) return failure("unsupported", NEVER, false);
  if (answer !== null || (status !== null && status < 400)) return unreadable(status, failure);
  if (NOT_FOUND.test(code)) return failure("not-found", NEVER, false);
  if (status === 409 || status === 412) return failure("conflict", NEVER, false);
  if (/^ValidationError$/.test(code) && /does not exist/.test(message)) return failure("not-found", NEVER, false);
  if (INVALID.test(code) || status === 400) return failure("invalid", NEVER, false);
  if (status === 403) return failure("denied", NEVER, false);
  if (status === 404) return failure("not-found", NEVER, false);
  return failure("failed", NEVER, status === null);
}

/** An answer that is not in the service's own form: HTML of a gateway, XML of an endpoint's guard, a body that was cut. */
function unreadable(status: number | null, failure: (kind: CallErrorKind, verdict: Verdict, mayHaveHappened: boolean) => Failure): Failure {
  if (status === 401 || status === 403) return failure("denied", NEVER, false);
  if (status === 404 || status === 405) return failure("unsupported", NEVER, false);
  if (status !== null && status >= 400) return failure("invalid", NEVER, false);
  return failure("broken-answer", LATER, true);
}

/** What stands in an answer that the SDK could not parse, such as the XML of an endpoint's access check; null: it was parsed. */
function foreignAnswer(raised: Raised): { code: string; message: string } | null {
  if (raised.name !== "SyntaxError" && raised.$responseBodyText === undefined) return null;
  // some of the SDK's parsers keep the text, others only say how it begins
  const body =
    typeof raised.$responseBodyText === "string"
      ? raised.$responseBodyText
      : (/, "(.*)"\.\.\. is not/.exec(raised.message ?? "")?.[1] ?? "{");
  const code = /<Code>(?:[\w.]+\.)?(\w{1,80})<\/Code>/.exec(body)?.[1];
  if (code !== undefined) return { code, message: /<Message>([^<]{1,500})<\/Message>/.exec(body)?.[1] ?? code };
  const kind = /^\s*<(!doctype|html)/i.test(body)
    ? "HTML"
    : /^\s*</.test(body)
      ? "XML"
      : body.trim() === ""
        ? "empty"
        : "cut off, or no JSON";
  return { code: "UnreadableAnswer", message: `the answer is ${kind}` };
}

function networkCode(raised: Raised): string | null {
  if (typeof raised.code === "string" && raised.$metadata?.httpStatusCode === undefined) return raised.code;
  if (raised.name === "Error" && /^(aborted|socket hang up)$/.test(raised.message ?? "")) return "ECONNRESET";
  return typeof raised.code === "string" && (CUT_OFF.test(raised.code) || NOT_SENT.test(raised.code)) ? raised.code : null;
}

/** Retry-After in seconds, at most a minute; null: not sent, or a date. */
function retryAfterMs(raised: Raised): number | null {
  const seconds = Number(raised.$response?.headers?.["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(60, seconds) * 1000 : null;
}

/** First line, cut, without keys and tokens: a signature error repeats the request's headers, session token and all. */
function safeText(message: string): string {
  const line = message.split(/[\r\n]/, 1)[0]!.slice(0, 500);
  return line
    .replace(/\b(A[SK]IA|AROA|AIDA)[A-Z0-9]{12,}\b/g, "$1…")
    .replace(/(x-amz-security-token|signature|credential)(["'=: ]+)[^\s,"']+/gi, "$1$2…");
}
