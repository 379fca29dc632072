import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import { type BacktestOptions, backtest } from "../analysis/backtest.js";
import { WaymarkError } from "../errors.js";
import { AccountFilter } from "../schema/account.js";
import { Backtest, HealthBefore, JourneyBacktest } from "../schema/backtest.js";
import { CohortSize } from "../schema/comparison.js";
import { LocalDate } from "../schema/scalars.js";
import { sql } from "../warehouse/sql.js";
import type { Context } from "./context.js";
import { editedFile, editsOf } from "./journey.js";
import { ofAccounts } from "./pages.js";
import type { Reader } from "./reader.js";

/** What a back-test is asked of. */
@ArgsType()
export class BacktestArgs {
  @Field(() => Int, {
    defaultValue: 5,
    description: "Groups of fewer accounts are withheld; 2 to 1000.",
  })
  minGroup!: number;

  @Field(() => LocalDate, {
    nullable: true,
    description: "First day of outcomes; the first of all by default.",
  })
  from?: string | null;

  @Field(() => LocalDate, {
    nullable: true,
    description: "First day no longer counted; up to the last decided one by default.",
  })
  to?: string | null;

  @Field(() => AccountFilter, {
    nullable: true,
    description: "Only these accounts, as they are today: who they are rather than how they stand.",
  })
  filter?: AccountFilter | null;
}

@Resolver()
export class BacktestResolver {
  @Query(() => Backtest, {
    description: "Whether the published journey foresaw who churned: its health scores and its signals.",
  })
  async backtest(
    @Ctx() { reader }: Context,
    @Args(() => BacktestArgs) asked: BacktestArgs,
  ): Promise<Backtest> {
    const options = backtestOptions("backtest", asked, reader);
    return (await backtest(reader.query, reader.snapshot.words, options)) as Backtest;
  }

  @Query(() => JourneyBacktest, {
    description:
      "Whether an edited journey would have foreseen who churned, beside the published one, on the data of this snapshot. What differs is built aside and dropped; nothing is published.",
  })
  async journeyBacktest(
    @Ctx() context: Context,
    @Arg("file", () => String, editedFile) file: string,
    @Args(() => BacktestArgs) asked: BacktestArgs,
  ): Promise<JourneyBacktest> {
    const edits = editsOf(context, "backtest --journey");
    const options = backtestOptions("journeyBacktest", asked, context.reader);
    return (await edits.backtest(file, options)) as JourneyBacktest;
  }
}

@Resolver(() => HealthBefore)
export class HealthBeforeResolver {
  @FieldResolver(() => CohortSize, {
    description: "The accounts that stayed.",
    deprecationReason: "Use stayed. Stays until 2027-11-30.",
  })
  renewed(@Root() { stayed }: HealthBefore): CohortSize {
    return stayed;
  }
}

/** @throws WaymarkError BAD_USER_INPUT naming the field that was asked */
export function backtestOptions(
  field: string,
  { minGroup, from, to, filter }: BacktestArgs,
  reader: Reader,
): BacktestOptions {
  if (minGroup < 2 || minGroup > 1000)
    throw new WaymarkError("BAD_USER_INPUT", `${field}(minGroup: ${minGroup}): expected 2 to 1000.`);
  if (from && to && from >= to)
    throw new WaymarkError("BAD_USER_INPUT", `${field}: from ${from} must be before to ${to}.`);
  const among = {
    from: from ?? undefined,
    to: to ?? undefined,
    ...(filter ? { accounts: ofAccounts(filter, reader, sql`account_id`) } : {}),
  };
  return { among, minGroup };
}
