import { describe, expect, it } from "vitest";
import { change, cloud, fail, type FakeLambda, ref } from "../../../support/fake-lambda.ts";

const memoryOf = (api: FakeLambda, name = "orders"): unknown => api.functions.get(name)!.latest["MemorySize"];

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
    expect(api.called("lambda:UpdateAlias")).toEqual([{ FunctionName: "orders", Name: "live", FunctionVersion: "2", RevisionId: "a1" }]);
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

  it("cut off after publishing: a change whose settings are there already only moves the alias, to the version that is there", async () => {
    const { api, applier } = deployed();
    const live = await applier.read(ref("orders"));
    api.before = (name) => {
      if (name === "lambda:UpdateAlias") throw fail(name, "unreachable", "ECONNREFUSED", "connect ECONNREFUSED");
    };
    await expect(applier.write(change(live, onAlias), live.revision)).rejects.toMatchObject({ exitCode: 4 });
    api.before = () => {};
    const half = await applier.read(ref("orders"));
    const rest = change(half, { ...onAlias, before: { memoryMib: 1024 } });
    const done = await applier.write(rest, half.revision);
    expect(done).toMatchObject({ publishedVersion: "2", live: { aliases: [{ name: "live", version: "2" }] } });
    expect(api.functions.get("orders")!.versions).toHaveLength(2);
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
