import { Command } from "commander";
import { didYouMean, WaymarkError } from "../../errors.js";
import { deliver, type Round, send } from "../../notifications/deliver.js";
import { idOf, type Message } from "../../notifications/message.js";
import {
  type DeadLetter,
  readDeadLetters,
  readWebhookStatus,
  revive,
  type WebhookStatus,
} from "../../notifications/outbox.js";
import { originOf, type Webhook, webhooksOf } from "../../notifications/webhook.js";
import { inWords } from "../news.js";
import { answer, answerJson, remark, rowsAs } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";
import { untilStopped } from "../stop.js";

const now = (): Date => new Date();

export const webhooksCommand = (): Command =>
  new Command("webhooks")
    .description("say how each webhook fares: delivered, pending, given up, the last error")
    .option("--dead", "show the messages that were given up")
    .action(async (_, command: Command) => {
      const { project: folder, json, dead } = optionsOf<{ dead?: true }>(command);
      const project = loadProject(folder);
      const webhooks = webhooksOf(project.settings, process.env);
      await withWarehouse(project, async (warehouse) => {
        if (dead) {
          const letters = await readDeadLetters(warehouse);
          return json ? answerJson(letters.map(letterAsJson)) : printDead(letters);
        }
        const rows = faring(webhooks, await readWebhookStatus(warehouse));
        return json ? answerJson(rows.map(faringAsJson)) : print(rows);
      });
    })
    .addCommand(resendCommand())
    .addCommand(deliverCommand())
    .addCommand(testCommand());

const resendCommand = (): Command =>
  new Command("resend")
    .description("send messages that were given up again, under their own ids")
    .argument("[ids...]", "of messages, as `waymark webhooks --dead` shows them")
    .option("--all-dead", "all that were given up")
    .action(async (ids: string[], _, command: Command) => {
      const { project: folder, json, allDead } = optionsOf<{ allDead?: true }>(command);
      if (ids.length > 0 === (allDead === true))
        throw new WaymarkError("BAD_USER_INPUT", "Say which: ids of messages, or --all-dead.");
      const project = loadProject(folder);
      const webhooks = webhooksOf(project.settings, process.env);
      await withWarehouse(project, (warehouse) =>
        untilStopped(async (signal) => {
          const dead = await readDeadLetters(warehouse);
          await revive(warehouse, allDead ? dead : lettersNamed(ids, dead), now());
          tellRounds(await deliver(warehouse, webhooks, { now, signal }), json);
        }),
      );
    });

const deliverCommand = (): Command =>
  new Command("deliver")
    .description("send what is due now; `waymark serve` does so by itself")
    .action(async (_, command: Command) => {
      const { project: folder, json } = optionsOf(command);
      const project = loadProject(folder);
      const webhooks = webhooksOf(project.settings, process.env);
      await withWarehouse(project, (warehouse) =>
        untilStopped(async (signal) => tellRounds(await deliver(warehouse, webhooks, { now, signal }), json)),
      );
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

/** A webhook of waymark.yml, or one that it no longer has but that still has messages. */
interface Faring extends WebhookStatus {
  /** Null where waymark.yml no longer has it: what is pending waits until it has it again. */
  readonly origin: string | null;
}

function faring(webhooks: readonly Webhook[], statuses: readonly WebhookStatus[]): Faring[] {
  const nothing = {
    delivered: 0,
    pending: 0,
    dead: 0,
    last_delivered_at: null,
    next_attempt_at: null,
    last_failed_at: null,
    last_error: null,
  };
  const names = new Set([...webhooks, ...statuses.map((s) => ({ name: s.webhook }))].map(({ name }) => name));
  return [...names].map((name) => {
    const webhook = webhooks.find((w) => w.name === name);
    return {
      ...nothing,
      webhook: name,
      ...statuses.find((s) => s.webhook === name),
      origin: webhook ? originOf(webhook) : null,
    };
  });
}

const faringAsJson = (row: Faring) => ({
  webhook: row.webhook,
  origin: row.origin,
  delivered: row.delivered,
  pending: row.pending,
  dead: row.dead,
  lastDeliveredAt: row.last_delivered_at,
  nextAttemptAt: row.next_attempt_at,
  lastFailedAt: row.last_failed_at,
  lastError: row.last_error,
});

function print(rows: readonly Faring[]): void {
  if (rows.length === 0) remark("waymark.yml has no webhooks; docs/webhooks.md says how to add one.");
  const cells = rows.map((row) => ({
    webhook: row.webhook,
    to: row.origin ?? "not in waymark.yml",
    delivered: row.delivered,
    pending: row.pending,
    dead: row.dead,
    "last delivered": row.last_delivered_at,
    "next attempt": row.next_attempt_at,
    "last error": row.last_error,
  }));
  answer(rowsAs("table", cells));
}

const letterAsJson = (letter: DeadLetter) => ({
  id: letter.message_id,
  webhook: letter.webhook,
  attempts: letter.attempts,
  lastAttemptAt: letter.last_attempt_at,
  lastStatus: letter.last_status,
  lastError: letter.last_error,
  message: letter.message,
});

function printDead(letters: readonly DeadLetter[]): void {
  const cells = letters.map(({ message_id, webhook, attempts, last_attempt_at, last_error, message }) => ({
    id: message_id,
    webhook,
    attempts,
    "last attempt": last_attempt_at,
    error: last_error,
    message: message.summary,
  }));
  answer(rowsAs("table", cells));
}

const tellRounds = (rounds: readonly Round[], json: true | undefined): void =>
  json ? answerJson(rounds) : answer(rounds.map(inWords).join("\n"));

/** @throws WaymarkError BAD_USER_INPUT naming the ids that were not given up */
function lettersNamed(ids: readonly string[], dead: readonly DeadLetter[]): DeadLetter[] {
  const unknown = ids.filter((id) => !dead.some(({ message_id }) => message_id === id));
  if (unknown.length > 0)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `${unknown.join(", ")}: no message that was given up. \`waymark webhooks --dead\` shows those that were.`,
      { unknown },
    );
  return dead.filter(({ message_id }) => ids.includes(message_id));
}
