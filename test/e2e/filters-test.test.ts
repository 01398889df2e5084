/** `evscope filters test`, through the built CLI. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { evscope } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";

describe("filters test", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-filters-test-"));
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(cwd, name), content);
    return name;
  };
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html: instance terminated, not running
  const pattern = file(
    "pattern.json",
    JSON.stringify({ source: ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"], detail: { state: ["terminated"] } }),
  );
  const event = (state: string): object => ({
    source: "aws.ec2",
    "detail-type": "EC2 Instance State-change Notification",
    detail: { "instance-id": "i-1234567890abcdef0", state },
  });
  const events = [JSON.stringify(event("terminated")), "not json", "", JSON.stringify(event("running"))].join("\n");

  it("says per event whether it matches and which clause decided; a line that is no JSON costs only itself", async () => {
    const ran = await evscope(
      ["filters", "test", "--pattern", pattern, "--events", file("e.ndjson.gz", gzipSync(events)), "--format", "json"],
      { cwd },
    );
    const document = JSON.parse(ran.stdout);
    expect(schemaErrors("filters-test", document)).toEqual([]);
    expect(ran.code).toBe(4);
    expect(document.grammar).toBe("eventbridge");
    expect(document.results.map((one: { verdict: string; line: number }) => [one.line, one.verdict])).toEqual([
      [1, "match"],
      [2, "invalid"],
      [4, "no_match"],
    ]);
    expect(document.results[2].clause).toBe("detail.state");
    expect(document.results[2].reason).toContain("running");
  });

  it("fails with 6 where an event is not as expected, reads stdin and writes CSV", async () => {
    const ran = await evscope(["filters", "test", "--pattern", pattern, "--events", "-", "--expect", "match", "--format", "csv"], {
      cwd,
      stdin: JSON.stringify([event("terminated"), event("running")], null, 2),
    });
    expect(ran.code).toBe(6);
    const [header, first, second, ...rest] = ran.stdout.trimEnd().split("\r\n");
    expect(header).toBe("event,line,name,verdict,expected,clause,reason");
    expect(first).toMatch(/^1,1,,match,match,/);
    expect(second).toMatch(/^2,1,,no_match,match,detail\.state,/);
    expect(rest).toEqual([]);
  });

  it("an illegal filter is no error of the command: every result is invalid and says why", async () => {
    const sql = file("filter.sql", "sys.Label LIKE");
    const ran = await evscope(["filters", "test", "--pattern", sql, "--events", "-", "--format", "table"], {
      cwd,
      stdin: '{"Label":"a"}\n{"Label":"b"}\n',
    });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("2 are invalid");
    expect(ran.stdout).toContain("a value is missing");
    expect(ran.stderr).toContain("service-bus-sql");
  });

  it("cases have filters of their own, of any vendor, and count disagreements", async () => {
    const cases = [
      { name: "aws", pattern: { a: ["x"] }, event: { a: "x" }, expected: "match" },
      { name: "google", pattern: 'attributes.kind = "order"', event: { attributes: { kind: "mail" } }, expected: "match" },
      {
        name: "azure",
        pattern: { advancedFilters: [{ operatorType: "NumberIn", key: "data.n", values: [1] }] },
        event: { data: { n: 1 } },
      },
    ];
    const ran = await evscope(["filters", "test", "--cases", "-", "--format", "json"], {
      cwd,
      stdin: cases.map((one) => JSON.stringify(one)).join("\n"),
    });
    const document = JSON.parse(ran.stdout);
    expect(schemaErrors("filters-test", document)).toEqual([]);
    expect(document.results.map((one: { name: string; verdict: string }) => [one.name, one.verdict])).toEqual([
      ["aws", "match"],
      ["google", "no_match"],
      ["azure", "match"],
    ]);
    expect(document.counts.disagreements).toBe(1);
    expect(ran.code).toBe(6);
  });
});
