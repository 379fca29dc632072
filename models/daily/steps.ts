import { cast, sumInteger, sumIntegerOver } from "../../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql } from "../../warehouse/sql.js";
import { latestEarlier, type ModelColumn, whereOfPart, withScope } from "../model.js";

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
      sql`${type === "integer" ? sumInteger(name(measure)) : sql`sum(${name(measure)})`} as ${name(measure)}`,
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

function unionOf(measures: Measures, steps: readonly Step[], finer: readonly Sql[] = []): Sql {
  const zeros = { integer: integer(0), number: number(0), decimal: cast(integer(0), "decimal") };
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

/**
 * One row per account and day on which any sum changes. What adds to a level on one day and takes it back n days later
 * is a trailing sum of n days; so every window is a running sum, and a day on which nothing changes has no row.
 * A build in part goes on from the levels of the last row before.
 */
export function levelsOfSteps(
  model: string,
  { counts, levels, lastDays }: Levels,
  steps: readonly Step[],
): Sql {
  const measures = { ...counts, ...levels };
  // Steps of a day may cancel each other out.
  const changes = join(
    Object.keys(measures).map((measure) => sql`${name(measure)} <> 0`),
    " or ",
  );
  const soFar = sql`partition by account_id order by day rows between unbounded preceding and current row`;
  const countNames = Object.keys(counts).map(name);
  const lastNames = Object.keys(lastDays).map(name);
  const seed = sql`
  union all
  select account_id, day, ${[
    ...Object.values(counts).map((type) => (type === "decimal" ? cast(integer(0), type) : integer(0))),
    ...Object.keys(levels).map(name),
    ...lastNames,
  ]}
  from ${latestEarlier(model)} as before`;
  return sql`
select
  ${join(
    [
      sql`account_id`,
      sql`day`,
      ...countNames,
      ...Object.entries(levels).map(
        ([level, type]) =>
          sql`${type === "integer" ? sumIntegerOver(name(level), soFar) : sql`sum(${name(level)}) over (${soFar})`} as ${name(level)}`,
      ),
      ...lastNames.map((last) => sql`max(${last}) over (${soFar}) as ${last}`),
    ],
    ",\n  ",
  )}
from (
  select ${[
    sql`changes.account_id as account_id`,
    sql`day`,
    ...countNames,
    ...Object.keys(levels).map(name),
    ...Object.entries(lastDays).map(
      ([last, count]) => sql`case when ${name(count)} > 0 then day end as ${name(last)}`,
    ),
  ]}
  from (${sumOfSteps(measures, steps)}
  ) as changes ${whereOfPart(sql``, withScope(sql`changes.account_id`))}
  where (${changes})${whereOfPart(sql``, sql` and day >= scope.from_day${seed}`)}
) as changes`;
}

/** A column that counts. */
export const count = (unit: string, description: string) =>
  ({ type: "integer", notNull: true, min: 0, unit, description }) as const satisfies ModelColumn;

export const one = integer(1);
export const minusOne = integer(-1);
/** 1 where a condition holds, else 0. */
export const oneIf = (condition: Sql): Sql => sql`case when ${condition} then 1 else 0 end`;
export const minusOneIf = (condition: Sql): Sql => sql`case when ${condition} then -1 else 0 end`;
