/** A share of a whole, from a sample of it. */

/** Normal quantile of a two-sided 95 % interval. */
const Z = 1.959964;

interface ShareInterval {
  low: number;
  share: number;
  high: number;
}

/**
 * Wilson's score interval (95 %) of a share: `hits` of `size` drawn. It holds for small samples and for shares near 0 and 1, where 0 hits
 * do not mean 0. https://doi.org/10.1080/01621459.1927.10502953. It takes the draws for independent: items of one page may be alike, so it is the least width.
 * `size` 0: all is possible. `whole`: so many there are; a sample that holds them all is no estimate.
 */
export function wilson(hits: number, size: number, whole: number | null = null): ShareInterval {
  if (size === 0) return { low: 0, share: 0, high: 1 };
  const share = hits / size;
  if (whole !== null && size >= whole) return { low: share, share, high: share };
  const z2 = Z * Z;
  const centre = (share + z2 / (2 * size)) / (1 + z2 / size);
  const half = (Z * Math.sqrt((share * (1 - share)) / size + z2 / (4 * size * size))) / (1 + z2 / size);
  // at the ends the sums are 0 and 1 but for the arithmetic of doubles
  return { low: hits === 0 ? 0 : Math.max(0, centre - half), share, high: hits === size ? 1 : Math.min(1, centre + half) };
}
