import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Config, Invocation, LogEvent, Message, Rec, Span } from "../../../src/model/records.ts";
import { manifestDir } from "../../../src/store/layout.ts";
import type { Manifest } from "../../../src/store/manifest.ts";
import { openBatchWriter, openCommitter, openDataset } from "../../../src/store/index.ts";

const NOON = Date.UTC(2026, 0, 15, 12);
const ANY = { from: null, to: null, functions: [], clouds: [] };

const scope = { cloud: "aws", account: "111122223333", region: "eu-west-1" } as const;

function log(fields: Partial<LogEvent>): LogEvent {
  return {
    type: "log",
    ...scope,
    at: NOON,
    fn: "orders",
    stream: "2026/01/15/[$LATEST]0a",
    kind: "function",
    level: "INFO",
    requestId: null,
    traceId: null,
    spanId: null,
    message: "hello",
    sizeBytes: 31,
    ids: [],
    ...fields,
  };
}

function run(fields: Partial<Invocation>): Invocation {
  return {
    type: "invocation",
    ...scope,
    fn: "orders",
    version: "$LATEST",
    requestId: "11111111-1111-4111-8111-111111111111",
    startedAt: NOON,
    endedAt: NOON + 100,
    durationMs: 100,
    billedMs: 100,
    memoryMib: 128,
    maxMemoryMib: 70,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: false,
    outcome: "ok",
    errorType: null,
    traceId: null,
    spanId: null,
    parentSpanId: null,
    stream: null,
    architecture: null,
    plan: null,
    trigger: null,
    weight: 1,
    emulator: false,
    seenIn: "platform-log",
    ids: [],
    ...fields,
  };
}

function span(fields: Partial<Span>): Span {
  return {
    type: "span",
    ...scope,
    traceId: "5e1b41515ac6c58f111111111111aaaa",
    spanId: "00000000000000aa",
    parentSpanId: null,
    name: "orders",
    fn: null,
    requestId: null,
    kind: "server",
    isInvocation: false,
    startedAt: NOON,
    endedAt: NOON + 50,
    inProgress: false,
    error: false,
    fault: false,
    throttle: false,
    inferred: false,
    origin: null,
    namespace: null,
    links: [],
    attributes: {},
    ids: [],
    ...fields,
  };
}

function message(fields: Partial<Message>): Message {
  return {
    type: "message",
    ...scope,
    direction: "published",
    at: NOON,
    channel: "q",
    channelKind: "queue",
    messageId: "m-0001",
    fn: "orders",
    requestId: null,
    traceId: null,
    parentSpanId: null,
    sentAt: null,
    attempt: null,
    sizeBytes: 10,
    payloadHash: null,
    eventName: null,
    deadLetter: false,
    replay: null,
    ids: [],
    ...fields,
  };
}

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-store-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** One batch; each inner array is a source of its own. */
async function store(...sources: Rec[][]): Promise<{ added: number; duplicates: number }> {
  const committer = openCommitter(dir);
  const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 128 });
  for (const records of sources) {
    writer.beginSource();
    for (const record of records) writer.write(record);
  }
  const { added, duplicates } = await writer.finish();
  await writer.close();
  committer.close();
  return { added, duplicates };
}

/** Size of every file in the folder. */
function bytesOnDisk(): { [path: string]: number } {
  return Object.fromEntries(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile())
      .map((e) => [join(e.parentPath, e.name), statSync(join(e.parentPath, e.name)).size]),
  );
}

