import { describe, expect, it } from "vitest";
import { settingsSchema, type WebhookSettings } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import { type Draft, messageOf } from "../../notifications/message.js";
import { webhooksOf } from "../../notifications/webhook.js";
import { factOf, secret } from "./outbox.js";

const settingsOf = (webhooks: string): { webhooks: WebhookSettings[] } =>
  parseYaml(`company: A\nsources: {}\nwebhooks:\n${webhooks}`, "waymark.yml", settingsSchema);

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    return (error as Error).message.split("\n");
  }
  return [];
}

describe("webhooks in waymark.yml", () => {
  it("are told of everything by default, PagerDuty of what has an end", () => {
    const { webhooks } = settingsOf(`
  - { name: ours, url: "https://hooks.example.com/waymark", secret_env: OURS }
  - { name: pager, url: "https://events.pagerduty.com/v2/enqueue", format: pagerduty, secret_env: PAGER }
  - { name: slack, url: "https://hooks.slack.com/services/T/B/x", format: slack, events: [task_created] }`);
    expect(webhooks.map(({ events }) => events)).toEqual([
      [
        "run_failed",
        "run_recovered",
        "freshness_breached",
        "freshness_restored",
        "signal_opened",
        "task_created",
      ],
      ["run_failed", "run_recovered", "freshness_breached", "freshness_restored"],
      ["task_created"],
    ]);
  });

  it.each([
    [
      "an address that is none",
      "  - { name: a, url: hooks.example.com, secret_env: A }",
      'waymark.yml:4:16: webhooks.0.url: "hooks.example.com": expected an http or https address',
    ],
    [
      "an event that there is none of",
      '  - { name: a, url: "https://a.example", secret_env: A, events: [run_fail] }',
      'waymark.yml:4:66: webhooks.0.events.0: unknown value "run_fail". Did you mean "run_failed"?',
    ],
    [
      "no secret",
      '  - { name: a, url: "https://a.example" }',
      "webhooks.0.secret_env: required: the name of the environment variable that holds the secret",
    ],
    [
      "a secret of Slack's",
      '  - { name: a, url: "https://a.example", format: slack, secret_env: A }',
      'webhooks.0.secret_env: "A": Slack takes no secret: its address is one',
    ],
    [
      "an incident without an end",
      '  - { name: a, url: "https://a.example", format: pagerduty, secret_env: A, events: [signal_opened] }',
      "webhooks.0.events: PagerDuty is told only of what has an end: run_failed, run_recovered, freshness_breached, freshness_restored",
    ],
    [
      "a name twice",
      '  - { name: a, url: "https://a.example", secret_env: A }\n  - { name: a, url: "https://b.example", secret_env: A }',
      "webhooks: expected a name of its own for each",
    ],
  ])("with %s are refused with place and expectation", (_, text, problem) => {
    expect(problemsOf(() => settingsOf(text)).join("\n")).toContain(problem);
  });

  it("need their secrets: every one that is missing or none is named, and none is shown", () => {
    const settings = settingsOf(`
  - { name: ours, url: "https://a.example", secret_env: OURS }
  - { name: theirs, url: "https://a.example", secret_env: THEIRS }
  - { name: pager, url: "https://a.example", format: pagerduty, secret_env: PAGER }
  - { name: fine, url: "https://a.example", secret_env: FINE }`);
    const problems = problemsOf(() =>
      webhooksOf(settings, { THEIRS: "whsec_c2hvcnQ=", FINE: secret, PAGER: " " }),
    );
    expect(problems).toEqual([
      expect.stringMatching(
        /^waymark\.yml: webhooks: ours: OURS is not set in the environment; it should hold a signing secret: whsec_/,
      ),
      expect.stringMatching(
        /^waymark\.yml: webhooks: theirs: THEIRS does not hold a signing secret: whsec_.+openssl/,
      ),
      "waymark.yml: webhooks: pager: PAGER is not set in the environment; it should hold the integration key of the PagerDuty service (Events API v2).",
    ]);
    expect(problems.join()).not.toContain("c2hvcnQ");
  });
});

describe("a message", () => {
  const now = new Date("2024-05-01T06:00:00Z");
  const [slack, pager] = webhooksOf(
    settingsOf(`
  - { name: slack, url: "https://a.example", format: slack }
  - { name: pager, url: "https://a.example", format: pagerduty, secret_env: KEY }`),
    { KEY: "routing" },
  );
  const written = (webhook: typeof slack, draft: Draft) => {
    const message = messageOf(draft);
    return JSON.parse(webhook?.write(message, JSON.stringify(message), now).body ?? "");
  };

  it("has an id that is its fact's and fits into a header, whatever accounts are called", () => {
    const ids = [factOf("a.b\n€", 1), factOf("a.b\n€", 2), factOf("a", 1)].map((d) => messageOf(d).id);
    for (const id of ids) expect(id).toMatch(/^msg_[A-Za-z0-9_-]{32}$/);
    expect(new Set(ids).size).toBe(3);
    expect(messageOf({ ...factOf("a", 1), summary: "told in other words" }).id).toBe(ids[2]);
  });

  it("to Slack is one line that calls nobody, whatever accounts are called", () => {
    expect(written(slack, { ...factOf("a", 1), summary: "<!channel> & Sons: quiet" })).toEqual({
      text: "&lt;!channel&gt; &amp; Sons: quiet",
    });
  });

  it("to PagerDuty opens one incident for builds and one for each late feed, and what restores resolves it", () => {
    const told = (type: Draft["type"], data = {}) => {
      const { routing_key, event_action, dedup_key, payload } = written(pager, {
        ...factOf("a", 1),
        type,
        data,
      });
      expect(routing_key).toBe("routing");
      return [event_action, dedup_key, payload.severity];
    };
    expect([
      told("run_failed"),
      told("run_recovered"),
      told("freshness_breached", { feed: "tickets" }),
      told("freshness_restored", { feed: "tickets" }),
    ]).toEqual([
      ["trigger", "waymark/Small/builds", "error"],
      ["resolve", "waymark/Small/builds", "error"],
      ["trigger", "waymark/Small/freshness/tickets", "warning"],
      ["resolve", "waymark/Small/freshness/tickets", "warning"],
    ]);
  });
});
