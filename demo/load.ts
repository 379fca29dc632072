import { Temporal } from "temporal-polyfill";
import { path, sql } from "../warehouse/sql.js";
import type { Columns, Warehouse } from "../warehouse/warehouse.js";
import { type DemoOptions, demoTables, generateCompany } from "./company.js";

const schema = "raw";
const marker = "demo_company";
const markerColumns = {
  seed: { type: "integer", notNull: true },
  accounts: { type: "integer", notNull: true },
  data_from: { type: "date", notNull: true },
  data_through: { type: "date", notNull: true },
} as const satisfies Columns;

/**
 * Generate the demo company's raw tables, unless they are there already. Later days of the same company
 * extend it: every day that was there stays as it was. A marker is written last, so that a generation that
 * was cut short is done again.
 */
export async function loadDemo(
  warehouse: Warehouse,
  { seed, accounts, through }: Omit<DemoOptions, "from">,
  onProgress: (table: string, rows: number) => void,
): Promise<{ tables: Record<string, number>; isNew: boolean }> {
  const exists = (await warehouse.tables(schema)).includes(marker);
  const [known] = exists
    ? await warehouse.query(sql`select * from ${path(schema, marker)}`, markerColumns)
    : [];
  const isSame = known?.seed === seed && known.accounts === accounts;
  if (isSame && known.data_through === through) return { tables: await countRows(warehouse), isNew: false };
  const from =
    isSame && known.data_from < through
      ? known.data_from
      : Temporal.PlainDate.from(through).subtract({ months: 24 }).toString();

  await warehouse.run(sql`drop schema if exists ${path(schema)} cascade`);
  const tables: Record<string, number> = {};
  for (const [table, columns] of Object.entries(demoTables)) {
    await warehouse.load([schema, table], columnsOf(columns), []);
    tables[table] = 0;
  }
  for (const { table, rows } of generateCompany({ seed, from, through, accounts })) {
    tables[table] =
      (tables[table] ?? 0) + (await warehouse.load([schema, table], columnsOf(demoTables[table]), [rows]));
    onProgress(table, tables[table]);
  }
  await warehouse.load([schema, marker], markerColumns, [[[seed, accounts, from, through]]]);
  return { tables, isNew: true };
}

const columnsOf = (types: Readonly<Record<string, Columns[string]["type"]>>): Columns =>
  Object.fromEntries(Object.entries(types).map(([column, type]) => [column, { type }]));

async function countRows(warehouse: Warehouse): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of Object.keys(demoTables)) {
    const [row] = await warehouse.query(sql`select count(*) as n from ${path(schema, table)}`, {
      n: { type: "integer", notNull: true },
    });
    counts[table] = row?.n ?? 0;
  }
  return counts;
}
