import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Readable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CorpusTruth, generate } from "../../../../bench/perf/generate.ts";
import { type ImportOptions, importFiles } from "../../../../src/app/import/index.ts";
import { silentHost } from "../../../../src/model/host.ts";
import { openDataset } from "../../../../src/store/index.ts";

const ANY = { from: null, to: null, functions: [], clouds: [] };

let root: string;
/** 12 MB in one file; the same lines in two files that overlap by a tenth, the second one packed. */
let whole: string;
let parts: string[];
let truth: CorpusTruth;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "evscope-import-"));
  whole = join(root, "whole.ndjson");
  truth = generate(whole, 12e6, 1);
  const lines = readFileSync(whole, "utf8").trimEnd().split("\n");
  parts = [join(root, "first.ndjson"), join(root, "second.ndjson.gz")];
  writeFileSync(parts[0]!, `${lines.slice(0, lines.length * 0.55).join("\n")}\n`);
  writeFileSync(parts[1]!, gzipSync(`${lines.slice(lines.length * 0.45).join("\n")}\n`));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const folder = (): string => join(root, `data-${count++}`);

function options(dataDir: string, more: Partial<ImportOptions> = {}): ImportOptions {
  return {
    dataDir,
    correlationKeys: [],
    hints: { fn: null, account: null, region: null },
    host: silentHost,
    signal: new AbortController().signal,
    ...more,
  };
}

/** What the dataset answers: the same facts must give the same, however they came. */
async function facts(
  dataDir: string,
): Promise<{ lines: number; bytes: number; runs: number; billedMs: number; chains: unknown[]; sizeBytes: number }> {
  const dataset = await openDataset(dataDir);
  const logs = await dataset.logBytes(ANY);
  const usage = await dataset.usage(ANY);
  const chains = [];
  for (const chain of truth.chains.slice(0, 2)) {
    const links = await dataset.find([chain.correlationId], 100);
    const found = await dataset.records(links);
    chains.push({ requests: found.invocations.map((i) => i.requestId).toSorted(), lines: found.logs.length });
  }
  const { sizeBytes } = await dataset.info();
  await dataset.close();
  return {
    lines: logs.reduce((sum, l) => sum + l.lines, 0),
    bytes: logs.reduce((sum, l) => sum + l.bytes, 0),
    runs: usage.reduce((sum, u) => sum + u.count, 0),
    billedMs: usage.reduce((sum, u) => sum + (u.billedMs ?? 0) * u.count, 0),
    chains,
    sizeBytes,
  };
}

const expected = () => ({
  lines: truth.records,
  runs: truth.invocations,
  chains: truth.chains.slice(0, 2).map((c) => ({ requests: c.requestIds.toSorted(), lines: c.lines })),
});

