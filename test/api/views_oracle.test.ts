import "reflect-metadata";
import { type GraphQLSchema, graphql, isEnumType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Snapshot } from "../../jobs/ledger.js";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { models } from "../../models/index.js";
import type { Model } from "../../models/model.js";
import { accountTasks } from "../../models/plays/account_tasks.js";
import { attributeColumn } from "../../models/sources/source.js";
import { operator } from "../../resolvers/context.js";
import type { Reader } from "../../resolvers/reader.js";
import { tablesFor } from "../../resolvers/reader.js";
import { createSchema } from "../../resolvers/schema.js";
import { everything, type Scope } from "../../resolvers/scope.js";
import { type View, viewOf } from "../../schema/view.js";
import { views } from "../../schema/views/index.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { render, type Sql, type Statement } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { lintGoogleSql } from "../googlesql/lint.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";
import { acmeJourney, acmeNow, acmeSources, acmeThrough, acmeZone, loadAcme } from "../models/acme.js";
import { companyIn, locate } from "../models/built.js";
import { addDays, daysOf } from "../models/days.js";

/**
 * Every view by every dimension and filter, against the same figures worked out here row by row from the tables, and
 * on both engines.
 */

// biome-ignore lint/suspicious/noExplicitAny: rows of any table
type Row = Record<string, any>;
type Measures = Record<string, (rows: Row[], at: Row[]) => number | null>;

// Tasks read what people did, which no model holds: they are held against the list of tasks in views.test.ts.
const known = views.map((type) => viewOf(type)).filter((view) => view.field !== "tasks");
const first = "2024-05-06";

const sum = (rows: Row[], of: (r: Row) => unknown): number | null => {
  const values = rows.map(of).filter((v) => v !== null && v !== undefined);
  return values.length > 0 ? values.reduce<number>((total, v) => total + Number(v), 0) : null;
};
const ratio = (part: number | null, whole: number | null): number | null =>
  part === null || !whole ? null : part / whole;
const mean = (rows: Row[], of: (r: Row) => unknown): number | null =>
  ratio(sum(rows, of), rows.filter((r) => of(r) !== null && of(r) !== undefined).length);
const count = (rows: Row[], is: (r: Row) => unknown = () => true): number => rows.filter(is).length;
const accounts = (rows: Row[]): number => new Set(rows.map((r) => r.account_id)).size;
const total = (column: string) => (rows: Row[]) => sum(rows, (r) => r[column]) ?? 0;
const level = (column: string) => (_: Row[], at: Row[]) => sum(at, (r) => r[column]);
const quotient = (part: string, whole: string) => (rows: Row[]) =>
  ratio(
    sum(rows, (r) => r[part]),
    sum(rows, (r) => r[whole]),
  );

