import cronParser from "cron-parser";

/**
 * Cron times: minute, hour, day, month, weekday. They are UTC, where every day has 24 hours: none is skipped or
 * doubled when clocks change.
 */

/** The last time that it was due, `now` included. */
export const lastDue = (cron: string, now: Date): Date =>
  // `prev` leaves out the instant that it is given.
  times(cron, new Date(now.getTime() + 1))
    .prev()
    .toDate();

/** The first time that it is due, `now` left out. */
export const nextDue = (cron: string, now: Date): Date => times(cron, now).next().toDate();

/** Whether it is one, and ever due: "0 0 30 2 *" is not. */
export function isCron(text: string): boolean {
  try {
    return text.trim().split(/\s+/).length === 5 && nextDue(text, new Date(0)) > new Date(0);
  } catch {
    return false;
  }
}

const times = (cron: string, from: Date) =>
  cronParser.parseExpression(cron, { currentDate: from, utc: true });
