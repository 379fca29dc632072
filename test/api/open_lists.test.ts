import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import type { Snapshot } from "../../jobs/ledger.js";
import { nextRows, type Ordered } from "../../resolvers/lists.js";
import { OpenLists } from "../../resolvers/open_lists.js";
import { type Reader, readerOf } from "../../resolvers/reader.js";
import { everything } from "../../resolvers/scope.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { integer, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { journeyOf, journeyText } from "../jobs/small.js";

const rows = 10_000;
const snapshot = {
  id: 1,
  tables: {},
  words: { journey: journeyOf(journeyText()), attributes: [] },
} as unknown as Snapshot;
let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  await warehouse.run(
    sql`create table numbers as select range as n, 0 as changed from range(${integer(rows)})`,
  );
});
afterAll(() => warehouse?.close());
afterEach(() => {
  vi.useRealTimers();
});

const columns = { n: { type: "integer", notNull: true }, changed: { type: "integer" } } as const;
const list: Ordered<typeof columns> = {
  from: (behind) => sql`select n, changed from numbers where ${behind} order by n`,
  columns,
  cursorOf: ({ n }) => String(n),
};

interface Reading {
  /** The page behind a number. */
  page(first: number, after?: number): Promise<{ numbers: number[]; changed: number; hasMore: boolean }>;
  statements(): number;
  leave(): void;
}

/** Whoever reads the list to its end. */
function readingOn(lists: OpenLists): Reading {
  const gone = new AbortController();
  let count = 0;
  const reader: Reader = readerOf(warehouse, snapshot, everything, {
    caller: "test",
    signal: gone.signal,
    reading: lists.reading(gone.signal),
    onStatement: () => count++,
  });
  return {
    page: async (first, after) => {
      const behind = after === undefined ? sql`true` : sql`n > ${integer(after)}`;
      const page = await nextRows(reader, list, {
        behind,
        after: after === undefined ? null : String(after),
        first,
      });
      return {
        numbers: page.rows.map(({ n }) => n),
        changed: page.rows.filter((row) => row.changed).length,
        hasMore: page.hasMore,
      };
    },
    statements: () => count,
    leave: () => gone.abort(),
  };
}

it("a list that is read to its end takes one statement beside its first page's, whatever its pages, with rows of one moment", async () => {
  const { page, statements } = readingOn(new OpenLists());
  const read: number[] = [];
  for (let after: number | undefined, hasMore = true; hasMore; after = read.at(-1)) {
    const found = await page(3000, after);
    expect(found.changed).toBe(0);
    read.push(...found.numbers);
    hasMore = found.hasMore;
    if (after !== undefined) await warehouse.run(sql`update numbers set changed = 1`);
  }
  await warehouse.run(sql`update numbers set changed = 0`);
  expect(read).toEqual(Array.from({ length: rows }, (_, n) => n));
  expect(statements()).toBe(2);
});

it("a page that doesn't go on where the last one ended takes a statement of its own", async () => {
  const { page, statements } = readingOn(new OpenLists());
  expect((await page(2)).numbers).toEqual([0, 1]);
  expect((await page(2, 1)).numbers).toEqual([2, 3]);
  expect((await page(2, 4711)).numbers).toEqual([4712, 4713]);
  expect((await page(2, 3)).numbers).toEqual([4, 5]);
  expect((await page(2, 3)).numbers).toEqual([4, 5]);
  expect(statements()).toBe(4);
});

it("a slow reader's list is closed, so that others have its room, and goes on behind the cursor", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const lists = new OpenLists();
  const slow = Array.from({ length: 4 }, () => readingOn(lists));
  for (const { page } of slow) await page(10, 9);
  const late = readingOn(lists);
  for (let after = -1; after < 39; after += 10) await late.page(10, after);
  expect(late.statements(), "without room each page is a statement").toBe(4);
  vi.advanceTimersByTime(10_000);
  for (let after = 39; after < 79; after += 10) await late.page(10, after);
  expect(late.statements()).toBe(5);
  expect((await slow[0]?.page(10, 19))?.numbers[0]).toBe(20);
  expect(slow[0]?.statements()).toBe(2);
});

it("readers who have left hold no connection, also where they read a list twice at once", async () => {
  const lists = new OpenLists();
  const twice = readingOn(lists);
  for (const { numbers } of await Promise.all([twice.page(10, 9), twice.page(10, 9)]))
    expect(numbers).toHaveLength(10);
  twice.leave();
  for (let i = 0; i < 20; i++) {
    const { page, leave } = readingOn(lists);
    await page(10, 9);
    leave();
    await expect(page(10, 19)).rejects.toMatchObject({ code: "CANCELLED" });
  }
  const { page, statements } = readingOn(lists);
  await page(10, 9);
  await page(10, 19);
  expect(statements(), "there is room").toBe(1);
});
