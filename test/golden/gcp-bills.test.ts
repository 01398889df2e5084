/** Bills of Google Cloud worked by hand (gcp-bills.md), from records through the dataset to the ledger. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Config } from "../../src/model/records.ts";
import { type Bills, billsOf, otherBill, tablesOf, type Telling, worked } from "../support/golden-bills.ts";

const [runs, metrics, others] = tablesOf(new URL("gcp-bills.md", import.meta.url));
const PAGE = /^(run|gen1|metric|pubsub|tasks|logging)$/;

const telling: Telling = {
  cloud: "gcp",
  settings: ([plan, ...sizes]): Config["settings"] => {
    const [first, second] = sizes.map(Number);
    return plan === "gen1" ? { plan, memoryMib: first! } : { plan: plan!, vcpu: first!, memoryMib: second! };
  },
  metric: (name, service) => ({
    name: `run.googleapis.com/${name}`,
    statistic: "sum",
    resource: `cloud_run_revision{service_name=${service}}`,
    fn: service,
    // a point is stamped with the end of its period
    at: 1,
  }),
  functionOf: (service) => service,
};

let bills: Bills;
let metered: Bills;
beforeAll(async () => {
  bills = await billsOf(runs!, telling);
  metered = await billsOf(metrics!, telling, true);
});

it("there are at least 40 bills, each with a page", () => {
  const all = [...runs!, ...metrics!, ...others!];
  expect(all.length).toBeGreaterThanOrEqual(40);
  for (const [page] of all) expect(page).toMatch(PAGE);
});

describe("runs", () => {
  it.each(runs!.map((row, i) => [i, ...row] as const))("%i %s: %s", (i, _page, _case, _configuration, _runs, _time, work, usd, billion) => {
    expect(worked(work!)).toBeCloseTo(Number(usd), 15);
    const bill = bills.ofRow(i);
    expect(bill.unknown).toEqual([]);
    expect(Math.abs(bill.usd - Number(usd)) / bill.count).toBeLessThanOrEqual(1e-12);
    expect((bill.usd * 1e9).toFixed(2)).toBe(billion);
  });
});

describe("metrics", () => {
  it.each(metrics!.map((row, i) => [i, ...row] as const))("%i %s: %s", (i, _page, _case, _configuration, told, _metrics, work, usd) => {
    expect(worked(work!)).toBeCloseTo(Number(usd), 12);
    if (told === "") return;
    const bill = metered.ofRow(i);
    expect(bill.unknown).toEqual([]);
    expect(Math.abs(bill.usd - Number(usd)) / bill.count).toBeLessThanOrEqual(1e-12);
  });

  it("what no run explains, and instances kept ready, are unattributed", () => {
    for (const row of metrics!) expect(worked(row[7]!)).toBeCloseTo(Number(row[8]), 12);
    const beyond = metrics!.reduce((sum, row) => sum + Number(row[8]), 0);
    expect(metered.ledgers.function.unattributedUsd).toBeCloseTo(beyond, 12);
  });
});

it.each(others!)("%s: %s", (_page, _case, what, region, work, usd, billion) => {
  expect(worked(work!)).toBeCloseTo(Number(usd), 15);
  expect(otherBill(what!, region!, "gcp")).toBeCloseTo(Number(usd), 15);
  expect((otherBill(what!, region!, "gcp") * 1e9).toFixed(2)).toBe(billion);
});

it("by function, service, cloud, route and chain the total is the same", () => {
  for (const { ledgers } of [bills, metered]) {
    for (const ledger of Object.values(ledgers)) {
      expect(Math.abs(ledger.totalUsd! - ledgers.function.totalUsd!), ledger.by).toBeLessThan(1e-9);
      const rows = ledger.rows.reduce((sum, row) => sum + (row.usd ?? 0), 0);
      expect(Math.abs(rows + ledger.unattributedUsd - ledger.totalUsd!), ledger.by).toBeLessThan(1e-9);
    }
  }
});
