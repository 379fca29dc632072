import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { WaymarkError } from "../../errors.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { integer, type Sql, sql, text } from "../../warehouse/sql.js";
import { warehouseContract } from "./contract.js";

const folder = mkdtempSync(join(tmpdir(), "waymark-duckdb-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

warehouseContract("DuckDB", () => openDuckDb({ file: join(folder, "w.duckdb"), memoryLimit: "2GB" }));

describe("a DuckDB file", () => {
  const rows = { n: { type: "integer" } } as const;
  const failureOf = async (work: Promise<unknown>): Promise<WaymarkError> => {
    const error = await work.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(WaymarkError);
    return error as WaymarkError;
  };

  // A disk of its own, in a namespace of its own: Linux lets a plain user make one, where it isn't forbidden.
  const onSmallDisk = (command: string) =>
    spawnSync(
      "unshare",
      [
        "-rm",
        "sh",
        "-c",
        `mount -t tmpfs -o size=40m small "$0" && ${command}`,
        mkdtempSync(join(folder, "small-")),
      ],
      { encoding: "utf8" },
    );
  it.skipIf(onSmallDisk("true").status !== 0)(
    "on a full disk is unavailable, a fault that passes, and goes on once there is room",
    () => {
      const { stdout, stderr } = onSmallDisk(
        `exec "${process.execPath}" dist/test/warehouse/full_disk.js "$0"`,
      );
      expect(JSON.parse(stdout || stderr)).toEqual([
        "WAREHOUSE_UNAVAILABLE",
        "WAREHOUSE_UNAVAILABLE",
        "done",
        "done",
      ]);
    },
  );

  it("opened twice in one process is one database: neither loses the other's rows", async () => {
    const file = join(folder, "twice.duckdb");
    const [first, second] = [await openDuckDb({ file }), await openDuckDb({ file })];
    await first.load(["t"], rows, [[[1]]]);
    await second.load(["t"], rows, [[[2]]]);
    await Promise.all([first.load(["t"], rows, [[[3]]]), second.load(["t"], rows, [[[4]]])]);
    const count = sql`select count(*) as n from t`;
    expect(await first.query(count, rows)).toEqual([{ n: 4 }]);
    await first.close();
    expect(await second.query(count, rows)).toEqual([{ n: 4 }]);
    await second.close();
    const third = await openDuckDb({ file });
    expect(await third.query(count, rows)).toEqual([{ n: 4 }]);
    await third.close();
  });

  it("keeps what expires in memory, in place of what an earlier file holds", async () => {
    const file = join(folder, "scratch.duckdb");
    const first = await openDuckDb({ file });
    const fill = (schema: string): Promise<number> =>
      first.materialize({ table: [schema, "t"], columns: rows, query: sql`select 1 as n` });
    for (const schema of ["stays", "expires"]) await fill(schema);
    await first.createSchema("expires", { expires: true });
    expect(await first.tables("expires")).toEqual([]);
    await fill("expires");
    await first.createSchema("expires", { expires: true }); // again changes nothing
    expect([await first.tables("stays"), await first.tables("expires")]).toEqual([["t"], ["t"]]);
    await first.drop(["stays", "expires"].map((schema) => [schema, "t"]));
    expect([await first.tables("stays"), await first.tables("expires")]).toEqual([[], []]);
    for (const schema of ["stays", "expires"]) await fill(schema);
    await first.close();
    const second = await openDuckDb({ file });
    expect([await second.tables("stays"), await second.tables("expires")]).toEqual([["t"], []]);
    await second.close();
  });

  it("that is called as one of its schemas is told to be called otherwise", async () => {
    const warehouse = await openDuckDb({ file: join(folder, "named.duckdb") });
    await warehouse.createSchema("named");
    const { message } = await failureOf(warehouse.run(sql`create table named.t as select 1 as n`));
    expect(message).toMatch(/"named".*call the file otherwise, in warehouse\.file of waymark\.yml too/s);
    await warehouse.close();
  });

  it("is read as it stands in one moment, though rows come and go between a statement's plan and its run", async () => {
    const warehouse = await openDuckDb({ file: join(folder, "moving.duckdb") });
    const t = sql`"rows"."t"`;
    await warehouse.createSchema("rows");
    await warehouse.run(sql`create table ${t} as select 1 as came, 999 as went, n from range(10) as r(n)`);
    let done = false;
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      while (!done)
        seen.push((await warehouse.query(sql`select n from ${t} where came <= 1 and went > 1`, rows)).length);
    };
    const reading = [read(), read()];
    for (let i = 0; i < 200; i++) {
      // From here on, before the next version, all rows fulfil the condition, and DuckDB's plan leaves it out.
      await warehouse.run(
        sql`create or replace table ${t} as select 1 as came, 999 as went, n from range(10) as r(n)`,
      );
      await warehouse.transaction([
        sql`update ${t} set went = 2`,
        sql`insert into ${t} select 2 as came, 999 as went, n from range(10) as r(n)`,
      ]);
    }
    done = true;
    await Promise.all(reading);
    expect(new Set(seen)).toEqual(new Set([10]));
    await warehouse.close();
  });

  it("held by another process is refused in one line that names it, and since when it runs", async () => {
    const file = join(folder, "held.duckdb");
    const holder = await hold(file);
    const error = await failureOf(openDuckDb({ file }));
    expect(error.code).toBe("WAREHOUSE_IN_USE");
    expect(error.message).toContain(`${file} is in use by process ${holder.pid} (`);
    expect(error.message).toMatch(/\), which runs since \d{4}-\d\d-\d\dT[\d:.]+Z; one process/);
    expect(error.message.split("\n")).toHaveLength(1);
    expect(error.details).toEqual({ file, pid: holder.pid, since: expect.any(String) });
    const age = Date.now() - Date.parse(error.details.since as string);
    expect(age, "it was started by this test").toBeGreaterThan(-2000);
    expect(age).toBeLessThan(300_000);
    holder.kill();
    await once(holder, "exit");
    await (await openDuckDb({ file })).close();
  });

  it("is let go by close: another process may open it", async () => {
    const file = join(folder, "let-go.duckdb");
    const warehouse = await openDuckDb({ file });
    await warehouse.load(["t"], rows, [[[1]]]);
    await warehouse.close();
    const holder = await hold(file);
    holder.kill();
    await once(holder, "exit");
  });

  it("tells the blocks that a table takes; a few rows have none of their own before a checkpoint", async () => {
    const warehouse = await openDuckDb({ file: join(folder, "size.duckdb") });
    for (const [table, n] of [
      ["large", 300_000],
      ["small", 3],
    ] as const)
      await warehouse.materialize({
        table: ["sized", table],
        columns: rows,
        query: sql`select hash(i) % 1000000007 as n from range(${integer(n)}) as r(i)`,
      });
    const large = await warehouse.bytes(["sized", "large"]);
    // Thirty bits a row, in blocks of 256 KiB.
    expect(large).toBeGreaterThan((300_000 * 30) / 8 - 262_144);
    expect(large).toBeLessThan(300_000 * 8);
    expect((large ?? 1) % 262_144).toBe(0);
    expect(await warehouse.bytes(["sized", "small"])).toBeNull();
    await warehouse.run(sql`checkpoint`);
    expect(await warehouse.bytes(["sized", "small"])).toBeGreaterThan(0);
    await warehouse.close();
  });

  it("that is none is said with its name", async () => {
    const error = await failureOf(openDuckDb({ file: join(import.meta.dirname, "duckdb.test.ts") }));
    expect(error.code).toBe("WAREHOUSE_FAILED");
    expect(error.message).toMatch(/^Can't open .*duckdb\.test\.ts: /);
  });

  it("is created with the folders above it", async () => {
    const warehouse = await openDuckDb({ file: join(folder, "new", "deep", "w.duckdb") });
    expect(await warehouse.tables("main")).toEqual([]);
    await warehouse.close();
  });
});

it("a query beyond the memory limit says which setting to raise, and the next one works", async () => {
  const warehouse = await openDuckDb({ file: ":memory:", memoryLimit: "20MB" });
  const hungry = warehouse.query(
    sql`select length(string_agg(repeat('x', 1000), '')) as n from range(1000000)`,
    { n: { type: "integer" } },
  );
  const error = (await hungry.catch((error: unknown) => error)) as WaymarkError;
  expect(error.code).toBe("WAREHOUSE_FAILED");
  expect(error.message).toMatch(/^DuckDB: Out of Memory Error/);
  expect(error.message).toContain("warehouse.memory_limit in waymark.yml");
  expect(await warehouse.query(sql`select 1 as n`, { n: { type: "integer" } })).toEqual([{ n: 1 }]);
  await warehouse.close();
});

it("makes a table once more by itself where it lacked memory beside others, and says so where it lacks it then", async () => {
  const warehouse = await openDuckDb({ file: ":memory:", memoryLimit: "100MB", threads: 2 });
  const make = (table: string, rows: number): Promise<number> =>
    warehouse.materialize({
      table: [table],
      columns: { length: { type: "integer" } },
      query: sql`select length(string_agg(repeat('x', 1000), '')) as length from range(${integer(rows)})`,
    });
  const [hungry, ...made] = await Promise.allSettled([
    make("hungry", 200_000),
    ...["a", "b", "c"].map((table) => make(table, 16_000)),
  ]);
  expect(made.map((one) => (one.status === "fulfilled" ? one.value : one.reason))).toEqual([1, 1, 1]);
  expect(hungry).toMatchObject({ status: "rejected", reason: { code: "WAREHOUSE_FAILED" } });
  expect(await make("d", 16_000)).toBe(1);
  await warehouse.close();
});

it("makes a table in two steps where there is no memory left to sort by, and keeps nothing of the first", async () => {
  const warehouse = await openDuckDb({ file: ":memory:", memoryLimit: "60MB", threads: 2 });
  const rows = 400_000;
  const made = warehouse.materialize({
    table: ["sorted"],
    columns: { hash: { type: "string" } },
    sortBy: ["hash"],
    query: sql`select md5(cast(range as varchar)) as hash from range(${integer(rows)})
cross join (select length(string_agg(repeat('x', 1000), '')) as length from range(10000)) as held where length > 0`,
  });
  expect(await made).toBe(rows);
  const unordered = sql`select count(*) as n from (select hash, lag(hash) over (order by rowid) as before from sorted) as t where hash < before`;
  expect(await warehouse.query(unordered, { n: { type: "integer" } })).toEqual([{ n: 0 }]);
  expect(await warehouse.tables("main")).toEqual(["sorted"]);
  await warehouse.close();
});

it("has each of several works use the threads that the others leave", async () => {
  const warehouse = await openDuckDb({ file: ":memory:", threads: 4 });
  const threads = async (): Promise<number | undefined> =>
    (
      await warehouse.query(sql`select cast(current_setting('threads') as bigint) as n`, {
        n: { type: "integer", notNull: true },
      })
    )[0]?.n;
  const seen: (number | undefined)[] = [await threads()];
  for (const are of [false, true, true, false]) {
    await warehouse.sideBySide(are);
    seen.push(await threads());
  }
  expect(seen).toEqual([4, 4, 3, 3, 4]);
  // What is told while it has not been heeded yet counts at last.
  await Promise.all([warehouse.sideBySide(false), warehouse.sideBySide(true)]);
  expect(await threads()).toBe(3);
  // A large table has all of them, and no longer than it takes, though it fails.
  const made = (n: Sql, isLarge: boolean) =>
    warehouse.materialize({ table: ["main", "t"], columns: { n: { type: "integer" } }, query: n, isLarge });
  const threadsOf = async (isLarge: boolean): Promise<number | undefined> => {
    await made(sql`select cast(current_setting('threads') as bigint) as n`, isLarge);
    return (await warehouse.query(sql`select n from main.t`, { n: { type: "integer" } }))[0]?.n ?? undefined;
  };
  expect([await threadsOf(true), await threads(), await threadsOf(false)]).toEqual([4, 3, 3]);
  await expect(made(sql`select error('no') as n`, true)).rejects.toThrow("no");
  expect(await threads()).toBe(3);
  await warehouse.close();
});

it("two warehouses in memory share nothing", async () => {
  const [first, second] = [await openDuckDb({ file: ":memory:" }), await openDuckDb({ file: ":memory:" })];
  await first.load(["t"], { n: { type: "integer" } }, []);
  expect([await first.tables("main"), await second.tables("main")]).toEqual([["t"], []]);
  await Promise.all([first.close(), second.close()]);
});

it("the first rows in an order are told whatever stood before them once", async () => {
  const file = join(folder, "first.duckdb");
  const row = { n: { type: "integer" } } as const;
  const first = await openDuckDb({ file });
  await first.load(["t"], row, [[[1], [2], [9]]]);
  await first.close();
  const warehouse = await openDuckDb({ file });
  await warehouse.run(sql`insert into t values (3)`);
  await warehouse.run(sql`delete from t where n = 9`);
  expect(await warehouse.query(sql`select n from t order by n desc limit 1`, row)).toEqual([{ n: 3 }]);
  await warehouse.close();
});

/** Another process that has the file open. */
async function hold(file: string) {
  const duckdb = createRequire(import.meta.url).resolve("@duckdb/node-api");
  const script = `require(${JSON.stringify(duckdb)}).DuckDBInstance.create(${JSON.stringify(file)}).then((db) => { globalThis.db = db; console.log("open"); setInterval(() => {}, 1000); }, (error) => { console.log(error.message); process.exit(1); })`;
  const holder = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(holder.stdout, "data")) as [Buffer];
  expect(String(said).trim()).toBe("open");
  return holder;
}

it("a day beyond the year 9999 is not cut to something else, and the error says which there are", async () => {
  const warehouse = await openDuckDb({ file: ":memory:" });
  for (const day of ["10000-01-01", "0001-01-01 (BC)", "infinity"]) {
    const read = warehouse.query(sql`select cast(${text(day)} as date) as day`, { day: { type: "date" } });
    await expect(read).rejects.toMatchObject({
      code: "WAREHOUSE_FAILED",
      message: expect.stringMatching(
        /^Column day holds .+, which is not a date from 0001-01-01 to 9999-12-31\.$/,
      ),
    });
  }
  await warehouse.close();
});
