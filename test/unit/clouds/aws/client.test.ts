import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Api, AwsError } from "../../../../src/clouds/aws/api.ts";
import type { AwsClient } from "../../../../src/clouds/aws/client.ts";
import { UserError } from "../../../../src/model/errors.ts";
import { openTestClient, pointSdkAt } from "../../../support/aws-client.ts";
import { type FakeAnswer, type FaultProxy, type SeenRequest, startFaultProxy } from "../../../support/fault-proxy.ts";
import { virtualClock } from "../../../support/virtual-clock.ts";

const functions = Array.from({ length: 121 }, (_, i) => ({
  FunctionName: `f${i}`,
  MemorySize: 128,
  LastModified: "2026-01-01T00:00:00.000+0000",
}));

// answers in the form of the API references' examples
function aws(request: SeenRequest): FakeAnswer {
  const xml = (body: string): FakeAnswer => ({ headers: { "content-type": "text/xml" }, body });
  switch (request.name) {
    case "sts:GetCallerIdentity":
      return xml(
        `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
    case "sts:AssumeRole":
      return xml(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/demo/evscope</Arn><AssumedRoleId>ARO123EXAMPLE123:evscope</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>the-session-token</SessionToken><Expiration>2099-11-09T13:34:41Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      );
    case "sns:ListTopics":
      return xml(
        `<ListTopicsResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ListTopicsResult><Topics><member><TopicArn>arn:aws:sns:us-east-1:123456789012:My-Topic</TopicArn></member></Topics></ListTopicsResult></ListTopicsResponse>`,
      );
    case "lambda:GET /2015-03-31/functions":
      return { body: { Functions: functions } };
    case "lambda:PUT /2015-03-31/functions/f/configuration":
      return { body: { FunctionName: "f", MemorySize: 256 } };
    case "lambda:POST /2015-03-31/functions/f/invocations":
      return { headers: { "x-amz-log-result": "TE9H" }, body: { ok: true } };
    case "logs:DescribeLogGroups":
      return { body: { logGroups: [{ logGroupName: "/aws/lambda/f", storedBytes: 5, creationTime: 1_700_000_000_000 }] } };
    case "monitoring:ListMetrics":
      return { body: { Metrics: [{ Namespace: "AWS/Lambda", MetricName: "Errors", Dimensions: [{ Name: "FunctionName", Value: "f" }] }] } };
    case "sqs:GetQueueAttributes":
      return { body: { Attributes: { VisibilityTimeout: "30" } } };
    case "states:DescribeStateMachine":
      return { body: { name: "m", stateMachineArn: "a", creationDate: 1_700_000_000.5, definition: "{}", roleArn: "r", type: "STANDARD" } };
    case "lambda:GET /2016-08-19/account-settings":
      return { status: 404, headers: { "content-type": "text/html" }, body: "<!doctype html><title>404 Not Found</title>" };
    default:
      return { status: 404, body: { message: request.name } };
  }
}

const environment = { ...process.env };
let proxy: FaultProxy;
let client: AwsClient | undefined;
beforeEach(async () => {
  proxy = await startFaultProxy(aws);
  pointSdkAt(proxy.url);
});
afterEach(async () => {
  client?.close();
  client = undefined;
  await proxy.close();
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});

/** One read per wire protocol: REST-JSON, JSON 1.1 and 1.0, Query. */
const READS = [
  ["lambda:ListFunctions", /^lambda:GET/, "Functions", 121],
  ["logs:DescribeLogGroups", /^logs:/, "logGroups", 1],
  ["cloudwatch:ListMetrics", /^monitoring:/, "Metrics", 1],
  ["sns:ListTopics", /^sns:/, "Topics", 1],
] as const;

async function failing(api: Api, input: object = {}): Promise<AwsError> {
  const error = await client!.call(api, input).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AwsError);
  return error as AwsError;
}

describe.each(READS)("%s", (api, match, list, length) => {
  const requests = () => proxy.requests.filter((one) => match.test(one.name)).length;

  test.each([
    "throttle",
    "429",
    "500",
    "503-html",
    "reset",
    "reset-after",
    "hang",
    "hang-body",
    "cut-body",
    "empty-body",
    "long-length",
    "short-length",
  ] as const)("gets over %s, twice", async (fault) => {
    client = await openTestClient();
    proxy.rules.push({ match, fault, times: 2 });
    expect((await client.call(api, {}))[list]).toHaveLength(length);
    expect(requests()).toBe(3);
    expect(proxy.writes()).toEqual([]);
  });

  test("throttled for ever, it fails after its patience, and the closing line counts it", async () => {
    const clock = virtualClock();
    client = await openTestClient({}, { clock });
    proxy.rules.push({ match, fault: "throttle" });
    const error = await failing(api);
    expect(error).toMatchObject({ kind: "throttled", code: "ThrottlingException" });
    expect(error.attempts).toBeGreaterThan(3);
    expect(clock.slept.reduce((a, b) => a + b, 0)).toBeLessThan(60_000);
    expect(client.calls().find((one) => one.api === api)).toMatchObject({ calls: error.attempts, throttled: error.attempts, failed: 1 });
  });

  test("denied is denied at once, as JSON and as XML", async () => {
    client = await openTestClient();
    for (const fault of ["access-denied", "access-denied-xml"] as const) {
      proxy.rules.splice(0, 1, { match, fault });
      expect(await failing(api)).toMatchObject({ kind: "denied", status: 403, attempts: 1 });
    }
    expect(requests()).toBe(2);
  });

  test("an expired token is an error of credentials that says what to do", async () => {
    client = await openTestClient();
    proxy.rules.push({ match, fault: "expired-token" });
    const error = await client.call(api, {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode: 3, message: expect.stringContaining("expired") as string });
    expect((error as UserError).suggestions.join()).toContain("aws sso login");
    expect(requests()).toBe(1);
  });

  test("a clock two hours behind is corrected from the answer's Date", async () => {
    client = await openTestClient();
    proxy.rules.push({ match, fault: "clock-skew" });
    expect((await client.call(api, {}))[list]).toHaveLength(length);
    expect(requests()).toBe(2);
  });

  test("an endless list ends", async () => {
    if (api === "sns:ListTopics") return; // its answers are XML: the token faults rewrite JSON, and paging is one code for all
    client = await openTestClient();
    const token = api === "lambda:ListFunctions" ? "NextMarker" : api === "logs:DescribeLogGroups" ? "nextToken" : "NextToken";
    for (const [fault, why, pages] of [
      ["repeated-token", "the page token repeats", 2],
      ["endless-token", "more than 5 pages", 5],
    ] as const) {
      proxy.rules.splice(0, 1, { match, fault, token });
      let read = 0;
      const reading = (async () => {
        for await (const _ of client.pages(api, {}, { maxPages: 5 })) read++;
      })();
      await expect(reading).rejects.toMatchObject({ kind: "broken-answer", message: expect.stringContaining(why) as string });
      expect(read).toBe(pages);
    }
  });
});

test("121 functions come in three pages", async () => {
  client = await openTestClient();
  proxy.rules.push({ match: /^lambda:GET/, fault: { pageOf: 50, list: "Functions", given: "Marker", returned: "NextMarker" } });
  const names: unknown[] = [];
  for await (const page of client.pages("lambda:ListFunctions", {}))
    for (const one of page["Functions"] as { FunctionName: string }[]) names.push(one.FunctionName);
  expect(names).toEqual(functions.map((one) => one.FunctionName));
  expect(proxy.requests.filter((one) => one.service === "lambda")).toHaveLength(3);
});

describe("writes", () => {
  const write = ["lambda:UpdateFunctionConfiguration", { FunctionName: "f", MemorySize: 256 }] as const;
  const sent = () => proxy.writes().length;

  test("throttled, they are sent again", async () => {
    client = await openTestClient();
    proxy.rules.push({ match: /^lambda:PUT/, fault: "429", times: 2 });
    expect(await client.call(...write)).toMatchObject({ MemorySize: 256 });
    expect(sent()).toBe(3);
  });

  test.each(["500", "reset-after", "hang", "cut-body", "hang-body", "503-html"] as const)(
    "after %s nobody knows, and they are not repeated",
    async (fault) => {
      client = await openTestClient();
      proxy.rules.push({ match: /^lambda:PUT/, fault, times: 1 });
      const error = await failing(...write);
      expect(error.mayHaveHappened).toBe(true);
      expect(error.message).toContain("whether it took effect is unknown");
      expect(sent()).toBe(1);
    },
  );

  test("refused, they had no effect", async () => {
    client = await openTestClient();
    proxy.rules.push({ match: /^lambda:PUT/, fault: "access-denied" });
    expect(await failing(...write)).toMatchObject({ kind: "denied", mayHaveHappened: false });
  });

  test("a closed port is tried for a short while only, and had no effect", async () => {
    client = await openTestClient();
    await proxy.close();
    // until the client has seen its open connection close
    await new Promise((resolve) => setTimeout(resolve, 50));
    const error = await failing(...write);
    expect(error).toMatchObject({ kind: "unreachable", code: "ECONNREFUSED", mayHaveHappened: false });
    expect(error.attempts).toBeGreaterThan(1);
    proxy = await startFaultProxy(aws);
  });

  test("after the user's interrupt only cleaning up goes on", async () => {
    const stop = new AbortController();
    client = await openTestClient({}, { signal: stop.signal });
    stop.abort(new Error("interrupted"));
    await expect(client.call("lambda:ListFunctions", {})).rejects.toThrow("interrupted");
    expect(await client.call(...write, { evenAfterAbort: true })).toMatchObject({ MemorySize: 256 });
  });

  test("an interrupt ends a request that hangs", async () => {
    const stop = new AbortController();
    client = await openTestClient({}, { signal: stop.signal, requestTimeoutMs: 60_000 });
    proxy.rules.push({ match: /^lambda:GET/, fault: "hang" });
    const call = client.call("lambda:ListFunctions", {});
    while (!proxy.requests.some((one) => one.service === "lambda")) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort(new Error("interrupted"));
    await expect(call).rejects.toThrow("interrupted");
  });
});

describe("answers", () => {
  test("are plain JSON: dates as ISO text, bytes as base64, no metadata", async () => {
    client = await openTestClient();
    expect(await client.call("states:DescribeStateMachine", { stateMachineArn: "a" })).toEqual({
      name: "m",
      stateMachineArn: "a",
      creationDate: "2023-11-14T22:13:20.500Z",
      definition: "{}",
      roleArn: "r",
      type: "STANDARD",
    });
    // base64 of `{"ok":true}` and of nothing else
    expect(await client.call("lambda:Invoke", { FunctionName: "f", Payload: Buffer.from("{}") })).toEqual({
      StatusCode: 200,
      LogResult: "TE9H",
      Payload: "eyJvayI6dHJ1ZX0=",
    });
  });

  test("a call that the endpoint does not have is unsupported, one for a thing that is not there is not found", async () => {
    client = await openTestClient();
    expect(await failing("lambda:GetAccountSettings")).toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("the answer is HTML") as string,
    });
    expect(await failing("lambda:GetFunction", { FunctionName: "nope" })).toMatchObject({ kind: "not-found", status: 404 });
  });

  test("an operation that the SDK does not know is a bug of ours, not a fault of AWS", async () => {
    client = await openTestClient();
    await expect(client.call("lambda:NoSuchThing", {})).rejects.toThrow("has no operation NoSuchThing");
  });
});

test("a queue is asked at the endpoint that is set, not at the host in its URL", async () => {
  client = await openTestClient();
  const QueueUrl = "https://sqs.us-east-1.amazonaws.com/123456789012/q";
  expect(await client.call("sqs:GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] })).toEqual({
    Attributes: { VisibilityTimeout: "30" },
  });
  expect(proxy.requests.at(-1)!.body).toContain(QueueUrl);
});

describe("opening", () => {
  test("says who we are, and signs as evscope", async () => {
    client = await openTestClient();
    expect(client).toMatchObject({
      account: "123456789012",
      principal: "arn:aws:iam::123456789012:user/Alice",
      partition: "aws",
      region: "us-east-1",
    });
    expect(proxy.requests[0]!.headers["user-agent"]).toMatch(/ evscope\/\d/);
  });

  test("credentials of another account are refused", async () => {
    await expect(openTestClient({ account: "999999999999" })).rejects.toMatchObject({
      exitCode: 3,
      message: "test: the credentials belong to account 123456789012, not to 999999999999",
    });
  });

  test("a role is assumed once for all services, with its external ID, and its token is sent", async () => {
    client = await openTestClient({ roleArn: "arn:aws:iam::123456789012:role/demo", externalId: "ext-1" });
    await Promise.all([
      client.call("lambda:ListFunctions", {}),
      client.call("logs:DescribeLogGroups", {}),
      client.call("sns:ListTopics", {}),
    ]);
    const assumed = proxy.requests.filter((one) => one.name === "sts:AssumeRole");
    expect(assumed).toHaveLength(1);
    expect(assumed[0]!.body).toContain("ExternalId=ext-1");
    expect(assumed[0]!.body).toContain("RoleSessionName=evscope");
    for (const one of proxy.requests.filter((r) => r.name !== "sts:AssumeRole"))
      expect(one.headers["x-amz-security-token"]).toBe("the-session-token");
  });

  test("without credentials it says so, with what to do", async () => {
    delete process.env["AWS_ACCESS_KEY_ID"];
    await expect(openTestClient()).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("no usable AWS credentials") as string,
    });
  });

  test("a profile that is not there is named", async () => {
    await expect(openTestClient({ profile: "nobody" })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("nobody") as string,
    });
  });

  test("an unreachable endpoint is not a matter of credentials' content", async () => {
    await proxy.close();
    await expect(openTestClient()).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining("ECONNREFUSED") as string });
    proxy = await startFaultProxy(aws);
  });

  test("no key and no token is in any error", async () => {
    process.env["AWS_SESSION_TOKEN"] = "FwoGZXIvYXdzEXAMPLETOKEN";
    proxy = await (async () => {
      await proxy.close();
      return startFaultProxy((request) => ({
        status: 403,
        headers: { "content-type": "text/xml" },
        body: `<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match.\n\nThe Canonical String should have been\nx-amz-security-token:${String(request.headers["x-amz-security-token"])}\n${String(request.headers["authorization"])}</Message></Error></ErrorResponse>`,
      }));
    })();
    pointSdkAt(proxy.url, { AWS_SESSION_TOKEN: "FwoGZXIvYXdzEXAMPLETOKEN" });
    const error = (await openTestClient().catch((thrown: unknown) => thrown)) as UserError;
    expect(error.exitCode).toBe(3);
    expect(proxy.requests[0]!.headers["x-amz-security-token"]).toBe("FwoGZXIvYXdzEXAMPLETOKEN");
    expect([error.message, ...error.suggestions].join()).not.toMatch(/FwoG|AKIAIOSFODNN7EXAMPLE|wJalr/);
  });
});

test("sessions of one account and region share the quota", async () => {
  const clock = virtualClock();
  client = await openTestClient({}, { clock, requestsPerS: 10 });
  const second = await openTestClient({}, { clock, requestsPerS: 10 });
  const from = clock.now();
  await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? client! : second).call("logs:DescribeLogGroups", {})));
  second.close();
  // 20 requests at 10/s: 1.9 s between the first and the last
  expect(clock.now() - from).toBeGreaterThan(1_850);
  expect(clock.now() - from).toBeLessThan(2_100);
});
