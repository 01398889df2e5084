import { describe, expect, it } from "vitest";
import { gated } from "../../../../src/clouds/kit/gate.ts";

describe("a gate", () => {
  it("lets through so many at a time, in their order, errors or not", async () => {
    const connection = {};
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const work = (i: number) => async (): Promise<number> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      order.push(i);
      if (i === 3) throw new Error("three");
      return i;
    };
    const results = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => gated(connection, "queries", 5, work(i))));
    expect(results.map((one) => one.status === "fulfilled")).toEqual(Array.from({ length: 12 }, (_, i) => i !== 3));
    expect(most).toBe(5);
    expect(order).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(await gated(connection, "queries", 1, work(99))).toBe(99);
  });
});
