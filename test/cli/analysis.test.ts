import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { proposalsInWords } from "../../cli/commands/propose.js";
import { loadSettings } from "../../config/settings.js";
import { backtestJourney } from "../../jobs/journey_backtest.js";
import { planJourney } from "../../jobs/journey_plan.js";
import { parseJourney } from "../../journey/load.js";
import { checkOwnFacts } from "../../models/daily/own_fact_days.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { rowsOf } from "../../server/rows.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { builtCompany, type Client, clientOf } from "../api/company.js";
import { waymark as command, type Outcome } from "./command.js";

let warehouse: Warehouse;
let client: Client;
beforeAll(async () => {
  warehouse = await builtCompany();
  const projectOf = (text: string) => ({
    settings: loadSettings("demo/waymark.yml", checkMappings),
    journey: parseJourney(text, "journey.yml", checkOwnFacts),
  });
  const now = () => new Date("2026-01-01T06:00:00Z");
  client = await clientOf(warehouse, {
    edits: {
      plan: (text) => planJourney(warehouse, projectOf(text), { now }),
      backtest: (text, asked) => backtestJourney(warehouse, projectOf(text), { ...asked, now }),
    },
  });
});
afterAll(async () => {
  await client.server.close();
  await warehouse.close();
});

/** The command line, asking the server. */
const waymark = (...words: string[]): Promise<Outcome> => command(...words, "--url", client.server.url);

describe("waymark compare", () => {
  it("prints what the API answers, and as JSON the same", async () => {
    const table = await waymark("compare", "--all", "--min-group", "3");
    expect(table).toMatchObject({ code: 0, stderr: "" });
    const [headline = ""] = table.stdout.split("\n");
    expect(headline).toMatch(
      /^churned \(\d+ accounts\) against stayed \(\d+\), as of 60 days before each outcome\.$/,
    );
    expect(table.stdout).toContain("These are associations, not causes.");
    const { stdout } = await waymark("compare", "--min-group", "3", "--json");
    const json = JSON.parse(stdout);
    const { data } = await client.ask(
      "{ comparison(minGroup: 3) { first { name accounts } traits { kind id p q strength } leftOut { id } } }",
    );
    expect(json.first).toMatchObject(data.comparison.first);
    expect(
      json.traits.map(({ kind, id, p, q, strength }: Record<string, unknown>) => ({
        kind,
        id,
        p,
        q,
        strength,
      })),
    ).toEqual(data.comparison.traits);
    expect(data.comparison.traits.length).toBeGreaterThan(30);
    // One for the sizes, two for the traits.
    expect(client.statements()).toBe(3);
    for (const { id } of data.comparison.leftOut) expect(table.stdout.length, id).toBeGreaterThan(1000);
  });

  it("takes cohorts of one segment, region, owner or attribute", async () => {
    const all = JSON.parse((await waymark("compare", "--min-group", "2", "--json")).stdout);
    const some = JSON.parse(
      (
        await waymark(
          "compare",
          "--min-group",
          "2",
          "--json",
          "--where",
          "segment=small_business",
          "segment=mid_market",
        )
      ).stdout,
    );
    expect(some.second.accounts).toBeGreaterThan(0);
    expect(some.second.accounts).toBeLessThan(all.second.accounts);
  });

  it.each([
    [["--first", "churnd"], 'Did you mean "churned"?'],
    [["--second", "churned"], "The cohorts overlap"],
    [["--where", "segment"], "--where segment: expected name=value."],
    [["--where", "teir=gold"], 'Did you mean "tier"?'],
    [["--from", "2025-06-01", "--to", "2025-05-01"], "from 2025-06-01 must be before to 2025-05-01"],
    [["--lead-days", "0"], "Expected a whole number from 1 to 1000."],
  ])("%s is refused with what is expected", async (words, message) => {
    const { code, stderr } = await waymark("compare", ...words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("with a lead longer than the history says why there is nothing", async () => {
    const { code, stdout } = await waymark("compare", "--lead-days", "1000");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /Of the cohort "churned" \(\d+\) nobody was a customer with facts 1000 days before/,
    );
  });
});

describe("waymark backtest", () => {
  it("prints health, bands and signals, and as JSON the same figures", async () => {
    const { code, stdout } = await waymark("backtest", "--min-group", "2");
    expect(code).toBe(0);
    for (const words of [
      "Of those that churned, the health of",
      "Health before the outcome",
      "Share that churned, by band",
      "Negative signals",
    ])
      expect(stdout).toContain(words);
    const json = JSON.parse((await waymark("backtest", "--min-group", "2", "--json")).stdout);
    expect(json.health.map((h: { leadDays: number }) => h.leadDays)).toEqual([30, 60, 90]);
    const [{ auc, churned, stayed, bands }] = json.health;
    expect(stdout).toContain(`${auc.value.toFixed(2)} (${auc.from.toFixed(2)} to ${auc.to.toFixed(2)})`);
    expect(bands.reduce((sum: number, band: { accounts: number }) => sum + band.accounts, 0)).toBe(
      churned.accounts + stayed.accounts,
    );
  });

  it("tells an edited journey beside the published one, of the same accounts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "waymark-backtest-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "edited.yml");
    const text = readFileSync("journey/presets/three-stage.yml", "utf8");
    writeFileSync(file, text.replace(/(fact: active_days_28d\n.*\n\s+weight:) 3/, "$1 30"));
    const words = [
      "-p",
      "demo",
      "backtest",
      "--journey",
      file,
      "--min-group",
      "2",
      "--where",
      "segment=small_business",
    ];
    const { code, stdout } = await waymark(...words);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Journey \w+ beside \w+, which is published/);
    const both = JSON.parse((await waymark(...words, "--json")).stdout);
    const alone = JSON.parse(
      (await waymark("backtest", "--min-group", "2", "--where", "segment=small_business", "--json")).stdout,
    );
    expect(both.published).toEqual(alone);
    expect(both.edited.journeyVersion).not.toBe(alone.journeyVersion);
    expect(both.edited.health[0].churned).toEqual(alone.health[0].churned);
    expect(both.edited.health).not.toEqual(alone.health);
    for (const { auc } of [both.published.health[0], both.edited.health[0]])
      expect(stdout).toContain(`${auc.value.toFixed(2)} (${auc.from.toFixed(2)} to ${auc.to.toFixed(2)})`);
    // A plan tells it too.
    const plan = await waymark("-p", "demo", "plan", "--journey", file);
    expect(plan.stdout).toMatch(/Health before the outcome\n.*published.*edited/s);
  });
});

