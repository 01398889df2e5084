/** What is known of functions in general before one is seen: curves fitted to public measurements, each with its weight. */
import type { Mib } from "../../model/units.ts";
import { logShape, ONE_VCPU_MIB } from "./curve.ts";
import fitted from "./prior.json" with { type: "json" };

/** Curves as rows: CPU share, overlap, threads, overhead (MiB), ln of the duration (ms) at one vCPU, weight. */
export type PriorRow = readonly [cpuShare: number, overlap: number, threads: number, overheadMib: number, logMs: number, weight: number];

/** As many tables of one size as are kept: candidates and the sizes a fleet runs with. */
const MOST_TABLES = 256;

/** Weighted curves ("particles"). Immutable; curves at a size are computed once. */
export class Prior {
  readonly count: number;
  readonly cpuShare: Float64Array;
  readonly threads: Float64Array;
  /** ln of the CPU share. */
  readonly logCpuShare: Float64Array;
  /** ln of the duration in ms at one vCPU. */
  readonly logLevel: Float64Array;
  /** ln of the weight. */
  readonly logWeight: Float64Array;
  readonly #rows: readonly PriorRow[];
  readonly #tables = new Map<Mib, Float64Array>();

  constructor(rows: readonly PriorRow[]) {
    this.#rows = rows;
    this.count = rows.length;
    this.cpuShare = Float64Array.from(rows, (row) => row[0]);
    this.logCpuShare = this.cpuShare.map(Math.log);
    this.threads = Float64Array.from(rows, (row) => row[2]);
    this.logLevel = Float64Array.from(rows, (row) => row[4]);
    this.logWeight = Float64Array.from(rows, (row) => Math.log(row[5]));
  }

  /** ln of each curve's duration at a size, relative to its level S. Shared: do not write into it. */
  shapes(memoryMib: Mib): Float64Array {
    let table = this.#tables.get(memoryMib);
    if (!table) {
      table = Float64Array.from(this.#rows, ([cpuShare, overlap, threads, overheadMib]) =>
        logShape(memoryMib, { cpuShare, overlap, threads, overheadMib }),
      );
      if (this.#tables.size >= MOST_TABLES) this.#tables.clear();
      this.#tables.set(memoryMib, table);
    }
    return table;
  }

  /** The same at one vCPU. */
  get reference(): Float64Array {
    return this.shapes(ONE_VCPU_MIB);
  }
}

let shipped: Prior | undefined;

/** The prior that evscope ships; `bench/rightsizing/fit-prior.ts` says how it was made. */
export function shippedPrior(): Prior {
  shipped ??= new Prior(fitted.particles as unknown as PriorRow[]);
  return shipped;
}
