import type { CompanyCheck } from "../config/settings.js";
import type { Problem } from "../config/yaml.js";
import { didYouMean, messageOf } from "../errors.js";
import { addDays, countIf, nullOf, safeDivide } from "../warehouse/dialect.js";
import {
  by,
  name as column,
  companySql,
  type Dialect,
  integer,
  join,
  relation,
  render,
  type Sql,
  sql,
  text,
} from "../warehouse/sql.js";
import type { TableCheck } from "./checks.js";
import { timeline } from "./daily/timeline.js";
import { models } from "./index.js";
import type { CompanyWords, Model } from "./model.js";

/** What is wrong with the company's checks by the tables that there are, at its place in `waymark.yml`. */
export const problemsIn = (checks: readonly CompanyCheck[], words: CompanyWords): Problem[] =>
  checks.flatMap((check, i) =>
    problemsOf(check, words).map(({ path, message }) => ({ path: ["checks", i, ...path], message })),
  );

function problemsOf(check: CompanyCheck, words: CompanyWords): Problem[] {
  if (check.kind === "sql") {
    try {
      companySql(check.sql);
      return [];
    } catch (error) {
      return [{ path: ["sql"], message: messageOf(error) }];
    }
  }
  const model = modelOf(check.model);
  if (!model) {
    const known = models.map(({ name }) => name);
    return [
      { path: ["model"], message: `there is no table "${check.model}".${didYouMean(check.model, known)}` },
    ];
  }
  const columns = model.columnsFor(words);
  if (check.kind !== "accepted") {
    if (check.kind === "row_count" || columns.day?.type === "date") return [];
    return [{ path: ["model"], message: `rows of ${model.name} have no day; use row_count or sql.` }];
  }
  const type = columns[check.column]?.type;
  if (!type) {
    const near = didYouMean(check.column, Object.keys(columns));
    return [{ path: ["column"], message: `${model.name} has no column "${check.column}".${near}` }];
  }
  const fits = acceptable[type];
  if (!fits)
    return [
      {
        path: ["column"],
        message: `${check.column} is a ${type}; accepted values are of text, whole numbers and booleans. Use sql.`,
      },
    ];
  return check.accepted.flatMap((value, i) =>
    fits(value)
      ? []
      : [
          {
            path: ["accepted", i],
            message: `${JSON.stringify(value)} is no ${type}, as ${check.column} is.`,
          },
        ],
  );
}

const acceptable: Partial<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === "boolean",
};

export const modelOf = (name: string): Model | undefined => models.find((model) => model.name === name);

/** A check as a query of the rows that fail it. Of a company's `sql` the models that it reads are known already. */
export function compileCheck(check: CompanyCheck, reads: readonly string[]): TableCheck {
  const { name, severity } = check;
  if (check.kind === "sql")
    return {
      name,
      severity,
      model: null,
      reads,
      definition: JSON.stringify(["sql", check.sql]),
      // It may ask for the time, and for raw rows.
      mayStand: false,
      expected: "the query must return no rows",
      failing: () =>
        companyQuery(
          check.sql,
          reads.map((model) => [model, sql`select * from ${relation(model)}`]),
        ),
      knownBy: [],
      text: check.sql,
    };
  const { model } = check;
  const rows = relation(model);
  const shared = { name, severity, model, mayStand: true };
  if (check.kind === "accepted") {
    const { accepted } = check;
    const value = column(check.column);
    return {
      ...shared,
      reads: [model],
      definition: JSON.stringify(["accepted", model, check.column, accepted]),
      expected: `${check.column} must be one of ${accepted.join(", ")}`,
      failing: () => sql`select * from ${rows} where ${value} not in (${accepted.map(literal)})`,
      knownBy: [...(modelOf(model)?.grain ?? []), check.column],
    };
  }
  const percent = `${Number((check.changeAtMost * 100).toPrecision(6))}%`;
  const limit = { definition: JSON.stringify([check.kind, model, check.changeAtMost]), knownBy: [] };
  if (check.kind === "row_count")
    return {
      ...shared,
      ...limit,
      reads: [model],
      expected: `at most ${percent} more or fewer rows than in the last snapshot`,
      failing: (before) => rowCountQuery(rows, before, check.changeAtMost),
    };
  return {
    ...shared,
    ...limit,
    reads: [model, timeline.name],
    expected: `at most ${percent} more or fewer rows than that weekday had on average in the four weeks before`,
    failing: () => rowsByDayQuery(rows, check.changeAtMost),
  };
}

const rule = "rule";

