import { isRule } from "../models/company_checks.js";
import { bind, integer, path, type Sql, sql } from "../warehouse/sql.js";
import type { Row, Warehouse } from "../warehouse/warehouse.js";
import { type CheckRow, latestRunFirst, readLedger, readRuns, type Snapshot, schemas } from "./ledger.js";
import { checks } from "./ledger_tables.js";

/** Whether a check was asked, and no row fails it. */
export const isPassed = ({ failingRows, error }: Pick<CheckRow, "failingRows" | "error">): boolean =>
  failingRows === 0 && error === null;

/** Whether `waymark.yml` declares a check; else it is a rule of Waymark's models. */
export const isDeclared = ({ definition }: Pick<CheckRow, "definition">): boolean =>
  definition !== null && !isRule(definition);

/** The models that a check holds. */
export const modelsOf = ({ model, tables }: Pick<CheckRow, "model" | "tables">): string[] =>
  model === null ? Object.keys(tables) : [model];

/**
 * What is known of a snapshot's tables: what the run that built each found of its rows, and what the latest run that
 * left the snapshot standing found of the whole.
 */
export async function readChecks(warehouse: Warehouse, snapshot: Snapshot): Promise<CheckRow[]> {
  const names = Object.values(snapshot.tables).map((table) => bind("string", table));
  const rows = await readLedger(
    warehouse,
    checks,
    (at) => sql`
select c.*
from ${at("checks")} as c
inner join ${at("built_tables")} as t on t.run_id = c.run_id and t.model = c.model
where c.definition is null and t.table_name in (${names})
union all
select c.*
from ${at("checks")} as c
where c.definition is not null and c.run_id = (
  select r.run_id
  from ${at("runs")} as r
  where r.status = 'succeeded' and r.snapshot_id = ${bind("integer", snapshot.id)}
  order by ${latestRunFirst}
  limit 1
)`,
  );
  return rows.map(checkOf);
}

/**
 * What every check found the last time, published or not: of a model's own rules as its table was last built or
 * refused, of the others in the latest run that came so far as to ask them, which the steps of a backfill don't. None
 * where nothing was ever built.
 */
export async function readLatestChecks(warehouse: Warehouse): Promise<CheckRow[]> {
  if ((await readRuns(warehouse, 1)).length === 0) return [];
  const rows = await readLedger(
    warehouse,
    checks,
    (at) => sql`
with considered as (
  select
    m.model as model,
    case when m.status = 'failed' then m.run_id else t.run_id end as run_id,
    row_number() over (partition by m.model order by ${latestRunFirst}) as recency
  from ${at("run_models")} as m
  inner join ${at("runs")} as r on r.run_id = m.run_id
  left join ${at("built_tables")} as t on t.table_name = m.table_name
),
asked as (
  select
    r.run_id as run_id,
    row_number() over (order by ${latestRunFirst}) as recency
  from ${at("runs")} as r
  where (r.status = 'succeeded' and r.snapshot_id is not null)
    or r.run_id in (select c.run_id from ${at("checks")} as c where c.definition is not null)
)
select c.*
from ${at("checks")} as c
inner join considered as k on k.run_id = c.run_id and k.model = c.model
where c.definition is null and k.recency = 1
union all
select c.*
from ${at("checks")} as c
inner join asked as a on a.run_id = c.run_id
where c.definition is not null and a.recency = 1`,
  );
  return rows.map(checkOf);
}

/** The first rows that failed a check, as they were when it was asked. Columns are those of the row. */
export async function readFailingRows(
  warehouse: Warehouse,
  { keptIn, model, check }: Pick<CheckRow, "keptIn" | "model" | "check">,
  count: number,
): Promise<Record<string, unknown>[]> {
  const ofModel = model === null ? sql`model is null` : sql`model = ${bind("string", model)}`;
  const rows = await warehouse.query(
    sql`
select row_json
from ${at("failing_rows")}
where run_id = ${bind("string", keptIn)} and check_name = ${bind("string", check)} and ${ofModel}
order by row_number
limit ${integer(count)}`,
    { row_json: { type: "string", notNull: true } },
  );
  return rows.map((row) => JSON.parse(row.row_json) as Record<string, unknown>);
}

const at = (table: string): Sql => path(schemas.ledger, table);

const checkOf = (row: Row<typeof checks>): CheckRow => ({
  runId: row.run_id,
  model: row.model,
  check: row.check_name,
  severity: row.severity === "warning" ? "warning" : "error",
  failingRows: row.failing_rows,
  examples: JSON.parse(row.examples) as string[],
  error: row.error,
  checkedAt: row.checked_at,
  failingSince: row.failing_since,
  definition: row.definition,
  tables: JSON.parse(row.tables ?? "{}") as Record<string, string>,
  keptIn: row.kept_in ?? row.run_id,
});
