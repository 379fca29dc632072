import { Command } from "commander";
import type { WebhookSettings } from "../../config/settings.js";
import { didYouMean, WaymarkError } from "../../errors.js";
import { deliver, type Round, send } from "../../notifications/deliver.js";
import { idOf, type Message } from "../../notifications/message.js";
import {
  type DeadLetterView,
  readDeadLetterViews,
  readOverview,
  resend,
  type WebhookOverview,
} from "../../notifications/overview.js";
import { originOf, type Webhook, webhooksOf } from "../../notifications/webhook.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { inWords, tellBreaches } from "../news.js";
import { answer, answerJson, remark, rowsAs } from "../output.js";
import { loadProject, optionsOf, type ProjectFolder, withWarehouse } from "../project.js";
import { untilStopped } from "../stop.js";
import { ask } from "./query.js";

const now = (): Date => new Date();

interface WebhooksFlags {
  dead?: true;
  url?: string;
}

export const webhooksCommand = (): Command =>
  new Command("webhooks")
    .description("say how each webhook fares: delivered, pending, given up, the last error")
    .option("--dead", "show the messages that were given up")
    .option(
      "--url <url>",
      "ask a running server instead of opening the warehouse, e.g. http://localhost:4000/graphql; resend too",
    )
    .action(async (_, command: Command) => {
      const { project: folder, json, dead, url } = optionsOf<WebhooksFlags>(command);
      if (dead) {
        const letters = url ? await askDeadLetters(url) : await lookedUp(folder, readDeadLetterViews);
        return json ? answerJson(letters) : printDead(letters);
      }
      const webhooks = url ? await askOverview(url) : await lookedUp(folder, readOverview);
      return json ? answerJson(webhooks) : print(webhooks);
    })
    .addCommand(resendCommand())
    .addCommand(deliverCommand())
    .addCommand(testCommand());

const resendCommand = (): Command =>
  new Command("resend")
    .description("send messages that were given up again, under their own ids")
    .argument("[ids...]", "of messages, as `waymark webhooks --dead` shows them")
    .option("--all-dead", "all that were given up")
    .action(async (given: string[], _, command: Command) => {
      const { project: folder, json, allDead, url } = optionsOf<WebhooksFlags & { allDead?: true }>(command);
      if (given.length > 0 === (allDead === true))
        throw new WaymarkError("BAD_USER_INPUT", "Say which: ids of messages, or --all-dead.");
      const ids = allDead ? null : given;
      if (url) {
        const letters = await askResend(url, ids);
        return json ? answerJson({ resent: letters }) : remark(`The server sends ${letters} again.`);
      }
      await inWarehouse(folder, async (warehouse, webhooks) => {
        await resend(warehouse, ids, now());
        await sendDue(warehouse, webhooks, json);
      });
    });

const deliverCommand = (): Command =>
  new Command("deliver")
    .description("send what is due now, of late feeds too; `waymark serve` does so by itself")
    .action(async (_, command: Command) => {
      const { project: folder, json } = optionsOf(command);
      await inWarehouse(folder, async (warehouse, webhooks, { settings }) => {
        await tellBreaches(warehouse, webhooks, settings, now());
        await sendDue(warehouse, webhooks, json);
      });
    });

const testCommand = (): Command =>
  new Command("test")
    .description("send a test message to a webhook, once; it is not kept")
    .argument("<name>", "the webhook, as waymark.yml calls it")
    .action(async (name: string, _, command: Command) => {
      const { project: folder, json } = optionsOf(command);
      const { settings } = loadProject(folder);
      const webhooks = webhooksOf(settings, process.env);
      const webhook = webhooks.find((w) => w.name === name);
      if (!webhook) {
        const known = webhooks.map((w) => w.name);
        throw new WaymarkError(
          "BAD_USER_INPUT",
          `waymark.yml has no webhook "${name}".${didYouMean(name, known)}`,
          { webhook: name, known },
        );
      }
      const message = testMessage(settings.company, webhook, now());
      const outcome = await untilStopped((signal) =>
        send(webhook, message, JSON.stringify(message), { now, signal }),
      );
      if (outcome.kind === "stopped") throw new WaymarkError("CANCELLED", "The test was cancelled.");
      if (outcome.kind !== "delivered")
        throw new WaymarkError("WEBHOOK_FAILED", `${name}: ${outcome.error}`, {
          webhook: name,
          status: outcome.status,
        });
      if (json) return answerJson({ webhook: name, id: message.id, status: outcome.status });
      remark(`${name}: ${originOf(webhook)} answered ${outcome.status}.`);
    });

