/** `demo`: the simulated order system goes through import, trace and cost, like telemetry of one's own would. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSimulation } from "../../fixtures/simulator/index.ts";
import type { Chain } from "../model/chains.ts";
import type { Ledger } from "../model/cost.ts";
import type { Host } from "../model/host.ts";
import type { Objective, Sizing } from "../model/sizing.ts";
import { openDataset } from "../store/index.ts";
import { attributed } from "./chains.ts";
import { costOf } from "./cost.ts";
import { type ImportResult, importFiles } from "./import/index.ts";
import { rightsize } from "./rightsize.ts";
import type { Settings } from "./settings.ts";

export interface DemoResult {
  /** Where the raw files and the dataset lie, for trying things oneself. */
  rawDir: string;
  dataDir: string;
  imported: ImportResult;
  /** The most telling chain: over the most clouds and patterns. */
  chain: Chain;
  chains: Chain[];
  ledger: Ledger;
  sizing: Sizing;
  elapsedMs: { simulate: number; import: number; analyse: number };
}

/** A few minutes of a small shop save cents. */
const DEMO_OBJECTIVE: Objective = { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 };

export async function runDemo(
  options: { seed: number; orders: number },
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<DemoResult> {
  const scratch = mkdtempSync(join(tmpdir(), "evscope-demo-"));
  const rawDir = join(scratch, "raw");
  const dataDir = join(scratch, "dataset");
  const begun = performance.now();
  writeSimulation(scratch, options);
  const simulated = performance.now();
  const imported = await importFiles([rawDir], {
    dataDir,
    correlationKeys: settings.correlationKeys,
    hints: { fn: null, account: null, region: null },
    host,
    signal,
  });
  const read = performance.now();
  const dataset = await openDataset(dataDir);
  try {
    const { chains } = await attributed(dataset, { from: null, to: null, functions: [], clouds: [] }, "chain", settings, host, signal);
    const { ledger } = await costOf(dataDir, [], { by: "function" }, settings, host, signal);
    const { sizing } = await rightsize(dataDir, [], { objective: DEMO_OBJECTIVE, functions: null }, settings, host, signal);
    const chain = chains.toSorted((a, b) => interest(b) - interest(a))[0]!;
    const elapsedMs = { simulate: simulated - begun, import: read - simulated, analyse: performance.now() - read };
    return { rawDir, dataDir, imported, chain, chains: slowestFirst(chains), ledger, sizing, elapsedMs };
  } finally {
    await dataset.close();
  }
}

/** Many clouds and patterns, a compensation before all; a replay hours later would only stretch the picture. */
function interest(chain: Chain): number {
  const clouds = new Set(chain.hops.map((hop) => hop.cloud)).size;
  const named = (name: Chain["patterns"][number]["name"]): number => (chain.patterns.some((pattern) => pattern.name === name) ? 1 : 0);
  const told = named("compensated-saga") * 8 - named("replay") * 8 - named("dead-letter") * 4;
  return clouds * 10 + chain.patterns.length * 3 + told + (chain.complete ? 2 : 0);
}

function slowestFirst(chains: readonly Chain[]): Chain[] {
  return chains.toSorted((a, b) => (b.endToEndMs ?? -1) - (a.endToEndMs ?? -1));
}
