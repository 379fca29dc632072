import { Field, Float, ObjectType, registerEnumType } from "type-graphql";
import { accountTrends } from "../models/trends/account_trends.js";
import { column } from "./describe.js";
import { LocalDate } from "./scalars.js";

export enum Direction {
  RISING = "rising",
  STEADY = "steady",
  FALLING = "falling",
}
registerEnumType(Direction, {
  name: "Direction",
  description: "Where a trend goes: rising or falling where its slope is at least twice its standard error.",
});

@ObjectType({
  simpleResolvers: true,
  description: "One complete week of a metric, and how it stands against the 30 weeks before.",
})
export class TrendWeek {
  @Field(() => LocalDate, column(accountTrends, "week"))
  week!: string;

  @Field(() => Float, column(accountTrends, "value"))
  value!: number | null;

  @Field(() => Float, column(accountTrends, "previous"))
  previous!: number | null;

  @Field(() => Float, column(accountTrends, "change"))
  change!: number | null;

  @Field(() => Float, column(accountTrends, "mean_30w"))
  mean30w!: number | null;

  @Field(() => Float, column(accountTrends, "stddev_30w"))
  stddev30w!: number | null;

  @Field(() => Float, column(accountTrends, "z"))
  z!: number | null;

  @Field(() => Float, column(accountTrends, "slope_30w"))
  slope30w!: number | null;

  @Field(() => Direction, column(accountTrends, "direction"))
  direction!: Direction | null;
}
