import { describe, expect, it } from "vitest";
import { accountTrends } from "../../models/trends/account_trends.js";
import { sql, text } from "../../warehouse/sql.js";
import { companyOf } from "./built.js";
import { addDays, daysOf } from "./days.js";

const journey = `
stages: [{ id: all, name: All }]
health: { indicators: [{ id: use, name: Use, dimension: engagement, fact: events_7d, scale: [[0, 0], [20, 100]] }] }
trends: [events_7d, days_since_last_event]
`;
let number = 0;
const event = (day: string, quantity: number, account_id = "a") => ({
  event_id: `e${++number}`,
  account_id,
  quantity,
  occurred_at: `${day}T12:00:00Z`,
});
/** A Monday. */
const start = "2023-01-02";
const weekAt = (i: number): string => addDays(start, 7 * i);

/** Trends of one account whose events_7d are given week by week; null = no facts that week. */
async function trendsOf(
  values: readonly (number | null)[],
  metric = "events_7d",
  account = { created_on: start },
) {
  const until = addDays(weekAt(values.length), -1);
  const present = values.flatMap((value, i) => (value === null ? [] : [i]));
  // Contracts make the pauses: facts stop 90 days after the last covered day.
  const runs = present
    .filter((i) => !present.includes(i - 1))
    .map((first) => ({ first, last: present.find((i) => i >= first && !present.includes(i + 1)) as number }));
  const contracts = runs.map(({ first, last }) => ({
    contract_id: `c${first}`,
    account_id: "a",
    starts_on: weekAt(first),
    ends_on: last === values.length - 1 ? null : addDays(weekAt(last + 1), -90),
  }));
  const built = await companyOf(
    {
      accounts: [{ account_id: "a", ...account }],
      contracts,
      usage_events: [
        ...values.flatMap((value, i) => (value ? [event(addDays(weekAt(i), i % 7), value)] : [])),
        event("2000-01-01", 1),
      ],
    },
    { through: until, journey },
  );
  return built.read(accountTrends, sql`metric = ${text(metric)}`);
}

/** What a textbook says of the weeks up to and with week i. */
function textbook(values: readonly (number | null)[], i: number) {
  const known = (from: number, to: number): [number, number][] =>
    values.flatMap((value, week): [number, number][] =>
      value !== null && week >= from && week <= to ? [[week, value]] : [],
    );
  const mean = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
  const before = known(i - 30, i - 1).map(([, y]) => y);
  const value = values[i] as number;
  const previous = values[i - 1] ?? null;
  const level = before.length >= 8 ? mean(before) : null;
  const stddev =
    level === null
      ? null
      : Math.sqrt(before.reduce((sum, y) => sum + (y - level) ** 2, 0) / (before.length - 1));
  const points = known(i - 29, i);
  let [slope, direction]: [number | null, string | null] = [null, null];
  if (points.length >= 8) {
    const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
    const sxx = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
    slope = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / sxx;
    const b = slope;
    const residuals = points.reduce((sum, [x, y]) => sum + (y - my - b * (x - mx)) ** 2, 0);
    const t = slope / Math.sqrt(residuals / (points.length - 2) / sxx);
    direction = slope === 0 || Math.abs(t) < 2 ? "steady" : t > 0 ? "rising" : "falling";
  }
  return {
    value,
    previous,
    change: previous === null || previous === 0 ? null : value / previous - 1,
    mean_30w: level,
    stddev_30w: stddev,
    z: level === null || !stddev ? null : (value - level) / stddev,
    slope_30w: slope,
    direction,
  };
}

function expectClose(
  actual: Record<string, unknown>,
  expected: Record<string, unknown>,
  place: string,
): void {
  for (const [key, value] of Object.entries(expected)) {
    if (typeof value === "number") expect(actual[key], `${place} ${key}`).toBeCloseTo(value, 8);
    else expect(actual[key], `${place} ${key}`).toBe(value);
  }
}

