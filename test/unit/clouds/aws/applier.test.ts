import { describe, expect, it } from "vitest";
import { openApplier } from "../../../../src/clouds/aws/applier.ts";
import type { Applier } from "../../../../src/clouds/room.ts";
import { silentHost } from "../../../../src/model/host.ts";
import type { Change, LiveResource, ResourceRef } from "../../../../src/model/plan.ts";
import { testContext, testTarget } from "../../../support/aws-client.ts";
import { ACCOUNT, arn, fail, FakeLambda, REGION } from "../../../support/fake-lambda.ts";

const ref = (name: string): ResourceRef => ({
  cloud: "aws",
  account: ACCOUNT,
  region: REGION,
  kind: "lambda.function",
  resource: arn(name),
  name,
});

function cloud(): { api: FakeLambda; applier: Applier; warned: string[] } {
  const api = new FakeLambda();
  api.add("orders");
  const warned: string[] = [];
  const host = { ...silentHost, warn: (message: string) => void warned.push(message) };
  return { api, applier: openApplier(api, testTarget({ region: REGION }), testContext({ host })), warned };
}

/** The change that a plan makes of a live resource. */
function change(live: LiveResource, more: Partial<Change> = {}): Change {
  const { settings: _, aliases: __, busy: ___, ...rest } = live;
  return {
    ...rest,
    id: "1",
    before: { memoryMib: 512 },
    after: { memoryMib: 1024 },
    alias: null,
    aliasVersion: null,
    danger: "restart",
    owners: [],
    expected: null,
    reasons: [],
    ...more,
  };
}