describe("waymark suggest", () => {
  it("says how many outcomes it would take where there are too few", async () => {
    const { code, stdout } = await waymark("suggest");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^No weights are suggested for journey \w+\. It takes \d+ scored accounts that churned/,
    );
    expect(stdout).toMatch(/^No scales are suggested\.\n.+ keeps its scale\. It takes 20 scored accounts/m);
    const json = JSON.parse((await waymark("suggest", "--json")).stdout);
    expect(json.fitted.needed).toBeGreaterThan(Math.min(json.fitted.churned, json.fitted.stayed));
    expect(json.weights.map((w: { suggested: unknown }) => w.suggested)).toEqual(
      json.weights.map(() => null),
    );
    for (const { suggested, why } of json.scales)
      expect({ suggested, why }).toEqual({ suggested: null, why: expect.any(String) });
  });
});

describe("waymark programme", () => {
  it("prints both sides of a change, and as JSON the same figures", async () => {
    const change = ["programme", "--changed-on", "2025-01-01", "--days", "60"];
    const { code, stdout, stderr } = await waymark(...change);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^Each account is followed for 60 days\.\nBefore: \d+ accounts that began from 2024-01-02/,
    );
    expect(stdout).toContain("These are associations, not causes");
    const json = JSON.parse((await waymark(...change, "--json")).stdout);
    expect(json.measures[0]).toMatchObject({ kind: "RETENTION", before: { n: json.before.accounts } });
    for (const { name } of json.measures) expect(stdout).toContain(name);
    const bySignal = await waymark(...change, "--signal", "silent", "--json");
    expect(JSON.parse(bySignal.stdout).before).not.toEqual(json.before);
  });

  it.each([
    [["--changed-on", "2025-02-30"], "Expected a day such as 2024-05-31."],
    [["--changed-on", "2025-01-01", "--play", "nothing"], 'the journey has no play "nothing"'],
    [["--changed-on", "2025-01-01", "--play", ""], 'the journey has no play ""'],
    [["--changed-on", "2025-01-01", "--days", "0"], "Expected a whole number from 1 to 730."],
    [[], "required option '--changed-on <day>'"],
  ])("%s is refused with what is expected", async (words, message) => {
    const { code, stderr } = await waymark("programme", ...words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("waymark stages", () => {
  it("prints where journeys end, how long accounts stay, and the matrix of where they go", async () => {
    const { code, stdout } = await waymark("stages", "--lead-days", "30");
    expect(code).toBe(0);
    const json = JSON.parse((await waymark("stages", "--lead-days", "30", "--json")).stdout);
    expect(json.stageTimes.length).toBeGreaterThan(2);
    for (const { stage } of json.stageTimes) expect(stdout).toContain(stage.name);
    const [move] = json.stageTransitions;
    expect(stdout).toContain(`${(100 * move.share).toFixed(0)} % (${move.stays})`);
    expect(stdout).toContain("no more facts");
    const refused = await waymark("stages", "--lead-days", "0");
    expect(refused.code).toBe(2);
  });
});

describe("waymark propose, lifetime and expansion", () => {
  it("propose says why there is nothing where the data can't carry it", async () => {
    const { code, stdout, stderr } = await waymark("propose");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const json = JSON.parse((await waymark("propose", "--json")).stdout);
    expect(stdout).toBe(`${json.why}\n`);
    expect(json).toMatchObject({ why: expect.stringContaining("each needs 20 of both"), proposals: [] });
  });

  it("propose prints what is found with its YAML, and with --all what may be chance and what was left out", () => {
    const proposal = {
      fact: "licence_utilisation_28d",
      name: "licence utilisation (28 days)",
      unit: "share",
      atLeast: 0.2,
      withinDays: 30,
      reached: { churned: 5, stayed: 120 },
      missed: { churned: 18, stayed: 82 },
      riskRatio: { value: 0.22, from: 0.09, to: 0.58, why: null },
      p: 0.001,
      q: 0.002,
      words: "",
      yaml: "- id: licence_utilisation_28d_within_30d\n  expected_days: 30\n",
    };
    const answer = {
      chosenBy: { churned: 25, stayed: 200 },
      testedBy: { churned: 23, stayed: 202 },
      why: null,
      proposals: [
        proposal,
        { ...proposal, name: "sessions", unit: "sessions", q: 0.4, yaml: "- id: not_found\n" },
      ],
      leftOut: [{ fact: "csat_90d", name: "csat (90 days)", why: "not known" }],
    };
    const found = proposalsInWords(answer, false);
    expect(found).toContain("1 of 2 facts that were tested set them apart");
    expect(found).toMatch(
      /licence utilisation \(28 days\) +│ 20 % +│ 30 +│ 4 % of 125 +│ 18 % of 100 +│ 0\.22 \(0\.09 to 0\.58\) +│ 0\.002/,
    );
    expect(found).toContain("\n  - id: licence_utilisation_28d_within_30d\n    expected_days: 30\n");
    expect(found).not.toContain("not_found");
    const all = proposalsInWords(answer, true);
    expect(all).toContain("sessions");
    expect(all).toMatch(/csat \(90 days\) +│ not known/);
    expect(proposalsInWords({ ...answer, proposals: [] }, false)).toContain(
      "Nothing sets them apart beyond chance",
    );
  });

  it("lifetime prints days, MRR and value, and as JSON the same", async () => {
    const { code, stdout } = await waymark("lifetime", "--by", "segment", "--gross-margin", "0.8");
    expect(code).toBe(0);
    expect(stdout).toContain("The value is 80 % of revenue.");
    const groups = JSON.parse((await waymark("lifetime", "--by", "segment", "--json")).stdout);
    for (const { group } of groups) expect(stdout).toContain(group);
    expect((await waymark("lifetime")).stdout).toContain("The value is revenue, as no margin was given");
  });

  it("expansion lists who may need more with reasons, and who is held back", async () => {
    const { code, stdout } = await waymark("expansion", "--min-utilisation", "0.3");
    expect(code).toBe(0);
    expect(stdout).toContain("Held back, though they use 30 % of their seats or more");
    const { nodes } = JSON.parse((await waymark("expansion", "--min-utilisation", "0.3", "--json")).stdout);
    expect(nodes.length).toBeGreaterThan(0);
    for (const { account, reasons } of nodes) {
      expect(stdout).toContain(account.name);
      expect(reasons[0]).toMatch(/seats/);
    }
    // Nobody so by the filter is another thing than nobody so by what is asked of them.
    const stray = await waymark("expansion", "--where", "segment=enterprize");
    expect(stray).toMatchObject({ code: 0, stderr: expect.stringContaining("segment=enterprize") });
    const none = await waymark("expansion", "--min-utilisation", "10", "--where", "segment=small_business");
    expect(none).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("No customer") });
  });

  it.each([
    [["propose", "--min-outcomes", "1"], "Expected a whole number from 4 to 1000."],
    [
      ["propose", "--from", "2025-06-01", "--to", "2025-05-01"],
      "from 2025-06-01 must be before to 2025-05-01",
    ],
    [["lifetime", "--gross-margin", "80"], "up to 1, e.g. 0.8 for 80 %. Did you mean 0.8?"],
    [["lifetime", "--by", "owner"], "Allowed choices are segment, region, start-year."],
    [["expansion", "--min-utilisation", "0"], "Expected a share above 0 and up to 10, e.g. 0.8 for 80 %."],
  ])("%s is refused with what is expected", async (words, message) => {
    const { code, stderr } = await waymark(...words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

it.each([
  "comparison",
  "backtest",
  "backtest-bands",
  "signal-backtest",
  "suggestion",
  "suggested-scales",
  "milestone-proposals",
  "lifetime-value",
  "survival",
  "survival-curves",
  "stage-outcomes",
  "stage-times",
  "stage-transitions",
  "expansion-candidates",
])("the saved query %s is answered in rows with a plain value in each cell", async (name) => {
  const { data, errors } = await client.ask(readFileSync(`queries/${name}.graphql`, "utf8"));
  expect(errors).toEqual([]);
  expect(Object.keys(data)).toHaveLength(1);
  for (const cell of rowsOf(data).flatMap(Object.values)) expect(String(cell)).not.toMatch(/\{"/);
});

it("a filter that leaves no account is told as such, with what may have been meant", async () => {
  const filter = '{ segment: ["small_busines"] }';
  const { data, errors } = await client.ask(`{
    comparison(first: { outcomes: [CHURNED], filter: ${filter} }) { why }
    suggestion(filter: ${filter}) { why }
    milestoneProposals(filter: { segment: ["small_business"], region: ["nowhere"] }) { why }
    backtest(filter: { segment: ["small_business"], ids: ["?"] }) { why }
  }`);
  expect(errors).toEqual([]);
  const meant = 'there is no segment "small_busines". Did you mean "small_business"?';
  expect(data.comparison.why).toBe(`No account matches the filter: ${meant}`);
  expect(data.suggestion.why).toBe(data.comparison.why);
  expect(data.milestoneProposals.why).toContain('there is no region "nowhere"');
  expect(data.backtest.why).toBe("No account matches the filter.");
});

it("the saved query programme-effect is answered", async () => {
  const query = readFileSync("queries/programme-effect.graphql", "utf8");
  const { data, errors } = await client.ask(query, { changedOn: "2025-01-01" });
  expect(errors).toEqual([]);
  expect(data.programmeEffect.measures.length).toBeGreaterThan(5);
});

it.each([
  [
    'programmeEffect(changedOn: "2025-01-01", signal: "a", play: "b") { why }',
    "give a signal or a play, not both",
  ],
  [
    'programmeEffect(changedOn: "2025-01-01", days: 0) { why }',
    "programmeEffect(days: 0): expected 1 to 730.",
  ],
  ["comparison(minGroup: 1) { why }", "comparison(minGroup: 1): expected 2 to 1000."],
  ["comparison(lateDays: -1) { why }", "comparison(lateDays: -1): expected 0 to 10000."],
  ["comparison(first: { outcomes: [] }) { why }", "expected at least one of CHURNED"],
  [`backtest(from: "2025-02-01", to: "2025-02-01") { why }`, "backtest: from 2025-02-01 must be before to"],
  ["suggestion(leadDays: 0) { why }", "suggestion(leadDays: 0): expected 1 to 1000."],
  ["backtest(minGroup: 1) { why }", "backtest(minGroup: 1): expected 2 to 1000."],
])("%s is refused with what is expected", async (question, message) => {
  const { errors } = await client.ask(`{ ${question} }`);
  expect(errors[0]).toMatchObject({
    message: expect.stringContaining(message),
    extensions: { code: "BAD_USER_INPUT" },
  });
});
