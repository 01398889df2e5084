/** Hostile telemetry in every form of the report and of a chain: nothing of it is obeyed by what shows it. */
import { describe, expect, it } from "vitest";
import { formatJunit } from "../../../src/report/formats/junit.ts";
import { formatPage } from "../../../src/report/page/page.ts";
import { reportForm } from "../../../src/report/render.ts";
import { gatesView } from "../../../src/report/views/gates.ts";
import { reportView } from "../../../src/report/views/report.ts";
import { costReport } from "../../support/cost-report.ts";
import { longChain } from "../../support/long-chain.ts";
import { slice } from "../../support/small-report.ts";

const look = { width: 120, color: false, unicode: true };
const MEGABYTE = "n".repeat(1_000_000);
const HOSTILE: [string, string][] = [
  ["HTML and script", `<script>alert(1)</script><img src=x onerror=alert(1)>`],
  ["an end of comments and styles", `--></style></script>]]><!--`],
  ["Markdown", "[x](javascript:alert(1)) ![y](http://evil/z) | a | `b` **c** @team #1 http://evil"],
  ["ANSI and OSC", "\u001b[2J\u001b]8;;http://evil\u0007x\u001b]0;t\u0007\u009b31m"],
  ["a formula", '=HYPERLINK("http://evil","x")'],
  ["right-to-left marks", "\u202egpj.exe\u2066\u200f"],
  ["lone surrogates", "a\ud800b\udc00c"],
  ["a command of a CI server", "::error::x\n##vso[task.complete result=Failed]y"],
  ["line ends and NUL", "a\r\nb\u2028c\u0000d"],
  ["a name of a megabyte", MEGABYTE],
];

function hostileReport(name: string): ReturnType<typeof costReport> {
  const base = costReport();
  const one = slice(name, { usd: 2, wasteUsd: { errors: 1 } });
  return costReport({
    slices: { cloud: base.slices.cloud, service: [one, slice("b")], function: [one, slice("b")], route: [one], tag: [one] },
    tagKey: name.slice(0, 100),
    unknown: [{ count: 1, why: name }],
    gaps: [{ what: name, why: name }],
    transactions: base.transactions.map((row) => ({ ...row, route: name })),
    recommendations: base.recommendations.map((row) => ({
      ...row,
      name,
      reasons: [name],
      command: `evscope rightsize --function ${name}`,
    })),
    savings: base.savings.map((row) => ({ ...row, name, run: name })),
    gates: [{ rule: name, level: "fail", outcome: "crossed", value: 1, limit: 0, reason: name }],
  });
}

// what terminals, browsers and viewers obey or hide
// oxlint-disable-next-line no-control-regex
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028]/;

describe.each(HOSTILE)("%s", (_title, name) => {
  const report = hostileReport(name);
  const chain = longChain(3, { name, errorType: name, requestId: name });
  chain.chain.id = name;
  chain.chain.problems = [{ code: "error", message: name, hopId: "hop-0" }];

  it.each(["table", "markdown", "csv", "junit", "codequality", "json"] as const)("the report as %s", (form) => {
    const text = reportForm(report, null, form, look);
    expect(text.replaceAll("\r\n", "\n")).not.toMatch(STEERING);
    expect(text.isWellFormed()).toBe(true);
    if (form === "json") expect((JSON.parse(text) as typeof report).slices.function[0]!.key).toBe(name);
    if (form === "junit") expect(text.match(/<testcase /g)).toHaveLength(1);
    if (form === "csv") for (const line of text.split("\r\n")) expect(line).not.toMatch(/(^|,)"?[=+@]/);
    if (form === "markdown") expect(text.replaceAll("<!-- -->", "")).not.toMatch(/<[a-z/!]/i);
    if (form === "markdown") expect(text).not.toMatch(/(^|[^\\])(\]\(|!\[)/);
    if (form !== "json" && form !== "codequality") expect(text).not.toMatch(/##vso\[|^\s*::error/m);
  });

  it("the page: only its own elements, no steering character, nothing inline", () => {
    const assets = { script: "/* script */", style: "/* style */" };
    const html = formatPage({ report: reportView(report, null), chains: [chain] }, assets);
    expect(html).not.toMatch(STEERING);
    expect(html.isWellFormed()).toBe(true);
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).not.toMatch(/<(img|iframe|object|embed|base|form)\b/i);
    // attributes as a browser finds them: names outside of quotes
    const tags = html.match(/<[a-z][^<>]*>/gi)!.map((tag) => tag.replace(/"[^"]*"/g, '""'));
    expect(tags.filter((tag) => /\s(on[a-z]+|style)=/i.test(tag))).toEqual([]);
    const data = /<script type="application\/json" id="chain-0">(.*?)<\/script>/s.exec(html)![1]!;
    expect((JSON.parse(data) as typeof chain).chain.hops[0]!.name).toBe(name.toWellFormed());
  });
});

it("thresholds with hostile reasons are one test case each", () => {
  const gates = HOSTILE.slice(0, -1).map(([, name]) => ({
    rule: name,
    level: "fail" as const,
    outcome: "crossed" as const,
    value: 1,
    limit: 0,
    reason: name,
  }));
  expect(formatJunit(gatesView(gates)).match(/<testcase /g)).toHaveLength(gates.length);
});
