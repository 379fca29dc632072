import "reflect-metadata";
import { graphql } from "graphql";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CompanyCheck, settingsSchema } from "../../config/settings.js";
import { backfill } from "../../jobs/backfill.js";
import { build } from "../../jobs/build.js";
import { readFailingRows, readLatestChecks } from "../../jobs/check_results.js";
import { prepareChecks, runChecks } from "../../jobs/checks.js";
import { describeCompany, type Project } from "../../jobs/company.js";
import { readDue } from "../../jobs/due.js";
import { estimateBuild } from "../../jobs/estimate.js";
import { explain } from "../../jobs/explain.js";
import { defaultFreshness, readFreshness } from "../../jobs/freshness.js";
import { inspect } from "../../jobs/inspect.js";
import { planJourney } from "../../jobs/journey_plan.js";
import { withLease } from "../../jobs/lease.js";
import { readSnapshots } from "../../jobs/ledger.js";
import { collectGarbage } from "../../jobs/retention.js";
import { deliver } from "../../notifications/deliver.js";
import { tellFreshness } from "../../notifications/freshness_news.js";
import { tellNews } from "../../notifications/news.js";
import { readDeadLetterViews, readOverview, resend } from "../../notifications/overview.js";
import { contextFor, operator } from "../../resolvers/context.js";
import { createSchema } from "../../resolvers/schema.js";
import { viewOf } from "../../schema/view.js";
import { views } from "../../schema/views/index.js";
import { queryFiles } from "../../server/saved_queries.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { acmeJourney, acmeNow, acmeSources, acmeThrough, acmeZone, loadAcme } from "../models/acme.js";
import { journeyOf, settingsOf } from "../models/built.js";
import { webhookTo } from "../notifications/outbox.js";
import { receiver } from "../notifications/receiver.js";
import { type Heard, heardBy } from "./heard.js";
import { questionsOf, type Samples } from "./questions.js";
import { type GoogleSql, referenceUnavailable, startReference } from "./reference.js";

const unavailable = referenceUnavailable();

const samples: Samples = {
  id: ['"A1"'],
  ids: ['["A1", "T1"]'],
  name: ['"industry"'],
  in: ['["steel"]'],
  segment: ['["enterprise"]'],
  region: ['["EU"]'],
  owner: ['["mia"]'],
  search: ['"ac"'],
  stage: ['["established"]'],
  signal: ['"quiet"'],
  play: ['"wake"'],
  metric: ['"mrr"'],
  grossMargin: ["0.8"],
  LocalDate: ['"2024-05-01"'],
  Int: ["7"],
  minUtilisation: ["0.5"],
  Float: ["50"],
  Boolean: ["true", "false"],
  // These choose from what is read anyhow, or are asked for by name below.
  last: [],
  names: [],
  version: [],
  after: [],
};
const schema = await createSchema();
/** Views are held against both engines in views_oracle.test.ts, edited journeys in plans; the rest is asked for below. */
const elsewhere = [
  "_entities",
  "_service",
  "checks",
  "comparison",
  "explanation",
  "journeyBacktest",
  "journeyPlan",
  "task",
];
const viewed = views.map((type) => viewOf(type).field);
const questions = questionsOf(schema, samples, [...viewed, ...elsewhere]);

