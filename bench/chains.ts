/**
 * `npm run bench:chains`: how well chains are rebuilt. Simulates the order system at three seeds, with 0 %, 10 % and 30 % of the raw
 * records removed, takes the files through evscope's own import into a dataset, rebuilds the chains and holds them against the truth.
 * `--memory`: without a dataset, straight from the files. `--orders N`, `--seeds A,B,C`, `--show N`: list that many wrong and missed findings.
 * Exit code 1: precision below 0.99 anywhere, or with nothing removed anything below 1 or a chain with a lost run called complete.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeSimulation } from "../fixtures/simulator/index.ts";
import { correlate, invocationGraph } from "../src/analyzer/chains/index.ts";
import { importFiles } from "../src/app/import/index.ts";
import { readSource, walk } from "../src/archive/index.ts";
import { rooms } from "../src/clouds/index.ts";
import type { ChainRecords } from "../src/model/chains.ts";
import { silentHost } from "../src/model/host.ts";
import { idKeys } from "../src/model/id-keys.ts";
import type { Rec } from "../src/model/records.ts";
import { openDataset } from "../src/store/index.ts";
import { type Count, score, type Score } from "./chains/score.ts";

const { values } = parseArgs({
  options: {
    memory: { type: "boolean", default: false },
    orders: { type: "string", default: "300" },
    seeds: { type: "string", default: "1,2,3" },
    show: { type: "string", default: "0" },
  },
});

async function throughImport(raw: string, dataDir: string): Promise<ChainRecords> {
  await importFiles([raw], {
    dataDir,
    correlationKeys: [],
    hints: { fn: null, account: null, region: null },
    host: silentHost,
    signal: new AbortController().signal,
  });
  const dataset = await openDataset(dataDir);
  try {
    return await dataset.chainRecords({ from: null, to: null, functions: [], clouds: [] });
  } finally {
    await dataset.close();
  }
}

async function inMemory(raw: string): Promise<ChainRecords> {
  const found: ChainRecords = { invocations: [], spans: [], messages: [], logs: [], configs: [], gaps: [] };
  const formats = Object.values(rooms).flatMap((room) => room.formats);
  const take = (record: Rec): void => {
    if (record.type === "invocation") found.invocations.push(record);
    else if (record.type === "span") found.spans.push(record);
    else if (record.type === "message") found.messages.push(record);
    else if (record.type === "log") found.logs.push(record);
    else if (record.type === "config") found.configs.push(record);
    else if (record.type === "gap") found.gaps.push(record);
  };
  for (const input of await walk([raw])) await readSource(input.path, { formats, keys: idKeys(), record: take });
  return found;
}

async function measure(seed: number, removeShare: number): Promise<Score> {
  const scratch = mkdtempSync(join(tmpdir(), "evscope-chains-"));
  try {
    const { raw, truth, evidence, runOfSpan } = writeSimulation(scratch, { seed, orders: Number(values.orders), removeShare });
    const records = values.memory ? await inMemory(raw) : await throughImport(raw, join(scratch, "dataset"));
    const chains = correlate(records).map((chain) => ({
      ids: [chain.id, ...chain.ids],
      complete: chain.complete,
      ...named(invocationGraph(chain), runOfSpan),
    }));
    return score(truth, evidence, chains);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Graph = ReturnType<typeof invocationGraph>;

/** Runs of which only a span was kept go by the span's ID: the same run, unless the chain has it under its request ID as well (then it is there twice, which is wrong). */
function named(graph: Graph, runOfSpan: ReadonlyMap<string, string>): Graph {
  const held = new Set(graph.hops);
  const nameOf = (id: string): string => {
    const run = runOfSpan.get(id);
    return run === undefined || held.has(run) ? id : run;
  };
  return { hops: graph.hops.map(nameOf), edges: graph.edges.map(({ from, to }) => ({ from: nameOf(from), to: nameOf(to) })) };
}

/** Findings of one kind (the same functions) counted, most first. */
function byKind(lines: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const kind = line.replace(/ (?:aws|azure|gcp):\S+/g, "").replace(/ of ORD-\w+/, "");
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

const share = (part: number, of: number): number => (of === 0 ? 1 : part / of);
const figure = (value: number): string => value.toFixed(4).padStart(8);
const precision = (c: Count): number => share(c.right, c.claimed);
const recall = (c: Count): number => share(c.found, c.wanted);
const possible = (c: Count): number => share(c.possible, c.wanted);

function failures(s: Score, removed: number): string[] {
  const found: string[] = [];
  for (const [name, count] of [["edges", s.edges] as const, ["memberships", s.memberships] as const]) {
    if (precision(count) < 0.99) found.push(`precision of ${name} is ${precision(count).toFixed(4)}, below 0.99`);
    if (removed > 0) continue;
    if (precision(count) < 1) found.push(`precision of ${name} is ${precision(count).toFixed(4)} with nothing removed`);
    if (recall(count) < 1) found.push(`recall of ${name} is ${recall(count).toFixed(4)} with nothing removed`);
  }
  if (removed === 0 && s.exact < s.chains) found.push(`${s.chains - s.exact} of ${s.chains} chains are not exact with nothing removed`);
  // with records removed, the signs of the lost run may be gone as well
  if (removed === 0 && s.lossyCalledComplete > 0)
    found.push(`${s.lossyCalledComplete} of ${s.lossy} chains with a lost run are called complete`);
  return found;
}

console.log(`${values.orders} orders, three clouds; ${values.memory ? "files read into memory" : "files imported into a dataset"}`);
console.log("                |             edges              |          memberships           |  exact chains   | lost runs");
console.log("seed    removed | precision  recall    ceiling   | precision  recall    ceiling   | share   ceiling | noticed");
const failed: string[] = [];
for (const seed of values.seeds.split(",").map(Number)) {
  for (const removed of [0, 0.1, 0.3]) {
    const s = await measure(seed, removed);
    const columns = [s.edges, s.memberships].map((c) => [precision(c), recall(c), possible(c)].map(figure).join("  "));
    const exact = `${figure(share(s.exact, s.chains))}${figure(share(s.exactPossible, s.chains))}`;
    console.log(
      `${String(seed).padStart(4)} ${`${removed * 100} %`.padStart(10)} | ${columns.join(" | ")} | ${exact} | ${s.lossy - s.lossyCalledComplete}/${s.lossy}`,
    );
    failed.push(...failures(s, removed).map((text) => `seed ${seed}, ${removed * 100} % removed: ${text}`));
    for (const line of s.wrong.slice(0, Number(values.show))) console.log(`       wrong: ${line}`);
    for (const [kind, count] of Number(values.show) > 0 ? byKind(s.missed) : [])
      console.log(`      missed: ${String(count).padStart(4)} x ${kind}`);
    for (const line of s.missed.slice(0, Number(values.show))) console.log(`      missed: ${line}`);
  }
}
for (const text of failed) console.log(`FAILED: ${text}`);
process.exitCode = failed.length === 0 ? 0 : 1;
