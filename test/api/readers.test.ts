import "reflect-metadata";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { settingsSchema } from "../../config/settings.js";
import { build } from "../../jobs/build.js";
import type { Project } from "../../jobs/company.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { defaultJourney } from "../models/built.js";
import { type Answer, clientOf } from "./company.js";

const project: Project = {
  settings: {
    ...settingsSchema.parse({
      company: "Small",
      sources: {
        accounts: { table: "raw.accounts", columns: { account_id: "id", created_on: "since" } },
        tickets: { table: "raw.tickets", columns: { ticket_id: "id", account_id: "org", opened_at: "at" } },
      },
    }),
    folder: "/nowhere",
  },
  journey: defaultJourney,
};
/** PUBLICATIONS prolongs it: five take twenty seconds. */
const publications = Number(process.env.PUBLICATIONS ?? 5);
const readers = 2;

/** A ticket of each of two accounts, opened on the first of May; `n` tells it from others. */
const addTickets = (warehouse: Warehouse, n: number): Promise<number> =>
  warehouse.load(
    ["raw", "tickets"],
    { id: { type: "string" }, org: { type: "string" }, at: { type: "timestamp" } },
    [["a", "b"].map((account) => [`${account}${n}`, account, new Date("2026-05-01T12:00:00Z")])],
  );

/** Several statements over several tables, of which every publication changes the answers: one that is kept, and one that isn't. */
const kept = `
  snapshot { id }
  accounts(first: 2) { nodes { id tickets { total } } }
  account(id: "a") { tickets { total } }
  all: support(range: { from: "2026-04-01" }) { opened }
  each: support(range: { from: "2026-04-01" }) { accountId opened }`;
const questions = [`{ ${kept} }`, `{ ${kept} sources { name rows } models { name rows } }`];

it("every answer is of one snapshot, whole, while others are published under many readers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "waymark-readers-"));
  const warehouse = await openDuckDb({ file: join(folder, "w.duckdb") });
  const client = await clientOf(warehouse);
  onTestFinished(async () => {
    await client.server.close();
    await warehouse.close();
    rmSync(folder, { recursive: true });
  });
  await warehouse.load(["raw", "accounts"], { id: { type: "string" }, since: { type: "date" } }, [
    ["a", "b"].map((account) => [account, "2026-05-01"]),
  ]);
  await addTickets(warehouse, 1);
  const options = { trigger: "test", now: () => new Date("2026-05-02T06:00:00Z") };
  await build(warehouse, project, options);

  let publishing = true;
  const answers: Answer[] = [];
  const read = async (): Promise<void> => {
    while (publishing) for (const question of questions) answers.push(await client.ask(question));
  };
  const reading = Array.from({ length: readers }, read);
  const ticketsOf = new Map([[1, 1]]);
  for (let n = 2; n <= publications + 1; n++) {
    await addTickets(warehouse, n);
    const { snapshot } = await build(warehouse, project, {
      ...options,
      select: ["+support_metrics", "source_quality"],
    });
    ticketsOf.set(snapshot.id, n);
  }
  publishing = false;
  await Promise.all(reading);

  expect(ticketsOf.size).toBe(publications + 1);
  const seen = new Set(answers.map(({ data }) => data?.snapshot.id));
  expect(seen.size, "snapshots seen").toBeGreaterThan(publications / 2);
  for (const { data, errors, extensions } of answers) {
    expect(errors).toEqual([]);
    const n = ticketsOf.get(data.snapshot.id) ?? 0;
    expect(extensions.snapshot?.id).toBe(data.snapshot.id);
    expect(data).toMatchObject({
      accounts: { nodes: ["a", "b"].map((id) => ({ id, tickets: { total: n } })) },
      account: { tickets: { total: n } },
      all: [{ opened: 2 * n }],
      each: expect.arrayContaining(["a", "b"].map((accountId) => ({ accountId, opened: n }))),
      ...(data.models && {
        sources: expect.arrayContaining([{ name: "tickets", rows: 2 * n }]),
        models: expect.arrayContaining([{ name: "stg_tickets", rows: 2 * n }]),
      }),
    });
  }
}, 600_000);
