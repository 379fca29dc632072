import { didYouMean, WaymarkError } from "../errors.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { ref } from "../models/model.js";
import { attributeColumn } from "../models/sources/source.js";
import {
  type AccountFilter,
  type AccountOrder,
  type AccountOrderField,
  OrderDirection,
} from "../schema/account.js";
import { inArray } from "../warehouse/dialect.js";
import { bind, type ColumnType, join, name, type Sql, sql } from "../warehouse/sql.js";
import { fits, maxPage, nextRows } from "./lists.js";
import type { AccountRow } from "./loaders.js";
import { mustSee, type Reader } from "./reader.js";

export interface Page {
  rows: AccountRow[];
  cursors: string[];
  hasNextPage: boolean;
}

/** How an order's values are compared and carried in a cursor. */
const orderTypes: Record<AccountOrderField, ColumnType> = {
  name: "string",
  score: "number",
  mrr: "decimal",
  created_on: "date",
  days_to_renewal: "integer",
};

/**
 * One page of accounts. A cursor is the last row's order value and id, so pages stay right while others are
 * published; accounts without a value come last either way.
 * @throws WaymarkError BAD_USER_INPUT for a page size, cursor or attribute that can't be used
 */
export async function accountPage(
  reader: Reader,
  filter: AccountFilter,
  order: AccountOrder,
  first: number,
  after: string | null,
): Promise<Page> {
  if (first < 1 || first > maxPage) {
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `accounts: first is ${first}, expected 1 to ${maxPage}. Ask for the next page with after: endCursor.`,
    );
  }
  mustSee(reader, "accounts", [order.field]);
  const value = name(order.field);
  const behind = after === null ? sql`true` : behindCursor(readCursor(after, order), order);
  const columns = accountLatest.columnsFor(reader.snapshot.words);
  const cursorOf = (row: object): string => writeCursor(row as AccountRow, order);
  const { rows, hasMore } = await nextRows(
    reader,
    {
      from: (behind) => sql`
select ${Object.keys(columns).map(name)}
from ${ref(accountLatest)}
where ${filterSql(filter, reader)} and ${behind}
order by case when ${value} is null then 1 else 0 end, ${value} ${direction(order)}, account_id`,
      columns,
      cursorOf,
    },
    { behind, after, first },
  );
  return { rows: rows as unknown as AccountRow[], cursors: rows.map(cursorOf), hasNextPage: hasMore };
}

export async function countAccounts(reader: Reader, filter: AccountFilter): Promise<number> {
  const [row] = await reader.query(
    sql`select count(*) as n from ${ref(accountLatest)} where ${filterSql(filter, reader)}`,
    { n: { type: "integer", notNull: true } },
  );
  return row?.n ?? 0;
}

const direction = (order: AccountOrder): Sql =>
  order.direction === OrderDirection.DESC ? sql`desc` : sql`asc`;

/** What filters are read by: the words of a snapshot, and what the caller may see. */
export type Known = Pick<Reader, "snapshot" | "scope">;

/**
 * The condition on rows of `account_latest` that the filter states.
 * @throws WaymarkError BAD_USER_INPUT for a stage or attribute that there isn't
 * @throws WaymarkError FORBIDDEN for a column that is hidden from the caller
 */
export function filterSql(filter: AccountFilter, known: Known): Sql {
  mustSee(known, "accounts", columnsOf(filter));
  return conditionOf(filter, known);
}

