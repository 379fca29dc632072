import { Field, Float, ObjectType } from "type-graphql";
import { DateTime } from "./scalars.js";

@ObjectType({
  simpleResolvers: true,
  description:
    "How old data is. It ages by the clock until newer rows are built; building again changes nothing.",
})
export class Freshness {
  @Field(() => DateTime, {
    nullable: true,
    description:
      "The end of the last day that the data covers; for accounts, contracts and users the latest `loaded_at`. Null where no row tells.",
  })
  watermark!: Date | null;

  @Field(() => Float, { nullable: true, description: "Hours since then." })
  ageHours!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "How old it may be, in hours (`freshness` in waymark.yml); null = any age.",
  })
  maxAgeHours!: number | null;

  @Field(() => Boolean, { description: "Whether it is older." })
  isLate!: boolean;

  @Field(() => String, {
    description:
      "The source that is the first to make it late; `timeline` stands for the newest of usage, tickets and survey responses.",
  })
  decidedBy!: string;
}
