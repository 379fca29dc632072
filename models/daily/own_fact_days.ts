import type { Problem } from "../../config/yaml.js";
import { didYouMean } from "../../errors.js";
import type { JourneyText } from "../../journey/journey.js";
import { factSources, needsColumn, type OwnFact } from "../../journey/own_facts.js";
import {
  addDays,
  cast,
  dayNumber,
  daysBetween,
  greatest,
  least,
  nullOf,
  safeDivide,
} from "../../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql, text } from "../../warehouse/sql.js";
import {
  accountKey,
  dayKey,
  defineModel,
  type ModelColumns,
  type Readable,
  ref,
  whereOfPart,
  withScope,
} from "../model.js";
import { sources } from "../sources/index.js";
import { accounts } from "../staging/accounts.js";
import { stgOutcomes } from "../staging/stg_outcomes.js";
import { stgSurveyResponses } from "../staging/stg_survey_responses.js";
import { stgTickets } from "../staging/stg_tickets.js";
import { stgTouchpoints } from "../staging/stg_touchpoints.js";
import { stgUsageEvents } from "../staging/stg_usage_events.js";
import { stgUsers } from "../staging/stg_users.js";
import { everyMonth, levelsBefore, monthlyRows } from "./steps.js";
import { dataThrough } from "./timeline.js";

/** A column of what a day's rows add to an own fact. */
interface Part {
  readonly column: string;
  readonly type: "integer" | "number";
  /** How the rows of a day make one. */
  readonly by: "sum" | "min" | "max";
  readonly description: string;
}

/** Facts of rows stay between the days on which their rows come into or leave the window. */
export const ownFactDays = defineModel({
  name: "own_fact_days",
  description: `One row per account and day on which one of the company's own facts may change; it holds until the next. ${monthlyRows}`,
  grain: ["account_id", "day"],
  columns: { account_id: accountKey, day: dayKey },
  companyColumns: ({ journey }): ModelColumns =>
    Object.fromEntries(
      journey.facts.map((fact) => [
        fact.id,
        {
          type: levelType(fact),
          description:
            fact.measure === "days_since_last" ? `Last day of: ${fact.description}` : fact.description,
        },
      ]),
    ),
  byDay: true,
  query: ({ journey }) => {
    const { facts } = journey;
    const parts = facts.flatMap(partsOf);
    if (parts.length === 0)
      return sql`select account_id, created_on as day from ${ref(accounts)} where false`;
    const row = ({ account, day, from, where, values }: Addition): Sql => sql`
  select ${account} as account_id, ${day} as day, ${parts.map((p) => sql`${values[p.column] ?? nullOf(p.type)} as ${name(p.column)}`)}
  from ${from}
  where ${where}`;
    const total = ({ column, type, by }: Part): Sql =>
      sql`${cast(aggregate(by, name(column)), type)} as ${name(column)}`;
    const nothing = parts.map(({ column, type }) => sql`${nullOf(type)} as ${name(column)}`);
    const windows = facts.filter((f) => f.measure !== "distinct" && f.over_days !== undefined);
    const leaves = [...new Set(windows.map((f) => f.over_days ?? 0))].map((n) => {
      const leaving = windows.filter((f) => f.over_days === n).flatMap(partsOf);
      return sql`select account_id, ${addDays(sql`day`, n)} as day, ${nothing} from days where ${join(
        leaving.map(({ column }) => sql`${name(column)} is not null`),
        " or ",
      )}`;
    });
    const totals = (rows: Sql): Sql => sql`
  select
    account_id,
    day,
    ${join(parts.map(total), ",\n    ")}
  from (${rows}
  ) as additions
  group by account_id, day`;
    const ids = facts.map(({ id }) => name(id));
    const before = sql`before as (
  select * from ${levelsBefore("own_fact_days", sql`changes`)} as latest
),
`;
    // What goes on from the rows before is made of what follows them alone.
    const following = sql`(
    select
      c.account_id as account_id,
      c.day as day,
      ${join(
        facts.flatMap((fact) =>
          partsOf(fact).map(({ column }) =>
            goesOn(fact)
              ? sql`case when c.day >= scope.from_day then c.${name(column)} end as ${name(column)}`
              : sql`c.${name(column)} as ${name(column)}`,
          ),
        ),
        ",\n      ",
      )}
    from changes as c
    ${withScope(sql`c.account_id`)}
  )`;
    return sql`
with days as (${totals(join(additionsOf(facts).map(row), "\n  union all\n  "))}
),
changes as (${leaves.length > 0 ? totals(join([sql`\n  select account_id, day, ${parts.map((p) => name(p.column))} from days`, ...leaves], "\n  union all\n  ")) : sql`select * from days`}
),
${whereOfPart(sql``, before)}levels as (
  select
    l.account_id as account_id,
    l.day as day,
    ${join(
      facts.map((fact) => {
        const own = sql`l.${name(fact.id)}`;
        const value = goesOn(fact) ? whereOfPart(own, continued(fact, sql`b.${name(fact.id)}`, own)) : own;
        return sql`${value} as ${name(fact.id)}`;
      }),
      ",\n    ",
    )}
  from (
    select
      account_id,
      day,
      ${join(
        facts.map((fact) => sql`${levelSql(fact)} as ${name(fact.id)}`),
        ",\n      ",
      )}
    from ${whereOfPart(sql`changes`, following)} as c
  ) as l
  ${whereOfPart(sql``, sql`${withScope(sql`l.account_id`)}\n  left join before as b on b.account_id = l.account_id`)}
  where l.day <= ${dataThrough}${whereOfPart(sql``, sql` and l.day >= scope.from_day\n  union all\n  select account_id, day, ${ids} from before`)}
)${everyMonth(facts.map(({ id }) => id))}`;
  },
});

