/** The scheduled report through the built CLI: a baseline, a week with twice the traffic, thresholds, every form. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSimulation } from "../../fixtures/simulator/index.ts";
import type { CostReport } from "../../src/model/cost-report.ts";
import { evscope } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";
import { lambdaWeek } from "../support/lambda-export.ts";

const readJson = (path: string): CostReport => JSON.parse(readFileSync(path, "utf8")) as CostReport;

// AWS Lambda pricing, x86 in us-east-1: .0000166667 USD per GB-second, .20 USD per million requests
const weekUsd = (runs: number, ms: number, mib: number): number => runs * ((ms / 1000) * (mib / 1024) * 0.0000166667 + 0.0000002);

describe("a report every week", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-report-"));
  const week = (name: string, from: string, runsPerDay: number): void => {
    mkdirSync(join(cwd, name));
    writeFileSync(join(cwd, name, "checkout.json"), lambdaWeek({ fn: "checkout", from, runsPerDay, billedMs: 100, memoryMib: 1024 }));
    writeFileSync(join(cwd, name, "mailer.json"), lambdaWeek({ fn: "mailer", from, runsPerDay: 200, billedMs: 300, memoryMib: 512 }));
  };
  beforeAll(() => {
    week("first", "2026-11-02", 500);
    week("second", "2026-11-09", 1000);
  });

  it("the first run makes a baseline, and does not fail for want of one", async () => {
    const ran = await evscope(["report", "--fail-on", "increase>10%", "--out", "base.json"], { cwd });
    expect(ran.code).toBe(2); // no dataset yet: said, with what to do
    expect(ran.stderr).toContain("evscope import");
    const imported = await evscope(["import", "first"], { cwd });
    expect(imported.code).toBe(0);
    const first = await evscope(["report", "--fail-on", "increase>10%", "--out", "base.json"], { cwd });
    expect(first.code).toBe(0);
    const report = readJson(join(cwd, "base.json"));
    expect(schemaErrors("report", report)).toEqual([]);
    expect(report.gates).toMatchObject([{ outcome: "no-baseline" }]);
    const lambda = report.slices.service.find((one) => one.key === "lambda")!;
    expect(lambda.usd).toBeCloseTo(weekUsd(3500, 100, 1024) + weekUsd(1400, 300, 512), 9);
  });

  it("the second compares with it: twice the traffic of one function, and nothing else", async () => {
    expect((await evscope(["import", "second"], { cwd })).code).toBe(0);
    const args = [
      "report",
      "--fail-on",
      "increase>10%",
      "--warn-on",
      "function:checkout p95>90ms",
      "--out",
      "now.json",
      "--out",
      "junit.xml",
    ];
    const second = await evscope([...args, "--format", "markdown"], { cwd });
    expect(second.code).toBe(6);
    const report = readJson(join(cwd, "now.json"));
    expect(schemaErrors("report", report)).toEqual([]);
    expect(report.baseline).toMatchObject({ source: "previous-run", scale: 1 });
    const checkout = report.change!.drivers.find((one) => one.key === "checkout")!;
    expect(checkout.effects.volume).toBeCloseTo(weekUsd(3500, 100, 1024), 9);
    expect(checkout.changeUsd).toBeCloseTo(weekUsd(3500, 100, 1024), 9);
    expect(report.change!.drivers.filter((one) => one.key === "mailer" && Math.abs(one.changeUsd) > 1e-12)).toEqual([]);
    expect(second.stdout).toContain("### Why it changed");
    expect(second.stderr).toContain("increase>10%: crossed");
    expect(readFileSync(join(cwd, "junit.xml"), "utf8")).toContain('tests="2" failures="1" errors="0" skipped="0"');
  });

  it("the same week once more compares with the week before, not with itself", async () => {
    await evscope(["report", "--out", "again.json"], { cwd });
    const again = readJson(join(cwd, "again.json"));
    expect(again.change!.usd).toBeCloseTo(readJson(join(cwd, "now.json")).change!.usd, 12);
  });

  it("takes a report file, the time before, or nothing to compare with", async () => {
    for (const [baseline, source] of [
      ["base.json", "file"],
      ["previous-window", "previous-window"],
      ["none", undefined],
    ] as const) {
      await evscope(["report", "--baseline", baseline, "--no-keep", "--out", "other.json"], { cwd });
      expect(readJson(join(cwd, "other.json")).baseline?.source).toBe(source);
    }
    const missing = await evscope(["report", "--baseline", "gone.json"], { cwd });
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("no report at gone.json")]);
    writeFileSync(join(cwd, "edited.json"), JSON.stringify({ ...readJson(join(cwd, "base.json")), slices: 3 }));
    expect((await evscope(["report", "--baseline", "edited.json"], { cwd })).stderr).toContain(
      "edited.json is no report of evscope: slices",
    );
  });

  it.each([
    [["--out", "report.pdf"], "does not say in which form"],
    [["--fail-on", "costs>5"], "column 1"],
    [["--budget", "much"], "is not an amount"],
  ])("%j is refused before anything is read", async (flags, said) => {
    const ran = await evscope(["report", ...flags], { cwd });
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(said)]);
  });
});

describe("the report of three clouds", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-report-"));
  beforeAll(async () => {
    writeSimulation(cwd, { seed: 5, orders: 20 });
    await evscope(["import", "raw"], { cwd });
  });

  it("agrees with the ledger in every division", async () => {
    const { stdout, code } = await evscope(
      ["report", "--format", "json", "--advice", "memory", "--since", "2000-01-01", "--by-tag", "team"],
      { cwd },
    );
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as CostReport;
    expect(schemaErrors("report", report)).toEqual([]);
    const cost = JSON.parse((await evscope(["cost", "--format", "json"], { cwd })).stdout) as { totals: { usd: number } };
    const sum = (rows: readonly { usd: number | null }[]): number => rows.reduce((total, one) => total + (one.usd ?? 0), 0);
    expect(report.usd).toBeCloseTo(cost.totals.usd, 12);
    expect(sum(report.slices.cloud)).toBeCloseTo(cost.totals.usd, 12);
    expect(sum(report.slices.service)).toBeCloseTo(cost.totals.usd, 12);
    expect(sum(report.slices.function) + report.unattributedUsd).toBeCloseTo(cost.totals.usd, 12);
    expect(sum(report.slices.tag!) + report.unattributedUsd).toBeCloseTo(cost.totals.usd, 12);
    expect(sum(report.slices.route) + report.outsideChainsUsd!).toBeCloseTo(cost.totals.usd, 12);
  });

  it("reads files directly, and keeps nothing of them", async () => {
    const away = mkdtempSync(join(tmpdir(), "evscope-report-"));
    const { code, stdout } = await evscope(["report", join(cwd, "raw"), "--advice", "none", "--no-chains", "--format", "csv"], {
      cwd: away,
    });
    expect(code).toBe(0);
    expect(stdout.split("\r\n")[0]).toContain("by,key,cloud");
    expect((await evscope(["report"], { cwd: away })).code).toBe(2);
  });
});

describe("hostile names", () => {
  it("are inert in Markdown, CSV, JUnit and the table", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "evscope-report-"));
    const names = [
      "=cmd|' /C calc'!A0",
      "<script>alert(1)</script>",
      "a\u001b]0;title\u0007b",
      "x\u202egnp.exe",
      "![i](http://evil.example/p)|b",
      "@all",
    ];
    mkdirSync(join(cwd, "logs"));
    names.forEach((fn, i) =>
      writeFileSync(join(cwd, "logs", `${i}.json`), lambdaWeek({ fn, from: "2026-11-02", runsPerDay: 2, billedMs: 100, memoryMib: 128 })),
    );
    const gate = ["--warn-on", 'function:"*" cost>0'];
    const args = ["report", "logs", "--advice", "none", ...gate, "--out", "r.md", "--out", "r.csv", "--out", "r.xml", "--out", "r.txt"];
    const ran = await evscope(args, { cwd });
    expect(ran.code).toBe(0);
    for (const file of ["r.md", "r.csv", "r.xml", "r.txt"]) {
      const text = readFileSync(join(cwd, file), "utf8");
      // oxlint-disable-next-line no-control-regex
      expect(text, file).not.toMatch(/[\u001b\u0007\u202e]/);
    }
    expect(ran.stderr + ran.stdout).not.toContain("\u001b");
    const markdown = readFileSync(join(cwd, "r.md"), "utf8");
    expect(markdown).not.toMatch(/<script|!\[i\]|@all/);
    const csv = readFileSync(join(cwd, "r.csv"), "utf8");
    expect(csv).toContain("alert(1)");
    for (const field of csv.split(/[,\r\n]/)) expect(field).not.toMatch(/^"?[=+@]/);
    expect(readFileSync(join(cwd, "r.xml"), "utf8")).not.toContain("<script");
  });
});
