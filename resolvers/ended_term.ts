import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, Info, Int, Query, Resolver, Root } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { accountFacts } from "../models/daily/account_facts.js";
import { accountHealth } from "../models/health/account_health.js";
import { ref } from "../models/model.js";
import { termOutcomes, termOutcomeWords } from "../models/outcomes/term_outcomes.js";
import { Account } from "../schema/account.js";
import {
  EndedTerm,
  EndedTermCount,
  EndedTermFilter,
  type EndedTermOutcome,
  EndedTermPage,
  TermDay,
} from "../schema/ended_term.js";
import type { Band } from "../schema/health.js";
import { Signal } from "../schema/signal.js";
import { addDays, countIf, inArray } from "../warehouse/dialect.js";
import { bind, join, name, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, Row } from "../warehouse/warehouse.js";
import { accountNamed } from "./account.js";
import type { Context } from "./context.js";
import { signalOf, stageOf } from "./journey_words.js";
import { listPage } from "./lists.js";
import { ofAccounts } from "./pages.js";
import { mustSee, type Reader } from "./reader.js";

/** Ten years. */
const mostLeadDays = 3650;

@Resolver(() => EndedTermPage)
export class EndedTermResolver {
  @Query(() => EndedTermPage, {
    description:
      "Paid terms that ran out, the latest first: what came after, and how the account stood some days before and on the last day. Those whose account was no customer with facts at the landmark are left out, and counted.",
  })
  async endedTerms(
    @Ctx() { reader }: Context,
    @Arg("leadDays", () => Int, {
      defaultValue: 30,
      description: `The landmark is so many days before the term's end, 1 to ${mostLeadDays}.`,
    })
    leadDays: number,
    @Arg("first", () => Int, { defaultValue: 100, description: "How many, 1 to 1000." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "Go on behind this cursor." })
    after?: string | null,
    @Arg("filter", () => EndedTermFilter, { nullable: true, description: "Only these; all by default." })
    filter?: EndedTermFilter | null,
  ): Promise<EndedTermPage> {
    if (leadDays < 1 || leadDays > mostLeadDays)
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `endedTerms: leadDays is ${leadDays}, expected 1 to ${mostLeadDays}.`,
      );
    const { rows, pageInfo } = await listPage(
      reader,
      {
        field: "endedTerms",
        rows: termRows(reader, leadDays, filter ?? {}),
        columns: termColumns,
        order: [
          { column: "ended_on", type: "date", isDescending: true },
          { column: "account_id", type: "string" },
        ],
      },
      first,
      after,
    );
    return { leadDays, filter: filter ?? {}, nodes: rows.map((row) => termOf(row, reader)), pageInfo };
  }

  @FieldResolver(() => [EndedTermCount], {
    description:
      "All pages' terms by outcome, and those left out: a row for each outcome, also where none is.",
  })
  async counts(
    @Root() { leadDays, filter }: EndedTermPage,
    @Ctx() { reader }: Context,
  ): Promise<EndedTermCount[]> {
    const isCustomer = sql`coalesce(f.is_customer, false)`;
    const hasFacts = sql`f.account_id is not null`;
    const counted = await reader.query(
      sql`
select
  o.outcome as outcome,
  ${countIf(isCustomer)} as terms,
  ${countIf(sql`f.account_id is null`)} as without_facts,
  ${countIf(sql`${hasFacts} and not ${isCustomer}`)} as not_customer
from ${ref(termOutcomes)} as o
left join ${ref(accountFacts)} as f on f.account_id = o.account_id and f.day = ${addDays(sql`o.ended_on`, -leadDays)}
where ${filterSql(filter, reader)}
group by o.outcome`,
      countColumns,
    );
    return termOutcomeWords.map((outcome) => {
      const row = counted.find((c) => c.outcome === outcome);
      return {
        outcome: outcome as EndedTermOutcome,
        terms: row?.terms ?? 0,
        withoutFacts: row?.without_facts ?? 0,
        notCustomer: row?.not_customer ?? 0,
      };
    });
  }
}

