import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { WaymarkError } from "../../errors.js";
import { type BuildResult, build } from "../../jobs/build.js";
import { describeCompany, type Project } from "../../jobs/company.js";
import { locateIn, type Snapshot } from "../../jobs/ledger.js";
import { milestoneStatuses } from "../../journey/conditions.js";
import { models } from "../../models/index.js";
import { accountMilestones } from "../../models/milestones/account_milestones.js";
import type { Model } from "../../models/model.js";
import { accountOnboarding } from "../../models/onboarding/account_onboarding.js";
import { termOutcomes } from "../../models/outcomes/term_outcomes.js";
import { accountSignals } from "../../models/signals/account_signals.js";
import { accountTouchpoints, touchpointStatuses } from "../../models/touchpoints/account_touchpoints.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { path, type Sql, sql } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { acmeJourney, acmeSources, acmeTables, acmeZone } from "../models/acme.js";
import { journeyOf, settingsOf } from "../models/built.js";

/** Raw rows by table, as they stand at some time. */
type Raw = Record<string, unknown[][]>;

const project: Project = {
  settings: settingsOf(acmeSources, acmeZone, undefined, "/nowhere"),
  journey: journeyOf(acmeJourney),
};
for (const mapping of Object.values(project.settings.sources)) mapping.compare_every_days = 0;

async function load(warehouse: Warehouse, raw: Raw): Promise<void> {
  for (const [table, { columns }] of Object.entries(acmeTables)) {
    await warehouse.run(sql`drop table if exists ${path("raw", table)}`);
    const shape = Object.fromEntries(Object.entries(columns).map(([c, type]) => [c, { type }])) as Columns;
    await warehouse.load(["raw", table], shape, [raw[table] ?? []]);
  }
}

async function open(): Promise<Warehouse> {
  const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  await warehouse.run(sql`create schema raw`);
  return warehouse;
}

/** Sums of floats may differ in their last digits. */
const twelveDigits = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(12)) : value;

/** Every row of every table, as text; without the version of the journey, which tells only when a row was made. */
async function rowsOf(warehouse: Warehouse, { tables, words }: Snapshot): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const model of models) {
    const rows = await warehouse.query(
      sql`select * from ${path(...locateIn(tables)(model.name))}`,
      model.columnsFor(words),
    );
    all[model.name] = rows.map((row) => JSON.stringify(row, twelveDigits)).sort();
  }
  return all;
}

