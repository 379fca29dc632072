import { describe, expect, it } from "vitest";
import { checkTable } from "../../models/checks.js";
import { buildOrder, downstreamOf, selectModels, upstreamOf, workThrough } from "../../models/graph.js";
import { models } from "../../models/index.js";
import { type Company, defineModel, type Model, type ModelColumns, ref } from "../../models/model.js";
import { bind, type Sql, sql } from "../../warehouse/sql.js";
import { defaultJourney, locate, materialize, warehouseForTest } from "./built.js";

const company: Company = {
  timeZone: "UTC",
  yesterday: "2024-06-30",
  dataThrough: undefined,
  journey: defaultJourney,
  attributes: [],
  sources: {},
};
const n = { n: { type: "integer", description: "A number." } } as const;
const fake = (name: string, reads: string[] = [], columns: ModelColumns = n): Model =>
  defineModel({
    name,
    description: "For a test.",
    grain: ["n"],
    columns,
    query: () => sql`select 1 as n ${reads.map((model) => sql`from ${ref({ name: model, columns: {} })}`)}`,
  });
const namesOf = (nodes: readonly { model: Model }[]): string[] => nodes.map(({ model }) => model.name);
const failureOf = (work: () => unknown): { code?: string; message?: string } => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  return {};
};

describe("the graph of models", () => {
  it("comes from the refs in their queries: every model follows those it reads", () => {
    const order = buildOrder([fake("c", ["b"]), fake("b", ["a"]), fake("a"), fake("d", ["a"])], company);
    expect(namesOf(order)).toEqual(["a", "b", "c", "d"]);
    expect(order.map((node) => node.upstream)).toEqual([[], ["a"], ["b"], ["a"]]);
  });

  describe("work through it", () => {
    const order = buildOrder(
      [
        fake("alone"),
        fake("first"),
        fake("leaf", ["first"]),
        fake("c", ["b"]),
        fake("b", ["a"]),
        fake("a", ["first"]),
      ],
      company,
    );
    /** Each takes a turn of the event loop; answers what began, one after the other, and what failed. */
    const begun = async (atOnce: number, failing?: string): Promise<[string[], unknown[]]> => {
      const seen: string[] = [];
      const tasks = order.map(({ model: { name }, upstream }) => ({
        name,
        needs: upstream,
        run: async () => {
          seen.push(name);
          await new Promise(setImmediate);
          if (name === failing) throw new Error(failing);
        },
      }));
      const errors = await workThrough(tasks, atOnce);
      return [seen, errors];
    };

    it("begins with those for which the longest chain waits, each after those it needs", async () => {
      expect(await begun(1)).toEqual([["first", "a", "b", "alone", "leaf", "c"], []]);
      expect(await begun(2)).toEqual([["first", "alone", "a", "leaf", "b", "c"], []]);
    });

    it("stops at the first failure, once what has begun is done", async () => {
      expect(await begun(1, "a")).toEqual([["first", "a"], [new Error("a")]]);
      expect(await begun(2, "a")).toEqual([["first", "alone", "a", "leaf"], [new Error("a")]]);
    });
  });

  it("includes what columns are checked against", () => {
    const references = { n: { type: "integer", description: "A number.", references: ["a", "n"] } } as const;
    expect(
      buildOrder([fake("b", [], references), fake("a")], company).map((node) => [
        node.model.name,
        node.upstream,
      ]),
    ).toEqual([
      ["a", []],
      ["b", ["a"]],
    ]);
  });

  it("of the real ones has no cycle, and its order doesn't depend on how they are listed", () => {
    const order = buildOrder(models, company);
    expect(order).toHaveLength(models.length);
    for (const list of [order, buildOrder([...models].reverse(), company)]) {
      const place = new Map(namesOf(list).map((name, i) => [name, i]));
      for (const { model, upstream } of list)
        for (const u of upstream)
          expect(place.get(u), `${model.name} reads ${u}`).toBeLessThan(place.get(model.name) as number);
    }
  });

  it("an unknown ref is named with its reader and the nearest model", () => {
    expect(
      failureOf(() => buildOrder([fake("account_health"), fake("b", ["account_helth"])], company)),
    ).toMatchObject({
      code: "MODEL_INVALID",
      message: 'b reads account_helth, but there is no such model. Did you mean "account_health"?',
    });
  });

  it("a cycle is named, whoever leads into it", () => {
    const message = (list: Model[]) => failureOf(() => buildOrder(list, company)).message;
    expect(message([fake("x", ["a"]), fake("a", ["b"]), fake("b", ["c"]), fake("c", ["a"])])).toBe(
      "Models read each other in a circle: a → b → c → a. Break one of these refs.",
    );
    expect(message([fake("a", ["a"])])).toBe(
      "Models read each other in a circle: a → a. Break one of these refs.",
    );
  });

  it("two models of one name are refused, and a grain that is no column", () => {
    expect(failureOf(() => buildOrder([fake("a"), fake("a")], company))).toMatchObject({
      code: "MODEL_INVALID",
      message: "Two models are called a; names must be unique.",
    });
    expect(
      failureOf(() =>
        defineModel({
          name: "m",
          description: "",
          grain: ["x" as "n"],
          columns: n,
          query: () => sql`select 1 as n`,
        }),
      ),
    ).toMatchObject({ code: "MODEL_INVALID", message: "m: grain names x, which are no columns of it." });
  });

  it("selections: a name, all that read it, all that it reads", () => {
    const order = buildOrder([fake("a"), fake("b", ["a"]), fake("c", ["b"]), fake("d")], company);
    const select = (...words: string[]) => [...selectModels(order, words)].sort();
    expect([select("b"), select("b+"), select("+b"), select("+b+"), select("d", "a+")]).toEqual([
      ["b"],
      ["b", "c"],
      ["a", "b"],
      ["a", "b", "c"],
      ["a", "b", "c", "d"],
    ]);
    expect([downstreamOf(order, "a"), upstreamOf(order, "c")]).toEqual([
      ["b", "c"],
      ["b", "a"],
    ]);
    expect(failureOf(() => select("bb+"))).toMatchObject({
      code: "BAD_USER_INPUT",
      message: 'There is no model "bb". Did you mean "b"?',
    });
  });
});

