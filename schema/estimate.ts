import { Field, Float, ObjectType } from "type-graphql";

@ObjectType({
  simpleResolvers: true,
  description: "A figure estimated from what was seen, with its 95 % interval.",
})
export class Estimate {
  @Field(() => Float, { nullable: true, description: "The estimate; null where there is none." })
  value!: number | null;

  @Field(() => Float, { nullable: true, description: "The interval's lower end; null where it has none." })
  from!: number | null;

  @Field(() => Float, { nullable: true, description: "The interval's upper end; null where it has none." })
  to!: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Why there is no estimate, or no interval of it; null where there are both.",
  })
  why!: string | null;
}

@ObjectType({ simpleResolvers: true, description: "A test of whether groups differ by more than chance." })
export class GroupTest {
  @Field(() => Float, { nullable: true, description: "Log-rank chi-square; null where it can't be asked." })
  statistic!: number | null;

  @Field(() => Float, { nullable: true, description: "Groups less one." })
  degreesOfFreedom!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "How often groups that don't differ would seem to, at least as much. Association is no cause.",
  })
  p!: number | null;

  @Field(() => String, { nullable: true, description: "Why it can't be asked; null where it was." })
  why!: string | null;
}
