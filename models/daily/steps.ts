import { sumInteger } from "../../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql } from "../../warehouse/sql.js";

/** Rows of a relation that add to some measures of their account on a day. */
export interface Step {
  from: Sql;
  day: Sql;
  adds: Readonly<Record<string, Sql>>;
  where?: Sql;
}

/**
 * One row per account and day on which any step falls, with the sum of what the steps add to each measure.
 * Counts of that day and changes of levels are both steps; running sums of changes give levels on any day.
 * @param within columns of every step's relation that make the rows finer than an account's day
 */
export function sumOfSteps(
  measures: Readonly<Record<string, "integer" | "number">>,
  steps: readonly Step[],
  within: readonly string[] = [],
): Sql {
  const finer = within.map(name);
  const entries = Object.entries(measures);
  const selects = steps.map(({ from, day, adds, where }) => {
    const values = entries.map(
      ([measure, type]) =>
        sql`${adds[measure] ?? (type === "integer" ? integer(0) : number(0))} as ${name(measure)}`,
    );
    return sql`select account_id, ${day} as day, ${[...finer, ...values]} from ${from} where ${where ?? sql`true`}`;
  });
  const sums = entries.map(
    ([measure, type]) =>
      sql`${type === "integer" ? sumInteger(name(measure)) : sql`sum(${name(measure)})`} as ${name(measure)}`,
  );
  return sql`
select
  account_id,
  day,
  ${join([...finer, ...sums], ",\n  ")}
from (
  ${join(selects, "\n  union all\n  ")}
) as steps
group by ${[sql`account_id`, sql`day`, ...finer]}`;
}

/** For the description of a measure that changes a level. */
export const ofLevel =
  "What the level rises or falls by that day; the running sum over all days is the level.";

export const one = integer(1);
export const minusOne = integer(-1);
/** 1 where a condition holds, else 0. */
export const oneIf = (condition: Sql): Sql => sql`case when ${condition} then 1 else 0 end`;
export const minusOneIf = (condition: Sql): Sql => sql`case when ${condition} then -1 else 0 end`;
