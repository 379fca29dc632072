/**
 * Each p-value's q: the least share of false discoveries at which it would be one. Among all that are reported at
 * q <= 0.05, 5 % are expected to be false. Those that are null take no part and stay null. Y. Benjamini and
 * Y. Hochberg, *Journal of the Royal Statistical Society B* 57 (1995), 289–300.
 */
export function benjaminiHochberg(ps: readonly (number | null)[]): (number | null)[] {
  const ranked = ps.flatMap((p, i) => (p === null ? [] : [{ p, i }])).sort((a, b) => b.p - a.p);
  const qs = ps.map((): number | null => null);
  let least = 1;
  ranked.forEach(({ p, i }, above) => {
    least = Math.min(least, (p * ranked.length) / (ranked.length - above));
    qs[i] = least;
  });
  return qs;
}
