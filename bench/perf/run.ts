/**
 * `npm run bench:perf -- [--sizes 100m,1g] [--rounds 5] [--keep DIR]`: the measurements of the plan on seeded corpora, each beside its peers, run in
 * the same command. Whole processes of the built CLI, page cache warm. What a machine lacks (ripgrep, jq ...) is said and left out.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { type CorpusTruth, generate, parseBytes } from "./generate.ts";
import { compare, installed, type Job } from "./measure.ts";

const { values } = parseArgs({
  options: { sizes: { type: "string", default: "100m,1g" }, rounds: { type: "string", default: "5" }, keep: { type: "string" } },
});
const rounds = Number(values.rounds);
const root = fileURLToPath(new URL("../../", import.meta.url));
const node = JSON.stringify(process.execPath);
const cli = `${node} ${JSON.stringify(join(root, "bin/run.js"))}`;
const work = values.keep ?? mkdtempSync(join(tmpdir(), "evscope-bench-"));
mkdirSync(work, { recursive: true });

interface Row {
  job: string;
  size: string;
  wallS: number;
  rate: number | null;
  peakMb: number | null;
  peers: string[];
  targets: { text: string; met: boolean | null }[];
}
const rows: Row[] = [];

/** Runs evscope and its peers in turn; `judge` says which targets the figures meet. */
function bench(
  name: string,
  size: string,
  bytes: number | null,
  mine: Job,
  peers: readonly (Job & { needs?: string })[],
  judge: (mine: { wallS: number; rate: number; peakMb: number | null }, ratioTo: (peer: string) => number | null) => Row["targets"],
): void {
  const present = peers.filter((peer) => peer.needs === undefined || installed(peer.needs));
  for (const peer of peers) if (!present.includes(peer)) console.error(`left out: ${peer.name} (no ${peer.needs} on this machine)`);
  const [own, ...others] = compare([mine, ...present], rounds);
  const rate = bytes === null ? null : bytes / 1e6 / own!.wallS;
  const ratioTo = (peer: string): number | null => others.find((o) => o.job.name === peer)?.ratioToFirst ?? null;
  rows.push({
    job: name,
    size,
    wallS: own!.wallS,
    rate,
    peakMb: own!.peakMb,
    peers: others.map((o) => `${o.job.name} ${o.wallS.toFixed(3)} s: ${o.ratioToFirst.toFixed(2)} x`),
    targets: judge({ wallS: own!.wallS, rate: rate ?? 0, peakMb: own!.peakMb }, ratioTo),
  });
  console.error(`${size} ${name}: ${own!.wallS.toFixed(3)} s`);
}

const atMost = (text: string, value: number | null, limit: number): Row["targets"][number] => ({
  text: `${text} <= ${limit}`,
  met: value === null ? null : value <= limit,
});
const atLeast = (text: string, value: number | null, limit: number): Row["targets"][number] => ({
  text: `${text} >= ${limit}`,
  met: value === null ? null : value >= limit,
});

const bare: Job = { name: "node -e 0", shell: `${node} -e 0` };
bench("--version", "", null, { name: "evscope", shell: `${cli} --version`, expects: /evscope/ }, [bare], (_, ratio) => [
  atMost("x node", ratio("node -e 0"), 1.8),
]);
bench("--help", "", null, { name: "evscope", shell: `${cli} --help`, expects: /import/ }, [bare], (_, ratio) => [
  atMost("x node", ratio("node -e 0"), 4.5),
]);

for (const size of values.sizes.split(",")) measureSize(size);
print();
if (values.keep === undefined) rmSync(work, { recursive: true, force: true });