const levelType = ({ measure }: OwnFact): "integer" | "number" | "date" => {
  if (measure === "days_since_last") return "date";
  return ["count", "days", "distinct"].includes(measure) ? "integer" : "number";
};

const aggregate = (by: Part["by"], value: Sql): Sql =>
  ({ sum: sql`sum(${value})`, min: sql`min(${value})`, max: sql`max(${value})` })[by];

/** Ids begin with a letter, so these are no other fact's. */
const sumOf = (id: string): string => `_sum_${id}`;
const countOf = (id: string): string => `_count_${id}`;

/** The columns behind an own fact. */
function partsOf({ id, measure }: OwnFact): Part[] {
  const part = (column: string, type: Part["type"], description: string, by: Part["by"] = "sum"): Part => ({
    column,
    type,
    by,
    description: `${description}, for ${id}; null = nothing that day.`,
  });
  switch (measure) {
    case "sum":
      return [part(id, "number", "Sum of the values")];
    case "min":
      return [part(id, "number", "Least value", "min")];
    case "max":
      return [part(id, "number", "Greatest value", "max")];
    case "average":
      return [part(sumOf(id), "number", "Sum of the values"), part(countOf(id), "integer", "Values")];
    case "distinct":
      return [part(id, "integer", "What the number of distinct values changes by")];
    default:
      return [part(id, "integer", "Rows")];
  }
}

/** Rows that add to some parts. */
interface Addition {
  readonly account: Sql;
  readonly day: Sql;
  readonly from: Sql;
  readonly where: Sql;
  readonly values: Readonly<Record<string, Sql>>;
}

/** One reading of each source for all facts that count or add its rows; distinct values need one of their own. */
function additionsOf(facts: readonly OwnFact[]): Addition[] {
  return factSources.flatMap((source) => {
    const own = facts.filter((fact) => fact.from === source);
    const added = own.filter((fact) => fact.measure !== "distinct");
    const distinct = own.filter((fact) => fact.measure === "distinct");
    return [...(added.length > 0 ? [rowsOf(source, added)] : []), ...distinct.flatMap(stepsOf)];
  });
}

function rowsOf(source: OwnFact["from"], facts: readonly OwnFact[]): Addition {
  const values = facts.flatMap((fact): [string, Sql][] => {
    const counts = countsSql(fact);
    const when = (value: Sql): Sql => sql`case when ${counts} then ${value} end`;
    const value = sql`${cast(columnSql(fact, fact.of ?? ""), "number")}`;
    if (fact.measure === "average")
      return [
        [sumOf(fact.id), when(value)],
        [countOf(fact.id), when(sql`case when ${columnSql(fact, fact.of ?? "")} is not null then 1 end`)],
      ];
    return [[fact.id, when(needsColumn(fact) ? value : integer(1))]];
  });
  return {
    account: sql`e.account_id`,
    day: sql`e.day`,
    from: rowsWithRole(source, facts),
    where: sql`e.is_usable and (${join(facts.map(countsSql), " or ")})`,
    values: Object.fromEntries(values),
  };
}

