import { LRUCache } from "lru-cache";
import { Temporal } from "temporal-polyfill";
import { WaymarkError } from "../errors.js";
import { Grain } from "../schema/health.js";
import type { Range } from "../schema/range.js";

/** Periods that are shown where nobody says how many. */
export const usualPeriods = 30;
/** Three years of days. */
const mostPeriods = 1100;

/** Days [from, to) and what is in them; undefined ends are open. */
export interface Days {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Days among them that aren't asked about: of the first period shown, before the range, behind those compared with. */
  readonly cut?: { readonly from: string; readonly to: string };
  /** The day that tells how things stood, of each period or of all the days. */
  readonly ends: readonly string[];
  /** Of weeks: the last days of months among the days that are none of these ends. */
  readonly monthEnds?: readonly string[];
}

/** Dashboards ask for the same days again and again, and to reckon them takes a third of a trend's statement. */
const known = new LRUCache<string, Days>({ max: 1000 });

/**
 * The days that a view is asked about. With a grain only whole periods, unless `running`: on a Wednesday the last 2
 * weeks are the two that ended with the Sunday before. Without a range the last 30 periods, or all days.
 * @param before so many periods more, to compare with
 * @throws WaymarkError BAD_USER_INPUT for days that can't be meant
 */
export function daysOf(
  field: string,
  range: Range | null | undefined,
  grain: Grain | undefined,
  dataThrough: string,
  before = 0,
): Days {
  const asked = JSON.stringify([range, grain, dataThrough, before]);
  const days = known.get(asked) ?? reckon(field, range, grain, dataThrough, before);
  known.set(asked, days);
  return days;
}

/** Whether a week or a month ends with the day, as all longer periods do. */
export const endsPeriod = (text: string): boolean => {
  const next = new Date(Date.parse(text) + 86_400_000); // it is asked of every day of a range
  return next.getUTCDay() === 1 || next.getUTCDate() === 1;
};

/** First day of the first period that is shown, where some are only compared with. */
export const firstShown = (days: Days, grain: Grain, before: number): string =>
  floor(day(days.from as string), grain)
    .add(lengths(grain, before))
    .toString();

function reckon(
  field: string,
  range: Range | null | undefined,
  grain: Grain | undefined,
  dataThrough: string,
  before: number,
): Days {
  const end = day(dataThrough).add({ days: 1 });
  if (!range && !grain) return { from: undefined, to: undefined, ends: [dataThrough] };
  const isWhole = !range?.running;
  const given = meant(field, range, end, isWhole);
  const told = (of: Temporal.PlainDate): string => {
    if (of.year >= 1) return of.toString();
    throw new WaymarkError("BAD_USER_INPUT", `${field}: the range reaches back before the year 1.`);
  };
  if (!grain)
    return {
      from: given.from && told(given.from),
      to: told(given.to),
      ends: [told(given.to.subtract({ days: 1 }))],
    };

  const to = isWhole ? floor(given.to, grain) : given.to;
  const first =
    given.from ?? floor(to.subtract({ days: 1 }), grain).subtract(lengths(grain, usualPeriods - 1));
  const start = isWhole ? ceiling(first, grain) : first;
  const shown: Temporal.PlainDate[] = [];
  for (
    let p = floor(start, grain);
    isBefore(p, to) && shown.length <= mostPeriods;
    p = p.add(lengths(grain, 1))
  )
    shown.push(p);
  if (shown.length > mostPeriods)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `${field}: the range holds more than ${mostPeriods} periods of a ${grain}. Ask for fewer days, or for longer periods.`,
    );
  const begun = floor(start, grain);
  const earlier = Array.from({ length: before }, (_, i) => begun.subtract(lengths(grain, before - i)));
  const begins = [...earlier, ...shown];
  const from = earlier[0] ?? start;
  const ends = begins.map((_, i) => told((begins[i + 1] ?? to).subtract({ days: 1 })));
  return {
    from: told(from),
    to: told(to),
    ...(before > 0 && isBefore(begun, start) ? { cut: { from: told(begun), to: told(start) } } : {}),
    ends,
    ...(grain === Grain.WEEK ? { monthEnds: monthEndsBetween(from, to, ends) } : {}),
  };
}

/** The last days of months within [from, to) that are none of these ends. */
function monthEndsBetween(
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
  ends: readonly string[],
): string[] {
  const found: string[] = [];
  for (let month = floor(from, Grain.MONTH); ; ) {
    month = month.add({ months: 1 });
    const last = month.subtract({ days: 1 });
    if (!isBefore(last, to)) return found;
    if (!ends.includes(last.toString())) found.push(last.toString());
  }
}

function meant(
  field: string,
  range: Range | null | undefined,
  end: Temporal.PlainDate,
  isWhole: boolean,
): { from: Temporal.PlainDate | undefined; to: Temporal.PlainDate } {
  const refuse = (why: string): WaymarkError => new WaymarkError("BAD_USER_INPUT", `${field}: range ${why}`);
  const { last, from, to } = range ?? {};
  if (!last) {
    const wanted = to ? day(to) : end;
    const until = isBefore(end, wanted) ? end : wanted;
    if (from && !isBefore(day(from), until))
      throw refuse(`from ${from} must be before to ${until}, and not after the last day of the data.`);
    return { from: from ? day(from) : undefined, to: until };
  }
  if (from || to) throw refuse("has both `last` and days; give one of them.");
  const told = Object.entries(last).filter(([, n]) => n !== null && n !== undefined);
  const [unit] = told;
  if (told.length !== 1 || !unit)
    throw refuse(`last: has ${told.length} kinds of periods, expected one, as in {last: {weeks: 30}}.`);
  const [word, n] = unit as [string, number];
  if (n < 1 || n > mostPeriods) throw refuse(`last: ${word} is ${n}, expected 1 to ${mostPeriods}.`);
  const of = word.slice(0, -1) as Grain;
  const whole = floor(end, of);
  const stop = isWhole ? whole : end;
  const begin = isWhole ? whole : floor(end.subtract({ days: 1 }), of).add(lengths(of, 1));
  return { from: begin.subtract(lengths(of, n)), to: stop };
}

const day = (text: string): Temporal.PlainDate => Temporal.PlainDate.from(text);
const isBefore = (a: Temporal.PlainDate, b: Temporal.PlainDate): boolean =>
  Temporal.PlainDate.compare(a, b) < 0;

const lengths = (grain: Grain, n: number): Temporal.DurationLike =>
  grain === Grain.QUARTER ? { months: 3 * n } : { [`${grain}s`]: n };

/** First day of the period that holds the day. */
function floor(of: Temporal.PlainDate, grain: Grain): Temporal.PlainDate {
  if (grain === Grain.DAY) return of;
  if (grain === Grain.WEEK) return of.subtract({ days: of.dayOfWeek - 1 });
  if (grain === Grain.MONTH) return of.with({ day: 1 });
  return grain === Grain.YEAR
    ? of.with({ day: 1, month: 1 })
    : of.with({ day: 1, month: of.month - ((of.month - 1) % 3) });
}

/** The day itself where a period begins with it, else the first of the next. */
function ceiling(of: Temporal.PlainDate, grain: Grain): Temporal.PlainDate {
  const begun = floor(of, grain);
  return begun.equals(of) ? of : begun.add(lengths(grain, 1));
}
