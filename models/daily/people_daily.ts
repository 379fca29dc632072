import { greatest } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";
import { accounts } from "../staging/accounts.js";
import { stgOutcomes } from "../staging/stg_outcomes.js";
import { stgTouchpoints } from "../staging/stg_touchpoints.js";
import { stgUsers } from "../staging/stg_users.js";
import { minusOneIf, ofLevel, one, oneIf, sumOfSteps } from "./steps.js";
import { userDays } from "./user_days.js";

const measures = {
  touchpoints: "integer",
  outcomes_confirmed: "integer",
  executives_seen: "integer",
  champions_change: "integer",
  champions_left: "integer",
  executives_change: "integer",
} as const;

const isChampion = sql`role = 'champion'`;
const isExecutive = sql`role = 'executive'`;

export const peopleDaily = defineModel({
  name: "people_daily",
  description:
    "One row per account and day on which someone was met, an outcome was confirmed, an executive was seen, or a champion or executive came or left.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    touchpoints: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "contacts",
      description: "Human contacts that day.",
    },
    outcomes_confirmed: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "outcomes",
      description: "Business results confirmed that day.",
    },
    executives_seen: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "times",
      description: "Executives who used the product that day, and meetings with one.",
    },
    champions_change: {
      type: "integer",
      notNull: true,
      unit: "users",
      description: `Champions present. ${ofLevel}`,
    },
    champions_left: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "users",
      description: "Champions who left that day.",
    },
    executives_change: {
      type: "integer",
      notNull: true,
      unit: "users",
      description: `Executives present. ${ofLevel}`,
    },
  },
  byDay: true,
  query: () => sql`
with people as (
  select
    u.account_id as account_id,
    u.user_id as user_id,
    u.role as role,
    ${greatest(sql`coalesce(u.joined_on, a.created_on)`, sql`a.created_on`)} as present_from,
    ${greatest(sql`u.left_on`, sql`coalesce(u.joined_on, a.created_on)`, sql`a.created_on`)} as present_to
  from ${ref(stgUsers)} as u
  inner join ${ref(accounts)} as a on a.account_id = u.account_id
  where u.is_usable and u.role in ('champion', 'executive') and a.created_on is not null
),
executive_usage as (
  select d.account_id as account_id, d.day as day
  from ${ref(userDays)} as d
  inner join people as p on p.user_id = d.user_id and p.account_id = d.account_id
  where p.role = 'executive'
),
executive_meetings as (
  select m.account_id as account_id, m.day as day
  from ${ref(stgTouchpoints)} as m
  inner join people as p on p.user_id = m.user_id and p.account_id = m.account_id
  where m.is_usable and p.role = 'executive'
)
${sumOfSteps(measures, [
  { from: ref(stgTouchpoints), day: sql`day`, where: sql`is_usable`, adds: { touchpoints: one } },
  { from: ref(stgOutcomes), day: sql`day`, where: sql`is_usable`, adds: { outcomes_confirmed: one } },
  { from: sql`executive_usage`, day: sql`day`, adds: { executives_seen: one } },
  { from: sql`executive_meetings`, day: sql`day`, adds: { executives_seen: one } },
  {
    from: sql`people`,
    day: sql`present_from`,
    adds: { champions_change: oneIf(isChampion), executives_change: oneIf(isExecutive) },
  },
  {
    from: sql`people`,
    day: sql`present_to`,
    where: sql`present_to is not null`,
    adds: {
      champions_change: minusOneIf(isChampion),
      champions_left: oneIf(isChampion),
      executives_change: minusOneIf(isExecutive),
    },
  },
])}`,
});