function measureSize(size: string): void {
  const corpus = join(work, `${size}.ndjson`);
  const truth = corpusOf(corpus, parseBytes(size));
  const packed = join(work, `${size}-gz`);
  pack(corpus, packed);
  const data = join(work, `${size}.data`);
  const fresh = (): void => rmSync(data, { recursive: true, force: true });
  const count = new RegExp(`"added":\\s*${truth.records + truth.invocations}\\b|"log":\\s*${truth.records}\\b`);
  const wc: Job = { name: "wc -l", shell: `wc -l < ${corpus}` };
  const sqlOnFile: Job = {
    name: "DuckDB, SQL on the file",
    shell: `${node} ${join(root, "bench/perf/duckdb-peer.ts")} ${corpus}`,
    expects: new RegExp(`${truth.invocations} runs`),
  };
  const importInto = (paths: string): Job => ({
    name: "evscope",
    shell: `${cli} import ${paths} --data ${data} --format json`,
    before: fresh,
    expects: count,
  });

  const ofRaw = (): number => sizeOf(data) / truth.bytes;
  bench(
    "import .gz (8 files)",
    size,
    truth.bytes,
    importInto(packed),
    [{ name: "zcat | wc", shell: `zcat ${packed}/*.gz | wc -l`, needs: "zcat" }],
    (mine) => [atLeast("MB/s", mine.rate, 120), atMost("peak MB", mine.peakMb, 600)],
  );
  bench(
    "import",
    size,
    truth.bytes,
    importInto(corpus),
    [
      wc,
      sqlOnFile,
      {
        name: "import into SQLite",
        shell: `${node} ${join(root, "bench/perf/sqlite-peer.ts")} ${corpus}`,
        expects: new RegExp(`${truth.records} lines`),
      },
      ...(truth.bytes < 2e8
        ? [{ name: "jq", shell: `jq -r 'select(.message | startswith("REPORT")) | .message' ${corpus} | wc -l`, needs: "jq" }]
        : []),
      {
        name: "mawk",
        shell: `mawk '/"message":"REPORT RequestId/ { n++ } END { print n }' ${corpus}`,
        needs: "mawk",
        expects: new RegExp(`^${truth.invocations}`),
      },
    ],
    (mine) => [
      atLeast("MB/s", mine.rate, 120),
      atMost("peak MB", mine.peakMb, 600),
      atMost("dataset of raw", Number(ofRaw().toFixed(4)), 0.12),
    ],
  );

  const chain = truth.chains[Math.floor(truth.chains.length / 2)]!;
  // what a person does without evscope: lines with the ID, the request IDs in them, then every line of those requests
  const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}";
  const onePass = (search: string): string => `${search} -F ${chain.correlationId} ${corpus} | cat`;
  const twoPasses = (search: string): string =>
    `${search} -F ${chain.correlationId} ${corpus} | grep -oE '${uuid}' | sort -u > ${work}/ids && ${search} -F -f ${work}/ids ${corpus} | cat`;
  const found = new RegExp(chain.requestIds[0]!);
  bench(
    "trace (cold process)",
    size,
    null,
    {
      name: "evscope",
      shell: `${cli} trace ${chain.correlationId} --data ${data} --format json`,
      expects: found,
    },
    [
      { name: "rg, two passes", shell: twoPasses("rg"), needs: "rg", expects: found },
      { name: "rg, one pass", shell: onePass("rg"), needs: "rg", expects: found },
      { name: "grep, two passes", shell: twoPasses("LC_ALL=C grep"), needs: "grep", expects: found },
      { name: "grep, one pass", shell: onePass("LC_ALL=C grep"), needs: "grep", expects: found },
    ],
    (mine, ratio) => [
      atMost("x rg two passes", ratio("rg, two passes"), 0.15),
      atMost("x rg one pass", ratio("rg, one pass"), truth.bytes >= 4e9 ? 0.5 : 1.5),
      atMost("peak MB", mine.peakMb, 160),
    ],
  );
  const sized = new RegExp(`"function":\\s*"[a-z]+-[a-z]+-\\d+"`);
  bench(
    "rightsize (cold process)",
    size,
    null,
    { name: "evscope", shell: `${cli} rightsize --data ${data} --format json`, expects: sized },
    [wc],
    (mine, ratio) => [
      // the target is for the figures alone; the analysis of 300 functions comes on top
      atMost("x wc -l, analysis and all", ratio("wc -l"), truth.bytes >= 4e9 ? 0.6 : 1.5),
      atMost("peak MB", mine.peakMb, 256),
    ],
  );
  bench(
    "rightsize PATH",
    size,
    truth.bytes,
    { name: "evscope", shell: `${cli} rightsize ${corpus} --format json`, expects: sized },
    [wc, sqlOnFile],
    (mine, ratio) => [
      atMost("x wc -l", ratio("wc -l"), 8),
      atMost("x the same SQL", ratio(sqlOnFile.name), 1.25),
      atMost("peak MB", mine.peakMb, 256),
    ],
  );
  bench(
    "cost (cold process)",
    size,
    null,
    { name: "evscope", shell: `${cli} cost --data ${data} --format json`, expects: /"rows"/ },
    [wc],
    (mine) => [atMost("peak MB", mine.peakMb, 600)],
  );
  if (values.keep === undefined) for (const path of [corpus, packed, data]) rmSync(path, { recursive: true, force: true });
}

function corpusOf(path: string, bytes: number): CorpusTruth {
  const note = `${path}.truth.json`;
  if (existsSync(path) && existsSync(note)) return JSON.parse(readFileSync(note, "utf8")) as CorpusTruth;
  console.error(`generating ${path}`);
  const truth = generate(path, bytes, 7);
  writeFileSync(note, JSON.stringify(truth));
  return truth;
}

/** The corpus as eight packed files, the way an export to a bucket leaves it. */
function pack(corpus: string, folder: string): void {
  if (existsSync(folder)) return;
  mkdirSync(folder);
  execFileSync("sh", ["-c", `split -n l/8 ${corpus} ${folder}/part- && gzip -6 ${folder}/part-*`]);
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function print(): void {
  const table = new Table({
    head: ["job", "size", "s", "MB/s", "peak MB", "beside (its time: evscope is so many times as slow)", "targets"],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.job,
      row.size,
      row.wallS.toFixed(3),
      row.rate?.toFixed(0) ?? "",
      row.peakMb?.toFixed(0) ?? "",
      row.peers.join("\n"),
      row.targets.map((t) => `${t.text}: ${t.met === null ? "not measured" : t.met ? "met" : "MISSED"}`).join("\n"),
    ]);
  }
  console.log(table.toString());
  const gb = (totalmem() / 1e9).toFixed(0);
  console.log(
    `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${gb} GB, Node ${process.version}, ${rounds} rounds, medians; load ${loadavg()[0]!.toFixed(1)} at the end.`,
  );
}
