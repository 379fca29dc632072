import { z } from "zod";

/** What differs by less counts as the same; decimals such as money are kept to nine places. */
export const leastStep = 1e-9;

/**
 * A number that people wrote: 0, or from a billionth to 2^53 either way. Beyond that engines round, overflow or refuse
 * what the file still says exactly.
 */
export const figure = z
  .number()
  .min(-Number.MAX_SAFE_INTEGER)
  .max(Number.MAX_SAFE_INTEGER)
  .refine(
    (x) => x === 0 || Math.abs(x) >= leastStep,
    `expected 0, or at least ${leastStep.toFixed(9)} either way`,
  );

/** So many days at least, a hundred years at most: no date that follows leaves the calendar, which ends with 9999. */
export const days = (atLeast: number) => z.int().min(atLeast).max(36_500);
