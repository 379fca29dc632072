import { addDays, daysBetween, eachDay, least } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";
import { stgContracts } from "../staging/stg_contracts.js";
import { timeline } from "./timeline.js";

export const coverageDaily = defineModel({
  name: "coverage_daily",
  description:
    "One row per account and day that a contract or trial covers; overlapping contracts are summed.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    paid_contracts: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "contracts",
      description: "Paid contracts that cover the day.",
    },
    trials: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "contracts",
      description: "Trials that cover the day.",
    },
    seats: {
      type: "integer",
      min: 0,
      unit: "seats",
      description: "Seats of the paid contracts; null without one.",
    },
    mrr: {
      type: "decimal",
      min: 0,
      unit: "money per month",
      description: "MRR of the paid contracts; null without one.",
    },
    days_to_renewal: {
      type: "integer",
      unit: "days",
      description: "Days to the nearest renewal, today or later, of the paid contracts; null without one.",
    },
  },
  byDay: true,
  query: () => sql`
with terms as (
  select
    account_id,
    starts_on,
    ends_on,
    coalesce(renews_on, ends_on) as renews_on,
    seats,
    mrr,
    coalesce(is_trial, false) as is_trial
  from ${ref(stgContracts)}
  where is_usable
),
covered as (
  select
    c.account_id as account_id,
    day,
    c.is_trial as is_trial,
    c.seats as seats,
    c.mrr as mrr,
    case when c.renews_on >= day then ${daysBetween(sql`day`, sql`c.renews_on`)} end as days_to_renewal
  from terms as c
  cross join ${ref(timeline)} as t
  cross join ${eachDay(sql`c.starts_on`, least(sql`t.data_through`, sql`coalesce(${addDays(sql`c.ends_on`, -1)}, t.data_through)`))}
)
select
  account_id,
  day,
  sum(case when is_trial then 0 else 1 end) as paid_contracts,
  sum(case when is_trial then 1 else 0 end) as trials,
  sum(case when is_trial then null else seats end) as seats,
  sum(case when is_trial then null else mrr end) as mrr,
  min(case when is_trial then null else days_to_renewal end) as days_to_renewal
from covered
group by account_id, day`,
});