describe.skipIf(unavailable)(
  `Both engines answer alike${unavailable ? ` (${unavailable})` : ""}`,
  { timeout: 300_000 },
  () => {
    let engine: GoogleSql;
    /** What nobody hears: every statement of builds is analysed in jobs/googlesql.test.ts. */
    let quiet: Warehouse;
    let heard: Heard;
    let complaintsBefore: number;
    let statementsBefore: number;
    /** A clock that goes on by a second whenever somebody looks. */
    let ticks = 0;
    const now = (): Date => new Date(Date.parse(acmeNow) + 1000 * ticks++);
    const checks: CompanyCheck[] = settingsSchema.parse({
      company: "Test",
      sources: {},
      checks: [
        { name: "segments", model: "accounts", column: "segment", accepted: ["enterprise"] },
        { name: "rows", model: "accounts", row_count: { change_at_most: 0.2 } },
        { name: "days", model: "account_facts", rows_by_day: { change_at_most: 0.5 } },
        { name: "own", sql: "select account_id, seats from account_latest where seats is null" },
      ].map((check) => ({ ...check, severity: "warning" })),
    }).checks;
    const projectThrough = (through: string, journey = acmeJourney): Project => ({
      settings: settingsOf(acmeSources, acmeZone, through, "/nowhere"),
      journey: journeyOf(journey),
    });
    const project = projectThrough(acmeThrough);
    const company = "Acme";
    const webhooks = [webhookTo("http://127.0.0.1:1/hook")];

    beforeAll(async () => {
      engine = await startReference();
      quiet = await openDuckDb({ file: ":memory:", threads: 1 });
      await loadAcme(quiet);
      heard = heardBy(engine, quiet, { answers: true });
      await build(quiet, projectThrough("2024-06-20"), { trigger: "test", now });
      await tellNews(heard.warehouse, webhooks, { company, now });
      await build(quiet, project, { trigger: "test", now });
      heard.forget();
    });
    afterAll(async () => {
      await quiet?.close();
      await engine?.stop();
    });
    beforeEach(() => {
      complaintsBefore = heard.complaints.length;
      statementsBefore = heard.statements;
    });
    const expectAlike = (): void => {
      expect(heard.complaints.slice(complaintsBefore)).toEqual([]);
      expect(heard.statements).toBeGreaterThan(statementsBefore);
    };

    describe("what commands ask:", () => {
      it("news of accounts and runs, on their way and given up", async () => {
        const { warehouse } = heard;
        expect(await tellNews(warehouse, webhooks, { company, now })).toBeGreaterThan(0);
        const late = {
          feed: "accounts",
          models: ["accounts"],
          watermark: new Date("2024-06-01T00:00:00Z"),
          maxAgeHours: 24,
        };
        for (const feeds of [[late], []])
          await tellFreshness(warehouse, webhooks, feeds, { company, now: now() });
        const gone = webhookTo((await receiver(410)).url);
        const [round] = await deliver(warehouse, [gone], { now });
        expect(round?.dead).toBeGreaterThan(0);
        await readOverview(warehouse, webhooks);
        const [dead] = await readDeadLetterViews(warehouse);
        await resend(warehouse, [dead?.id ?? ""], now());
        expectAlike();
      });

      it("checks of every kind", async () => {
        const { warehouse } = heard;
        const [snapshot, before] = await readSnapshots(warehouse, 2);
        if (!snapshot) throw new Error("Nothing was published");
        const prepared = await prepareChecks(
          warehouse,
          checks,
          await describeCompany(warehouse, project, now()),
        );
        const lease = { transaction: (statements: readonly Sql[]) => warehouse.transaction(statements) };
        const { tables } = snapshot;
        const failed = await runChecks(warehouse, prepared, { runId: "run", lease, tables, before, now });
        expect(failed.map(({ check }) => check)).toEqual(expect.arrayContaining(["segments", "own"]));
        const [kept] = await readLatestChecks(warehouse);
        if (kept) await readFailingRows(warehouse, kept, 5);
        expectAlike();
      });

      it("check, explain, status, plan and estimates", async () => {
        const { warehouse } = heard;
        await inspect(warehouse, project, now());
        await explain(warehouse, project, "account_facts", "2024-06-30", now());
        await explain(warehouse, project, "accounts", null, now());
        await readLatestChecks(warehouse);
        await readDue(warehouse, project.settings.schedule?.build ?? "0 3 * * *", now());
        await estimateBuild(warehouse, project, { now });
        const edited = projectThrough(acmeThrough, acmeJourney.replace("good_from: 70.5", "good_from: 50"));
        const plan = await planJourney(warehouse, edited, { now });
        expect(plan.from).not.toBe(plan.to);
        expectAlike();
      });

      it("what lets go of what is old", async () => {
        const { warehouse } = heard;
        await backfill(quiet, project, { from: "2024-06-01", to: "2024-06-11", chunkDays: 5, now });
        heard.forget();
        await withLease(warehouse, { purpose: "gc", now }, (lease) =>
          collectGarbage(warehouse, lease, { ...project.settings.retention, snapshots: 1 }, now()),
        );
        expectAlike();
      });
    });

    const ask = async (source: string, variableValues = {}): Promise<unknown> => {
      const contextValue = await contextFor(heard.warehouse, {
        caller: operator(true),
        now,
        freshnessOf: (snapshot) => readFreshness(heard.warehouse, snapshot, defaultFreshness, now()),
      });
      const { data, errors } = await graphql({ schema, source, contextValue, variableValues });
      expect(
        errors?.map(({ message, path }) => `${path}: ${message}`),
        source,
      ).toBeUndefined();
      return data;
    };

    describe("what the API asks for everything in", () => {
      it.each(questions)("%s", async (_, asked) => {
        for (const question of asked) await ask(question);
        expect(heard.complaints.slice(complaintsBefore)).toEqual([]);
      });

      it("pages that follow, in every order", async () => {
        for (const order of ["NAME", "CREATED_ON", "MRR", "RENEWAL", "SCORE"].flatMap((field) =>
          ["ASC", "DESC"].map((direction) => `{ field: ${field}, direction: ${direction} }`),
        )) {
          const page = (after: string): Promise<unknown> =>
            ask(`{ accounts(first: 3, orderBy: ${order}${after}) { nodes { id } pageInfo { endCursor } } }`);
          const { accounts } = (await page("")) as { accounts: { pageInfo: { endCursor: string } } };
          await page(`, after: "${accounts.pageInfo.endCursor}"`);
        }
        for (const list of ["accountSignals", "accountTasks", "earlyWarnings", "endedTerms"]) {
          const page = (after: string): Promise<unknown> =>
            ask(`{ list: ${list}(first: 1${after}) { nodes { account { id } } pageInfo { endCursor } } }`);
          const { list: first } = (await page("")) as { list: { pageInfo: { endCursor: string | null } } };
          if (first.pageInfo.endCursor) await page(`, after: "${first.pageInfo.endCursor}"`);
        }
        expectAlike();
      });

      it("checks and the rows that fail them, and cohorts of every kind", async () => {
        await ask("{ checks(isPassed: false) { name rows(first: 2) } }");
        const cohorts = ['filter: { segment: ["enterprise"] }', 'from: "2024-03-01"', 'to: "2024-06-01"'];
        for (const cohort of cohorts)
          await ask(`{ comparison(
          first: { outcomes: [CHURNED], ${cohort} }, second: { outcomes: [RENEWED, EXPANDED, CONTRACTED], ${cohort} }, minGroup: 2
        ) { traits { id words } } }`);
        expectAlike();
      });

      it("what is done with a task", async () => {
        const { accountTasks } = (await ask("{ accountTasks(first: 1) { nodes { id } } }")) as {
          accountTasks: { nodes: { id: string }[] };
        };
        const acts: [act: string, more: string][] = [
          ["snoozeTask", ', until: "2024-08-01"'],
          ["completeTask", ""],
          ["reopenTask", ""],
          ["dismissTask", ', reason: "moved"'],
        ];
        for (const [act, more] of acts) {
          await ask(`mutation ($id: ID!) { ${act}(id: $id${more}) { status note } }`, {
            id: accountTasks.nodes[0]?.id,
          });
        }
        expectAlike();
      });

      it("one task, entities for gateways, facts by name, and health as an earlier journey scored it", async () => {
        const { accountTasks } = (await ask("{ accountTasks(first: 1) { nodes { id } } }")) as {
          accountTasks: { nodes: { id: string }[] };
        };
        await ask("query ($id: ID!) { task(id: $id) { status } }", { id: accountTasks.nodes[0]?.id });
        await ask(
          '{ _entities(representations: [{ __typename: "Account", id: "A1" }]) { ... on Account { name facts(names: ["mrr"]) { value } } } }',
        );
        const { journey } = (await ask("{ journey { version } }")) as { journey: { version: string } };
        await ask(
          'query ($version: ID) { account(id: "A1") { health(version: $version) { score indicators { points } } } }',
          {
            version: journey.version,
          },
        );
        expectAlike();
      });
    });

    it.each(queryFiles(["queries"]).map(({ name, text }) => [name, text]))(
      "the saved query %s",
      async (_, text) => {
        await ask(text, { changedOn: "2024-04-01" });
        expectAlike();
      },
    );
  },
);
