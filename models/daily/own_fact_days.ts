import type { Problem } from "../../config/yaml.js";
import { didYouMean } from "../../errors.js";
import type { JourneyText } from "../../journey/journey.js";
import { factSources, needsColumn, type OwnFact } from "../../journey/own_facts.js";
import { addDays, cast, daysBetween, least, nullOf, safeDivide } from "../../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql, text } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, type ModelColumns, ref } from "../model.js";
import { sources } from "../sources/index.js";
import { accounts } from "../staging/accounts.js";
import { stgOutcomes } from "../staging/stg_outcomes.js";
import { stgSurveyResponses } from "../staging/stg_survey_responses.js";
import { stgTickets } from "../staging/stg_tickets.js";
import { stgTouchpoints } from "../staging/stg_touchpoints.js";
import { stgUsageEvents } from "../staging/stg_usage_events.js";
import { stgUsers } from "../staging/stg_users.js";
import { lastDayWith, over } from "./windows.js";

/** A column of what a day's rows add to an own fact. */
interface Part {
  readonly column: string;
  readonly type: "integer" | "number";
  /** How the rows of a day make one. */
  readonly by: "sum" | "min" | "max";
  readonly description: string;
}

export const ownFactDays = defineModel({
  name: "own_fact_days",
  description:
    "One row per account and day on which the rows behind one of the company's own facts fall, or a trailing count of distinct values changes.",
  grain: ["account_id", "day"],
  columns: { account_id: accountKey, day: dayKey },
  companyColumns: ({ journey }): ModelColumns =>
    Object.fromEntries(
      journey.facts.flatMap(partsOf).map(({ column, type, description }) => [column, { type, description }]),
    ),
  byDay: true,
  query: ({ journey }) => {
    const parts = journey.facts.flatMap(partsOf);
    if (parts.length === 0)
      return sql`select account_id, created_on as day from ${ref(accounts)} where false`;
    const row = ({ account, day, from, where, values }: Addition): Sql => sql`
  select ${account} as account_id, ${day} as day, ${parts.map((p) => sql`${values[p.column] ?? nullOf(p.type)} as ${name(p.column)}`)}
  from ${from}
  where ${where}`;
    const total = ({ column, type, by }: Part): Sql =>
      sql`${cast(aggregate(by, name(column)), type)} as ${name(column)}`;
    return sql`
select
  account_id,
  day,
  ${join(parts.map(total), ",\n  ")}
from (
  ${join(additionsOf(journey.facts).map(row), "\n  union all\n  ")}
) as additions
group by account_id, day`;
  },
});

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

const staging: Record<OwnFact["from"], { readonly name: string }> = {
  usage_events: stgUsageEvents,
  tickets: stgTickets,
  survey_responses: stgSurveyResponses,
  touchpoints: stgTouchpoints,
  outcomes: stgOutcomes,
};

/** The rows of a source, `e`, with their user, `u`, where a fact asks for the role. */
function rowsWithRole(source: OwnFact["from"], facts: readonly OwnFact[]): Sql {
  const rows = sql`${ref(staging[source])} as e`;
  if (!facts.some((fact) => "user_role" in fact.where || fact.of === "user_role")) return rows;
  return sql`${rows} left join ${ref(stgUsers)} as u on u.user_id = e.user_id and u.account_id = e.account_id and u.is_usable`;
}

function columnSql({ from }: OwnFact, column: string): Sql {
  if (column === "user_role") return sql`case when u.user_id is not null then coalesce(u.role, 'member') end`;
  const value = sql`e.${name(column)}`;
  return from === "usage_events" && column === "quantity" ? sql`coalesce(${value}, 1)` : value;
}

/** Whether a row counts for a fact. */
function countsSql(fact: OwnFact): Sql {
  const conditions = Object.entries(fact.where).map(([column, value]) => {
    const values = (Array.isArray(value) ? value : [value]).map(literal);
    return sql`coalesce(${columnSql(fact, column)} in (${values}), false)`;
  });
  return conditions.length > 0 ? sql`(${join(conditions, " and ")})` : sql`true`;
}

function literal(value: string | number | boolean): Sql {
  if (typeof value === "string") return text(value);
  if (typeof value === "boolean") return value ? sql`true` : sql`false`;
  return Number.isInteger(value) ? integer(value) : number(value);
}

/** What account_facts calls a column of own_fact_days on the way, whatever it calls its own. */
export const besideFacts = (column: string): string => `_own_${column}`;

/** The windows that an own fact is read from, by name. */
export function ownWindows(fact: OwnFact): Record<string, Sql> {
  const { id, measure, over_days: days } = fact;
  const column = (part = id): Sql => name(besideFacts(part));
  switch (measure) {
    case "average":
      return Object.fromEntries(
        [sumOf(id), countOf(id)].map((part) => [besideFacts(part), over(sql`sum(${column(part)})`, days)]),
      );
    case "min":
    case "max":
      return { [besideFacts(id)]: over(aggregate(measure, column()), days) };
    case "days":
      return { [besideFacts(id)]: over(sql`sum(case when ${column()} > 0 then 1 else 0 end)`, days) };
    case "days_since_last":
      return { [besideFacts(id)]: lastDayWith(sql`${column()} > 0`) };
    case "distinct":
      return { [besideFacts(id)]: over(sql`sum(coalesce(${column()}, 0))`) };
    default:
      return {
        [besideFacts(id)]: over(
          sql`sum(${measure === "count" ? sql`coalesce(${column()}, 0)` : column()})`,
          days,
        ),
      };
  }
}

/** An own fact from its windows. */
export function ownFactSql({ id, measure }: OwnFact): Sql {
  if (measure === "average") return safeDivide(name(besideFacts(sumOf(id))), name(besideFacts(countOf(id))));
  const value = name(besideFacts(id));
  return measure === "days_since_last" ? daysBetween(value, sql`day`) : value;
}

/** The columns of own_fact_days that account_facts reads. */
export const ownParts = (facts: readonly OwnFact[]): string[] =>
  facts.flatMap(partsOf).map(({ column }) => column);

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
