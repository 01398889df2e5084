/** `ttl` on exported descriptions: log groups of the account, and items of a table from a file. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { evscope } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";

describe("ttl", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-ttl-"));
  const DAY_S = 86_400;
  const nowS = Math.floor(Date.now() / 1000);
  const json = async (...args: string[]) => {
    const ran = await evscope(["ttl", ...args, "--min-saving", "0", "--format", "json"], { cwd });
    expect(ran.code, ran.stderr).toBe(0);
    const said = JSON.parse(ran.stdout);
    expect(schemaErrors("ttl", said)).toEqual([]);
    return said;
  };

  beforeAll(() => {
    const arn = (name: string): string => `arn:aws:logs:us-east-1:111122223333:log-group:${name}:*`;
    writeFileSync(
      join(cwd, "groups.json"),
      JSON.stringify({
        logGroups: [
          { logGroupName: "/aws/lambda/a", arn: arn("/aws/lambda/a"), creationTime: (nowS - 900 * DAY_S) * 1000, storedBytes: 1e9 },
          {
            logGroupName: "/aws/lambda/b",
            arn: arn("/aws/lambda/b"),
            creationTime: 1,
            storedBytes: 5e9,
            retentionInDays: 400,
            retentionPolicyName: "org",
          },
        ],
      }),
    );
    writeFileSync(
      join(cwd, "table.json"),
      JSON.stringify({
        Table: {
          TableName: "events",
          TableArn: "arn:aws:dynamodb:us-east-1:111122223333:table/events",
          ItemCount: 1000,
          TableSizeBytes: 1e6,
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        },
        TimeToLiveDescription: { TimeToLiveStatus: "DISABLED" },
      }),
    );
    const typed = Array.from({ length: 120 }, (_, i) => ({
      Item: { id: { S: `secret-${i + 100}` }, ttl: { N: String(nowS + (i < 60 ? -1 : 1) * DAY_S) } },
    }));
    writeFileSync(join(cwd, "items.ndjson"), typed.map((one) => JSON.stringify(one)).join("\n"));
  });

  it("log groups: dearest first, a proposal under --keep alone, and none under an account-wide policy", async () => {
    const free = await json("groups.json");
    expect(free.stores.map((one: { name: string; verdict: string }) => [one.name, one.verdict])).toEqual([
      ["/aws/lambda/b", "keep"],
      ["/aws/lambda/a", "keep"],
    ]);
    const kept = await json("groups.json", "--keep", "30d");
    expect(kept.floors).toEqual([{ pattern: "*", days: 30, from: "--keep" }]);
    expect(kept.stores[1].proposals).toMatchObject([
      { resource: "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/a", after: { retentionD: 30 }, danger: "irreversible" },
    ]);
    expect(kept.stores[0].refusal).toMatch(/account-wide/);
  });

  it("items of a DynamoDB export: the attribute, how many would go, and no value of theirs", async () => {
    const said = await json("table.json", "--items", "items.ndjson", "--table", "events");
    expect(said.stores[0].proposals).toMatchObject([{ after: { ttlAttribute: "ttl" } }]);
    // half of 1,000
    expect(said.stores[0].candidates[0].goAtOnce.items.p50).toBe(500);
    const shown = await evscope(["ttl", "table.json", "--items", "items.ndjson", "--table", "events", "--explain", "events"], { cwd });
    expect(shown.stdout).toContain("epoch-seconds");
    expect(shown.stdout + JSON.stringify(said)).not.toContain("secret-");
  });

  it.each([
    [["--items", "items.ndjson", "--table", "other"], /no table other is known/],
    [["--items", "missing.ndjson", "--table", "events"], /no file of items/],
    [["--items", "groups.json", "--table", "other"], /no (JSON|table)/],
    [["--keep", "soon"], /is not a span of time/],
    [["--explain", "nothing"], /no store nothing/],
  ])("refused: %j", async (args, why) => {
    const ran = await evscope(["ttl", "table.json", ...args], { cwd });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(why);
  });
});
