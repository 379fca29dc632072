import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WaymarkError } from "../../errors.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { sql } from "../../warehouse/sql.js";

/** Run on a small disk: fills it, says how DuckDB fails by materialising and by committing, makes room, tries again. */
const [folder = ""] = process.argv.slice(2);
const ballast = join(folder, "ballast");
const warehouse = await openDuckDb({ file: join(folder, "w.duckdb") });
const outcomes: string[] = [];
const attempt = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
    outcomes.push("done");
  } catch (error) {
    const isTold = error instanceof WaymarkError && error.message.includes("Make room there");
    outcomes.push(isTold ? error.code : String(error));
  }
};
const build = () =>
  warehouse.materialize({
    table: ["main", "built"],
    columns: { n: { type: "integer" } },
    query: sql`select range * 7919 % 1000003 as n from range(1000000)`,
  });
const note = () =>
  warehouse.transaction([
    sql`create table if not exists notes (text varchar)`,
    sql`insert into notes select repeat('x', 1000) || range from range(1000)`,
  ]);

fill();
await attempt(build);
fill();
await attempt(note);
rmSync(ballast);
await attempt(build);
await attempt(note);
console.log(JSON.stringify(outcomes));

function fill(): void {
  rmSync(ballast, { force: true });
  for (let size = 64 * 1024 * 1024; size >= 1024; size /= 2) {
    try {
      writeFileSync(ballast, Buffer.alloc(size), { flag: "a" });
    } catch {
      // as much as there is room for
    }
  }
}