@Resolver(() => EndedTerm)
export class EndedTermAccountResolver {
  @FieldResolver(() => Account, { description: "Whose it is." })
  account(
    @Root() { accountId }: EndedTerm,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Account | null> {
    return accountNamed(accountId, context, info);
  }
}

@Resolver(() => TermDay)
export class TermDayResolver {
  @FieldResolver(() => [Signal], {
    description: "The signals that were open, the latest opened first; those that the journey still names.",
  })
  async openSignals(
    @Root() { accountId, day }: TermDay,
    @Ctx() { load, reader }: Context,
  ): Promise<Signal[]> {
    const { journey } = reader.snapshot.words;
    const rows = await load.signals.load(accountId);
    return rows
      .filter(({ opened_on, closed_on }) => opened_on <= day && (closed_on === null || day < closed_on))
      .flatMap((row) => journey.signals.filter(({ id }) => id === row.signal))
      .map((signal) => signalOf(journey, signal));
  }
}

const n = { type: "integer", notNull: true } as const;
const countColumns = {
  outcome: { type: "string", notNull: true },
  terms: n,
  without_facts: n,
  not_customer: n,
} as const satisfies Columns;

const { stage, score, band } = accountHealth.columns;
const termColumns = {
  ...termOutcomes.columns,
  landmark: { type: "date", notNull: true },
  last_day: { type: "date", notNull: true },
  landmark_stage: stage,
  landmark_score: score,
  landmark_band: band,
  landmark_days: n,
  end_stage: stage,
  end_score: score,
  end_band: band,
  end_days: n,
} as const satisfies Columns;

/** A covered day of an account has facts, and so a stage and a band, from the first day of its facts on. */
function termRows(reader: Reader, leadDays: number, filter: EndedTermFilter): Sql {
  const landmark = addDays(sql`o.ended_on`, -leadDays);
  const stood = (facts: Sql, health: Sql, prefix: string): Sql[] => [
    ...["stage", "score", "band"].map((c) => sql`${health}.${name(c)} as ${name(`${prefix}_${c}`)}`),
    sql`${facts}.tenure_days as ${name(`${prefix}_days`)}`,
  ];
  const on = (alias: Sql, day: Sql): Sql => sql`${alias}.account_id = o.account_id and ${alias}.day = ${day}`;
  const lastDay = addDays(sql`o.ended_on`, -1);
  return sql`select
    ${Object.keys(termOutcomes.columns).map((column) => sql`o.${name(column)} as ${name(column)}`)},
    ${landmark} as landmark,
    ${lastDay} as last_day,
    ${stood(sql`lf`, sql`lh`, "landmark")},
    ${stood(sql`ef`, sql`eh`, "end")}
  from ${ref(termOutcomes)} as o
  inner join ${ref(accountFacts)} as lf on ${on(sql`lf`, landmark)} and lf.is_customer
  inner join ${ref(accountHealth)} as lh on ${on(sql`lh`, landmark)}
  inner join ${ref(accountFacts)} as ef on ${on(sql`ef`, lastDay)}
  inner join ${ref(accountHealth)} as eh on ${on(sql`eh`, lastDay)}
  where ${filterSql(filter, reader)}`;
}

function termOf(row: Row<typeof termColumns>, reader: Reader): EndedTerm {
  return {
    accountId: row.account_id,
    startedOn: row.started_on,
    endedOn: row.ended_on,
    outcome: row.outcome as EndedTermOutcome,
    churnReason: row.churn_reason,
    mrrBefore: row.mrr_before,
    mrrAfter: row.mrr_after,
    returnedOn: row.returned_on,
    atLandmark: termDay(reader, {
      accountId: row.account_id,
      day: row.landmark,
      stage: row.landmark_stage,
      score: row.landmark_score,
      band: row.landmark_band,
      daysSinceStart: row.landmark_days,
    }),
    atEnd: termDay(reader, {
      accountId: row.account_id,
      day: row.last_day,
      stage: row.end_stage,
      score: row.end_score,
      band: row.end_band,
      daysSinceStart: row.end_days,
    }),
  };
}

/** Stage and band are never null, so whoever may not see them is told so when they are asked for. */
const termDay = (
  reader: Reader,
  { stage, band, ...day }: { stage: string; band: string } & Omit<TermDay, "stage" | "band">,
): TermDay => ({
  ...day,
  get stage() {
    mustSee(reader, "stage", ["stage"]);
    return stageOf(reader.snapshot.words.journey, stage);
  },
  get band() {
    mustSee(reader, "band", ["band"]);
    return band as Band;
  },
});

function filterSql(filter: EndedTermFilter, reader: Reader): Sql {
  const { outcome, endedFrom, endedBefore, accounts } = filter;
  return join(
    [
      ...(outcome ? [inArray(sql`o.outcome`, bind("string[]", outcome))] : []),
      ...(endedFrom ? [sql`o.ended_on >= ${bind("date", endedFrom)}`] : []),
      ...(endedBefore ? [sql`o.ended_on < ${bind("date", endedBefore)}`] : []),
      ofAccounts(accounts, reader, sql`o.account_id`),
    ],
    " and ",
  );
}
