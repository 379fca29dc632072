import { WaymarkError } from "../errors.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import type { Message } from "./message.js";
import { readDeadLetters, readWebhookStatus, revive } from "./outbox.js";
import { originOf, type Webhook } from "./webhook.js";

/** How a webhook fares, as the command line and the API tell it. */
export interface WebhookOverview {
  readonly name: string;
  /** Where it is, without the path; null where waymark.yml no longer has it: what is pending waits until it does. */
  readonly origin: string | null;
  readonly delivered: number;
  readonly pending: number;
  /** Given up. */
  readonly dead: number;
  readonly lastDeliveredAt: Date | null;
  /** Null where nothing is pending. */
  readonly nextAttemptAt: Date | null;
  /** When those pending or dead last met an error, and which; null where none did. */
  readonly lastFailedAt: Date | null;
  readonly lastError: string | null;
}

/** Those of waymark.yml in its order, then those that only have messages. */
export async function readOverview(
  warehouse: Warehouse,
  webhooks: readonly Pick<Webhook, "name" | "url">[],
): Promise<WebhookOverview[]> {
  const statuses = await readWebhookStatus(warehouse);
  const names = new Set([...webhooks.map(({ name }) => name), ...statuses.map(({ webhook }) => webhook)]);
  return [...names].map((name) => {
    const webhook = webhooks.find((w) => w.name === name);
    const status = statuses.find((s) => s.webhook === name);
    return {
      name,
      origin: webhook ? originOf(webhook) : null,
      delivered: status?.delivered ?? 0,
      pending: status?.pending ?? 0,
      dead: status?.dead ?? 0,
      lastDeliveredAt: status?.last_delivered_at ?? null,
      nextAttemptAt: status?.next_attempt_at ?? null,
      lastFailedAt: status?.last_failed_at ?? null,
      lastError: status?.last_error ?? null,
    };
  });
}

/** A message that was given up, as the command line and the API tell it. */
export interface DeadLetterView {
  readonly id: string;
  readonly webhook: string;
  readonly attempts: number;
  readonly lastAttemptAt: Date | null;
  /** Null where the receiver did not answer. */
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly message: Message;
}

export async function readDeadLetterViews(warehouse: Warehouse): Promise<DeadLetterView[]> {
  return (await readDeadLetters(warehouse)).map((letter) => ({
    id: letter.message_id,
    webhook: letter.webhook,
    attempts: letter.attempts,
    lastAttemptAt: letter.last_attempt_at,
    lastStatus: letter.last_status,
    lastError: letter.last_error,
    message: letter.message,
  }));
}

/**
 * Have dead letters sent again, as if for the first time and under their ids.
 * @param ids of messages; null = all
 * @returns how many will be sent
 * @throws WaymarkError BAD_USER_INPUT naming the ids that were not given up
 */
export async function resend(
  warehouse: Warehouse,
  ids: readonly string[] | null,
  now: Date,
): Promise<number> {
  const dead = await readDeadLetters(warehouse);
  const unknown = ids?.filter((id) => !dead.some(({ message_id }) => message_id === id)) ?? [];
  if (unknown.length > 0)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `${unknown.join(", ")}: no message that was given up. \`waymark webhooks --dead\` shows those that were.`,
      { unknown },
    );
  const letters = ids ? dead.filter(({ message_id }) => ids.includes(message_id)) : dead;
  await revive(warehouse, letters, now);
  return letters.length;
}