/** Something that happens to the raw rows of a table. */
const change = fc.record({
  table: fc.constantFrom(...Object.keys(acmeTables)),
  kind: fc.constantFrom("arrive", "arrive", "arrive", "repeat", "correct", "move", "delete"),
  row: fc.nat(1000),
  column: fc.nat(20),
  other: fc.nat(1000),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What a change makes of the raw rows; `left` are those that have not arrived yet. */
function apply(raw: Raw, left: Raw, { table, kind, row, column, other }: Change): void {
  const [here, there] = [raw[table] ?? [], left[table] ?? []];
  const pick = <T>(list: T[], i: number): T | undefined => list[i % Math.max(1, list.length)];
  if (kind === "arrive") {
    const many = 1 + (other % 7);
    for (const arrived of there.splice(row % Math.max(1, there.length), many)) here.push(arrived);
  }
  const one = pick(here, row);
  if (!one) return;
  if (kind === "repeat") here.push([...one]);
  if (kind === "delete") here.splice(here.indexOf(one), 1 + (other % 3));
  // Another row's value in one of its columns: a moved account, an earlier instant, another id …
  if (kind === "correct") {
    const i = column % one.length;
    here[here.indexOf(one)] = one.map((value, c) => (c === i ? pick(here, other)?.[i] : value));
  }
  if (kind === "move") here[here.indexOf(one)] = one.map((value) => moved(value, (other % 301) - 150));
}

/** A day or an instant, by so many days; whatever else there is stays. */
function moved(value: unknown, days: number): unknown {
  if (value instanceof Date) return new Date(value.getTime() + days * 86_400_000);
  return typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value)
    ? Temporal.PlainDate.from(value).add({ days }).toString()
    : value;
}

describe("a build over what changed", () => {
  it("gives what a build from nothing gives, to the row, whatever arrives late or twice, is corrected or deleted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), { minLength: 4, maxLength: 4 }),
        async (present, batches) => {
          const [raw, left]: [Raw, Raw] = [{}, {}];
          for (const [table, { rows }] of Object.entries(acmeTables)) {
            raw[table] = rows.filter((_, i) => present[i % present.length]);
            left[table] = rows.filter((_, i) => !present[i % present.length]);
          }
          const grown = await open();
          let wasBuilt = false;
          try {
            for (const [i, changes] of [[], ...batches].entries()) {
              // Every other build takes the accounts apart as if they were many.
              const manyAccounts = i % 2 ? 2 : 1000;
              const [one] = changes;
              const half = wasBuilt ? Math.ceil(changes.length / 2) : 0;
              if (one && half > 0) {
                // A build of some tables first, of which others then miss what came and went in between.
                for (const change of changes.slice(0, half)) apply(raw, left, change);
                await load(grown, raw);
                const { name } = models[one.other % models.length] as Model;
                const select = [one.row % 3 ? `+${name}` : name];
                const now = () => new Date(Date.UTC(2024, 6, 1, 5 + i, 30));
                await tried(build(grown, project, { trigger: "test", select, manyAccounts, now }));
              }
              for (const change of changes.slice(half)) apply(raw, left, change);
              const options = {
                trigger: "test",
                manyAccounts,
                now: () => new Date(Date.UTC(2024, 6, 1, 6 + i)),
              };
              const ours = await builtAsFromNothing(grown, raw, options);
              // After the first build none of it came by building all of a table again.
              if (typeof ours !== "string" && wasBuilt)
                expect(
                  ours.models.filter((m) => !/^(fresh|changed|its raw|another|built again)/.test(m.reason)),
                ).toEqual([]);
              wasBuilt = typeof ours !== "string";
            }
          } finally {
            await grown.close();
          }
        },
      ),
      {
        numRuns: Number(process.env.RUNS ?? 2),
        ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}),
        endOnFailure: true,
      },
    );
  }, 600_000);

  it("is of all days of an account where a person came as what facts ask for, and of none where nobody asks", async () => {
    const asking = `facts:\n  - { id: by_members, description: What members did., from: usage_events, where: { user_role: member }, measure: count }\n`;
    const forMembers = { ...project, journey: journeyOf(acmeJourney.replace("facts:\n", asking)) };
    const options = { trigger: "test", now: () => new Date("2024-07-01T06:00:00Z") };
    const at = new Date("2024-05-20T12:00:00Z");
    const raw: Raw = Object.fromEntries(Object.entries(acmeTables).map(([table, { rows }]) => [table, rows]));
    raw.clicks?.push(["by mel", "A1", "mel", "visit", "click", null, null, at, at]);
    const reasons = async (company: Project, job: string): Promise<(string | undefined)[]> => {
      const grown = await open();
      const people = raw.people ?? [];
      await builtAsFromNothing(grown, raw, options, company);
      const mel = ["mel", "A1", "Mel", job, null, null];
      const result = await builtAsFromNothing(grown, { ...raw, people: [...people, mel] }, options, company);
      await grown.close();
      if (typeof result === "string") throw new Error(result);
      const reasonOf = (name: string) => result.models.find(({ model }) => model === name)?.reason;
      return ["people_daily", "own_fact_days"].map(reasonOf);
    };
    const [changed, same] = ["changed: stg_users", "built again, nothing changed"];
    expect(await reasons(project, "")).toEqual(["fresh", "fresh"]);
    expect(await reasons(project, "Fan")).toEqual([changed, same]);
    expect(await reasons(forMembers, "")).toEqual([same, changed]);
  });

  it("plans other contacts for a stay that was in another stage all along", async () => {
    const grown = await open();
    const options = { trigger: "test", now: () => new Date("2024-07-01T06:00:00Z") };
    const accounts = acmeTables["crm-accounts"]?.rows.filter(([id]) => id === "T1") ?? [];
    const deal = (kind: string) => ["c3", "T1", "2024-06-10", null, null, 20, "99999", kind, null];
    await builtAsFromNothing(grown, { "crm-accounts": accounts, deals: [deal("trial")] }, options);
    const { snapshot } = (await builtAsFromNothing(
      grown,
      { "crm-accounts": accounts, deals: [deal("paid")] },
      options,
    )) as BuildResult;
    const { account_touchpoints: planned } = await rowsOf(grown, snapshot);
    expect(planned).toHaveLength(1);
    await grown.close();
  });

  it("lets contacts fall due, terms end, signals open and milestones be late by the days alone, and takes that back with the days", async () => {
    const grown = await open();
    const planned = {
      ...project,
      journey: journeyOf(`
stages: [{ id: young, name: Young, is_scored: false, when: { fact: account_age_days, at_most: 11 } }, { id: old, name: Old, is_scored: false }]
churn: { gap_days: 3 }
milestones:
  - { id: aged, name: Aged, when: { fact: account_age_days, at_least: 4 }, expected_days: 2 }
  - { id: paying, name: Paying, when: { fact: seats, at_least: 1 }, starts: contract_start, expected_days: 2 }
  - { id: big, name: Big, when: { fact: seats, at_least: 100 }, starts: contract_start, expected_days: 1, stuck_after_days: 2 }
  - { id: settled, name: Settled, when: { fact: account_age_days, at_least: 4 }, starts: { each_stay_in: young }, expected_days: 9 }
onboarding: { checklist: [aged], expected_days: 1 }
signals:
  - { id: aging, name: Aging, kind: negative, severity: low, when: { fact: account_age_days, at_least: 3 }, for_days: 4 }
  - { id: young, name: Young, kind: positive, severity: low, when: { fact: account_age_days, at_most: 5 }, for_days: 2, clear_days: 3 }
touchpoints:
  - { id: once, name: Once, why: W, stage: young, kind: qbr, due_in_days: 2 }
  - { id: again, name: Again, why: W, stage: young, kind: call, due_in_days: 3, repeat_every_days: 4 }
health: { indicators: [{ id: use, name: Use, dimension: engagement, fact: events_7d, scale: [[0, 0], [10, 100]] }] }
`),
    };
    const loaded = new Date("2024-05-01T00:00:00Z");
    const account = (id: string) => [id, id, "01.05.2024", 1, "EU", "mia", loaded, null, null];
    const met = (day: string, i: number) => [i, "K1", null, i > 1 ? "qbr" : "call", day, "mia"];
    const meetings = ["2024-05-05", "2024-05-09", "2024-05-07"].map(met);
    const term = (id: string, of: string, from: string, to: string | null) => [
      id,
      of,
      from,
      to,
      null,
      5,
      "1200",
      "paid",
      null,
    ];
    const deals = [
      term("k1", "K1", "2024-05-03", "2024-05-08"),
      term("k2", "K1", "2024-05-10", "2024-05-14"),
      term("k3", "K2", "2024-05-02", "2024-05-06"),
      term("k4", "K2", "2024-05-12", null),
    ];
    await load(grown, { "crm-accounts": ["K1", "K2"].map(account), meetings, deals });
    const nights = Array.from({ length: 15 }, (_, i) =>
      Temporal.PlainDate.from("2024-05-02").add({ days: i }),
    );
    const held = [accountTouchpoints, termOutcomes, accountOnboarding, accountSignals, accountMilestones];
    const told = new Map<string, Set<string>>();
    for (const night of [...nights, ...nights.filter((_, i) => i % 5 === 3).reverse()].map(String)) {
      const ours = { ...planned, settings: { ...project.settings, data_through: night } };
      const options = { trigger: "test", now: () => new Date("2024-07-01T06:00:00Z") };
      const select = held.map(({ name }) => `+${name}`);
      const { snapshot } = await build(grown, ours, { ...options, select });
      const locate = locateIn(snapshot.tables);
      const company = await describeCompany(grown, ours, options.now());
      for (const model of held) {
        const rowsOfQuery = async (rows: Sql): Promise<string[]> =>
          (await grown.query(sql`select * from (${rows}) as rows_asked`, model.columns, { locate })).map(
            (row) => JSON.stringify(row),
          );
        const rows = await rowsOfQuery(sql`select * from ${path(...locate(model.name))}`);
        const all = await rowsOfQuery(model.query(company));
        expect({ [`${model.name} on ${night}`]: rows.sort() }).toEqual({
          [`${model.name} on ${night}`]: all.sort(),
        });
        const seen = told.get(model.name) ?? new Set();
        for (const row of rows.map((r) => JSON.parse(r)))
          seen.add(row.status ?? row.outcome ?? (row.closed_on === null ? "open" : "closed"));
        told.set(model.name, seen);
      }
    }
    expect([...told.values()]).toEqual([
      new Set(touchpointStatuses),
      new Set(["undecided", "churned", "renewed"]),
      new Set(["not_started", "in_progress", "overdue", "late"]),
      new Set(["open", "closed"]),
      new Set(milestoneStatuses),
    ]);
    await grown.close();
  }, 120_000);

  it("opens signals for a term that came in one build and was reached in the next, where it missed the first", async () => {
    const grown = await open();
    const late = `  - { id: begun, name: Begun, kind: negative, when: { milestone: lively, status: on_track } }\nplays:\n`;
    const ours = { ...project, journey: journeyOf(acmeJourney.replace("plays:\n", late)) };
    const options = { trigger: "test", now: () => new Date("2024-07-01T06:00:00Z") };
    const accounts = acmeTables["crm-accounts"]?.rows.filter(([id]) => id === "T1") ?? [];
    const first = ["c4", "T1", "2024-03-20", null, null, 2, "1200", "paid", null];
    // It covers days that are covered already, and so changes no fact.
    const more = ["c9", "T1", "2024-04-20", null, null, null, null, "paid", null];
    const deals = [first, more];
    await builtAsFromNothing(grown, { "crm-accounts": accounts, deals: [first] }, options, ours);
    await load(grown, { "crm-accounts": accounts, deals });
    await build(grown, ours, { ...options, select: ["+account_milestones"] });
    const used = (day: string) =>
      ["tom", "tim"].map((user) => {
        const at = new Date(`${day}T12:00:00Z`);
        return [`${user}-${day}`, "T1", user, day, "click", null, null, at, at];
      });
    const clicks = ["2024-05-20", "2024-05-23"].flatMap(used);
    const { snapshot } = (await builtAsFromNothing(
      grown,
      { "crm-accounts": accounts, deals, clicks },
      options,
      ours,
    )) as BuildResult;
    const { account_signals: signals } = await rowsOf(grown, snapshot);
    expect(signals?.filter((row) => row.includes('"begun"'))).toHaveLength(2);
    await grown.close();
  });
});

