/** A clock on which waiting takes no time: sleepers wake in the order of their moments, and `now` jumps there. */
import type { Clock } from "../../src/model/clock.ts";

export interface VirtualClock extends Clock {
  /** Every sleep so far, in ms. */
  readonly slept: readonly number[];
}

/** Starts at 2026-11-23T00:00:00Z; `random` gives 0.5 unless told. */
export function virtualClock(random: () => number = () => 0.5): VirtualClock {
  let now = Date.UTC(2026, 10, 23);
  const slept: number[] = [];
  const waiting: { at: number; wake: () => void }[] = [];
  let pumping = false;

  async function pump(): Promise<void> {
    pumping = true;
    for (;;) {
      // everybody who can still work without the clock does so first
      await new Promise((resolve) => setImmediate(resolve));
      if (waiting.length === 0) break;
      waiting.sort((a, b) => a.at - b.at);
      const next = waiting.shift()!;
      now = Math.max(now, next.at);
      next.wake();
    }
    pumping = false;
  }

  return {
    slept,
    now: () => now,
    random,
    sleep(ms, signal) {
      slept.push(ms);
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const mine = { at: now + ms, wake: resolve };
        waiting.push(mine);
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        if (!pumping) void pump();
      });
    },
  };
}
