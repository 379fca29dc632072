import { messageOf as wordsOf } from "../errors.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import type { Message } from "./message.js";
import { type Attempt, attempted, longestWaitMs, nextDueAt, type Pending, readDue } from "./outbox.js";
import { originOf, type Webhook } from "./webhook.js";

export interface DeliverOptions {
  readonly now: () => Date;
  /** Stops sending; what is on its way is sent again later, under the same id. */
  readonly signal?: AbortSignal | undefined;
  /** How long a receiver may take to answer, 15 s by default. */
  readonly timeoutMs?: number | undefined;
}

/** What became of the messages that were tried. */
export interface Round {
  readonly webhook: string;
  readonly delivered: number;
  /** To be tried again. */
  readonly failed: number;
  /** Given up. */
  readonly dead: number;
  /** The last failure, in words; null where there was none. */
  readonly error: string | null;
}

/** From the first attempt to the last of a message pass about 33 hours. */
export const mostAttempts = 12;

/** 30 s after the first attempt, then three times as long after each; at most 6 h. */
export const backoffMs = (attempts: number): number => Math.min(30_000 * 3 ** (attempts - 1), 6 * hour);

const hour = 3_600_000;
const messagesPerRead = 100;

/** Send what is due: one message after the other to each webhook, all webhooks at once. */
export function deliver(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  options: DeliverOptions,
): Promise<Round[]> {
  return Promise.all(webhooks.map((webhook) => deliverTo(warehouse, webhook, options)));
}

/** Where the receiver itself is in trouble the round ends: what else is due would only meet the same. */
export async function deliverTo(
  warehouse: Warehouse,
  webhook: Webhook,
  options: DeliverOptions,
): Promise<Round> {
  const round = { webhook: webhook.name, delivered: 0, failed: 0, dead: 0, error: null as string | null };
  for (;;) {
    const due = await readDue(warehouse, webhook.name, options.now(), messagesPerRead);
    for (const pending of due) {
      if (options.signal?.aborted) return round;
      const outcome = await send(webhook, JSON.parse(pending.body) as Message, pending.body, options);
      if (outcome.kind === "stopped") return round;
      const { attempt, waitUntil } = attemptOf(pending, outcome, options.now());
      await attempted(warehouse, pending, attempt, waitUntil);
      if (attempt.status === "delivered") round.delivered++;
      else {
        round[attempt.status === "dead" ? "dead" : "failed"]++;
        round.error = attempt.last_error;
      }
      if (outcome.kind === "trouble") return round;
    }
    if (due.length < messagesPerRead) return round;
  }
}

/**
 * delivered: 2xx. gone: 410, the receiver wants no more. refused: another 4xx, this message is not to its liking.
 * trouble: none of these, or no answer; anything else would fare the same. stopped: by the options' signal.
 */
export type Outcome =
  | { kind: "delivered"; status: number }
  | { kind: "gone" | "refused"; status: number; error: string }
  | { kind: "trouble"; status: number | null; error: string; waitMs: number | null }
  | { kind: "stopped" };

/** Send one message, once. */
export async function send(
  webhook: Webhook,
  message: Message,
  text: string,
  { now, signal, timeoutMs = 15_000 }: DeliverOptions,
): Promise<Outcome> {
  const { body, headers } = webhook.write(message, text, now());
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(webhook.url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "user-agent": "Waymark", ...headers },
      // A signed message goes where waymark.yml says, and nowhere else.
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const { status } = response;
    if (response.ok) {
      await response.body?.cancel();
      return { kind: "delivered", status };
    }
    const error = `${originOf(webhook)} answered ${status}${await saidBy(response)}`;
    if (status === 410) return { kind: "gone", status, error };
    if (status >= 400 && status < 500 && status !== 408 && status !== 429)
      return { kind: "refused", status, error };
    if (status >= 300 && status < 400)
      return {
        kind: "trouble",
        status,
        error: `${error}. Redirects are not followed: give the final address in waymark.yml.`,
        waitMs: null,
      };
    return { kind: "trouble", status, error, waitMs: waitOf(response, now()) };
  } catch (error) {
    if (signal?.aborted) return { kind: "stopped" };
    const said = timeout.aborted
      ? `did not answer within ${timeoutMs / 1000} s`
      : `could not be reached: ${causeOf(error)}`;
    return { kind: "trouble", status: null, error: `${originOf(webhook)} ${said}`, waitMs: null };
  }
}