describe("duplicates", () => {
  it("keeps equal lines of one source and counts an overlapping export once", async () => {
    const twice = [log({ message: "tick" }), log({ message: "tick" }), log({ message: "tock" })];
    expect(await store(twice)).toEqual({ added: 3, duplicates: 0 });
    const before = bytesOnDisk();
    expect(await store(twice)).toEqual({ added: 0, duplicates: 3 });
    expect(await store([twice[0]!], [twice[1]!, twice[2]!])).toEqual({ added: 0, duplicates: 3 });
    expect(bytesOnDisk()).toEqual(before);
    expect(await store([...twice, log({ message: "tick" })])).toEqual({ added: 1, duplicates: 3 });
    const dataset = await openDataset(dir);
    expect((await dataset.info()).rows.log).toBe(4);
    await dataset.close();
  });

  it("counts what two sources of one batch both hold once, and twice what one holds twice", async () => {
    const a = [log({ message: "x" }), log({ message: "x" }), log({ message: "y" })];
    const b = [log({ message: "x" }), log({ message: "z" }), run({})];
    expect(await store(a, b, [run({})])).toEqual({ added: 5, duplicates: 2 });
  });

  it("takes only what is new of a window that overlaps", async () => {
    const lines = Array.from({ length: 100 }, (_, i) => log({ at: NOON + i, message: `line ${i}` }));
    await store(lines.slice(0, 60));
    expect(await store(lines.slice(40))).toEqual({ added: 40, duplicates: 20 });
    const dataset = await openDataset(dir);
    expect((await dataset.logBytes(ANY))[0]).toMatchObject({ fn: "orders", lines: 100, bytes: 3100 });
    await dataset.close();
  });
});

describe("find and records", () => {
  const r1 = "11111111-1111-4111-8111-111111111111";
  const r2 = "22222222-2222-4222-8222-222222222222";
  const trace = "5e1b41515ac6c58f111111111111aaaa";
  const all = [
    log({ at: NOON - 1, kind: "start", requestId: r1, message: `START RequestId: ${r1} Version: $LATEST` }),
    log({ at: NOON + 5, requestId: r1, message: `{"correlation_id":"C-77"}`, ids: [{ kind: "correlation", value: "C-77" }] }),
    log({ at: NOON + 101, kind: "end", requestId: r1, message: `END RequestId: ${r1}` }),
    run({ requestId: r1, traceId: trace }),
    message({ at: NOON + 10, requestId: r1, messageId: "m-0001" }),
    message({ at: NOON + 500, requestId: r2, fn: "billing", messageId: "m-0001", direction: "received" }),
    run({ requestId: r2, fn: "billing", startedAt: NOON + 490, endedAt: NOON + 600 }),
    log({ at: NOON + 90_000_000, message: "another day" }),
    span({ traceId: trace, requestId: r1, fn: "orders", isInvocation: true }),
    span({ traceId: trace, spanId: "00000000000000bb", name: "q", ids: [{ kind: "correlation", value: "C-77" }] }),
  ];

  it("leads from a correlation ID to the request and the trace, and to all their records", async () => {
    await store(all);
    const dataset = await openDataset(dir);
    const links = await dataset.find(["C-77"], 10);
    expect(links.map((l) => [l.ownerKind, l.owner]).sort()).toEqual([
      ["request", r1],
      ["trace", trace],
    ]);
    // the owner's whole time in the batch, not only the line with the ID
    expect(links.find((l) => l.ownerKind === "request")).toMatchObject({ fn: "orders", firstAt: NOON - 1, lastAt: NOON + 101 });
    const found = await dataset.records(links);
    expect(found.logs.toSorted((a, b) => a.at - b.at).map((l) => l.message)).toEqual(
      [all[0], all[1], all[2]].map((r) => (r as LogEvent).message),
    );
    expect(found.invocations.map((i) => i.requestId)).toEqual([r1]);
    expect(found.messages.map((m) => m.direction)).toEqual(["published"]);
    expect(found.spans).toHaveLength(2);
    await dataset.close();
  });

  it("keeps a byte order mark at the start of a text, short or long", async () => {
    const names = ["\uFEFFa", "\uFEFF a name that is longer than a dozen bytes"];
    await store(names.map((name, i) => span({ name, spanId: `${i}`.repeat(16) })));
    const dataset = await openDataset(dir);
    const { spans } = await dataset.chainRecords({ from: null, to: null, functions: [], clouds: [] });
    expect(spans.map((s) => s.name).sort()).toEqual(names.toSorted());
  });

  it("finds a consumer's span from the trace that it links to", async () => {
    const consumer = "c".repeat(32);
    await store([span({ traceId: consumer, links: [{ traceId: "p".repeat(32), spanId: "1".repeat(16) }] })]);
    const dataset = await openDataset(dir);
    const links = await dataset.find(["p".repeat(32)], 10);
    expect(links.map((l) => [l.kind, l.ownerKind, l.owner])).toEqual([["trace", "trace", consumer]]);
    expect((await dataset.records(links)).spans.map((s) => s.traceId)).toEqual([consumer]);
  });

  it("finds both sides of a message, a request and a trace by their own IDs", async () => {
    await store(all);
    const dataset = await openDataset(dir);
    expect((await dataset.find(["m-0001"], 10)).map((l) => [l.ownerKind, l.owner])).toEqual([
      ["request", r1],
      ["message", "m-0001"],
      ["request", r2],
    ]);
    expect((await dataset.find([r2], 10)).map((l) => [l.kind, l.ownerKind, l.owner, l.fn])).toEqual([
      ["request", "request", r2, "billing"],
    ]);
    expect((await dataset.find([trace], 10)).map((l) => [l.kind, l.ownerKind]).sort()).toEqual([
      ["trace", "request"],
      ["trace", "trace"],
    ]);
    expect(await dataset.find(["nothing"], 10)).toEqual([]);
    expect(await dataset.records([])).toMatchObject({ logs: [], invocations: [] });
    await dataset.close();
  });

  it("cuts the owners of a hub to one more than asked for", async () => {
    await store(
      Array.from({ length: 50 }, (_, i) => log({ at: NOON + i, requestId: `request-${i}`, ids: [{ kind: "correlation", value: "hub" }] })),
    );
    const dataset = await openDataset(dir);
    expect(await dataset.find(["hub"], 5)).toHaveLength(6);
    await dataset.close();
  });

  it("names near misses: other case, a beginning, one edit", async () => {
    await store(all);
    const dataset = await openDataset(dir);
    expect(await dataset.nearMisses("c-77", 5)).toEqual([{ id: "C-77", kind: "correlation" }]);
    expect((await dataset.nearMisses(r1.slice(0, 13), 5)).map((n) => n.id)).toEqual([r1]);
    expect((await dataset.nearMisses(`${r2.slice(0, -1)}9`, 5)).map((n) => n.id)).toEqual([r2]);
    expect(await dataset.nearMisses("zzz", 5)).toEqual([]);
    await dataset.close();
  });

  it("follows a request over a batch boundary", async () => {
    await store(all.slice(0, 2));
    await store(all.slice(2));
    const dataset = await openDataset(dir);
    const found = await dataset.records(await dataset.find(["C-77"], 10));
    expect(found.logs).toHaveLength(3);
    await dataset.close();
  });
});

