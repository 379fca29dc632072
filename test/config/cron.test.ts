import fc from "fast-check";
import { expect, it } from "vitest";
import { isCron, lastDue, nextDue } from "../../config/cron.js";

it("the last time includes now, the next does not", () => {
  const night = new Date("2026-03-29T03:15:00Z");
  expect(lastDue("15 3 * * *", night)).toEqual(night);
  expect(nextDue("15 3 * * *", night)).toEqual(new Date("2026-03-30T03:15:00Z"));
  const before = new Date(night.getTime() - 1);
  expect(lastDue("15 3 * * *", before)).toEqual(new Date("2026-03-28T03:15:00Z"));
  expect(nextDue("15 3 * * *", before)).toEqual(night);
});

it("every instant lies between its last and its next time, and no time is between the two", () => {
  const cron = fc.constantFrom("15 3 * * *", "*/7 * * * *", "0 0 29 2 *", "30 1 * * MON-FRI", "0 5 L * *");
  const instant = fc.date({ min: new Date("2020-01-01"), max: new Date("2035-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(cron, instant, (at, now) => {
      const [last, next] = [lastDue(at, now), nextDue(at, now)];
      expect(last <= now && now < next).toBe(true);
      expect(nextDue(at, last)).toEqual(next);
      expect(lastDue(at, new Date(next.getTime() - 1))).toEqual(last);
    }),
    { numRuns: 100 },
  );
});

it("a cron time has five fields and comes some day", () => {
  expect(["15 3 * * *", "0 0 29 2 *", " */5  * * * * "].map(isCron)).toEqual([true, true, true]);
  expect(["", "* * * *", "* * * * * *", "61 3 * * *", "0 0 30 2 *", "@daily"].some(isCron)).toBe(false);
});
