import { createHmac } from "node:crypto";
import type { Settings, WebhookEvent } from "../config/settings.js";
import { WaymarkError } from "../errors.js";
import type { Message } from "./message.js";

/** A receiver, with what the environment keeps secret of it. */
export interface Webhook {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  /** The request's body and headers for a message that is sent now; `text` is the message as it was recorded. */
  readonly write: (message: Message, text: string, now: Date) => Letter;
}

export interface Letter {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The webhooks of `waymark.yml`, with their secrets.
 * @throws WaymarkError CONFIG_INVALID naming every webhook whose secret is missing or is none
 */
export function webhooksOf(
  { webhooks }: Pick<Settings, "webhooks">,
  environment: Readonly<Record<string, string | undefined>>,
): Webhook[] {
  const problems: string[] = [];
  const found = webhooks.map(({ name, url, events, format, secret_env }): Webhook => {
    const secret = (secret_env && environment[secret_env]?.trim()) || undefined;
    const problem = (expected: string): void => {
      const value = secret ? "does not hold" : "is not set in the environment; it should hold";
      problems.push(`waymark.yml: webhooks: ${name}: ${secret_env} ${value} ${expected}`);
    };
    if (format === "slack") return { name, url, events, write: toSlack };
    if (format === "pagerduty") {
      if (!secret) problem("the integration key of the PagerDuty service (Events API v2).");
      return { name, url, events, write: toPagerDuty(secret ?? "") };
    }
    const keys = secret?.split(/\s+/).map(keyOf) ?? [];
    if (keys.length === 0 || keys.includes(undefined))
      problem(
        'a signing secret: whsec_ and 24 to 64 bytes in base64; two with a blank between while you change it. Make one: echo "whsec_$(openssl rand -base64 32)"',
      );
    return { name, url, events, write: signed(keys.filter((key) => key !== undefined)) };
  });
  if (problems.length > 0) throw new WaymarkError("CONFIG_INVALID", problems.join("\n"));
  return found;
}

/** Where a webhook is, without its path: Slack's is a secret. */
export const originOf = ({ url }: Pick<Webhook, "url">): string => new URL(url).origin;

function keyOf(secret: string): Buffer | undefined {
  const [, digits] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(digits ?? "", "base64");
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}

/** As https://www.standardwebhooks.com has it: receivers verify with its libraries. */
const signed =
  (keys: readonly Buffer[]) =>
  ({ id }: Message, text: string, now: Date): Letter => {
    const seconds = Math.floor(now.getTime() / 1000);
    const signatures = keys.map((key) =>
      createHmac("sha256", key).update(`${id}.${seconds}.${text}`).digest("base64"),
    );
    return {
      body: text,
      headers: {
        "webhook-id": id,
        "webhook-timestamp": String(seconds),
        "webhook-signature": signatures.map((signature) => `v1,${signature}`).join(" "),
      },
    };
  };

function toSlack({ summary }: Message): Letter {
  // Unescaped, an account called <!channel> would call everybody.
  const text = summary.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return { body: JSON.stringify({ text }), headers: {} };
}

/** One incident while builds fail and one for each late feed; what restores resolves it. */
const toPagerDuty =
  (routingKey: string) =>
  ({ type, company, summary, timestamp, data }: Message): Letter => {
    const isAboutFeed = type === "freshness_breached" || type === "freshness_restored";
    const about = type === "test" ? "test" : isAboutFeed ? `freshness/${data.feed}` : "builds";
    const isOver = type === "run_recovered" || type === "freshness_restored";
    const event = {
      routing_key: routingKey,
      event_action: isOver ? "resolve" : "trigger",
      // Both limits are PagerDuty's.
      dedup_key: `waymark/${company}/${about}`.slice(0, 255),
      payload: {
        summary: summary.slice(0, 1024),
        source: "waymark",
        severity: type === "test" ? "info" : isAboutFeed ? "warning" : "error",
        timestamp,
        custom_details: data,
      },
    };
    return { body: JSON.stringify(event), headers: {} };
  };
