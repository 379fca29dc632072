import type { Journey } from "../../journey/journey.js";
import { addDays, orNever } from "../../warehouse/dialect.js";
import { integer, join, type Sql, sql, text } from "../../warehouse/sql.js";
import { timeline } from "../daily/timeline.js";
import { accountKey, defineModel, earlier, firstDifference, ref, whereOfPart, withScope } from "../model.js";
import { signalTurns } from "./signal_turns.js";

export const signalKinds = ["negative", "positive"] as const;
export const severities = ["low", "medium", "high"] as const;

/** A signal waits until its condition has held, or not held, for so long; then it is open, or closed. */
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
  },
  // Of those that were closed before nothing can change.
  touched: (row, fromDay) => sql`${orNever(sql`${row}.closed_on`)} >= ${fromDay}`,
  // A turn decides on the day on which it has stood for long enough.
  wakes: ({ journey }, first) => sql`
select t.account_id as account_id, ${decidedOn} as day
from ${ref(signalTurns)} as t
inner join (${rulesOf(journey)}) as r on r.signal = t.signal
where t.day >= ${addDays(first, -longestOf(journey))}`,
  changesFrom: () => firstDifference(["held_from", "opened_on", "closed_on"]),
  sortBy: ["account_id", "signal", "opened_on"],
  checks: [
    {
      check: "closed after it opened",
      expected: "closed_on must be later than opened_on; look at the signal's conditions",
      fails: sql`closed_on <= opened_on`,
    },
  ],
  // A build in part looks back until every run of days that may decide something has begun.
  query: ({ journey }) => sql`
with rules as (
  ${rulesOf(journey)}
),
runs as (
  select
    t.account_id as account_id,
    t.signal as signal,
    t.turn as turn,
    t.day as from_day,
    ${decidedOn} as day,
    lead(t.day) over (partition by t.account_id, t.signal order by t.day) as to_day
  from ${ref(signalTurns, longestOf(journey))} as t
  inner join rules as r on r.signal = t.signal
),
decided as (
  select
    r.account_id as account_id,
    r.signal as signal,
    r.turn = 'holds' as is_open,
    r.from_day as from_day,
    r.day as day
  from runs as r
  cross join ${ref(timeline)} as t
  where r.day < coalesce(r.to_day, ${addDays(sql`t.data_through`, 1)})
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
  s.closed_on as closed_on
from spells as s
inner join rules as r on r.signal = s.signal
where s.is_open`,
});

/** What is known of each signal where rows are made of it, as a query; of none where there are none. */
function rulesOf({ signals }: Journey): Sql {
  const rules = signals.map(
    (s) =>
      sql`select ${text(s.id)} as signal, ${text(s.kind)} as kind, ${text(s.severity)} as severity, ${integer(s.for_days)} as for_days, ${integer(s.clear_days)} as clear_days`,
  );
  return rules.length > 0 ? join(rules, "\n  union all\n  ") : noRule;
}
const noRule = sql`select '' as signal, '' as kind, '' as severity, 1 as for_days, 1 as clear_days`;

/** The day on which a turn `t` has stood for as long as its rule `r` asks: facts that end are waited for no longer. */
const decidedOn = addDays(
  sql`t.day`,
  sql`(case t.turn when 'holds' then r.for_days when 'clear' then r.clear_days else 1 end - 1)`,
);

/** More days than any turn must stand. */
const longestOf = ({ signals }: Journey): number =>
  Math.max(0, ...signals.flatMap((s) => [s.for_days, s.clear_days])) + 1;

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