/** What each measure means of the rows of a group, and of those on the last day of its period. */
const meanings: Record<string, Measures> = {
  health: {
    accounts: (_, at) => at.length,
    averageScore: (_, at) => mean(at, (r) => r.score),
    averageCoverage: (_, at) => mean(at, (r) => r.coverage),
    shareInBand: (_, at) =>
      ratio(
        count(at, (r) => r.band === "poor"),
        count(at, (r) => r.score !== null),
      ),
  },
  stages: {
    entered: (rows) => rows.length,
    left: (rows) => count(rows, (r) => r.left_on !== null),
    stuck: (rows) => count(rows, (r) => r.is_stuck),
    averageDays: (rows) => mean(rows, (r) => (r.left_on === null ? null : r.days)),
    stuckShare: (rows) =>
      ratio(
        count(rows, (r) => r.is_stuck),
        count(rows, (r) => r.left_on === null),
      ),
    accounts,
  },
  milestones: {
    started: (rows) => count(rows, (r) => r.started_on !== null),
    milestones: (rows) => rows.length,
    reached: (rows) => count(rows, (r) => r.reached_on !== null),
    reachedShare: (rows) =>
      ratio(
        count(rows, (r) => r.reached_on !== null),
        count(rows, (r) => r.started_on !== null),
      ),
    onTimeShare: (rows) =>
      ratio(
        count(rows, (r) => r.status === "reached_on_time"),
        count(rows, (r) => r.reached_on !== null),
      ),
    averageDaysToReach: (rows) => mean(rows, (r) => r.days_to_reach),
    accounts,
  },
  onboarding: {
    accounts,
    onboarded: (rows) => count(rows, (r) => r.onboarded_on !== null),
    onboardedShare: (rows) =>
      ratio(
        count(rows, (r) => r.onboarded_on !== null),
        rows.length,
      ),
    stepsDoneShare: quotient("steps_done", "steps"),
    averageDaysToOnboard: (rows) => mean(rows, (r) => r.days_to_onboard),
    averageContacts: (rows) => mean(rows, (r) => r.contacts),
  },
  usage: {
    events: (rows) => sum(rows, (r) => r.events_1d),
    activeAccounts: (rows) => accounts(rows.filter((r) => r.events_1d > 0)),
    accounts: (_, at) => at.length,
    activeUsers7d: level("active_users_7d"),
    activeUsers28d: level("active_users_28d"),
    newUsers28d: level("new_users_28d"),
    sessions28d: level("sessions_28d"),
    keyEvents28d: level("key_events_28d"),
    licenceUtilisation28d: (_, at) =>
      ratio(
        sum(
          at.filter((r) => r.seats > 0),
          (r) => r.active_users_28d,
        ),
        sum(at, (r) => r.seats),
      ),
    averageBreadth28d: (_, at) => mean(at, (r) => r.breadth_28d),
  },
  support: {
    opened: total("tickets_opened"),
    resolved: total("tickets_resolved"),
    firstReplies: total("first_replies"),
    repliesDue24h: total("replies_due_24h"),
    repliedWithin24h: total("replied_within_24h"),
    repliedWithin24hShare: quotient("replied_within_24h", "replies_due_24h"),
    firstReplyHoursMean: quotient("first_reply_hours_sum", "first_replies"),
    resolvedWithRepliesKnown: total("resolved_with_replies_known"),
    firstContactResolutions: total("first_contact_resolutions"),
    firstContactResolutionShare: quotient("first_contact_resolutions", "resolved_with_replies_known"),
    liveContacts: total("live_contacts"),
    waitsKnown: total("waits_known"),
    delayed: total("delayed"),
    delayedShare: quotient("delayed", "waits_known"),
    abandonmentsKnown: total("abandonments_known"),
    abandoned: total("abandoned"),
    abandonedShare: quotient("abandoned", "abandonments_known"),
    delights: total("delights"),
    ratings: total("csat_count"),
    csat: quotient("csat_sum", "csat_count"),
  },
  voice: {
    nps180d: (_, at) =>
      ratio(
        sum(at, (r) => (r.nps_180d === null ? null : r.nps_180d * r.survey_respondents_180d)),
        sum(at, (r) => r.survey_respondents_180d),
      ),
    respondents180d: level("survey_respondents_180d"),
    detractors180d: level("detractors_180d"),
  },
  signals: {
    opened: (rows) => rows.length,
    stillOpen: (rows) => count(rows, (r) => r.closed_on === null),
    averageDays: (rows) =>
      mean(rows, (r) => (r.closed_on === null ? null : daysOf(r.opened_on, addDays(r.closed_on, -1)).length)),
    accounts,
  },
  touchpoints: {
    planned: (rows) => rows.length,
    doneShare: (rows) =>
      ratio(
        count(rows, (r) => r.status === "done"),
        count(rows, (r) => r.status !== "due"),
      ),
    averageDaysLate: (rows) => mean(rows, (r) => r.days_late),
    accounts,
  },
  revenue: {
    mrr: level("mrr"),
    seats: level("seats"),
    customers: (_, at) => count(at, (r) => r.is_customer),
    averageMrr: (_, at) => mean(at, (r) => r.mrr),
    mrrUpForRenewal: (_, at) =>
      sum(at, (r) => (r.days_to_renewal !== null && r.days_to_renewal <= 90 ? r.mrr : null)),
  },
};

