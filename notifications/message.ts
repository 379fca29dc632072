import { createHash } from "node:crypto";
import type { WebhookEvent } from "../config/settings.js";

/** What a fact is told as. Names are those of receivers' JSON: camelCase, days YYYY-MM-DD, instants ISO 8601 in UTC. */
export interface Message<E extends WebhookEvent = WebhookEvent> {
  /** The same however often it is sent: receivers know a repetition by it. */
  readonly id: string;
  readonly type: E | "test";
  /** When the fact came to be known. */
  readonly timestamp: string;
  readonly company: string;
  /** One line for people. */
  readonly summary: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A message that is not recorded yet. */
export interface Draft extends Omit<Message, "id" | "type"> {
  readonly type: WebhookEvent;
  /** What makes the fact this one and no other; drafts of one fact are one message. */
  readonly fact: readonly string[];
  /** What it is about; the order of messages is kept within it. */
  readonly subject: string;
  /** Ends what was told before: it is recorded though nobody listens, or the next of its kind would be none. */
  readonly isEnd?: boolean;
}

/** Subjects: the builds as a whole, a feed, an account. */
export const builds = "builds";
export const ofFeed = (feed: string): string => `feed ${feed}`;
export const ofAccount = (accountId: string): string => `account ${accountId}`;

/** Hashed, as ids go into headers and accounts may be called anything; without the "." that signatures are joined by. */
export const idOf = (type: string, fact: readonly string[]): string =>
  `msg_${createHash("sha256")
    .update(JSON.stringify([type, ...fact]))
    .digest("base64url")
    .slice(0, 32)}`;

export const messageOf = ({ fact, subject: _, isEnd: __, type, ...rest }: Draft): Message => ({
  id: idOf(type, fact),
  type,
  ...rest,
});
