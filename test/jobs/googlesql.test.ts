import { describe, expect, it } from "vitest";
import { build } from "../../jobs/build.js";
import { heardBy } from "../googlesql/heard.js";
import { referenceUnavailable, startReference } from "../googlesql/reference.js";
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
