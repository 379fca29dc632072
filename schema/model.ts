import { Field, Float, ID, ObjectType } from "type-graphql";
import { Check } from "./check.js";
import { Freshness } from "./freshness.js";
import { DateTime, LocalDate } from "./scalars.js";
import { Run } from "./snapshot.js";

@ObjectType({ simpleResolvers: true, description: "A column of a published table." })
export class ModelColumnInfo {
  @Field(() => String, { description: "Its name in SQL." })
  name!: string;

  @Field(() => String, { description: "string, integer, number, decimal, boolean, date or timestamp." })
  type!: string;

  @Field(() => String, {
    nullable: true,
    description: "What one of it is; null for names, days and the like.",
  })
  unit!: string | null;

  @Field(() => String, { description: "What it means, and what null means." })
  description!: string;

  @Field(() => Boolean, { description: "Whether it may be null." })
  isNullable!: boolean;
}

@ObjectType({
  description: "A table that Waymark builds: what it means, what it comes from, how fresh it is.",
})
export class ModelInfo {
  @Field(() => ID, { description: "Its name; the view of this name in the schema `waymark`." })
  name!: string;

  @Field(() => String, { description: "What a row is." })
  description!: string;

  @Field(() => [String], { description: "The columns that identify a row." })
  grain!: string[];

  @Field(() => [ModelColumnInfo], { description: "Its columns." })
  columns!: ModelColumnInfo[];

  @Field(() => [String], { description: "The models that it reads." })
  upstream!: string[];

  @Field(() => [String], { description: "The models that read it." })
  downstream!: string[];

  @Field(() => Float, { description: "How many rows it has." })
  rows!: number;

  @Field(() => DateTime, {
    description: "When its table was built; older than the snapshot where nothing it depends on changed.",
  })
  builtAt!: Date;

  @Field(() => LocalDate, { description: "The last day that its data covers." })
  dataThrough!: string;

  @Field(() => Freshness, {
    nullable: true,
    description:
      "How old its data is, by the oldest source that it needs and that may be late; null where no mapped source stands behind it.",
  })
  freshness!: Freshness | null;

  @Field(() => [Check], { description: "How its checks stand." })
  checks!: Check[];

  @Field(() => Run, { nullable: true, description: "The latest run of the build that considered it." })
  lastRun!: Run | null;
}
