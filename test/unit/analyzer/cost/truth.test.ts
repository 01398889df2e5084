/** The simulator's own ledger against ours, through import, dataset, chains and billing rules of all three clouds. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Truth, writeSimulation } from "../../../../fixtures/simulator/index.ts";
import { attributed } from "../../../../src/app/chains.ts";
import { costOf } from "../../../../src/app/cost.ts";
import { importFiles } from "../../../../src/app/import/index.ts";
import { loadSettings } from "../../../../src/app/settings.ts";
import type { Chain } from "../../../../src/model/chains.ts";
import type { CostBy, Ledger } from "../../../../src/model/cost.ts";
import { silentHost } from "../../../../src/model/host.ts";
import { openDataset } from "../../../../src/store/index.ts";

const dir = mkdtempSync(join(tmpdir(), "evscope-truth-"));
const dataDir = join(dir, "dataset");
const { signal } = new AbortController();
const settings = loadSettings(null, dir);
let truth: Truth;
let chains: Chain[];

async function ledgerBy(by: CostBy): Promise<Ledger> {
  return (await costOf(dataDir, [], { by }, settings, silentHost, signal)).ledger;
}

beforeAll(async () => {
  writeSimulation(dir, { seed: 11, orders: 25 });
  truth = JSON.parse(readFileSync(join(dir, "truth.json"), "utf8")) as Truth;
  const hints = { fn: null, account: null, region: null };
  await importFiles([join(dir, "raw")], { dataDir, correlationKeys: [], hints, host: silentHost, signal, cores: 1 });
  const dataset = await openDataset(dataDir);
  try {
    const filter = { from: null, to: null, functions: [], clouds: [] };
    chains = (await attributed(dataset, filter, "chain", settings, silentHost, signal)).chains;
  } finally {
    await dataset.close();
  }
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("bills of the simulated order system", () => {
  it("each chain costs what the simulator says, but for hops whose telemetry was lost", () => {
    for (const want of truth.chains) {
      const found = chains.find((chain) => chain.id === want.id || chain.ids.includes(want.id));
      const lost = want.hops.reduce((sum, hop) => sum + (hop.lost ? hop.usd * hop.share : 0), 0);
      expect(found, want.id).toBeDefined();
      expect(Math.abs(found!.usd! - (want.usd - lost)), want.id).toBeLessThan(1e-9);
    }
  });

  it("functions and workflows together cost the total, but for lost hops", async () => {
    const ledger = await ledgerBy("function");
    const functions = ledger.rows.reduce((sum, row) => sum + row.usd!, 0);
    const workflows = ledger.unattributedLines.find((line) => line.meter === "stepfunctions.transitions")!.usd!;
    const lost = new Map(truth.chains.flatMap((chain) => chain.hops.filter((hop) => hop.lost).map((hop) => [hop.id, hop.usd] as const)));
    const lostUsd = [...lost.values()].reduce((sum, usd) => sum + usd, 0);
    expect(Math.abs(functions + workflows + lostUsd - truth.totalUsd)).toBeLessThan(1e-9);
  });

  it("every grouping has the same total, and rows + unattributed are it", async () => {
    const ledgers = await Promise.all((["function", "service", "cloud", "route", "chain"] as const).map(ledgerBy));
    for (const ledger of ledgers) {
      const rows = ledger.rows.reduce((sum, row) => sum + (row.usd ?? 0), 0);
      expect(Math.abs(rows + ledger.unattributedUsd - ledger.totalUsd!), ledger.by).toBeLessThan(1e-9);
      expect(Math.abs(ledger.totalUsd! - ledgers[0]!.totalUsd!), ledger.by).toBeLessThan(1e-9);
    }
  });
});
