import { bands } from "../../journey/bands.js";
import { addDays, periodOf, safeDivide } from "../../warehouse/dialect.js";
import { integer, join, number, sql, text } from "../../warehouse/sql.js";
import { accountPeriodLevels } from "../accounts/account_period_levels.js";
import { coverageDaily } from "../daily/coverage_daily.js";
import { timeline } from "../daily/timeline.js";
import { defineModel, ref, spansOf } from "../model.js";

/** How far ahead a band's churn is counted. */
const aheadDays = 90;
/** Of the row's day. */
const next = addDays(sql`e.day`, 1);
/** Few accounts say little: each band's rate is drawn to that of all as if by so many more. */
const drawnBy = 10;

export const bandRisk = defineModel({
  name: "band_risk",
  description: `One row per health band: how many of the customers that stood in it at a month's end were gone ${aheadDays} days later, over all months that lie so far back. A lapse that returned within the time is no churn.`,
  grain: ["band"],
  maxAgeHours: null, // it learns from days long past
  columns: {
    band: { type: "string", notNull: true, oneOf: bands, description: "The health band." },
    accounts: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "accounts",
      description: "Customers that stood in it, counted at every month's end.",
    },
    churned: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "accounts",
      description: `Those no paid contract covered ${aheadDays} days later.`,
    },
    churn_risk_90d: {
      type: "number",
      min: 0,
      max: 1,
      unit: "share",
      description: `churned / accounts, drawn to the share of all bands as if by ${drawnBy} more accounts; null without any month that lies far enough back.`,
    },
  },
  query: () => sql`
with month_ends as (
  select e.account_id as account_id, e.band as band, ${addDays(sql`e.day`, aheadDays)} as day_later
  from ${ref(accountPeriodLevels)} as e
  inner join ${ref(timeline)} as t on e.day <= ${addDays(sql`t.data_through`, -aheadDays)}
  where e.is_customer and ${periodOf(next, "month")} = ${next}
),
landmarks as (
  select m.band as band, coalesce(c.paid_contracts > 0, false) as is_kept
  from month_ends as m
  left join ${spansOf(ref(coverageDaily))} as c on c.account_id = m.account_id and c.day <= m.day_later and c._next_day > m.day_later
),
counted as (
  select band, count(*) as accounts, sum(case when is_kept then 0 else 1 end) as churned
  from landmarks
  group by band
),
overall as (
  select ${safeDivide(sql`sum(churned)`, sql`sum(accounts)`)} as share
  from counted
),
bands as (
  ${join(
    bands.map((band) => sql`select ${text(band)} as band`),
    " union all ",
  )}
)
select
  b.band as band,
  coalesce(c.accounts, 0) as accounts,
  coalesce(c.churned, 0) as churned,
  (coalesce(c.churned, 0) + ${number(drawnBy)} * o.share) / (coalesce(c.accounts, 0) + ${integer(drawnBy)}) as churn_risk_90d
from bands as b
cross join overall as o
left join counted as c on c.band = b.band`,
});
