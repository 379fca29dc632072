import { Field, Float, ObjectType } from "type-graphql";

@ObjectType({
  simpleResolvers: true,
  description:
    "An estimate with its 95 % interval. Where there is none all three are null, and `why` says so.",
})
export class Estimate {
  @Field(() => Float, { nullable: true, description: "The estimate." })
  value!: number | null;

  @Field(() => Float, { nullable: true, description: "Lower end of its interval." })
  from!: number | null;

  @Field(() => Float, { nullable: true, description: "Upper end of its interval." })
  to!: number | null;

  @Field(() => String, { nullable: true, description: "Why there is no figure; null where there is one." })
  why!: string | null;
}
