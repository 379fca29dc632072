import type { Severity } from "../config/settings.js";
import { countIf } from "../warehouse/dialect.js";
import { integer, join, name, number, relation, type Sql, sql, text } from "../warehouse/sql.js";
import type { Column, Columns, Row, RunOptions, Warehouse } from "../warehouse/warehouse.js";
import type { Company, Model, ModelColumn, RowRule } from "./model.js";

/** What a check found: 0 failing rows is a pass. */
export interface CheckResult {
  readonly check: string;
  readonly severity: Severity;
  readonly failingRows: number;
  /** For a failed check: which rows, in words, up to five. */
  readonly examples: readonly string[];
}

/** A check of what is about to be published: a query of the rows that fail it. */
export interface TableCheck {
  readonly name: string;
  readonly severity: Severity;
  /** The model whose rows it holds; null for a query, which may read several. */
  readonly model: string | null;
  /** The models that it reads. */
  readonly reads: readonly string[];
  /** What it asks: one that asks something else is another check. */
  readonly definition: string;
  /** Whether its last result stands as long as the tables do. */
  readonly mayStand: boolean;
  /** What must hold, in words. */
  readonly expected: string;
  /** The rows that fail; `before` is the model's published table, undefined before the first snapshot. */
  readonly failing: (before: Sql | undefined) => Sql;
  /** The columns by which a failing row is known; its first ones where there are none. */
  readonly knownBy: readonly string[];
  /** The company's own SQL in it. */
  readonly text?: string;
}

/** Figures of all rows of a table: expressions that aggregate, and what each column of them holds. */
export interface Figures<C extends Columns> {
  readonly select: Sql;
  readonly shape: C;
}

/** A result with the query of its failing rows. */
export interface HeldRows extends CheckResult {
  readonly failing: Sql;
}

/** Something that must hold of a table: a condition that each row may fail, or a query of the rows that do. */
interface Rule {
  readonly check: string;
  readonly expected: string;
  readonly fails?: Sql;
  readonly failing: Sql;
}

/**
 * Hold built rows against their model before they are taken into its table: grain unique, not null, ranges, accepted
 * values, references. All of it is counted in one statement, the rules on rows in one pass with other figures of them
 * that are asked for; examples are read only where something failed. Rules that only warn are held later, over the
 * whole table (`warningsOf`).
 */
export async function checkTable<C extends Columns>(
  warehouse: Warehouse,
  model: Model,
  company: Company,
  options: RunOptions,
  also?: Figures<C>,
): Promise<{ held: HeldRows[]; figures: Row<C> }> {
  const columns = model.columnsFor(company);
  const rules = rulesOf(model, columns).map((rule, i) => ({ ...rule, count: `c${i}` }));
  const onRows = rules.flatMap(({ fails, count }) =>
    fails ? [sql`${countIf(fails)} as ${name(count)}`] : [],
  );
  const ofRows = [...onRows, ...(also ? [also.select] : [])];
  const counts = [
    ...(ofRows.length > 0 ? [sql`(select ${ofRows} from ${relation(model.name)}) as on_rows`] : []),
    ...rules.flatMap(({ fails, failing, count }) =>
      fails
        ? []
        : [sql`(select count(*) as ${name(count)} from (${failing}) as failing) as ${name(`of_${count}`)}`],
    ),
  ];
  const shape = Object.fromEntries(
    rules.map(({ count }) => [count, { type: "integer", notNull: true } as const]),
  );
  const [row] = await warehouse.query(
    sql`select * from ${join(counts, " cross join ")}`,
    { ...shape, ...also?.shape },
    options,
  );
  const counted = row as Record<string, number>;

  const held: HeldRows[] = [];
  for (const { check, expected, failing, count } of rules) {
    const failingRows = counted[count] ?? 0;
    const examples =
      failingRows > 0 ? await examplesOf(warehouse, model, columns, expected, failing, options) : [];
    held.push({ check, severity: "error", failing, failingRows, examples });
  }
  return { held, figures: row as Row<C> };
}

function rulesOf(model: Model, columns: Readonly<Record<string, ModelColumn>>): Rule[] {
  const table = relation(model.name);
  const grain = model.grain.map((column) => name(column));
  const onRows = [
    ...Object.entries(columns).flatMap(([column, rule]) => rowRules(column, rule)),
    ...(model.checks ?? []).filter(({ severity }) => severity !== "warning"),
  ];
  return [
    {
      check: `unique ${model.grain.join(", ")}`,
      expected: "the grain must be unique",
      failing: sql`select ${grain}, count(*) as copies from ${table} group by ${grain} having count(*) > 1`,
    },
    ...onRows.map((rule) => ({ ...rule, failing: sql`select * from ${table} where ${rule.fails}` })),
    ...Object.entries(columns).flatMap(([column, { references }]) => {
      if (!references) return [];
      const [target, key] = references;
      return [
        {
          check: `${column} in ${target}`,
          expected: `${column} must stand in ${target}.${key}`,
          failing: sql`select t.* from ${table} as t left join ${relation(target)} as k on k.${name(key)} = t.${name(column)} where t.${name(column)} is not null and k.${name(key)} is null`,
        },
      ];
    }),
  ];
}

function rowRules(column: string, rule: ModelColumn): RowRule[] {
  const value = name(column);
  const bound = (n: number): Sql => (Number.isInteger(n) ? integer(n) : number(n));
  return [
    ...(rule.notNull
      ? [
          {
            check: `${column} not null`,
            expected: `${column} must not be null`,
            fails: sql`${value} is null`,
          },
        ]
      : []),
    ...(rule.min === undefined
      ? []
      : [
          {
            check: `${column} >= ${rule.min}`,
            expected: `${column} must be at least ${rule.min}`,
            fails: sql`${value} < ${bound(rule.min)}`,
          },
        ]),
    ...(rule.max === undefined
      ? []
      : [
          {
            check: `${column} <= ${rule.max}`,
            expected: `${column} must be at most ${rule.max}`,
            fails: sql`${value} > ${bound(rule.max)}`,
          },
        ]),
    ...(rule.oneOf
      ? [
          {
            check: `${column} accepted`,
            expected: `${column} must be one of ${rule.oneOf.join(", ")}`,
            fails: sql`${value} not in (${join(rule.oneOf.map(text))})`,
          },
        ]
      : []),
  ];
}

/** "account_id a1, day 2024-05-01: score must be at most 100" for a few failing rows. */
async function examplesOf(
  warehouse: Warehouse,
  model: Model,
  columns: Readonly<Record<string, ModelColumn>>,
  expected: string,
  failing: Sql,
  options: RunOptions,
): Promise<string[]> {
  const keys = Object.fromEntries(
    model.grain.map((column) => [column, { type: columns[column]?.type ?? "string" } as Column]),
  );
  const grain = model.grain.map((column) => name(column));
  const rows = await warehouse.query(
    sql`select ${grain} from (${failing}) as failing order by ${grain} limit 5`,
    keys,
    options,
  );
  return rows.map(
    (row) => `${model.grain.map((column) => `${column} ${row[column] ?? "null"}`).join(", ")}: ${expected}`,
  );
}