describe("trends", () => {
  const series: Record<string, (number | null)[]> = {
    "a season with a slow rise": Array.from({ length: 45 }, (_, i) => 5 + ((i * 13) % 7) + Math.floor(i / 9)),
    "a rise, a level and a fall": Array.from({ length: 45 }, (_, i) => (i < 15 ? i : i < 30 ? 15 : 45 - i)),
    "a pause of fifteen weeks": Array.from({ length: 45 }, (_, i) =>
      i >= 20 && i < 35 ? null : (i * 5) % 11,
    ),
    "zeros, then something": Array.from({ length: 20 }, (_, i) => (i < 12 ? 0 : i)),
  };
  it.each(Object.entries(series))(
    "slope, z and direction equal a textbook computation: %s",
    async (_, values) => {
      const rows = await trendsOf(values);
      const present = values.flatMap((value, i) => (value === null ? [] : [i]));
      expect(rows.map((row) => row.week)).toEqual(present.map(weekAt));
      for (const [at, i] of present.entries()) expectClose(rows[at] as never, textbook(values, i), weekAt(i));
    },
  );

  it("what never moved has no spread: z is null, the slope 0 and the direction steady", async () => {
    const rows = await trendsOf(Array.from({ length: 12 }, () => 7));
    expect(rows.at(-1)).toMatchObject({
      value: 7,
      previous: 7,
      change: 0,
      mean_30w: 7,
      stddev_30w: 0,
      z: null,
      slope_30w: 0,
      direction: "steady",
    });
  });

  it("a straight line is no accident: it rises or falls", async () => {
    const rising = await trendsOf(Array.from({ length: 10 }, (_, i) => 3 * i));
    expect(rising.at(-1)?.slope_30w).toBeCloseTo(3, 9);
    expect(rising.map((row) => row.direction)).toEqual([
      ...Array(7).fill(null),
      "rising",
      "rising",
      "rising",
    ]);
    const falling = await trendsOf(Array.from({ length: 10 }, (_, i) => 30 - 3 * i));
    expect(falling.at(-1)?.direction).toBe("falling");
  });

  it("fewer than eight weeks tell neither mean nor slope", async () => {
    const rows = await trendsOf([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(rows.map((row) => row.mean_30w)).toEqual([...Array(8).fill(null), 4.5]);
    expect(rows.map((row) => row.slope_30w === null)).toEqual([...Array(7).fill(true), false, false]);
  });

  it("the change from 0 is null", async () => {
    const rows = await trendsOf([0, 4, 6, 0]);
    expect(rows.map((row) => row.change)).toEqual([null, null, 0.5, -1]);
  });

  it("a metric that was not measured leaves its weeks out, not the others'", async () => {
    const values = Array.from({ length: 12 }, (_, i) => (i < 3 ? 0 : 5));
    const rows = await trendsOf(values, "days_since_last_event");
    expect(rows.map((row) => row.value)).toEqual([
      null,
      null,
      null,
      ...Array.from({ length: 9 }, (_, i) => 6 - ((i + 3) % 7)),
    ]);
    expect(rows.map((row) => row.slope_30w === null)).toEqual([...Array(10).fill(true), false, false]);
  });

  it("the health score has a trend too", async () => {
    const rows = await trendsOf([0, 10, 20, 30], "health_score");
    expect(rows.map((row) => row.value)).toEqual([0, 50, 100, 100]);
  });

  const weeksThrough = async (through: string, created_on = start): Promise<string[]> => {
    const built = await companyOf(
      { accounts: [{ account_id: "a", created_on }], usage_events: [event(start, 1)] },
      { through, journey },
    );
    return (await built.read(accountTrends, sql`metric = 'events_7d'`)).map((row) => row.week);
  };

  it("the running week is not in trends", async () => {
    for (const day of daysOf(weekAt(2), addDays(weekAt(3), -2)))
      expect(await weeksThrough(day)).toEqual([weekAt(0), weekAt(1)]);
    expect(await weeksThrough(addDays(weekAt(3), -1))).toEqual([weekAt(0), weekAt(1), weekAt(2)]);
  });

  it("nor is the week in which the account began, unless it began on the Monday", async () => {
    expect(await weeksThrough(addDays(weekAt(2), -1), start)).toEqual([weekAt(0), weekAt(1)]);
    expect(await weeksThrough(addDays(weekAt(2), -1), addDays(start, 1))).toEqual([weekAt(1)]);
  });

  it("tells a z that a condition just meets as that number, in whatever order floats were added", async () => {
    // Mean 10, standard deviation 2.
    const weeks = [...Array(13).fill(12), ...Array(13).fill(8), 11, 11, 11, 7];
    const seen = new Set<number | null>();
    for (let turn = 0; turn < 30; turn += 3) {
      const turned = [...weeks.slice(turn), ...weeks.slice(0, turn)];
      const rows = await trendsOf([...Array(turn % 7).fill(9), ...turned, 14]);
      seen.add(rows.find((row) => row.week === weekAt(30 + (turn % 7)))?.z ?? null);
    }
    expect([...seen]).toEqual([2]);
  });
});
