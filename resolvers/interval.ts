import { Temporal } from "temporal-polyfill";
import { WaymarkError } from "../errors.js";
import type { Snapshot } from "../jobs/ledger.js";

const defaultDays = 90;

/** Days [from, to) as ISO text. */
export interface Interval {
  readonly from: string;
  readonly to: string;
}

/**
 * The days that a caller asks for; by default the last 90 before `to`, and `to` the day after the data's last.
 * @param field who says so where they can't be meant
 * @throws WaymarkError BAD_USER_INPUT where `from` isn't before `to`
 */
export function intervalOf(
  field: string,
  from: string | null | undefined,
  to: string | null | undefined,
  { dataThrough }: Snapshot,
): Interval {
  const end = to ?? Temporal.PlainDate.from(dataThrough).add({ days: 1 }).toString();
  const begin = from ?? Temporal.PlainDate.from(end).subtract({ days: defaultDays }).toString();
  if (begin >= end)
    throw new WaymarkError("BAD_USER_INPUT", `${field}: from ${begin} must be before to ${end}.`);
  return { from: begin, to: end };
}
