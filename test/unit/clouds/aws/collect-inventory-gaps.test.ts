import { describe, expect, it } from "vitest";
import type { Api } from "../../../../src/clouds/aws/api.ts";
import { inventory } from "../../../../src/clouds/aws/collect-inventory.ts";
import type { Obj } from "../../../../src/clouds/aws/schema.ts";
import { named, read, SCRIPT } from "../../../support/aws-account.ts";
import { testContext, testTarget } from "../../../support/aws-client.ts";
import { collected, denied, failure, scriptedAws, type ScriptedAws, typed } from "../../../support/scripted-aws.ts";

describe("what the inventory cannot read", () => {
  it.each(Object.keys(SCRIPT) as Api[])("%s refused: one gap that names the IAM action, the rest is there", async (api) => {
    const records = await read(scriptedAws({ ...SCRIPT, [api]: denied(api) }));
    const gaps = typed(records, "gap").filter((one) => !/event-busv2|^filters of/.test(one.what));
    expect(gaps).toHaveLength(1);
    expect(gaps[0]!.why).toContain(`the IAM action ${api} is missing`);
    expect(typed(records, "config").length).toBeGreaterThanOrEqual(10);
  });

  it("a call that the endpoint does not know, with its status", async () => {
    const { "pipes:ListPipes": _pipes, ...rest } = SCRIPT;
    const gaps = typed(await read(scriptedAws(rest)), "gap");
    expect(gaps.map((one) => [one.what, one.why])).toEqual([
      ["pipes", "this endpoint does not know pipes:ListPipes (UnknownOperation, HTTP 404)"],
    ]);
  });

  it("filters that are encrypted with a key that may not be used", async () => {
    const opened = { UUID: "u-2", FilterCriteriaError: { ErrorCode: "AccessDeniedException" } };
    const records = await read(scriptedAws({ ...SCRIPT, "lambda:GetEventSourceMapping": opened }));
    expect(named(records, "trigger", "u-2")!.settings["filterPatterns"]).toBeUndefined();
    expect(typed(records, "gap").map((one) => `${one.what}: ${one.why}`)).toContain(
      "filters of mapping u-2: encrypted: kms:Decrypt with its key is needed to read them",
    );
  });

  it("details that are refused for some resources only", async () => {
    const urls = ["https://sqs/a", "https://sqs/b", "https://sqs/stock"];
    const api = scriptedAws({
      ...SCRIPT,
      "sqs:ListQueues": { QueueUrls: urls },
      "sqs:GetQueueAttributes": (input) => {
        if (input["QueueUrl"] === "https://sqs/stock") return SCRIPT["sqs:GetQueueAttributes"] as Obj;
        throw denied("sqs:GetQueueAttributes");
      },
    });
    const records = await read(api);
    expect(typed(records, "gap").find((one) => one.what.includes("sqs"))!.why).toMatch(/sqs:GetQueueAttributes is missing .*; for 2 of 3$/);
    expect(named(records, "queue", "stock")).toBeDefined();
  });

  it("stops asking for details that are always refused", async () => {
    const api = scriptedAws({
      ...SCRIPT,
      "sqs:ListQueues": { QueueUrls: Array.from({ length: 1000 }, (_, i) => `https://sqs/${i}`) },
      "sqs:GetQueueAttributes": denied("sqs:GetQueueAttributes"),
    });
    const records = await read(api);
    expect(api.counts()["sqs:GetQueueAttributes"]).toBeLessThan(20);
    expect(typed(records, "gap").filter((one) => one.why.includes("sqs:"))).toHaveLength(1);
  });

  it("a table that went meanwhile is no gap", async () => {
    const gone = failure("dynamodb:DescribeTable", "not-found", "ResourceNotFoundException");
    const records = await read(scriptedAws({ ...SCRIPT, "dynamodb:DescribeTable": gone, "dynamodb:DescribeTimeToLive": gone }));
    expect(typed(records, "gap").filter((one) => one.what.includes("dynamodb"))).toEqual([]);
    expect(named(records, "table", "events")).toBeUndefined();
  });

  it("a list that breaks off keeps what came before", async () => {
    const api = scriptedAws(SCRIPT);
    const whole = api.pages.bind(api);
    const cut: ScriptedAws = {
      ...api,
      async *pages(operation, input) {
        for await (const page of whole(operation, input)) {
          yield page;
          if (operation === "lambda:ListFunctions") throw failure(operation, "throttled", "TooManyRequestsException", 429);
        }
      },
    };
    const records = await read(cut);
    expect(named(records, "function", "orders")).toBeDefined();
    expect(named(records, "function", "ship")).toBeUndefined();
    expect(typed(records, "gap").map((one) => one.why)).toContain("lambda:ListFunctions was still throttled after 1 attempts");
  });

  it("functions by tag without the right to read tags: none, and said so", async () => {
    const records = await read(scriptedAws({ ...SCRIPT, "tag:GetResources": denied("tag:GetResources") }), {
      names: [],
      tags: { team: "shop" },
    });
    expect(typed(records, "config").some((one) => one.kind === "function")).toBe(false);
    expect(typed(records, "gap").map((one) => one.what)).toEqual(expect.arrayContaining(["tags of functions", "functions by tag"]));
  });

  it("an abort ends it, and is no gap", async () => {
    const stop = new AbortController();
    const api = scriptedAws({
      ...SCRIPT,
      "lambda:ListFunctions": () => {
        stop.abort(new Error("stopped"));
        throw stop.signal.reason;
      },
    });
    await expect(collected(inventory(api, testTarget(), testContext({ signal: stop.signal })))).rejects.toThrow("stopped");
  });
});
