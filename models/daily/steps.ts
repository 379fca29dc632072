import {
  addDays,
  addPeriods,
  cast,
  eachMonth,
  least,
  periodOf,
  sumCount,
  sumCountOver,
} from "../../warehouse/dialect.js";
import { day, inPart, integer, join, name, number, type Sql, sql } from "../../warehouse/sql.js";
import {
  earlier,
  type ModelColumn,
  nextDay,
  type Readable,
  ref,
  spansOf,
  whereOfPart,
  withScope,
} from "../model.js";
import { dataThrough } from "./timeline.js";

/** Rows of a relation that add to some measures of their account on a day. */
export interface Step {
  from: Sql;
  day: Sql;
  adds: Readonly<Record<string, Sql>>;
  where?: Sql;
}

type Measures = Readonly<Record<string, "integer" | "number" | "decimal">>;

/**
 * One row per account and day on which any step falls, with the sum of what the steps add to each measure.
 * @param within columns of every step's relation that make the rows finer than an account's day
 */
export function sumOfSteps(measures: Measures, steps: readonly Step[], within: readonly string[] = []): Sql {
  const finer = within.map(name);
  const sums = Object.entries(measures).map(
    ([measure, type]) =>
      sql`${type === "integer" ? sumCount(name(measure)) : sql`sum(${name(measure)})`} as ${name(measure)}`,
  );
  return sql`
select
  account_id,
  day,
  ${join([...finer, ...sums], ",\n  ")}
from (
  ${unionOf(measures, steps, finer)}
) as steps
group by ${[sql`account_id`, sql`day`, ...finer]}`;
}

/**
 * The same, of relations of which each has one row per account and day already: joined instead of grouped, which takes
 * DuckDB a fifth of the time where rows are many and wide.
 */
export function joinOfSteps(measures: Measures, steps: readonly Step[]): Sql {
  const relations = steps.map(({ from, day, adds, where }, i) => {
    const values = Object.entries(adds).map(([measure, value]) => sql`${value} as ${name(measure)}`);
    return sql`(select account_id, ${day} as day, ${values} from ${from} where ${where ?? sql`true`}) as ${step(i)}${i === 0 ? sql`` : sql` using (account_id, day)`}`;
  });
  const sums = Object.keys(measures).map((measure) => {
    const values = steps.flatMap(({ adds }, i) =>
      measure in adds ? [sql`coalesce(${step(i)}.${name(measure)}, 0)`] : [],
    );
    return sql`${join(values, " + ")} as ${name(measure)}`;
  });
  return sql`
select
  ${join([sql`account_id`, sql`day`, ...sums], ",\n  ")}
from ${join(relations, "\nfull join ")}`;
}

const step = (i: number): Sql => name(`s${i}`);

const zeros = { integer: integer(0), number: number(0), decimal: cast(integer(0), "decimal") };

function unionOf(measures: Measures, steps: readonly Step[], finer: readonly Sql[] = []): Sql {
  const selects = steps.map(({ from, day, adds, where }) => {
    const values = Object.entries(measures).map(
      ([measure, type]) => sql`${adds[measure] ?? zeros[type]} as ${name(measure)}`,
    );
    return sql`select account_id, ${day} as day, ${[...finer, ...values]} from ${from} where ${where ?? sql`true`}`;
  });
  return join(selects, "\n  union all\n  ");
}

/** What a table of levels tells of an account's day. */
export interface Levels {
  /** What the day's steps add up to. */
  readonly counts: Measures;
  /** What the steps of all days so far add up to: it stays until another step falls. */
  readonly levels: Measures;
  /** The last day so far on which a count was above 0, by the column's name. */
  readonly lastDays: Readonly<Record<string, string>>;
}

/** A step without what falls on days that are not built. */
const built = (step: Step): Step => {
  const isBuilt = sql`${step.where ?? sql`true`} and ${step.day} <= ${dataThrough}`;
  const isConcerned = (from: string): Sql => sql` and ${step.day} >= ${day(from)}`;
  return {
    ...step,
    where: sql`${isBuilt}${inPart("accounts", sql``, (_, { from }) => (from ? isConcerned(from) : sql``))}`,
  };
};

/**
 * One row per account and day, up to the last day built, on which any sum changes, and on each first day of a month.
 * What adds to a level on one day and takes it back n days later is a trailing sum of n days; so every window is a
 * running sum, and a day on which nothing changes needs no row. A build in part goes on from the levels of the last row
 * before. It ends a statement whose last CTE is followed by a comma.
 */
