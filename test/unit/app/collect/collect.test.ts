import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collect, type CollectResult } from "../../../../src/app/collect/index.ts";
import type { LiveWorld } from "../../../../src/app/live.ts";
import type { Scope } from "../../../../src/app/targets.ts";
import { AwsError } from "../../../../src/clouds/aws/api.ts";
import type { CollectTask, Signal, Target } from "../../../../src/clouds/room.ts";
import { EXIT, UserError } from "../../../../src/model/errors.ts";
import { idKeys } from "../../../../src/model/id-keys.ts";
import type { Config, Gap, LogEvent } from "../../../../src/model/records.ts";
import { openDataset } from "../../../../src/store/index.ts";
import { type FakeCloud, fakeClock, type FakeSession, fakeSession, fakeTarget } from "../../../support/fake-session.ts";

const PACE = { requestsPerS: null, requestTimeoutMs: 1000, patienceMs: 1000 };

const T0 = Date.UTC(2026, 10, 20);
const HOUR = 3_600_000;

let dir: string;
let notes: string[];
let opened: FakeSession[];
let abort: AbortController;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-collect-"));
  notes = [];
  opened = [];
  abort = new AbortController();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function world(clouds: Record<string, FakeCloud | Error>): LiveWorld {
  return {
    host: { progress() {}, note: (text) => notes.push(text), warn: (text) => notes.push(`warning: ${text}`) },
    signal: abort.signal,
    clock: fakeClock(T0 + 100 * HOUR),
    keys: idKeys([]),
    connect: async (target) => {
      const cloud = clouds[target.name]!;
      if (cloud instanceof Error) throw cloud;
      const session = fakeSession(target, cloud);
      opened.push(session);
      return session;
    },
  };
}

function scope(from: number, to: number, targets: Target[] = [fakeTarget()], more: Partial<Scope> = {}): Scope {
  return {
    targets,
    signals: ["logs", "metrics"],
    logs: "platform",
    window: { from, to },
    searchTo: to,
    windowGiven: true,
    maxQueryUsd: 1,
    paces: { aws: PACE, azure: PACE, gcp: PACE },
    ...more,
  };
}

const where = { cloud: "aws", account: "111122223333", region: "eu-central-1" } as const;
const line = (fn: string, at: number, message = `line at ${at}`): LogEvent => ({
  type: "log",
  ...where,
  at,
  fn,
  stream: `${fn}/1`,
  kind: "function",
  level: null,
  requestId: null,
  traceId: null,
  spanId: null,
  message,
  sizeBytes: message.length + 26,
  ids: [],
});
const fnConfig = (name: string): Config => ({
  type: "config",
  ...where,
  kind: "function",
  resource: `arn:aws:lambda:eu-central-1:111122223333:function:${name}`,
  name,
  revision: "r1",
  observedAt: T0,
  from: null,
  to: null,
  settings: { memoryMib: 512 },
});
const gap = (what: string, from: number | null = null, to: number | null = null): Gap => ({
  type: "gap",
  ...where,
  what,
  why: "denied",
  from,
  to,
});

const hours = (fn: string, count: number): LogEvent[] => Array.from({ length: count }, (_, h) => line(fn, T0 + h * HOUR));

async function held(): Promise<{ log: number; gaps: string[] }> {
  const dataset = await openDataset(dir);
  const info = await dataset.info();
  await dataset.close();
  return { log: info.rows.log, gaps: info.gaps.map((one) => one.what) };
}

const sum = (result: CollectResult, key: "fetched" | "failed" | "records"): number =>
  result.parts.reduce((total, part) => total + part[key], 0);

