import { conditionSql } from "../../journey/compile.js";
import { daysHeld } from "../../journey/conditions.js";
import { addDays, daysBetween, orNever } from "../../warehouse/dialect.js";
import { integer, join, name, type Sql, sql, text } from "../../warehouse/sql.js";
import { timeline } from "../daily/timeline.js";
import {
  accountKey,
  defineModel,
  earlier,
  firstDifference,
  ref,
  since,
  whereOfPart,
  withScope,
} from "../model.js";
import { accounts } from "../staging/accounts.js";
import { scoredDays } from "./scored_days.js";

export const signalKinds = ["negative", "positive"] as const;
export const severities = ["low", "medium", "high"] as const;

/** A whole number that JavaScript writes exactly has 53 bits; BigQuery's and DuckDB's 63. */
const bitsPerState = 50;

/**
 * All conditions are judged in one pass, as the bits of one number per account and day. Only days on which that
 * number changes go on, so the number of signals costs little more than their comparisons.
 */
export const accountSignals = defineModel({
  name: "account_signals",
  description:
    "One row per account, signal and time it was open. It opens on the day on which its condition has held for for_days, and closes on the day on which it has not held for clear_days, or when the account's facts end; at most one is open at a time.",
  grain: ["account_id", "signal", "opened_on"],
  columns: {
    account_id: accountKey,
    signal: { type: "string", notNull: true, description: "The signal's id in the journey." },
    kind: { type: "string", notNull: true, oneOf: signalKinds, description: "negative or positive." },
    severity: { type: "string", notNull: true, oneOf: severities, description: "low, medium or high." },
    held_from: {
      type: "date",
      notNull: true,
      description: "First of the days in a row on which its condition held when it opened.",
    },
    opened_on: { type: "date", notNull: true, description: "First day on which it is open." },
    closed_on: { type: "date", description: "First day on which it is no longer open; null = open." },
    days: { type: "integer", notNull: true, min: 1, unit: "days", description: "Days open so far." },
  },
  // Of those that were closed before nothing can change.
  touched: (row, fromDay) => sql`${orNever(sql`${row}.closed_on`)} >= ${fromDay}`,
  // Nothing that is built reads how long one has been open so far.
  changesFrom: () => firstDifference(["held_from", "opened_on", "closed_on"]),
  sortBy: ["account_id", "signal", "opened_on"],
  checks: [
    {
      check: "closed after it opened",
      expected: "closed_on must be later than opened_on; look at the signal's conditions",
      fails: sql`closed_on <= opened_on`,
    },
  ],
  query: ({ journey }) => {
    const { signals } = journey;
    if (signals.length === 0) return none;
    // A build in part looks back until every run of days that may decide something has begun.
    const longest = Math.max(...signals.flatMap((s) => [s.for_days, s.clear_days])) + 1;
    const { ctes, from, row } = scoredDays(
      journey,
      signals.map((s) => s.when),
      longest + Math.max(...signals.map((s) => daysHeld(s.when))),
    );
    const states = Array.from({ length: Math.ceil(signals.length / bitsPerState) }, (_, i) =>
      name(`state_${i}`),
    );
    const stateSql = (_: Sql, i: number): Sql => {
      const bits = signals
        .slice(i * bitsPerState, (i + 1) * bitsPerState)
        .map((s, bit) => sql`case when ${conditionSql(s.when, row)} then ${integer(2 ** bit)} else 0 end`);
      return sql`${join(bits, "\n      + ")} as ${states[i] as Sql}`;
    };
    const previous = states.map((_, i) => name(`previous_state_${i}`));
    const isNext = sql`previous_day = ${addDays(sql`day`, -1)}`;
    const rules = signals.map(
      (s, i) =>
        sql`select ${integer(Math.floor(i / bitsPerState))} as state, ${integer(i % bitsPerState)} as bit, ${text(s.id)} as signal, ${text(s.kind)} as kind, ${text(s.severity)} as severity, ${integer(s.for_days)} as for_days, ${integer(s.clear_days)} as clear_days`,
    );
    return sql`
with ${join(
      ctes.map((cte) => sql`${cte},\n`),
      "",
    )}states as (
  select
    f.account_id as account_id,
    f.day as day,
    ${join(states.map(stateSql), ",\n    ")}
  from ${from}
),
neighbours as (
  select
    account_id,
    day,
    ${states.flatMap((state, i) => [
      state,
      sql`lag(${state}) over (partition by account_id order by day) as ${previous[i] as Sql}`,
    ])},
    lag(day) over (partition by account_id order by day) as previous_day,
    lead(day) over (partition by account_id order by day) as next_day
  from ${since(sql`states`, longest)} as states
),
changes as (
  select
    account_id,
    day,
    ${states.flatMap((state, i) => [
      state,
      sql`case when ${isNext} then ${previous[i] as Sql} else 0 end as ${previous[i] as Sql}`,
    ])}
  from neighbours
  where not coalesce(${isNext} and ${join(
    states.map((state, i) => sql`${state} = ${previous[i] as Sql}`),
    " and ",
  )}, false)
),
ends as (
  select n.account_id as account_id, ${addDays(sql`n.day`, 1)} as day
  from neighbours as n
  cross join ${ref(timeline)} as t
  where n.day < t.data_through and (n.next_day is null or n.next_day <> ${addDays(sql`n.day`, 1)})
),
rules as (
  ${join(rules, "\n  union all\n  ")}
),
turns as (
  ${join(
    states.map((state, i) => {
      const holds = sql`((c.${state} >> r.bit) & 1) = 1`;
      return sql`select
    c.account_id as account_id,
    r.signal as signal,
    c.day as day,
    case when ${holds} then 'holds' else 'clear' end as turn,
    case when ${holds} then r.for_days else r.clear_days end as needed_days
  from changes as c
  cross join rules as r
  where r.state = ${integer(i)} and ((c.${state} >> r.bit) & 1) <> ((c.${previous[i] as Sql} >> r.bit) & 1)
  union all
  `;
    }),
    "",
  )}  select e.account_id, r.signal, e.day, 'end' as turn, 1 as needed_days
  from ends as e
  cross join rules as r
),
runs as (
  select
    account_id,
    signal,
    turn,
    needed_days,
    day as from_day,
    lead(day) over (partition by account_id, signal order by day) as to_day
  from turns
),
decided as (
  select
    r.account_id as account_id,
    r.signal as signal,
    r.turn = 'holds' as is_open,
    r.from_day as from_day,
    ${addDays(sql`r.from_day`, sql`(r.needed_days - 1)`)} as day
  from runs as r
  cross join ${ref(timeline)} as t
  where ${daysBetween(sql`r.from_day`, sql`coalesce(r.to_day, ${addDays(sql`t.data_through`, 1)})`)} >= r.needed_days
),${whereOfPart(sql``, goneOn)}
ordered as (
  select
    account_id,
    signal,
    is_open,
    from_day,
    day,
    coalesce(lag(is_open) over (partition by account_id, signal order by day), false) as was_open
  from ${whereOfPart(sql`decided`, sql`gone_on`)}
),
spells as (
  select
    account_id,
    signal,
    is_open,
    from_day,
    day as opened_on,
    lead(day) over (partition by account_id, signal order by day) as closed_on
  from ordered
  where is_open <> was_open
)
select
  s.account_id as account_id,
  s.signal as signal,
  r.kind as kind,
  r.severity as severity,
  s.from_day as held_from,
  s.opened_on as opened_on,
  s.closed_on as closed_on,
  ${daysBetween(sql`s.opened_on`, sql`coalesce(s.closed_on, ${addDays(sql`t.data_through`, 1)})`)} as days
from spells as s
inner join rules as r on r.signal = s.signal
cross join ${ref(timeline)} as t
where s.is_open`;
  },
});

/** What is decided from the first day concerned on, after what was open before it. */
const goneOn = sql`
gone_on as (
  select d.account_id as account_id, d.signal as signal, d.is_open as is_open, d.from_day as from_day, d.day as day
  from decided as d
  ${withScope(sql`d.account_id`)}
  where d.day >= scope.from_day
  union all
  select e.account_id, e.signal, true as is_open, e.held_from, e.opened_on
  from ${earlier("account_signals", undefined, "opened_on")} as e
  ${withScope(sql`e.account_id`)}
  where ${orNever(sql`e.closed_on`)} >= scope.from_day
),`;

const day: Sql = sql`cast(null as date)`;
const none = sql`
select account_id, '' as signal, 'negative' as kind, 'low' as severity, ${day} as held_from, ${day} as opened_on, ${day} as closed_on, 1 as days
from ${ref(accounts)}
where false`;