export interface DeliveryLoop {
  /** There may be something new. */
  nudge(): void;
  /** Ends when nothing is on its way any more. */
  stop(): Promise<void>;
}

export interface LoopOptions extends Omit<DeliverOptions, "signal"> {
  /** The ledger could not be read or written; the loop goes on. */
  readonly onProblem: (error: unknown) => void;
  /** Between two rounds to the same webhook, 5 s by default. */
  readonly leastPauseMs?: number;
}

/** Send what is due until stopped; each webhook goes at its own pace. */
export function startDelivery(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  { onProblem, leastPauseMs = 5000, ...options }: LoopOptions,
): DeliveryLoop {
  const stopping = new AbortController();
  const { signal } = stopping;
  const bells = new Set<() => void>();
  /** Until something may be due: nobody rings for what another process records, so at most a minute. */
  const rest = async (webhook: Webhook): Promise<void> => {
    await pause(leastPauseMs, signal);
    const dueAt = await nextDueAt(warehouse, webhook.name, options.now());
    const untilDue = dueAt ? dueAt.getTime() - options.now().getTime() : Number.POSITIVE_INFINITY;
    await pause(Math.min(untilDue, 60_000), signal, bells);
  };
  const loops = webhooks.map(async (webhook) => {
    while (!signal.aborted) {
      try {
        await deliverTo(warehouse, webhook, { ...options, signal });
        await rest(webhook);
      } catch (error) {
        onProblem(error);
        await pause(60_000, signal);
      }
    }
  });
  return {
    nudge: () => {
      for (const ring of bells) ring();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

function attemptOf(
  { attempts: before }: Pending,
  outcome: Exclude<Outcome, { kind: "stopped" }>,
  now: Date,
): { attempt: Attempt; waitUntil?: Date } {
  const attempts = before + 1;
  const attempt: Attempt = {
    status: "delivered",
    attempts,
    next_attempt_at: now,
    is_refused: outcome.kind === "refused",
    last_attempt_at: now,
    last_status: outcome.status,
    last_error: null,
  };
  if (outcome.kind === "delivered") return { attempt };
  const isDead = outcome.kind === "gone" || attempts >= mostAttempts;
  const asked = outcome.kind === "trouble" ? outcome.waitMs : null;
  const wait = Math.max(backoffMs(attempts), asked ?? 0);
  return {
    attempt: {
      ...attempt,
      status: isDead ? "dead" : "pending",
      next_attempt_at: new Date(now.getTime() + wait),
      last_error: outcome.error,
    },
    ...(asked === null ? {} : { waitUntil: new Date(now.getTime() + asked) }),
  };
}

/** Behind fetch's "fetch failed"; where several addresses were tried only a code tells. */
function causeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string } };
  return wordsOf(cause ?? error) || String(cause?.code);
}

/** What Retry-After asks for, in seconds or as a time; null where it asks for nothing. */
function waitOf(response: Response, now: Date): number | null {
  const asked = response.headers.get("retry-after")?.trim();
  if (!asked) return null;
  const ms = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - now.getTime();
  return Number.isNaN(ms) || ms <= 0 ? null : Math.min(ms, longestWaitMs);
}

/** The beginning of what a receiver says to its refusal, e.g. ": invalid_payload"; it may say it without end. */
async function saidBy(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (reader && text.length < 200) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // It has answered: what it broke off to say is not needed.
  } finally {
    await reader?.cancel().catch(() => {});
  }
  const said = text.replace(/\s+/g, " ").trim().slice(0, 200);
  return said === "" ? "" : `: ${said}`;
}

/** Over after a time, when aborted, or when one of the bells that it hangs up is rung. */
function pause(ms: number, signal: AbortSignal, bells?: Set<() => void>): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      bells?.delete(end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    bells?.add(end);
  });
}
