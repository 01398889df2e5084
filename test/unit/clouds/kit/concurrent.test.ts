import { describe, expect, it } from "vitest";
import { concurrently, merged } from "../../../../src/clouds/kit/concurrent.ts";

/** A promise that is settled from outside. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

async function* give<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function drained<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("concurrently", () => {
  it("gives results in the order of the items, never more than the limit at a time", async () => {
    let running = 0;
    let most = 0;
    const results = await drained(
      concurrently(give(5, 1, 3, 2, 4, 0), 3, async (ticks) => {
        most = Math.max(most, ++running);
        for (let i = 0; i < ticks; i++) await new Promise(setImmediate);
        running--;
        return ticks * 10;
      }),
    );
    expect(results).toEqual([50, 10, 30, 20, 40, 0]);
    expect(most).toBe(3);
  });

  it("draws items only as they are needed", async () => {
    let drawn = 0;
    async function* endless(): AsyncGenerator<number> {
      for (;;) yield drawn++;
    }
    for await (const result of concurrently(endless(), 4, async (n) => n)) if (result === 10) break;
    expect(drawn).toBeLessThanOrEqual(15);
  });

  it("throws the first error in its turn, after the results before it, and waits for what runs", async () => {
    const slow = deferred<number>();
    let ended = false;
    const found: number[] = [];
    const all = (async () => {
      const work = async (n: number): Promise<number> => {
        if (n === 2) throw new Error("two");
        if (n === 3) {
          await slow.promise;
          ended = true;
        }
        return n;
      };
      for await (const n of concurrently([0, 1, 2, 3, 4], 4, work)) found.push(n);
    })();
    slow.resolve(0);
    await expect(all).rejects.toThrow("two");
    expect([found, ended]).toEqual([[0, 1], true]);
  });
});

describe("merged", () => {
  it("gives what comes first first", async () => {
    const late = deferred<string>();
    async function* waiting(): AsyncGenerator<string> {
      yield await late.promise;
    }
    const iterator = merged([waiting(), give("a", "b")])[Symbol.asyncIterator]();
    expect([(await iterator.next()).value, (await iterator.next()).value]).toEqual(["a", "b"]);
    late.resolve("c");
    expect((await iterator.next()).value).toBe("c");
    expect((await iterator.next()).done).toBe(true);
  });

  it("ends all sources when one fails, or when nobody listens any more", async () => {
    let closed = 0;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (;;) yield await Promise.resolve(1);
      } finally {
        closed++;
      }
    }
    async function* failing(): AsyncGenerator<number> {
      yield await Promise.reject(new Error("no"));
    }
    await expect(drained(merged([endless(), failing()]))).rejects.toThrow("no");
    expect(closed).toBe(1);
    for await (const one of merged([endless(), endless()])) if (one === 1) break;
    expect(closed).toBe(3);
  });
});
