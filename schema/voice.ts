import { Field, Float, Int, ObjectType } from "type-graphql";
import { fact } from "./describe.js";
import { LocalDate } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "What an account's people say in surveys." })
export class SurveySummary {
  @Field(() => Float, fact("nps_180d"))
  nps180d!: number | null;

  @Field(() => Int, fact("survey_respondents_180d"))
  respondents180d!: number | null;

  @Field(() => Int, fact("detractors_180d"))
  detractors180d!: number | null;

  @Field(() => Int, { description: "Answers ever given that count." })
  responses!: number;

  @Field(() => LocalDate, { nullable: true, description: "Day of the last one; null without any." })
  lastRespondedOn!: string | null;

  @Field(() => Int, { description: "Answers that count for nothing, e.g. given before the account existed." })
  leftOut!: number;
}
