import { describe, expect, it } from "vitest";
import { ACCOUNT, change, cloud, fail, ref, REGION } from "../../../support/fake-lambda.ts";

import type { Obj } from "../../../../src/clouds/aws/schema.ts";
import type { Change } from "../../../../src/model/plan.ts";
const memoryOf = (api: ReturnType<typeof cloud>["api"], name = "orders"): unknown => api.functions.get(name)!.latest["MemorySize"];

describe("read", () => {
  it("gives the settings as the collector names them, revision, fingerprint and aliases", async () => {
    const { api, applier } = cloud();
    api.deploy("orders", "live");
    const live = await applier.read(ref("orders"));
    expect(live.settings).toMatchObject({ memoryMib: 512, timeoutS: 3, architecture: "arm64", environmentNames: ["TABLE", "TOKEN"] });
    expect(live).toMatchObject({ revision: "r1", busy: null, aliases: [{ name: "live", version: "1" }] });
    expect(JSON.stringify(live)).not.toContain("s3cr3t");
  });

  it("the fingerprint stays when only clocks and states move, and changes with code or any setting", async () => {
    const { api, applier } = cloud();
    const first = (await applier.read(ref("orders"))).fingerprint;
    api.change("orders", { LastModified: "2026-11-20T00:00:00.000+0000", StateReason: "" });
    expect((await applier.read(ref("orders"))).fingerprint).toBe(first);
    const others: Obj[] = [
      { CodeSha256: "x" },
      { Timeout: 4 },
      { Environment: { Variables: { TABLE: "orders" } } },
      { Layers: [{ Arn: "l" }] },
    ];
    for (const fields of others) {
      api.change("orders", fields);
      expect((await applier.read(ref("orders"))).fingerprint).not.toBe(first);
    }
  });

  it("values of environment variables count only where the endpoint gives no revision", async () => {
    const [with_, without] = [cloud(), cloud()];
    without.api.noRevisions = true;
    without.api.add("orders");
    const env = { Environment: { Variables: { TABLE: "orders", TOKEN: "other" } } };
    for (const [{ api, applier }, same] of [
      [with_, true],
      [without, false],
    ] as const) {
      const before = (await applier.read(ref("orders"))).fingerprint;
      api.change("orders", env);
      expect((await applier.read(ref("orders"))).fingerprint === before).toBe(same);
    }
  });

  it("a function that is not there, and one that may not be read, are the user's to solve", async () => {
    const { api, applier } = cloud();
    await expect(applier.read(ref("nothing"))).rejects.toMatchObject({
      name: "UserError",
      exitCode: 2,
      message: expect.stringContaining("nothing"),
    });
    api.before = (name) => {
      if (name === "lambda:ListAliases") throw fail(name, "denied", "AccessDeniedException", "not authorized");
    };
    await expect(applier.read(ref("orders"))).rejects.toMatchObject({
      exitCode: 3,
      suggestions: [expect.stringContaining("lambda:ListAliases")],
    });
  });
});

