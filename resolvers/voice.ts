import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { Account } from "../schema/account.js";
import { SurveySummary } from "../schema/voice.js";
import type { Context } from "./context.js";

@Resolver(() => Account)
export class VoiceResolver {
  @FieldResolver(() => SurveySummary, { description: "What its people say in surveys." })
  async surveys(@Root() { id, row }: Account, @Ctx() { load }: Context): Promise<SurveySummary> {
    const counts = await load.surveyCounts.load(id);
    return {
      nps180d: row.nps_180d,
      respondents180d: row.survey_respondents_180d,
      detractors180d: row.detractors_180d,
      responses: counts?.responses ?? 0,
      lastRespondedOn: counts?.last_responded_on ?? null,
      leftOut: counts?.left_out ?? 0,
    };
  }
}
