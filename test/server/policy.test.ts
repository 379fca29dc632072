import "reflect-metadata";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  graphql,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from "graphql";
import { getMetadataStorage } from "type-graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessSchema } from "../../config/access.js";
import { locateIn, readSnapshots, type Snapshot, schemas } from "../../jobs/ledger.js";
import { models } from "../../models/index.js";
import { type Context, contextFor, operator } from "../../resolvers/context.js";
import { liveFields, rootFields, type Told } from "../../resolvers/gate.js";
import { lasting, lasts } from "../../resolvers/lasting.js";
import { loadersFor } from "../../resolvers/loaders.js";
import { kindOf, readerOf, tablesFor } from "../../resolvers/reader.js";
import { scopeOf } from "../../resolvers/roles.js";
import { createSchema } from "../../resolvers/schema.js";
import { everything, isHidden, type Scope } from "../../resolvers/scope.js";
import { createKey, revokeKey } from "../../server/keys.js";
import { name, path, relation, render, type Sql, sql, text } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { builtCompany, type Client, clientOf } from "../api/company.js";

// biome-ignore lint/suspicious/noExplicitAny: answers have the shape of whatever is asked
type Any = any;

let warehouse: Warehouse;
let schema: GraphQLSchema;
let snapshot: Snapshot;
/** What the roles see, by the words of waymark.yml. */
let roles: Record<string, object>;
let ask: (role: string, query: string, variables?: Record<string, unknown>) => Promise<Any>;
let client: Client;
let keys: Record<string, string>;
/** An account of the narrow role, and one that it doesn't see. */
let own: string;
let other: string;
const folder = mkdtempSync(join(tmpdir(), "waymark-policy-"));
const hiddenWords = ["mrr", "tier", "owner"];
const now = new Date("2026-01-01T06:00:00Z");

beforeAll(async () => {
  warehouse = await builtCompany(60);
  schema = await createSchema();
  snapshot = (await readSnapshots(warehouse, 1))[0] as Snapshot;
  const accounts = await rowsOf("account_latest");
  const region = accounts.find((a) => a.region !== null && a.band === "poor")?.region as string;
  own = accounts.find((a) => a.region === region)?.account_id as string;
  other = accounts.find((a) => a.region !== region)?.account_id as string;
  tasks.push(...(await rowsOf("account_tasks")));
  roles = {
    operator: { accounts: "all", may: ["write", "operate"] },
    reader: { accounts: "all" },
    narrow: { accounts: { region: [region] }, may: ["write"] },
    blind: { accounts: "all", hidden: hiddenWords },
    grouped: { accounts: "all", minimum_group: 5 },
    watcher: { may: ["operate"] },
  };
  const settings = accessSchema.parse({ roles });
  mkdirSync(join(folder, "queries"));
  writeFileSync(
    join(folder, "queries", "book.graphql"),
    "query Book($after: String) { accounts(after: $after) { pageInfo { hasNextPage endCursor } nodes { id region mrr } } }",
  );
  writeFileSync(join(folder, "queries", "bands.graphql"), "{ health { band accounts } }");
  client = await clientOf(warehouse, {
    access: { settings, folder },
    queryFolders: [join(folder, "queries")],
  });
  keys = Object.fromEntries(
    Object.keys(roles).map((role) => [
      role,
      createKey(join(folder, "keys"), { name: role, role, scope: null, days: 1 }, now).secret,
    ]),
  );
  ask = async (role, query, variables = {}) => {
    const response = await fetch(`${client.server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${keys[role]}` },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  };
});
afterAll(async () => {
  await client?.server.close();
  await warehouse?.close();
  rmSync(folder, { recursive: true });
});

const rowsOf = (model: string): Promise<Any[]> =>
  warehouse.query(
    sql`select * from ${relation(model)} order by 1`,
    (models.find((m) => m.name === model) as (typeof models)[number]).columnsFor(snapshot.words),
    { locate: locateIn(snapshot.tables) },
  );

/** The answer of whoever sees this of tables that stand in place of the snapshot's. */
async function answerOf(query: string, scope: Scope, tables: Record<string, string> = {}): Promise<Any> {
  const caller = { ...operator(true), sees: scope };
  const context = await contextFor(warehouse, { caller, now: () => now, freshnessOf: async () => new Map() });
  const reader = readerOf(warehouse, { ...snapshot, tables: { ...snapshot.tables, ...tables } }, scope, {
    caller: "test",
  });
  const contextValue: Context = { ...context, reader, load: loadersFor(reader, context.versions) };
  const { data, errors } = await graphql({ schema, source: query, contextValue });
  return JSON.parse(JSON.stringify({ data, errors: errors?.map((e) => e.message) }));
}

/** Tables as they are after a change of each, by model. */
async function changed(suffix: string, change: (model: (typeof models)[number]) => Sql | undefined) {
  const tables: Record<string, string> = {};
  for (const model of models) {
    const query = change(model);
    const table = snapshot.tables[model.name];
    if (!query || !table) continue;
    tables[model.name] = `${model.name}_${suffix}`;
    await warehouse.run(
      sql`create or replace table ${path(schemas.tables, tables[model.name] as string)} as ${query}`,
    );
  }
  return tables;
}
/** Tables in which something else stands in the columns that these words hide, and in another order. */
const withOthers = (suffix: string, words: readonly string[]) =>
  changed(suffix, (model) => {
    const hidden = Object.entries(model.columnsFor(snapshot.words)).filter(([column]) =>
      isHidden({ hidden: words }, column),
    );
    const values = hidden.map(([column, { type }]) =>
      type === "string"
        ? sql`concat(reverse(${name(column)}), ' other') as ${name(column)}`
        : sql`7 - ${name(column)} * 3 as ${name(column)}`,
    );
    return hidden.length > 0 ? sql`select * replace (${values}) from ${tableOf(model)}` : undefined;
  });