function conditionOf(filter: AccountFilter, { snapshot }: Known): Sql {
  const anyOf = (column: string, values: readonly string[] | null | undefined): Sql[] =>
    values ? [inArray(name(column), bind("string[]", values))] : [];
  const known = snapshot.words.attributes;
  const stages = snapshot.words.journey.stages.map((s) => s.id);
  const unknown = filter.stage?.find((stage) => !stages.includes(stage));
  if (unknown !== undefined) {
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `accounts: there is no stage "${unknown}".${didYouMean(unknown, stages)}`,
    );
  }
  const attributes = (filter.attributes ?? []).flatMap((attribute) => {
    if (!known.includes(attribute.name)) {
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `accounts: there is no attribute "${attribute.name}".${didYouMean(attribute.name, known)}`,
      );
    }
    return anyOf(attributeColumn(attribute.name), attribute.in);
  });
  const isSet = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;
  const conditions = [
    ...anyOf("account_id", filter.ids),
    ...anyOf("stage", filter.stage),
    ...anyOf("band", filter.band),
    ...anyOf("segment", filter.segment),
    ...anyOf("region", filter.region),
    ...anyOf("owner", filter.owner),
    ...attributes,
    ...(isSet(filter.search)
      ? [sql`strpos(lower(${name("name")}), lower(${bind("string", filter.search)})) > 0`]
      : []),
    ...(isSet(filter.isCustomer)
      ? [sql`coalesce(is_customer, false) = ${bind("boolean", filter.isCustomer)}`]
      : []),
    ...(isSet(filter.isStuck) ? [sql`coalesce(is_stuck, false) = ${bind("boolean", filter.isStuck)}`] : []),
    ...(isSet(filter.minScore) ? [sql`score >= ${bind("number", filter.minScore)}`] : []),
    ...(isSet(filter.maxScore) ? [sql`score <= ${bind("number", filter.maxScore)}`] : []),
  ];
  return conditions.length > 0 ? join(conditions, " and ") : sql`true`;
}

/** The columns of the account that a filter tells accounts apart by: what is hidden mustn't be found out by filters. */
function columnsOf({ attributes, ...filter }: AccountFilter): string[] {
  const names: Partial<Record<keyof AccountFilter, string>> = {
    ids: "account_id",
    search: "name",
    isCustomer: "is_customer",
    isStuck: "is_stuck",
    minScore: "score",
    maxScore: "score",
  };
  const given = Object.entries(filter).filter(([, value]) => value !== null && value !== undefined);
  return [
    ...given.map(([key]) => names[key as keyof AccountFilter] ?? key),
    ...(attributes ?? []).map((a) => attributeColumn(a.name)),
  ];
}

interface Cursor {
  value: string | number | null;
  id: string;
}

function behindCursor({ value, id }: Cursor, order: AccountOrder): Sql {
  const column = name(order.field);
  const afterId = sql`account_id > ${bind("string", id)}`;
  if (value === null) return sql`(${column} is null and ${afterId})`;
  const type = orderTypes[order.field];
  const bound = bind(type, value);
  const beyond =
    order.direction === OrderDirection.DESC ? sql`${column} < ${bound}` : sql`${column} > ${bound}`;
  return sql`(${beyond} or (${column} = ${bound} and ${afterId}) or ${column} is null)`;
}

const orderWord = (order: AccountOrder): string => `${order.field} ${order.direction}`;

function writeCursor(row: AccountRow, order: AccountOrder): string {
  return Buffer.from(JSON.stringify([orderWord(order), row[order.field] ?? null, row.account_id])).toString(
    "base64url",
  );
}

function readCursor(cursor: string, order: AccountOrder): Cursor {
  const broken = (why: string): WaymarkError =>
    new WaymarkError(
      "BAD_USER_INPUT",
      `accounts: the cursor "${cursor.slice(0, 80)}" ${why}. Use an endCursor as it was given, with the same orderBy.`,
    );
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw broken("is none of ours");
  }
  if (!Array.isArray(parts) || parts.length !== 3 || typeof parts[2] !== "string")
    throw broken("is none of ours");
  const [word, value, id] = parts as [unknown, unknown, string];
  if (word !== orderWord(order)) throw broken(`belongs to another order (${String(word)})`);
  if (value !== null && !fits(value, orderTypes[order.field])) throw broken("is none of ours");
  return { value: value as string | number | null, id };
}

/** The accounts that a filter leaves, as a condition on an account's id; all without one. */
export const ofAccounts = (filter: AccountFilter | null | undefined, reader: Known, id: Sql): Sql =>
  filter
    ? sql`${id} in (select account_id from ${ref(accountLatest)} where ${filterSql(filter, reader)})`
    : sql`true`;
