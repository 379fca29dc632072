import { dayNumber } from "../warehouse/dialect.js";
import { by, type ColumnType, integer, join, number, type Sql, sql, text } from "../warehouse/sql.js";
import { type Comparison, type Condition, comparisons, listOf, type TrendMeasure } from "./conditions.js";
import type { Fact } from "./facts.js";

/** How conditions are read on rows of an account and a day; what a place doesn't know its journey may not ask. */
export interface DayRow {
  readonly accountId: Sql;
  readonly day: Sql;
  /** The facts that may be asked for, and the column of each. */
  readonly facts: Readonly<Record<string, Fact>>;
  readonly fact: (id: string) => Sql;
  /** The day on which a milestone was reached, null if never. */
  readonly reachedOn?: (milestone: string) => Sql;
  readonly statusOf?: (milestone: string) => Sql;
  readonly stage?: Sql;
  readonly band?: Sql;
  readonly trend?: (metric: string, measure: TrendMeasure | "direction") => Sql;
}

/**
 * SQL that is true or false, never null. `held_for_days` makes it a window over the account's rows, so it
 * stands in select lists only; days without a row don't hold.
 */
export function conditionSql(condition: Condition, row: DayRow): Sql {
  const holds = unheld(condition, row);
  const { held_for_days: days } = condition;
  if (days === undefined) return holds;
  const window = sql`partition by ${row.accountId} order by ${dayNumber(row.day)} range between ${integer(days - 1)} preceding and current row`;
  return sql`(sum(case when ${holds} then 1 else 0 end) over (${window}) = ${integer(days)})`;
}

function unheld(condition: Condition, row: DayRow): Sql {
  const inner = (c: Condition): Sql => conditionSql(c, row);
  if ("all" in condition) return sql`(${join(condition.all.map(inner), " and ")})`;
  if ("any" in condition) return sql`(${join(condition.any.map(inner), " or ")})`;
  if ("not" in condition) return sql`(not ${inner(condition.not)})`;
  if ("fact" in condition)
    return compare(row.fact(condition.fact), condition, row.facts[condition.fact]?.type ?? "number");
  if ("milestone" in condition) {
    if (condition.status !== undefined) return among(row.statusOf?.(condition.milestone), condition.status);
    return sql`coalesce(${known(row.reachedOn?.(condition.milestone))} <= ${row.day}, false)`;
  }
  if ("stage" in condition) return among(row.stage, condition.stage);
  if ("band" in condition) return among(row.band, condition.band);
  if ("direction" in condition) return among(row.trend?.(condition.trend, "direction"), condition.direction);
  return compare(known(row.trend?.(condition.trend, condition.measure)), condition, "number");
}

const operators = { at_least: sql`>=`, above: sql`>`, at_most: sql`<=`, below: sql`<`, equals: sql`=` };

function compare(value: Sql, comparison: Comparison, type: ColumnType): Sql {
  const parts = comparisons.flatMap((c) => {
    const bound = comparison[c];
    if (bound === undefined) return [];
    if (c === "is_missing") return [bound ? sql`${value} is null` : sql`${value} is not null`];
    return [sql`coalesce(${value} ${operators[c]} ${literal(bound, type)}, false)`];
  });
  return parts.length === 1 ? (parts[0] as Sql) : sql`(${join(parts, " and ")})`;
}

const among = (value: Sql | undefined, words: string | readonly string[]): Sql =>
  sql`coalesce(${known(value)} in (${listOf(words).map(text)}), false)`;

function known(value: Sql | undefined): Sql {
  if (!value)
    throw new TypeError("the journey's check lets no condition ask for what its place doesn't know");
  return value;
}

function literal(value: number | boolean, type: ColumnType): Sql {
  if (typeof value === "boolean") return value ? sql`true` : sql`false`;
  if (type === "decimal") {
    return by({
      duckdb: sql`cast(${text(String(value))} as decimal(38, 9))`,
      bigquery: sql`numeric ${text(String(value))}`,
    });
  }
  return Number.isInteger(value) ? integer(value) : number(value);
}
