/** A mean of so much weight. */
export interface WeightedMean {
  readonly mean: number;
  readonly weight: number;
}

/** Adjacent means that were pooled to one: `size` of them. */
export interface Pool extends WeightedMean {
  readonly size: number;
}

/**
 * The rising means nearest to the given ones by weighted least squares, which for shares are also the likeliest: adjacent
 * ones that don't rise are pooled until all do. R. E. Barlow, D. J. Bartholomew, J. M. Bremner and H. D. Brunk,
 * *Statistical Inference under Order Restrictions* (1972), § 1.2. Weights are above 0; each pool's mean is greater than
 * the one before.
 */
export function poolAdjacentViolators(means: readonly WeightedMean[]): Pool[] {
  const pools: Pool[] = [];
  for (const { mean, weight } of means) {
    let last: Pool = { mean, weight, size: 1 };
    for (let before = pools.at(-1); before && before.mean >= last.mean; before = pools.at(-1)) {
      const both = before.weight + last.weight;
      last = {
        mean: (before.mean * before.weight + last.mean * last.weight) / both,
        weight: both,
        size: before.size + last.size,
      };
      pools.pop();
    }
    pools.push(last);
  }
  return pools;
}
