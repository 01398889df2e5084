/** What CI servers read, and what they must not. Expected lines are those of the vendors' documents. */
import { describe, expect, it } from "vitest";
import { formatAnnotations } from "../../../../src/report/formats/annotations.ts";
import { formatCodeQuality } from "../../../../src/report/formats/codequality.ts";
import { formatCsv } from "../../../../src/report/formats/csv.ts";
import { formatJson } from "../../../../src/report/formats/json.ts";
import { formatTable } from "../../../../src/report/formats/table.ts";
import type { Checks, Report } from "../../../../src/report/report.ts";

const checks: Checks = {
  title: "evscope",
  checks: [
    { name: "increase>10%", status: "failed", message: "the cost rose by 50 %, more than 10 %" },
    { name: "waste>5%", status: "warned", message: "7 % is waste" },
    { name: "cost>5", status: "passed", message: "4" },
    { name: "p95>1s", status: "skipped", message: "not known" },
  ],
};

describe("annotations", () => {
  it("GitHub: workflow commands, % : , escaped as actions/toolkit does", () => {
    expect(formatAnnotations(checks, "github").split("\n")).toEqual([
      "::error title=evscope%3A increase>10%25::the cost rose by 50 %25, more than 10 %25",
      "::warning title=evscope%3A waste>5%25::7 %25 is waste",
      "::warning title=evscope%3A p95>1s::not known",
      "",
    ]);
  });

  it("Azure Pipelines: logging commands", () => {
    expect(formatAnnotations(checks, "azure").split("\n")[0]).toBe(
      "##vso[task.logissue type=error]evscope: increase>10%AZP25: the cost rose by 50 %AZP25, more than 10 %AZP25",
    );
  });

  it("a name from telemetry makes no second command", () => {
    const name = "x\n::error::owned\r##vso[task.setvariable variable=a]b";
    const hostile: Checks = { title: "evscope", checks: [{ name, status: "failed", message: name }] };
    for (const server of ["github", "azure"] as const) {
      const text = formatAnnotations(hostile, server);
      expect(text.match(/\n/g)).toHaveLength(1);
      expect(text.match(/##vso\[/g) ?? []).toHaveLength(server === "azure" ? 1 : 0);
      expect(text.match(/^::/gm) ?? []).toHaveLength(server === "github" ? 1 : 0);
    }
  });

  it("GitLab: the fields that its format requires, and one fingerprint per rule", () => {
    const issues = JSON.parse(formatCodeQuality(checks)) as Record<string, unknown>[];
    expect(issues.map((one) => [one["check_name"], one["severity"]])).toEqual([
      ["increase>10%", "major"],
      ["waste>5%", "minor"],
      ["p95>1s", "info"],
    ]);
    for (const one of issues) expect(Object.keys(one).sort()).toEqual(["check_name", "description", "fingerprint", "location", "severity"]);
    expect(new Set(issues.map((one) => one["fingerprint"])).size).toBe(3);
    const later = { ...checks, checks: checks.checks.map((one) => ({ ...one, message: "another value" })) };
    expect((JSON.parse(formatCodeQuality(later)) as Record<string, unknown>[])[0]!["fingerprint"]).toBe(issues[0]!["fingerprint"]);
  });
});

describe("telemetry in a job's output", () => {
  const names = ["::set-output name=a::b", "  ::error::owned", "a ##vso[task.complete result=Succeeded] b", "##[error]x"];
  const report: Report = {
    schemaVersion: 1,
    title: "t",
    sections: [
      { title: "s", columns: [{ key: "name", label: "name", type: "text" }], rows: names.map((name) => ({ name })), notes: names },
    ],
  };

  it.each([
    ["table", formatTable(report, { width: 40, color: false, unicode: true })],
    ["csv", formatCsv(report)],
    ["json", formatJson({ schemaVersion: 1, names } as { schemaVersion: 1 })],
  ])("is no command: %s", (_form, text) => {
    // GitHub's runner trims a line and looks for :: at its start; Azure's agent looks for ##vso[ and ##[ anywhere
    expect(text.split("\n").filter((line) => /^\s*::[a-z-]+.*::/i.test(line) || /##(vso)?\[/i.test(line))).toEqual([]);
  });

  it("JSON reads back as it was; C++ and CloudFormation names stay readable", () => {
    expect(JSON.parse(formatJson({ schemaVersion: 1, names } as { schemaVersion: 1 }))).toEqual({ schemaVersion: 1, names });
    const plain = { ...report, sections: [{ ...report.sections[0]!, rows: [{ name: "AWS::Lambda::Function" }], notes: [] }] };
    expect(formatTable(plain, { width: 80, color: false, unicode: true })).toContain("AWS::Lambda::Function");
  });
});
