/** What is shown and planned of sizes on Azure and Google Cloud. */
import { describe, expect, it } from "vitest";
import { proposedChange } from "../../../../src/applier/plan.ts";
import { sizeProposal } from "../../../../src/applier/sizes.ts";
import { ranWith } from "../../../../src/applier/verify.ts";
import type { Change, LiveResource } from "../../../../src/model/plan.ts";
import type { Sizing } from "../../../../src/model/sizing.ts";
import { curveText, rightsizeText } from "../../../../src/report/render.ts";
import { rightsizeDocument } from "../../../../src/report/views/rightsize.ts";
import { schemaErrors } from "../../../support/json-schema.ts";
import { SITE, azureStats, twice, flexQuestion, service, runStats, later, runQuestion } from "../../../support/cloud-stats.ts";
import { adviceOn, DAY, START } from "../../../support/function-stats.ts";

describe("reports", () => {
  const look = { width: 160, color: false, unicode: true };
  const sizingOf = async (): Promise<Sizing> => ({
    functions: [
      await adviceOn([runStats(1, { meanMs: 500 }), runStats(2, { meanMs: 500, ...later })], runQuestion),
      await adviceOn(
        twice(() => 3000),
        flexQuestion,
      ),
      await adviceOn([runStats(2)], { ...runQuestion, configs: [service({ plan: "run-job" })] }),
    ],
    objective: { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 },
    from: START,
    to: START + 14 * DAY,
    pricesAsOf: "2026-10-01",
  });
  it("as JSON are what the schema promises", async () => {
    const document = rightsizeDocument(await sizingOf(), null);
    expect(schemaErrors("rightsize", JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(document.functions.map((one) => [one.verdict, one.proposedVcpu, one.proposedMib])).toEqual([
      ["change", 1, 512],
      ["change", null, 512],
      ["refused", null, null],
    ]);
  });
  it("as text show CPU, and the size of an app with its functions", async () => {
    const sizing = await sizingOf();
    expect(rightsizeText(sizing, null, "table", look)).toMatch(/orders +2,048 .*1 vCPU, 512 MiB/);
    const curve = curveText(sizing.functions[0]!, look);
    expect(curve).toContain("orders: warm duration by CPU");
    expect(curve).toMatch(/now 2 vCPU, 2048 MiB, 1 at once · proposed 1 vCPU, 512 MiB/);
    expect(curve).toMatch(/1 vCPU, 512 MiB +.*proposed/);
    expect(curveText(sizing.functions[1]!, look)).toContain("1 function of an app");
  });
});

describe("plans", () => {
  it("of an app say that it restarts; before and after hold what changes, and verify holds runs without a size against it", async () => {
    const advice = await adviceOn(
      twice(() => 3000),
      flexQuestion,
    );
    const planned = proposedChange(sizeProposal(advice)!, null, [], "live");
    expect(planned).toMatchObject({
      change: {
        kind: "azure.function-app",
        resource: SITE,
        name: "shop",
        danger: "restart",
        alias: null,
        before: { memoryMib: 2048 },
        after: { memoryMib: 512 },
      },
    });
    const { change } = planned as { change: Change };
    expect(change.expected!.before.meanDurationMs! / 3000).toBeCloseTo(1, 1);
    expect(ranWith(azureStats({ memoryMib: null }), change.after)).toBe(true);
    expect(ranWith(azureStats({ memoryMib: 2048 }), change.after)).toBe(false);
  });
  it("of a service are left out where it has other settings by now", async () => {
    const advice = await adviceOn([runStats(1, { meanMs: 500 }), runStats(2, { meanMs: 500, ...later })], runQuestion);
    const live = { settings: { vcpu: 4, memoryMib: 2048 }, aliases: [] } as unknown as LiveResource;
    expect(proposedChange(sizeProposal(advice)!, live, [], null)).toEqual({
      skipped: { name: "orders", why: "it has 4 vCPU by now; the advice was made for 2 vCPU: collect again" },
    });
  });
});