const memoryOf = (api: FakeLambda, name = "orders"): unknown => api.functions.get(name)!.latest["MemorySize"];

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
    for (const fields of [
      { CodeSha256: "x" },
      { Timeout: 4 },
      { Environment: { Variables: { TABLE: "orders" } } },
      { Layers: [{ Arn: "l" }] },
    ]) {
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
    expect(api.called("lambda:UpdateFunctionConfiguration")).toEqual([{ FunctionName: arn("orders"), MemorySize: 1024, RevisionId: "r1" }]);
    expect(after).toMatchObject({ settings: { memoryMib: 1024, timeoutS: 3 }, revision: "r2", busy: null });
    expect(publishedVersion).toBeNull();
    expect(api.called("lambda:PublishVersion")).toEqual([]);
  });

  it("refuses what changed since the plan: revision, other settings, the setting itself; nothing is written", async () => {
    for (const fields of [{}, { Timeout: 10 }, { CodeSha256: "new" }, { MemorySize: 640 }]) {
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
      [{ kind: "sqs.queue" }, /cannot write a sqs.queue/],
      [{ account: "999999999999" }, /belongs to 999999999999/],
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

describe("aliases", () => {
  function deployed(): ReturnType<typeof cloud> {
    const made = cloud();
    made.api.deploy("orders", "live");
    return made;
  }
  const onAlias = { alias: "live", aliasVersion: "1" };

  it("publishes under revision and code hash, then moves the alias under its own revision", async () => {
    const { api, applier } = deployed();
    const live = await applier.read(ref("orders"));
    const done = await applier.write(change(live, onAlias), live.revision);
    expect(done.publishedVersion).toBe("2");
    expect(done.live.aliases).toEqual([{ name: "live", version: "2" }]);
    expect(api.functions.get("orders")!.versions.map((one) => one["MemorySize"])).toEqual([512, 1024]);
    expect(api.called("lambda:PublishVersion")[0]).toMatchObject({
      CodeSha256: expect.any(String),
      RevisionId: expect.stringMatching(/^r/),
    });
    expect(api.called("lambda:UpdateAlias")).toEqual([
      { FunctionName: arn("orders"), Name: "live", FunctionVersion: "2", RevisionId: "a1" },
    ]);
  });

  it("undo: the old value, then the old version", async () => {
    const { applier } = deployed();
    const live = await applier.read(ref("orders"));
    const done = await applier.write(change(live, onAlias), live.revision);
    await applier.write(change(done.live, { before: { memoryMib: 1024 }, after: { memoryMib: 512 } }), done.live.revision);
    const back = await applier.moveAlias(ref("orders"), "live", "1");
    expect(back.aliases).toEqual([{ name: "live", version: "1" }]);
    expect(back.settings).toEqual(live.settings);
    expect(back.fingerprint).toBe(live.fingerprint);
  });

  it("a canary, a moved alias, no such alias, unreleased code on $LATEST: refused before anything is written", async () => {
    const cases: [(api: FakeLambda) => void, RegExp][] = [
      [(api) => (api.functions.get("orders")!.aliases.get("live")!.weights = { "2": 0.1 }), /10 % to version 2/],
      [(api) => (api.functions.get("orders")!.aliases.get("live")!.version = "7"), /points to version 7, the plan saw 1/],
      [(api) => void api.functions.get("orders")!.aliases.clear(), /Cannot find alias/],
      [
        (api) => (api.functions.get("orders")!.versions[0]!["CodeSha256"] = "older"),
        /differs from version 1 behind alias live \(CodeSha256\)/,
      ],
    ];
    for (const [spoil, message] of cases) {
      const { api, applier } = deployed();
      spoil(api);
      const live = await applier.read(ref("orders"));
      await expect(applier.write(change(live, onAlias), live.revision)).rejects.toThrow(message);
      expect(api.called("lambda:UpdateFunctionConfiguration")).toEqual([]);
      expect(memoryOf(api)).toBe(512);
    }
  });

  it("cut off between setting and alias: the same change again finishes with the alias", async () => {
    const { api, applier } = deployed();
    const live = await applier.read(ref("orders"));
    const planned = change(live, onAlias);
    api.before = (name) => {
      if (name === "lambda:PublishVersion") throw fail(name, "throttled", "TooManyRequestsException", "Rate exceeded");
    };
    await expect(applier.write(planned, live.revision)).rejects.toMatchObject({
      message: expect.stringContaining("$LATEST of orders has the change, alias live does not"),
    });
    api.before = () => {};
    const half = await applier.read(ref("orders"));
    const done = await applier.write(planned, half.revision);
    expect(done.live.aliases).toEqual([{ name: "live", version: "2" }]);
    expect(api.called("lambda:UpdateFunctionConfiguration")).toHaveLength(1);
  });

  it("says what moving does to provisioned concurrency", async () => {
    const { api, applier, warned } = deployed();
    const live = await applier.read(ref("orders"));
    const call = api.call.bind(api);
    api.call = async (name, input, options) =>
      name === "lambda:GetProvisionedConcurrencyConfig"
        ? { RequestedProvisionedConcurrentExecutions: 5, Status: "READY" }
        : call(name, input, options);
    await applier.write(change(live, onAlias), live.revision);
    expect(warned).toEqual([expect.stringContaining("5 provisioned environments")]);
  });

  it("moveAlias: refuses a version that is not there, and a canary", async () => {
    const { api, applier } = deployed();
    api.before = (name, input) => {
      if (name === "lambda:GetFunctionConfiguration" && input["Qualifier"] === "9")
        throw fail(name, "not-found", "ResourceNotFoundException", "Function not found: orders:9");
    };
    await expect(applier.moveAlias(ref("orders"), "live", "9")).rejects.toThrow(/orders:9/);
    expect(api.called("lambda:UpdateAlias")).toEqual([]);
    api.functions.get("orders")!.aliases.get("live")!.weights = { "1": 0.5 };
    await expect(applier.moveAlias(ref("orders"), "live", "1")).rejects.toMatchObject({ exitCode: 5 });
  });
});

describe("owners", () => {
  it("CloudFormation by tag, by stack resource; tools by their tags; nobody", async () => {
    const { api, applier } = cloud();
    api.add(
      "tagged",
      {},
      { "aws:cloudformation:stack-name": "shop", "aws:cloudformation:logical-id": "Orders", "lambda:createdBy": "SAM" },
    );
    api.add("listed");
    api.stacks = { listed: "shop" };
    api.add("terraformed", {}, { ManagedBy: "Terraform", team: "core" });
    expect(await applier.owners(ref("tagged"))).toEqual(["CloudFormation stack shop (Orders)", "AWS SAM (tag lambda:createdBy=SAM)"]);
    expect(await applier.owners(ref("listed"))).toEqual(["CloudFormation stack shop (Fn)"]);
    expect(await applier.owners(ref("terraformed"))).toEqual(["Terraform (tag ManagedBy=Terraform)"]);
    expect(await applier.owners(ref("orders"))).toEqual([]);
  });

  it("what may not be asked is unknown, not nobody", async () => {
    const { api, applier } = cloud();
    api.before = (name) => {
      if (name === "lambda:ListTags" || name === "cloudformation:DescribeStackResources") throw fail(name, "denied", "AccessDenied", "no");
    };
    expect(await applier.owners(ref("orders"))).toEqual([
      "unknown: lambda:ListTags is not granted",
      "unknown: cloudformation:DescribeStackResources is not granted",
    ]);
  });
});
