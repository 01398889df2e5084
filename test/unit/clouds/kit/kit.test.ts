import { expect, test } from "vitest";
import { newBudget } from "../../../../src/clouds/kit/budget.ts";
import { allPages } from "../../../../src/clouds/kit/pages.ts";
import { newBucket, sharedBucket } from "../../../../src/clouds/kit/rate.ts";
import { retrying, type Verdict } from "../../../../src/clouds/kit/retry.ts";
import { virtualClock } from "../../../support/virtual-clock.ts";

const signal = new AbortController().signal;

test("a bucket lets a hundred callers through at its quota, a margin below it, in their order", async () => {
  const clock = virtualClock();
  const bucket = newBucket(10, clock);
  const from = clock.now();
  const order: number[] = [];
  const at: number[] = [];
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      await bucket.take(signal);
      order.push(i);
      at.push(clock.now());
    }),
  );
  expect(order).toEqual([...order].sort((a, b) => a - b));
  // 100 at 10/s: 9.9 s at the quota between the first and the last; no more than 5 % over that, and never more than 10 in any second
  const tookMs = at.at(-1)! - from;
  expect(tookMs).toBeGreaterThan(9_700);
  expect(tookMs).toBeLessThan(9_900 * 1.05);
  for (const one of at) expect(at.filter((other) => other >= one && other < one + 1000).length).toBeLessThanOrEqual(10);
});

test("a refusal halves the rate once for all requests in flight, and it grows back to the quota", async () => {
  const clock = virtualClock();
  const bucket = newBucket(10, clock);
  const full = bucket.perS;
  bucket.throttled();
  bucket.throttled();
  expect(bucket.perS).toBeCloseTo(full / 2, 5);
  await clock.sleep(600, signal);
  bucket.throttled();
  // 0.6 s of growth by 5 % of the quota per second, then halved
  expect(bucket.perS).toBeCloseTo((full / 2 + full * 0.05 * 0.6) / 2, 5);
  await clock.sleep(30_000, signal);
  await bucket.take(signal);
  expect(bucket.perS).toBeCloseTo(full, 5);
});

test("refused for ever, the rate stays above zero", async () => {
  const clock = virtualClock();
  const bucket = newBucket(64, clock);
  for (let i = 0; i < 50; i++) {
    bucket.throttled();
    await clock.sleep(500, signal);
  }
  expect(bucket.perS).toBeGreaterThan(0.9);
});

test("who asks for the same name on the same clock shares a bucket", () => {
  const clock = virtualClock();
  expect(sharedBucket("a", 5, clock)).toBe(sharedBucket("a", 5, clock));
  expect(sharedBucket("a", 5, clock)).not.toBe(sharedBucket("b", 5, clock));
  expect(sharedBucket("a", 5, clock)).not.toBe(sharedBucket("a", 5, virtualClock()));
});

test("an aborted wait ends, and does not hold up the next one", async () => {
  const clock = virtualClock();
  const bucket = newBucket(0.1, clock);
  await bucket.take(signal);
  const stop = new AbortController();
  const waiting = bucket.take(stop.signal);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await bucket.take(signal);
  expect(clock.now()).toBeGreaterThan(0);
});

const verdict = (retry: Verdict["retry"], more: Partial<Verdict> = {}): Verdict => ({ retry, waitMs: null, patienceMs: null, ...more });

async function attempts(verdicts: (attempt: number) => Verdict, patienceMs: number, clock = virtualClock()): Promise<number> {
  let made = 0;
  await expect(
    retrying(() => Promise.reject(new Error(`attempt ${++made}`)), {
      clock,
      signal,
      patienceMs,
      ready: async () => {},
      judge: (_, n) => verdicts(n),
    }),
  ).rejects.toThrow(/attempt/);
  return made;
}

test("retrying ends when patience does, and the pauses double with jitter", async () => {
  const clock = virtualClock(() => 0.5);
  // pauses 75, 150, 300, 600, 1200 ... (100 ms x 2^n x 0.75); 75+150+300+600 = 1125 fits 2 s, 1200 more does not
  expect(await attempts(() => verdict("later"), 2_000, clock)).toBe(5);
  expect(clock.slept).toEqual([75, 150, 300, 600]);
});

test("what may not be repeated is not; what is gone is repeated at once, but not for ever", async () => {
  expect(await attempts(() => verdict("never"), 60_000)).toBe(1);
  const clock = virtualClock();
  expect(await attempts(() => verdict("now"), 1, clock)).toBe(3);
  expect(clock.slept).toEqual([]);
});

test("a server's own wish for a pause is kept; a short patience still allows one retry", async () => {
  const clock = virtualClock();
  expect(await attempts(() => verdict("throttled", { waitMs: 7_000 }), 1_000, clock)).toBe(2);
  expect(clock.slept).toEqual([7_000]);
});

test("time in the queue of a quota does not use up patience", async () => {
  const clock = virtualClock();
  let made = 0;
  const result = await retrying(() => (++made < 4 ? Promise.reject(new Error("no")) : Promise.resolve("yes")), {
    clock,
    signal,
    patienceMs: 1_000,
    ready: () => clock.sleep(60_000, signal),
    judge: () => verdict("later"),
  });
  expect(result).toBe("yes");
});

async function tokens(given: (string | null)[], maxPages = 100): Promise<number> {
  let count = 0;
  const pages = allPages(
    () => Promise.resolve(given[Math.min(count, given.length - 1)]!),
    (token) => token,
    { maxPages, endless: (why) => new Error(why) },
  );
  for await (const _ of pages) count++;
  return count;
}

test("pages end with the first that has no token", async () => {
  expect(await tokens(["a", "b", null])).toBe(3);
});

test("a repeated token ends a list, also when it goes round in a circle", async () => {
  await expect(tokens(["a", "a"])).rejects.toThrow("the page token repeats");
  await expect(tokens(["a", "b", "c", "a"])).rejects.toThrow("the page token repeats");
});

test("an endless list ends at the page limit", async () => {
  let n = 0;
  const pages = allPages(
    () => Promise.resolve(`t${n++}`),
    (token) => token,
    { maxPages: 7, endless: (why) => new Error(why) },
  );
  let read = 0;
  await expect(
    (async () => {
      for await (const _ of pages) read++;
    })(),
  ).rejects.toThrow("more than 7 pages");
  expect(read).toBe(7);
});

test("a budget refuses what does not fit, counts what is under way, and takes over what it really cost", () => {
  const budget = newBudget(1);
  expect(budget.reserve(0.6)).toBe(true);
  expect(budget.reserve(0.5)).toBe(false);
  expect(budget.leftUsd).toBeCloseTo(0.4);
  budget.settle(0.6, 0.1);
  expect(budget.spentUsd).toBeCloseTo(0.1);
  expect(budget.reserve(0.9)).toBe(true);
  budget.settle(0.9, 1.2);
  expect(budget.leftUsd).toBe(0);
});
