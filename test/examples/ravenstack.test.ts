import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSettings, type Settings } from "../../config/settings.js";
import { type BuildResult, build } from "../../jobs/build.js";
import type { Project } from "../../jobs/company.js";
import { inspect } from "../../jobs/inspect.js";
import { loadJourney } from "../../journey/load.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { startServer } from "../../server/server.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { bind, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";

/** RavenStack (credit: River @ Rivalytics, synthetic) is not part of the project; see examples/ravenstack. */
const data = resolve(process.env.RAVENSTACK_DIR ?? "../shared/data/ravenstack");
const isThere = existsSync(join(data, "ravenstack_accounts.csv"));
const now = (): Date => new Date("2025-06-01T12:00:00Z");

/** The data set's own notion of churn beside what the example maps. */
function withFlag(settings: Settings): Settings {
  const { accounts } = settings.sources;
  Object.assign(accounts?.attributes ?? {}, { churn_flag: "churn_flag" });
  return settings;
}

describe.skipIf(!isThere)(
  isThere ? "RavenStack" : `RavenStack (skipped: no data in ${data}; set RAVENSTACK_DIR)`,
  () => {
    let warehouse: Warehouse;
    let project: Project;
    let result: BuildResult;
    let server: Awaited<ReturnType<typeof startServer>>;
    const ask = async (query: string): Promise<Record<string, never>> => {
      const response = await fetch(`${server.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      const answer = (await response.json()) as { data: Record<string, never>; errors?: unknown };
      expect(answer.errors).toBeUndefined();
      return answer.data;
    };

    beforeAll(async () => {
      process.env.RAVENSTACK_DIR = data;
      warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
      project = {
        settings: withFlag(loadSettings("examples/ravenstack/waymark.yml", checkMappings)),
        journey: loadJourney("examples/ravenstack/journey.yml"),
      };
      result = await build(warehouse, project, { trigger: "test", now });
      server = await startServer({
        warehouse,
        port: 0,
        host: "127.0.0.1",
        isDevelopment: false,
        now: () => new Date("2026-01-01T06:00:00Z"),
      });
    });
    afterAll(async () => {
      await server?.close();
      await warehouse?.close();
    });

    it("builds end to end, through the last day of the data", () => {
      expect(result.snapshot.dataThrough).toBe("2024-12-31");
      expect(result.models.find((m) => m.model === "accounts")?.rows).toBe(500);
    });

    it("check counts every quirk and drops nothing", async () => {
      const { sources, starved } = await inspect(warehouse, project, now());
      const defect = (source: string, name: string) => {
        const found = sources.find((s) => s.source === source)?.defects.find((d) => d.defect === name);
        return found && [found.row_count, found.unusable_rows];
      };
      const rows = Object.fromEntries(sources.map((s) => [s.source, s.all?.row_count]));
      expect(rows).toMatchObject({
        accounts: 500,
        contracts: 5000,
        usage_events: 25_000,
        tickets: 2000,
        survey_responses: 0,
      });
      expect(defect("usage_events", "id_collision"), "21 ids, each on two different rows").toEqual([42, 20]);
      expect(defect("usage_events", "before_contract"), "three quarters precede their subscription").toEqual([
        19_142, 13_198,
      ]);
      expect(defect("tickets", "before_account")).toEqual([1077, 1077]);
      expect(defect("tickets", "resolution_before_reply"), "replies after the resolution").toEqual([36, 18]);
      expect(starved).toEqual([]);
    });

    it("the API shows the same counts", async () => {
      const { sources } = (await ask(
        "{ sources { name isMapped rows usable defects { defect rows unusable } } }",
      )) as unknown as {
        sources: { name: string; isMapped: boolean; rows: number; usable: number; defects: unknown[] }[];
      };
      expect(sources.find((s) => s.name === "usage_events")).toMatchObject({
        isMapped: true,
        rows: 25_000,
        usable: 11_802,
      });
      expect(sources.find((s) => s.name === "survey_responses")).toMatchObject({ isMapped: false, rows: 0 });
    });

    it("trials have no revenue, and contract ends alone say who left", async () => {
      const [raw] = await warehouse.query(
        sql`
select count(distinct account_id) as accounts, sum(cast(mrr_amount as integer)) as mrr
from read_csv(${bind("string", join(data, "ravenstack_subscriptions.csv"))}, all_varchar = true)
where is_trial = 'FALSE' and start_date <= '2024-12-31' and coalesce(end_date, '9999') > '2024-12-31'`,
        { accounts: { type: "integer", notNull: true }, mrr: { type: "integer", notNull: true } },
      );
      const { portfolio } = (await ask(
        "{ portfolio { mrr cells { stage { id } accounts } } }",
      )) as unknown as {
        portfolio: { mrr: string; cells: { stage: { id: string }; accounts: number }[] };
      };
      expect(portfolio.mrr).toBe(String(raw?.mrr));
      const paying = portfolio.cells.filter((c) => ["onboarding", "established"].includes(c.stage.id));
      expect(paying.reduce((sum, cell) => sum + cell.accounts, 0)).toBe(raw?.accounts);
    });

    it("says honestly that hardly anybody churned, and that its attributes carry no signal", async () => {
      const { churn, flagged, backtest } = (await ask(
        `{ churn: comparison(leadDays: 30) { why traits { id } }
           flagged: comparison(
             leadDays: 30
             first: { outcomes: [CHURNED, CONTRACTED, EXPANDED, RENEWED], filter: { attributes: [{ name: "churn_flag", in: ["TRUE"] }] } }
             second: { outcomes: [CHURNED, CONTRACTED, EXPANDED, RENEWED], filter: { attributes: [{ name: "churn_flag", in: ["FALSE"] }] } }
           ) { why first { accounts } second { accounts } traits { kind id q words } }
           backtest { why health { auc { value why } } } }`,
      )) as unknown as {
        churn: { why: string | null; traits: unknown[] };
        flagged: { why: string | null; traits: { kind: string; id: string; q: number; words: string }[] };
        backtest: { why: string | null; health: { auc: { value: number | null; why: string | null } }[] };
      };
      // An account has ten subscriptions that overlap: one of 500 let all of them end.
      const why = 'Of the cohort "churned" only 1 can be compared; groups under 5 are withheld.';
      expect(churn).toEqual({ why, traits: [] });
      expect(backtest.why).toBe(why);
      expect(backtest.health[0]?.auc).toEqual({
        value: null,
        why: "fewer than 5 accounts of a cohort had a score 30 days before",
      });
      // By the data set's own flag a fifth churned, whatever their subscriptions say.
      expect(flagged.why).toBeNull();
      const attributes = flagged.traits.filter(
        ({ kind, id }) => kind === "ATTRIBUTE" && !id.startsWith("churn_flag:"),
      );
      expect(attributes.length).toBeGreaterThan(10);
      expect(attributes.filter(({ q }) => q <= 0.05)).toEqual([]);
      for (const { words } of attributes) expect(words).toMatch(/\(may be chance\)\.$/);
      const told = flagged.traits.filter(({ q }) => q <= 0.05).map(({ id }) => id);
      expect(told.sort()).toEqual(["churn_flag:FALSE", "churn_flag:TRUE"]);
    });

    it("an account's score explains itself from its indicators", async () => {
      const { accounts } = (await ask(
        "{ accounts(first: 50, orderBy: { field: SCORE, direction: DESC }) { nodes { id health { score uncappedScore coverage indicators { id points weightShare contribution } } } } }",
      )) as unknown as {
        accounts: {
          nodes: {
            health: { score: number; uncappedScore: number; indicators: { contribution: number | null }[] };
          }[];
        };
      };
      for (const { health } of accounts.nodes) {
        const sum = health.indicators.reduce((total, i) => total + (i.contribution ?? 0), 0);
        expect(sum).toBeCloseTo(health.uncappedScore, 9);
      }
    });
  },
);
