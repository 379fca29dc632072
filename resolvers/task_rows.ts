import { taskActionsPath } from "../jobs/ledger.js";
import { timeline } from "../models/daily/timeline.js";
import { type ModelColumns, ref } from "../models/model.js";
import { accountTasks, hasExpired } from "../models/plays/account_tasks.js";
import { addDays, daysBetween } from "../warehouse/dialect.js";
import { integer, path, type Sql, sql } from "../warehouse/sql.js";
import type { Row } from "../warehouse/warehouse.js";
import type { Reader } from "./reader.js";

/** A task with what people did with it. */
export const taskColumns = {
  ...accountTasks.columns,
  status: { type: "string", notNull: true, description: "Where it stands." },
  is_overdue: { type: "boolean", notNull: true, description: "Open or waiting past its day." },
  snoozed_until: { type: "date", description: "Until when it sleeps." },
  note: { type: "string", description: "What was said." },
  done_by: { type: "string", description: "Who acted last." },
  done_at: { type: "timestamp", description: "When." },
} as const satisfies ModelColumns;
export type TaskRow = Row<typeof taskColumns>;

/**
 * The tasks of a snapshot with the latest that people did with each. Late data may move the day that set a task
 * off, and with it the task's id: an action finds the task of its play again that is nearest to its day, nearer
 * than half the cool-down. The lesser of the cool-downs then and now: a task that stood beside the one acted on was a
 * whole cool-down away from it, and tasks of today are a whole one apart. Time goes by the data: a task expires, and wakes,
 * on the day after the data's last.
 */
export const taskRows = ({ snapshot }: Reader): Sql => sql`
with found as (
  select
    t.task_id as task_id,
    a.action as action,
    a.snoozed_until as snoozed_until,
    a.note as note,
    a.done_by as done_by,
    a.done_at as done_at,
    row_number() over (
      partition by t.task_id
      order by abs(${daysBetween(sql`a.set_on`, sql`t.set_on`)}), a.done_at desc, a.action_id desc
    ) as nearness
  from ${ref(accountTasks)} as t
  inner join ${path(...taskActionsPath)} as a on a.account_id = t.account_id and a.play = t.play and a.task = t.task
  where
    a.set_on = t.set_on
    or 2 * abs(${daysBetween(sql`a.set_on`, sql`t.set_on`)}) < least(t.cooldown_days, coalesce(a.cooldown_days, t.cooldown_days))
),
acted as (
  select
    t.task_id as task_id, t.account_id as account_id, t.play as play, t.task as task, t.signal as signal,
    t.severity as severity, t.owner as owner, t.set_on as set_on, t.due_on as due_on, t.expires_on as expires_on,
    t.cooldown_days as cooldown_days, f.snoozed_until as snoozed_until, f.note as note, f.done_by as done_by,
    f.done_at as done_at, ${addDays(sql`l.data_through`, 1)} as today,
    case
      when f.action = 'complete' then 'done'
      when f.action = 'dismiss' then 'dismissed'
      when f.action = 'snooze' and f.snoozed_until > ${addDays(sql`l.data_through`, 1)} then 'snoozed'
      when f.action is null and ${hasExpired(sql`t.expires_on`, sql`l.data_through`)} then 'expired'
      else 'open'
    end as status
  from ${ref(accountTasks)} as t
  cross join ${ref(timeline)} as l
  left join found as f on f.task_id = t.task_id and f.nearness = 1
),
ranked as (
  select
    task_id,
    row_number() over (
      partition by owner
      order by case severity when 'high' then 1 when 'low' then 3 else 2 end, due_on, task_id
    ) as place
  from acted
  where status = 'open' and owner is not null
)
select
  a.task_id as task_id, a.account_id as account_id, a.play as play, a.task as task, a.signal as signal,
  a.severity as severity, a.owner as owner, a.set_on as set_on, a.due_on as due_on, a.expires_on as expires_on,
  a.cooldown_days as cooldown_days, a.snoozed_until as snoozed_until, a.note as note, a.done_by as done_by,
  a.done_at as done_at,
  case when r.place > ${integer(snapshot.words.journey.tasks.open_per_owner)} then 'waiting' else a.status end as status,
  a.status = 'open' and a.due_on < a.today as is_overdue
from acted as a
left join ranked as r on r.task_id = a.task_id`;
