/** Bills of Lambda worked by hand (lambda-bills.md), from the platform's line to the ledger. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { atVolume, ledger } from "../../src/analyzer/cost/index.ts";
import { ratesWith } from "../../src/app/rates.ts";
import { parsePlatformLine } from "../../src/clouds/aws/platform-line.ts";
import type { UsageGroup } from "../../src/model/billing.ts";
import type { Ledger } from "../../src/model/cost.ts";

const REQUEST = "3a2f1e0d-0000-4000-8000-000000000001";
const [runs, volumes] = tablesOf(readFileSync(new URL("lambda-bills.md", import.meta.url), "utf8"));

/** Rows of each table, cell by cell. */
function tablesOf(text: string): string[][][] {
  const tables = text.split(/^## /m).slice(1);
  const rows = (table: string): string[] => table.split("\n").filter((line) => line.startsWith("|"));
  return tables.map((table) =>
    rows(table)
      .slice(2)
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
}

/** `a/b x c + d x e`: what the working comes to. */
function worked(text: string): number {
  const factor = (part: string): number =>
    part
      .split("/")
      .map(Number)
      .reduce((a, b) => a / b);
  const values = text.split(" + ").map((term) =>
    term
      .split(" x ")
      .map(factor)
      .reduce((a, b) => a * b),
  );
  return values.reduce((a, b) => a + b);
}

/** The run as the room reads it from the platform's line, with what only the configuration says. */
function groupOf(line: string, beside: string, count: number): UsageGroup {
  const report = parsePlatformLine(line);
  const said = new Map(beside.split(" ").map((word): [string, string] => [word.split("=")[0]!, word.split("=")[1] ?? ""]));
  const region = [...said.keys()].find((word) => /^[a-z]+-[a-z]+-\d$/.test(word));
  return {
    cloud: "aws",
    account: "111122223333",
    region: region ?? "us-east-1",
    fn: "f",
    architecture: said.has("unknown-arch") ? null : said.has("arm64") ? "arm64" : "x86_64",
    plan: said.has("provisioned") ? "provisioned-concurrency" : null,
    memoryMib: report.memoryMib,
    maxMemoryMib: report.maxMemoryMib,
    vcpu: null,
    billedMs: report.billedMs,
    durationMs: report.durationMs,
    initMs: report.initMs,
    emulator: report.emulator,
    seenIn: "platform-log",
    outcome: report.status === "timeout" ? "timeout" : report.status === "error" ? "error" : "ok",
    coldStart: report.coldStart,
    count,
    restored: report.restoreMs !== null,
    ephemeralMib: said.has("tmp") ? Number(said.get("tmp")) : null,
    runtime: said.get("runtime") ?? null,
    asyncBytes: said.has("async") ? Number(said.get("async")) : null,
  };
}

function billOf(group: UsageGroup, months = 1): Ledger {
  return ledger({ usage: [group] }, { ...atVolume(ratesWith(null), [group], months), by: "function" });
}

const reportLine = (says: string): string => `REPORT RequestId: ${REQUEST}\t${says.replaceAll("; ", "\t")}\t`;

describe("one run", () => {
  it("the table holds at least 60 bills, each with a page", () => {
    expect(runs!.length).toBeGreaterThanOrEqual(60);
    for (const [page] of runs!) expect(page).toMatch(/^(price|init|1ms|snapstart|report|tmp)$/);
  });

  it.each(runs!)("%s: %s", (_page, _case, says, beside, work, perRun, count, bill) => {
    expect(worked(work!)).toBeCloseTo(Number(perRun), 15);
    const { totalUsd, unknown } = billOf(groupOf(reportLine(says!), beside!, Number(count)));
    expect(unknown).toEqual([]);
    expect(Math.abs(totalUsd! / Number(count) - Number(perRun))).toBeLessThanOrEqual(1e-12);
    expect(totalUsd!.toFixed(2)).toBe(bill);
  });
});

describe("a month's volume", () => {
  const line = reportLine("Duration: 999.50 ms; Billed Duration: 1000 ms; Memory Size: 1024 MB; Max Memory Used: 100 MB");

  it.each(volumes!)("%s: %s, %s, %s runs", (_page, _case, architecture, count, work, bill) => {
    expect(worked(work!)).toBeCloseTo(Number(bill), 1);
    const { totalUsd } = billOf(groupOf(line, architecture === "arm64" ? "arm64" : "", Number(count)));
    expect(totalUsd!.toFixed(2)).toBe(bill);
  });

  it("over two months each has tiers of its own: 12 B GB-s are two first tiers", () => {
    // 12e9 x 0.0000166667 + 12e9 x 0.0000002 = 200 000.4 + 2 400
    expect(billOf(groupOf(line, "", 12e9), 2).totalUsd).toBeCloseTo(202_400.4, 2);
  });

  it("tiers count per region and architecture, over all functions; rows still add up", () => {
    const [x86, arm] = [groupOf(line, "", 8e9), groupOf(line, "arm64", 7e9)];
    const usage = [
      { ...x86, fn: "a", count: 3e9 },
      { ...x86, fn: "b", count: 5e9 },
      { ...x86, fn: "c", region: "eu-west-1" },
      { ...arm, fn: "d" },
    ];
    const { rows, totalUsd } = ledger({ usage }, { ...atVolume(ratesWith(null), usage, 1), by: "function" });
    // both regions: 6e9 x 0.0000166667 + 2e9 x 0.000015 = 130 000.2; 7e9 x 0.0000133334 = 93 333.8; 23e9 requests x 0.0000002 = 4 600
    expect(totalUsd).toBeCloseTo(2 * 130_000.2 + 93_333.8 + 4_600, 2);
    expect(rows.reduce((sum, row) => sum + row.usd!, 0)).toBeCloseTo(totalUsd!, 6);
    const usd = (fn: string): number => rows.find((row) => row.key === fn)!.usd!;
    expect(usd("a") / usd("b")).toBeCloseTo(3 / 5, 12);
  });
});

describe("what is not known is not billed as 0", () => {
  // https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html: instances are billed, not runs; their line has the duration alone
  it("Managed Instances", () => {
    const record = { type: "platform.report", record: { requestId: REQUEST, status: "success", metrics: { durationMs: 250.06 } } };
    const { totalUsd, unknown } = billOf(groupOf(JSON.stringify(record), "", 1000));
    expect(totalUsd).toBeNull();
    expect(unknown).toEqual([{ count: 1000, why: expect.stringContaining("Managed Instances") }]);
  });

  it("a START without a REPORT", () => {
    const { totalUsd, unknown } = billOf(groupOf(`START RequestId: ${REQUEST} Version: 7`, "", 3));
    expect(totalUsd).toBeNull();
    expect(unknown).toEqual([{ count: 3, why: expect.stringContaining("no REPORT line") }]);
  });

  it("a run seen only in a trace", () => {
    const group = groupOf(`START RequestId: ${REQUEST} Version: 7`, "", 3);
    expect(billOf({ ...group, seenIn: "span", durationMs: 12 }).unknown).toEqual([{ count: 3, why: expect.stringContaining("trace") }]);
  });

  it("regions of China have no price in USD", () => {
    const group = groupOf(
      reportLine("Duration: 1.00 ms; Billed Duration: 1 ms; Memory Size: 128 MB; Max Memory Used: 40 MB"),
      "cn-north-1",
      1,
    );
    expect(billOf(group).totalUsd).toBeNull();
  });

  it("a restored run of unknown runtime is taken as Java's, and said to be assumed", () => {
    const says =
      "Duration: 21.50 ms; Billed Duration: 48 ms; Memory Size: 1024 MB; Max Memory Used: 140 MB; Restore Duration: 398.97 ms; Billed Restore Duration: 26 ms";
    expect(billOf(groupOf(reportLine(says), "", 1)).rows[0]!.basis).toBe("assumed");
    expect(billOf(groupOf(reportLine(says), "runtime=java21", 1)).rows[0]!.basis).toBe("modelled");
  });

  it("what is free is 0: a throttled request, a local run", () => {
    const group = groupOf(reportLine("Duration: 1.00 ms; Billed Duration: 1 ms; Memory Size: 128 MB; Max Memory Used: 40 MB"), "", 5);
    expect(billOf({ ...group, outcome: "throttled" }).totalUsd).toBe(0);
    expect(billOf({ ...group, emulator: true }).totalUsd).toBe(0);
  });
});