describe("the checks of a table", () => {
  const model = defineModel({
    name: "checked",
    description: "For a test.",
    grain: ["id", "day"],
    columns: {
      id: { type: "string", notNull: true, description: "Whose.", references: ["owners", "id"] },
      day: { type: "date", description: "When." },
      share: { type: "number", min: 0, max: 1, description: "How much." },
      money: { type: "decimal", min: 0, max: 99.5, description: "How much." },
      band: { type: "string", oneOf: ["good", "it's"], description: "Which." },
    },
    query: () => sql``,
  }) as unknown as Model;

  async function findings(rows: Sql[]) {
    const warehouse = await warehouseForTest();
    await warehouse.run(sql`create schema built`);
    await warehouse.run(sql`create table built.owners as select 'a' as id union all select 'b'`);
    await materialize(
      warehouse,
      { ...model, query: () => rows.reduce((all, row) => sql`${all} union all ${row}`) },
      company,
    );
    const { held } = await checkTable(warehouse, model, company, { locate });
    return Object.fromEntries(
      held.flatMap((r) => (r.failingRows > 0 ? [[r.check, [r.failingRows, ...r.examples]]] : [])),
    );
  }
  const row = (
    id: string | null,
    day: string | null,
    share: number | null = 0,
    money: string | null = "0",
    band: string | null = "good",
  ): Sql =>
    sql`select ${bind("string", id)} as id, ${bind("date", day)} as day, ${bind("number", share)} as share, ${bind("decimal", money)} as money, ${bind("string", band)} as band`;

  it("find nothing where all is well: bounds are included, and nulls are only missing", async () => {
    expect(
      await findings([
        row("a", "2024-01-01"),
        row("a", "2024-01-02", 1, "99.5", "it's"),
        row("b", "2024-01-01", null, null, null),
        row("b", null),
      ]),
    ).toEqual({});
  });

  it("name the check, count the rows and show them by their grain", async () => {
    expect(
      await findings([
        row("a", "2024-01-01"),
        row("a", "2024-01-01"),
        row("b", null),
        row("b", null),
        row("a", "2024-01-02", -0.1, "-0.01", "bad"),
        row("a", "2024-01-03", 1.1, "99.500000001", "Good"),
        row("x", "2024-01-01"),
        row(null, "2024-01-01"),
      ]),
    ).toEqual({
      "unique id, day": [
        2,
        "id a, day 2024-01-01: the grain must be unique",
        "id b, day null: the grain must be unique",
      ],
      "id not null": [1, "id null, day 2024-01-01: id must not be null"],
      "share >= 0": [1, "id a, day 2024-01-02: share must be at least 0"],
      "share <= 1": [1, "id a, day 2024-01-03: share must be at most 1"],
      "money >= 0": [1, "id a, day 2024-01-02: money must be at least 0"],
      "money <= 99.5": [1, "id a, day 2024-01-03: money must be at most 99.5"],
      "band accepted": [
        2,
        "id a, day 2024-01-02: band must be one of good, it's",
        "id a, day 2024-01-03: band must be one of good, it's",
      ],
      "id in owners": [1, "id x, day 2024-01-01: id must stand in owners.id"],
    });
  });

  it("show at most five rows, and count them all", async () => {
    const rows = Array.from({ length: 9 }, (_, i) => row("a", `2024-01-0${i + 1}`, 2));
    const [count, ...examples] = (await findings(rows))["share <= 1"] as [number, ...string[]];
    expect([count, examples.length, examples[0]]).toEqual([
      9,
      5,
      "id a, day 2024-01-01: share must be at most 1",
    ]);
  });
});
