import { conditionSql } from "../../journey/compile.js";
import { daysHeld } from "../../journey/conditions.js";
import { addDays } from "../../warehouse/dialect.js";
import { integer, join, name, type Sql, sql, text } from "../../warehouse/sql.js";
import { timeline } from "../daily/timeline.js";
import { accountKey, dayKey, defineModel, ref, since } from "../model.js";
import { accounts } from "../staging/accounts.js";
import { scoredDays } from "./scored_days.js";

/** A whole number that JavaScript writes exactly has 53 bits; BigQuery's and DuckDB's 63. */
const bitsPerState = 50;

/**
 * All conditions are judged in one pass, as the bits of one number per account and day. Only days on which that
 * number changes go on, so the number of signals costs little more than their comparisons. As a table, so that a
 * condition is judged once for each day, however long a signal waits for it.
 */
export const signalTurns = defineModel({
  name: "signal_turns",
  description:
    "One row per account, signal and day on which its condition begins to hold, no longer holds, or the account's facts end. Signals open and close by how long that lasts: account_signals.",
  grain: ["account_id", "signal", "day"],
  columns: {
    account_id: accountKey,
    signal: { type: "string", notNull: true, description: "The signal's id in the journey." },
    day: dayKey,
    turn: {
      type: "string",
      notNull: true,
      oneOf: ["holds", "clear", "end"],
      description:
        "holds = from that day on the condition holds; clear = it no longer does; end = it is the day after the account's last facts.",
    },
  },
  byDay: true,
  query: ({ journey }) => {
    const { signals } = journey;
    if (signals.length === 0) return none;
    // What held on the day before tells what is new.
    const { ctes, from, row } = scoredDays(
      journey,
      signals.map((s) => s.when),
      1 + Math.max(...signals.map((s) => daysHeld(s.when))),
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
    const bits = signals.map(
      (s, i) =>
        sql`select ${integer(Math.floor(i / bitsPerState))} as state, ${integer(i % bitsPerState)} as bit, ${text(s.id)} as signal`,
    );
    const isHeld = (state: Sql): Sql => sql`((c.${state} >> b.bit) & 1)`;
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
  from ${since(sql`states`, 1)} as states
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
bits as (
  ${join(bits, "\n  union all\n  ")}
)
${join(
  states.map(
    (
      state,
      i,
    ) => sql`select c.account_id as account_id, b.signal as signal, c.day as day, case when ${isHeld(state)} = 1 then 'holds' else 'clear' end as turn
from changes as c
cross join bits as b
where b.state = ${integer(i)} and ${isHeld(state)} <> ${isHeld(previous[i] as Sql)}
union all
`,
  ),
  "",
)}select e.account_id, b.signal, e.day, 'end' as turn
from ends as e
cross join bits as b`;
  },
});

const none = sql`
select account_id, '' as signal, cast(null as date) as day, 'end' as turn
from ${ref(accounts)}
where false`;
