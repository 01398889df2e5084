import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Gap } from "../../../src/model/records.ts";
import { openCollected, openCommitter, openDataset, prune } from "../../../src/store/index.ts";
import { collectedGaps } from "../../../src/store/collected.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-collected-"));
  openCommitter(dir).close();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const gap = (what: string, from: number | null, to: number | null): Gap => ({
  type: "gap",
  cloud: "aws",
  account: "111122223333",
  region: "eu-west-1",
  what,
  why: "AccessDenied",
  from,
  to,
});

describe("windows held", () => {
  it("are what was marked, joined, also after reopening", () => {
    const first = openCollected(dir);
    first.mark("a", { from: 10, to: 20 });
    first.mark("a", { from: 40, to: 50 });
    first.mark("a", { from: 20, to: 30 });
    expect(first.missing("a", { from: 0, to: 60 })).toEqual([
      { from: 0, to: 10 },
      { from: 30, to: 40 },
      { from: 50, to: 60 },
    ]);
    expect(openCollected(dir).missing("a", { from: 0, to: 60 })).toEqual([{ from: 0, to: 60 }]);
    first.save();
    const again = openCollected(dir);
    expect(again.missing("a", { from: 12, to: 30 })).toEqual([]);
    expect(again.missing("a", { from: 15, to: 45 })).toEqual([{ from: 30, to: 40 }]);
    expect(again.missing("b", { from: 15, to: 45 })).toEqual([{ from: 15, to: 45 }]);
  });

  it("and those missing are each moment of a window once, whatever was marked in which order", () => {
    const moment = fc.integer({ min: 0, max: 30 });
    const spans = fc.array(fc.tuple(moment, moment), { maxLength: 12 });
    fc.assert(
      fc.property(spans, moment, moment, (marked, a, b) => {
        const collected = openCollected(dir);
        const held = new Set<number>();
        for (const [from, to] of marked) {
          collected.mark("p", { from, to });
          for (let at = from; at < to; at++) held.add(at);
        }
        const missing = collected
          .missing("p", { from: a, to: b })
          .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
        expect(missing).toEqual(Array.from({ length: Math.max(0, b - a) }, (_, i) => a + i).filter((at) => !held.has(at)));
      }),
    );
  });

  it("go with the days that are pruned", async () => {
    const day = 86_400_000;
    const collected = openCollected(dir);
    collected.mark("a", { from: 10 * day, to: 20 * day });
    collected.setComplete("s", 20 * day, 10 * day);
    collected.save();
    await prune(dir, 12.5 * day);
    const after = openCollected(dir);
    expect(after.missing("a", { from: 10 * day, to: 20 * day })).toEqual([{ from: 10 * day, to: 12 * day }]);
    expect(after.complete("s", 10 * day)).toBeNull();
  });

  it("cannot be told from a damaged file, and that is said", () => {
    writeFileSync(join(dir, "collected.json"), '{"schemaVersion":1,"held":{"a":[[1');
    expect(() => openCollected(dir)).toThrow(/collected\.json is damaged/);
    writeFileSync(join(dir, "collected.json"), '{"schemaVersion":1,"held":{"a":[1]},"gaps":{},"complete":{}}');
    expect(() => openCollected(dir)).toThrow(/collected\.json is damaged/);
  });

  it("are not lost by the next writer's sweep", () => {
    const collected = openCollected(dir);
    collected.mark("a", { from: 1, to: 2 });
    collected.save();
    openCommitter(dir).close();
    expect(JSON.parse(readFileSync(join(dir, "collected.json"), "utf8")).held).toEqual({ a: [[1, 2]] });
  });
});

describe("gaps", () => {
  it("of a window are replaced by what a later run says of it; the time outside keeps them", async () => {
    const collected = openCollected(dir);
    collected.setGaps("t#logs", { from: 0, to: 100 }, [gap("group a", 0, 100), gap("group b", null, null)]);
    collected.setGaps("t#logs", { from: 60, to: 200 }, [gap("group c", 60, 200)]);
    collected.save();
    const dataset = await openDataset(dir);
    const { gaps } = await dataset.info();
    await dataset.close();
    expect(gaps.map((g) => [g.what, g.from, g.to])).toEqual([
      ["group a", 0, 60],
      ["group c", 60, 200],
    ]);
  });

  it("of some functions stay when others are read, and go when all are", () => {
    const collected = openCollected(dir);
    const window = { from: 0, to: 100 };
    const whats = (): string[] => {
      collected.save();
      return collectedGaps(dir, "all").map((one) => one.what);
    };
    collected.setGaps("t of [a]#logs", window, [gap("group a", 0, 100)]);
    collected.setGaps("t of [b]#logs", window, []);
    collected.setGaps("t#metrics", window, []);
    collected.setGaps("t2#logs", window, []);
    expect(whats()).toEqual(["group a"]);
    collected.setGaps("t#logs", window, [gap("group c", 0, 100)]);
    expect(whats()).toEqual(["group c"]);
    collected.setGaps("t of [a]#logs", window, []);
    expect(whats()).toEqual(["group c"]);
  });

  it("of descriptions and metrics cut no chain, those of logs do", async () => {
    const collected = openCollected(dir);
    collected.setGaps("t#inventory", { from: 0, to: 100 }, [gap("lambda:ListTags", 0, 100)]);
    collected.setGaps("t#metrics", { from: 0, to: 100 }, [gap("metrics", 0, 100)]);
    collected.setGaps("t#logs", { from: 0, to: 100 }, [gap("logs", 0, 100)]);
    collected.save();
    const dataset = await openDataset(dir);
    const { gaps } = await dataset.chainRecords({ from: null, to: null, functions: [], clouds: [] });
    expect((await dataset.info()).gaps).toHaveLength(3);
    await dataset.close();
    expect(gaps.map((g) => g.what)).toEqual(["logs"]);
  });
});

describe("completeness", () => {
  it("holds for a scope from a moment on", () => {
    const collected = openCollected(dir);
    expect(collected.complete("s", 50)).toBeNull();
    collected.setComplete("s", 100, 50);
    expect(collected.complete("s", 60)?.at).toBe(100);
    expect(collected.complete("s", 40)).toBeNull();
    collected.setComplete("s", 120, 80);
    expect(collected.complete("s", 50)?.at).toBe(120);
    collected.setComplete("s", 300, 200);
    expect(collected.complete("s", 150)).toBeNull();
    expect(collected.complete("s", 200)?.at).toBe(300);
  });
});