describe("usage", () => {
  const request = "33333333-3333-4333-8333-333333333333";

  it("counts one run once, whatever saw it, and the biller's line where there is one", async () => {
    await store([
      run({ requestId: request, seenIn: "span", billedMs: null, startedAt: NOON - 3 }),
      run({ requestId: request, seenIn: "request-log", billedMs: null, startedAt: NOON - 2 }),
      run({ requestId: request, billedMs: 101 }),
      run({ requestId: request, durationMs: null, billedMs: null, endedAt: null, outcome: "unknown" }),
    ]);
    const dataset = await openDataset(dir);
    const usage = await dataset.usage(ANY);
    expect(usage.map((u) => [u.seenIn, u.billedMs, u.count])).toEqual([["platform-log", 101, 1]]);
    expect((await dataset.durations(ANY)).map((d) => d.count)).toEqual([1]);
    await dataset.close();
  });

  it("counts a whole run seen by a tracer before a cut one in the log", async () => {
    await store([
      run({ requestId: request, durationMs: null, billedMs: null, endedAt: null }),
      run({ requestId: request, seenIn: "span", billedMs: null }),
    ]);
    const dataset = await openDataset(dir);
    expect((await dataset.usage(ANY)).map((u) => [u.seenIn, u.count])).toEqual([["span", 1]]);
    await dataset.close();
  });

  it("counts attempts that keep their request ID each, and one attempt exported in two ways once", async () => {
    const retry = { requestId: request, startedAt: NOON + 60_000, endedAt: NOON + 60_100 };
    await store([run({ requestId: request }), run(retry)]);
    await store([run({ ...retry, startedAt: NOON + 60_001, account: null, region: null })]);
    const dataset = await openDataset(dir);
    expect((await dataset.usage(ANY)).reduce((sum, u) => sum + u.count, 0)).toBe(2);
    await dataset.close();
  });

  it("counts a START outside every whole run of its request as an attempt whose end was not seen, once", async () => {
    const cut = { requestId: request, durationMs: null, billedMs: null, endedAt: null };
    await store([run({ ...cut, startedAt: NOON - 60_000 }), run({ requestId: request }), run({ ...cut, startedAt: NOON })]);
    await store([run({ ...cut, startedAt: NOON - 60_000, account: null })]);
    const dataset = await openDataset(dir);
    const usage = await dataset.usage(ANY);
    expect(usage.map((u) => [u.billedMs === null, u.count]).sort()).toEqual([
      [false, 1],
      [true, 1],
    ]);
    await dataset.close();
  });

  it("is the same where manifests do not name the requests that are told twice", async () => {
    const cut = { durationMs: null, billedMs: null, endedAt: null };
    await store([run({ requestId: "cut", ...cut }), run({ requestId: request }), run({ requestId: "other", startedAt: NOON + 5000 })]);
    await store([run({ requestId: "cut", startedAt: NOON + 1 }), run({ requestId: request, startedAt: NOON + 1, account: null })]);
    const asked = async (): Promise<unknown> => {
      const dataset = await openDataset(dir);
      const usage = await dataset.usage(ANY);
      await dataset.close();
      return usage.map(({ account, billedMs, count }) => [account, billedMs, count]).sort();
    };
    const named = await asked();
    expect(named).toEqual([["111122223333", 100, 3]]);
    for (const name of readdirSync(manifestDir(dir)).filter((one) => one.endsWith(".json"))) {
      const path = join(manifestDir(dir), name);
      const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
      expect(manifest.doubtfulIds).toContain("cut");
      delete manifest.doubtfulIds;
      writeFileSync(path, JSON.stringify(manifest));
    }
    expect(await asked()).toEqual(named);
  });

  it("sees that a later batch holds a run again in another form", async () => {
    await store([run({ requestId: request }), run({ requestId: "later", startedAt: NOON + 9000, endedAt: NOON + 9001 })]);
    await store([run({ requestId: request, startedAt: NOON + 1, account: null })]);
    const dataset = await openDataset(dir);
    expect((await dataset.usage(ANY)).reduce((sum, u) => sum + u.count, 0)).toBe(2);
    await dataset.close();
  });

  it("is the same whichever export came first: a named failure and a named function count", async () => {
    const bare = run({ requestId: request, fn: "unknown", account: null, outcome: "ok" });
    const timedOut = run({ requestId: request, outcome: "timeout" });
    for (const order of [
      [bare, timedOut],
      [timedOut, bare],
    ]) {
      for (const one of order) await store([one]);
      const dataset = await openDataset(dir);
      expect((await dataset.usage(ANY)).map((u) => [u.fn, u.account, u.outcome, u.count])).toEqual([
        ["orders", "111122223333", "timeout", 1],
      ]);
      await dataset.close();
      rmSync(dir, { recursive: true });
    }
  });

  it("sums weights, and keeps to window, function and cloud", async () => {
    await store([
      run({ weight: 10, billedMs: 1 }),
      run({ requestId: "other-request", fn: "billing", startedAt: NOON + 5000, endedAt: NOON + 5100 }),
    ]);
    const dataset = await openDataset(dir);
    expect((await dataset.usage({ ...ANY, functions: ["orders"] })).map((u) => u.count)).toEqual([10]);
    expect((await dataset.usage({ ...ANY, from: NOON + 5000 })).map((u) => u.fn)).toEqual(["billing"]);
    expect((await dataset.usage({ ...ANY, to: NOON + 5000 })).map((u) => u.fn)).toEqual(["orders"]);
    expect(await dataset.usage({ ...ANY, clouds: ["gcp"] })).toEqual([]);
    await dataset.close();
  });

  it("gives exact percentiles with linear interpolation", async () => {
    // 1..100: p50 = 50.5, p95 = 95.05, p99 = 99.01 (rank (n-1)p + 1)
    await store(Array.from({ length: 100 }, (_, i) => run({ requestId: `request-${i}`, startedAt: NOON + i * 1000, durationMs: i + 1 })));
    const dataset = await openDataset(dir);
    const [d] = await dataset.durations(ANY);
    expect(d).toMatchObject({ fn: "orders", count: 100 });
    expect(d!.p50Ms).toBeCloseTo(50.5, 9);
    expect(d!.p95Ms).toBeCloseTo(95.05, 9);
    expect(d!.p99Ms).toBeCloseTo(99.01, 9);
    await dataset.close();
  });
});

