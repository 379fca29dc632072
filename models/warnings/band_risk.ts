import { bands } from "../../journey/bands.js";
import { addDays, eachDay, periodOf, safeDivide } from "../../warehouse/dialect.js";
import { integer, join, number, sql, text } from "../../warehouse/sql.js";
import { accountFacts } from "../daily/account_facts.js";
import { timeline } from "../daily/timeline.js";
import { accountHealth } from "../health/account_health.js";
import { defineModel, ref } from "../model.js";

/** How far ahead a band's churn is counted. */
const aheadDays = 90;
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
  select day, ${addDays(sql`day`, aheadDays)} as day_later
  from ${ref(timeline)}
  cross join ${eachDay(sql`data_from`, addDays(sql`data_through`, -aheadDays))}
  where ${periodOf(addDays(sql`day`, 1), "month")} = ${addDays(sql`day`, 1)}
),
scored as (
  select account_id, day, band
  from ${ref(accountHealth)} as h
  where day in (select day from month_ends)
),
customers as (
  select account_id, day
  from ${ref(accountFacts)} as f
  where is_customer and day in (select day from month_ends)
),
kept as (
  select account_id, ${addDays(sql`day`, -aheadDays)} as day, is_customer
  from ${ref(accountFacts)} as f
  where day in (select day_later from month_ends)
),
landmarks as (
  select s.band as band, coalesce(k.is_customer, false) as is_kept
  from scored as s
  inner join customers as c on c.account_id = s.account_id and c.day = s.day
  left join kept as k on k.account_id = s.account_id and k.day = s.day
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