const tableOf = (model: { name: string }): Sql => path(...locateIn(snapshot.tables)(model.name));

/** Arguments of fields that need some, or by which all rows are told rather than the default's few. */
const given: Record<string, string> = {
  period: "grain: MONTH",
  attribute: `name: "industry"`,
  trend: `metric: "events_7d"`,
  change: `since: "2025-12-01"`,
  "Account.tasks": "status: [OPEN, WAITING, SNOOZED, DONE, DISMISSED, EXPIRED]",
};
/** Of these too much is told to be asked beside all else, or what they tell is asked by itself. */
const leftOut = ["share", "cumulative", "previous"];

type IsAsked = (type: string, field: string) => boolean;

/** All that can be asked of a type, so deep. */
function selectionOf(type: GraphQLObjectType, depth: number, isAsked: IsAsked): string {
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const text = fieldText(type, field, depth, isAsked);
    return text === undefined ? [] : [text];
  });
  return fields.length > 0 ? `{ ${fields.join(" ")} }` : "{ __typename }";
}

function fieldText(
  type: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  depth: number,
  isAsked: IsAsked,
) {
  if (leftOut.includes(field.name) || !isAsked(type.name, field.name)) return undefined;
  const args = given[`${type.name}.${field.name}`] ?? given[field.name];
  if (args === undefined && field.args.some(isRequiredArgument))
    throw new Error(`${type.name}.${field.name} needs arguments: say in this test which`);
  const told = args && field.args.length > 0 ? `(${args})` : "";
  const of = getNamedType(field.type);
  if (!isObjectType(of)) return `${field.name}${told}`;
  return depth > 0 ? `${field.name}${told} ${selectionOf(of, depth - 1, isAsked)}` : undefined;
}

/** Arguments of root fields. */
const rootArguments: Record<string, () => string> = {
  account: () => `id: "${own}"`,
  _entities: () =>
    `representations: [${[own, other].map((id) => `{ __typename: "Account", id: "${id}" }`).join(", ")}]`,
  task: () => `id: "${taskOf(own)}"`,
  accounts: () => "first: 60",
  accountTasks: () => "first: 1000",
  accountSignals: () => "first: 1000, filter: {}",
  earlyWarnings: () => "first: 1000",
  endedTerms: () => "first: 1000",
  delights: () => `from: "2025-01-01", first: 300`,
  retention: () => "by: [SEGMENT, COHORT]",
  survival: () => "by: SEGMENT",
  comparison: () => "minGroup: 2, lateDays: 10000",
  backtest: () => "minGroup: 2",
  milestoneProposals: () => "minOutcomes: 4, lateDays: 10000",
  lifetimeValue: () => "by: SEGMENT",
  expansionCandidates: () => "minUtilisation: 0.1, first: 1000",
  programmeEffect: () => `changedOn: "2025-01-01", minGroup: 2`,
  suggestion: () => "minGroup: 2",
};
const views = Object.keys(rootFields).filter((field) => rootFields[field] === "groups");
const tasks: Any[] = [];
const taskOf = (account: string): string => tasks.find((t) => t.account_id === account)?.task_id ?? "none";

/** A question that asks a root field for all that it tells, or for some of it. */
function questionOf(field: string, isAsked: IsAsked = () => true): string {
  const root = schema.getQueryType()?.getFields()[field] as GraphQLField<unknown, unknown>;
  const named = getNamedType(root.type);
  const type = (isUnionType(named) ? named.getTypes()[0] : named) as GraphQLObjectType;
  const args = views.includes(field)
    ? "range: { last: { months: 12 }, running: true }, limit: 10000"
    : rootArguments[field]?.();
  const fields = isObjectType(type) ? selectionOf(type, field === "account" ? 3 : 2, isAsked) : "";
  const selection = isUnionType(named) ? `{ ... on ${type.name} ${fields} }` : fields;
  return `{ ${field}${args ? `(${args})` : ""} ${selection} }`;
}

const fieldsOfKind = (...kinds: string[]): string[] =>
  Object.keys(rootFields).filter((field) => kinds.includes(rootFields[field] as string));

describe("every root field", () => {
  it("says who may ask it", () => {
    const all = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    expect(Object.keys(rootFields).sort()).toEqual(all.sort());
    const live = Object.keys(schema.getSubscriptionType()?.getFields() ?? {});
    expect(Object.keys(liveFields).sort()).toEqual(live.sort());
  });

  const mayAsk: Record<string, Told[]> = {
    operator: ["company", "accounts", "groups", "operations", "changes"],
    narrow: ["company", "accounts", "groups", "changes"],
    grouped: ["company", "groups"],
    watcher: ["company"],
  };
  it.each(Object.keys(mayAsk))(
    "answers the role %s where it may ask, and refuses it elsewhere",
    async (role) => {
      for (const [field, told] of Object.entries(rootFields)) {
        const isMutation = schema.getMutationType()?.getFields()[field] !== undefined;
        const { errors } = await ask(
          role,
          `${isMutation ? "mutation " : ""}{ ${field}${shortly[field] ?? ""} }`,
        );
        const isRefused = errors?.[0]?.extensions.code === "FORBIDDEN";
        expect({ role, field, isRefused }).toEqual({
          role,
          field,
          // The server of this test plans, explains and sends nothing, whoever asks.
          isRefused:
            !mayAsk[role]?.includes(told) ||
            ["journeyPlan", "journeyBacktest", "explanation", "resendDeadLetters"].includes(field),
        });
      }
    },
  );

  it("that is asked beside others, by an alias or in a fragment is refused by itself", async () => {
    const { data, errors } = await ask(
      "narrow",
      "query Q { s: snapshot { id } ...F } fragment F on Query { c: checks { name rows } ... { r: lastRun { error } } }",
    );
    expect(data).toBeNull();
    expect(errors.map((e: Any) => [e.path[0], e.extensions.code])).toContainEqual(["c", "FORBIDDEN"]);
    const alone = await ask("narrow", "{ s: snapshot { id } r: lastRun { error } }");
    expect(alone.data).toEqual({ s: { id: 1 }, r: null });
  });
});