/** A value counts from the day it is seen until the window is over or it is seen again: +1, and later −1. */
function stepsOf(fact: OwnFact): Addition[] {
  const visits = sql`(
    select account_id, day, lag(day) over (partition by account_id, v order by day) as previous_day, lead(day) over (partition by account_id, v order by day) as next_day
    from (
      select distinct e.account_id as account_id, e.day as day, ${columnSql(fact, fact.of ?? "")} as v
      from ${rowsWithRole(fact.from, [fact])}
      where e.is_usable and ${columnSql(fact, fact.of ?? "")} is not null and ${countsSql(fact)}
    ) as seen
  ) as visits`;
  const step = (day: Sql, change: number, where: Sql): Addition => ({
    account: sql`account_id`,
    day,
    from: visits,
    where,
    values: { [fact.id]: integer(change) },
  });
  const { over_days: days } = fact;
  if (days === undefined) return [step(sql`day`, 1, sql`previous_day is null`)];
  const end = addDays(sql`day`, days);
  return [step(sql`day`, 1, sql`true`), step(least(sql`coalesce(next_day, ${end})`, end), -1, sql`true`)];
}

const staging: Record<OwnFact["from"], Readable> = {
  usage_events: stgUsageEvents,
  tickets: stgTickets,
  survey_responses: stgSurveyResponses,
  touchpoints: stgTouchpoints,
  outcomes: stgOutcomes,
};

/**
 * Whether a build in part goes on from the row before. What leaves a window is read again, and an average or what is
 * distinct doesn't tell what it is made of: of all days so far these take all rows.
 */
const goesOn = ({ measure, over_days }: OwnFact): boolean =>
  over_days === undefined && measure !== "average" && measure !== "distinct";

/** The value of a fact that goes on: as it was before, and with what followed. Either may be null. */
function continued({ measure }: OwnFact, before: Sql, following: Sql): Sql {
  const both =
    measure === "min"
      ? least(before, following)
      : measure === "max" || measure === "days_since_last"
        ? greatest(before, following)
        : sql`${before} + ${following}`;
  return sql`coalesce(${both}, ${before}, ${following})`;
}

/**
 * The rows of a source, `e`, with their user, `u`, where a fact asks for the role. Where only a part is built, those
 * that may still count.
 */
function rowsWithRole(source: OwnFact["from"], facts: readonly OwnFact[]): Sql {
  const windows = facts.map((fact) => fact.over_days ?? (goesOn(fact) ? 0 : Number.POSITIVE_INFINITY));
  const back = Math.max(...windows);
  const rows = sql`${Number.isFinite(back) ? ref(staging[source], back) : ref(staging[source])} as e`;
  if (!facts.some((fact) => "user_role" in fact.where || fact.of === "user_role")) return rows;
  return sql`${rows} left join ${ref(stgUsers)} as u on u.user_id = e.user_id and u.account_id = e.account_id and u.is_usable`;
}

function columnSql({ from }: OwnFact, column: string): Sql {
  if (column === "user_role") return sql`case when u.user_id is not null then coalesce(u.role, 'member') end`;
  return from === "usage_events" && column === "quantity" ? sql`e.counts_for` : sql`e.${name(column)}`;
}

/** Whether a row counts for a fact; null where it doesn't, as its column is: told as it stands it lets an engine skip rows. */
function countsSql(fact: OwnFact): Sql {
  const conditions = Object.entries(fact.where).map(([column, value]) => {
    const values = (Array.isArray(value) ? value : [value]).map(literal);
    return sql`${columnSql(fact, column)} in (${values})`;
  });
  return conditions.length > 0 ? sql`(${join(conditions, " and ")})` : sql`true`;
}

function literal(value: string | number | boolean): Sql {
  if (typeof value === "string") return text(value);
  if (typeof value === "boolean") return value ? sql`true` : sql`false`;
  return Number.isInteger(value) ? integer(value) : number(value);
}