describe("write", () => {
  it("sends the revision, waits for the update, reads back", async () => {
    const { api, applier } = cloud();
    const live = await applier.read(ref("orders"));
    const { live: after, publishedVersion } = await applier.write(change(live), live.revision);
    expect(api.called("lambda:UpdateFunctionConfiguration")).toEqual([{ FunctionName: "orders", MemorySize: 1024, RevisionId: "r1" }]);
    expect(after).toMatchObject({ settings: { memoryMib: 1024, timeoutS: 3 }, revision: "r2", busy: null });
    expect(publishedVersion).toBeNull();
    expect(api.called("lambda:PublishVersion")).toEqual([]);
  });

  it("refuses what changed since the plan: revision, other settings, the setting itself; nothing is written", async () => {
    const others: Obj[] = [{}, { Timeout: 10 }, { CodeSha256: "new" }, { MemorySize: 640 }];
    for (const fields of others) {
      const { api, applier } = cloud();
      const planned = change(await applier.read(ref("orders")));
      api.change("orders", fields);
      await expect(applier.write(planned, planned.revision)).rejects.toMatchObject({
        exitCode: 5,
        message: expect.stringContaining("changed since"),
      });
      expect(api.called("lambda:UpdateFunctionConfiguration")).toEqual([]);
    }
  });

  it("without any revision the fingerprint is the lock", async () => {
    const { api, applier } = cloud();
    api.noRevisions = true;
    api.add("orders");
    const planned = change(await applier.read(ref("orders")));
    expect(planned.revision).toBeNull();
    api.change("orders", { Environment: { Variables: { TABLE: "orders", TOKEN: "other" } } });
    await expect(applier.write(planned, null)).rejects.toMatchObject({ exitCode: 5 });
  });

  it("a plan made offline is held by its settings alone", async () => {
    const { api, applier } = cloud();
    const planned = change(await applier.read(ref("orders")), { revision: null, fingerprint: "" });
    await applier.write(planned, null);
    expect(memoryOf(api)).toBe(1024);
  });

  it("a plan made offline is refused where the setting is another by now", async () => {
    const { api, applier } = cloud();
    const planned = change(await applier.read(ref("orders")), { revision: null, fingerprint: "" });
    api.change("orders", { MemorySize: 640 });
    await expect(applier.write(planned, null)).rejects.toMatchObject({ exitCode: 5, message: expect.stringContaining("memoryMib is 640") });
    expect(memoryOf(api)).toBe(640);
  });

  it("somebody makes the same change at the same moment: theirs is not taken for ours", async () => {
    const { api, applier } = cloud();
    const planned = change(await applier.read(ref("orders")));
    api.before = (name) => {
      if (name === "lambda:UpdateFunctionConfiguration") api.change("orders", { MemorySize: 1024 });
    };
    await expect(applier.write(planned, planned.revision)).rejects.toMatchObject({ exitCode: 5 });
  });

  it("somebody writes between the read and the write: the lock holds", async () => {
    const { api, applier } = cloud();
    const planned = change(await applier.read(ref("orders")));
    api.before = (name) => {
      if (name === "lambda:UpdateFunctionConfiguration") api.change("orders", { Timeout: 9 });
    };
    await expect(applier.write(planned, planned.revision)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining("RevisionId"),
    });
    expect(memoryOf(api)).toBe(512);
  });

  it("somebody writes beside us on an endpoint without locks: noticed and said", async () => {
    const { api, applier } = cloud();
    api.noRevisions = true;
    api.add("orders");
    const planned = change(await applier.read(ref("orders")));
    api.after = (name) => {
      if (name === "lambda:UpdateFunctionConfiguration") api.change("orders", { Timeout: 9 });
    };
    await expect(applier.write(planned, null)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(/Timeout changed while memoryMib was written/),
    });
  });

  it("an endpoint that accepts and ignores the setting is found out", async () => {
    const { api, applier } = cloud();
    api.ignored = ["MemorySize"];
    const planned = change(await applier.read(ref("orders")));
    await expect(applier.write(planned, planned.revision)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining("did not make it"),
    });
  });

  it("an update that fails says the cloud's reason", async () => {
    const { api, applier } = cloud();
    api.failing = "The role does not have permission to call kms:Decrypt";
    const planned = change(await applier.read(ref("orders")));
    await expect(applier.write(planned, planned.revision)).rejects.toMatchObject({
      message: expect.stringContaining("kms:Decrypt / InsufficientRolePermissions"),
    });
  });

  // the control plane of an account and region takes 15 calls a second: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  it("takes four calls and the waiting: read, write, read until it is done, aliases", async () => {
    const { api, applier } = cloud();
    const planned = change(await applier.read(ref("orders")));
    const before = api.asked.length;
    await applier.write(planned, planned.revision);
    const asked = api.asked.slice(before).map((one) => one.api.replace("lambda:", ""));
    expect(asked.filter((name, i) => name !== asked[i - 1])).toEqual([
      "GetFunctionConfiguration",
      "UpdateFunctionConfiguration",
      "GetFunctionConfiguration",
      "ListAliases",
    ]);
  });

  it("a failed update is seen when read, and another one is the way out", async () => {
    const { api, applier } = cloud();
    const planned = change(await applier.read(ref("orders")));
    api.failing = "The role does not have permission to call kms:Decrypt";
    await expect(applier.write(planned, planned.revision)).rejects.toThrow(/the update failed/);
    const live = await applier.read(ref("orders"));
    expect(live).toMatchObject({ busy: null, failed: expect.stringContaining("kms:Decrypt") });
    api.failing = null;
    const back = change(live, { before: planned.after, after: planned.before });
    expect((await applier.write(back, live.revision)).live).toMatchObject({ settings: planned.before, failed: null });
  });

  it("a lost answer: what the function says decides", async () => {
    for (const happened of [true, false]) {
      const { api, applier } = cloud();
      const planned = change(await applier.read(ref("orders")));
      const lose = (name: string): void => {
        if (name === "lambda:UpdateFunctionConfiguration")
          throw fail("lambda:UpdateFunctionConfiguration", "unreachable", "ECONNRESET", "socket hang up", true);
      };
      if (happened) api.after = lose;
      else api.before = lose;
      const writing = applier.write(planned, planned.revision);
      if (happened) expect((await writing).live.settings["memoryMib"]).toBe(1024);
      else await expect(writing).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining("socket hang up") });
    }
  });

  it("a refused write names its IAM action", async () => {
    const { api, applier } = cloud();
    const planned = change(await applier.read(ref("orders")));
    api.before = (name) => {
      if (name === "lambda:UpdateFunctionConfiguration") throw fail(name, "denied", "AccessDeniedException", "not authorized");
    };
    await expect(applier.write(planned, planned.revision)).rejects.toMatchObject({
      exitCode: 3,
      suggestions: [expect.stringContaining("lambda:UpdateFunctionConfiguration")],
    });
  });

  it("illegal values, unknown settings, other kinds and other accounts are refused before anything is asked to change", async () => {
    const { api, applier } = cloud();
    const live = await applier.read(ref("orders"));
    const cases: [Partial<Change>, RegExp][] = [
      [{ after: { memoryMib: 99_999 } }, /128 to 10240 MiB/],
      [{ after: { memoryMib: 512.5 } }, /not legal/],
      [{ before: { handler: "a" }, after: { handler: "b" } }, /cannot write the setting handler/],
      [{ after: { memoryMib: 1024, timeoutS: 5 } }, /same settings before and after/],
      [{ kind: "s3.bucket" }, /cannot write a s3.bucket/],
      [{ kind: "sqs.queue" }, /is not what arn:/],
      [{ account: "999999999999", resource: live.resource.replace("123456789012", "999999999999") }, /belongs to 999999999999/],
      // what is shown is the name, what is written is the ARN
      [{ account: "999999999999" }, /is not what arn:/],
      [{ name: "checkout" }, /checkout in account 123456789012, eu-west-1 is not what arn:.*function:orders names/],
    ];
    for (const [more, message] of cases) await expect(applier.write(change(live, more), live.revision)).rejects.toThrow(message);
    expect(api.called("lambda:UpdateFunctionConfiguration")).toEqual([]);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: visibility timeout at least the function's, six times is advised
  it("a timeout goes no further than the queue's visibility timeout", async () => {
    const { api, applier } = cloud();
    api.mappings = [`arn:aws:sqs:${REGION}:${ACCOUNT}:in`];
    const live = await applier.read(ref("orders"));
    const planned = (timeoutS: number): Change => change(live, { before: { timeoutS: 3 }, after: { timeoutS } });
    await expect(applier.write(planned(31), live.revision)).rejects.toMatchObject({
      message: expect.stringContaining("(30 s)"),
      suggestions: [expect.stringContaining("186 s")],
    });
    expect((await applier.write(planned(30), live.revision)).live.settings["timeoutS"]).toBe(30);
  });
});
