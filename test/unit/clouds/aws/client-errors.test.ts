import { expect, test } from "vitest";
import { failureOf } from "../../../../src/clouds/aws/client-errors.ts";
import { loaded } from "../../../../src/clouds/aws/client-services.ts";
import { UserError } from "../../../../src/model/errors.ts";

/** An SDK exception, as its clients throw them. */
function thrown(name: string, status: number | null, message = "message"): Error {
  return Object.assign(new Error(message), { name }, status === null ? {} : { $metadata: { httpStatusCode: status } });
}

// names and statuses: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html#API_UpdateFunctionConfiguration_Errors,
// API_Invoke.html, https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html,
// https://docs.aws.amazon.com/xray/latest/api/CommonErrors.html, https://nodejs.org/api/errors.html#common-system-errors
test.each([
  ["TooManyRequestsException", 429, "throttled", "throttled", false],
  ["ThrottlingException", 400, "throttled", "throttled", false],
  ["LimitExceededException", 400, "throttled", "throttled", false],
  ["EC2ThrottledException", 502, "throttled", "throttled", false],
  ["ResourceConflictException", 409, "conflict", "never", false],
  ["PreconditionFailedException", 412, "conflict", "never", false],
  ["ResourceNotReadyException", 502, "conflict", "never", false],
  ["ResourceNotFoundException", 404, "not-found", "never", false],
  ["QueueDoesNotExist", 400, "not-found", "never", false],
  ["InvalidParameterValueException", 400, "invalid", "never", false],
  ["KMSAccessDeniedException", 502, "denied", "never", false],
  ["AuthorizationError", 403, "denied", "never", false],
  ["ServiceException", 500, "failed", "later", true],
  ["ServiceUnavailable", 503, "failed", "later", true],
  ["RequestTimeoutException", 400, "unreachable", "later", true],
  ["UnknownOperationException", 400, "unsupported", "never", false],
  ["ExpiredTokenException", 403, "credentials", "never", false],
  ["UnrecognizedClientException", 400, "credentials", "never", false],
  ["CredentialsProviderError", null, "credentials", "never", false],
] as const)("%s with %s is %s, retried: %s", (name, status, kind, retry, mayHaveHappened) => {
  const failure = failureOf(thrown(name, status));
  expect([failure.kind, failure.verdict.retry, failure.mayHaveHappened, failure.code]).toEqual([kind, retry, mayHaveHappened, name]);
});

test.each([
  ["ECONNREFUSED", "later", false],
  ["ENOTFOUND", "later", false],
  ["ECONNRESET", "later", true],
  ["ETIMEDOUT", "later", true],
  ["CERT_HAS_EXPIRED", "never", false],
  ["SELF_SIGNED_CERT_IN_CHAIN", "never", false],
] as const)("the network's %s is retried: %s", (code, retry, mayHaveHappened) => {
  const failure = failureOf(Object.assign(new Error("network"), { code }));
  expect([failure.kind, failure.verdict.retry, failure.mayHaveHappened]).toEqual(["unreachable", retry, mayHaveHappened]);
});

test("a connection that was not made had no effect, an answer that did not come may have", () => {
  const connecting = thrown(
    "TimeoutError",
    null,
    "the request socket did not establish a connection with the server within the configured timeout of 10 ms.",
  );
  expect(failureOf(connecting)).toMatchObject({ kind: "unreachable", mayHaveHappened: false });
  expect(failureOf(thrown("TimeoutError", null, "no answer within 10 ms"))).toMatchObject({ kind: "unreachable", mayHaveHappened: true });
});

test("the server's wish for a pause is read, in bounds", () => {
  const asked = (seconds: string) =>
    failureOf(Object.assign(thrown("Throttling", 429), { $response: { headers: { "retry-after": seconds } } })).verdict.waitMs;
  expect(asked("2")).toBe(2000);
  expect(asked("86400")).toBe(60_000);
  expect(asked("Wed, 21 Oct 2026 07:28:00 GMT")).toBeNull();
});

test("keys, tokens and signatures are cut out of messages", () => {
  const message =
    "Credential=AKIAIOSFODNN7EXAMPLE/20261123/us-east-1 x-amz-security-token: FwoGZXIvYXdz Signature=abcdef0123\nx-amz-security-token:FwoGZXIvYXdz";
  const failure = failureOf(thrown("InvalidSignatureException", 403, message));
  expect(failure.message).not.toMatch(/IOSFODNN7|FwoG|abcdef|\n/);
});

test("what is no error at all does not break the reading", () => {
  for (const odd of [null, undefined, "text", 5, {}]) expect(failureOf(odd).kind).toBe("failed");
});

test("an SDK package that is not installed is an error that names it; other errors stay what they are", async () => {
  const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
  const error = await loaded("@aws-sdk/client-pipes", () => Promise.reject(missing)).catch((one: unknown) => one);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).suggestions[0]).toBe("npm install @aws-sdk/client-pipes");
  await expect(loaded("x", () => Promise.reject(new SyntaxError("bug")))).rejects.toBeInstanceOf(SyntaxError);
});
