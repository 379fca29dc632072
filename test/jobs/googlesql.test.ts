import { describe, expect, it } from "vitest";
import { build } from "../../jobs/build.js";
import { describeCompany } from "../../jobs/company.js";
import { locateIn } from "../../jobs/ledger.js";
import { models } from "../../models/index.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { integer, sql, text } from "../../warehouse/sql.js";
import { heardBy } from "../googlesql/heard.js";
import { referenceUnavailable, startReference } from "../googlesql/reference.js";
import { acmeJourney, acmeNow, acmeSources, acmeZone, loadAcme } from "../models/acme.js";
import { journeyOf as parseJourney, settingsOf } from "../models/built.js";
import { at, journeyOf, journeyText, now, openSmall } from "./small.js";

const unavailable = referenceUnavailable();

describe.skipIf(unavailable)(`What builds ask of BigQuery${unavailable ? ` (${unavailable})` : ""}`, () => {
  it("is GoogleSQL, every statement over the tables as they stand then, in a first build and in one of a part", async () => {
    await using engine = await startReference();
    const { warehouse, settings } = await openSmall();
    const heard = heardBy(engine, warehouse);
    const project = { settings, journey: journeyOf(journeyText()) };
    await build(heard.warehouse, project, { trigger: "test", now });
    const events = {
      id: "string",
      org: "string",
      uid: "string",
      feature: "string",
      done: "timestamp",
    } as const;
    await warehouse.load(
      ["raw", "events"],
      Object.fromEntries(Object.entries(events).map(([column, type]) => [column, { type }])),
      [[["late", "a", "u9", "export", at(31)]]],
    );
    await build(heard.warehouse, project, { trigger: "test", now });
    expect(heard.statements).toBeGreaterThan(500);
    expect(heard.complaints).toEqual([]);
    expect([...heard.notForTransactions]).toEqual([]);
    // No engine but BigQuery itself runs these as they are sent: a human reads them.
    const scriptWith = (part: string): string => {
      const found = heard.scripts.findLast((script) => script.includes(part));
      if (!found) throw new Error(`No transaction does ${part}`);
      return found;
    };
    const scripts = {
      "takes the lease": scriptWith("The lease was taken meanwhile"),
      "writes a part of a table": scriptWith("`waymark_tables`.`usage_daily__rows"),
      publishes: scriptWith("insert into `waymark_ledger`.`snapshots`"),
    };
    const told = Object.entries(scripts).map(
      ([what, script]) => `-- What ${what}.\n${withoutOthers(script)};\n`,
    );
    await expect(told.join("\n")).toMatchFileSnapshot("golden/transactions.bigquery.sql");
  }, 300_000);

  it("is answered as by DuckDB of rows dated on the last day that has a name, or days to months before", async () => {
    await using engine = await startReference();
    const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
    await loadAcme(warehouse);
    for (const [i, day] of ["9999-12-31", "9999-12-30", "9999-12-05", "9999-06-01"].entries()) {
      const [d, id, noon] = [text(day), text(`far ${i}`), sql`timestamptz ${text(`${day} 12:00:00+00`)}`];
      const german = (clock: string) => text(`${day.split("-").reverse().join(".")} ${clock}`);
      for (const rows of [
        sql`raw.deals values (${id}, 'A1', '2024-02-01', ${d}, ${d}, 3, 1200, 'paid', 'x'), (${text(`later ${i}`)}, 'T1', ${d}, null, null, 3, 1200, 'paid', 'x')`,
        sql`raw.clicks values (${id}, 'A1', 'ann', 'v', 'click', 'reports', 1, ${noon}, ${noon})`,
        sql`raw.people values (${id}, 'A1', 'P', 'CEO', '2024-01-10', ${d}), (${text(`later ${i}`)}, 'A1', 'P', 'Fan', ${d}, null)`,
        sql`raw.nps values (${id}, 'A1', 'ann', 3, 'x', timestamp ${text(`${day} 12:00:00`)})`,
        sql`raw.meetings values (${integer(900 + i)}, 'A1', 'ann', 'qbr', ${d}, 'mia')`,
        sql`raw.helpdesk values (${id}, 'A1', 'ann', 'email', 'P1', 'billing', ${german("09:00")}, null, null, null, 0, null, null, true, false, '2'), (${text(`later ${i}`)}, 'A1', 'ann', 'email', 'P2', 'x', '01.04.2024 09:00', ${german("08:00")}, ${german("09:00")}, null, 3, null, null, false, false, '4')`,
      ])
        await warehouse.run(sql`insert into ${rows}`);
    }
    const project = {
      settings: settingsOf(acmeSources, acmeZone, undefined, "/nowhere"),
      journey: parseJourney(acmeJourney),
    };
    const { snapshot } = await build(warehouse, project, { trigger: "test", now: () => new Date(acmeNow) });
    const { dataThrough, tables } = snapshot;
    const company = await describeCompany(warehouse, project, new Date(acmeNow));
    const heard = heardBy(engine, warehouse, { answers: true });
    for (const model of models)
      await heard.warehouse.query(model.query(company), model.columnsFor(company), {
        locate: locateIn(tables),
        dataThrough,
      });
    expect(heard.answered).toBeGreaterThan(30);
    expect(heard.complaints).toEqual([]);
    await warehouse.close();
  }, 300_000);
});

/** Without what a transaction tells of other tables on its way: of which ones depends on who was sooner. */
function withoutOthers(script: string): string {
  const values = new Map<string, string>();
  return script
    .replace(/^update `waymark_ledger`\.`built_tables` set inputs = .*\n/gm, "")
    .replace(
      /@p\d+/g,
      (value) => values.get(value) ?? values.set(value, `@p${values.size + 1}`).get(value) ?? "",
    );
}
