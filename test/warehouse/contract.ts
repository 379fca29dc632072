import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WaymarkError } from "../../errors.js";
import { cast, daysBetween, eachDay, inArray, nullOf } from "../../warehouse/dialect.js";
import {
  bind,
  type ColumnType,
  integer,
  join,
  name,
  path,
  type Sql,
  sql,
  text,
} from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";

const schema = "contract";
const table = (name: string): string[] => [schema, name];
const at = (name: string): Sql => path(schema, name);

const everyType = {
  s: { type: "string" },
  i: { type: "integer" },
  n: { type: "number" },
  d: { type: "decimal" },
  b: { type: "boolean" },
  day: { type: "date" },
  at: { type: "timestamp" },
} as const satisfies Columns;
const types = Object.values(everyType).map(({ type }) => type);

/** Values at the ends of what rows carry, in the order of `everyType`; each must come back as it went in. */
const extremes: unknown[][] = [
  [
    "it's \"quoted\" `here` -- '; drop table x",
    42,
    0.1,
    "1250.5",
    true,
    "2024-02-29",
    new Date("2024-02-29T12:34:56.789Z"),
  ],
  ["", 0, 0, "0", false, "1970-01-01", new Date(0)],
  [
    "naïve 🙂\nsecond line\t\\n",
    -(2 ** 53 - 1),
    5e-324,
    "-0.000000001",
    false,
    "1969-12-31",
    new Date("1969-12-31T23:59:59.999Z"),
  ],
  [
    " padded ",
    2 ** 53 - 1,
    -1.7976931348623157e308,
    "99999999999999999999999999999.999999999",
    true,
    "0001-01-01",
    new Date("1582-10-14T00:00:00.001Z"),
  ],
  [
    "x".repeat(70_000),
    1,
    1e21,
    "-99999999999999999999999999999.999999999",
    true,
    "9999-12-31",
    new Date("9999-12-31T23:59:59.999Z"),
  ],
  [null, null, null, null, null, null, null],
];
const asRows = (values: unknown[][]): Record<string, unknown>[] =>
  values.map((row) => Object.fromEntries(Object.keys(everyType).map((column, i) => [column, row[i]])));

const daysFrom = (first: Sql, last: Sql): Sql =>
  sql`(select day from (select 1 as one) as o cross join ${eachDay(first, last)})`;
/** Four million rows: each of 2,000 days with each of 2,000 others. */
const manyDays = sql`(select a.day as day, b.day as other from ${daysFrom(sql`date '2000-01-01'`, sql`date '2005-06-22'`)} as a cross join ${daysFrom(sql`date '2000-01-01'`, sql`date '2005-06-22'`)} as b) as d`;
/** Runs for hours. */
const endless = sql`select sum(${daysBetween(sql`a.day`, sql`b.other`)}) as n from (select day from ${manyDays}) as a cross join (select other from ${manyDays}) as b`;

/**
 * What every engine must do, whatever it is: run it with a function that opens an empty warehouse. `leftOut` names
 * tests or groups of them that can't be run where it stands now, each with the reason.
 */