/** The column of the model that a dimension shows, where it isn't its name in snake_case; of the account after "a.". */
const columnOf: Record<string, string> = {
  accountId: "account_id",
  accountName: "a.name",
  segment: "a.segment",
  region: "a.region",
  owner: "a.owner",
  isCustomer: "is_customer",
  isStuck: "is_stuck",
};

const periodOf = (day: string, grain: string): string => {
  if (grain === "MONTH") return `${day.slice(0, 7)}-01`;
  return grain === "WEEK" ? addDays(day, -((new Date(day).getUTCDay() + 6) % 7)) : day;
};

let warehouse: Warehouse;
let schema: GraphQLSchema;
let googleSql: GoogleSql | undefined;
let snapshot: Snapshot;
const tables: Record<string, Row[]> = {};
const types: Record<string, Columns> = {};

beforeAll(async () => {
  warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  await loadAcme(warehouse);
  const circumstances = { journey: acmeJourney, timeZone: acmeZone, through: acmeThrough, now: acmeNow };
  const { company, read } = await companyIn(warehouse, acmeSources, circumstances);
  const wanted = new Set([
    accountLatest.name,
    ...known.flatMap(({ model, ends, sums }) => [model, ends, sums].flatMap((m) => (m ? [m.name] : []))),
  ]);
  for (const model of models.filter((m) => wanted.has(m.name) && m !== (accountTasks as object))) {
    tables[model.name] = await read(model);
    types[model.name] = model.columnsFor(company);
  }
  const published = Object.fromEntries(Object.keys(tables).map((table) => [table, table]));
  snapshot = { words: company, dataThrough: acmeThrough, tables: published } as unknown as Snapshot;
  schema = await createSchema();
  if (!referenceUnavailable()) googleSql = await startReference();
});
afterAll(async () => {
  await Promise.all([warehouse?.close(), googleSql?.stop()]);
});

/** The tables that the latest question read. */
let read: readonly string[] = [];

async function ask(
  query: string,
  scope: Scope = everything,
  onGoogle = false,
  from: Snapshot = snapshot,
): Promise<Row[]> {
  let statements = 0;
  const reader: Reader = {
    snapshot: from,
    scope,
    query: (statement, columns) => {
      statements++;
      read = render(statement, "duckdb").refs;
      if (!onGoogle) return warehouse.query(statement, columns, { locate });
      return evaluate(asRead(statement, scope), columns) as never;
    },
  };
  const { data, errors } = await graphql({
    schema,
    source: query,
    contextValue: { reader, caller: { ...operator(false), sees: scope } },
  });
  if (errors?.[0]) throw errors[0];
  expect(statements).toBe(1);
  // As it is sent.
  return (Object.values(JSON.parse(JSON.stringify(data))) as Row[][])[0] as Row[];
}

/** The statement as the reader sends it, but with tables of no schema, as the reference implementation has them. */
function asRead(statement: Sql, scope: Scope): Statement {
  const at = { ...snapshot, tables: {} };
  const read = tablesFor(at, scope);
  const { text, refs, params } = render(statement, "bigquery", { locate: (model) => read(model, at) });
  return {
    text: text.replaceAll("`waymark`.", ""),
    params,
    refs: [...new Set([...refs, ...(scope.accounts === "all" ? [] : [accountLatest.name])])],
  };
}

