import "reflect-metadata";
import { graphql } from "graphql";
import { expect, it } from "vitest";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { accountHealth } from "../../models/health/account_health.js";
import { termOutcomes } from "../../models/outcomes/term_outcomes.js";
import { accountSignals } from "../../models/signals/account_signals.js";
import { operator } from "../../resolvers/context.js";
import { EndedTermResolver } from "../../resolvers/ended_term.js";
import { loadersFor } from "../../resolvers/loaders.js";
import type { Reader } from "../../resolvers/reader.js";
import { createSchema } from "../../resolvers/schema.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf } from "../models/built.js";
import { event, journeyText, paid } from "../models/given.js";
import { readerOf, referenceReaderOf } from "./both_engines.js";

const journey = journeyText({
  stages: `  - { id: young, name: Young, when: { fact: tenure_days, at_most: 350 } }
  - { id: old, name: Old }`,
  indicators:
    "    - { id: use, name: Use, dimension: engagement, fact: events_28d, scale: [[0, 0], [10, 100]] }",
  rest: `signals:
  - { id: quiet, name: Quiet, kind: negative, when: { fact: events_28d, at_most: 0 }, for_days: 1, clear_days: 1 }`,
});
const read = [accountLatest, accountFacts, accountHealth, accountSignals, termOutcomes];
const through = "2024-02-29";

/** Leaves for good; grows; comes too late for a landmark of 30 days, by its contract and by its facts. */
async function company() {
  const created = { leaves: "2023-01-01", grows: "2022-06-01", late: "2023-01-01", newest: "2023-12-20" };
  const built = await companyOf(
    {
      accounts: Object.entries(created).map(([account_id, created_on]) => ({ account_id, created_on })),
      contracts: [
        paid("2023-01-01", "2024-01-01", { account_id: "leaves", mrr: "100", churn_reason: "price" }),
        paid("2022-06-01", "2023-06-01", { account_id: "grows", mrr: "10" }),
        paid("2023-06-01", null, { account_id: "grows", mrr: "20" }),
        paid("2023-12-15", "2024-01-01", { account_id: "late", mrr: "5" }),
        paid("2023-12-20", "2024-01-01", { account_id: "newest", mrr: "5" }),
        paid("2024-01-05", null, { account_id: "newest", mrr: "5" }),
      ],
      usage_events: ["2023-11-08", "2023-11-09", "2023-11-10"].map((day) =>
        event(day, { account_id: "leaves" }),
      ),
    },
    { through, journey },
  );
  const reader = await readerOf(built, through, read);
  return { built, reader };
}

