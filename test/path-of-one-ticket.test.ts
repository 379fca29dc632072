import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadSettings } from "../config/settings.js";
import { build } from "../jobs/build.js";
import { locateIn } from "../jobs/ledger.js";
import { loadJourney } from "../journey/load.js";
import { accountFacts } from "../models/daily/account_facts.js";
import { supportDaily } from "../models/daily/support_daily.js";
import { accountHealth } from "../models/health/account_health.js";
import { checkMappings } from "../models/sources/mapping.js";
import { stgTickets } from "../models/staging/stg_tickets.js";
import { startServer } from "../server/server.js";
import { openDuckDb } from "../warehouse/duckdb.js";
import { relation, type Sql, sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";

const settingsText = `
company: One Ticket
sources:
  accounts:
    files: { path: accounts.csv, format: csv }
    columns: { account_id: id, created_on: signed_up }
  contracts:
    files: { path: contracts.csv, format: csv }
    columns: { contract_id: id, account_id: account, starts_on: start, mrr: mrr, seats: seats }
  tickets:
    files: { path: tickets.csv, format: csv }
    columns:
      ticket_id: nr
      account_id: customer
      priority: { column: prio, values: { P1: urgent } }
      opened_at: { column: opened, format: "%d.%m.%Y %H:%M" }
      first_replied_at: { column: replied, format: "%d.%m.%Y %H:%M" }
`;

const journeyText = `
stages:
  - { id: customer, name: Customer }
health:
  indicators:
    - { id: open_tickets, name: Open tickets, dimension: support, fact: open_tickets, scale: [[0, 100], [4, 0]] }
  caps:
    - { id: urgent, name: An urgent ticket open for a week, at_most: 40, when: { fact: overdue_urgent_tickets, at_least: 1 } }
`;

it("one ticket travels from a raw row to a GraphQL field", async () => {
  const folder = mkdtempSync(join(tmpdir(), "waymark-ticket-"));
  const files = {
    "waymark.yml": settingsText,
    "journey.yml": journeyText,
    "accounts.csv": "id,signed_up\na1,2024-04-01\n",
    "contracts.csv": "id,account,start,mrr,seats\nc1,a1,2024-04-01,100.50,5\n",
    "tickets.csv": "nr,customer,prio,opened,replied\nt1,a1,P1,01.05.2024 09:00,02.05.2024 10:30\n",
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const settings = {
    ...loadSettings(join(folder, "waymark.yml"), checkMappings),
    data_through: "2024-05-09",
  };
  const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  const { snapshot } = await build(
    warehouse,
    { settings, journey: loadJourney(join(folder, "journey.yml")) },
    { trigger: "test", now: () => new Date("2024-05-10T06:00:00Z") },
  );
  const read = <C extends Columns>(model: { name: string; columns: C }, where: Sql) =>
    warehouse.query(sql`select * from ${relation(model.name)} where ${where}`, model.columns, {
      locate: locateIn(snapshot.tables),
    });

  const [ticket] = await read(stgTickets, sql`ticket_id = 't1'`);
  expect(ticket).toMatchObject({
    account_id: "a1",
    priority: "urgent",
    day: "2024-05-01",
    first_reply_hours: 25.5,
    defects: null,
    is_usable: true,
  });
  expect(ticket?.opened_at).toEqual(new Date("2024-05-01T09:00:00Z"));

  const [opened] = await read(supportDaily, sql`day = date '2024-05-01'`);
  expect(opened).toMatchObject({
    tickets_opened: 1,
    tickets_timed: 1,
    replied_within_24h: 0,
    open_tickets: 1,
    overdue_tickets: 0,
  });
  const [overdue] = await read(supportDaily, sql`day = date '2024-05-08'`);
  expect(overdue).toMatchObject({
    tickets_opened: 0,
    open_tickets: 1,
    overdue_tickets: 1,
    overdue_urgent_tickets: 1,
  });

  const [facts] = await read(accountFacts, sql`day = date '2024-05-08'`);
  expect(facts).toMatchObject({
    open_tickets: 1,
    overdue_urgent_tickets: 1,
    tickets_opened_28d: 1,
    replied_within_24h_share_28d: 0,
    mrr: "100.5",
  });
  const health = await read(accountHealth, sql`day >= date '2024-05-07' and day < date '2024-05-09'`);
  expect(health.map((h) => [h.day, h.uncapped_score, h.cap, h.score, h.band])).toEqual([
    ["2024-05-07", 75, null, 75, "good"],
    ["2024-05-08", 75, "urgent", 40, "poor"],
  ]);

  const server = await startServer({
    warehouse,
    port: 0,
    host: "127.0.0.1",
    isDevelopment: false,
    now: () => new Date("2026-01-01T06:00:00Z"),
  });
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: `{ account(id: "a1") { tickets { open overdueUrgent } health { score band cap { name } change(since: "2024-05-07") { change capChange indicators { change } } } } }`,
    }),
  });
  expect(await response.json()).toMatchObject({
    data: {
      account: {
        tickets: { open: 1, overdueUrgent: 1 },
        health: {
          score: 40,
          band: "POOR",
          cap: { name: "An urgent ticket open for a week" },
          change: { change: -35, capChange: -35, indicators: [{ change: 0 }] },
        },
      },
    },
    extensions: { snapshot: { id: 1, dataThrough: "2024-05-09" } },
  });
  await server.close();
  await warehouse.close();
  rmSync(folder, { recursive: true });
});
