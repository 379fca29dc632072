import { addDays, countIf, never, orNever } from "../../warehouse/dialect.js";
import { type Sql, sql } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";
import { stgContracts } from "../staging/stg_contracts.js";

export const coverageDaily = defineModel({
  name: "coverage_daily",
  description:
    "One row per account and day on which its contracts begin, end or pass a renewal; it holds until the next. Overlapping contracts are summed.",
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
    next_renewal_on: {
      type: "date",
      description: "Nearest day of a renewal decision on a covering paid contract; null = none ahead.",
    },
    last_paid_on: {
      type: "date",
      description: "Last day before this one that a paid contract covered; null = none.",
    },
    last_covered_on: {
      type: "date",
      description: "Last day before this one that a contract or trial covered; null = none.",
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
  where is_usable and (ends_on is null or ends_on > starts_on)
),
changes as (
  select account_id, starts_on as day from terms
  union distinct
  select account_id, ends_on as day from terms where ends_on is not null
  union distinct
  select account_id, ${addDays(sql`renews_on`, 1)} as day from terms where renews_on < ${never}
),
covered as (
  select
    c.account_id as account_id,
    c.day as day,
    ${countIf(sql`not t.is_trial`)} as paid_contracts,
    ${countIf(sql`t.is_trial`)} as trials,
    sum(case when t.is_trial then null else t.seats end) as seats,
    sum(case when t.is_trial then null else t.mrr end) as mrr,
    min(case when not t.is_trial and t.renews_on >= c.day then t.renews_on end) as next_renewal_on
  from changes as c
  left join terms as t on t.account_id = c.account_id and t.starts_on <= c.day and c.day < ${orNever(sql`t.ends_on`)}
  group by c.account_id, c.day
),
followed as (
  select
    account_id,
    day,
    paid_contracts,
    trials,
    seats,
    mrr,
    next_renewal_on,
    lag(paid_contracts) over (partition by account_id order by day) as paid_before,
    lag(trials) over (partition by account_id order by day) as trials_before
  from covered
)
select
  account_id,
  day,
  paid_contracts,
  trials,
  seats,
  mrr,
  next_renewal_on,
  ${lastDayWhere(sql`paid_before > 0`)} as last_paid_on,
  ${lastDayWhere(sql`paid_before > 0 or trials_before > 0`)} as last_covered_on
from followed`,
});

/** The day before the last row so far before which something held. */
const lastDayWhere = (held: Sql): Sql =>
  sql`max(case when ${held} then ${addDays(sql`day`, -1)} end) over (partition by account_id order by day rows between unbounded preceding and current row)`;