/** The least that a root field can be asked. */
const shortly: Record<string, string> = {
  ...Object.fromEntries(views.map((view) => [view, "{ __typename }"])),
  account: '(id: "x") { id }',
  _entities: "(representations: []) { __typename }",
  _service: "{ sdl }",
  accounts: "{ totalCount }",
  accountSignals: "{ nodes { openedOn } }",
  accountTasks: "{ nodes { id } }",
  backtest: "{ why }",
  checks: "{ name }",
  cohorts: "{ age }",
  comparison: "{ why }",
  completeTask: '(id: "x") { id }',
  deadLetters: "{ id }",
  delights: "{ day }",
  explanation: '(model: "accounts")',
  dismissTask: '(id: "x", reason: "y") { id }',
  earlyWarnings: "{ nodes { mrr } }",
  endedTerms: "{ nodes { endedOn } }",
  journey: "{ version }",
  journeyBacktest: '(file: "") { published { why } }',
  journeyPlan: '(file: "")',
  journeyVersions: "{ version }",
  failedInARow: "{ count }",
  lastRun: "{ id }",
  queryCosts: "{ query bytesBilled }",
  models: "{ name }",
  onboardingCohorts: "{ month }",
  plannedTouchpoints: "{ done }",
  portfolio: "{ accounts }",
  expansionCandidates: "{ heldBack { why } }",
  lifetimeValue: "{ group }",
  milestoneProposals: "{ why }",
  programmeEffect: '(changedOn: "2025-01-01") { why }',
  reopenTask: '(id: "x") { id }',
  retention: "{ from }",
  schedule: "{ __typename }",
  snapshot: "{ id }",
  snoozeTask: '(id: "x", until: "2027-01-01") { id }',
  sources: "{ name }",
  stageOutcomes: "{ leftOut }",
  stageTimes: "{ stays }",
  stageTransitions: "{ stays }",
  suggestion: "{ why }",
  survival: "{ groups { group } }",
  task: '(id: "x") { id }',
  webhooks: "{ name }",
};

describe("a role that sees some accounts", () => {
  let foreign: string[];
  let without: Record<string, string>;
  beforeAll(async () => {
    const [region] = (roles.narrow as Any).accounts.region as [string];
    const accounts = await rowsOf("account_latest");
    foreign = accounts.filter((a) => a.region !== region).flatMap((a) => [a.account_id, a.name]);
    expect(foreign.length).toBeGreaterThan(40);
    const ids = sql`select account_id from ${tableOf({ name: "account_latest" })} where region = ${text(region)}`;
    without = await changed(
      "narrow",
      (model) =>
        model.columns.account_id && sql`select * from ${tableOf(model)} where account_id in (${ids})`,
    );
  });

  it.each(fieldsOfKind("accounts", "groups"))(
    "is told by %s what it would be told if there were no others",
    async (field) => {
      const query = questionOf(field);
      const { data, errors } = await ask("narrow", query);
      expect(errors).toBeUndefined();
      const alone = await answerOf(query, everything, without);
      expect(alone.errors).toBeUndefined();
      expect(sorted(data)).toEqual(sorted(alone.data));
      const said = JSON.stringify(data);
      expect(said.length, "something is told").toBeGreaterThan(60);
      expect(foreign.filter((word) => said.includes(`"${word}"`))).toEqual([]);
    },
  );

  it("can't tell an account of others from one that there isn't", async () => {
    const told = async (question: (id: string) => string, id: string) =>
      JSON.stringify(await ask("narrow", question(id))).replaceAll(id, "ID");
    const task = tasks.find((t) => t.account_id === other)?.task_id as string;
    const questions: [(id: string) => string, string, string][] = [
      [(id) => `{ account(id: "${id}") { id name } }`, other, "nobody"],
      [(id) => `{ accounts(filter: { ids: ["${id}"] }) { totalCount nodes { id } } }`, other, "nobody"],
      [
        (id) => `{ health(where: { accountId: { in: ["${id}"] } }) { accountId averageScore } }`,
        other,
        "nobody",
      ],
      [
        (id) => `{ accountTasks(filter: { accounts: { ids: ["${id}"] } }) { nodes { id } } }`,
        other,
        "nobody",
      ],
      [(id) => `{ task(id: "${id}") { id account { id } } }`, task, "none"],
      ...["completeTask", "reopenTask"].map((act): [(id: string) => string, string, string] => [
        (id) => `mutation { ${act}(id: "${id}") { id } }`,
        task,
        "none",
      ]),
    ];
    for (const [question, foreigner, nobody] of questions)
      expect(await told(question, foreigner)).toBe(await told(question, nobody));
    expect((await ask("reader", `{ account(id: "${other}") { id } }`)).data.account.id).toBe(other);
    const { data } = await ask("reader", `{ task(id: "${task}") { status note } }`);
    expect(data.task, "nothing was done with it").toMatchObject({ note: null });
  });

  it("goes on behind another's cursor with its own accounts alone", async () => {
    const page = "pageInfo { endCursor } nodes { id }";
    const { data } = await ask("reader", `{ accounts(first: 5) { ${page} } }`);
    const after = data.accounts.pageInfo.endCursor;
    const own = await ask("narrow", `{ accounts(first: 100, after: "${after}") { ${page} } }`);
    const ids = own.data.accounts.nodes.map((a: Any) => a.id);
    expect(ids.length).toBeGreaterThan(5);
    expect(ids.filter((id: string) => foreign.includes(id))).toEqual([]);
  });

  it("changes its own tasks, and is named beside whoever it says", async () => {
    const { data } = await ask("narrow", "{ accountTasks(first: 1) { nodes { id } } }");
    const [{ id }] = data.accountTasks.nodes;
    const done = await ask("narrow", `mutation { completeTask(id: "${id}", by: "Anna") { status actedBy } }`);
    expect(done.data.completeTask).toEqual({ status: "DONE", actedBy: "Anna (by narrow)" });
    await ask("narrow", `mutation { reopenTask(id: "${id}") { status } }`);
  });

  it("is never told what another was, whoever asks first or at once", async () => {
    const query = "{ accounts { totalCount } portfolio { accounts } health { accounts } }";
    const asked = ["reader", "narrow", "reader", "narrow", "narrow", "reader", "blind", "narrow"];
    const answers = await Promise.all(asked.map((role) => ask(role, query)));
    const counts = answers.map(({ data }) => data.accounts.totalCount);
    const [all, some] = counts;
    expect(some).toBeLessThan(all);
    expect(counts).toEqual([all, some, all, some, some, all, all, some]);
  });
});