describe("opening", () => {
  it("says what to do where there is no dataset, another layout, a foreign folder or another writer", async () => {
    await expect(openDataset(join(dir, "none"))).rejects.toThrow(/No dataset in/);
    writeFileSync(join(dir, "photo.jpg"), "");
    expect(() => openCommitter(dir)).toThrow(/holds other files \(photo.jpg\)/);
    rmSync(join(dir, "photo.jpg"));
    const committer = openCommitter(dir);
    expect(() => openCommitter(dir)).toThrow(/is writing to the dataset/);
    committer.close();
    writeFileSync(join(dir, "evscope-dataset.json"), `{"schemaVersion":2}`);
    await expect(openDataset(dir)).rejects.toThrow(`The dataset in ${dir} has layout version 2; this evscope reads version 1`);
    writeFileSync(join(dir, "evscope-dataset.json"), "not json");
    expect(() => openCommitter(dir)).toThrow(/damaged/);
  });

  it("takes over the lock of a process that is gone", () => {
    openCommitter(dir).close();
    // pid_max is at most 2^22 on Linux, so no process has this number
    writeFileSync(join(dir, "writer.lock"), JSON.stringify({ pid: 2 ** 22 + 1, began: null }));
    const committer = openCommitter(dir);
    committer.close();
    expect(readdirSync(dir)).not.toContain("writer.lock");
  });
});