/** Build what changed, and hold each table against a build from nothing. Answers the build, or what its failed checks say. */
async function builtAsFromNothing(
  grown: Warehouse,
  raw: Raw,
  options: Parameters<typeof build>[2],
  company = project,
): Promise<BuildResult | string> {
  await load(grown, raw);
  const ours = await tried(build(grown, company, options));
  const fresh = await open();
  await load(fresh, raw);
  const theirs = await tried(build(fresh, company, options));
  if (typeof ours === "string" || typeof theirs === "string") {
    // Few rows may fail a check. What the failed run did is gone on from.
    expect(ours).toBe(theirs);
  } else {
    const [after, fromNothing] = [await rowsOf(grown, ours.snapshot), await rowsOf(fresh, theirs.snapshot)];
    for (const { name } of models)
      expect({ [name]: differences(after[name] ?? [], fromNothing[name] ?? []) }).toEqual({ [name]: [] });
  }
  await fresh.close();
  return ours;
}

/** What a build answers, or what its failed checks say. */
const tried = (built: Promise<BuildResult>): Promise<BuildResult | string> =>
  built.catch((error: unknown) => {
    if (error instanceof WaymarkError && error.code === "CHECK_FAILED")
      return error.message.split("\n")[0] ?? "";
    throw error;
  });

function differences(ours: string[], theirs: string[]): string[] {
  const [a, b] = [new Set(ours), new Set(theirs)];
  return [
    ...ours.filter((row) => !b.has(row)).map((row) => `only after changes: ${row}`),
    ...theirs.filter((row) => !a.has(row)).map((row) => `only from nothing: ${row}`),
    ...(ours.length === theirs.length ? [] : [`${ours.length} rows, not ${theirs.length}`]),
  ].slice(0, 6);
}
