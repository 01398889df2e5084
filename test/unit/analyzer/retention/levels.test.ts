/** Sizes of stores by metrics: from the vendors' answers, through the dataset, to size, growth and cost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { retention, type RetentionFacts } from "../../../../src/analyzer/retention/index.ts";
import { BUCKET_IN, LEVELS } from "../../../../src/analyzer/retention/levels.ts";
import { priceBook } from "../../../../src/app/price-book.ts";
import { rooms } from "../../../../src/clouds/index.ts";
import type { Cloud, Config, MetricPoint, Rec } from "../../../../src/model/records.ts";
import type { RetentionAdvice } from "../../../../src/model/retention.ts";
import { openDataset } from "../../../../src/store/index.ts";
import { writeRecords } from "../../../support/dataset.ts";

const NOW = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GIB = 1024 ** 3;
const ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.DocumentDB/databaseAccounts/shop";

const point = (
  cloud: Cloud,
  resource: string,
  name: string,
  statistic: string,
  at: number,
  periodMs: number,
  value: number,
): MetricPoint => ({
  type: "metric",
  cloud,
  account: cloud === "azure" ? "s" : "project",
  region: null,
  at,
  periodMs,
  resource,
  fn: null,
  name,
  statistic,
  unit: null,
  value,
});
/** As Azure tells it: dimensions in lower case, https://learn.microsoft.com/rest/api/monitor/metrics/list#examples */
const cosmos = (metric: string, at: number, value: number, periodMs = 300_000): MetricPoint =>
  point(
    "azure",
    ACCOUNT,
    `Microsoft.DocumentDB/databaseAccounts/${metric}{databasename=orders,collectionname=Events}`,
    "Sum",
    at,
    periodMs,
    value,
  );
const config = (cloud: Cloud, kind: Config["kind"], resource: string, settings: Config["settings"]): Config => ({
  type: "config",
  cloud,
  account: cloud === "azure" ? "s" : "project",
  region: null,
  resource,
  name: resource.split("/").at(-1)!,
  kind,
  revision: null,
  observedAt: NOW,
  from: null,
  to: null,
  settings,
});
const events = (settings: Config["settings"] = {}): Config =>
  config("azure", "table", `${ACCOUNT}/sqlDatabases/orders/containers/Events`, { service: "cosmosdb", ...settings });
const bucket = config("gcp", "log-group", "projects/project/locations/global/buckets/_Default", { retentionD: 90 });

