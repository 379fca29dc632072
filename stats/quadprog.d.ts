/** It brings no types of its own. As in its Fortran, arrays begin at 1. */
declare module "quadprog" {
  /** The x of least ½ x′Dx − d′x for which A′x ≥ b; `message` says why there is none, else "". D and d are overwritten. */
  export function solveQP(
    D: number[][],
    d: number[],
    A: number[][],
    b: number[],
  ): { readonly solution: readonly number[]; readonly message: string };
}