export function levelsOfSteps(
  model: string,
  { counts, levels, lastDays }: Levels,
  steps: readonly Step[],
  combine: (measures: Measures, steps: readonly Step[]) => Sql = sumOfSteps,
): Sql {
  const measures = { ...counts, ...levels };
  // Steps of a day may cancel each other out.
  const isChange = join(
    Object.keys(measures).map((measure) => sql`${name(measure)} <> 0`),
    " or ",
  );
  const soFar = sql`partition by account_id order by day rows between unbounded preceding and current row`;
  const countNames = Object.keys(counts).map(name);
  const levelNames = Object.keys(levels).map(name);
  const lastNames = Object.keys(lastDays).map(name);
  const nothing = Object.fromEntries(Object.entries(counts).map(([count, type]) => [count, zeros[type]]));
  const seed = sql`
  union all
  select account_id, day, ${[...Object.values(nothing), ...levelNames, ...lastNames]}
  from ${levelsBefore(model, sql`changes`)} as before`;
  const columns = [sql`account_id`, sql`day`, ...countNames, ...levelNames, ...lastNames];
  return sql`changes as (
  select ${[
    sql`changes.account_id as account_id`,
    sql`day`,
    ...countNames,
    ...levelNames,
    ...Object.entries(lastDays).map(
      ([last, count]) => sql`case when ${name(count)} > 0 then day end as ${name(last)}`,
    ),
  ]}
  from (${combine(measures, steps.map(built))}
  ) as changes ${whereOfPart(sql``, withScope(sql`changes.account_id`))}
  where (${isChange})${whereOfPart(sql``, sql` and day >= scope.from_day`)}
),
levels as (
  select
    ${join(
      [
        sql`account_id`,
        sql`day`,
        ...countNames,
        ...Object.entries(levels).map(
          ([level, type]) =>
            sql`${type === "integer" ? sumCountOver(name(level), soFar) : sql`sum(${name(level)}) over (${soFar})`} as ${name(level)}`,
        ),
        ...lastNames.map((last) => sql`max(${last}) over (${soFar}) as ${last}`),
        nextDay,
      ],
      ",\n    ",
    )}
  from (
    select ${columns} from changes${whereOfPart(sql``, seed)}
  ) as changes
)${everyMonth([...Object.keys(levels), ...Object.keys(lastDays)], nothing, sql`levels`)}`;
}

/** A table of levels for what reads them day by day: by the account and the month of a day, each row until `_next_day`. */
export const levelsByMonth = (model: Readable): Sql =>
  sql`(select spans.*, ${monthOf(sql`day`)} as _month from ${spansOf(ref(model, monthOf))} as spans)`;

/** What readers of such a table must know of its rows. */
export const monthlyRows =
  "An account that has a row has one on each first day of a month after it, whether anything changes or not.";

/** The first day of the month of a day, by which levels are looked up. */
export const monthOf = (day: Sql): Sql => periodOf(day, "month");

/**
 * Where only a part is built, what a table of levels holds of the days before: the latest row of each account that
 * stands in a relation, or in which a month begins.
 */
export const levelsBefore = (model: string, changes: Sql): Sql =>
  inPart("accounts", sql``, (scope) => {
    // What held on the day before the first stands in that day's month.
    const before = earlier(model, (first) => monthOf(addDays(first, -1)));
    const goesOn = sql`select account_id from ${changes} union all select account_id from ${scope} as scope where from_day <= ${monthOf(dataThrough)}`;
    return sql`(select b.* from ${before} as b inner join (select account_id, max(day) as day from ${before} as rows_before where account_id in (${goesOn}) group by account_id) as latest on latest.account_id = b.account_id and latest.day = b.day)`;
  });

/**
 * Ends a statement after its CTE `levels`: its rows and, on each first day of a month up to the last day built on
 * which there is none, the one that holds then. So nobody looks for what holds further back than in the month before.
 * @param held the columns that hold until the next row
 * @param others what stands in the others where nothing happens
 * @param spans `levels` with each row's `_next_day`
 */
export function everyMonth(
  held: readonly string[],
  others: Readonly<Record<string, Sql>> = {},
  spans: Sql = spansOf(sql`levels`),
): Sql {
  const columns = [...Object.keys(others), ...held].map(name);
  const nextMonth = addPeriods(monthOf(sql`_since`), 1, "month");
  return sql`
select account_id, day, ${columns} from levels
union all
select account_id, day, ${[...Object.values(others), ...held.map(name)]}
from (
  select account_id, day as _since, ${held.map(name)}, _next_day
  from ${spans} as spans
) as spans
cross join ${eachMonth(nextMonth, least(addDays(sql`_next_day`, -1), dataThrough))}`;
}

/** A column that counts. */
export const count = (unit: string, description: string) =>
  ({ type: "integer", notNull: true, min: 0, unit, description }) as const satisfies ModelColumn;

export const one = integer(1);
export const minusOne = integer(-1);
/** 1 where a condition holds, else 0. */
export const oneIf = (condition: Sql): Sql => sql`case when ${condition} then 1 else 0 end`;
export const minusOneIf = (condition: Sql): Sql => sql`case when ${condition} then -1 else 0 end`;