describe("collect", () => {
  it("reads a window once, and later only what came after it", async () => {
    const cloud: FakeCloud = {
      configs: [fnConfig("a"), fnConfig("b")],
      sources: { "s/a": { signal: "logs", records: hours("a", 50), page: 7 }, "s/b": { signal: "logs", records: hours("b", 50) } },
    };
    const first = await collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: cloud }));
    expect(first).toMatchObject({ added: 48 + 2, duplicates: 0, gaps: [] });
    expect(first.targets).toEqual([{ name: "shop", account: "111122223333", region: "eu-central-1", functions: 2, sourcesHeld: 0 }]);
    expect(first.parts).toEqual([{ target: "shop eu-central-1", signal: "logs", via: "Fake", fetched: 2, failed: 0, records: 48 }]);
    expect(opened[0]!.asked.closed).toBe(1);

    const again = await collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: cloud }));
    expect(again.parts).toEqual([]);
    expect(again.targets[0]!.sourcesHeld).toBe(2);

    await collect(dir, scope(T0 + 12 * HOUR, T0 + 36 * HOUR), world({ shop: cloud }));
    expect(opened[2]!.asked.run.map((task) => [task.source, task.window])).toEqual([
      ["s/a", { from: T0 + 24 * HOUR, to: T0 + 36 * HOUR }],
      ["s/b", { from: T0 + 24 * HOUR, to: T0 + 36 * HOUR }],
    ]);
    expect((await held()).log).toBe(72);
  });

  it("notes a description again only when it changed, or half a day later", async () => {
    const at = (observedAt: number, memoryMib: number): FakeCloud => ({
      configs: [{ ...fnConfig("a"), observedAt, settings: { memoryMib, tags: { b: "1", a: "2" } } }],
    });
    const clocked = (cloud: FakeCloud, hour: number): LiveWorld => ({ ...world({ shop: cloud }), clock: fakeClock(T0 + hour * HOUR) });
    const added: number[] = [];
    for (const [hour, memoryMib] of [
      [1, 512],
      [2, 512],
      [3, 1024],
      [4, 512],
      [5, 512],
      [17, 512],
    ] as const)
      added.push((await collect(dir, scope(T0, T0 + HOUR), clocked(at(T0 + hour * HOUR, memoryMib), hour))).added);
    expect(added).toEqual([1, 0, 1, 1, 0, 1]);
  });

  it("notes the size of an Azure app again after the better part of an hour, since only looks tell it", async () => {
    const app = { ...fnConfig("a"), cloud: "azure" as const, settings: { memoryMib: 2048 } };
    const added: number[] = [];
    for (const minute of [0, 30, 60, 90, 120]) {
      const at = T0 + minute * 60_000;
      const clock = fakeClock(at);
      added.push(
        (await collect(dir, scope(T0, T0 + HOUR), { ...world({ shop: { configs: [{ ...app, observedAt: at }] } }), clock })).added,
      );
    }
    expect(added).toEqual([1, 0, 1, 0, 1]);
  });

  it("keeps equal lines of one source as many, also when pages of two sources come in turns", async () => {
    const twice = [line("a", T0, "same"), line("a", T0, "same"), line("a", T0 + HOUR), line("a", T0 + HOUR)];
    const cloud: FakeCloud = {
      sources: { "s/a": { signal: "logs", records: twice, page: 1 }, "s/b": { signal: "logs", records: hours("b", 4), page: 1 } },
    };
    const result = await collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: cloud }));
    expect(result).toMatchObject({ added: 8, duplicates: 0 });
  });

  it("goes on when a window cannot be read: a gap, read again next time, gone when it succeeds", async () => {
    let broken = true;
    const before = (): void => {
      if (broken) throw new UserError("logs:FilterLogEvents was still throttled");
    };
    const cloud: FakeCloud = {
      sources: { "s/a": { signal: "logs", records: hours("a", 5), before }, "s/b": { signal: "metrics", records: hours("b", 5) } },
    };
    const first = await collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: cloud }));
    expect([sum(first, "fetched"), sum(first, "failed"), first.added]).toEqual([1, 1, 5]);
    expect(first.gaps).toEqual([
      expect.objectContaining({ what: "logs of s/a", why: "logs:FilterLogEvents was still throttled", from: T0, to: T0 + 24 * HOUR }),
    ]);
    expect(await held()).toEqual({ log: 5, gaps: ["logs of s/a"] });
    broken = false;
    const second = await collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: cloud }));
    expect(opened[1]!.asked.run.map((task) => task.source)).toEqual(["s/a"]);
    expect(second.gaps).toEqual([]);
    expect(await held()).toEqual({ log: 10, gaps: [] });
  });

  it("gives a call up that fails for all its windows, however often it is tried, and goes on with the others", async () => {
    const down = new AwsError("failed", "xray:GetTraceSummaries", "InternalFailure", "InternalFailure: down (12 attempts)", 500, 12);
    const before = async (_: number, task: CollectTask): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      if (task.signal === "logs") throw new UserError(down.message, { cause: down });
    };
    const names = Array.from({ length: 40 }, (_, i) => `g${i}`);
    const sources = {
      ...Object.fromEntries(names.map((name) => [name, { signal: "logs" as const, records: [], before }])),
      ...Object.fromEntries(names.map((name) => [`m-${name}`, { signal: "metrics" as const, records: [], before }])),
    };
    const result = await collect(dir, scope(T0, T0 + HOUR), world({ shop: { sources } }));
    const tried = (signal: Signal): number => opened[0]!.asked.run.filter((task) => task.signal === signal).length;
    // eight windows are read at the same time: when the eighth has failed, seven more may have begun
    expect(tried("logs")).toBeGreaterThanOrEqual(8);
    expect(tried("logs")).toBeLessThan(16);
    expect(tried("metrics")).toBe(40);
    expect(result.parts.map(({ signal, fetched, failed }) => [signal, fetched, failed])).toEqual([
      ["logs", 0, 40],
      ["metrics", 40, 0],
    ]);
    expect(result.gaps).toHaveLength(40);
    expect(result.gaps.filter((one) => one.why.startsWith("not asked: "))).toHaveLength(40 - tried("logs"));
    expect(result.partial).toBe(true);
    // nothing of it is held
    await collect(dir, scope(T0, T0 + HOUR), world({ shop: { sources: { g0: { signal: "logs", records: [] } } } }));
    expect(opened[1]!.asked.run).toHaveLength(1);
  });

  it("does not take a window for held whose source told of a gap, but for a reader's word about one trace", async () => {
    const cloud: FakeCloud = {
      sources: {
        "s/a": { signal: "logs", records: [...hours("a", 3), gap("log group /aws/lambda/a", T0, T0 + HOUR)] },
        "s/t": { signal: "metrics", records: [gap("trace 1-5e1b4151-5ac6c58f5ac6c58f5ac6c58f", T0, T0 + HOUR)] },
      },
      configs: [fnConfig("a"), gap("lambda:ListTags")],
      planGaps: [gap("logs of group b", T0, T0 + HOUR)],
    };
    const result = await collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: cloud }));
    expect(result.gaps.map((one) => one.what).sort()).toEqual(["lambda:ListTags", "log group /aws/lambda/a", "logs of group b"]);
    await collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: cloud }));
    expect(opened[1]!.asked.run.map((task) => task.source)).toEqual(["s/a"]);
    expect((await held()).gaps.sort()).toEqual([
      "lambda:ListTags",
      "log group /aws/lambda/a",
      "logs of group b",
      "trace 1-5e1b4151-5ac6c58f5ac6c58f5ac6c58f",
    ]);
  });

  it("marks every source that one query covers", async () => {
    const cloud: FakeCloud = { sources: { "s/a": { signal: "logs", records: hours("a", 3), alsoCovers: ["s/b"] } } };
    await collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: cloud }));
    const both: FakeCloud = { sources: { ...cloud.sources, "s/b": { signal: "logs", records: hours("b", 3) } } };
    await collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: both }));
    expect(opened[1]!.asked.run).toEqual([]);
  });

  it("says the price first, and asks nothing above the limit", async () => {
    const cloud: FakeCloud = {
      sources: { "s/a": { signal: "logs", records: hours("a", 3), usd: 0.8 }, "s/b": { signal: "metrics", records: [], usd: 0.35 } },
    };
    const refused = collect(dir, scope(T0, T0 + 24 * HOUR), world({ shop: cloud }));
    await expect(refused).rejects.toThrow(/would cost \$1\.15, above the limit of \$1\.00; nothing was asked/);
    expect(opened[0]!.asked.run).toEqual([]);
    const paid = await collect(dir, scope(T0, T0 + 24 * HOUR, undefined, { maxQueryUsd: 1.2 }), world({ shop: cloud }));
    expect(notes.at(-1)).toBe("to read: logs by Fake (1); metrics by Fake (1); calls about 2; paid queries $1.15 (limit $1.20)");
    expect(paid.spentUsd).toBeCloseTo(1.15, 12);
  });

  it("counts the price of all targets together", async () => {
    const cloud = (name: string): FakeCloud => ({ account: name, sources: { [`${name}/s`]: { signal: "logs", records: [], usd: 0.6 } } });
    const both = scope(T0, T0 + HOUR, [fakeTarget("a"), fakeTarget("b")]);
    await expect(collect(dir, both, world({ a: cloud("a"), b: cloud("b") }))).rejects.toThrow(/\$1\.20, above/);
  });

  it("leaves out one of several targets that cannot be reached, and fails when none can", async () => {
    const denied = new UserError("no credentials for profile x", { exitCode: EXIT.credentials, suggestions: ["aws sso login"] });
    const targets = [fakeTarget("shop"), fakeTarget("pay")];
    const cloud: FakeCloud = { sources: { "s/a": { signal: "logs", records: hours("a", 3) } } };
    const result = await collect(dir, scope(T0, T0 + HOUR * 24, targets), world({ shop: cloud, pay: denied }));
    expect(result.added).toBe(3);
    expect(result.gaps).toEqual([expect.objectContaining({ what: "everything of pay eu-central-1", why: "no credentials for profile x" })]);
    expect(notes).toContain("warning: pay eu-central-1: no credentials for profile x (aws sso login)");
    await expect(collect(dir, scope(T0, T0 + HOUR, [targets[1]!]), world({ pay: denied }))).rejects.toBe(denied);
    await collect(dir, scope(T0, T0 + HOUR * 24, targets), world({ shop: cloud, pay: { account: "444455556666" } }));
    expect((await held()).gaps).toEqual([]);
  });

  it("stops asking a target whose credentials ended, keeps what was read, and exits with 3", async () => {
    const expired = new UserError("the security token has expired", { exitCode: EXIT.credentials });
    const sources = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `s/${i}`,
        {
          signal: "logs" as const,
          records: hours(`f${i}`, 2),
          before: () => {
            if (i >= 8) throw expired;
          },
        },
      ]),
    );
    await expect(collect(dir, scope(T0, T0 + HOUR * 24), world({ shop: { sources } }))).rejects.toBe(expired);
    expect(opened[0]!.asked.run.length).toBeLessThan(25);
    expect((await held()).log).toBe(16);
  });

  it("keeps finished windows when it is stopped, and reads the rest the next time", async () => {
    const before = async (_page: number, task: { source: string }): Promise<void> => {
      if (task.source !== "s/b") return;
      // everything else comes to its end first
      await new Promise(setImmediate);
      abort.abort();
      abort.signal.throwIfAborted();
    };
    const sources = {
      "s/a": { signal: "metrics" as const, records: hours("a", 3) },
      "s/b": { signal: "logs" as const, records: hours("b", 3), before },
    };
    await expect(collect(dir, scope(T0, T0 + HOUR * 24), world({ shop: { sources } }))).rejects.toThrow(/abort/i);
    abort = new AbortController();
    const second = await collect(
      dir,
      scope(T0, T0 + HOUR * 24),
      world({ shop: { sources: { ...sources, "s/b": { signal: "logs", records: hours("b", 3) } } } }),
    );
    expect(opened[1]!.asked.run.map((task) => task.source)).toEqual(["s/b"]);
    expect(second.added).toBe(3);
    expect((await held()).log).toBe(6);
  });

  it("ends with the dataset's error when it cannot be written, not with gaps", async () => {
    const bad = { ...line("a", T0), ids: null as unknown as LogEvent["ids"] };
    const failing = collect(dir, scope(T0, T0 + HOUR * 24), world({ shop: { sources: { "s/a": { signal: "logs", records: [bad] } } } }));
    await expect(failing).rejects.toThrow(TypeError);
  });
});
