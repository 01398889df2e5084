import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Reach } from "../../../src/app/apply.ts";
import type { Applied } from "../../../src/app/carry-out.ts";
import { applyAdvice, planOf, type PlanOptions, savePlan } from "../../../src/app/plan.ts";
import { sizeAdvice } from "../../../src/app/rightsize.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { silentHost } from "../../../src/model/host.ts";
import type { Plan } from "../../../src/model/plan.ts";
import type { Sizing, SizingAdvice } from "../../../src/model/sizing.ts";
import { planText } from "../../../src/report/render.ts";
import { readPlan } from "../../../src/store/plan-file.ts";
import { FakeCloud, functionArn, refOf } from "../../support/fake-applier.ts";
import { fakeSession } from "../../support/fake-session.ts";
import { schemaErrors } from "../../support/json-schema.ts";
import { fakeClock } from "../applier/support.ts";

function advice(fn: string, more: Partial<SizingAdvice> = {}): SizingAdvice {
  const { currentMib = 1024, proposedMib = 512 } = more;
  return {
    cloud: "aws",
    kind: "lambda.function",
    change: proposedMib === null ? null : { before: { memoryMib: currentMib }, after: { memoryMib: proposedMib } },
    members: null,
    currentVcpu: null,
    proposedVcpu: null,
    currentConcurrency: null,
    proposedConcurrency: null,
    account: "123456789012",
    region: "eu-west-1",
    fn,
    resource: functionArn(fn),
    revision: null,
    architecture: "x86_64",
    currentMib: 1024,
    proposedMib: 512,
    tier: 2,
    confidence: "medium",
    refusal: null,
    predicted: [
      {
        memoryMib: 512,
        durationMs: { p10: 190, p50: 200, p90: 215 },
        monthlyUsd: { p10: 4, p50: 5, p90: 6 },
        basis: "modelled",
        boundsMs: null,
      },
      {
        memoryMib: 1024,
        durationMs: { p10: 175, p50: 180, p90: 185 },
        monthlyUsd: { p10: 8, p50: 9, p90: 10 },
        basis: "measured",
        boundsMs: null,
      },
    ],
    floorMib: 128,
    savingUsdPerMonth: { p10: 3, p50: 4, p90: 5 },
    probabilitySlower: 0.05,
    asynchronous: null,
    evidence: {
      from: null,
      to: null,
      invocations: 2000,
      warm: 1900,
      sizesMib: [512, 1024],
      cpuMs: null,
      downstreamMs: null,
      selfMs: null,
      tracedRuns: null,
      effectiveSampleSize: 30,
      coldShare: 0.01,
      maxUsedMib: 90,
      invocationsPerMonth: 304_368.75,
      sandboxes: 4,
      errors: 10,
      timeouts: 2,
      ooms: 0,
    },
    whyNotMore: "Two sizes.",
    probeMib: null,
    further: [],
    ...more,
  };
}

interface Stage {
  cloud: FakeCloud;
  folder: string;
  warnings: string[];
  plan(functions: SizingAdvice[], more?: Partial<PlanOptions>): Promise<Plan>;
  apply(functions: SizingAdvice[]): Promise<Applied>;
}

function stage(): Stage {
  const cloud = new FakeCloud();
  const folder = mkdtempSync(join(tmpdir(), "evscope-plan-"));
  const settings = loadSettings(null, folder);
  const warnings: string[] = [];
  const world: Reach["world"] = {
    host: { ...silentHost, warn: (message) => warnings.push(message) },
    signal: new AbortController().signal,
    clock: fakeClock(),
    keys: settings.keys,
    connect: async (target) => ({ ...fakeSession(target, { account: "123456789012" }), applier: cloud.applier() }),
  };
  const objective = { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 1 } as const;
  const sizing = (functions: SizingAdvice[]): Sizing => ({ functions, objective, from: null, to: null, pricesAsOf: "2026-11-23" });
  const reach = { settings, flags: {}, env: {}, world };
  const manner = { dryRun: false, parallel: 1, keepGoing: false, confirm: () => Promise.resolve(true) };
  const allow = { drift: false, latest: false, dataLoss: false, irreversible: false };
  return {
    cloud,
    folder,
    warnings,
    plan: (functions, more = {}) => planOf(sizeAdvice(sizing(functions)), { alias: null, folder, live: true, ...more }, reach),
    apply: (functions) =>
      applyAdvice(sizeAdvice(sizing(functions)), null, { ...manner, allow, dataDir: join(folder, "data"), folder }, reach),
  };
}

