/** Functions whose curve is known, through `import` and `rightsize`: the small brother of `npm run bench:rightsizing:cli`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { casesFrom } from "../../bench/rightsizing/cases.ts";
import { writeExports } from "../../bench/rightsizing/exports.ts";
import { mean } from "../../bench/rightsizing/metrics.ts";
import { type Optimize, type Verdict, verdicts } from "../../bench/rightsizing/product-score.ts";
import type { RightsizeDocument } from "../../src/report/views/rightsize.ts";
import { evscope } from "../support/cli.ts";

describe("advice on functions whose curve is known", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-curves-"));
  const found = new Map<Optimize, Verdict[]>();
  // made curves only: no public ones are needed
  const cases = casesFrom(new Map(), 6);

  beforeAll(async () => {
    writeExports(cases, join(cwd, "files"));
    expect((await evscope(["import", "files"], { cwd })).code).toBe(0);
    for (const optimize of ["cost", "balanced", "speed"] as const) {
      const { stdout } = await evscope(["rightsize", "--min-saving", "0", "--optimize", optimize, "--format", "json"], { cwd });
      found.set(optimize, verdicts(cases, JSON.parse(stdout) as RightsizeDocument, optimize));
    }
  }, 120_000);
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  it.each(["cost", "balanced", "speed"] as const)("for %s no rule is broken and every tier is right", (optimize) => {
    const all = found.get(optimize)!;
    expect(all).toHaveLength(18);
    expect(all.flatMap(({ broken, one }) => broken.map((rule) => `${one.name}: ${rule}`))).toEqual([]);
    expect(all.filter(({ tierRight }) => !tierRight).map(({ one }) => one.name)).toEqual([]);
  });

  it("changes are made, none is harmful, and they save what was said", () => {
    const changed = found.get("cost")!.filter((one) => one.harmful !== null);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.filter(({ harmful }) => harmful)).toEqual([]);
    expect(Math.abs(mean(changed.map((one) => one.realised! - one.predicted!)))).toBeLessThan(0.1);
  });

  it("four of five durations lie in their interval, at sizes that were not seen and at those that were", () => {
    const all = found.get("cost")!;
    for (const inside of [all.flatMap((one) => one.inside), all.flatMap((one) => one.insideSeen)]) {
      expect(mean(inside)).toBeGreaterThan(0.7);
      expect(inside.length).toBeGreaterThan(30);
    }
  });
});
