/** The machine's clock and chance; the engine gets them as a parameter. */
import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../model/clock.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await wait(ms, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
  random: () => Math.random(),
};