/** On the reference implementation, with the days and columns that the statement reads. */
async function evaluate(statement: Statement, columns: Columns): Promise<Row[]> {
  expect(lintGoogleSql(statement.text)).toEqual([]);
  const catalogue: Record<string, Record<string, Columns[string]["type"]>> = {};
  const data: Record<string, Row[]> = {};
  for (const table of statement.refs) {
    const asked = Object.entries(types[table] as Columns).filter(
      ([column]) =>
        column === "account_id" ||
        statement.text.includes(`\`${column}\``) ||
        statement.text.includes(column),
    );
    catalogue[table] = Object.fromEntries(asked.map(([column, { type }]) => [column, type]));
    data[table] = (tables[table] as Row[])
      .filter((row) => row.day === undefined || row.day >= "2024-04-01")
      .map((row) => Object.fromEntries(asked.map(([column]) => [column, row[column]])));
  }
  const told = await (googleSql as GoogleSql).analyze(statement, catalogue);
  expect(told).toEqual(Object.fromEntries(Object.entries(columns).map(([key, { type }]) => [key, type])));
  return (await (googleSql as GoogleSql).evaluate(statement, catalogue, data)).rows;
}

/** The same on both engines. */
async function both(query: string, scope: Scope = everything): Promise<Row[]> {
  const rows = await ask(query, scope);
  if (googleSql) expect((await ask(query, scope, true)).map(rounded)).toEqual(rows.map(rounded));
  return rows;
}

/** Figures to nine digits, amounts as figures: engines add floats up in their own order. */
const rounded = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => {
      if (value !== null && typeof value === "object") return [key, rounded(value)];
      const isFigure = typeof value === "number" || /^-?\d+\.\d+$/.test(String(value));
      return [key, isFigure ? Number(Number(value).toPrecision(9)) : value];
    }),
  );

/** The group's rows by their dimension, worked out row by row. */
function expected(
  view: View,
  dimension: string,
  valueIn: (row: Row) => unknown,
  { grain, keep = () => true }: { grain?: string; keep?: (row: Row) => boolean } = {},
): Row[] {
  const latest = new Map((tables.account_latest as Row[]).map((row) => [row.account_id, row]));
  const from = grain === "MONTH" ? "2024-06-01" : first;
  const rows = (tables[view.model.name] as Row[])
    .map((row) => ({ ...row, a: latest.get(row.account_id) }) as Row)
    .filter(
      (row) => row[view.day] !== null && row[view.day] >= from && row[view.day] <= acmeThrough && keep(row),
    );
  const isEnd = (day: string): boolean =>
    grain ? periodOf(addDays(day, 1), grain) !== periodOf(day, grain) : day === acmeThrough;
  const isStock = [...view.measures.values()].every((m) => m.isStock);
  const groups = new Map<unknown, Row[]>();
  for (const row of rows) {
    if (isStock && !isEnd(row[view.day])) continue;
    const key = valueIn(row) ?? null;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  if (dimension === "" && groups.size === 0) groups.set(null, []);
  return [...groups].map(([key, group]) => {
    const at = group.filter((row) => isEnd(row[view.day]));
    const figures = Object.entries(meanings[view.field] as Measures).map(([m, of]) => [m, of(group, at)]);
    return rounded({ ...(dimension ? { key } : {}), ...Object.fromEntries(figures) });
  });
}

/** In one order, and amounts as figures. */
const told = (rows: Row[], view: View): string[] =>
  rows
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [
          key,
          view.measures.get(key)?.type === "decimal" && value !== null ? Number(value) : value,
        ]),
      ),
    )
    .map((row) => JSON.stringify(rounded(row)))
    .sort();

/** What is told by sums over all accounts, which are few rows. */
const inSums: Record<string, { dimensions: string[]; measures: string[] }> = {
  health: {
    dimensions: ["segment", "stage", "band", "cap"],
    measures: ["accounts", "averageScore", "averageCoverage", "shareInBand"],
  },
  revenue: { dimensions: ["segment", "isCustomer"], measures: ["mrr", "seats", "customers"] },
};

const range = `range: { from: "${first}" }`;