it("the statements of an answer are told to who may operate and sees everything, and wishes it, alone", async () => {
  const explained = async (role: string, extensions: object) => {
    const response = await fetch(`${client.server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${keys[role]}` },
      body: JSON.stringify({ query: `{ account(id: "${own}") { id } }`, extensions }),
    });
    return ((await response.json()) as Any).extensions.explain;
  };
  expect(await explained("operator", { explain: true })).toEqual([
    { sql: expect.stringMatching(/^select [\s\S]* from "waymark_tables"/), values: { p1: [own] } },
  ]);
  expect(await explained("operator", {})).toBeUndefined();
  const address = new URLSearchParams({
    query: `{ account(id: "${own}") { id } }`,
    extensions: '{ "explain": true }',
  });
  const got = await fetch(`${client.server.url}/graphql?${address}`, {
    headers: { "apollo-require-preflight": "true", authorization: `Bearer ${keys.operator}` },
  });
  expect(((await got.json()) as Any).extensions.explain).toHaveLength(1);
  for (const role of ["reader", "narrow", "blind"])
    expect(await explained(role, { explain: true }), role).toBeUndefined();
});

describe("a role from which columns are hidden", () => {
  let others: Record<string, string>;
  beforeAll(async () => {
    others = await withOthers("blind", hiddenWords);
    expect(Object.keys(others)).toContain("early_warnings");
  });
  const blind: Scope = { accounts: "all", hidden: hiddenWords };
  const refusal = /is hidden from you\. Ask without what is made of it\.$/;

  it.each(fieldsOfKind("accounts"))("is told by %s the same whatever stands in them", async (field) => {
    const query = questionOf(field);
    const { data, errors } = await ask("blind", query);
    expect(errors).toBeUndefined();
    expect(await answerOf(query, blind, others)).toEqual({ data });
    const shown = valuesOf(data, (key) => /mrr|owner/i.test(key)).filter((value) => value !== null);
    // An amount of which nothing is known is null, one that nothing adds to may be 0.
    expect(shown.filter((value) => Number(value) !== 0)).toEqual([]);
    const asOperator = await answerOf(query, everything, others);
    const seen = valuesOf(asOperator.data, (key) => /mrr|owner/i.test(key)).filter((v) => v !== null);
    if (["account", "accounts", "accountTasks", "earlyWarnings", "portfolio"].includes(field))
      expect(seen.length, "who sees all is told of them").toBeGreaterThan(0);
  });

  it("is told by no field of a view what stands in them, and is refused what is made of them", async () => {
    const refused: string[] = [];
    for (const view of views) {
      const type = getNamedType(
        schema.getQueryType()?.getFields()[view]?.type as Any,
      ) as unknown as GraphQLObjectType;
      const fields = Object.values(type.getFields()).filter(({ name }) => !leftOut.includes(name));
      for (const field of fields) {
        const args =
          field.name === "attribute" ? '(name: "tier")' : given[field.name] ? `(${given[field.name]})` : "";
        const query = `{ ${view} { ${field.name}${args} } }`;
        const answer = await answerOf(query, blind);
        expect(answer).toEqual(await answerOf(query, blind, others));
        if (answer.errors) {
          expect(answer.errors[0]).toMatch(refusal);
          refused.push(`${view}.${field.name}`);
        }
      }
    }
    expect(refused).toEqual(
      expect.arrayContaining([
        "revenue.mrr",
        "revenue.averageMrr",
        "revenue.mrrUpForRenewal",
        "health.owner",
        "usage.attribute",
      ]),
    );
    expect(refused.filter((field) => !/mrr|owner|attribute/i.test(field))).toEqual([]);
  });

  it("from which a fact is hidden is told neither its indicator's points nor what the others leave of the score", async () => {
    const fact = "active_users_change_28d";
    const scope: Scope = { accounts: "all", hidden: [fact] };
    const known = snapshot.words.journey.health.indicators.find((i) => i.fact === fact);
    expect(known).toBeDefined();
    const changed = await withOthers("fact", [fact, `${known?.id}_points`]);
    const query = `{ accounts(first: 1000) { nodes {
      facts(names: ["${fact}"]) { value }
      health { score indicators { id value points contribution } }
      signals { reason } earlyWarning { reasons }
    } } }`;
    const { data } = await answerOf(query, scope);
    expect(await answerOf(query, scope, changed)).toEqual({ data });
    const all = (await answerOf(query, everything)).data.accounts.nodes as Any[];
    const reasons = (nodes: Any[]) => nodes.flatMap((a) => a.signals.map((s: Any) => s.reason));
    const tellsValue = (reason: string) => /active users change.* was /.test(reason);
    expect(reasons(all).some(tellsValue), "who sees all reads values").toBe(true);
    expect(reasons(data.accounts.nodes).filter(tellsValue)).toEqual([]);
    for (const { facts, health } of data.accounts.nodes) {
      expect(facts).toEqual([{ value: null }]);
      for (const shown of health?.indicators ?? []) {
        expect(shown.contribution).toBeNull();
        if (shown.id === known?.id) expect(shown).toMatchObject({ value: null, points: null });
      }
    }
    const refused = await answerOf(
      `{ account(id: "${own}") { health { change(since: "2025-12-01") { scoreBefore } } } }`,
      scope,
    );
    expect(refused.errors).toEqual([expect.stringMatching(refusal)]);
  });

  it("from which stages and bands are hidden is told so where they are asked for, and answered all else", async () => {
    const scope: Scope = { accounts: "all", hidden: ["stage", "band"] };
    const ended = (asked: string): string => `{ endedTerms(first: 5) { nodes { atEnd { day ${asked} } } } }`;
    expect((await answerOf(ended("score"), scope)).data.endedTerms.nodes.length).toBeGreaterThan(0);
    for (const question of [
      ended("stage { name }"),
      ended("band"),
      "{ stageOutcomes { leftOut } }",
      "{ stageTimes { stays } }",
      "{ stageTransitions { stays } }",
    ])
      expect((await answerOf(question, scope)).errors?.[0], question).toMatch(refusal);
  });

  it("is told no trend of them", async () => {
    const query = `{ account(id: "${own}") { trend(metric: "mrr") { value } } }`;
    expect((await ask("blind", query)).errors[0].message).toMatch(refusal);
    expect((await ask("reader", query)).data.account.trend.length).toBeGreaterThan(0);
    const rows = await readerOf(warehouse, snapshot, blind, { caller: "test" }).query(
      sql`select distinct metric from ${relation("account_trends")} order by metric`,
      { metric: { type: "string" } },
    );
    expect(rows.map((row) => row.metric)).toContain("events_7d");
    expect(rows.map((row) => row.metric)).not.toContain("mrr");
  });

  it.each([
    "{ accounts(orderBy: { field: MRR }) { nodes { id } } }",
    '{ accounts(filter: { owner: ["x"] }) { totalCount } }',
    '{ accounts(filter: { attributes: [{ name: "tier", in: ["gold"] }] }) { totalCount } }',
    '{ accountTasks(filter: { owner: ["x"] }) { nodes { id } } }',
    '{ accountTasks(filter: { accounts: { owner: ["x"] } }) { nodes { id } } }',
    '{ retention(filter: { owner: ["x"] }) { customers } }',
    '{ comparison(first: { outcomes: [CHURNED], filter: { owner: ["x"] } }) { why } }',
    "{ revenue { segment having: mrr } }",
    '{ revenue(having: { mrr: { gt: "1" } }) { segment customers } }',
    "{ revenue { period(grain: MONTH) customers previous { mrr } } }",
    "{ revenue { segment share(of: MRR) } }",
    '{ health(where: { owner: { contains: "a" } }) { accounts } }',
    "{ health(where: { owner: { isNull: true } }) { accounts } }",
    '{ health(where: { accounts: { attributes: [{ name: "tier", in: ["gold"] }] } }) { accounts } }',
    "{ health(order: [{ by: OWNER }]) { owner accounts } }",
  ])("is refused %s", async (query) => {
    const { errors } = await ask("blind", query);
    expect(errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    expect(errors[0].message).toMatch(refusal);
    expect((await ask("reader", query)).errors).toBeUndefined();
  });
});

describe("a role that sees groups", () => {
  const dimensions = ["segment", "region", "owner", 'attribute(name: "industry")', "accountId", "stage"];

  it("of one dimension is told none that is small, nor what the total tells of the small ones", async () => {
    let withheldOnes = 0;
    for (const minimum of [3, 5, 13]) {
      const scope: Scope = { ...everything, minimumGroup: minimum };
      for (const dimension of dimensions)
        for (const period of ["", "period(grain: MONTH)"]) {
          const query = `{ health(limit: 10000) { ${period} group: ${dimension} accounts averageScore } }`;
          const { data } = await answerOf(query, everything);
          const shown = (await answerOf(query, scope)).data.health as Any[];
          for (const row of shown) {
            // Sums of floats depend on the order in which they are added.
            const averageScore = row.averageScore === null ? null : expect.closeTo(row.averageScore, 9);
            expect(data.health).toContainEqual({ ...row, averageScore });
            expect(row.accounts).toBeGreaterThanOrEqual(minimum);
          }
          const withheld = data.health.filter(
            (row: Any) => !shown.some((s) => s.group === row.group && s.period === row.period),
          );
          withheldOnes += withheld.length;
          for (const time of new Set(withheld.map((row: Any) => row.period))) {
            const ofTime = withheld.filter((row: Any) => row.period === time);
            const isAll = !shown.some((row) => row.period === time);
            const together = ofTime.reduce((n: number, row: Any) => n + row.accounts, 0);
            if (!isAll) expect(together).toBeGreaterThanOrEqual(minimum);
          }
          // As many as can be: what could be shown without telling the rest is.
          if (data.health.every((row: Any) => row.accounts >= minimum)) expect(withheld).toEqual([]);
        }
    }
    expect(withheldOnes).toBeGreaterThan(50);
  });

  it("is told groups that one account may be in several of where the others have enough accounts among them", async () => {
    let withheldOnes = 0;
    let shownOnes = 0;
    for (const [view, dimension] of [
      ["stages", "stage"],
      ["milestones", "milestone"],
      ["signals", "signal"],
      ["support", "channel"],
      ["usage", "isCustomer"],
    ])
      for (const minimumGroup of [2, 3, 5, 13]) {
        const query = (more: string) =>
          `{ ${view}(limit: 10000, range: { last: { months: 6 } }) { period(grain: MONTH) group: ${dimension} ${more} } }`;
        const shown = (await answerOf(query(""), { ...everything, minimumGroup })).data[
          view as string
        ] as Any[];
        const single = (await answerOf(query("accountId"), everything)).data[view as string] as Any[];
        const isShown = (row: Any) => shown.some((s) => s.group === row.group && s.period === row.period);
        for (const { period } of shown) {
          const withheld = single.filter((row) => row.period === period && !isShown(row));
          const accounts = new Set(withheld.map((row) => row.accountId)).size;
          if (withheld.length > 0) expect(accounts, query("")).toBeGreaterThanOrEqual(minimumGroup);
          withheldOnes += withheld.length;
        }
        shownOnes += shown.length;
      }
    expect(withheldOnes).toBeGreaterThan(50);
    expect(shownOnes).toBeGreaterThan(50);
  });

  it("is withheld the same groups whichever measures it asks for, or their difference would tell of one", async () => {
    let shownOnes = 0;
    for (const dimension of ["segment", "region", "owner"])
      for (const minimumGroup of [2, 3, 5, 13]) {
        const shownBy = async (measures: string): Promise<unknown[]> => {
          const query = `{ usage(limit: 10000) { period(grain: MONTH) group: ${dimension} ${measures} } }`;
          const { data } = await answerOf(query, { ...everything, minimumGroup });
          return data.usage.map(({ period, group }: Any) => [period, group]);
        };
        const shown = await shownBy("events");
        shownOnes += shown.length;
        expect(await shownBy("licenceUtilisation28d")).toEqual(shown);
        expect(await shownBy("events licenceUtilisation28d")).toEqual(shown);
      }
    expect(shownOnes).toBeGreaterThan(50);
  });

  it("is told of no single account, however it asks", async () => {
    for (const view of views) {
      const { data } = await ask("grouped", `{ ${view} { accountId } }`);
      expect(data[view]).toEqual([]);
    }
    expect(
      (await ask("grouped", "{ health { segment accounts averageScore } }")).data.health.length,
    ).toBeGreaterThan(0);
  });

  it.each([
    `{ health(where: { accountId: { notIn: ["x"] } }) { accounts } }`,
    `{ health(where: { accounts: { ids: ["x"] } }) { accounts } }`,
    `{ health(where: { band: { in: [POOR] } }) { segment accounts } }`,
    "{ health { segment poor: accounts(band: POOR) } }",
    "{ revenue { mrrUpForRenewal(days: 1) } }",
    "{ health { segment region accounts } }",
    '{ health { segment tier: attribute(name: "tier") accounts } }',
    "{ health { period(grain: MONTH) segment accounts previous { accounts(band: POOR) } } }",
  ])("can't cut groups in ways of which two tell a third: %s", async (query) => {
    const { errors } = await ask("grouped", query);
    expect(errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    expect(errors[0].message).toContain("groups of at least 5 accounts");
  });

  it("is told with every answer what is hidden from it, and doesn't hear that nobody knows it", async () => {
    const query = "{ lifetimeValue { words } }";
    expect((await ask("blind", query)).extensions.snapshot.hidden).toEqual(hiddenWords);
    expect((await ask("reader", query)).extensions.snapshot).not.toHaveProperty("hidden");
    expect((await ask("blind", query)).data.lifetimeValue[0].words).toContain("their MRR is hidden from you");
  });

  it("is told with every answer how small a group isn't shown, and not whether there was one", async () => {
    for (const query of ["{ health { accountId } }", "{ health { accounts } }", "{ snapshot { id } }"])
      for (const _ of ["asked", "kept"]) {
        expect((await ask("grouped", query)).extensions.snapshot.minimumGroup).toBe(5);
        expect((await ask("reader", query)).extensions.snapshot).not.toHaveProperty("minimumGroup");
      }
    const toldTo = async (role: string) => {
      const headers = { authorization: `Bearer ${keys[role]}` };
      const { headers: told } = await fetch(`${client.server.url}/q/bands.csv`, { headers });
      return told.get("waymark-minimum-group");
    };
    expect([await toldTo("grouped"), await toldTo("reader")]).toEqual(["5", null]);
  });

  it.each([
    [
      "{ health { segment poor: accounts(band: POOR) } }",
      "can't ask for accounts by band. Group by band instead.",
    ],
    [
      "{ revenue { mrrUpForRenewal(days: 1) } }",
      "can't ask for mrrUpForRenewal by days. Ask for other measures.",
    ],
  ])("is told what it can ask instead of %s", async (query, advice) => {
    expect((await ask("grouped", query)).errors[0].message).toContain(advice);
  });
});

describe("an answer that is kept", () => {
  /** What a role is told, and how many statements it cost. */
  type Told = { cost: number; status: number; text: string };
  const toldTo = async (role: string, body: object): Promise<Told> => {
    const before = client.statements();
    const response = await fetch(`${client.server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${keys[role]}` },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { cost: client.statements() - before, status: response.status, text };
  };

  it("is made of what is said to last with its snapshot, and of all that it can reach that is said or known not to", () => {
    const changing = ["Task", "TasksView"];
    const reached = new Set<string>();
    const walk = (type: GraphQLObjectType): void => {
      if (reached.has(type.name)) return;
      reached.add(type.name);
      for (const field of Object.values(type.getFields())) {
        const of = getNamedType(field.type);
        for (const next of isUnionType(of) ? of.getTypes() : isObjectType(of) ? [of] : [])
          if (lasts(type.name, field.name)) walk(next);
          else if (type.name !== "Query") expect(changing).toContain(next.name);
      }
    };
    walk(schema.getQueryType() as GraphQLObjectType);
    expect([...reached].sort()).toEqual(Object.keys(lasting).sort());
    const readByThemselves = getMetadataStorage().fieldResolvers.map(
      ({ getObjectType }) => getObjectType?.().name,
    );
    for (const [type, named] of Object.entries(lasting)) {
      const fields = Object.keys((schema.getType(type) as GraphQLObjectType).getFields());
      if (named === "all") expect(readByThemselves, "a new field is to be named").not.toContain(type);
      else expect(fields).toEqual(expect.arrayContaining([...named]));
    }
  });

  it.each(lasting.Query as readonly string[])(
    "is decided by the tables of its snapshot, and by nothing else: %s",
    async (field) => {
      const caller = operator(true);
      const context = await contextFor(warehouse, {
        caller,
        now: () => now,
        freshnessOf: async () => new Map(),
        explain: true,
      });
      const closed = () => {
        throw new Error("this changes between snapshots");
      };
      const { data, errors } = await graphql({
        schema,
        source: questionOf(field, lasts),
        contextValue: { ...context, now: closed, freshness: closed, ledger: closed, record: closed },
      });
      expect(errors).toBeUndefined();
      expect(JSON.stringify(data).length, "something is told").toBeGreaterThan(30);
      const texts = context.statements?.map(({ text }) => text) ?? [];
      expect(texts.filter((text) => text.includes("waymark_ledger"))).toEqual([]);
    },
  );

  it("is given again, word for word, to whoever may see the same, and what another role may see isn't told", async () => {
    const questions = [
      "{ accounts(first: 9) { totalCount nodes { id owner mrr health { score } } } }",
      "{ revenue { segment customers } health { accounts averageScore } }",
      "{ revenue { segment mrr } }",
      "{ snapshot { id } }",
    ];
    const known = accessSchema.parse({ roles }).roles;
    const refused: string[] = [];
    for (const query of questions) {
      const first = new Map<string, Told>();
      for (const role of Object.keys(known)) first.set(role, await toldTo(role, { query }));
      for (const [role, scope] of Object.entries(known)) {
        const again = await toldTo(role, { query });
        const { data, errors } = JSON.parse(again.text);
        expect(again.text).toBe(first.get(role)?.text);
        if (errors) refused.push(role);
        else {
          expect(again.cost).toBe(0);
          expect(data).toEqual((await answerOf(query, scopeOf(scope, {}))).data);
        }
      }
      const texts = new Set([...first.values()].map(({ text }) => text));
      expect(texts.size, query).toBeGreaterThan(query.includes("snapshot") ? 0 : 3);
    }
    expect(refused).toEqual(["grouped", "watcher", "watcher", "blind", "watcher"]);
  });

  it("is given to the same document, operation and variables alone", async () => {
    const query =
      "query A($first: Int!) { accounts(first: $first) { nodes { id } } } query B($first: Int!) { b: accounts(first: $first) { nodes { id } } }";
    for (const _ of ["asked", "kept"])
      for (const [operationName, first] of [
        ["A", 2],
        ["A", 3],
        ["B", 2],
      ] as const) {
        const { data } = JSON.parse(
          (await toldTo("reader", { query, operationName, variables: { first } })).text,
        );
        expect(data[operationName === "A" ? "accounts" : "b"].nodes).toHaveLength(first);
      }
    const { status } = await toldTo("reader", { query, variables: { first: 2 } });
    expect(status, "which of both isn't said").toBe(400);
  });

  it("isn't given where people's acts, the clock or a failure had a part in it", async () => {
    const costs = async (role: string, query: string, extensions = {}) => {
      await toldTo(role, { query, extensions });
      return (await toldTo(role, { query, extensions })).cost;
    };
    expect(await costs("reader", "{ accounts(first: 4) { nodes { id } } }")).toBe(0);
    expect(await costs("operator", "{ accounts(first: 4) { nodes { id } } }", { explain: true })).toBe(1);
    expect(
      await costs(
        "reader",
        "{ accounts(first: 4) { nodes { id } } snapshot { id } schedule { __typename } }",
      ),
    ).toBe(1);
    expect(await costs("reader", "{ accounts(first: 4) { nodes { id tasks { id } } } }")).toBe(2);
    expect(await costs("reader", "{ tasks { status accounts } }")).toBe(1);
    expect(await costs("reader", `{ account(id: "${own}") { id facts(names: ["x"]) { value } } }`)).toBe(1);

    const open =
      "{ accountTasks(first: 1) { nodes { id } } tasks(where: { status: { in: [DONE] } }) { status accounts } }";
    const before = await ask("narrow", open);
    const [{ id }] = before.data.accountTasks.nodes;
    await ask("narrow", `mutation { completeTask(id: "${id}") { status } }`);
    const after = await ask("narrow", open);
    expect(after.data.accountTasks.nodes[0]?.id).not.toBe(id);
    expect(after.data.tasks).not.toEqual(before.data.tasks);
    await ask("narrow", `mutation { reopenTask(id: "${id}") { status } }`);
    expect((await ask("narrow", open)).data).toEqual(before.data);
  });

  it("isn't given to whom nobody knows any more", async () => {
    const query = "{ accounts(first: 4) { nodes { id } } }";
    const { secret, key } = createKey(
      join(folder, "keys"),
      { name: "leaver", role: "reader", scope: null, days: 1 },
      now,
    );
    keys.leaver = secret;
    await toldTo("leaver", { query });
    expect(await toldTo("leaver", { query })).toMatchObject({ status: 200, cost: 0 });
    revokeKey(join(folder, "keys"), key.id, now);
    expect(await toldTo("leaver", { query })).toMatchObject({ status: 401 });
  });
});

describe("a saved query", () => {
  const book = async (role: string | undefined, headers: Record<string, string> = {}) => {
    const response = await fetch(`${client.server.url}/q/book.json`, {
      headers: { ...headers, ...(role ? { authorization: `Bearer ${keys[role]}` } : {}) },
    });
    const text = await response.text();
    return {
      status: response.status,
      etag: response.headers.get("etag") ?? "",
      modified: response.headers.get("last-modified") ?? "",
      body: text && JSON.parse(text),
    };
  };

  it("has the rows that the role sees, each column of them", async () => {
    const { data } = await ask("narrow", "{ accounts(first: 1000) { nodes { id region mrr } } }");
    expect((await book("narrow")).body).toEqual(data.accounts.nodes);
    const all = (await book("reader")).body;
    expect(all.length).toBeGreaterThan(data.accounts.nodes.length);
    expect(all.some((row: Any) => row.mrr !== null)).toBe(true);
    expect((await book("blind")).body).toEqual(all.map((row: Any) => ({ ...row, mrr: null })));
    expect(await book("grouped")).toMatchObject({ status: 403 });
    expect(await book(undefined)).toMatchObject({ status: 401 });
  });

  it("that one role knows already isn't known to another", async () => {
    const { etag } = await book("reader");
    expect((await book("reader", { "if-none-match": etag })).status).toBe(304);
    expect((await book("narrow", { "if-none-match": etag })).status).toBe(200);
  });

  it("isn't known by its date to a caller whose role is another since", async () => {
    const keysFolder = join(folder, "keys");
    const { secret, key } = createKey(
      keysFolder,
      { name: "mover", role: "reader", scope: null, days: 1 },
      now,
    );
    keys.mover = secret;
    const { body, modified } = await book("mover");
    writeFileSync(join(keysFolder, `${key.id}.json`), JSON.stringify({ ...key, role: "narrow" }));
    const since = await book("mover", { "if-modified-since": modified });
    expect(since.status).toBe(200);
    expect(since.body.length).toBeLessThan(body.length);
  });

  it("tells a role that may not ask neither that nothing has changed, nor that there would be rows", async () => {
    const later = new Date(Date.now() + 86_400_000).toUTCString();
    for (const headers of [{ "if-modified-since": later }, { "if-none-match": "*" }])
      expect((await book("grouped", headers)).status).toBe(403);
    const head = await fetch(`${client.server.url}/q/book.json`, {
      method: "HEAD",
      headers: { authorization: `Bearer ${keys.grouped}` },
    });
    expect(head.status).toBe(403);
  });
});

describe("the tables", () => {
  const narrow: Scope = { accounts: { region: ["x"] }, hidden: ["mrr"] };

  it("each are about accounts, or about nothing that one is known by, or for those alone who see all", () => {
    const kinds = Object.fromEntries(models.map((model) => [model.name, kindOf(model)]));
    for (const model of models.filter((m) => m.columns.account_id))
      expect(kinds[model.name]).toBe("accounts");
    expect(Object.entries(kinds).filter(([, kind]) => kind !== "accounts")).toEqual([
      ["source_quality", "whole"],
      ["timeline", "reference"],
      ["features_offered", "reference"],
      ["portfolio_period_ends", "whole"],
      ["band_risk", "whole"],
    ]);
  });

  it.each(["source_quality", "band_risk", "portfolio_period_ends", "task_actions", "a_table_of_tomorrow"])(
    "%s is denied to who sees some",
    async (table) => {
      const reader = readerOf(warehouse, snapshot, narrow, { caller: "test" });
      const read = async () =>
        reader.query(sql`select count(*) as n from ${relation(table)}`, { n: { type: "integer" } });
      await expect(read()).rejects.toMatchObject({ code: "FORBIDDEN" });
    },
  );

  it("are named by nothing that answers but through the reader, which limits them", () => {
    const around = ["resolvers", "schema", "schema/views", "analysis"].flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => file.endsWith(".ts"))
        .map((file) => join(folder, file))
        .filter((file) =>
          /\bpath\(|schemas\.|locateIn\(|warehouse\.(query|stream)\(/.test(readFileSync(file, "utf8")),
        ),
    );
    // What people did with tasks is no table of a snapshot; it is joined with the caller's own tasks.
    expect(around.sort()).toEqual(["resolvers/reader.ts", "resolvers/task_rows.ts"]);
  });

  it("are closed to a role whose accounts are told apart by a column that isn't built", async () => {
    for (const accounts of [{ attribute_new: ["x"] }, { account_id: [] }, {}])
      expect(
        (await answerOf("{ accounts { totalCount } }", { accounts, hidden: [] })).data?.accounts.totalCount ??
          0,
      ).toBe(0);
  });

  it("are read of the accounts of today, with nulls in place of what is hidden, on both engines alike", () => {
    const read = tablesFor({ ...snapshot, tables: {} }, narrow);
    const statement = sql`select mrr from ${read("account_facts", { ...snapshot, tables: {} }) as Sql}`;
    expect(render(statement, "duckdb").text).toBe(
      'select mrr from (select * replace (cast(null as decimal(38, 9)) as "mrr") from "waymark"."account_facts" where account_id in (select account_id from "waymark"."account_latest" where list_contains($p1, "region")))',
    );
    expect(render(statement, "bigquery").text).toBe(
      "select mrr from (select * replace (cast(null as numeric) as `mrr`) from `waymark`.`account_facts` where account_id in (select account_id from `waymark`.`account_latest` where `region` in unnest(@p1)))",
    );
  });
});

/** The values of keys, however deep. */
function valuesOf(answer: Any, isWanted: (key: string) => boolean): unknown[] {
  if (Array.isArray(answer)) return answer.flatMap((item) => valuesOf(item, isWanted));
  if (!answer || typeof answer !== "object") return [];
  return Object.entries(answer).flatMap(([key, value]) =>
    isWanted(key) && typeof value !== "object" ? [value] : valuesOf(value, isWanted),
  );
}

/** Rows that are equal in their order come in any. */
const sorted = (value: Any): Any =>
  Array.isArray(value)
    ? value.map(sorted).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
    : value && typeof value === "object"
      ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, sorted(v)]))
      : value;
