import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type WebhookSettings, webhookEvents } from "../../config/settings.js";
import { schemas } from "../../jobs/ledger.js";
import { deliveries, messages } from "../../jobs/ledger_tables.js";
import { type Draft, ofAccount } from "../../notifications/message.js";
import { type Webhook, webhooksOf } from "../../notifications/webhook.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { path, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";

export const secret = `whsec_${Buffer.from("thirty-two bytes are a good key!").toString("base64")}`;

/** A warehouse in a file of its own, for the length of a test. */
export async function warehouseInFile(): Promise<{ warehouse: Warehouse; folder: string; file: string }> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-webhooks-"));
  const file = join(folder, "company.duckdb");
  const warehouse = await openDuckDb({ file, threads: 1 });
  onTestFinished(async () => {
    await warehouse.close();
    rmSync(folder, { recursive: true });
  });
  return { warehouse, folder, file };
}

export const webhookTo = (url: string, own: Partial<WebhookSettings> = {}): Webhook => {
  const settings: WebhookSettings = {
    name: "ours",
    url,
    format: "standard",
    secret_env: "SECRET",
    events: webhookEvents,
    ...own,
  };
  return webhooksOf({ webhooks: [settings] }, { SECRET: secret })[0] as Webhook;
};

/** A fact about an account. */
export const factOf = (account: string, nth: number): Draft => ({
  type: "signal_opened",
  fact: [account, "quiet", String(nth)],
  subject: ofAccount(account),
  timestamp: "2024-05-01T06:00:00.000Z",
  company: "Small",
  summary: `${account}: quiet (${nth})`,
  data: { account: { id: account }, nth },
});

/** A clock that stands until it is moved. */
export function clockAt(instant: string) {
  let at = new Date(instant);
  return {
    now: () => at,
    pass: (seconds: number): void => {
      at = new Date(at.getTime() + 1000 * seconds);
    },
  };
}

export const readDeliveries = (warehouse: Warehouse) =>
  warehouse.query(
    sql`select d.* from ${path(schemas.ledger, "deliveries")} as d inner join ${path(schemas.ledger, "messages")} as m on m.message_id = d.message_id order by m.sequence, d.webhook`,
    deliveries,
  );

export const readMessages = async (warehouse: Warehouse) => {
  const rows = await warehouse.query(
    sql`select * from ${path(schemas.ledger, "messages")} order by sequence`,
    messages,
  );
  return rows.map(({ body }) => JSON.parse(body));
};
