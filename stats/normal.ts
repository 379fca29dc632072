/**
 * Probability that a standard normal is z or more, for z >= 0. Computed as such, not as 1 − cdf, so that it keeps its
 * digits far out: 7.6e-24 at 10. Below 3 by the series, beyond by the continued fraction of Abramowitz and Stegun,
 * *Handbook of Mathematical Functions*, 26.2.11 and 26.2.14.
 */
export function upperTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = term;
    for (let k = 3; term > sum * 1e-17; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = 100; k > 0; k--) fraction = z + k / fraction;
  return density / fraction;
}

/** The p-value of a standard normal statistic, both sides. */
export const twoSided = (z: number): number => Math.min(1, 2 * upperTail(Math.abs(z)));
