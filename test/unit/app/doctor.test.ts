import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { diagnose, examine, policyCloud, policyFor } from "../../../src/app/doctor.ts";
import type { LiveWorld } from "../../../src/app/live.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import type { Scope } from "../../../src/app/targets.ts";
import { EVERYWHERE, type PermissionCheck } from "../../../src/clouds/room.ts";
import { EXIT, UserError } from "../../../src/model/errors.ts";
import { idKeys } from "../../../src/model/id-keys.ts";
import { silentHost } from "../../../src/model/host.ts";
import type { Config } from "../../../src/model/records.ts";
import { doctorDocument, doctorView } from "../../../src/report/views/doctor.ts";
import { type FakeCloud, fakeClock, fakeSession, fakeTarget } from "../../support/fake-session.ts";
import { writeRecords } from "../../support/dataset.ts";
import { schemaErrors } from "../../support/json-schema.ts";
import { correlation, delivery, line, run } from "../analyzer/chains/records.ts";

const PACE = { requestsPerS: null, requestTimeoutMs: 1, patienceMs: 1 };

const DAY = 86_400_000;
function world(clouds: Record<string, FakeCloud | Error>): LiveWorld {
  return {
    host: silentHost,
    signal: new AbortController().signal,
    clock: fakeClock(0),
    keys: idKeys([]),
    connect: async (target) => {
      const cloud = clouds[target.name]!;
      if (cloud instanceof Error) throw cloud;
      return fakeSession(target, cloud);
    },
  };
}
/** A function that does not trace. */
function fn(name: string): Config {
  const where = { cloud: "aws", account: "111122223333", region: "eu-central-1" } as const;
  const rest = { revision: null, observedAt: 0, from: null, to: null, settings: { tracing: "PassThrough" } };
  return { type: "config", ...where, kind: "function", resource: `arn:function:${name}`, name, ...rest };
}
const scope = (...names: string[]): Scope => ({
  targets: names.map((name) => fakeTarget(name)),
  signals: ["logs"],
  logs: "platform",
  window: { from: 0, to: 14 * DAY },
  searchTo: 14 * DAY,
  windowGiven: false,
  maxQueryUsd: 1,
  paces: { aws: PACE, azure: PACE, gcp: PACE },
});
const check = (action: string, state: PermissionCheck["state"], required: boolean): PermissionCheck => ({
  action,
  state,
  required,
  feature: "collect",
  why: "no functions",
  note: null,
});

/** Without a dataset. */
const facts = (examined: Awaited<ReturnType<typeof examine>>) => ({ ...examined, unasked: null, coverage: null });

describe("doctor", () => {
  it("is blocked by a denied permission that is required, not by others", async () => {
    const lesser = {
      shop: { permissions: [check("lambda:ListFunctions", "granted", true), check("xray:GetTraceSummaries", "denied", false)] },
    };
    expect((await examine(scope("shop"), world(lesser))).blocked).toBe(false);
    const needed = { shop: { permissions: [check("lambda:ListFunctions", "denied", true)] } };
    expect((await examine(scope("shop"), world(needed))).blocked).toBe(true);
  });

  it("shows a target that cannot be reached beside those that can, as JSON of its schema", async () => {
    const denied = new UserError("no credentials", { exitCode: EXIT.credentials });
    const permissions = [
      check("lambda:ListFunctions", "granted", true),
      check("logs:FilterLogEvents", "denied", false),
      check("lambda:UpdateAlias", "unknown", false),
      { ...check("lambda:PublishVersion", "unknown", false), note: "only a write can tell" },
      { ...check("logs:FilterLogEvents", "denied", false), feature: "trace" as const, note: "logs:FilterLogEvents: not allowed" },
    ];
    const result = facts(await examine(scope("shop", "pay"), world({ shop: { permissions, configs: [fn("a")] }, pay: denied })));
    expect(result.blocked).toBe(true);
    expect(result.targets.map((one) => [one.name, one.account, one.error])).toEqual([
      ["shop", "111122223333", null],
      ["pay", null, "no credentials"],
    ]);
    expect(schemaErrors("doctor", JSON.parse(JSON.stringify(doctorDocument(result))))).toEqual([]);
    const [shop, pay] = doctorView(result).sections;
    expect(shop!.rows.map((row) => [row["action"], row["features"], row["state"]])).toEqual([
      ["logs:FilterLogEvents", "collect, trace", "denied"],
      ["lambda:UpdateAlias", "collect", "unknown"],
    ]);
    expect(shop!.notes).toContain("1 permission granted, 2 denied, 2 not known.");
    expect(shop!.notes).toContain("evscope doctor --policy --cloud aws prints a policy that allows all of it and nothing more.");
    expect(shop!.notes).toContain("Only a write can tell of lambda:PublishVersion, which apply and probe need.");
    expect(shop!.notes.join("\n")).toMatch(/without active tracing.*\(a\)/);
    expect(pay!.notes).toEqual(["Not reached: no credentials"]);
    expect([shop!.title, pay!.title]).toEqual(["shop eu-central-1: permissions not granted", "pay eu-central-1"]);
  });

  it("calls what is read over all regions by its name alone", async () => {
    const result = facts(await examine({ ...scope(), targets: [{ ...fakeTarget("shop"), region: EVERYWHERE }] }, world({ shop: {} })));
    expect(doctorView(result).sections.map((one) => one.title)).toEqual(["shop: permissions not granted"]);
  });

  it("with credentials for none of two clouds says both remedies, and once what fails in two regions", async () => {
    const of = (message: string, ...suggestions: string[]): UserError =>
      new UserError(message, { exitCode: EXIT.credentials, suggestions });
    const targets = [
      fakeTarget("shop"),
      { ...fakeTarget("shop"), region: "us-east-1" },
      { ...fakeTarget("ship"), cloud: "azure" as const },
    ];
    const both = world({ shop: of("shop: no AWS credentials", "aws sso login"), ship: of("ship: no Azure credentials", "az login") });
    await expect(examine({ ...scope(), targets }, both)).rejects.toMatchObject({
      message: "shop: no AWS credentials; ship: no Azure credentials",
      exitCode: EXIT.credentials,
      suggestions: ["aws sso login", "az login"],
    });
  });

  it("prints the policy of the cloud that is meant: by --cloud, by subscription or project, by evscope.yaml", () => {
    const none = loadSettings(null, import.meta.dirname);
    const example = loadSettings("evscope.yaml", fileURLToPath(new URL("../../../examples/", import.meta.url)));
    expect(policyCloud(none, {})).toBe("aws");
    expect(policyCloud(none, { project: ["shop-prod"] })).toBe("gcp");
    expect(policyCloud(example, { subscription: ["11111111-2222-3333-4444-555555555555"] })).toBe("azure");
    expect(policyCloud(example, { cloud: "gcp" })).toBe("gcp");
    expect(() => policyCloud(example, {})).toThrow("evscope.yaml names aws, azure, gcp");
    expect(() => policyCloud(none, { project: ["a"], subscription: ["b"] })).toThrow("the flags name azure, gcp");
  });

  it("prints no policy that allows nothing: probes are made on AWS alone", () => {
    expect(() => policyFor("gcp", ["probe"])).toThrow("Google Cloud has no probe: there is nothing to allow");
    expect(policyFor("gcp", ["probe", "trace"])).toMatchObject({
      includedPermissions: expect.arrayContaining(["logging.logEntries.list"]),
    });
  });
});

