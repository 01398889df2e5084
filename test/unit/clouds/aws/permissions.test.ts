import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Api, type AwsApi, AwsError, iamAction } from "../../../../src/clouds/aws/api.ts";
import { openService } from "../../../../src/clouds/aws/client-services.ts";
import { checkPermissions } from "../../../../src/clouds/aws/permission-check.ts";
import { permissions, policy } from "../../../../src/clouds/aws/permissions.ts";
import { testContext, testTarget } from "../../../support/aws-client.ts";

const FEATURES = ["collect", "trace", "apply", "probe", "filters", "batching", "ttl"] as const;
interface Statement {
  Sid: string;
  Effect: string;
  Action: string[];
  Resource: string;
  Condition?: unknown;
}
const statements = (features: readonly (typeof FEATURES)[number][]): Statement[] =>
  (policy(features) as unknown as { Statement: Statement[] }).Statement;
const room = new URL("../../../../src/clouds/aws/", import.meta.url);

/** Calls that the room's files name, except the tables about calls. */
function calledApis(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of readdirSync(room).filter((name) => name.endsWith(".ts") && !/^(permission|quotas|client|api)/.test(name)))
    for (const [, api] of readFileSync(new URL(file, room), "utf8").matchAll(
      /"((?:lambda|logs|cloudwatch|xray|states|events|pipes|sqs|sns|dynamodb|tag|cloudformation):[A-Z]\w+)"/g,
    ))
      found.set(api!, file);
  return found;
}

test("every call of the room has its permission in the policy, and every action is for a call", () => {
  const allowed = new Set(permissions.map((one) => one.action));
  const called = calledApis();
  expect(called.size).toBeGreaterThan(30);
  const missing = [...called].filter(([api]) => !allowed.has(iamAction(api as Api)));
  expect(missing).toEqual([]);
  const used = new Set([...called.keys()].map((api) => iamAction(api as Api)));
  // needed by CreateFunction, for what it passes on: a role, tags, layers
  const indirect = ["iam:PassRole", "lambda:TagResource", "lambda:GetLayerVersion"];
  expect([...allowed].filter((action) => !used.has(action) && !indirect.includes(action))).toEqual([]);
});

test("every action is named like an operation that the SDK has", async () => {
  for (const { action } of permissions) {
    if (action === "iam:PassRole") continue;
    const [service = "", operation = ""] = (action === "lambda:InvokeFunction" ? "lambda:Invoke" : action).split(":");
    const { command, client } = await openService(service, { region: "us-east-1" });
    expect(command(operation, {}), action).toBeTypeOf("object");
    client.destroy();
  }
});

test("collecting and tracing need nothing that writes", () => {
  for (const { Action } of statements(["collect", "trace"]))
    for (const action of Action)
      expect(action).toMatch(/:(Get|List|Describe|BatchGet|Test|Filter|StartQuery|StopQuery|StartTraceRetrieval)/);
});

test("a probe may write to its copies only, and hand out roles to Lambda only", () => {
  const probe = statements(["probe"]);
  const writes = probe.filter((one) => one.Action.some((action) => /:(Create|Delete|Update|Publish|Tag|Invoke)/.test(action)));
  expect(writes.map((one) => one.Resource)).toEqual(["arn:aws:lambda:*:*:function:*-evscope-probe"]);
  expect(probe.find((one) => one.Action.includes("iam:PassRole"))?.Condition).toEqual({
    StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" },
  });
});

test("all together: each statement allows, no action with a wildcard, within the 6,144 characters of a managed policy", () => {
  const all = statements(FEATURES);
  expect(new Set(all.map((one) => one.Sid)).size).toBe(all.length);
  for (const one of all) {
    expect(one.Effect).toBe("Allow");
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html: letters and digits
    expect(one.Sid).toMatch(/^[A-Za-z0-9]+$/);
    expect(one.Action.join()).not.toContain("*");
  }
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, white space not counted
  expect(JSON.stringify(policy(FEATURES)).length).toBeLessThan(6144);
  // apply and probe both update configurations: the probe's own statement is not swallowed by the one of apply
  const copies = statements(["apply", "probe"]).find((one) => one.Sid === "EvscopeProbeCopies");
  expect(copies?.Action).toContain("lambda:CreateFunction");
});

function fakeApi(answer: (api: Api) => object): { api: AwsApi; asked: Api[] } {
  const asked: Api[] = [];
  const call = (name: Api): Promise<never> => {
    asked.push(name);
    return Promise.resolve(answer(name) as never);
  };
  return {
    asked,
    api: { account: "123456789012", region: "us-east-1", partition: "aws", principal: null, call, pages: () => expect.fail("no pages") },
  };
}

async function checked(
  answer: (api: Api) => object,
): Promise<{ states: Map<string, string>; notes: Map<string, string | null>; asked: Api[] }> {
  const { api, asked } = fakeApi(answer);
  const states = new Map<string, string>();
  const notes = new Map<string, string | null>();
  for await (const one of checkPermissions(api, testTarget(), testContext())) {
    states.set(`${one.feature} ${one.action}`, one.state);
    notes.set(one.action, one.note);
  }
  return { states, notes, asked };
}

test("the check tries every read once, and no write", async () => {
  const { states, notes, asked } = await checked(() => ({}));
  expect(new Set(asked).size).toBe(asked.length);
  for (const api of asked) expect(api).toMatch(/:(Get|List|Describe|BatchGet|Test|Filter|StartQuery|StopQuery|StartTraceRetrieval|Scan)/);
  const reads = permissions
    .map((one) => one.action)
    .filter((action) => /:(Get|List|Describe|BatchGet|Test|Filter|Start|Stop|Scan)/.test(action));
  expect(new Set(asked)).toEqual(new Set(reads));
  expect(states.get("collect lambda:ListFunctions")).toBe("granted");
  const untried = permissions.filter((one) => states.get(`${one.feature} ${one.action}`) === "unknown").map((one) => one.action);
  for (const action of untried) expect(action).toMatch(/:(Update|Put|Set|Publish|Create|Delete|Tag|Invoke|Pass)/);
  expect(notes.get("lambda:UpdateFunctionConfiguration")).toBe("only a write can tell");
});

test("denied, not found, and what says nothing are told apart", async () => {
  const kinds = {
    "lambda:GetFunction": "denied",
    "lambda:GetAlias": "not-found",
    "logs:StopQuery": "invalid",
    "xray:BatchGetTraces": "unsupported",
    "sqs:ListQueues": "throttled",
  } as const;
  const { states, notes } = await checked((api) => {
    const kind = kinds[api as keyof typeof kinds];
    if (kind !== undefined) throw new AwsError(kind, api, "Code", "message", 400, 1);
    return {};
  });
  expect(states.get("probe lambda:GetFunction")).toBe("denied");
  expect(states.get("apply lambda:GetAlias")).toBe("granted");
  expect(states.get("trace logs:StopQuery")).toBe("granted");
  expect(states.get("trace xray:BatchGetTraces")).toBe("unknown");
  expect(states.get("collect sqs:ListQueues")).toBe("unknown");
  expect(notes.get("sqs:ListQueues")).toBe("sqs:ListQueues: message");
});
