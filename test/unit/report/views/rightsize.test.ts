import { describe, expect, it } from "vitest";
import type { Sizing } from "../../../../src/model/sizing.ts";
import { curveText, rightsizeText } from "../../../../src/report/render.ts";
import { rightsizeDocument } from "../../../../src/report/views/rightsize.ts";
import { schemaErrors } from "../../../support/json-schema.ts";
import { adviceOn, DAY, START, statsOf } from "../../../support/function-stats.ts";

const look = { width: 120, color: false, unicode: true };

async function sample(): Promise<Sizing> {
  const waiting = [
    statsOf({ memoryMib: 1024, meanMs: 101, to: START + 14 * DAY }),
    statsOf({ memoryMib: 2048, meanMs: 100, from: START + 14 * DAY, to: START + 28 * DAY }),
  ];
  return {
    functions: [
      await adviceOn(waiting),
      await adviceOn([statsOf({ fn: "=cmd|'/c calc'" })], { configs: [] }),
      await adviceOn([statsOf({ cloud: "azure" })]),
    ],
    objective: { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 },
    from: START,
    to: START + 28 * DAY,
    pricesAsOf: "2026-10-01",
  };
}

describe("rightsize", () => {
  it("as JSON is what the schema promises", async () => {
    const document = rightsizeDocument(await sample(), null);
    expect(schemaErrors("rightsize", JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(document.totals).toMatchObject({ functions: 3, proposed: 1, refused: 2 });
    expect(document.functions[0]).toMatchObject({
      function: "orders",
      currentMib: 2048,
      verdict: "change",
      proposedMib: 1024,
      change: { before: { memoryMib: 2048 }, after: { memoryMib: 1024 } },
      tier: 2,
      refusal: null,
    });
    expect(document.functions[0]).not.toHaveProperty("fn");
  });
  it("--top shows fewer and counts all", async () => {
    const document = rightsizeDocument(await sample(), 1);
    expect([document.functions.length, document.totals.functions]).toEqual([1, 3]);
  });
  it("as a table says what to do, or why nothing can be said", async () => {
    const text = rightsizeText(await sample(), null, "table", { ...look, width: 160 });
    expect(text).toMatch(/orders +2,048 +1024 MiB +0\.021\d+ +0\.020\d+ +0\.022\d+ +100/);
    expect(text).toContain("refused");
    expect(text).toContain("3 functions: 1 to change");
    expect(text).toContain("A probe would tell: evscope probe");
  });
  it("hints at the probe for a size that only uncertainty holds back, and at no curve of what never ran", async () => {
    const doubtful = await adviceOn([
      statsOf({ memoryMib: 1536, meanMs: 115, to: START + 14 * DAY }),
      statsOf({ memoryMib: 3008, meanMs: 100, from: START + 14 * DAY, to: START + 28 * DAY }),
    ]);
    const never = await adviceOn([statsOf({ fn: "never", invocations: 0, warm: { ...statsOf().warm, count: 0 } })], { configs: [] });
    const sizing = { ...(await sample()), functions: [never, doubtful] };
    const [refused, kept] = rightsizeDocument(sizing, null).functions;
    expect([refused!.verdict, refused!.proposedMib]).toEqual(["refused", null]);
    expect([kept!.verdict, kept!.proposedMib, kept!.refusal]).toEqual(["keep", 3008, null]);
    const text = rightsizeText(sizing, null, "table", { ...look, width: 200 });
    expect(text).toContain("A probe would tell: evscope probe orders --sizes 128,1769,3008 --payload FILE");
    expect(text).toContain("evscope rightsize --explain orders draws its curve.");
    expect(rightsizeText({ ...sizing, functions: [never] }, null, "table", look)).not.toContain("--explain");
  });
  it("prints commands that a shell reads back as they are, and none for runs of no known function", async () => {
    const one = await adviceOn([statsOf({ fn: "a; rm b" })]);
    const text = rightsizeText({ ...(await sample()), functions: [one] }, null, "table", { ...look, width: 200 });
    expect(text).toContain("evscope probe 'a; rm b' --sizes");
    expect(text).toContain("evscope rightsize --explain 'a; rm b' draws");
    const unnamed = await adviceOn([statsOf({ fn: "unknown" })]);
    const said = rightsizeText({ ...(await sample()), functions: [unnamed] }, null, "table", { ...look, width: 200 });
    expect(said).not.toContain("evscope probe");
    expect(said).toContain("import it with --function NAME");
  });
  it("the ends of the saving's interval go together where the width is short", async () => {
    const sizing = await sample();
    for (let width = 60; width <= 160; width++) {
      const [header = ""] = rightsizeText(sizing, null, "table", { ...look, width }).split("\n");
      if (!header.startsWith("function")) continue;
      expect([width, header.includes("P10")]).toEqual([width, header.includes("P90")]);
    }
  });
  it("as CSV runs no formula", async () => {
    const cells = rightsizeText(await sample(), null, "csv", look);
    expect(cells).toContain("'=cmd|");
    expect(cells).not.toMatch(/^=|,=/m);
  });
  it("a curve names the size now, the proposed one and the reason", async () => {
    const [advice] = (await sample()).functions;
    const text = curveText(advice!, look);
    expect(text).toContain("now 2048 MiB · proposed 1024 MiB · confidence high · tier 2 · floor 128 MiB");
    expect(text).toMatch(/2048 MiB .*●.* now$/m);
    expect(text).toMatch(/1024 MiB .*●.* proposed$/m);
    expect(text).toContain("Saving per month");
  });
});
