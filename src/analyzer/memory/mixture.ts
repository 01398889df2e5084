/** Numbers drawn from many curves at once, each with its weight and the same normal error: quantiles and probabilities. No random numbers. */

/** Cells per standard deviation: quantiles are right to about a thousandth of it. */
const CELLS_PER_SD = 8;
const MOST_CELLS = 4096;
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
    if (weights[i]! < 1e-9) continue;
    least = Math.min(least, values[i]!);
    most = Math.max(most, values[i]!);
  }
  if (sd === 0) return weightedQuantiles(values, weights, shares);
  const width = Math.max(sd / CELLS_PER_SD, (most - least) / MOST_CELLS);
  const reach = Math.ceil((REACH_SD * sd) / width);
  const start = least - (reach + 1) * width;
  const cells = new Float64Array(Math.ceil((most - least) / width) + 2 * reach + 4);
  for (let i = 0; i < values.length; i++) {
    if (weights[i]! < 1e-9) continue;
    const place = (values[i]! - start) / width;
    const cell = Math.floor(place);
    cells[cell]! += weights[i]! * (cell + 1 - place);
    cells[cell + 1]! += weights[i]! * (place - cell);
  }
  return readQuantiles(smoothed(cells, normalKernel(width / sd, reach)), start, width, shares);
}

function weightedQuantiles(values: Float64Array, weights: Float64Array, shares: readonly number[]): number[] {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  let at = 0;
  let sum = weights[order[0]!]!;
  return shares.map((share) => {
    while (sum < share - 1e-12 && at < order.length - 1) sum += weights[order[++at]!]!;
    return values[order[at]!]!;
  });
}

function normalKernel(step: number, reach: number): Float64Array {
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-(((i - reach) * step) ** 2) / 2));
  const sum = kernel.reduce((a, b) => a + b, 0);
  return kernel.map((value) => value / sum);
}

function smoothed(cells: Float64Array, kernel: Float64Array): Float64Array {
  const reach = (kernel.length - 1) / 2;
  const result = new Float64Array(cells.length);
  for (let i = reach; i < cells.length - reach; i++) {
    const mass = cells[i]!;
    if (mass === 0) continue;
    for (let k = 0; k < kernel.length; k++) result[i - reach + k]! += mass * kernel[k]!;
  }
  return result;
}

/** The mass of a cell lies evenly around its place, half a cell to each side. */
function readQuantiles(mass: Float64Array, start: number, width: number, shares: readonly number[]): number[] {
  let cell = 0;
  let below = 0;
  return shares.map((share) => {
    while (cell < mass.length - 1 && below + mass[cell]! < share) below += mass[cell++]!;
    const inside = mass[cell]! > 0 ? (share - below) / mass[cell]! : 0;
    return start + (cell - 0.5 + inside) * width;
  });
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
