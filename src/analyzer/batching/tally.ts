/** Counts what pollers do: they say which events a run got and when it began, and are told when it ends. */
import type { BatchFigures, ServiceTime } from "../../model/batching.ts";
import type { Bytes, Ms } from "../../model/units.ts";
import type { Columns } from "./columns.ts";
import { normal, randomOf } from "./random.ts";

/** Figures, and the latency of every event (ascending) for whoever puts stretches together. */
export interface Outcome {
  figures: BatchFigures;
  latenciesMs: Float64Array;
  failures: Failures;
}

/** What failing events bring about. */
export interface Failures {
  /** Runs that failed, or answered with a failed event; they are in `invocations`. */
  runs: number;
  /** Events that were given up, failing ones and those of the same batch; they have no latency. */
  discarded: number;
  /** Batches given up only because a simulation ends its retries: with the vendor they would go on. */
  capped: number;
}

export interface TallyOptions {
  timeoutMs: Ms | null;
  seed: number;
  billing?: { leastMs: Ms; stepMs: Ms };
}

/** Lambda bills each millisecond begun. https://aws.amazon.com/lambda/pricing/ */
const LAMBDA_BILLING = { leastMs: 1, stepMs: 1 };

export class Tally {
  /** For the pollers' own draws. */
  readonly random: () => number;
  readonly #columns: Columns;
  readonly #service: ServiceTime;
  readonly #timeoutMs: Ms;
  readonly #billing: { leastMs: Ms; stepMs: Ms };
  readonly #latencies: Float64Array;
  #events = 0;
  #handed = 0;
  readonly #failures: Failures = { runs: 0, discarded: 0, capped: 0 };
  #runs = 0;
  #runMs = 0;
  #billedMs = 0;
  #timeouts = 0;
  #largestBatch = 0;
  #largestBytes: Bytes = 0;
  #lastEndMs = 0;
  #receives: number | null = null;
  #emptyReceives: number | null = null;
  #deletes: number | null = null;

  constructor(columns: Columns, service: ServiceTime, options: TallyOptions) {
    this.random = randomOf(options.seed);
    this.#columns = columns;
    this.#service = service;
    this.#timeoutMs = options.timeoutMs ?? Number.POSITIVE_INFINITY;
    this.#billing = options.billing ?? LAMBDA_BILLING;
    this.#latencies = new Float64Array(columns.length);
  }

  /**
   * A run of the first `count` events of `members` begins; its end is returned. `handled`: so many of them are done then, the others come
   * again or are given up; all where it does not fail.
   */
  run(startMs: Ms, members: ArrayLike<number>, count: number, handled: number = count): Ms {
    const endMs = this.#took(startMs, count);
    if (handled < count) this.#failures.runs += 1;
    let bytes = 0;
    for (let j = 0; j < count; j++) bytes += this.#columns.bytes[members[j]!]!;
    for (let j = 0; j < handled; j++) this.#latencies[this.#events++] = endMs - this.#columns.atMs[members[j]!]!;
    if (count > this.#largestBatch) this.#largestBatch = count;
    if (bytes > this.#largestBytes) this.#largestBytes = bytes;
    return endMs;
  }

  /** Events that ran already are run again, and fail. */
  failAgain(startMs: Ms, count: number): Ms {
    this.#failures.runs += 1;
    return this.#took(startMs, count);
  }

  /** Events are given up. `capped`: the vendor would not have done so yet. */
  discard(count: number, capped: boolean): void {
    this.#failures.discarded += count;
    if (capped) this.#failures.capped += 1;
  }

  #took(startMs: Ms, count: number): Ms {
    const { fixedMs, perEventMs, spread } = this.#service;
    const factor = spread > 0 ? Math.exp(spread * normal(this.random) - (spread * spread) / 2) : 1;
    const wantedMs = (fixedMs + perEventMs * count) * factor;
    const durationMs = Math.min(wantedMs, this.#timeoutMs);
    const endMs = startMs + durationMs;
    this.#runs += 1;
    this.#handed += count;
    this.#runMs += durationMs;
    const { leastMs, stepMs } = this.#billing;
    this.#billedMs += Math.max(leastMs, Math.ceil(durationMs / stepMs) * stepMs);
    if (wantedMs > this.#timeoutMs) this.#timeouts += 1;
    if (endMs > this.#lastEndMs) this.#lastEndMs = endMs;
    return endMs;
  }

  /** Calls that the poller made and that are billed. */
  calls(count: { receives: number; empty: number; deletes: number | null }): void {
    this.#receives = (this.#receives ?? 0) + count.receives + count.empty;
    this.#emptyReceives = (this.#emptyReceives ?? 0) + count.empty;
    if (count.deletes !== null) this.#deletes = (this.#deletes ?? 0) + count.deletes;
  }

  outcome(): Outcome {
    const latenciesMs = this.#latencies.subarray(0, this.#events).sort();
    const first = this.#columns.length === 0 ? 0 : this.#columns.atMs[0]!;
    const figures: BatchFigures = {
      events: this.#events + this.#failures.discarded,
      invocations: this.#runs,
      meanBatch: this.#runs === 0 ? 0 : this.#handed / this.#runs,
      runMs: this.#runMs,
      billedMs: this.#billedMs,
      timeoutShare: this.#runs === 0 ? 0 : this.#timeouts / this.#runs,
      latencyMs: {
        p50: quantile(latenciesMs, 0.5),
        p95: quantile(latenciesMs, 0.95),
        p99: quantile(latenciesMs, 0.99),
        max: latenciesMs.at(-1) ?? 0,
      },
      receives: this.#receives,
      emptyReceives: this.#emptyReceives,
      deletes: this.#deletes,
      spanMs: Math.max(0, this.#lastEndMs - first),
      largestBatch: this.#largestBatch,
      largestBatchBytes: this.#largestBytes,
    };
    return { figures, latenciesMs, failures: { ...this.#failures } };
  }
}

/** Linear interpolation in ascending values; 0 of none. */
function quantile(ascending: Float64Array, share: number): number {
  if (ascending.length === 0) return 0;
  const place = share * (ascending.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, ascending.length - 1);
  return ascending[low]! + (ascending[high]! - ascending[low]!) * (place - low);
}
