import { listOf } from "../../journey/conditions.js";
import type { PlannedTouchpoint } from "../../journey/journey.js";
import { addDays, daysBetween, eachDay, greatest, orNever } from "../../warehouse/dialect.js";
import { join, relation, type Sql, sql, text } from "../../warehouse/sql.js";
import { timeline } from "../daily/timeline.js";
import { accountKey, defineModel, ref } from "../model.js";
import { stageStays } from "../stages/stage_stays.js";
import { accounts } from "../staging/accounts.js";
import { stgTouchpoints } from "../staging/stg_touchpoints.js";

export const touchpointStatuses = ["done", "due", "overdue", "missed"] as const;

/**
 * A contact counts for the due day that it is nearest to, so a late one doesn't stand for the next. One on the day
 * on which the stage was left counts as well: it may be what ended the stage.
 */
export const accountTouchpoints = defineModel({
  name: "account_touchpoints",
  description:
    "One row per account, planned touchpoint, stay in its stage and due day, with where it stands on the last day built. A plan that repeats has a row for every due day so far and the next; none for what had not fallen due when the account left the stage, unless it was done.",
  grain: ["account_id", "touchpoint", "entered_on", "due_on"],
  columns: {
    account_id: accountKey,
    touchpoint: { type: "string", notNull: true, description: "The planned touchpoint's id in the journey." },
    stage: { type: "string", notNull: true, description: "The stage in which it is due." },
    entered_on: { type: "date", notNull: true, description: "First day of the stay in the stage." },
    due_on: { type: "date", notNull: true, description: "Last day on which it is in time." },
    done_on: {
      type: "date",
      description:
        "First logged contact of its kinds around that day, from the stay's first day to the one on which it ended; null = none.",
    },
    days_late: {
      type: "integer",
      min: 0,
      unit: "days",
      description: "From the due day to the contact; 0 = in time, null = not done.",
    },
    status: {
      type: "string",
      notNull: true,
      oneOf: touchpointStatuses,
      description:
        "done; due = its day is still to come; overdue = its day is over; missed = the stay, or the time around the due day, is over.",
    },
  },
  // A due day brings the next one of its plan, and is over on the day after; contacts may be logged ahead.
  wakes: ({ journey: { touchpoints } }) => {
    const ends = touchpoints.flatMap(({ id, repeat_every_days: every }) =>
      every === undefined ? [] : [sql`when ${text(id)} then ${endOfTime(sql`due_on`, every)}`],
    );
    const changes = [
      sql`due_on`,
      addDays(sql`due_on`, 1),
      ...(ends.length > 0 ? [sql`case touchpoint ${join(ends, " ")} end`] : []),
    ];
    return sql`${join(
      changes.map((day) => sql`select account_id, ${day} as day from ${relation("account_touchpoints")}`),
      " union all ",
    )}
union all select account_id, day from ${ref(stgTouchpoints)} where is_usable`;
  },
  sortBy: ["account_id", "due_on"],
  query: ({ journey: { touchpoints } }) => {
    if (touchpoints.length === 0) return none;
    return sql`
with stays as (
  select s.account_id as account_id, s.stage as stage, s.entered_on as entered_on, s.left_on as left_on, t.data_through as data_through
  from ${ref(stageStays)} as s
  cross join ${ref(timeline)} as t
),
planned as (
  ${join(touchpoints.map(plannedSql), "\n  union all\n  ")}
),
kinds as (
  ${join(
    touchpoints.flatMap(({ id, kind }) =>
      listOf(kind).map((k) => sql`select ${text(id)} as touchpoint, ${text(k)} as kind`),
    ),
    " union all ",
  )}
),
contacts as (
  select c.account_id as account_id, k.touchpoint as touchpoint, c.day as day
  from ${ref(stgTouchpoints)} as c
  inner join kinds as k on k.kind = c.kind
  where c.is_usable
),
found as (
  select
    p.account_id as account_id,
    p.touchpoint as touchpoint,
    p.stage as stage,
    p.entered_on as entered_on,
    p.left_on as left_on,
    p.due_on as due_on,
    p.to_day as to_day,
    p.data_through as data_through,
    min(c.day) as done_on
  from planned as p
  left join contacts as c on c.account_id = p.account_id and c.touchpoint = p.touchpoint and c.day >= p.from_day and c.day < ${orNever(sql`p.to_day`)} and c.day <= ${orNever(sql`p.left_on`)} and c.day <= p.data_through
  group by p.account_id, p.touchpoint, p.stage, p.entered_on, p.left_on, p.due_on, p.to_day, p.data_through
)
select
  account_id,
  touchpoint,
  stage,
  entered_on,
  due_on,
  done_on,
  case when done_on <= due_on then 0 else ${daysBetween(sql`due_on`, sql`done_on`)} end as days_late,
  case
    when done_on is not null then 'done'
    when left_on is not null or to_day <= data_through then 'missed'
    when due_on < data_through then 'overdue'
    else 'due'
  end as status
from found
where done_on is not null or left_on is null or due_on < left_on`;
  },
});

/** The due days of a touchpoint in every stay, with the days from and to which a contact counts for each. */
function plannedSql({ id, stage, due_in_days, repeat_every_days: every }: PlannedTouchpoint): Sql {
  const columns = sql`account_id, ${text(id)} as touchpoint, stage, entered_on, left_on, data_through`;
  const first = addDays(sql`entered_on`, due_in_days);
  if (every === undefined)
    return sql`select ${columns}, ${first} as due_on, entered_on as from_day, cast(null as date) as to_day
  from stays
  where stage = ${text(stage)}`;
  // One more than fell due within a stay that is over: it may have been done early.
  const last = greatest(first, addDays(sql`coalesce(left_on, data_through)`, every));
  return sql`select ${columns}, day as due_on, case when day = ${first} then entered_on else ${endOfTime(addDays(sql`day`, -every), every)} end as from_day, ${endOfTime(sql`day`, every)} as to_day
  from stays
  cross join ${eachDay(first, last, every)}
  where stage = ${text(stage)}`;
}

/** The first day on which a contact counts for the next due day of a plan that repeats. */
const endOfTime = (dueOn: Sql, every: number): Sql => addDays(dueOn, Math.floor(every / 2) + 1);

const none = sql`
select account_id, '' as touchpoint, '' as stage, created_on as entered_on, created_on as due_on, created_on as done_on, 0 as days_late, 'due' as status
from ${ref(accounts)}
where false`;
