import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentHost } from "../../../src/model/host.ts";
import type { Config, LogEvent } from "../../../src/model/records.ts";
import { compact, openBatchWriter, openCommitter, openDataset, prune } from "../../../src/store/index.ts";

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 0, 15, 12);
const ANY = { from: null, to: null, functions: [], clouds: [] };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-store-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function line(at: number, n: number): LogEvent {
  return {
    type: "log",
    cloud: "aws",
    account: null,
    region: null,
    at,
    fn: `fn-${n % 3}`,
    stream: null,
    kind: "function",
    level: null,
    requestId: "request-of-all",
    traceId: null,
    spanId: null,
    message: `line ${n}`,
    sizeBytes: 30,
    ids: [{ kind: "correlation", value: `C-${n % 5}` }],
  };
}

const config: Config = {
  type: "config",
  cloud: "aws",
  account: null,
  region: null,
  kind: "function",
  resource: "arn:aws:lambda:eu-west-1:111122223333:function:fn-0",
  name: "fn-0",
  revision: null,
  observedAt: null,
  from: null,
  to: null,
  settings: { memoryMib: 512 },
};

/** Five batches; each has ten lines on each of two days, and the first one a description without a time. */
async function fiveBatches(): Promise<void> {
  const committer = openCommitter(dir);
  const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 128 });
  for (let batch = 0; batch < 5; batch++) {
    if (batch === 0) writer.write(config);
    for (let i = 0; i < 20; i++) writer.write(line(NOON + (i % 2) * DAY_MS + batch * 1000 + i, batch * 20 + i));
    await writer.finish();
  }
  await writer.close();
  committer.close();
}

async function answers(): Promise<unknown> {
  const dataset = await openDataset(dir);
  const info = await dataset.info();
  const links = await dataset.find(["C-3"], 10);
  const { logs } = await dataset.records(links);
  const found = {
    rows: { ...info.rows, link: 0 },
    links,
    logs: logs.map((l) => l.message).sort(),
    bytes: await dataset.logBytes(ANY),
    configs: await dataset.configs(),
  };
  await dataset.close();
  return found;
}

describe("compact", () => {
  it("leaves one file per day and table, and every answer as it was", async () => {
    await fiveBatches();
    const before = await answers();
    // lines of two days, index rows on the day their owner began, one description
    const result = await compact(dir, silentHost, new AbortController().signal);
    expect(result).toMatchObject({ days: 2, before: 5 * (2 + 1) + 1, after: 2 + 1 + 1 });
    expect(await answers()).toEqual(before);
    // those who read the old batches still find them, until somebody writes
    expect(readdirSync(join(dir, "v1", "events", "dt=2026-01-15"))).toHaveLength(6);
    openCommitter(dir).close();
    expect(readdirSync(join(dir, "v1", "events", "dt=2026-01-15"))).toEqual(["b000006.parquet"]);
    expect(await answers()).toEqual(before);
  });

  it("still knows what it holds: importing again adds nothing", async () => {
    await fiveBatches();
    await compact(dir, silentHost, new AbortController().signal);
    const before = await answers();
    await fiveBatches();
    expect(await answers()).toEqual(before);
    expect(await compact(dir, silentHost, new AbortController().signal)).toMatchObject({ days: 0 });
  });

  it("changes nothing when it is stopped", async () => {
    await fiveBatches();
    const before = await answers();
    const stop = new AbortController();
    const host = { ...silentHost, progress: () => stop.abort(new Error("stopped")) };
    await expect(compact(dir, host, stop.signal)).rejects.toThrow("stopped");
    expect(await answers()).toEqual(before);
    expect(readdirSync(join(dir, "tmp"))).toEqual([]);
  });
});

describe("prune", () => {
  it("deletes whole days before a time and keeps what has no time", async () => {
    await fiveBatches();
    await prune(dir, NOON);
    expect((await infoOf()).days.map((d) => d.day)).toEqual(["2026-01-15", "2026-01-16"]);
    await prune(dir, NOON + DAY_MS);
    const info = await infoOf();
    expect(info.days.map((d) => d.day)).toEqual(["2026-01-16"]);
    expect(info.rows).toMatchObject({ log: 50, config: 1 });
    expect(existsSync(join(dir, "v1", "events", "dt=2026-01-15", "b000001.parquet"))).toBe(false);
  });

  it("lets a reader that began before go on with what is left", async () => {
    await fiveBatches();
    const dataset = await openDataset(dir);
    expect((await dataset.logBytes(ANY)).reduce((sum, b) => sum + b.lines, 0)).toBe(100);
    await prune(dir, NOON + DAY_MS);
    expect((await dataset.logBytes(ANY)).reduce((sum, b) => sum + b.lines, 0)).toBe(50);
    await dataset.close();
  });
});

async function infoOf() {
  const dataset = await openDataset(dir);
  const info = await dataset.info();
  await dataset.close();
  return info;
}
