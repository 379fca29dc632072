import { directions } from "../../journey/conditions.js";
import { healthMetric, trendMetrics } from "../../journey/trends.js";
import {
  addDays,
  cast,
  daysBetween,
  eachDay,
  safeDivide,
  toTenDecimals,
  weekNumber,
  weekOf,
} from "../../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql, text } from "../../warehouse/sql.js";
import { accountPeriodLevels } from "../accounts/account_period_levels.js";
import { factAsNumber } from "../daily/account_facts.js";
import { accountKey, defineModel, ref } from "../model.js";

const minWeeks = 8;
/** The square of 2. Floats are added in no fixed order: a slope of just twice its error must not fall below it by the last digit. */
const nearlyFour = number(4 * (1 - 1e-9));
/** From the Sunday of a week back to that of the first week that its figures look at. */
const windowDays = 30 * 7;

/** What is known of a metric on the way. Ids begin with a letter, so a column of a part is no other metric's. */
const parts = [
  "value",
  "n",
  "level",
  "var_y",
  "var_x",
  "covar",
  "previous",
  "before",
  "mean",
  "var_before",
] as const;
type Part = (typeof parts)[number];
const partOf = (part: Part, metric: string): string => `_${part}_${metric}`;

export const accountTrends = defineModel({
  name: "account_trends",
  description:
    "One row per account, complete week and metric. A metric's value is the fact on the week's Sunday, so a 7-day fact is the week's own. The running week never counts, nor does a week in which the account began.",
  grain: ["account_id", "week", "metric"],
  columns: {
    account_id: accountKey,
    week: { type: "date", notNull: true, description: "The Monday that names the week." },
    metric: { type: "string", notNull: true, description: "A fact's name, or health_score." },
    value: { type: "number", description: "The metric that week; null = not measured." },
    previous: { type: "number", description: "The week before; null without one." },
    change: {
      type: "number",
      unit: "share",
      description: "value / previous − 1; null when previous is 0 or missing.",
    },
    mean_30w: {
      type: "number",
      description: "Mean of the 30 weeks before this one; null with fewer than 8.",
    },
    stddev_30w: {
      type: "number",
      min: 0,
      description: "Their sample standard deviation; null with fewer than 8.",
    },
    z: {
      type: "number",
      unit: "standard deviations",
      description:
        "(value − mean_30w) / stddev_30w, to ten decimals; null where the weeks before did not vary.",
    },
    slope_30w: {
      type: "number",
      unit: "per week",
      description:
        "Least-squares slope over the 30 weeks ending here, to ten decimals; null with fewer than 8.",
    },
    direction: {
      type: "string",
      oneOf: directions,
      description:
        "rising or falling where the slope is at least twice its standard error, else steady; null without a slope.",
    },
  },
  touched: (row, fromDay) => sql`${row}.week >= ${addDays(fromDay, -6)}`,
  sortBy: ["week"],
  isCostly: true,
  query: ({ journey }) => {
    const metrics = trendMetrics(journey);
    // Weeks without facts stand between the others, so that so many rows are so many weeks: ranges of numbers cost more.
    const ending = sql`partition by account_id order by week rows between 29 preceding and current row`;
    const part = (p: Part, m: string, value: Sql): Sql => sql`${value} as ${name(partOf(p, m))}`;
    const ofThirtyWeeks = (m: string): Sql[] => {
      const y = name(partOf("value", m));
      const x = cast(sql`case when ${y} is not null then week_number end`, "number");
      return [
        y,
        part("n", m, sql`count(${y}) over (${ending})`),
        part("level", m, sql`avg(${y}) over (${ending})`),
        part("var_y", m, sql`var_pop(${y}) over (${ending})`),
        part("var_x", m, sql`var_pop(${x}) over (${ending})`),
        part("covar", m, sql`covar_pop(${y}, ${x}) over (${ending})`),
      ];
    };
    // The thirty weeks before a week are those that end with the one before it: joined, as so many windows cost more.
    const ofWeekBefore = (m: string): Sql[] => {
      const lastWeeks = (p: Part): Sql => sql`b.${name(partOf(p, m))}`;
      return [
        part("previous", m, lastWeeks("value")),
        part("before", m, lastWeeks("n")),
        part("mean", m, lastWeeks("level")),
        part("var_before", m, lastWeeks("var_y")),
      ];
    };
    const pick = (part: Part): Sql =>
      sql`case m.metric ${join(
        metrics.map((m) => sql`when ${text(m)} then w.${name(partOf(part, m))}`),
        " ",
      )} end`;
    // Rounding can leave a trace of spread in what never moved; a spread below this share of the level is none.
    const isFlat = (spread: Sql, level: Sql): Sql => sql`${spread} <= ${number(1e-9)} * (1 + abs(${level}))`;
    return sql`
with measured as (
  select
    l.account_id as account_id,
    ${weekOf(sql`l.day`)} as week,
    ${join(
      metrics.map(
        (m) => sql`${factAsNumber(sql`l`, m === healthMetric ? "score" : m)} as ${name(partOf("value", m))}`,
      ),
      ",\n    ",
    )}
  from ${ref(accountPeriodLevels, windowDays)} as l
  where ${daysBetween(weekOf(sql`l.day`), sql`l.day`)} = 6 and l.account_age_days >= 6
),
every_week as (
  select account_id, day as week
  from (select account_id, min(week) as first_week, max(week) as last_week from measured group by account_id) as spans
  cross join ${eachDay(sql`first_week`, sql`last_week`, 7)}
),
weeks as (
  select
    e.account_id as account_id,
    e.week as week,
    ${weekNumber(sql`e.week`)} as week_number,
    m.week is not null as has_facts,
    ${join(
      metrics.map((m) => sql`m.${name(partOf("value", m))} as ${name(partOf("value", m))}`),
      ",\n    ",
    )}
  from every_week as e
  left join measured as m on m.account_id = e.account_id and m.week = e.week
),
windowed as (
  select
    account_id,
    week,
    has_facts,
    ${join(metrics.flatMap(ofThirtyWeeks), ",\n    ")}
  from weeks
),
with_before as (
  select
    w.*,
    ${join(metrics.flatMap(ofWeekBefore), ",\n    ")}
  from windowed as w
  left join windowed as b on b.account_id = w.account_id and b.week = ${addDays(sql`w.week`, -7)}
),
metrics as (
  ${join(
    metrics.map((m) => sql`select ${text(m)} as metric`),
    " union all ",
  )}
),
long as (
  select
    w.account_id as account_id,
    w.week as week,
    m.metric as metric,
    ${join(
      parts.map((part) => sql`${pick(part)} as ${name(part)}`),
      ",\n    ",
    )}
  from with_before as w
  cross join metrics as m
  where w.has_facts
),
fitted as (
  select
    account_id,
    week,
    metric,
    value,
    previous,
    case when before >= ${integer(minWeeks)} then mean end as mean_30w,
    case when before >= ${integer(minWeeks)} then case when ${isFlat(sql`sqrt(var_before)`, sql`mean`)} then 0e0 else sqrt(var_before * before / (before - 1)) end end as stddev_30w,
    n,
    level,
    var_y,
    var_x,
    covar,
    case when n >= ${integer(minWeeks)} then case when ${isFlat(sql`sqrt(var_y)`, sql`level`)} or abs(covar) <= ${number(1e-12)} * (1 + abs(level)) then 0e0 else ${safeDivide(sql`covar`, sql`var_x`)} end end as slope_30w
  from long
)
select
  account_id,
  week,
  metric,
  value,
  previous,
  ${safeDivide(sql`(value - previous)`, sql`previous`)} as change,
  mean_30w,
  stddev_30w,
  ${toTenDecimals(safeDivide(sql`(value - mean_30w)`, sql`stddev_30w`))} as z,
  ${toTenDecimals(sql`f.slope_30w`)} as slope_30w,
  case
    when f.slope_30w is null then null
    when f.slope_30w * f.slope_30w * var_x * (n - 2) < ${nearlyFour} * (var_y - f.slope_30w * covar) or f.slope_30w = 0e0 then 'steady'
    when f.slope_30w > 0e0 then 'rising'
    else 'falling'
  end as direction
from fitted as f`;
  },
});
