import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, Info, Int, Query, Resolver, Root } from "type-graphql";
import { healthMetric } from "../journey/trends.js";
import { valueInWords } from "../journey/words.js";
import { type RowOf, ref } from "../models/model.js";
import { earlyWarnings } from "../models/warnings/early_warnings.js";
import { Account, AccountFilter } from "../schema/account.js";
import type { Band } from "../schema/health.js";
import type { Severity } from "../schema/signal.js";
import { EarlyWarning, EarlyWarningPage } from "../schema/warning.js";
import { name, sql } from "../warehouse/sql.js";
import { accountNamed } from "./account.js";
import type { Context } from "./context.js";
import { listPage } from "./lists.js";
import { ofAccounts } from "./pages.js";
import { reasonTold } from "./reasons.js";

@Resolver(() => EarlyWarning)
export class WarningResolver {
  @Query(() => EarlyWarningPage, {
    description: "Customers with an open negative signal or falling health, the most money at stake first.",
  })
  async earlyWarnings(
    @Ctx() { reader }: Context,
    @Arg("first", () => Int, { defaultValue: 100, description: "How many, 1 to 1000." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "Go on behind this cursor." })
    after?: string | null,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<EarlyWarningPage> {
    const columns = Object.keys(earlyWarnings.columns).map(name);
    const { rows, pageInfo } = await listPage(
      reader,
      {
        field: "earlyWarnings",
        rows: sql`select ${columns}, coalesce(mrr_at_stake, -1e0) as stake from ${ref(earlyWarnings)} where ${ofAccounts(filter, reader, sql`account_id`)}`,
        columns: { ...earlyWarnings.columns, stake: { type: "number", notNull: true } },
        order: [
          { column: "stake", type: "number", isDescending: true },
          { column: "account_id", type: "string" },
        ],
      },
      first,
      after,
    );
    return { nodes: rows.map(warningOf), pageInfo };
  }

  @FieldResolver(() => Account, { description: "The customer." })
  account(
    @Root() { accountId }: EarlyWarning,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Account | null> {
    return accountNamed(accountId, context, info);
  }

  @FieldResolver(() => [String], {
    description: "Why, in words: each open negative signal, and falling health.",
  })
  async reasons(
    @Root() { accountId, isHealthFalling }: EarlyWarning,
    @Ctx() { load, reader }: Context,
  ): Promise<string[]> {
    const { journey } = reader.snapshot.words;
    const open = (await load.signals.load(accountId)).filter(
      (row) => row.kind === "negative" && row.closed_on === null,
    );
    const signals = await Promise.all(
      open.map(async (row) => {
        const signal = journey.signals.find((s) => s.id === row.signal);
        if (!signal) return [];
        const reason = await reasonTold(signal, { id: accountId, day: row.opened_on }, { load, reader });
        return `${signal.name}: ${reason} (open since ${row.opened_on})`;
      }),
    );
    const [week] = isHealthFalling
      ? await load.trend.load({ id: accountId, metric: healthMetric, weeks: 1 })
      : [];
    const falling =
      week?.slope_30w != null
        ? [
            `Health has been falling by ${valueInWords(-week.slope_30w, "points")} points a week over 30 weeks.`,
          ]
        : [];
    return [...signals.flat(), ...falling];
  }
}

@Resolver(() => Account)
export class AccountWarningResolver {
  @FieldResolver(() => EarlyWarning, {
    nullable: true,
    description: "Why it may be lost; null where nothing warns, or it is no customer.",
  })
  async earlyWarning(@Root() { id }: Account, @Ctx() { load }: Context): Promise<EarlyWarning | null> {
    const row = await load.warning.load(id);
    return row && warningOf(row);
  }
}

const warningOf = (row: RowOf<typeof earlyWarnings>): EarlyWarning => ({
  accountId: row.account_id,
  mrr: row.mrr,
  band: row.band as Band,
  churnRisk90d: row.churn_risk_90d,
  mrrAtStake: row.mrr_at_stake,
  negativeSignals: row.negative_signals,
  worstSeverity: row.worst_severity as Severity | null,
  warnedSince: row.warned_since,
  isHealthFalling: row.is_health_falling,
});