/** Whether a definition is of one of the models' own rules. */
export const isRule = (definition: string): boolean =>
  definition.startsWith(JSON.stringify([rule]).slice(0, -1));

/** The rules on a model's rows that only warn: held over its whole table, as its rows are published all the same. */
export const warningsOf = (dialect: Dialect): TableCheck[] =>
  models.flatMap((model) =>
    (model.checks ?? [])
      .filter(({ severity }) => severity === "warning")
      .map(({ check, expected, fails }) => ({
        name: check,
        severity: "warning" as const,
        model: model.name,
        reads: [model.name],
        definition: JSON.stringify([rule, render(fails, dialect).text]),
        mayStand: true,
        expected,
        failing: () => sql`select * from ${relation(model.name)} where ${fails}`,
        knownBy: model.grain,
      })),
  );

/**
 * A company's query over the relations that are given under their names. The query begins on the second line of what
 * is rendered, so that an engine's line can be told as one of the company's.
 */
export function companyQuery(query: string, relations: readonly (readonly [string, Sql])[]): Sql {
  const as = by({ duckdb: sql`as not materialized`, bigquery: sql`as` });
  const ctes = relations.map(([model, rows]) => sql`${column(model)} ${as} (${rows})`);
  return sql`${ctes.length > 0 ? sql`with ${ctes} ` : sql``}select * from (
${companySql(query)}
) as company`;
}

/** A model's columns, and no row. */
export function emptyRows(model: Model, words: CompanyWords): Sql {
  const nulls = Object.entries(model.columnsFor(words)).map(
    ([c, { type }]) => sql`${nullOf(type)} as ${column(c)}`,
  );
  return sql`select ${nulls} limit 0`;
}

function literal(value: string | number | boolean): Sql {
  if (typeof value === "string") return text(value);
  if (typeof value === "number") return integer(value);
  return value ? sql`true` : sql`false`;
}

/** Whether two counts differ by more than a share of the second; in whole numbers, so that the limit itself is exact. */
function differsByMore(now: Sql, before: Sql, share: number): Sql {
  const [million, millionths] = [integer(1_000_000), integer(Math.round(share * 1_000_000))];
  return sql`abs(${now} - ${before}) * ${million} > ${millionths} * ${before}`;
}

function rowCountQuery(rows: Sql, before: Sql | undefined, share: number): Sql {
  const rowsBefore = before
    ? sql`select count(*) as rows_before from ${before}`
    : sql`select ${nullOf("integer")} as rows_before`;
  return sql`select n.row_count as row_count, b.rows_before as rows_before, ${safeDivide(sql`n.row_count - b.rows_before`, sql`b.rows_before`)} as change
from (select count(*) as row_count from ${rows}) as n
cross join (${rowsBefore}) as b
where b.rows_before > 0 and ${differsByMore(sql`n.row_count`, sql`b.rows_before`, share)}`;
}

const weeksBefore = [1, 2, 3, 4];
/** One week alone says too little of what is usual. */
const fewestWeeks = 2;

/** The first day of a table may be incomplete: weeks count from the day after it on. */
function rowsByDayQuery(rows: Sql, share: number): Sql {
  const known = [...weeksBefore]
    .reverse()
    .filter((weeks) => weeks >= fewestWeeks)
    .map((weeks) => sql`when first_day < ${addDays(sql`day`, -7 * weeks)} then ${integer(weeks)} `);
  const dayBefore = (weeks: number): Sql =>
    sql`select ${addDays(sql`data_through`, -7 * weeks)} as day, ${integer(weeks)} as weeks from ${relation(timeline.name)}`;
  // Joined by the days themselves, by which the engine skips all others.
  return sql`select day, row_count, ${safeDivide(sql`rows_before`, sql`weeks`)} as usual_rows, weeks
from (
  select day, row_count, rows_before, case ${join(known, "")}else 0 end as weeks
  from (
    select l.data_through as day, f.first_day as first_day, c.row_count as row_count, c.rows_before as rows_before
    from ${relation(timeline.name)} as l
    cross join (select min(day) as first_day from ${rows} as t) as f
    cross join (
      select ${countIf(sql`d.weeks = 0`)} as row_count, ${countIf(sql`d.weeks > 0`)} as rows_before
      from ${rows} as t
      inner join (${join([0, ...weeksBefore].map(dayBefore), " union all ")}) as d on d.day = t.day
    ) as c
  ) as counted
) as compared
where weeks > 0 and rows_before > 0 and ${differsByMore(sql`row_count * weeks`, sql`rows_before`, share)}`;
}