export function warehouseContract(
  engine: string,
  open: () => Promise<Warehouse>,
  leftOut: Readonly<Record<string, string>> = {},
): void {
  describe(`${engine} keeps the warehouse contract`, () => {
    let warehouse: Warehouse;
    beforeAll(async () => {
      warehouse = await open();
    });
    afterAll(() => warehouse?.close());
    beforeEach(({ task, skip }) => {
      const reason = leftOut[task.name] ?? leftOut[task.suite?.name ?? ""];
      if (reason) skip(reason);
    });

    const one = async (statement: Sql, type: ColumnType): Promise<unknown> =>
      (await warehouse.query(sql`select ${statement} as v`, { v: { type } }))[0]?.v;
    const failureOf = async (work: Promise<unknown>): Promise<WaymarkError> => {
      const error = await work.then(
        () => new Error("it did not fail"),
        (error: unknown) => error,
      );
      expect(error).toBeInstanceOf(WaymarkError);
      return error as WaymarkError;
    };
    const worksStill = async (): Promise<void> => expect(await one(integer(1), "integer")).toBe(1);

    describe("values", () => {
      it("come back from a table as they were loaded, null in every type", async () => {
        expect(await warehouse.load(table("every_type"), everyType, [extremes])).toBe(extremes.length);
        const rows = await warehouse.query(sql`select * from ${at("every_type")}`, everyType);
        const byText = (a: Record<string, unknown>, b: Record<string, unknown>) =>
          String(a.s) < String(b.s) ? -1 : 1;
        expect([...rows].sort(byText)).toEqual(asRows(extremes).sort(byText));
      });

      it("come back from parameters as they were bound, null in every type", async () => {
        for (const values of extremes) {
          const bound = types.map((type, i) => bind(type, values[i]));
          const columns = Object.keys(everyType).map(
            (column, i) => sql`${bound[i] as Sql} as ${name(column)}`,
          );
          expect(await warehouse.query(sql`select ${columns}`, everyType)).toEqual(asRows([values]));
        }
      });

      it("are compared by value: a bound one equals the stored one", async () => {
        await warehouse.load(table("compared"), everyType, [extremes.slice(0, 5)]);
        for (const values of extremes.slice(0, 5)) {
          const equal = types.map(
            (type, i) => sql`${name(Object.keys(everyType)[i] as string)} = ${bind(type, values[i])}`,
          );
          const found = await warehouse.query(
            sql`select count(*) as n from ${at("compared")} where ${join(equal, " and ")}`,
            { n: { type: "integer" } },
          );
          expect(found).toEqual([{ n: 1 }]);
        }
      });

      it.each<[ColumnType, unknown[], unknown]>([
        ["string", ["a", "it's", '") or true --'], "it's"],
        ["integer", [1, -(2 ** 53 - 1)], -(2 ** 53 - 1)],
        ["number", [0.5, 1e300], 1e300],
        ["decimal", ["0.000000001", "12345678901234567890.5"], "12345678901234567890.5"],
        ["boolean", [true], true],
        ["date", ["1969-12-31", "2024-02-29"], "1969-12-31"],
        ["timestamp", [new Date("1969-12-31T23:59:59.999Z")], new Date("1969-12-31T23:59:59.999Z")],
      ])("are found in a bound array of %s", async (type, array, member) => {
        expect(await one(inArray(bind(type, member), bind(`${type}[]`, array)), "boolean")).toBe(true);
        expect(await one(inArray(bind(type, member), bind(`${type}[]`, [])), "boolean")).toBe(false);
      });

      it("that are text with quotes are never SQL", async () => {
        await warehouse.load(table("precious"), { s: { type: "string" } }, [[["kept"]]]);
        for (const attack of [
          "'; drop table contract.precious; --",
          '" or "1"="1',
          "\\'; select 1 --",
          "$p1 @p1 ?",
        ]) {
          expect(await one(bind("string", attack), "string")).toBe(attack);
          expect(await one(text(attack), "string")).toBe(attack);
          const found = sql`select count(*) as n from ${at("precious")} where s = ${bind("string", attack)}`;
          expect(await warehouse.query(found, { n: { type: "integer" } })).toEqual([{ n: 0 }]);
        }
        expect(await warehouse.tables(schema)).toContain("precious");
      });

      it("that are integers beyond 2^53 fail and are never rounded", async () => {
        const past = sql`(${integer(2 ** 53 - 1)} + 1)`;
        for (const value of [past, sql`-${past}`]) {
          const error = await failureOf(one(value, "integer"));
          expect(error.code).toBe("WAREHOUSE_FAILED");
          expect(error.message).toMatch(/Column v holds -?9007199254740992, which is not an integer/);
        }
        expect(await one(cast(past, "string"), "string")).toBe("9007199254740992");
      });

      it("that are sums of decimals stay exact", async () => {
        await warehouse.load(table("cents"), { d: { type: "decimal" } }, [
          Array.from({ length: 10 }, () => ["0.1"]),
        ]);
        expect(
          await warehouse.query(sql`select sum(d) as d from ${at("cents")}`, { d: { type: "decimal" } }),
        ).toEqual([{ d: "1" }]);
      });

      it("that are instants lose what is finer than a millisecond downwards, before 1970 too", async () => {
        const fine = async (digits: string) => one(cast(text(digits), "timestamp"), "timestamp");
        expect(await fine("2024-01-01 00:00:00.123999+00")).toEqual(new Date("2024-01-01T00:00:00.123Z"));
        expect(await fine("1969-12-31 23:59:59.998999+00")).toEqual(new Date("1969-12-31T23:59:59.998Z"));
      });

      it.each<[string, ColumnType, unknown]>([
        ["a day that is in no calendar", "date", "2024-02-30"],
        ["a word", "date", "yesterday"],
        ["a fraction", "integer", 1.5],
        ["a word", "decimal", "many"],
        ["a tenth digit after the point", "decimal", "0.1234567891"],
        ["no instant", "timestamp", new Date(Number.NaN)],
      ])(
        "that can't be bound fail, and nothing nearby is taken instead: %s as %s",
        async (_, type, value) => {
          await failureOf(one(bind(type, value), type));
          await failureOf(warehouse.load(table(`unloadable_${type}`), { v: { type } }, [[[value]]]));
          await worksStill();
        },
      );

      it("of another type than declared fail, naming the column", async () => {
        const error = await failureOf(one(text("many"), "integer"));
        expect(error.code).toBe("WAREHOUSE_FAILED");
        expect(error.message).toContain("Column v holds many, which is not an integer");
        expect(error.details.statement).toContain("many");
      });

      it("of a column that isn't returned fail, naming those that are", async () => {
        const error = await failureOf(
          warehouse.query(sql`select 1 as a, 2 as b`, { c: { type: "integer" } }),
        );
        expect(error.message).toContain("no column c, only a, b");
      });
    });

    describe("streams", () => {
      const days = { day: { type: "date", notNull: true } } as const;

      it("carry every row once", async () => {
        let [rows, batches] = [0, 0];
        const seen = new Set<string>();
        const fifty = sql`select day, other from ${manyDays} where day < date '2000-02-20'`;
        for await (const batch of warehouse.stream(fifty, { ...days, other: { type: "date" } })) {
          batches++;
          rows += batch.length;
          for (const { day, other } of batch) seen.add(`${day} ${other}`);
        }
        expect(batches).toBeGreaterThan(1);
        expect([rows, seen.size]).toEqual([100_000, 100_000]);
      });

      it("have no batch where there is no row", async () => {
        const batches: unknown[] = [];
        for await (const batch of warehouse.stream(
          sql`select 1 as n from (select 1 as one) as o where false`,
          {
            n: { type: "integer" },
          },
        ))
          batches.push(batch);
        expect(batches.flat()).toEqual([]);
      });

      it("wait for a slow reader, and hold few rows meanwhile", async () => {
        // Four million texts of 300 characters: over a gigabyte, if anybody kept it.
        const wide = sql`select ${cast(sql`day`, "string")} as day, ${text("x".repeat(300))} as filler from ${manyDays}`;
        const before = process.memoryUsage().rss;
        let [batches, largest, peak] = [0, 0, 0];
        for await (const batch of warehouse.stream(wide, {
          day: { type: "string" },
          filler: { type: "string" },
        })) {
          largest = Math.max(largest, batch.length);
          await sleep(50);
          peak = Math.max(peak, process.memoryUsage().rss - before);
          if (++batches === 10) break;
        }
        expect(largest).toBeLessThanOrEqual(10_000);
        expect(peak / 2 ** 20).toBeLessThan(300);
      });

      it("that are left early give their connection back", async () => {
        for (let i = 0; i < 20; i++) {
          for await (const batch of warehouse.stream(sql`select day from ${manyDays}`, days)) {
            expect(batch.length).toBeGreaterThan(0);
            break;
          }
        }
        await worksStill();
      });

      it("that fail in the middle of reading give their connection back", async () => {
        for (let i = 0; i < 20; i++) {
          await expect(async () => {
            for await (const _ of warehouse.stream(sql`select day from ${manyDays}`, days))
              throw new Error("the reader's own");
          }).rejects.toThrow("the reader's own");
        }
        await worksStill();
      });

      it("may be read side by side", async () => {
        const count = async (): Promise<number> => {
          let rows = 0;
          for await (const batch of warehouse.stream(
            sql`select day from ${manyDays} where day < date '2000-01-11'`,
            days,
          ))
            rows += batch.length;
          return rows;
        };
        expect(await Promise.all([count(), count(), count()])).toEqual([20_000, 20_000, 20_000]);
      });
    });

    describe("an AbortSignal", () => {
      const cancelledSoon = async (
        start: (signal: AbortSignal) => Promise<unknown>,
        delay: number,
      ): Promise<void> => {
        const controller = new AbortController();
        let abortedAt = Number.NaN;
        const abort = (): void => {
          abortedAt = performance.now();
          controller.abort();
        };
        const failed = failureOf(start(controller.signal));
        if (delay === 0) setImmediate(abort);
        else setTimeout(abort, delay);
        expect((await failed).code).toBe("CANCELLED");
        expect(performance.now() - abortedAt).toBeLessThan(1000);
      };

      it.each([0, 1, 2, 5, 20, 200])(
        "%i ms after the start cancels a query within a second",
        async (delay) => {
          await cancelledSoon(
            (signal) => warehouse.query(endless, { n: { type: "number" } }, { signal }),
            delay,
          );
          await worksStill();
        },
      );

      it("cancels a statement without rows, and a transaction, of which nothing stays", async () => {
        const fill = sql`create table ${at("cancelled")} as ${endless}`;
        await cancelledSoon((signal) => warehouse.run(fill, { signal }), 50);
        const first = sql`create table ${at("half_done")} as select 1 as n`;
        for (const delay of [0, 1, 5, 50]) {
          await cancelledSoon((signal) => warehouse.transaction([first, fill], { signal }), delay);
          expect(await warehouse.tables(schema)).not.toContain("half_done");
        }
        expect(await warehouse.tables(schema)).not.toContain("cancelled");
        await worksStill();
      });

      it("cancels the building of a table, and the old one stays", async () => {
        const target = { table: table("rebuilt"), columns: { n: { type: "number" } } } as const;
        await warehouse.materialize({ ...target, query: sql`select 1 as n` });
        await cancelledSoon((signal) => warehouse.materialize({ ...target, query: endless }, { signal }), 50);
        expect(await warehouse.query(sql`select n from ${at("rebuilt")}`, target.columns)).toEqual([
          { n: 1 },
        ]);
      });

      it("cancels a stream between batches", async () => {
        const controller = new AbortController();
        const read = async (): Promise<void> => {
          for await (const _ of warehouse.stream(
            sql`select day from ${manyDays}`,
            { day: { type: "date" } },
            { signal: controller.signal },
          ))
            controller.abort();
        };
        expect((await failureOf(read())).code).toBe("CANCELLED");
        await worksStill();
      });

      it("cancels what still waits for a connection", async () => {
        const others = Array.from({ length: 40 }, () => new AbortController());
        const busy = others.map(({ signal }) =>
          failureOf(warehouse.query(endless, { n: { type: "number" } }, { signal })),
        );
        await cancelledSoon(
          (signal) => warehouse.query(sql`select 1 as n`, { n: { type: "integer" } }, { signal }),
          100,
        );
        for (const other of others) other.abort();
        for (const error of await Promise.all(busy)) expect(error.code).toBe("CANCELLED");
        await worksStill();
      });

      it("that was given before the start starts nothing", async () => {
        const signal = AbortSignal.abort();
        const create = sql`create table ${at("never")} as select 1 as n`;
        expect((await failureOf(warehouse.run(create, { signal }))).code).toBe("CANCELLED");
        expect((await failureOf(warehouse.transaction([create], { signal }))).code).toBe("CANCELLED");
        expect(
          (await failureOf(warehouse.query(sql`select 1 as n`, { n: { type: "integer" } }, { signal }))).code,
        ).toBe("CANCELLED");
        expect(await warehouse.tables(schema)).not.toContain("never");
      });

      it("that comes after the end changes nothing", async () => {
        const controller = new AbortController();
        await warehouse.query(sql`select 1 as n`, { n: { type: "integer" } }, { signal: controller.signal });
        controller.abort();
        await worksStill();
      });
    });

    describe("a transaction", () => {
      const count = async (): Promise<number | undefined> =>
        (
          await warehouse.query(sql`select count(*) as n from ${at("ledger")}`, {
            n: { type: "integer", notNull: true },
          })
        )[0]?.n;
      const add = (n: number): Sql => sql`insert into ${at("ledger")} (n) values (${bind("integer", n)})`;
      beforeAll(() => warehouse.load(table("ledger"), { n: { type: "integer" } }, []));

      it("does all of it, or none", async () => {
        await warehouse.transaction([add(1), add(2)]);
        expect(await count()).toBe(2);
        const error = await failureOf(
          warehouse.transaction([add(3), sql`insert into ${at("nowhere")} (n) values (1)`]),
        );
        expect(error.code).toBe("WAREHOUSE_FAILED");
        expect(error.details.statement).toContain("nowhere");
        expect(await count()).toBe(2);
      });

      it("is not seen in halves", async () => {
        const writes = (async () => {
          for (let i = 0; i < 20; i++) await warehouse.transaction([add(i), add(i)]);
        })();
        const seen: (number | undefined)[] = [];
        while (seen.length < 30) seen.push(await count());
        await writes;
        expect(seen.filter((n) => n === undefined || n % 2 === 1)).toEqual([]);
        expect(await count()).toBe(42);
      });

      it("may come with views, which show what it did, and come with none where it fails", async () => {
        const show = (view: string): Sql =>
          sql`create or replace view ${at(view)} as select n from ${at("ledger")}`;
        await warehouse.transaction([add(7)], { definitions: [show("seen"), show("seen_too")] });
        const sevens = sql`select n from ${at("seen_too")} where n = 7`;
        expect(await warehouse.query(sevens, { n: { type: "integer" } })).toContainEqual({ n: 7 });
        const nowhere = sql`insert into ${at("nowhere")} (n) values (1)`;
        await failureOf(warehouse.transaction([add(8), nowhere], { definitions: [show("unseen")] }));
        expect(await warehouse.tables(schema)).not.toContain("unseen");
        await warehouse.transaction([], { definitions: [show("alone")] });
        expect(await warehouse.tables(schema)).toContain("alone");
      });

      it("of nothing is nothing", async () => {
        await warehouse.transaction([]);
        await worksStill();
      });
    });

    describe("materialize", () => {
      const columns = { n: { type: "integer" }, d: { type: "decimal" }, s: { type: "string" } } as const;

      it("creates schema and table, and answers the number of rows", async () => {
        const made = { table: ["contract_made", "t"], columns: { n: { type: "integer" } } } as const;
        expect(
          await warehouse.materialize({ ...made, query: sql`select 1 as n union all select 2 as n` }),
        ).toBe(2);
        expect(await warehouse.tables("contract_made")).toEqual(["t"]);
        await warehouse.run(sql`drop table ${path("contract_made", "t")}`);
      });

      it("many at once in a schema that isn't there yet", async () => {
        const names = ["a", "b", "c", "d", "e", "f"];
        await Promise.all(
          names.map((n) =>
            warehouse.materialize({
              table: ["contract_at_once", n],
              columns: { n: { type: "integer" } },
              query: sql`select 1 as n`,
            }),
          ),
        );
        expect(await warehouse.tables("contract_at_once")).toEqual(names);
        await Promise.all(names.map((n) => warehouse.run(sql`drop table ${path("contract_at_once", n)}`)));
      });

      it("replaces what was there, columns included", async () => {
        const target = { table: table("replaced"), columns };
        await warehouse.materialize({ ...target, query: sql`select 1 as n, 2 as d, 'old' as s` });
        expect(
          await warehouse.materialize({
            table: table("replaced"),
            columns: { n: { type: "integer" } },
            query: sql`select 7 as n`,
          }),
        ).toBe(1);
        expect(await warehouse.describe(sql`select * from ${at("replaced")}`)).toEqual({ n: "integer" });
      });

      it("casts to the declared types and takes the declared columns in their order, whatever the rows are", async () => {
        await warehouse.materialize({
          table: table("cast"),
          columns,
          query: sql`select 'extra' as extra, ${nullOf("string")} as s, 1.5e0 as d, 3 as n`,
        });
        expect(await warehouse.describe(sql`select * from ${at("cast")}`)).toEqual({
          n: "integer",
          d: "decimal",
          s: "string",
        });
        expect(Object.keys(await warehouse.describe(sql`select * from ${at("cast")}`))).toEqual([
          "n",
          "d",
          "s",
        ]);
        expect(await warehouse.query(sql`select * from ${at("cast")}`, columns)).toEqual([
          { n: 3, d: "1.5", s: null },
        ]);
        expect(
          await warehouse.materialize({
            table: table("cast"),
            columns,
            query: sql`select 1 as n, 1 as d, 's' as s from (select 1 as one) as o where false`,
          }),
        ).toBe(0);
        expect(await warehouse.describe(sql`select * from ${at("cast")}`)).toEqual({
          n: "integer",
          d: "decimal",
          s: "string",
        });
      });

      it("that fails leaves the old table as it was", async () => {
        const target = { table: table("kept"), columns: { n: { type: "integer" } } } as const;
        await warehouse.materialize({ ...target, query: sql`select 1 as n` });
        const error = await failureOf(
          warehouse.materialize({ ...target, query: sql`select cast('x' as ${sql`date`}) as n` }),
        );
        expect(error.code).toBe("WAREHOUSE_FAILED");
        expect(await warehouse.query(sql`select n from ${at("kept")}`, target.columns)).toEqual([{ n: 1 }]);
      });

      it("reads logical relations where they live now", async () => {
        await warehouse.load(table("events__000007"), { n: { type: "integer" } }, [[[5]]]);
        const { relation } = await import("../../warehouse/sql.js");
        const locate = (name: string): string[] => [schema, `${name}__000007`];
        const rows = await warehouse.query(
          sql`select n from ${relation("events")}`,
          { n: { type: "integer" } },
          { locate },
        );
        expect(rows).toEqual([{ n: 5 }]);
      });
    });

    describe("load", () => {
      it("appends, and creates the table when it is absent", async () => {
        const columns = { n: { type: "integer" }, s: { type: "string" } } as const;
        const batch = (from: number, rows: number): unknown[][] =>
          Array.from({ length: rows }, (_, i) => [from + i, `row ${from + i}`]);
        expect(await warehouse.load(table("loaded"), columns, [batch(0, 5000), batch(5000, 1)])).toBe(5001);
        expect(await warehouse.load(table("loaded"), columns, [batch(5001, 2)])).toBe(2);
        expect(await warehouse.load(table("loaded"), columns, [])).toBe(0);
        const rows = await warehouse.query(
          sql`select count(distinct n) as n, min(s) as s from ${at("loaded")}`,
          columns,
        );
        expect(rows).toEqual([{ n: 5003, s: "row 0" }]);
      });

      it("that fails in a late batch leaves no part of it", async () => {
        const columns = { n: { type: "integer" } } as const;
        const batches = [Array.from({ length: 300_000 }, (_, i) => [i]), [["x"]]];
        await failureOf(warehouse.load(table("half_loaded"), columns, batches));
        expect(await warehouse.query(sql`select count(*) as n from ${at("half_loaded")}`, columns)).toEqual([
          { n: 0 },
        ]);
        await worksStill();
      });
    });

    describe("describe and tables", () => {
      it("tell the types of a query in Waymark's words", async () => {
        const nulls = Object.entries(everyType).map(
          ([column, { type }]) => sql`${nullOf(type)} as ${name(column)}`,
        );
        const expected = Object.fromEntries(
          Object.entries(everyType).map(([column, { type }]) => [column, type]),
        );
        expect(await warehouse.describe(sql`select ${nulls}`)).toEqual(expected);
      });

      it("tell null for a type that rows can't carry", async () => {
        expect(await warehouse.describe(sql`select [1, 2] as list, ['a'] as texts, 1 as n`)).toEqual({
          list: null,
          texts: null,
          n: "integer",
        });
      });

      it("name the tables of a schema in order, and none where there is no such schema", async () => {
        for (const t of ["b", "a"])
          await warehouse.load(["contract_named", t], { n: { type: "integer" } }, []);
        expect(await warehouse.tables("contract_named")).toEqual(["a", "b"]);
        expect(await warehouse.tables("no_such_schema")).toEqual([]);
        expect(await warehouse.tables("contract' or '1'='1")).toEqual([]);
      });

      it("name none that was dropped, table or view; what isn't there needs no dropping", async () => {
        const [t, v, kept] = ["t", "v", "kept"].map((name) => ["contract_dropped", name]) as [
          string[],
          string[],
          string[],
        ];
        for (const table of [t, kept]) await warehouse.load(table, { n: { type: "integer" } }, []);
        await warehouse.run(sql`create or replace view ${path(...v)} as select n from ${path(...t)}`);
        await warehouse.drop([v, t, ["contract_dropped", "never"]]);
        expect(await warehouse.tables("contract_dropped")).toEqual(["kept"]);
        await warehouse.drop([]);
      });
    });

    describe("what a query reads", () => {
      it("is every relation that it names, wherever it stands, as it is written", async () => {
        const reads = async (query: string) =>
          (await warehouse.reads(query)).map((path) => path.join("/")).sort();
        expect(await reads("select 1 as n")).toEqual([]);
        expect(
          await reads(
            "with c as (select * from a where x in (select x from s.b)) select (select max(x) from D) as m from c union all select x from `e`".replaceAll(
              "`",
              warehouse.dialect === "bigquery" ? "`" : '"',
            ),
          ),
        ).toEqual(["D", "a", "c", "e", "s/b"]);
      });

      it.each([
        ["two statements", "select 1 as n; select 2 as n"],
        ["another statement", "drop table t"],
        ["nothing", ""],
        ["what can't be parsed", "select\n1 as n\nfrom where"],
      ])("is asked of one query alone, not of %s", async (_, text) => {
        const error = await warehouse.reads(text).catch((e: WaymarkError) => e);
        expect(error).toBeInstanceOf(WaymarkError);
        expect(error).toMatchObject({
          code: "WAREHOUSE_FAILED",
          details: { line: text.includes("from") ? 3 : 1 },
        });
      });
    });

    describe("an error", () => {
      it("carries its code, the engine's words, the statement and its cause", async () => {
        const statement = sql`select nothing_like_it from ${at("no_such_table")}`;
        const works = [
          () => warehouse.query(statement, {}),
          () => warehouse.run(statement),
          () => warehouse.transaction([statement]),
        ];
        for (const work of works) {
          const error = await failureOf(work());
          expect(error.code).toBe("WAREHOUSE_FAILED");
          expect(error.message).toContain("no_such_table");
          expect(error.details.statement).toContain("select nothing_like_it");
          expect(error.cause).toBeInstanceOf(Error);
        }
        await worksStill();
      });

      it("leaves a hundred later queries alone", async () => {
        await Promise.all(
          Array.from({ length: 100 }, () =>
            failureOf(warehouse.run(sql`select * from ${at("no_such_table")}`)),
          ),
        );
        await worksStill();
      });
    });

    it("more queries at once than there are connections all get their own answer", async () => {
      const ask = async (i: number): Promise<unknown> => one(bind("integer", i), "integer");
      expect(await Promise.all(Array.from({ length: 100 }, (_, i) => ask(i)))).toEqual(
        Array.from({ length: 100 }, (_, i) => i),
      );
    });
  });
}
