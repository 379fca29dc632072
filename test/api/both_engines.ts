import { expect } from "vitest";
import type { Snapshot } from "../../jobs/ledger.js";
import type { Model } from "../../models/model.js";
import type { Reader } from "../../resolvers/reader.js";
import { everything } from "../../resolvers/scope.js";
import { render } from "../../warehouse/sql.js";
import type { Columns } from "../../warehouse/warehouse.js";
import { lintGoogleSql } from "../googlesql/lint.js";
import { type ColumnType, startReference } from "../googlesql/reference.js";
import { type BuiltCompany, locate } from "../models/built.js";

const typesOf = (columns: Columns): Record<string, ColumnType> =>
  Object.fromEntries(Object.entries(columns).map(([column, { type }]) => [column, type]));

/** Reads a built company's tables as a request does, with the models that it will read already built. */
export async function readerOf(
  built: BuiltCompany,
  dataThrough: string,
  models: readonly unknown[],
): Promise<Reader> {
  for (const model of models) await built.read(model as Model);
  const tables = Object.fromEntries((models as readonly Model[]).map(({ name }) => [name, name]));
  return {
    snapshot: { words: built.company, dataThrough, tables } as unknown as Snapshot,
    scope: everything,
    query: (statement, columns) => built.warehouse.query(statement, columns, { locate }),
  };
}

/** The same on the GoogleSQL reference implementation, which analyses every statement first. */
export async function referenceReaderOf(
  built: BuiltCompany,
  { snapshot }: Reader,
  models: readonly unknown[],
): Promise<Reader & AsyncDisposable> {
  const googleSql = await startReference();
  const read = models as readonly Model[];
  const catalogue = Object.fromEntries(read.map((m) => [m.name, typesOf(m.columnsFor(built.company))]));
  const data: Record<string, Record<string, unknown>[]> = {};
  for (const model of read) data[model.name] = await built.read(model);
  return {
    snapshot,
    scope: everything,
    query: async (statement, columns) => {
      const rendered = render(statement, "bigquery");
      expect(lintGoogleSql(rendered.text)).toEqual([]);
      expect(await googleSql.analyze(rendered, catalogue)).toEqual(typesOf(columns));
      return (await googleSql.evaluate(rendered, catalogue, data)).rows as never;
    },
    [Symbol.asyncDispose]: () => googleSql[Symbol.asyncDispose](),
  };
}
