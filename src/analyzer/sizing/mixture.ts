/** Numbers drawn from many curves at once, each with its weight and the same normal error: quantiles and probabilities. No random numbers. */

/** Cells per standard deviation: quantiles are right to about a thousandth of it. */
const CELLS_PER_SD = 8;
const MOST_CELLS = 4096;
/** What weighs less moves no quantile. */
const LEAST_WEIGHT = 1e-9;
/** Beyond this many standard deviations a normal distribution has nothing (6e-5). */
const REACH_SD = 4;

/**
 * Quantiles of a mixture of normal distributions with centres `values`, weights `weights` (sum 1) and one standard deviation `sd`.
 * `sd` 0: weighted quantiles, the least value at which the weights add up to the share.
 */
export function mixtureQuantiles(values: Float64Array, weights: Float64Array, sd: number, shares: readonly number[]): number[] {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (weights[i]! < LEAST_WEIGHT) continue;
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (sd === 0) return weightedQuantiles(values, weights, shares);
  const width = Math.max(sd / CELLS_PER_SD, (most - least) / MOST_CELLS);
  const reach = Math.ceil((REACH_SD * sd) / width);
  const start = least - (reach + 1) * width;
  const perCell = 1 / width;
  const cells = new Float64Array(Math.ceil((most - least) / width) + 2 * reach + 4);
  for (let i = 0; i < values.length; i++) {
    const weight = weights[i]!;
    if (weight < LEAST_WEIGHT) continue;
    const place = (values[i]! - start) * perCell;
    const cell = Math.trunc(place);
    cells[cell]! += weight * (cell + 1 - place);
    cells[cell + 1]! += weight * (place - cell);
  }
  const smooth = smoothed(cells, normalKernel(width / sd, reach));
  return shares.map((share) => {
    const { cell, inside } = smooth.at(share);
    return start + (cell - 0.5 + inside) * width;
  });
}

/** Few sets of this many buckets: a quantile is then looked for among a handful of values. */
const BUCKETS = 1024;

/** Sorted only as far as need be: values fall into buckets of equal width, and only those buckets are sorted in which a share is reached. */
function weightedQuantiles(values: Float64Array, weights: Float64Array, shares: readonly number[]): number[] {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const perUnit = most > least ? (BUCKETS - 1) / (most - least) : 0;
  const bucketOf = new Uint16Array(values.length);
  const mass = new Float64Array(BUCKETS);
  for (let i = 0; i < values.length; i++) {
    const bucket = Math.trunc((values[i]! - least) * perUnit);
    bucketOf[i] = bucket;
    mass[bucket]! += weights[i]!;
  }
  return shares.map((share) => {
    let bucket = 0;
    let below = 0;
    while (bucket < BUCKETS - 1 && below + mass[bucket]! < share - 1e-12) below += mass[bucket++]!;
    const inside: number[] = [];
    for (let i = 0; i < values.length; i++) if (bucketOf[i] === bucket) inside.push(i);
    inside.sort((a, b) => values[a]! - values[b]!);
    const reached = inside.find((i) => (below += weights[i]!) >= share - 1e-12);
    return values[reached ?? inside.at(-1)!]!;
  });
}

/** A normal distribution over cells, `step` standard deviations each, and its running sum. */
interface Kernel {
  step: number;
  mass: Float64Array;
  sum: Float64Array;
}

let lastKernel: Kernel = { step: 0, mass: new Float64Array(), sum: new Float64Array() };

/** Nearly every mixture has the same. */
function normalKernel(step: number, reach: number): Kernel {
  if (lastKernel.step === step && lastKernel.mass.length === 2 * reach + 1) return lastKernel;
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-(((i - reach) * step) ** 2) / 2));
  const total = kernel.reduce((a, b) => a + b, 0);
  const mass = kernel.map((value) => value / total);
  let running = 0;
  lastKernel = { step, mass, sum: mass.map((value) => (running += value)) };
  return lastKernel;
}

/** The cells with the kernel over each, worked out only where a share of the mass is looked for. */
function smoothed(cells: Float64Array, { mass, sum }: Kernel): { at(share: number): { cell: number; inside: number } } {
  const reach = (mass.length - 1) / 2;
  const running = new Float64Array(cells.length);
  for (let i = 0, total = 0; i < cells.length; i++) running[i] = total += cells[i]!;
  /** Mass up to and with a cell. */
  const upTo = (cell: number): number => {
    const whole = cell - reach;
    let total = whole < 0 ? 0 : running[Math.min(whole, cells.length - 1)]!;
    const last = Math.min(cell + reach, cells.length - 1);
    for (let i = Math.max(whole + 1, 0); i <= last; i++) total += cells[i]! * sum[cell - i + reach]!;
    return total;
  };
  return {
    at(share) {
      let low = 0;
      let high = cells.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (upTo(middle) < share) low = middle + 1;
        else high = middle;
      }
      const below = low === 0 ? 0 : upTo(low - 1);
      const own = upTo(low) - below;
      // the mass of a cell lies evenly around its place, half a cell to each side
      return { cell: low, inside: own > 0 ? (share - below) / own : 0 };
    },
  };
}

/** Distribution function of the standard normal distribution: Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    Math.exp((-x * x) / 2) *
    0.3989422804014327 *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x > 0 ? 1 - tail : tail;
}
