import { Args, ArgsType, Ctx, Field, Int, Query, Resolver } from "type-graphql";
import { suggestHealth } from "../analysis/suggest.js";
import { WaymarkError } from "../errors.js";
import { Suggestion } from "../schema/suggestion.js";
import { BacktestArgs, backtestOptions } from "./backtest.js";
import type { Context } from "./context.js";

@ArgsType()
class SuggestionArgs extends BacktestArgs {
  @Field(() => Int, {
    defaultValue: 60,
    description: "Points are read so many days before the outcome, 1 to 1000.",
  })
  leadDays!: number;
}

@Resolver()
export class SuggestionResolver {
  @Query(() => Suggestion, {
    description:
      "Weights and scales of health's indicators that would have foreseen churn better than today's, with the gain; or why the outcomes can't tell. Nothing is applied.",
  })
  async suggestion(
    @Ctx() { reader }: Context,
    @Args(() => SuggestionArgs) { leadDays, ...asked }: SuggestionArgs,
  ): Promise<Suggestion> {
    if (leadDays < 1 || leadDays > 1000)
      throw new WaymarkError("BAD_USER_INPUT", `suggestion(leadDays: ${leadDays}): expected 1 to 1000.`);
    const options = { ...backtestOptions("suggestion", asked, reader), leadDays };
    return (await suggestHealth(reader.query, reader.snapshot.words, options)) as Suggestion;
  }
}
