import { models } from "../models/index.js";
import type { Model } from "../models/model.js";
import { render, type Sql, sql } from "../warehouse/sql.js";
import type { RunOptions, Warehouse } from "../warehouse/warehouse.js";

/** What a statement reads of one table, as DuckDB's planner tells it. */
export interface TableScan {
  readonly schema: string;
  readonly table: string;
  /** Columns, as they are asked for. */
  readonly projections: readonly string[];
  /** What is known of the rows at the scan, in DuckDB's words. */
  readonly filters: readonly string[];
  /** Whether the statement is an UPDATE or DELETE of the table. */
  readonly isChanged: boolean;
}

/** A warehouse that tells of every statement, before it runs, what it reads; of those that only make or drop, nothing. */
export function listeningTo(
  warehouse: Warehouse,
  hear: (scans: readonly TableScan[], statement: string) => Promise<void> | void,
): Warehouse {
  const tell = async (statement: Sql, given: RunOptions = {}): Promise<void> => {
    const { text } = render(statement, "duckdb", given);
    if (/^\s*(create (or replace )?view|create schema|alter|drop|create table if not)/i.test(text)) return;
    await hear(await scansOf(warehouse, statement, text, given), text);
  };
  const heard: Partial<Warehouse> = {
    query: async (statement, columns, given) => {
      await tell(statement, given);
      return warehouse.query(statement, columns, given);
    },
    run: async (statement, given) => {
      await tell(statement, given);
      return warehouse.run(statement, given);
    },
    transaction: async (all, given) => {
      for (const statement of all) await tell(statement, given);
      return warehouse.transaction(all, given);
    },
    materialize: async (target, given) => {
      await tell(target.query, given);
      return warehouse.materialize(target, given);
    },
  };
  return new Proxy(warehouse, {
    get: (target, key: keyof Warehouse) => {
      const member = target[key];
      return heard[key] ?? (typeof member === "function" ? member.bind(target) : member);
    },
  });
}

/** A node of DuckDB's plan. A single text is told as such, several as a list. */
interface PlanNode {
  readonly name: string;
  readonly children: readonly PlanNode[];
  readonly extra_info: {
    readonly Table?: string;
    readonly [key: string]: string | readonly string[] | undefined;
  };
}

async function scansOf(
  warehouse: Warehouse,
  statement: Sql,
  said: string,
  given: RunOptions,
): Promise<TableScan[]> {
  const [row] = await warehouse.query(
    sql`explain (format json) ${statement}`,
    { explain_value: { type: "string", notNull: true } },
    given,
  );
  const changed = /^\s*(?:update|delete from) "(\w+)"\."(\w+)"/i.exec(said);
  return flat(JSON.parse(row?.explain_value ?? "[]")).flatMap(({ name, extra_info: info }) => {
    if (name.trim() !== "SEQ_SCAN" || !info.Table) return [];
    const [database = "", ofDatabase, table = ""] = info.Table.replaceAll('"', "").split(".");
    const schema = ofDatabase && ofDatabase !== "main" ? ofDatabase : database; // one that expires is a database
    return [
      {
        schema,
        table,
        projections: [info.Projections ?? []].flat(),
        filters: [info.Filters ?? []].flat(),
        isChanged: changed?.[1] === schema && changed[2] === table,
      },
    ];
  });
}

const flat = (nodes: readonly PlanNode[]): PlanNode[] =>
  nodes.flatMap((node) => [node, ...flat(node.children)]);

/** The model whose rows a table holds, and the column by which these lie in order; undefined where it is no store. */
export function storeOf({ table }: Pick<TableScan, "table">): { model: Model; leading: string } | undefined {
  const model = models.find(({ name }) => table.startsWith(`${name}__rows_`));
  return model && { model, leading: model.sortBy?.[0] ?? "" };
}
