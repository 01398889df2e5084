/** Tables on moto, looked at by the built CLI: what was put in them by the vendor's SDK is what the sample says. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchWriteItemCommand, CreateTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CloudWatchLogsClient, CreateLogGroupCommand, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { evscope, type Ran } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";
import { at } from "./support/order-system.ts";
import { clientEnv, has, type Peer, start } from "./support/servers.ts";

const ITEMS = 200;
const PAST = 50;
const DAY_S = 86_400;
/** What lies on moto is worth fractions of a cent. */
const WANTED = ["--sample", String(ITEMS), "--keep", "20d", "--min-saving", "0", "--apply", "--yes", "--format", "json"];

describe.skipIf(!has("moto"))("tables on moto", () => {
  let peer: Peer;
  let home: string;
  let dynamodb: DynamoDBClient;
  let logs: CloudWatchLogsClient;
  const run = (...args: string[]): Promise<Ran> => evscope(args, { cwd: home, env: clientEnv(peer.url, home) });
  const cli = (...args: string[]): Promise<Ran> => run("ttl", "--region", "us-east-1", ...args);

  beforeAll(async () => {
    peer = await start("moto");
    home = mkdtempSync(join(tmpdir(), "evscope-ttl-"));
    // moto has no traces to wait for
    writeFileSync(join(home, "evscope.yaml"), "signals: [metrics]\naws: { retryFor: 2s }\n");
    dynamodb = new DynamoDBClient(at(peer.url));
    logs = new CloudWatchLogsClient(at(peer.url));
    await logs.send(new CreateLogGroupCommand({ logGroupName: "shop/events" }));
    const nowS = Math.floor(Date.now() / 1000);
    await put("good", (i) => ({ createdAt: n(nowS - 30 * DAY_S), expiresAt: n(i < PAST ? nowS - DAY_S : nowS + DAY_S) }));
    await put("millis", () => ({ expiresAt: n((nowS + DAY_S) * 1000) }));
  });
  afterAll(async () => {
    await peer?.stop();
    if (home !== undefined) rmSync(home, { recursive: true, force: true });
  });

  const n = (value: number) => ({ N: String(value) });
  async function put(name: string, rest: (i: number) => Record<string, { N: string }>): Promise<void> {
    await dynamodb.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      }),
    );
    for (let from = 0; from < ITEMS; from += 25) {
      const puts = Array.from({ length: 25 }, (_, k) => ({
        PutRequest: { Item: { id: { S: `item-${from + k + 1000}` }, ...rest(from + k) } },
      }));
      await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [name]: puts } }));
    }
  }

  it("every item is looked at once: shares, what is past, forms; the price is said before; --apply without leave to delete writes nothing", async () => {
    const ran = await cli(...WANTED);
    expect(ran.code, ran.stderr).toBe(5);
    expect(ran.stderr).toMatch(/good: looking at up to 200 items, for at most \$/);
    const said = JSON.parse(ran.stdout);
    expect(schemaErrors("ttl", said)).toEqual([]);
    const of = (name: string) => said.stores.find((one: { name: string }) => one.name === name);
    expect(of("good").sample).toMatchObject({ items: ITEMS, from: "scan" });
    const expiresAt = of("good").candidates[0];
    expect(expiresAt).toMatchObject({ attribute: "expiresAt", form: "epoch-seconds", share: 1, pastShare: PAST / ITEMS, unfit: null });
    // a day ago, of what began 30 days ago
    expect(expiresAt.leastLifeD).toBeCloseTo(29, 6);
    // the sample holds the whole table: no interval
    expect(expiresAt.goAtOnce.items).toEqual({ p10: PAST, p50: PAST, p90: PAST });
    expect(of("good").proposals).toMatchObject([{ after: { ttlAttribute: "expiresAt" }, danger: "irreversible" }]);
    expect(of("millis")).toMatchObject({ proposals: [], candidates: [{ form: "epoch-ms" }] });
    expect(of("millis").refusal).toMatch(/milliseconds/);
    expect(said.apply.state).toBe("refused");
    expect(await held()).toEqual(UNTOUCHED);
  });

  it("with leave to delete: both are written, read back by the SDK, verified, and taken back", async () => {
    const ran = await cli(...WANTED, "--offline", "--accept-data-loss");
    expect(JSON.parse(ran.stdout).apply.state, ran.stderr).toBe("applied");
    // 20 days is no legal retention of a log group: 30 is the next (PutRetentionPolicy)
    expect(await held()).toEqual({ ttl: { TimeToLiveStatus: "ENABLED", AttributeName: "expiresAt" }, retentionD: 30 });
    const verified = await run("verify", "--offline", "--format", "json");
    expect(schemaErrors("verify", JSON.parse(verified.stdout)), verified.stderr).toEqual([]);
    const undone = await run("undo", "--last", "--yes", "--format", "json");
    expect(undone.code, undone.stderr).toBe(0);
    expect(await held()).toMatchObject({ ttl: { TimeToLiveStatus: "DISABLED" }, retentionD: undefined });
  });

  async function held() {
    const [table, groups] = await Promise.all([
      dynamodb.send(new DescribeTimeToLiveCommand({ TableName: "good" })),
      logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "shop/events" })),
    ]);
    return { ttl: table.TimeToLiveDescription, retentionD: groups.logGroups![0]!.retentionInDays };
  }
  const UNTOUCHED = { ttl: { TimeToLiveStatus: "DISABLED" }, retentionD: undefined };

  it("nothing is looked at beyond the price limit", async () => {
    const ran = await cli("--sample", "100000", "--max-query-usd", "0", "--format", "json");
    expect(ran.code, ran.stderr).toBe(4);
    expect(JSON.parse(ran.stdout).stores.every((one: { sample: unknown }) => one.sample === null)).toBe(true);
  });
});