describe.each(known.map((view) => [view.field, view] as const))("%s", (_, view) => {
  const measures = [...view.measures.keys()].join(" ");
  const dimensions = [...view.dimensions.keys()].filter((d) => d !== "period" && d !== "attribute");
  const valueIn =
    (dimension: string) =>
    (row: Row): unknown => {
      const column = columnOf[dimension] ?? dimension;
      return column.startsWith("a.") ? row.a[column.slice(2)] : row[column];
    };
  /** Values of enums have names. */
  const nameOf = (dimension: string, value: unknown): unknown => {
    const type = schema.getType(`${view.field[0]?.toUpperCase()}${view.field.slice(1)}View`);
    const field = (type as { getFields(): Record<string, { type: { ofType?: unknown } }> }).getFields()[
      dimension
    ];
    const of = (field?.type.ofType ?? field?.type) as never;
    if (!isEnumType(of)) return value;
    return (of as { getValues(): { value: unknown; name: string }[] })
      .getValues()
      .find((v) => v.value === value)?.name;
  };

  it("has a meaning for every measure, and means it in total", async () => {
    expect(Object.keys(meanings[view.field] as Measures).sort()).toEqual([...view.measures.keys()].sort());
    const rows = await both(`{ ${view.field}(${range}) { ${measures} } }`);
    expect(told(rows, view)).toEqual(
      told(
        expected(view, "", () => null),
        view,
      ),
    );
  });

  it.each(dimensions)("means it by %s, and with every filter on it", async (dimension) => {
    const named = (row: Row): unknown => nameOf(dimension, valueIn(dimension)(row) ?? null) ?? null;
    const rows = await both(`{ ${view.field}(${range}, limit: 10000) { key: ${dimension} ${measures} } }`);
    expect(told(rows, view)).toEqual(told(expected(view, "key", named), view));

    const values = rows.map((r) => r.key).filter((v) => v !== null);
    const one = values[0];
    const literal = isEnumLike(dimension) ? String(one) : JSON.stringify(one);
    const filters: [string, (value: unknown) => boolean][] = [
      ["isNull: true", (v) => v === null],
      ["isNull: false", (v) => v !== null],
    ];
    if (typeof one === "boolean") filters.push([`is: ${one}`, (v) => v === one]);
    else if (one !== undefined) {
      filters.push([`in: [${literal}]`, (v) => v === one], [`notIn: [${literal}]`, (v) => v !== one]);
      if (!isEnumLike(dimension)) {
        const part = String(one).slice(1, 3).toUpperCase();
        filters.push([
          `contains: ${JSON.stringify(part)}`,
          (v) => typeof v === "string" && v.toUpperCase().includes(part),
        ]);
      }
    }
    for (const [filter, keeps] of filters) {
      const query = `{ ${view.field}(${range}, where: { ${dimension}: { ${filter} } }) { ${measures} } }`;
      const keep = (row: Row): boolean => keeps(named(row));
      const one = await both(query);
      expect(told(one, view), query).toEqual(
        told(
          expected(view, "", () => null, { keep }),
          view,
        ),
      );
    }
  });
  const isEnumLike = (dimension: string): boolean =>
    ["band", "status", "kind", "severity"].includes(dimension);

  it.each(["DAY", "WEEK", "MONTH"])("means it by period of a %s", async (grain) => {
    const rows = await both(
      `{ ${view.field}(${range}, limit: 10000) { key: period(grain: ${grain}) ${measures} } }`,
    );
    const period = (row: Row): string => periodOf(row[view.day], grain);
    expect(told(rows, view)).toEqual(told(expected(view, "key", period, { grain }), view));
    expect(rows.map((r) => r.key)).toEqual(rows.map((r) => r.key).sort());
  });

  it.skipIf(!view.ends).each([
    ["WEEK", first],
    ["MONTH", first],
    ["QUARTER", "2024-04-01"],
  ])(
    "tells how things stand at the end of each %s from the table of period ends, as from all days",
    async (grain, from) => {
      const levels = [...view.measures.values()].filter((m) => m.isStock).map((m) => m.name);
      const ends = (view.ends as Model).name;
      const isOfAccount = (dimension: string): boolean =>
        ["accountName", "segment", "region", "owner"].includes(dimension) ||
        dimension.startsWith("attribute");
      const { [ends]: _, [view.sums?.name ?? ""]: __, ...tables } = snapshot.tables;
      const summed = inSums[view.field];
      const keys = [...dimensions.map((d) => `key: ${d}`), `key: attribute(name: "industry")`];
      const asked = [levels, ...(summed ? [summed.measures] : [])];
      for (const [key, measures] of keys.flatMap((key) => asked.map((m) => [key, m] as const))) {
        const dimension = key.slice("key: ".length);
        const where = dimension.includes("(") ? "" : `, where: { ${dimension}: { isNull: false } }`;
        const query = `{ ${view.field}(range: { from: "${from}" }, limit: 10000${where}) { period(grain: ${grain}) ${key} ${measures.join(" ")} } }`;
        const rows = await both(query);
        const isInSums =
          summed?.dimensions.includes(dimension) && measures.every((m) => summed.measures.includes(m));
        const account = isOfAccount(dimension) ? [accountLatest.name] : [];
        expect(read, query).toEqual(isInSums ? [view.sums?.name] : [ends, ...account]);
        expect(rows.map(rounded), query).toEqual(
          (await ask(query, everything, false, { ...snapshot, tables })).map(rounded),
        );
        expect(read).not.toContain(ends);
        expect(rows.length).toBeGreaterThan(0);
      }
    },
  );

  it.skipIf(!view.sums)(
    "reads sums of all accounts only for who sees them all, and asks of none by itself",
    async () => {
      const {
        dimensions: [key],
        measures: [measure],
      } = inSums[view.field] as { dimensions: string[]; measures: string[] };
      const readFor = async (where: string, scope?: Scope): Promise<readonly string[]> => {
        await ask(
          `{ ${view.field}(range: { from: "${first}" }${where}) { period(grain: WEEK) key: ${key} ${measure} } }`,
          scope,
        );
        return read;
      };
      const ends = [view.ends?.name, accountLatest.name];
      expect(await readFor("")).toEqual([view.sums?.name]);
      expect(await readFor(`, where: { ${key}: { isNull: false } }`)).toEqual([view.sums?.name]);
      expect(await readFor(`, where: { region: { isNull: false } }`)).toEqual(ends);
      expect(await readFor(`, where: { accounts: { minScore: 0 } }`)).toEqual(ends);
      const { accounts, hidden } = everything;
      for (const scope of [
        { accounts: { region: ["emea"] }, hidden },
        { accounts, hidden: ["owner"] },
        { accounts, hidden, minimumGroup: 2 },
      ])
        expect(await readFor("", scope)).toEqual(ends);
    },
  );

  it("reads all days where a period is cut, or a day is none's end", async () => {
    const level = [...view.measures.values()].find((m) => m.isStock)?.name ?? measures;
    const cut = `range: { from: "${first}", to: "2024-06-12", running: true }`;
    for (const period of ["", "period(grain: WEEK)"]) {
      await ask(`{ ${view.field}(${cut}) { ${period} ${level} } }`);
      expect(read).toContain(view.model.name);
    }
  });

  it("means it by an attribute of the account", async () => {
    const rows = await both(`{ ${view.field}(${range}) { key: attribute(name: "industry") ${measures} } }`);
    const industry = (row: Row): unknown => row.a[attributeColumn("industry")];
    expect(told(rows, view)).toEqual(told(expected(view, "key", industry), view));
  });

  it("leaves groups out by every measure, and orders by it", async () => {
    const all = await ask(`{ ${view.field}(${range}) { segment ${measures} } }`);
    for (const [measure, { type }] of view.measures) {
      const figures = all
        .map((r) => r[measure])
        .filter((v) => v !== null)
        .map(Number);
      const bound = figures[0] ?? 1;
      const literal = type === "decimal" ? `"${bound}"` : bound;
      const by = measure.replace(/([A-Z]|\d+)/g, "_$1").toUpperCase();
      const order = `order: [{ by: ${by}, direction: DESC }]`;
      for (const [operator, keeps] of Object.entries(comparisons)) {
        const query = `{ ${view.field}(${range}, ${order}, having: { ${measure}: { ${operator}: ${literal} } }) { segment ${measures} } }`;
        const rows = await (operator === "gte" ? both : ask)(query);
        const fitting = all.filter((r) => r[measure] !== null && keeps(Number(r[measure]), bound));
        expect(told(rows, view), query).toEqual(told(fitting, view));
        const shown = rows.map((r) => Number(r[measure]));
        expect(shown).toEqual([...shown].sort((a, b) => b - a));
      }
    }
  });

  it("compares, shares and runs up alike on both engines", async () => {
    const additive = [...view.measures.values()].filter((m) => m.isAdditive);
    const over = additive.map((m) => {
      const of = m.name.replace(/([A-Z]|\d+)/g, "_$1").toUpperCase();
      return `s_${m.name}: share(of: ${of}) ${m.isStock ? "" : `c_${m.name}: cumulative(of: ${of})`}`;
    });
    const rows = await both(`{ ${view.field}(${range}, limit: 10000) {
      period(grain: WEEK) region ${measures} ${over.join(" ")} previous { ${measures} } before: previous(periods: 2) { ${measures} }
    } }`);
    const at = (week: string, region: unknown): Row | undefined =>
      rows.find((r) => r.period === week && r.region === region);
    for (const row of rows) {
      const last = at(addDays(row.period, -7), row.region);
      if (row.period > addDays(first, 6) && !last) expect(row.previous).toBeNull();
      if (!last) continue;
      for (const measure of view.measures.keys())
        expect(rounded({ v: row.previous[measure] })).toEqual(rounded({ v: last[measure] }));
    }
  });

  it("shows only what the scope lets be seen", async () => {
    const groups: Scope = { ...everything, minimumGroup: 2 };
    const accounts = `{ ${view.field}(${range}) { accountId } }`;
    const freeMeasures = [...view.measures.values()]
      .filter(({ args = {} }) => Object.values(args).every(({ defaultValue }) => defaultValue === undefined))
      .map(({ name }) => name)
      .join(" ");
    expect(await both(accounts, groups)).toEqual([]);
    await both(
      `{ ${view.field}(${range}, limit: 10000) { period(grain: WEEK) region ${freeMeasures} } }`,
      groups,
    );
    if (googleSql) {
      const one = (await ask(accounts)).slice(0, 1);
      const ids = ["none", ...one.map(({ accountId }) => accountId)];
      const some: Scope = { accounts: { account_id: ids }, hidden: ["mrr"] };
      expect(await ask(accounts, some, true)).toEqual(one);
    }
    await expect(
      ask(`{ ${view.field}(where: { segment: { isNull: true } }) { ${measures} } }`, {
        ...everything,
        hidden: ["segment"],
      }),
    ).rejects.toThrow(`${view.field}: segment is hidden from you.`);
    for (const [filter, column] of [
      [`segment: ["small"]`, "segment"],
      ["minScore: 50", "score"],
      [`attributes: [{ name: "industry", in: ["x"] }]`, attributeColumn("industry")],
    ] as const)
      await expect(
        ask(`{ ${view.field}(where: { accounts: { ${filter} } }) { ${measures} } }`, {
          ...everything,
          hidden: [column],
        }),
      ).rejects.toThrow(`${column} is hidden from you.`);
  });
});

const comparisons: Record<string, (a: number, b: number) => boolean> = {
  eq: (a, b) => a === b,
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
};
