import { WaymarkError } from "../errors.js";
import type { PageInfo } from "../schema/account.js";
import { bind, type ColumnType, integer, join, name, render, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, Row } from "../warehouse/warehouse.js";
import type { Reader } from "./reader.js";

export const maxPage = 1000;

/** A column that a list is ordered by; never null, and together the columns tell rows apart. */
export interface OrderColumn {
  readonly column: string;
  readonly type: ColumnType;
  readonly isDescending?: boolean;
}

export interface List<C extends Columns> {
  /** The field that is asked, for messages. */
  readonly field: string;
  /** A select of the columns. */
  readonly rows: Sql;
  readonly columns: C;
  readonly order: readonly OrderColumn[];
}

export interface ListPage<R> {
  readonly rows: R[];
  readonly pageInfo: PageInfo;
}

/**
 * A page of a list. A cursor is the last row's order values, so pages stay right while others are published.
 * @throws WaymarkError BAD_USER_INPUT for a page size or cursor that can't be used
 */
export async function listPage<C extends Columns>(
  reader: Reader,
  { field, rows, columns, order }: List<C>,
  first: number,
  after: string | null | undefined,
): Promise<ListPage<Row<C>>> {
  if (first < 1 || first > maxPage) {
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `${field}: first is ${first}, expected 1 to ${maxPage}. Ask for the next page with after: endCursor.`,
    );
  }
  const behind = after ? behindSql(order, readCursor(field, after, order)) : sql`true`;
  const ordered = order.map(
    ({ column, isDescending }) => sql`${name(column)} ${isDescending ? sql`desc` : sql`asc`}`,
  );
  const cursorOf = (row: Row<C>): string =>
    writeCursor(order.map(({ column }) => (row as Record<string, unknown>)[column]));
  const page = await nextRows(
    reader,
    {
      from: (behind) => sql`
select ${Object.keys(columns).map(name)}
from (${rows}) as listed
where ${behind}
order by ${ordered}`,
      columns,
      cursorOf,
    },
    { behind, after: after ?? null, first },
  );
  const cursors = [page.rows[0], page.rows.at(-1)].map((row) => (row ? cursorOf(row) : null));
  return {
    rows: page.rows,
    pageInfo: {
      hasNextPage: page.hasMore,
      hasPreviousPage: Boolean(after),
      startCursor: cursors[0] ?? null,
      endCursor: cursors[1] ?? null,
    },
  };
}

/** A statement with the rows of a list behind a place, in its order. */
export interface Ordered<C extends Columns> {
  readonly from: (behind: Sql) => Sql;
  readonly columns: C;
  readonly cursorOf: (row: Row<C>) => string;
}

/** The first rows behind a cursor, and whether there are more; who reads to the end goes on where the last page ended. */
export async function nextRows<C extends Columns>(
  reader: Reader,
  { from, columns, cursorOf }: Ordered<C>,
  { behind, after, first }: { behind: Sql; after: string | null; first: number },
): Promise<{ rows: Row<C>[]; hasMore: boolean }> {
  const whole = render(from(sql`true`), "duckdb");
  const placeOf = (cursor: string | null): string => JSON.stringify([whole, cursor]);
  const list = reader.open?.(placeOf(after), from(behind), columns, after === null);
  if (!list) {
    const found = await reader.query(sql`${from(behind)}\nlimit ${integer(first + 1)}`, columns);
    return { rows: found.slice(0, first), hasMore: found.length > first };
  }
  const page = await list.take(first);
  const last = page.rows.at(-1);
  if (page.hasMore && last) list.leave(placeOf(cursorOf(last)));
  return page;
}

/** Behind a row in an order: the first column further on, or equal and the next further on, and so on. */
function behindSql(order: readonly OrderColumn[], values: readonly unknown[]): Sql {
  const alternatives = order.map(({ column, type, isDescending }, i) => {
    const equal = order.slice(0, i).map((o, j) => sql`${name(o.column)} = ${bind(o.type, values[j])}`);
    const beyond = sql`${name(column)} ${isDescending ? sql`<` : sql`>`} ${bind(type, values[i])}`;
    return sql`(${join([...equal, beyond], " and ")})`;
  });
  return sql`(${join(alternatives, " or ")})`;
}

const writeCursor = (values: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(values)).toString("base64url");

function readCursor(field: string, cursor: string, order: readonly OrderColumn[]): unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (
      Array.isArray(values) &&
      values.length === order.length &&
      values.every((v, i) => fits(v, order[i]?.type))
    )
      return values;
  } catch {}
  throw new WaymarkError(
    "BAD_USER_INPUT",
    `${field}: the cursor "${cursor.slice(0, 80)}" is none of ours. Use an endCursor as it was given.`,
  );
}

/** Whether a value from outside can be bound as a type. */
export function fits(value: unknown, type: ColumnType | undefined): boolean {
  if (type === "number") return typeof value === "number" && Number.isFinite(value);
  if (type === "integer") return Number.isSafeInteger(value);
  if (typeof value !== "string") return false;
  if (type === "decimal") return /^-?\d{1,29}(\.\d{1,9})?$/.test(value);
  return type !== "date" || (/^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)));
}
