import { afterAll, describe, expect, it } from "vitest";
import { allQueries } from "../../../../src/clouds/azure/kql-catalogue.ts";
import { datetime, literal, literals } from "../../../../src/clouds/azure/kql.ts";
import { translate } from "../../../peers/support/azure/kql-sql.ts";
import { RowsDb } from "../../../peers/support/azure/rows-db.ts";
import { COMPONENT } from "../../../peers/support/azure/component-schemas.ts";
import { WORKSPACE } from "../../../peers/support/azure/table-schemas.ts";

const HOSTILE = [
  'a"b',
  String.raw`back\slash`,
  String.raw`\"; drop`,
  "'single'",
  '") | union Secrets | where ("" == "',
  "line\nbreak\r\ttab",
  "bell\u0007",
  "line separator\u2028x",
  "// comment",
  "@`~{}[]()",
  "größe 日本 😀",
];

describe("literals", () => {
  const db = RowsDb.open();
  afterAll(async () => (await db).close());

  // Microsoft's parser reads the literal, DuckDB compares it with the row: only the very text is found
  it.each(HOSTILE)("hold %j and nothing else", async (text) => {
    const rows = await db;
    await rows.fill(
      "w",
      "AppEvents",
      WORKSPACE["AppEvents"]!,
      [...HOSTILE, "other"].map((Name) => ({ Name })),
    );
    const kql = `AppEvents | where Name == ${literal(text)} | project Name`;
    expect(await rows.ask(kql, WORKSPACE, (table) => `SELECT * FROM "w"."${table}"`, 0)).toMatchObject({ problems: [], rows: [[text]] });
    const some = `AppEvents | where Name in ${literals([text, "other"])} | count`;
    expect(await rows.ask(some, WORKSPACE, (table) => `SELECT * FROM "w"."${table}"`, 0)).toMatchObject({ problems: [], rows: [[2]] });
  });

  it("of a time that is none are an error", () => {
    expect(datetime(Date.UTC(2026, 10, 23, 1, 2, 3, 4))).toBe("datetime(2026-11-23T01:02:03.004Z)");
    expect(() => datetime(Number.NaN)).toThrow(RangeError);
  });
});

describe("every query", () => {
  const all = allQueries();

  it("has a name of its own", () => expect(new Set(all.map((one) => one.name)).size).toBe(all.length));

  it.each(all.map((one) => [one.name, one] as const))("%s is bound by Microsoft's parser", (_, { dialect, kql }) => {
    const { problems, columns } = translate(kql, dialect === "workspace" ? WORKSPACE : COMPONENT, (table) => table, 0n);
    expect(problems).toEqual([]);
    expect(columns.length).toBeGreaterThan(0);
  });

  it("that gives rows gives their weight, unless nothing samples them", () => {
    for (const { name, dialect, kql } of all) {
      if (!/rows|search/.test(name) || /hostlogs|host logs/.test(name)) continue;
      const { columns } = translate(kql, dialect === "workspace" ? WORKSPACE : COMPONENT, (table) => table, 0n);
      expect(
        columns.map((column) => column.name),
        name,
      ).toContain(dialect === "workspace" ? "ItemCount" : "itemCount");
    }
  });

  it("of a paid table stays within one table and simple operators", () => {
    const paid = all.filter((one) => one.via === "paid");
    expect(paid.length).toBe(4);
    // https://learn.microsoft.com/azure/azure-monitor/logs/basic-logs-query: no join, find, search, externaldata; one table
    for (const { kql } of paid)
      expect(
        kql
          .split("\n")
          .slice(1)
          .map((line) => /^\| (\w+)/.exec(line)?.[1]),
      ).toSatisfy((steps: string[]) => steps.every((step) => step === "where" || step === "project"));
  });
});
