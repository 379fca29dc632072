import { messageOf } from "../errors.js";
import { locateIn, type Snapshot } from "../jobs/ledger.js";
import { models } from "../models/index.js";
import type { Company } from "../models/model.js";
import { rowHash } from "../warehouse/dialect.js";
import { path, type Sql, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { floors } from "./floors/index.js";
import { type Spent, stopwatch } from "./stopwatch.js";

export interface Comparison {
  model: string;
  how: string;
  rows: number;
  ours: Spent;
  /** Null where it ran out of the memory that is enough for the model: then it is none. */
  floor: Spent | null;
}

/** Tables are made here, in turn, and dropped again. */
const schema = "bench_floor";

/**
 * Make every table that has a floor both ways from the same published inputs, with the same types and order.
 * @throws Error where the two differ in one row
 */
export async function compareWithFloors(
  warehouse: Warehouse,
  company: Company,
  snapshot: Snapshot,
  onProgress: (comparison: Comparison) => void,
): Promise<Comparison[]> {
  const locate = locateIn(snapshot.tables);
  const comparisons: Comparison[] = [];
  for (const [name, { how, query }] of Object.entries(floors)) {
    const model = models.find((m) => m.name === name);
    if (!model) throw new Error(`bench/floors has one for ${name}, which is no model.`);
    // What each statement hashes in its own way is left out of both.
    const columns = Object.fromEntries(
      Object.entries(model.columnsFor(company)).filter(([, { isOfEngine }]) => !isOfEngine),
    );
    const target = { columns, sortBy: model.sortBy };
    const make = async (way: string, statement: Sql): Promise<[Spent, { n: number; sum: string }]> => {
      const table = [schema, `${name}_${way}`];
      const spent = stopwatch();
      await warehouse.materialize({ ...target, table, query: statement }, { locate });
      const took = spent();
      const [rows] = await warehouse.query(
        sql`select count(*) as n, cast(sum(${rowHash(sql`t`)}) as varchar) as sum from ${path(...table)} as t`,
        { n: { type: "integer", notNull: true }, sum: { type: "string", notNull: true } },
      );
      await warehouse.run(sql`drop table ${path(...table)}`);
      return [took, rows ?? { n: 0, sum: "0" }];
    };
    const [ours, made] = await make("ours", model.query(company));
    const [floor, written] = await make("floor", query(company)).catch((error: unknown) => {
      if (!messageOf(error).includes("Out of Memory")) throw error;
      return [null, made] as const;
    });
    if (made.n !== written.n || made.sum !== written.sum)
      throw new Error(
        `${name}: the model has ${made.n} rows (${made.sum}), its floor ${written.n} (${written.sum}); they must be equal. One of them, or the generator, has changed.`,
      );
    const comparison = { model: name, how, rows: made.n, ours, floor };
    comparisons.push(comparison);
    onProgress(comparison);
  }
  return comparisons;
}