describe("doctor of a dataset", () => {
  const fresh = (): string => mkdtempSync(join(tmpdir(), "evscope-doctor-"));
  const none = loadSettings(null, import.meta.dirname);
  const refused = new UserError("no AWS credentials", { exitCode: EXIT.credentials });

  /** front logs the ID, back does not. The first pair of runs is two days older. */
  async function held(): Promise<string> {
    const dir = fresh();
    const pair = (id: string, at: number) => [
      run("front", `f-${id}`, at, at + 10),
      run("back", `b-${id}`, at + 20, at + 30),
      line("front", `f-${id}`, at + 1, [correlation(`order-${id}`)]),
      ...delivery(`m-${id}-0123456789`, ["front", `f-${id}`, at + 5], [["back", `b-${id}`, at + 20]]),
    ];
    await writeRecords(dir, [...pair("1", 0), ...pair("2", 2 * DAY), ...pair("3", 2 * DAY + 1000)]);
    return dir;
  }

  it("needs no account: of the last 24 hours held it tells which way loses the ID", async () => {
    const result = await diagnose(await held(), none, {}, {}, world({}));
    expect(result).toMatchObject({ targets: [], blocked: false, unasked: "no account is configured" });
    expect(result.coverage!.functions.map((one) => [one.fn, one.withCorrelation, one.runs])).toEqual([
      ["back", 0, 2],
      ["front", 2, 2],
    ]);
    expect(result.coverage!.hops.map((one) => [one.from!.fn, one.channel, one.to!.fn, one.lost])).toEqual([["front", "q", "back", 2]]);
    expect(schemaErrors("doctor", JSON.parse(JSON.stringify(doctorDocument(result))))).toEqual([]);
  });

  it("goes without credentials where only the environment names a region, and says so", async () => {
    const env = { AWS_REGION: "eu-central-1" };
    const result = await diagnose(await held(), none, {}, env, world({ default: refused }));
    expect([result.unasked, result.coverage!.runs]).toEqual(["no account is configured, and no AWS credentials", 4]);
    await expect(diagnose(fresh(), none, {}, env, world({ default: refused }))).rejects.toThrow("no AWS credentials");
  });

  it("fails where the account that is named cannot be reached, or nothing is named and nothing held", async () => {
    await expect(diagnose(await held(), none, { region: ["eu-central-1"] }, {}, world({ default: refused }))).rejects.toThrow("no AWS");
    await expect(diagnose(fresh(), none, {}, {}, world({}))).rejects.toThrow("nothing says which cloud account");
  });

  it("tells both where both are there", async () => {
    const result = await diagnose(await held(), none, { region: ["eu-central-1"] }, {}, world({ default: {} }));
    expect([result.targets.length, result.unasked, result.coverage!.hops.length]).toEqual([1, null, 1]);
    expect(doctorDocument(result).targets[0]!.cloud).toBe("aws");
  });
});
