import { addDays, addDaysAtMost, greatest } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { accountKey, asked, dayKey, defineModel, ref } from "../model.js";
import { accounts } from "../staging/accounts.js";
import { stgOutcomes } from "../staging/stg_outcomes.js";
import { stgTouchpoints } from "../staging/stg_touchpoints.js";
import { stgUsers } from "../staging/stg_users.js";
import { count, levelsOfSteps, minusOne, minusOneIf, monthlyRows, one, oneIf } from "./steps.js";
import { userDays } from "./user_days.js";

const counts = {
  touchpoints: "integer",
  outcomes: "integer",
  executives_seen: "integer",
} as const;

const levels = {
  touchpoints_28d: "integer",
  outcomes_confirmed: "integer",
  outcomes_confirmed_365d: "integer",
  champions: "integer",
  champions_left: "integer",
  champions_left_28d: "integer",
  executives: "integer",
} as const;

const isChampion = sql`role = 'champion'`;
const isExecutive = sql`role = 'executive'`;

const asksFor = { accounts: ["created_on"] };

export const peopleDaily = defineModel({
  name: "people_daily",
  description: `One row per account and day on which someone was met, an outcome was confirmed, an executive was seen, or a champion or executive came or left. ${monthlyRows}`,
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    touchpoints: count("contacts", "Human contacts that day."),
    outcomes: count("outcomes", "Business results confirmed that day."),
    executives_seen: count("times", "Executives who used the product that day, and meetings with one."),
    touchpoints_28d: count(
      "contacts",
      "Human contacts in 28 days; like all that follow it holds until the next row.",
    ),
    outcomes_confirmed: count("outcomes", "Business results confirmed so far."),
    outcomes_confirmed_365d: count("outcomes", "Business results confirmed in 365 days."),
    champions: count("users", "Champions present."),
    champions_left: count("users", "Champions who have left so far."),
    champions_left_28d: count("users", "Champions who left in 28 days."),
    executives: count("users", "Executives present."),
    last_touchpoint_day: { type: "date", description: "Last day with a contact so far; null = none." },
    last_executive_day: {
      type: "date",
      description: "Last day on which an executive was seen; null = none.",
    },
  },
  byDay: true,
  asksFor,
  query: () => sql`
with people as (
  select
    u.account_id as account_id,
    u.user_id as user_id,
    u.role as role,
    ${greatest(sql`coalesce(u.joined_on, a.created_on)`, sql`a.created_on`)} as present_from,
    ${greatest(sql`u.left_on`, sql`coalesce(u.joined_on, a.created_on)`, sql`a.created_on`)} as present_to
  from ${ref(stgUsers)} as u
  inner join ${asked(accounts, asksFor.accounts)} as a on a.account_id = u.account_id
  where u.is_usable and u.role in ('champion', 'executive') and a.created_on is not null
),
executive_usage as (
  select d.account_id as account_id, d.day as day
  from ${ref(userDays, 0)} as d
  inner join people as p on p.user_id = d.user_id and p.account_id = d.account_id
  where p.role = 'executive'
),
executive_meetings as (
  select m.account_id as account_id, m.day as day
  from ${ref(stgTouchpoints, 0)} as m
  inner join people as p on p.user_id = m.user_id and p.account_id = m.account_id
  where m.is_usable and p.role = 'executive'
),
${levelsOfSteps(
  "people_daily",
  {
    counts,
    levels,
    lastDays: { last_touchpoint_day: "touchpoints", last_executive_day: "executives_seen" },
  },
  [
    {
      from: ref(stgTouchpoints, 0),
      day: sql`day`,
      where: sql`is_usable`,
      adds: { touchpoints: one, touchpoints_28d: one },
    },
    {
      from: ref(stgTouchpoints, 28),
      day: addDays(sql`day`, 28),
      where: sql`is_usable`,
      adds: { touchpoints_28d: minusOne },
    },
    {
      from: ref(stgOutcomes, 0),
      day: sql`day`,
      where: sql`is_usable`,
      adds: { outcomes: one, outcomes_confirmed: one, outcomes_confirmed_365d: one },
    },
    {
      from: ref(stgOutcomes, 365),
      day: addDays(sql`day`, 365),
      where: sql`is_usable`,
      adds: { outcomes_confirmed_365d: minusOne },
    },
    { from: sql`executive_usage`, day: sql`day`, adds: { executives_seen: one } },
    { from: sql`executive_meetings`, day: sql`day`, adds: { executives_seen: one } },
    {
      from: sql`people`,
      day: sql`present_from`,
      adds: { champions: oneIf(isChampion), executives: oneIf(isExecutive) },
    },
    {
      from: sql`people`,
      day: sql`present_to`,
      where: sql`present_to is not null`,
      adds: {
        champions: minusOneIf(isChampion),
        champions_left: oneIf(isChampion),
        champions_left_28d: oneIf(isChampion),
        executives: minusOneIf(isExecutive),
      },
    },
    {
      from: sql`people`,
      day: addDaysAtMost(sql`present_to`, 28),
      where: sql`present_to is not null`,
      adds: { champions_left_28d: minusOneIf(isChampion) },
    },
  ],
)}`,
});
