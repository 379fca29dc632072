import { graphql } from "graphql";
import { expect } from "vitest";
import { schemas } from "../../jobs/ledger.js";
import { models } from "../../models/index.js";
import { contextFor, operator } from "../../resolvers/context.js";
import { createSchema } from "../../resolvers/schema.js";
import { path, sql } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { now } from "./small.js";

const tables = models.map(({ name }) => name);

/** Published tables have the same rows in both; the second is asked which columns they have. */
export async function expectSame(one: Warehouse, other: Warehouse, names = tables): Promise<void> {
  for (const name of names) {
    const shape = await shapeOf(other, name);
    expect(await publishedRows(one, name, shape), name).toEqual(await publishedRows(other, name, shape));
  }
}

/** What readers see of a model, in an order of its own. */
export async function publishedRows(warehouse: Warehouse, model: string, shape?: Columns): Promise<string[]> {
  const rows = await warehouse.query(
    sql`select * from ${path(schemas.published, model)}`,
    shape ?? (await shapeOf(warehouse, model)),
  );
  return rows.map((row) => JSON.stringify(row, rounded)).sort();
}

/** But for hashes, for which each engine has its own function. */
async function shapeOf(warehouse: Warehouse, model: string): Promise<Columns> {
  const columns = await warehouse.describe(sql`select * from ${path(schemas.published, model)}`);
  return Object.fromEntries(
    Object.entries(columns)
      .filter(([column]) => column !== "checksum" && column !== "id_hash")
      .map(([column, type]) => [column, { type: type ?? "string" } as const]),
  );
}

/** Sums of fractions differ in the last digits by the order in which they were added. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Math.round(value * 1e9) / 1e9 : value;

/** What the API answers of the latest snapshot. */
export async function asked(
  warehouse: Warehouse,
  {
    bytesPerRequest,
    ...question
  }: { bytesPerRequest?: number } & Pick<
    Parameters<typeof contextFor>[1],
    "costs" | "query" | "results"
  > = {},
): Promise<unknown> {
  const caller = { ...operator(false), name: "analyst", bytesPerRequest };
  const contextValue = await contextFor(warehouse, {
    caller,
    now,
    freshnessOf: async () => new Map(),
    ...question,
  });
  const { data, errors } = await graphql({
    schema: await createSchema(),
    contextValue,
    source: `{
      accounts(first: 5) { totalCount nodes { id name stage { name days } health { score band indicators { name points contribution } } milestones { name status } signals { signal { name } openedOn } } }
    }`,
  });
  if (errors?.[0]?.originalError) throw errors[0].originalError;
  expect(errors).toBeUndefined();
  return data;
}
