import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import { type BacktestOptions, backtest } from "../analysis/backtest.js";
import type { Cohort } from "../analysis/cohorts.js";
import { Backtest, HealthBefore, JourneyBacktest } from "../schema/backtest.js";
import { CohortSize, SomeOutcomes } from "../schema/comparison.js";
import { sql } from "../warehouse/sql.js";
import type { Context } from "./context.js";
import { editedFile, editsOf } from "./journey.js";
import { orNobody } from "./nobody.js";
import { ofAccounts } from "./pages.js";
import type { Reader } from "./reader.js";
import { inOrder, within } from "./within.js";

/** What a back-test is asked of. */
@ArgsType()
export class BacktestArgs extends SomeOutcomes {
  @Field(() => Int, {
    defaultValue: 5,
    description: "Groups of fewer accounts are withheld; 2 to 1000.",
  })
  minGroup!: number;
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
    const told = (await backtest(reader.query, reader.snapshot.words, options)) as Backtest;
    return orNobody(reader, [asked.filter], told);
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
    const { published, edited } = (await edits.backtest(file, options)) as JourneyBacktest;
    const told = (backtest: Backtest) => orNobody(context.reader, [asked.filter], backtest);
    return { published: await told(published), edited: await told(edited) };
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
  { minGroup, ...asked }: BacktestArgs,
  reader: Reader,
): BacktestOptions {
  within(field, { minGroup }, 2, 1000);
  return { among: outcomesAmong(field, asked, reader), minGroup };
}

/** Some outcomes, as analyses ask for them. */
export function outcomesAmong(
  field: string,
  { from, to, filter }: SomeOutcomes,
  reader: Reader,
): Omit<Cohort, "outcomes"> {
  inOrder(field, from, to);
  return {
    from: from ?? undefined,
    to: to ?? undefined,
    ...(filter ? { accounts: ofAccounts(filter, reader, sql`account_id`) } : {}),
  };
}
