/**
 * Maximum-likelihood logistic regression by Newton's method, for designs of a dozen columns.
 * The first column should be 1; standard errors come from the information matrix at the maximum.
 */
export function fitLogistic(
  rows: readonly (readonly number[])[],
  outcomes: readonly number[],
): { coefficients: number[]; standardErrors: number[] } {
  const width = rows[0]?.length ?? 0;
  let coefficients = new Array<number>(width).fill(0);
  let inverse: number[][] = [];
  for (let step = 0; step < 25; step++) {
    const gradient = new Array<number>(width).fill(0);
    const information = Array.from({ length: width }, () => new Array<number>(width).fill(0));
    rows.forEach((row, n) => {
      const p = 1 / (1 + Math.exp(-dot(row, coefficients)));
      row.forEach((x, i) => {
        gradient[i] = at(gradient, i) + x * (at(outcomes, n) - p);
        const line = information[i] as number[];
        row.forEach((y, j) => {
          line[j] = at(line, j) + x * y * p * (1 - p);
        });
      });
    });
    inverse = invert(information);
    const move = inverse.map((line) => dot(line, gradient));
    coefficients = coefficients.map((value, i) => value + at(move, i));
    if (Math.max(...move.map(Math.abs)) < 1e-9) break;
  }
  return { coefficients, standardErrors: inverse.map((line, i) => Math.sqrt(at(line, i))) };
}

const at = (list: readonly number[], i: number): number => list[i] ?? Number.NaN;
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * at(b, i), 0);

/** Gauss–Jordan without pivoting, which a positive definite matrix does not need. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const work = matrix.map((line, i) => [...line, ...line.map((_, j) => Number(i === j))]);
  work.forEach((pivotLine, i) => {
    const pivot = at(pivotLine, i);
    for (let k = 0; k < pivotLine.length; k++) pivotLine[k] = at(pivotLine, k) / pivot;
    work.forEach((line, j) => {
      if (j === i) return;
      const factor = at(line, i);
      for (let k = 0; k < line.length; k++) line[k] = at(line, k) - factor * at(pivotLine, k);
    });
  });
  return work.map((line) => line.slice(matrix.length));
}
