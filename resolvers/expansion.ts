import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, Float, Info, Int, Query, Resolver, Root } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { valueInWords } from "../journey/words.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { ref } from "../models/model.js";
import { earlyWarnings } from "../models/warnings/early_warnings.js";
import { Account, AccountFilter } from "../schema/account.js";
import { ExpansionCandidate, ExpansionCandidatePage } from "../schema/expansion.js";
import { bind, name, type Sql, sql } from "../warehouse/sql.js";
import { accountNamed } from "./account.js";
import type { Context } from "./context.js";
import { listPage } from "./lists.js";
import { ofAccounts } from "./pages.js";
import { mustSee } from "./reader.js";

const { mrr, seats, active_users_28d, licence_utilisation_28d, score, days_to_renewal } =
  accountLatest.columns;
const told = {
  account_id: accountLatest.columns.account_id,
  mrr,
  seats,
  active_users_28d,
  licence_utilisation_28d,
  score,
  days_to_renewal,
} as const;

/** More people than seats may use it; this many more is a percentage that was meant as a share. */
const mostUtilisation = 10;
const utilisation = "licence_utilisation_28d" satisfies keyof typeof told;

@Resolver(() => ExpansionCandidate)
export class ExpansionResolver {
  @Query(() => ExpansionCandidatePage, {
    description:
      "Customers that may need more, the highest MRR first: good health, seats in real use, no open negative signal, health not falling. Who uses its seats but isn't well is held back: more of what doesn't work is sold once.",
  })
  async expansionCandidates(
    @Ctx() { reader }: Context,
    @Arg("minUtilisation", () => Float, {
      defaultValue: 0.8,
      description: `Users active in 28 days / seats, at least; above 0, up to ${mostUtilisation}. Unit: share.`,
    })
    minUtilisation: number,
    @Arg("first", () => Int, { defaultValue: 100, description: "How many, 1 to 1000." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "Go on behind this cursor." })
    after?: string | null,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<ExpansionCandidatePage> {
    mustSee(reader, "expansionCandidates", [utilisation]);
    if (!(minUtilisation > 0 && minUtilisation <= mostUtilisation))
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `expansionCandidates(minUtilisation: ${minUtilisation}): expected a share above 0 and up to ${mostUtilisation}, e.g. 0.8 for 80 %.`,
      );
    const users = seatsInUse(minUtilisation, ofAccounts(filter, reader, sql`a.account_id`));
    const { rows, pageInfo } = await listPage(
      reader,
      {
        field: "expansionCandidates",
        rows: sql`select u.*, coalesce(u.mrr, -1) as most_first from (${users}) as u where u.state = 'ready'`,
        columns: { ...told, most_first: { type: "decimal", notNull: true } },
        order: [
          { column: "most_first", type: "decimal", isDescending: true },
          { column: "account_id", type: "string" },
        ],
      },
      first,
      after,
    );
    const states = await reader.query(
      sql`select state, count(*) as accounts from (${users}) as u where u.state <> 'ready' group by state order by state`,
      { state: { type: "string", notNull: true }, accounts: { type: "integer", notNull: true } },
    );
    return {
      nodes: rows.map((row) => ({
        accountId: row.account_id,
        mrr: row.mrr,
        seats: row.seats,
        activeUsers: row.active_users_28d,
        utilisation: row.licence_utilisation_28d ?? 0,
        score: row.score,
        daysToRenewal: row.days_to_renewal,
      })),
      pageInfo,
      heldBack: states.map(({ state, accounts }) => ({ why: whyHeld[state] ?? state, accounts })),
    };
  }

  @FieldResolver(() => Account, { description: "The customer." })
  account(
    @Root() { accountId }: ExpansionCandidate,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Account | null> {
    return accountNamed(accountId, context, info);
  }

  @FieldResolver(() => [String], {
    description: "Why, in words: seats in use, health, and each open positive signal.",
  })
  async reasons(
    @Root() { accountId, seats, activeUsers, utilisation, score, daysToRenewal }: ExpansionCandidate,
    @Ctx() { load, reader }: Context,
  ): Promise<string[]> {
    const { signals } = reader.snapshot.words.journey;
    const open = (await load.signals.load(accountId)).filter(
      (row) => row.kind === "positive" && row.closed_on === null,
    );
    const users =
      utilisation > 1
        ? `${activeUsers} people used it in 28 days, of ${seats} seats that are paid for`
        : `${activeUsers} of ${seats} seats were used in 28 days (${valueInWords(utilisation, "share")})`;
    return [
      users,
      ...(score === null ? [] : [`health is good (${valueInWords(score, "points")}) and not falling`]),
      "no negative signal is open",
      ...open.map((row) => {
        const called = signals.find(({ id }) => id === row.signal)?.name ?? row.signal;
        return `${called} (open since ${row.opened_on})`;
      }),
      ...(daysToRenewal === null ? [] : [`renews in ${valueInWords(daysToRenewal, "days")}`]),
    ];
  }
}

const whyHeld: Readonly<Record<string, string>> = {
  "not well": "health is not good, or not known",
  warned: "health is good, but a negative signal is open or health is falling",
};

/** Customers that use at least so much of their seats, and whether they are ready for more. */
const seatsInUse = (minUtilisation: number, some: Sql): Sql => sql`
select
  ${Object.keys(told).map((column) => sql`a.${name(column)} as ${name(column)}`)},
  case when coalesce(a.band, 'unknown') <> 'good' then 'not well' when w.account_id is not null then 'warned' else 'ready' end as state
from ${ref(accountLatest)} as a
left join ${ref(earlyWarnings)} as w on w.account_id = a.account_id
where a.is_customer and a.${name(utilisation)} >= ${bind("number", minUtilisation)} and ${some}`;