/** The value of a fact from a day's change on. */
function levelSql(fact: OwnFact): Sql {
  const { id, measure, over_days: days } = fact;
  const window =
    days === undefined || measure === "distinct"
      ? sql`over (partition by account_id order by day rows between unbounded preceding and current row)`
      : sql`over (partition by account_id order by ${dayNumber(sql`day`)} range between ${integer(days - 1)} preceding and current row)`;
  const sum = (value: Sql): Sql => sql`sum(${value}) ${window}`;
  switch (measure) {
    case "average":
      return safeDivide(sum(name(sumOf(id))), sum(name(countOf(id))));
    case "min":
    case "max":
      return sql`${aggregate(measure, name(id))} ${window}`;
    case "sum":
      return sum(name(id));
    case "days":
      return cast(sum(sql`case when ${name(id)} > 0 then 1 else 0 end`), "integer");
    case "days_since_last":
      return sql`max(case when ${name(id)} > 0 then day end) ${window}`;
    default:
      return cast(sum(sql`coalesce(${name(id)}, 0)`), "integer");
  }
}

/** An own fact on a day, from the row of own_fact_days, `w`, that holds then. */
export function ownFactSql(fact: OwnFact, day: Sql): Sql {
  const value = sql`w.${name(fact.id)}`;
  if (fact.measure === "days_since_last") return daysBetween(value, day);
  return levelType(fact) === "integer" ? sql`coalesce(${value}, 0)` : value;
}

/** What the journey's own check can't know: whether the sources have such columns, of such types. */
export function checkOwnFacts(journey: JourneyText): Problem[] {
  return journey.facts.flatMap((fact, i) => {
    const columns: Record<string, { type: string; oneOf?: readonly string[] }> = {
      ...sources[fact.from].columns,
      ...("user_id" in sources[fact.from].columns
        ? { user_role: { type: "string", oneOf: sources.users.columns.role.oneOf } }
        : {}),
    };
    const known = (column: string) => (Object.hasOwn(columns, column) ? columns[column] : undefined);
    const problem = (key: PropertyKey[], message: string): Problem => ({
      path: ["facts", i, ...key],
      message,
    });
    const unknown = (key: PropertyKey[], column: string): Problem =>
      problem(key, `${fact.from} has no column "${column}".${didYouMean(column, Object.keys(columns))}`);
    const problems: Problem[] = [];
    if (needsColumn(fact) && fact.of === undefined)
      problems.push(problem(["measure"], `${fact.measure} needs \`of\`: the column whose values it takes.`));
    if (!needsColumn(fact) && fact.of !== undefined)
      problems.push(problem(["of"], `${fact.measure} is of rows, not of a column; remove \`of\`.`));
    if (fact.of !== undefined) {
      const type = known(fact.of)?.type;
      if (!type) problems.push(unknown(["of"], fact.of));
      else if (fact.measure !== "distinct" && !["integer", "number", "decimal"].includes(type))
        problems.push(
          problem(["of"], `${fact.measure} of ${fact.of}: expected a number, but it is a ${type}.`),
        );
    }
    if (fact.measure === "days_since_last" && fact.over_days !== undefined)
      problems.push(problem(["over_days"], "days_since_last looks at all days so far; remove over_days."));
    for (const [column, value] of Object.entries(fact.where)) {
      const declared = known(column);
      if (!declared) {
        problems.push(unknown(["where", column], column));
        continue;
      }
      const isTime = declared.type === "timestamp" || declared.type === "date";
      const expected = { string: "string", boolean: "boolean" }[declared.type] ?? "number";
      for (const word of Array.isArray(value) ? value : [value]) {
        if (isTime || typeof word !== expected)
          problems.push(
            problem(
              ["where", column],
              `${fact.from}.${column} is a ${isTime ? declared.type : expected}; ${JSON.stringify(word)} can't be compared with it.`,
            ),
          );
        else if (declared.oneOf && !declared.oneOf.includes(String(word)))
          problems.push(
            problem(
              ["where", column],
              `${column} is never ${JSON.stringify(word)}.${didYouMean(String(word), declared.oneOf) || ` Values: ${declared.oneOf.join(", ")}.`}`,
            ),
          );
      }
    }
    return problems;
  });
}