describe("rightsize --apply", () => {
  it("says which advice it could not plan, does the rest, and is partial; what was refused as advice is no news", async () => {
    const s = stage();
    for (const name of ["a", "changed"]) s.cloud.add(name);
    const refused = advice("new", { proposedMib: null, refusal: "too few runs" });
    const all = await s.apply([advice("a"), advice("changed", { currentMib: 2048 }), advice("gone"), refused]);
    expect([all.exitCode, all.changes.map((one) => one.state)]).toEqual([4, ["done"]]);
    expect(s.warnings).toEqual([
      expect.stringMatching(/^changed was advised on and is not changed: it has 1024 MiB by now/),
      expect.stringMatching(/^gone was advised on and is not changed: /),
    ]);
    expect((await s.apply([refused])).exitCode).toBe(0);
    expect(s.warnings).toHaveLength(2);
  });
});

describe("plan", () => {
  it("holds the advice, what the function is like now, and what to expect", async () => {
    const s = stage();
    s.cloud.add("a");
    const plan = await s.plan([advice("a")]);
    const live = s.cloud.live(refOf("a"));
    expect(plan.changes).toMatchObject([
      {
        resource: functionArn("a"),
        before: { memoryMib: 1024 },
        after: { memoryMib: 512 },
        revision: live.revision,
        fingerprint: live.fingerprint,
      },
    ]);
    // 10 of 2000, 2 of 2000; 304,368.75 a month of 30.436875 days
    expect(plan.changes[0]!.expected).toEqual({
      durationMs: { p10: 190, p50: 200, p90: 215 },
      savingUsdPerMonth: { p10: 3, p50: 4, p90: 5 },
      before: { errorShare: 0.005, timeoutShare: 0.001, meanDurationMs: 180, invocationsPerDay: 10_000, usdPerMonth: 9, memoryMib: 1024 },
    });
    const path = join(s.folder, "plan.json");
    savePlan(path, plan);
    expect(readPlan(path)).toEqual(plan);
    const look = { width: 160, color: false, unicode: false };
    expect(schemaErrors("plan", JSON.parse(planText(plan, null, "json", look)))).toEqual([]);
    expect(planText(plan, path, "table", look)).toContain("memoryMib 1024 -> 512");
  });

  it("the same functions give the same hash", async () => {
    const s = stage();
    s.cloud.add("a");
    expect((await s.plan([advice("a")])).hash).toBe((await s.plan([advice("a")])).hash);
  });

  it("leaves out what cannot be planned, and says why", async () => {
    const s = stage();
    s.cloud.add("changed", { memoryMib: 768 });
    const plan = await s.plan([
      advice("changed"),
      advice("gone"),
      advice("unknown", { resource: null }),
      advice("refused", { proposedMib: null, refusal: "one size alone" }),
      advice("best", { proposedMib: null }),
      advice("elsewhere", { account: "999999999999" }),
    ]);
    expect(plan.changes).toEqual([]);
    expect(Object.fromEntries(plan.skipped.map(({ name, why }) => [name, why]))).toEqual({
      changed: expect.stringContaining("768 MiB by now"),
      gone: "there is no function gone",
      unknown: expect.stringContaining("evscope collect"),
      refused: "one size alone",
      elsewhere: expect.stringContaining("999999999999"),
    });
  });

  it("moves the alias where a function has it; leaves out one that has only others; changes one that has none", async () => {
    const s = stage();
    s.cloud.add("with", { aliases: [{ name: "live", version: "7" }] });
    s.cloud.add("other", { aliases: [{ name: "prod", version: "7" }] });
    s.cloud.add("without");
    const plan = await s.plan([advice("with"), advice("other"), advice("without")], { alias: "live" });
    expect(plan.changes.map(({ name, alias, aliasVersion }) => [name, alias, aliasVersion])).toEqual([
      ["with", "live", "7"],
      ["without", null, null],
    ]);
    expect(plan.skipped).toEqual([{ name: "other", why: "it has no alias live, but prod" }]);
  });

  it("names owners by the cloud and by files, and warns where files cannot say", async () => {
    const s = stage();
    s.cloud.add("a-function", { tags: ["CloudFormation stack orders"] });
    writeFileSync(join(s.folder, "serverless.yml"), "service: x\nfunctions:\n  f:\n    name: a-function\n");
    writeFileSync(join(s.folder, "main.tf"), "resource x y {\n  function_name = var.name\n}\n");
    const plan = await s.plan([advice("a-function")]);
    expect(plan.changes[0]!.owners).toEqual(["CloudFormation stack orders", "Serverless Framework (serverless.yml:3)"]);
    expect(s.warnings).toEqual([expect.stringContaining("Terraform (main.tf:2)")]);
  });

  it("offline: the settings alone", async () => {
    const s = stage();
    const plan = await s.plan([advice("a")], { live: false });
    expect(plan.changes).toMatchObject([{ revision: null, fingerprint: "", before: { memoryMib: 1024 } }]);
  });
});
