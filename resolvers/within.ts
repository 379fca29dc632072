import { WaymarkError } from "../errors.js";

/** @throws WaymarkError BAD_USER_INPUT for a number, given as `{ minGroup }`, that isn't within the bounds */
export function within(
  field: string,
  argument: Readonly<Record<string, number>>,
  least: number,
  most: number,
): void {
  for (const [name, value] of Object.entries(argument))
    if (!(value >= least && value <= most))
      throw new WaymarkError("BAD_USER_INPUT", `${field}(${name}: ${value}): expected ${least} to ${most}.`);
}

/** @throws WaymarkError BAD_USER_INPUT for a period that ends before it begins, or on its first day */
export function inOrder(field: string, from: string | null | undefined, to: string | null | undefined): void {
  if (from && to && from >= to)
    throw new WaymarkError("BAD_USER_INPUT", `${field}: from ${from} must be before to ${to}.`);
}