async function ask(reader: Reader, args: string, fields: string) {
  const { data, errors } = await graphql({
    schema: await createSchema(),
    source: `{ endedTerms${args && `(${args})`} { ${fields} } }`,
    contextValue: { reader, caller: operator(false), load: loadersFor(reader, async () => []) },
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers have the shape of whatever is asked
  return { answer: (data as any)?.endedTerms, errors: (errors ?? []).map((e) => e.message) };
}

it("tells how an account stood at its landmark and on the last day of its term, as was known then", async () => {
  const { reader } = await company();
  const stood = "{ day stage { id } score band daysSinceStart openSignals { id } }";
  const { answer, errors } = await ask(
    reader,
    "",
    `nodes { account { id } startedOn endedOn outcome churnReason mrrBefore mrrAfter returnedOn atLandmark ${stood} atEnd ${stood} }`,
  );
  expect(errors).toEqual([]);
  expect(answer.nodes).toEqual([
    {
      account: { id: "leaves" },
      startedOn: "2023-01-01",
      endedOn: "2024-01-01",
      outcome: "CHURNED",
      churnReason: "price",
      mrrBefore: "100",
      mrrAfter: null,
      returnedOn: null,
      // Its three events are among the 28 days up to the landmark, and no longer on the last day.
      atLandmark: {
        day: "2023-12-02",
        stage: { id: "young" },
        score: 30,
        band: "POOR",
        daysSinceStart: 335,
        openSignals: [],
      },
      atEnd: {
        day: "2023-12-31",
        stage: { id: "old" },
        score: 0,
        band: "POOR",
        daysSinceStart: 364,
        openSignals: [{ id: "quiet" }],
      },
    },
    expect.objectContaining({
      account: { id: "grows" },
      endedOn: "2023-06-01",
      outcome: "EXPANDED",
      mrrBefore: "10",
      mrrAfter: "20",
      atLandmark: expect.objectContaining({ day: "2023-05-02", daysSinceStart: 335 }),
    }),
  ]);
});

it("leaves out and counts terms whose account was no customer with facts at the landmark", async () => {
  const { reader } = await company();
  const counts = "counts { outcome terms withoutFacts notCustomer }";
  const none = { terms: 0, withoutFacts: 0, notCustomer: 0 };
  expect((await ask(reader, "", counts)).answer.counts).toEqual([
    { outcome: "RENEWED", ...none, withoutFacts: 1 },
    { outcome: "EXPANDED", ...none, terms: 1 },
    { outcome: "CONTRACTED", ...none },
    { outcome: "CHURNED", ...none, terms: 1, notCustomer: 1 },
    { outcome: "UNDECIDED", ...none },
  ]);
  // Within reach of all, and of none.
  const near = (await ask(reader, "leadDays: 5", `${counts} nodes { account { id } }`)).answer;
  expect(near.nodes.map((t: { account: { id: string } }) => t.account.id)).toEqual([
    "late",
    "leaves",
    "newest",
    "grows",
  ]);
  const far = (await ask(reader, "leadDays: 2000", `${counts} nodes { endedOn }`)).answer;
  expect(far.nodes).toEqual([]);
  expect(far.counts[3]).toEqual({ outcome: "CHURNED", ...none, withoutFacts: 2 });
});

it("is filtered and paged at four statements a page, and refuses a lead that can't be", async () => {
  const { reader } = await company();
  const days = async (args: string) => {
    const { answer } = await ask(reader, args, "nodes { endedOn } counts { terms }");
    expect(answer.counts.reduce((sum: number, c: { terms: number }) => sum + c.terms, 0)).toBe(
      answer.nodes.length,
    );
    return answer.nodes.map((t: { endedOn: string }) => t.endedOn);
  };
  expect(await days("filter: { outcome: [EXPANDED, RENEWED] }")).toEqual(["2023-06-01"]);
  expect(await days('filter: { endedFrom: "2023-06-02" }')).toEqual(["2024-01-01"]);
  expect(await days('filter: { endedFrom: "2023-06-01", endedBefore: "2024-01-01" }')).toEqual([
    "2023-06-01",
  ]);
  expect(await days('filter: { accounts: { ids: ["leaves"] } }')).toEqual(["2024-01-01"]);

  const page = "nodes { endedOn } pageInfo { hasNextPage endCursor }";
  const one = (await ask(reader, "first: 1", page)).answer;
  expect([one.nodes, one.pageInfo.hasNextPage]).toEqual([[{ endedOn: "2024-01-01" }], true]);
  const two = (await ask(reader, `first: 1, after: ${JSON.stringify(one.pageInfo.endCursor)}`, page)).answer;
  expect([two.nodes, two.pageInfo.hasNextPage]).toEqual([[{ endedOn: "2023-06-01" }], false]);

  let statements = 0;
  const counting: Reader = {
    ...reader,
    query: (...asked) => {
      statements++;
      return reader.query(...asked);
    },
  };
  const stood = "{ openSignals { id } }";
  await ask(
    counting,
    "leadDays: 5",
    `nodes { account { name } atLandmark ${stood} atEnd ${stood} } counts { terms }`,
  );
  // The terms, their counts, accounts and signals, however many terms there are.
  expect(statements).toBe(4);

  for (const lead of [0, 3651])
    expect((await ask(reader, `leadDays: ${lead}`, page)).errors).toEqual([
      `endedTerms: leadDays is ${lead}, expected 1 to 3650.`,
    ]);
});

it.skipIf(referenceUnavailable())("both engines give the same rows, in the same order", async () => {
  const { built, reader } = await company();
  await using reference = await referenceReaderOf(built, reader, read);
  const resolver = new EndedTermResolver();
  for (const leadDays of [5, 30]) {
    const [here, there] = await Promise.all(
      [reader, reference].map(async (r) => {
        const context = { reader: r } as never;
        const page = await resolver.endedTerms(context, leadDays, 100);
        return { nodes: page.nodes, counts: await resolver.counts(page, context) };
      }),
    );
    expect(there).toEqual(here);
  }
});