describe("sizes by metrics", () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((one) => rmSync(one, { recursive: true, force: true })));

  async function stores(records: Rec[], given: Partial<RetentionFacts> = {}): Promise<RetentionAdvice[]> {
    const dir = mkdtempSync(join(tmpdir(), "evscope-levels-"));
    folders.push(dir);
    await writeRecords(dir, records);
    const dataset = await openDataset(dir);
    const facts: RetentionFacts = {
      configs: await dataset.configs(),
      daily: await dataset.dailySums({ from: null, to: null }, [BUCKET_IN]),
      levels: await dataset.levels(LEVELS),
      sizes: [],
      samples: new Map(),
      runUsd: () => null,
      floors: [],
      legalRetentionsD: [],
      kinds: null,
      names: null,
      minSavingUsdPerMonth: 0,
      now: NOW,
      from: null,
      to: null,
      prices: priceBook(Object.fromEntries(Object.values(rooms).map((room) => [room.cloud, room.prices]))),
      ...given,
    };
    await dataset.close();
    return retention(facts).stores;
  }

  it("Cosmos DB: items and index of the newest five minutes, growth by both ends, items of one region only", async () => {
    const points = [
      cosmos("DataUsage", NOW - 10 * DAY, 20e9),
      cosmos("DataUsage", NOW - HOUR, 30e9),
      cosmos("IndexUsage", NOW - HOUR, 10e9),
      cosmos("DocumentCount", NOW - HOUR, 5_000),
      // an hour's total holds twelve sizes
      cosmos("DataUsage", NOW - HOUR / 2, 360e9, HOUR),
    ];
    const [one] = await stores([events({ regions: 1, capacity: "serverless" }), ...points]);
    // 40 GB x $0.25
    expect(one).toMatchObject({ sizeBytes: 40e9, items: 5_000, growthFrom: "sizes", effects: [] });
    expect(one!.storageUsdPerMonth).toBeCloseTo(10, 6);
    // 20 GB in 10 d less an hour, a month of 730 h
    expect(one!.growthBytesPerMonth!.p50).toBeCloseTo((20e9 / 239) * 730, 0);
    const [two] = await stores([events({ regions: 2 }), ...points]);
    expect(two).toMatchObject({ sizeBytes: 40e9, items: null });
    const [other] = await stores([{ ...events(), resource: `${ACCOUNT}/sqlDatabases/other/containers/Events` }, ...points]);
    expect(other).toMatchObject({ sizeBytes: null, storageUsdPerMonth: null });
    expect(other!.effects.join()).toMatch(/size is not known/);
  });

  it("log buckets: what is kept beyond the free days, what comes in, and what less would save", async () => {
    const labels = "global{log_bucket_id=_Default,log_bucket_location=global}";
    const days = Array.from({ length: 10 }, (_, i) => NOW - (i + 1) * DAY);
    const records = [
      bucket,
      point("gcp", labels, "logging.googleapis.com/billing/bytes_stored", "max", NOW - HOUR, HOUR, 60 * GIB),
      ...days.map((at) => point("gcp", labels, "logging.googleapis.com/billing/log_bucket_bytes_ingested", "sum", at, DAY, GIB)),
    ];
    const floors = (keep: number) => ({ floors: [{ pattern: "*", days: keep, from: "--keep" }] });
    const [one] = await stores(records, floors(45));
    // 60 GiB x $0.01; 1 GiB a day for 730 h x $0.50
    expect(one!.storageUsdPerMonth).toBeCloseTo(0.6, 6);
    expect(one!.ingestUsdPerMonth).toBeCloseTo((730 / 24) * 0.5, 6);
    // of the 60 days beyond the free ones 15 stay: 45 GiB go
    expect(one!.savingUsdPerMonth!.p50).toBeCloseTo(0.45, 6);
    const [all] = await stores(records, floors(30));
    expect(all!.savingUsdPerMonth!.p50).toBeCloseTo(0.6, 6);
    const [unknown] = await stores([bucket], floors(45));
    expect(unknown).toMatchObject({ storageUsdPerMonth: null, ingestUsdPerMonth: null, savingUsdPerMonth: null });
  });

  it("Firestore: the size of its database", async () => {
    const records = [
      config("gcp", "table", "projects/project/databases/(default)", { databaseType: "FIRESTORE_NATIVE" }),
      point(
        "gcp",
        "firestore.googleapis.com/Database{database_id=(default)}",
        "firestore.googleapis.com/storage/data_and_index_storage_bytes",
        "max",
        NOW - HOUR,
        HOUR,
        20 * GIB,
      ),
    ];
    const [one] = await stores(records);
    // 20 GiB x $0.15
    expect(one).toMatchObject({ sizeBytes: 20 * GIB, items: null });
    expect(one!.storageUsdPerMonth).toBeCloseTo(3, 6);
  });

  it("tables of Log Analytics: by what comes in, modelled; long-term retention has no price here", async () => {
    const table = (settings: Config["settings"]): Config =>
      config(
        "azure",
        "log-group",
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/w/tables/Syslog",
        {
          service: "loganalytics",
          plan: "Analytics",
          billableBytesPerDay: 1e9,
          ingestionDays: 30,
          ...settings,
        },
      );
    const floors = { floors: [{ pattern: "*", days: 61, from: "--keep" }] };
    const [one] = await stores([table({ retentionD: 131, totalRetentionD: 131 })], floors);
    // 1 GB a day x 100 d beyond 31 x $0.10; 61 d: 30 of them; $2.30 a GB in East US, assumed elsewhere
    expect(one!.storageUsdPerMonth).toBeCloseTo(10, 6);
    expect(one!.savingUsdPerMonth!.p50).toBeCloseTo(7, 6);
    expect(one!.ingestUsdPerMonth).toBeCloseTo((730 / 24) * 2.3, 6);
    expect(one!.effects.join()).toMatch(/modelled/);
    const [long] = await stores([table({ retentionD: 90, totalRetentionD: 365 })]);
    expect(long).toMatchObject({ storageUsdPerMonth: null, growthFrom: "metric" });
    const [silent] = await stores([table({ retentionD: 131, billableBytesPerDay: null })]);
    expect(silent).toMatchObject({ storageUsdPerMonth: null, ingestUsdPerMonth: null, growthBytesPerMonth: null });
  });
});
