/** Trying again, with growing, jittered pauses, for as long as the caller has patience. */
import type { Clock } from "../../model/clock.ts";
import type { Ms } from "../../model/units.ts";

/** What a failed attempt means for the next one. `now`: its cause is gone already. */
export interface Verdict {
  retry: "never" | "now" | "later" | "throttled";
  /** The server's own wish (Retry-After); null: none. */
  waitMs: Ms | null;
  /** Stop sooner than the caller's patience; null: no other limit. */
  patienceMs: Ms | null;
}

export const NEVER: Verdict = { retry: "never", waitMs: null, patienceMs: null };
export const LATER: Verdict = { retry: "later", waitMs: null, patienceMs: null };
/** A name that does not resolve or a port that is closed is more often a wrong setting than a passing fault. */
export const BRIEFLY: Verdict = { retry: "later", waitMs: null, patienceMs: 10_000 };

export interface RetryOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Time in attempts and pauses after which the last error is thrown. Waiting for a quota (`ready`) is not counted. */
  patienceMs: Ms;
  /** Awaited before every attempt: the turn in a shared quota. */
  ready: () => Promise<void>;
  judge: (error: unknown, attempt: number) => Verdict;
}

/** First pause. Throttled requests wait longer, since a quota is counted by the second. */
const FIRST_MS: { readonly [kind in "later" | "throttled"]: Ms } = { later: 100, throttled: 500 };
const LONGEST_MS: Ms = 20_000;
/** A cause that is gone is believed this often. */
const AT_ONCE = 2;

/**
 * The result of the first attempt (counted from 1) that succeeds; else the error of the last one. At least one retry is made where one is
 * allowed, however short the patience. Pauses are half fixed and half random ("equal jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export async function retrying<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, signal } = options;
  let spentMs = 0;
  let atOnce = 0;
  for (let attempt = 1; ; attempt++) {
    await options.ready();
    const from = clock.now();
    try {
      return await work(attempt);
    } catch (error) {
      signal.throwIfAborted();
      const verdict = options.judge(error, attempt);
      spentMs += clock.now() - from;
      if (verdict.retry === "never") throw error;
      if (verdict.retry === "now" && ++atOnce <= AT_ONCE) continue;
      const grown = Math.min(LONGEST_MS, FIRST_MS[verdict.retry === "now" ? "later" : verdict.retry] * 2 ** Math.min(attempt - 1, 16));
      const pauseMs = Math.max(verdict.waitMs ?? 0, grown * (0.5 + clock.random() / 2));
      const patienceMs = Math.min(options.patienceMs, verdict.patienceMs ?? Number.POSITIVE_INFINITY);
      if (attempt > 1 && spentMs + pauseMs > patienceMs) throw error;
      spentMs += pauseMs;
      await clock.sleep(pauseMs, signal);
    }
  }
}