describe("info", () => {
  it("counts functions of which only a description is held, each once; an app of Azure is none", async () => {
    const aws: Config = {
      type: "config",
      cloud: "aws",
      account: "111122223333",
      region: "eu-west-1",
      kind: "function",
      resource: "arn:aws:lambda:eu-west-1:111122223333:function:orders",
      name: "orders",
      revision: null,
      observedAt: null,
      from: null,
      to: null,
      settings: {},
    };
    const app: Config = { ...aws, cloud: "azure", name: "shop", resource: "/subscriptions/s/providers/Microsoft.Web/sites/shop" };
    await store([aws, app, { ...aws, kind: "queue", name: "jobs", resource: "jobs" }]);
    const dataset = await openDataset(dir);
    expect(await dataset.info()).toMatchObject({ clouds: ["aws", "azure"], functions: 1, from: null });
    await dataset.close();
    await store([run({ fn: "orders" }), run({ fn: "billing", requestId: "r2" })]);
    const later = await openDataset(dir);
    expect(await later.info()).toMatchObject({ functions: 2 });
    await later.close();
  });

  it("counts rows, days, functions and bytes of committed batches only", async () => {
    await store([log({}), log({ at: NOON + 86_400_000, fn: "billing" }), run({ endedAt: NOON + 1 })]);
    writeFileSync(join(dir, "v1", "events", "dt=2026-01-15", "b000009.parquet"), "half a batch");
    const dataset = await openDataset(dir);
    const info = await dataset.info();
    expect(info).toMatchObject({
      schemaVersion: 1,
      batches: 1,
      from: NOON,
      to: NOON + 86_400_000,
      clouds: ["aws"],
      functions: 2,
      gaps: [],
    });
    expect(info.rows).toMatchObject({ log: 2, invocation: 1, span: 0 });
    expect(info.days.map((d) => d.day)).toEqual(["2026-01-15", "2026-01-16"]);
    await dataset.close();
    openCommitter(dir).close();
    expect(readdirSync(join(dir, "v1", "events", "dt=2026-01-15"))).toEqual(["b000001.parquet"]);
  });
});