const testMessage = (company: string, { name }: Webhook, at: Date): Message => ({
  id: idOf("test", [name, at.toISOString()]),
  type: "test",
  timestamp: at.toISOString(),
  company,
  summary: `${company}: a test of the webhook ${name}. Nothing has happened.`,
  data: { webhook: name },
});

/** To look needs none of the secrets that sending does. */
function lookedUp<T>(
  folder: string,
  look: (warehouse: Warehouse, webhooks: readonly WebhookSettings[]) => Promise<T>,
): Promise<T> {
  const project = loadProject(folder);
  return withWarehouse(project, (warehouse) => look(warehouse, project.settings.webhooks));
}

function inWarehouse<T>(
  folder: string,
  work: (warehouse: Warehouse, webhooks: readonly Webhook[], project: ProjectFolder) => Promise<T>,
): Promise<T> {
  const project = loadProject(folder);
  const webhooks = webhooksOf(project.settings, process.env);
  return withWarehouse(project, (warehouse) => work(warehouse, webhooks, project));
}

async function sendDue(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  json: true | undefined,
): Promise<void> {
  const rounds: Round[] = await untilStopped((signal) => deliver(warehouse, webhooks, { now, signal }));
  if (json) answerJson(rounds);
  else for (const round of rounds) answer(inWords(round));
}

/** An answer of the API carries times as text. */
const dateOf = (instant: unknown): Date | null => (instant === null ? null : new Date(String(instant)));

async function askOverview(url: string): Promise<WebhookOverview[]> {
  const query =
    "{ webhooks { name origin delivered pending dead lastDeliveredAt nextAttemptAt lastFailedAt lastError } }";
  const { webhooks } = (await ask(url, { query, variables: {} })) as { webhooks: WebhookOverview[] };
  return webhooks.map((w) => ({
    ...w,
    lastDeliveredAt: dateOf(w.lastDeliveredAt),
    nextAttemptAt: dateOf(w.nextAttemptAt),
    lastFailedAt: dateOf(w.lastFailedAt),
  }));
}

async function askDeadLetters(url: string): Promise<DeadLetterView[]> {
  const query = "{ deadLetters { id webhook attempts lastAttemptAt lastStatus lastError body } }";
  const { deadLetters } = (await ask(url, { query, variables: {} })) as {
    deadLetters: (Omit<DeadLetterView, "message"> & { body: string })[];
  };
  return deadLetters.map(({ body, ...letter }) => ({
    ...letter,
    lastAttemptAt: dateOf(letter.lastAttemptAt),
    message: JSON.parse(body) as Message,
  }));
}

async function askResend(url: string, ids: readonly string[] | null): Promise<number> {
  const query = "mutation ($ids: [ID!]) { resendDeadLetters(ids: $ids) }";
  const answered = (await ask(url, { query, variables: { ids } })) as { resendDeadLetters: number };
  return answered.resendDeadLetters;
}

function print(webhooks: readonly WebhookOverview[]): void {
  if (webhooks.length === 0) remark("There are no webhooks; docs/webhooks.md says how to add one.");
  const cells = webhooks.map((w) => ({
    webhook: w.name,
    to: w.origin ?? "not in waymark.yml",
    delivered: w.delivered,
    pending: w.pending,
    dead: w.dead,
    "last delivered": w.lastDeliveredAt,
    "next attempt": w.nextAttemptAt,
    "last error": w.lastError,
  }));
  answer(rowsAs("table", cells));
}

function printDead(letters: readonly DeadLetterView[]): void {
  const cells = letters.map(({ id, webhook, attempts, lastAttemptAt, lastError, message }) => ({
    id,
    webhook,
    attempts,
    "last attempt": lastAttemptAt,
    error: lastError,
    message: message.summary,
  }));
  answer(rowsAs("table", cells));
}
