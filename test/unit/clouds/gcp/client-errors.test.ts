/** What thrown errors mean, where the words of one could be taken for another: above all whether a write may have taken effect. */
import { expect, test } from "vitest";
import { failureOf } from "../../../../src/clouds/gcp/client-errors.ts";

const grpc = (details: string, code = 14): Error => Object.assign(new Error(`${code} UNAVAILABLE: ${details}`), { code, details });

// what @grpc/grpc-js itself says without a connection (src/load-balancer-pick-first.ts, src/resolver-dns.ts)
test.each([
  "No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1 (2026-11-23T00:00:00.000Z)",
  "Name resolution failed for target dns:run.example:443",
])("nothing was sent: %s", (details) => {
  expect(failureOf(grpc(details))).toMatchObject({ kind: "unreachable", mayHaveHappened: false, verdict: { patienceMs: 10_000 } });
});

test.each([
  "upstream connect error or disconnect/reset before headers: ECONNREFUSED",
  "certificate of the backend is being renewed",
  "EHOSTUNREACH said by a proxy",
])("it was sent, and who answers only says the like: %s", (details) => {
  expect(failureOf(grpc(details))).toMatchObject({ kind: "unreachable", mayHaveHappened: true, verdict: { retry: "later" } });
});

test("an account that may not be acted as is a matter of credentials, an answer that does not come is not", () => {
  const refused = (code: number, status: string): object =>
    Object.assign(new Error(`${status}: unable to impersonate: told by the test`), {
      response: { status: code, data: { error: { code, status, message: "told by the test" } } },
    });
  expect(failureOf(refused(403, "PERMISSION_DENIED"))).toMatchObject({
    kind: "credentials",
    mayHaveHappened: false,
    verdict: { retry: "never" },
  });
  expect(failureOf(refused(503, "UNAVAILABLE"))).toMatchObject({ kind: "unreachable", verdict: { retry: "later" } });
});

test("an entry that is nested deeper than the client reads is an answer that cannot be read", () => {
  expect(
    failureOf(Object.assign(new Error("13 INTERNAL: Response message parsing error: maximum nesting depth exceeded"), { code: 13 })),
  ).toMatchObject({
    kind: "broken-answer",
  });
  expect(failureOf(new Error("maximum nesting depth exceeded")).kind).toBe("broken-answer");
});
