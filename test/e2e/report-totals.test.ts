/** The report against the ledger that `cost` prints, over systems of several sizes: every division, every form that has sums, to the cent and far below. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeSimulation } from "../../fixtures/simulator/index.ts";
import type { CostReport, Slice } from "../../src/model/cost-report.ts";
import { evscope } from "../support/cli.ts";

interface CostJson {
  rows: { usd: number | null }[];
  totals: { usd: number | null; invocations: number | null; unknown: number };
  unattributed: { usd: number };
}

const sum = (values: readonly (number | null)[]): number => values.reduce<number>((total, value) => total + (value ?? 0), 0);
const usdOf = (slices: readonly Slice[]): number => sum(slices.map((one) => one.usd));

describe.each([
  [1, 3],
  [2, 12],
  [3, 40],
  [4, 90],
])("seed %d, %d orders", (seed, orders) => {
  it("report and ledger agree", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "evscope-totals-"));
    writeSimulation(cwd, { seed, orders });
    expect((await evscope(["import", "raw"], { cwd })).code).toBe(0);
    const cost = async (by: string): Promise<CostJson> =>
      JSON.parse((await evscope(["cost", "--by", by, "--format", "json"], { cwd })).stdout) as CostJson;
    await evscope(["report", "--advice", "none", "--out", "r.json", "--out", "r.csv"], { cwd });
    const report = JSON.parse(readFileSync(join(cwd, "r.json"), "utf8")) as CostReport;
    const total = report.usd!;
    const near = (value: number): void => expect(Math.abs(value - total)).toBeLessThan(1e-9);
    near(usdOf(report.slices.function) + report.unattributedUsd);
    near(usdOf(report.slices.service));
    near(usdOf(report.slices.cloud));
    near(usdOf(report.slices.route) + report.outsideChainsUsd!);
    near(sum(report.slices.service.flatMap((one) => one.lines.map((line) => line.usd))));
    for (const by of ["function", "service", "cloud", "route"]) {
      const ledger = await cost(by);
      near(ledger.totals.usd!);
      near(sum(ledger.rows.map((row) => row.usd)) + ledger.unattributed.usd);
    }
    expect((await cost("function")).totals.invocations).toBe(report.invocations);
    // of CSV: one division per group of rows, whose costs sum to its total
    const [head, ...lines] = readFileSync(join(cwd, "r.csv"), "utf8")
      .trim()
      .split("\r\n")
      .map((line) => line.split(","));
    const [by, usd] = [head!.indexOf("by"), head!.indexOf("usd")];
    expect([by, usd]).not.toContain(-1);
    near(sum(lines.filter((cells) => cells[by] === "service").map((cells) => Number(cells[usd]) || 0)));
  });
});
