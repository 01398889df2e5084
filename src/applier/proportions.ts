/** Two proportions compared exactly, so that few runs mislead nobody. Pure. */

/**
 * Fisher's exact test, one-sided: the probability of at least `k2` failures among `n2` runs when both samples have the same rate and
 * `k1` + `k2` failures fell among `n1` + `n2` runs. R. A. Fisher, J. R. Stat. Soc. 85 (1922) 87-94.
 */
export function atLeastAsMany(k2: number, n2: number, k1: number, n1: number): number {
  const failures = k1 + k2;
  const most = Math.min(failures, n2);
  const all = logChoose(n1 + n2, failures);
  let sum = 0;
  for (let k = k2; k <= most; k++) {
    const term = failures - k > n1 ? 0 : Math.exp(logChoose(n2, k) + logChoose(n1, failures - k) - all);
    sum += term;
    // terms fall quickly beyond the mode
    if (k > k2 + 10 && term < sum * 1e-12) break;
  }
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Stirling's series from 20 up (error below 1e-12), the sum of logarithms below. https://dlmf.nist.gov/5.11 */
function logFactorial(n: number): number {
  if (n < 20) {
    let sum = 0;
    for (let i = 2; i <= n; i++) sum += Math.log(i);
    return sum;
  }
  const x = n + 1;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5);
}
