import { expect, test } from "vitest";
import { type Answer, failureOfAnswer, failureOfError, safeText } from "../../../../src/clouds/azure/client-errors.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const answered = (status: number, body: unknown = "", headers: Record<string, string> = {}): Answer => ({
  status,
  header: (name) => headers[name],
  text: typeof body === "string" ? body : JSON.stringify(body),
});
const failure = (status: number, body?: unknown, headers?: Record<string, string>) => failureOfAnswer(answered(status, body, headers), NOW);
// the form of ARM's errors: https://learn.microsoft.com/azure/azure-resource-manager/management/common-error-codes
const arm = (code: string, message = "What happened.") => ({ error: { code, message } });

test.each([
  [403, arm("AuthorizationFailed"), "denied"],
  [401, arm("ExpiredAuthenticationToken"), "credentials"],
  [404, arm("ResourceNotFound"), "not-found"],
  [404, "", "not-found"],
  [404, "<html>no such page</html>", "unsupported"],
  [400, arm("InvalidResourceType"), "unsupported"],
  [405, arm("MethodNotAllowed"), "unsupported"],
  [412, arm("PreconditionFailed"), "conflict"],
  [409, arm("Conflict"), "conflict"],
  [409, arm("ScopeLocked"), "invalid"],
  [400, arm("BadRequest"), "invalid"],
  [422, "no JSON", "invalid"],
  [429, "", "throttled"],
  [400, arm("SubscriptionRequestsThrottled"), "throttled"],
  [500, arm("InternalServerError"), "failed"],
  [302, "", "invalid"],
])("%s %j is %s", (status, body, kind) => expect(failure(status, body).kind).toBe(kind));

test("App Service's own form of an error", () => {
  // https://learn.microsoft.com/rest/api/appservice: DefaultErrorResponse, and the older {Code, Message}
  expect(failure(400, { Code: "BadRequest", Message: "The parameter memory has an invalid value." })).toMatchObject({
    code: "BadRequest",
    message: "The parameter memory has an invalid value.",
  });
});

test("Log Analytics says what is wrong in the innermost error", () => {
  // https://learn.microsoft.com/azure/azure-monitor/logs/api/errors
  const body = {
    error: {
      code: "BadArgumentError",
      message: "The request had some invalid properties",
      innererror: {
        code: "SemanticError",
        message: "A semantic error occurred.",
        innererror: { code: "SEM0100", message: "no such column 'X'" },
      },
    },
  };
  expect(failure(400, body)).toMatchObject({
    code: "BadArgumentError",
    message: "The request had some invalid properties no such column 'X'",
  });
});

test("how long to wait: seconds, a date, milliseconds, Resource Graph's own; at most two minutes", () => {
  const wait = (headers: Record<string, string>) => failure(429, "", headers).verdict.waitMs;
  expect(wait({ "retry-after": "7" })).toBe(7_000);
  expect(wait({ "retry-after": "Mon, 23 Nov 2026 12:00:09 GMT" })).toBe(9_000);
  expect(wait({ "retry-after-ms": "250", "retry-after": "9" })).toBe(250);
  expect(wait({ "x-ms-user-quota-resets-after": "00:00:05" })).toBe(5_000);
  expect(wait({ "retry-after": "3600" })).toBe(120_000);
  expect(wait({ "retry-after": "Mon, 23 Nov 2026 11:00:00 GMT" })).toBeNull();
  expect(wait({ "retry-after": "soon" })).toBeNull();
  expect(wait({})).toBeNull();
});

test("what a write may have done", () => {
  expect(failure(503).mayHaveHappened).toBe(true);
  expect(failure(408).mayHaveHappened).toBe(true);
  expect(failure(429).mayHaveHappened).toBe(false);
  expect(failure(412, arm("PreconditionFailed")).mayHaveHappened).toBe(false);
  // Node's codes: nothing was sent where no connection was made
  const network = (code: string) => failureOfError(Object.assign(new Error(`connect ${code}`), { code }));
  expect(network("ECONNREFUSED")).toMatchObject({ kind: "unreachable", mayHaveHappened: false, verdict: { retry: "later" } });
  expect(network("ECONNRESET")).toMatchObject({ kind: "unreachable", mayHaveHappened: true, verdict: { retry: "later" } });
  expect(network("SELF_SIGNED_CERT_IN_CHAIN")).toMatchObject({ kind: "unreachable", verdict: { retry: "never" } });
  // the SDK's error has its own code, the network's is inside
  const wrapped = Object.assign(new Error("socket hang up"), { code: "REQUEST_SEND_ERROR", name: "RestError" });
  expect(failureOfError(wrapped)).toMatchObject({ code: "ECONNRESET", mayHaveHappened: true });
  for (const odd of [null, undefined, "text", 7, {}])
    expect(failureOfError(odd)).toMatchObject({ kind: "failed", verdict: { retry: "never" } });
});

test("a query that ran out of time is asked once more, not for as long as patience lasts", () => {
  expect(failure(504, arm("GatewayTimeout")).verdict).toEqual({ retry: "later", waitMs: null, patienceMs: 0 });
});

test("no token, key or second line comes into a message", () => {
  const token = "eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ0In0.c2ln";
  expect(safeText(`refused ${token} of you`)).toBe("refused … of you");
  expect(safeText("Authorization: Bearer abc.def")).toBe("Authorization: Bearer …");
  expect(safeText("at https://x/api?code=s3cret&sig=t0ken;AccountKey=k==\nsecond")).toBe("at https://x/api?code=…&sig=…;AccountKey=…");
});
