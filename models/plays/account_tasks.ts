import type { Play } from "../../journey/journey.js";
import { addDays, cast, nullOf } from "../../warehouse/dialect.js";
import { integer, join, type Sql, sql, text } from "../../warehouse/sql.js";
import { accountMilestones } from "../milestones/account_milestones.js";
import { accountKey, asked, defineModel, ref } from "../model.js";
import { accountSignals, severities } from "../signals/account_signals.js";
import { stageStays } from "../stages/stage_stays.js";
import { accounts } from "../staging/accounts.js";

/** The owner word that means whoever looks after the account. */
const accountOwner = "account_owner";

const asksFor = { accounts: ["owner"] };

export const accountTasks = defineModel({
  name: "account_tasks",
  description:
    "One row per task that a play has set: what to do for an account, by whom, until when. What people did with it (done, snoozed, dismissed) is kept apart and survives every build; the API shows both together.",
  grain: ["task_id"],
  columns: {
    task_id: {
      type: "string",
      notNull: true,
      description: "play/task/account/day: the same whenever it is built again.",
    },
    account_id: accountKey,
    play: { type: "string", notNull: true, description: "The play's id in the journey." },
    task: { type: "string", notNull: true, description: "The task's id in the play." },
    signal: { type: "string", description: "The signal that set it off; null = a stage or a milestone did." },
    severity: { type: "string", oneOf: severities, description: "The signal's severity; null = no signal." },
    owner: { type: "string", description: "Who is to do it; null = nobody looks after the account." },
    set_on: { type: "date", notNull: true, description: "The day that set it off." },
    due_on: { type: "date", notNull: true, description: "Last day on which it is in time." },
    expires_on: {
      type: "date",
      notNull: true,
      description: "From this day on it is expired where nobody did anything with it.",
    },
    cooldown_days: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "days",
      description: "For so long the play isn't set off again for the account.",
    },
  },
  asksFor,
  // What sets a play off sets off nothing before.
  touched: (row, fromDay) => sql`${row}.set_on >= ${fromDay}`,
  sortBy: ["account_id", "set_on"],
  query: ({ journey }) => {
    const { plays, tasks } = journey;
    if (plays.length === 0) return none;
    const definitions = plays.flatMap((play) =>
      play.tasks.map(
        (task) =>
          sql`select ${text(play.id)} as play, ${text(task.id)} as task, ${text(task.owner)} as owner, ${integer(task.due_in_days)} as due_in_days, ${integer(play.cooldown_days)} as cooldown_days`,
      ),
    );
    return sql`
with recursive triggers as (
  ${join(plays.map(triggersSql), "\n  union all\n  ")}
),
successors as (
  select t.play as play, t.account_id as account_id, t.day as day, min(n.day) as next_day
  from triggers as t
  left join triggers as n on n.play = t.play and n.account_id = t.account_id and n.day >= ${addDays(sql`t.day`, sql`greatest(t.cooldown_days, 1)`)}
  group by t.play, t.account_id, t.day
),
firsts as (
  select play, account_id, min(day) as day
  from successors
  group by play, account_id
),
plays as (
  select play, account_id, day
  from firsts
  union all
  select f.play as play, f.account_id as account_id, f.next_day as day
  from plays as p
  inner join successors as f on f.play = p.play and f.account_id = p.account_id and f.day = p.day
  where f.next_day is not null
),
definitions as (
  ${join(definitions, "\n  union all\n  ")}
),
set_off as (
  select distinct t.play as play, t.account_id as account_id, t.day as day, t.signal as signal, t.severity as severity
  from triggers as t
  inner join plays as p on p.play = t.play and p.account_id = t.account_id and p.day = t.day
)
select
  concat(s.play, '/', d.task, '/', s.account_id, '/', ${cast(sql`s.day`, "string")}) as task_id,
  s.account_id as account_id,
  s.play as play,
  d.task as task,
  s.signal as signal,
  s.severity as severity,
  case when d.owner = ${text(accountOwner)} then a.owner else d.owner end as owner,
  s.day as set_on,
  ${addDays(sql`s.day`, sql`d.due_in_days`)} as due_on,
  ${addDays(sql`s.day`, sql`(d.due_in_days + ${integer(tasks.expire_after_days)})`)} as expires_on,
  d.cooldown_days as cooldown_days
from set_off as s
inner join definitions as d on d.play = s.play
inner join ${asked(accounts, asksFor.accounts)} as a on a.account_id = s.account_id`;
  },
});

/** Whether a task that nobody touched is expired: time goes by the data, so today is the day after its last. */
export const hasExpired = (expiresOn: Sql, dataThrough: Sql): Sql =>
  sql`${expiresOn} <= ${addDays(dataThrough, 1)}`;

/** The days on which something that sets a play off happened. */
function triggersSql({ id, on, cooldown_days }: Play): Sql {
  const cooldown = sql`${integer(cooldown_days)} as cooldown_days`;
  if ("signal" in on)
    return sql`select ${text(id)} as play, ${cooldown}, account_id, opened_on as day, signal, severity
  from ${ref(accountSignals)}
  where signal = ${text(on.signal)}`;
  const nothing = sql`${nullOf("string")} as signal, ${nullOf("string")} as severity`;
  if ("stage" in on)
    return sql`select ${text(id)} as play, ${cooldown}, account_id, entered_on as day, ${nothing}
  from ${ref(stageStays)}
  where stage = ${text(on.stage)}`;
  return sql`select ${text(id)} as play, ${cooldown}, account_id, reached_on as day, ${nothing}
  from ${ref(accountMilestones)}
  where milestone = ${text(on.milestone)} and reached_on is not null`;
}

const none = sql`
select '' as task_id, account_id, '' as play, '' as task, ${nullOf("string")} as signal, ${nullOf("string")} as severity, owner, created_on as set_on, created_on as due_on, created_on as expires_on, 0 as cooldown_days
from ${ref(accounts)}
where false`;
