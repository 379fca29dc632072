import type { GraphQLResolveInfo } from "graphql";
import { Args, ArgsType, Ctx, Field, Info, Int, Query, Resolver } from "type-graphql";
import { suggestHealth } from "../analysis/suggest.js";
import { Suggestion } from "../schema/suggestion.js";
import { BacktestArgs, backtestOptions } from "./backtest.js";
import type { Context } from "./context.js";
import { orNobody } from "./nobody.js";
import { selectionOf } from "./selection.js";
import { within } from "./within.js";

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
    @Info() info: GraphQLResolveInfo,
  ): Promise<Suggestion> {
    within("suggestion", { leadDays }, 1, 1000);
    const withScales = selectionOf(info).some(({ name }) => name === "scales");
    const options = { ...backtestOptions("suggestion", asked, reader), leadDays, withScales };
    const told = await suggestHealth(reader.query, reader.snapshot.words, options);
    return orNobody(reader, [asked.filter], told as Suggestion);
  }
}
