import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instantOf, isSuspect } from "../../models/sources/changes.js";
import { mapSources } from "../../models/sources/mapping.js";
import { stgAccounts } from "../../models/staging/stg_accounts.js";
import { stgTickets } from "../../models/staging/stg_tickets.js";
import { stgUsageEvents } from "../../models/staging/stg_usage_events.js";
import { openBigQuery } from "../../warehouse/bigquery.js";
import { render, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";
import { companyIn, companyOf, settingsOf } from "../models/built.js";
import { type BigQueryServer, startBigQueryServer } from "./bigquery_server.js";

const unavailable = referenceUnavailable();
const noon = (day: number): Date => new Date(Date.UTC(2024, 0, day, 12));
const midnight = (day: number): Date => new Date(Date.UTC(2024, 0, day));

/**
 * Raw tables as only BigQuery has them. The reference implementation knows no wildcards and no pseudo-columns: here a
 * table is called `events_*` and has them as columns of its own. That BigQuery expands and fills them is its own word.
 */
describe.skipIf(unavailable)(`Sources on BigQuery${unavailable ? ` (skipped: ${unavailable})` : ""}`, () => {
  let engine: GoogleSql;
  let server: BigQueryServer;
  let warehouse: Warehouse;
  beforeAll(async () => {
    engine = await startReference();
    server = await startBigQueryServer(engine);
    warehouse = openBigQuery({ project: "test-project", location: "EU", apiEndpoint: server.url });
    await warehouse.load(["raw", "events"], { id: { type: "string" } }, []);
    server.put("example.com:crm.sales.customers", { id: "string", since: "date" }, [
      { id: "a", since: "2024-01-01" },
      { id: "b", since: "2024-01-02" },
    ]);
    const event = { id: "string", org: "string", done: "timestamp", _TABLE_SUFFIX: "string" } as const;
    server.put("raw.events_*", event, [
      { id: "e1", org: "a", done: noon(3), _TABLE_SUFFIX: "20240103" },
      { id: "e2", org: "b", done: noon(4), _TABLE_SUFFIX: "20240104" },
    ]);
    const ticket = { id: "string", org: "string", opened: "timestamp", _PARTITIONTIME: "timestamp" } as const;
    server.put("raw.tickets", ticket, [
      { id: "t1", org: "a", opened: noon(3), _PARTITIONTIME: midnight(3) },
      { id: "t2", org: "a", opened: noon(4), _PARTITIONTIME: midnight(5) },
      { id: "t3", org: "b", opened: noon(5), _PARTITIONTIME: null },
    ]);
  });
  afterAll(async () => {
    await server?.stop();
    await engine?.stop();
  });

  const accounts = `
  accounts: { table: "example.com:crm.sales.customers", columns: { account_id: id, created_on: since } }`;
  const through = "2024-06-30";
  const over = (mappings: string) => companyIn(warehouse, `${accounts}${mappings}`, { through });
  const twin = {
    accounts: [
      { account_id: "a", created_on: "2024-01-01" },
      { account_id: "b", created_on: "2024-01-02" },
    ],
  };

  it("may be tables of another project, and wildcard tables with their suffix as a column", async () => {
    const company = await over(`
  usage_events:
    table: raw.events_*
    columns:
      event_id: id
      account_id: org
      occurred_at: done
      loaded_at: { sql: "parse_timestamp('%Y%m%d', _TABLE_SUFFIX)" }`);
    const same = await companyOf(
      {
        ...twin,
        usage_events: [
          { event_id: "e1", account_id: "a", occurred_at: noon(3), loaded_at: midnight(3) },
          { event_id: "e2", account_id: "b", occurred_at: noon(4), loaded_at: midnight(4) },
        ],
      },
      { through },
    );
    expect(await told(company.read(stgAccounts))).toEqual(await told(same.read(stgAccounts)));
    expect(await told(company.read(stgUsageEvents))).toEqual(await told(same.read(stgUsageEvents)));
    expect(await warehouse.reads("select id from `example.com:crm`.`sales`.`customers`")).toEqual([
      ["example.com:crm", "sales", "customers"],
    ]);
  });

  it("may have nested and repeated fields, which an expression reads", async () => {
    const company = await over(`
  usage_events:
    query: >
      select id, org, done, struct('export' as name) as feature,
        [struct('screen' as key, 7 as value), struct('times' as key, 3 as value)] as params
      from \`raw\`.\`events_*\`
    columns:
      event_id: id
      account_id: org
      occurred_at: done
      feature: { sql: feature.name }
      quantity: { sql: "(select p.value from unnest(params) as p where p.key = 'times')" }`);
    const event = { feature: "export", quantity: 3 };
    const same = await companyOf(
      {
        ...twin,
        usage_events: [
          { event_id: "e1", account_id: "a", occurred_at: noon(3), ...event },
          { event_id: "e2", account_id: "b", occurred_at: noon(4), ...event },
        ],
      },
      { through },
    );
    expect(await told(company.read(stgUsageEvents))).toEqual(await told(same.read(stgUsageEvents)));
  });

  it("whose column is nested or repeated, and is mapped as it is, are refused with what to do", async () => {
    const mapped = over(`
  usage_events:
    query: select id, org, done, ['a', 'b'] as features from \`raw\`.\`events_*\`
    columns: { event_id: id, account_id: org, occurred_at: done, feature: features }`);
    await expect(mapped).rejects.toMatchObject({
      code: "SOURCE_INVALID",
      message: expect.stringMatching(/usage_events.columns.feature: .* give an expression with `sql`/),
    });
  });

  const byPartition = `
  tickets:
    table: raw.tickets
    columns: { ticket_id: id, account_id: org, opened_at: opened, loaded_at: { sql: _PARTITIONTIME } }`;

  it("may be dated by their ingestion-time partitions", async () => {
    const company = await over(byPartition);
    const ticket = (id: string, account_id: string, day: number, loaded: Date | null) => ({
      ticket_id: id,
      account_id,
      opened_at: noon(day),
      loaded_at: loaded,
    });
    const same = await companyOf(
      {
        ...twin,
        tickets: [
          ticket("t1", "a", 3, midnight(3)),
          ticket("t2", "a", 4, midnight(5)),
          ticket("t3", "b", 5, null),
        ],
      },
      { through },
    );
    expect(await told(company.read(stgTickets))).toEqual(await told(same.read(stgTickets)));
  });

  it("are searched from the latest partition that was read on, and in what is not in a partition yet", async () => {
    const settings = settingsOf(`${accounts}${byPartition}`, "UTC", through, "/nowhere");
    const { tickets } = await mapSources(warehouse, settings);
    if (!tickets) throw new Error("tickets are not mapped");
    const searched = { mapped: tickets, timeZone: "UTC", occurredAt: "opened_at" };
    expect(instantOf(searched)).toBeDefined();
    const isFound = isSuspect(searched, { all: false, loadedSince: midnight(5), days: undefined });
    const found = sql`select c.ticket_id as id from (${tickets.raw}) as c where ${isFound}`;
    // A filter on the pseudo-column itself, against a parameter: by this BigQuery reads no other partition.
    expect(render(found, "bigquery").text).toMatchInlineSnapshot(
      `"select c.ticket_id as id from (select \`id\` as \`ticket_id\`, \`org\` as \`account_id\`, \`opened\` as \`opened_at\`, (_PARTITIONTIME) as \`loaded_at\` from \`raw\`.\`tickets\`) as c where (cast(c.\`loaded_at\` as timestamp) >= @p1 or cast(c.\`loaded_at\` as timestamp) is null)"`,
    );
    const rows = await warehouse.query(found, { id: { type: "string", notNull: true } });
    expect(rows.map(({ id }) => id).sort()).toEqual(["t2", "t3"]);
  });
});

/** Rows but for hashes, for which each engine has its own function. */
async function told(rows: Promise<Record<string, unknown>[]>): Promise<Record<string, unknown>[]> {
  return (await rows).map(({ checksum: _, id_hash: __, ...row }) => row);
}
