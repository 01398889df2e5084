/** Time and chance as parameters, so that waiting, retrying and interleaving can be tested without either. */
import type { EpochMs, Ms } from "./units.ts";

export interface Clock {
  now(): EpochMs;
  /** Resolves after `ms`; rejects with the signal's reason when it fires before. */
  sleep(ms: Ms, signal: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}
