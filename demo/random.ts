import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** Draws from one stream; every call moves the stream on, so the order of calls is part of the result. */
export interface Random {
  /** In [0, 1), a multiple of 2^-32. */
  uniform(): number;
  /** True with probability `p`; always draws, so that a changed `p` shifts nothing after it. */
  chance(p: number): boolean;
  /** In [low, high). */
  between(low: number, high: number): number;
  /** In low … high, both included. */
  integer(low: number, high: number): number;
  normal(mean?: number, deviation?: number): number;
  /** Log-normal by its median; `sigma` is the deviation of the logarithm. */
  skewed(median: number, sigma: number): number;
  /** Waiting time with this mean. */
  exponential(mean: number): number;
  pick<const T>(choices: readonly [T, ...T[]]): T;
  /** A key, with probability proportional to its weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
}

/** The stream of one account: a function of seed and index alone, so accounts never disturb each other. */
export function randomStream(seed: number, index: number): Random {
  // xoroshiro's own seeding leaves neighbouring seeds alike for the first draws; hashed state does not.
  let hash = mix(seed ^ mix(index + 0x9e3779b9));
  const state = [0, 0, 0, 0].map(() => {
    hash = mix(hash + 0x9e3779b9);
    return hash;
  });
  const generator = xoroshiro128plusFromState(state);
  const uniform = () => (generator.next() >>> 0) / 2 ** 32;

  function normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * uniform());
  }

  return {
    uniform,
    chance: (p) => uniform() < p,
    between: (low, high) => low + (high - low) * uniform(),
    integer: (low, high) => low + Math.floor((high - low + 1) * uniform()),
    normal,
    skewed: (median, sigma) => median * Math.exp(normal(0, sigma)),
    exponential: (mean) => -mean * Math.log(1 - uniform()),
    pick: (choices) => choices[Math.floor(uniform() * choices.length)] ?? choices[0],
    weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
      const keys = Object.keys(weights) as K[];
      let left = uniform() * keys.reduce((sum, key) => sum + weights[key], 0);
      for (const key of keys) {
        left -= weights[key];
        if (left < 0) return key;
      }
      return keys[0] as K;
    },
  };
}

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