describe("import", () => {
  it("holds every line, run and chain of a file, and nothing twice when it comes again, in parts that overlap, or packed", async () => {
    const dataDir = folder();
    const result = await importFiles([whole], options(dataDir, { batchBytes: 3e6 }));
    expect(result.files).toMatchObject([{ path: whole, format: "aws.cloudwatch-logs", skipped: 0, error: null }]);
    expect(result.byType.log).toBe(truth.records);
    expect(result.duplicates).toBe(0);
    const first = await facts(dataDir);
    expect(first).toMatchObject(expected());
    const again = await importFiles(parts, options(dataDir, { batchBytes: 2e6 }));
    expect(again.files.map((f) => f.error)).toEqual([null, null]);
    // where a file is cut, a run's START or REPORT is missing from the part: what is new can only be such half runs
    expect(again.added).toBeLessThan(60);
    expect(await facts(dataDir)).toMatchObject(expected());
    expect(await importFiles([whole], options(dataDir))).toMatchObject({ added: 0, duplicates: result.added });
  });

  it("gives the same on two worker threads as on one", async () => {
    const one = folder();
    const two = folder();
    await importFiles(parts, options(one, { cores: 1, batchBytes: 2e6 }));
    const result = await importFiles(parts, options(two, { cores: 2, batchBytes: 2e6 }));
    expect(result.added + result.duplicates).toBe(result.files.reduce((sum, f) => sum + f.records, 0));
    const a = await facts(one);
    const b = await facts(two);
    expect({ ...b, sizeBytes: 0 }).toEqual({ ...a, sizeBytes: 0 });
    expect(b).toMatchObject(expected());
  });

  it("reports broken lines with their place and unknown files with what was looked for", async () => {
    const dataDir = folder();
    const mixed = join(root, "mixed.ndjson");
    const unknown = join(root, "notes.txt");
    const lines = readFileSync(whole, "utf8").split("\n").slice(0, 50);
    writeFileSync(mixed, [...lines.slice(0, 20), `{"timestamp": 17684352003, "mess`, ...lines.slice(20), ""].join("\n"));
    writeFileSync(unknown, "milk\neggs\n");
    const result = await importFiles([mixed, unknown], options(dataDir));
    expect(result.files[0]).toMatchObject({ format: "aws.cloudwatch-logs", skipped: 1, error: null });
    expect(result.files[0]!.broken).toMatchObject([{ line: 21 }]);
    expect(result.files[1]).toMatchObject({ format: null, records: 0 });
    expect(result.files[1]!.error).not.toBeNull();
    expect(result.files[1]!.unrecognised!.lookedFor.length).toBeGreaterThan(5);
  });

  it("leaves a whole dataset when it is stopped", async () => {
    for (const cores of [1, 2]) {
      const dataDir = folder();
      const stop = new AbortController();
      let seen = 0;
      const host = { ...silentHost, progress: (_: string, done: number) => done > 4e6 && seen++ === 0 && stop.abort(new Error("stopped")) };
      const run = importFiles([...parts, whole], options(dataDir, { host: host as never, signal: stop.signal, cores, batchBytes: 2e6 }));
      await expect(run).rejects.toThrow("stopped");
      expect(readdirSync(dataDir)).not.toContain("writer.lock");
      const result = await importFiles(parts, options(dataDir, { cores }));
      expect(result.files.map((f) => f.error)).toEqual([null, null]);
      expect(await facts(dataDir)).toMatchObject(expected());
    }
  });

  it("ends with the reason when a batch cannot be published, and works once that is mended", async () => {
    const dataDir = folder();
    await importFiles([], options(dataDir));
    const inTheWay = join(dataDir, "v1", "events", "dt=2026-01-15", "b000001.parquet");
    mkdirSync(inTheWay, { recursive: true });
    await expect(importFiles([...parts, whole], options(dataDir, { cores: 2 }))).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    rmSync(inTheWay, { recursive: true });
    await importFiles(parts, options(dataDir, { cores: 2 }));
    expect(await facts(dataDir)).toMatchObject(expected());
  });

  it("reads standard input beside large files", async () => {
    const dataDir = folder();
    const result = await importFiles(
      ["-", parts[0]!],
      options(dataDir, { cores: 2, stdin: Readable.from([gunzipSync(readFileSync(parts[1]!))]) }),
    );
    expect(result.files.map((f) => [f.path, f.error])).toEqual([
      ["-", null],
      [parts[0], null],
    ]);
    expect(await facts(dataDir)).toMatchObject(expected());
  });

  it("names a path that is not there", async () => {
    await expect(importFiles([join(root, "missing")], options(folder()))).rejects.toThrow(/no such file or folder/);
  });
});

describe("kill -9", () => {
  it("leaves each batch whole or not at all, at any moment", async () => {
    const child = fileURLToPath(new URL("./child.ts", import.meta.url));
    let killed = 0;
    for (const [i, cores] of [1, 2, 2, 1, 2, 2].entries()) {
      const dataDir = folder();
      const process_ = spawn(process.execPath, [child, dataDir, String(cores), ...parts], { stdio: "ignore" });
      const ended = new Promise((resolve) => process_.on("exit", resolve));
      await wait(500 + i * 230);
      process_.kill("SIGKILL");
      await ended;
      if (process_.signalCode === "SIGKILL") killed++;
      if (!readdirSync(root).includes(dataDir.slice(root.length + 1)) || !readdirSync(dataDir).includes("evscope-dataset.json")) continue;
      const dataset = await openDataset(dataDir);
      const info = await dataset.info();
      const logs = await dataset.logBytes(ANY);
      // what the manifests promise is what the files hold
      expect(logs.reduce((sum, l) => sum + l.lines, 0)).toBe(info.rows.log);
      expect((await dataset.usage(ANY)).reduce((sum, u) => sum + u.count, 0)).toBeLessThanOrEqual(truth.invocations);
      await dataset.close();
      await importFiles(parts, options(dataDir));
      expect(await facts(dataDir)).toMatchObject(expected());
      expect(readdirSync(join(dataDir, "tmp"))).toEqual([]);
    }
    expect(killed).toBeGreaterThan(0);
  });
});
