import "reflect-metadata";
import { expect, it } from "vitest";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { accountSignals } from "../../models/signals/account_signals.js";
import { earlyWarnings } from "../../models/warnings/early_warnings.js";
import type { Context } from "../../resolvers/context.js";
import { ExpansionResolver } from "../../resolvers/expansion.js";
import { loadersFor } from "../../resolvers/loaders.js";
import { everything } from "../../resolvers/scope.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf, type Given } from "../models/built.js";
import { event, journeyText, paid } from "../models/given.js";
import { readerOf, referenceReaderOf } from "./both_engines.js";

const through = "2024-03-31";
const read = [accountLatest, accountSignals, earlyWarnings];

/** Seats, people that use it, events on the last day, which are ten points each. */
const customers: Record<string, [seats: number, users: number, events: number, mrr: string | null]> = {
  full: [4, 4, 9, "400"],
  over: [2, 3, 9, "900"],
  unpriced: [1, 1, 9, null],
  "half empty": [10, 5, 9, "1000"],
  unwell: [2, 2, 4, "200"],
  warned: [3, 3, 8, "300"],
};
const given: Given = {
  accounts: [...Object.keys(customers), "prospect"].map((account_id) => ({
    account_id,
    created_on: "2024-01-01",
  })),
  contracts: Object.entries(customers).map(([account_id, [seats, , , mrr]]) =>
    paid("2024-01-01", "2025-01-01", { account_id, seats, mrr }),
  ),
  usage_events: Object.entries(customers).flatMap(([account_id, [, users, events]]) =>
    Array.from({ length: users }, (_, i) =>
      event(through, {
        account_id,
        user_id: `${account_id} ${i}`,
        quantity: i === 0 ? events - users + 1 : 1,
      }),
    ),
  ),
};
const journey = journeyText({
  rest: `signals:
  - { id: eight, name: Eight events, kind: negative, when: { fact: events_1d, equals: 8 } }
  - { id: busy, name: Busy, kind: positive, when: { fact: events_1d, at_least: 9 } }`,
});

it("expansion candidates are well, use their seats and aren't warned of; who is held back is counted by the reason", async () => {
  const built = await companyOf(given, { journey, through, now: "2024-05-01T06:00:00Z" });
  const reader = await readerOf(built, through, read);
  const resolver = new ExpansionResolver();
  const context = { reader, load: loadersFor(reader, async () => []) } as Context;
  const page = await resolver.expansionCandidates(context, 0.8, 100);
  expect(page.nodes.map((node) => [node.accountId, node.mrr, node.utilisation])).toEqual([
    ["over", "900", 1.5],
    ["full", "400", 1],
    ["unpriced", null, 1],
  ]);
  expect(page.heldBack).toEqual([
    { why: "health is not good, or not known", accounts: 1 },
    { why: "health is good, but a negative signal is open or health is falling", accounts: 1 },
  ]);
  const reasonsOf = async (i: number) => resolver.reasons(page.nodes[i] as never, context);
  expect(await reasonsOf(1)).toEqual([
    "4 of 4 seats were used in 28 days (100 %)",
    "health is good (90) and not falling",
    "no negative signal is open",
    `Busy (open since ${through})`,
    "renews in 276 days",
  ]);
  expect((await reasonsOf(0))[0]).toBe("3 people used it in 28 days, of 2 seats that are paid for");

  const first = await resolver.expansionCandidates(context, 0.8, 1);
  const rest = await resolver.expansionCandidates(context, 0.8, 5, first.pageInfo.endCursor);
  expect([...first.nodes, ...rest.nodes]).toEqual(page.nodes);
  const half = await resolver.expansionCandidates(context, 0.5, 100);
  expect(half.nodes[0]?.accountId).toBe("half empty");
  for (const none of [0, 80])
    await expect(resolver.expansionCandidates(context, none, 100)).rejects.toThrow(
      `minUtilisation: ${none}): expected a share above 0 and up to 10, e.g. 0.8 for 80 %.`,
    );
  // Who may not see what is asked for is told so, and not that there is nobody.
  const scope = { ...everything, hidden: ["licence_utilisation_28d"] };
  const blind = { ...context, reader: { ...reader, scope } } as Context;
  await expect(resolver.expansionCandidates(blind, 0.8, 100)).rejects.toMatchObject({ code: "FORBIDDEN" });
});

it.skipIf(referenceUnavailable())("expansion candidates are the same on both engines", async () => {
  const built = await companyOf(given, { journey, through, now: "2024-05-01T06:00:00Z" });
  const reader = await readerOf(built, through, read);
  await using reference = await referenceReaderOf(built, reader, read);
  const [here, there] = [reader, reference].map((r) => ({ reader: r }) as Context);
  const resolver = new ExpansionResolver();
  expect(await resolver.expansionCandidates(there as Context, 0.8, 2)).toEqual(
    await resolver.expansionCandidates(here as Context, 0.8, 2),
  );
});
