import { Temporal } from "temporal-polyfill";

/** A civil date (UTC) as days since 1970-01-01, so that a life is walked by adding one. */
export type Day = number;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** @throws RangeError where `date` is no civil date "YYYY-MM-DD" */
export function dayOf(date: string): Day {
  const { year, month, day } = Temporal.PlainDate.from(date, { overflow: "reject" });
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

export function dateOf(day: Day): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The same day of the month `months` later, or the month's last: 31 January + 1 = 28 or 29 February. */
export function addMonths(day: Day, months: number): Day {
  return dayOf(Temporal.PlainDate.from(dateOf(day)).add({ months }).toString());
}

/** 0 = Monday … 6 = Sunday; 1970-01-01 was a Thursday. */
export const weekdayOf = (day: Day): number => (day + 3) % 7;

export const isWeekend = (day: Day): boolean => weekdayOf(day) >= 5;

/**
 * When the product's own database brings an account or a person that appears on `day`: at its beginning, so
 * that no extract holds their events without them.
 */
export const sameDay = (day: Day): Date => new Date(day * DAY_MS + 300_000);

/** When the nightly load brings what was learnt on `day`: 05:00 UTC of the day after. */
export const nextMorning = (day: Day): Date => new Date((day + 1) * DAY_MS + 5 * HOUR_MS);
