/** Requests per second to one family of calls, kept below the vendor's quota by everybody who shares the bucket. */
import type { Clock } from "../../model/clock.ts";
import type { Ms } from "../../model/units.ts";

export interface Bucket {
  /** Resolves when the next request may be sent, first come first served. Rejects with the signal's reason when it fires before. */
  take(signal: AbortSignal): Promise<void>;
  /** The vendor refused a request as one too many: the rate is halved, and grows back slowly. */
  throttled(): void;
  /** Rate at this moment. */
  readonly perS: number;
}

/** Stay this much under the quota: both clocks jitter, and a refused request costs more than the margin. */
const MARGIN = 0.98;
/** A late timer is made up for within this time: no more than the margin allows in any second. */
const CATCH_UP_MS: Ms = 20;
/** The rate that comes back per second, as a share of the quota: full rate 20 s after it was zero. */
const RECOVERY_PER_S = 0.05;
/** Requests in flight are refused together: they halve the rate once. */
const HALVE_EVERY_MS: Ms = 500;
/** Never slower than this share of the quota. */
const FLOOR = 1 / 64;

/** A bucket of its own with a quota in requests per second. Most callers want `sharedBucket`. */
export function newBucket(quotaPerS: number, clock: Clock): Bucket {
  const ceiling = quotaPerS * MARGIN;
  let perS = ceiling;
  let changedAt = clock.now();
  let halvedAt = Number.NEGATIVE_INFINITY;
  let nextAt = clock.now();
  let tail: Promise<unknown> = Promise.resolve();

  function recover(): void {
    const now = clock.now();
    perS = Math.min(ceiling, perS + (ceiling * RECOVERY_PER_S * Math.max(0, now - changedAt)) / 1000);
    changedAt = now;
  }

  async function turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    recover();
    const at = Math.max(nextAt, clock.now() - CATCH_UP_MS);
    const waitMs = at - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    nextAt = at + 1000 / perS;
  }

  return {
    take(signal) {
      // one after the other, so that a changed rate holds for everybody who still waits
      const mine = tail.then(() => turn(signal));
      tail = mine.catch(() => {});
      return mine;
    },
    throttled() {
      recover();
      if (changedAt - halvedAt < HALVE_EVERY_MS) return;
      halvedAt = changedAt;
      perS = Math.max(ceiling * FLOOR, perS / 2);
    },
    get perS() {
      return perS;
    },
  };
}

const shared = new WeakMap<Clock, Map<string, Bucket>>();

/** The bucket of this name (account, region, family of calls, rate) in this process. */
export function sharedBucket(name: string, quotaPerS: number, clock: Clock): Bucket {
  let buckets = shared.get(clock);
  if (buckets === undefined) shared.set(clock, (buckets = new Map()));
  const key = `${name} ${quotaPerS}`;
  let found = buckets.get(key);
  if (found === undefined) buckets.set(key, (found = newBucket(quotaPerS, clock)));
  return found;
}
