import { Field, Float, ID, ObjectType, registerEnumType } from "type-graphql";
import { accountHealth } from "../models/health/account_health.js";
import type { HealthChange as Change, IndicatorChange as OneChange } from "../models/health/explain.js";
import { column } from "./describe.js";
import { LocalDate } from "./scalars.js";
import { Stage } from "./stage.js";

export enum Band {
  POOR = "poor",
  AVERAGE = "average",
  GOOD = "good",
  UNKNOWN = "unknown",
}
registerEnumType(Band, {
  name: "Band",
  description:
    "The band of a health score; UNKNOWN where there is too little evidence, or the stage is not scored.",
});

export enum IndicatorDimension {
  OUTCOMES = "outcomes",
  ENGAGEMENT = "engagement",
  UTILISATION = "utilisation",
  SATISFACTION = "satisfaction",
  SUPPORT = "support",
}
registerEnumType(IndicatorDimension, {
  name: "IndicatorDimension",
  description: "What kind of evidence an indicator is.",
});

export enum Grain {
  DAY = "day",
  WEEK = "week",
  MONTH = "month",
  QUARTER = "quarter",
  YEAR = "year",
}
registerEnumType(Grain, { name: "Grain", description: "Length of a period; weeks start on Monday." });

@ObjectType({ simpleResolvers: true, description: "A condition that limits the score while it holds." })
export class Cap {
  @Field(() => ID, { description: "Its id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => Float, { description: "The score is at most this. Unit: points." })
  atMost!: number;
}

@ObjectType({ simpleResolvers: true, description: "One indicator's part of a health score." })
export class IndicatorScore {
  @Field(() => ID, { description: "Its id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => IndicatorDimension, { description: "What kind of evidence it is." })
  dimension!: IndicatorDimension;

  @Field(() => String, { description: "The fact that it scores." })
  fact!: string;

  @Field(() => Float, {
    nullable: true,
    description:
      "The fact's value that day; null = not measured, or no longer kept, of an earlier version whose facts were built anew since.",
  })
  value!: number | null;

  @Field(() => String, { description: "The value's unit." })
  unit!: string;

  @Field(() => Float, {
    nullable: true,
    description: "The value on the indicator's scale, 0–100; null = no value. Unit: points.",
  })
  points!: number | null;

  @Field(() => Float, { description: "Its weight in the account's stage that day." })
  weight!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      "Its weight / the weight of all indicators that have a value; null without points or without a score.",
  })
  weightShare!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "weightShare × points. The contributions of all indicators add up to uncappedScore. Null without points or without a score.",
  })
  contribution!: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description: "Health on the last day of a period: a score is a stock, never summed or averaged over days.",
})
export class HealthPoint {
  @Field(() => LocalDate, { description: "First day of the period." })
  period!: string;

  @Field(() => LocalDate, { description: "The day that the figures are of: the period's last with a row." })
  day!: string;

  @Field(() => Float, column(accountHealth, "score"))
  score!: number | null;

  @Field(() => Band, column(accountHealth, "band"))
  band!: Band;

  @Field(() => Float, column(accountHealth, "coverage"))
  coverage!: number | null;

  @Field(() => Stage, { description: "The stage that day." })
  stage!: Stage;
}

@ObjectType({ simpleResolvers: true, description: "One indicator's part of a change of the score." })
export class IndicatorChange implements OneChange {
  @Field(() => ID, { description: "Its id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => Float, {
    description: "Its contribution on the earlier day; 0 where it had no points. Unit: points.",
  })
  contributionBefore!: number;

  @Field(() => Float, { description: "Its contribution on the later day. Unit: points." })
  contributionAfter!: number;

  @Field(() => Float, { description: "contributionAfter − contributionBefore = pointsMoved + weightsMoved." })
  change!: number;

  @Field(() => Float, {
    description: "The part that comes from its points: mean weight share × change of points.",
  })
  pointsMoved!: number;

  @Field(() => Float, {
    description:
      "The part that comes from its weight share: mean points × change of share; all of it where one day has no points.",
  })
  weightsMoved!: number;
}

@ObjectType({
  simpleResolvers: true,
  description:
    "Why the score moved between two days: the indicators' changes and the cap's add up to the change exactly.",
})
export class HealthChange implements Change {
  @Field(() => LocalDate, { description: "The earlier day." })
  from!: string;

  @Field(() => LocalDate, { description: "The later day." })
  to!: string;

  @Field(() => Float, { nullable: true, description: "The score on the earlier day. Unit: points." })
  scoreBefore!: number | null;

  @Field(() => Float, { nullable: true, description: "The score on the later day. Unit: points." })
  scoreAfter!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "scoreAfter − scoreBefore; null where a day has no score. Unit: points.",
  })
  change!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "What the cap takes off, later − earlier (0 or less each). Unit: points.",
  })
  capChange!: number | null;

  @Field(() => [IndicatorChange], {
    description: "Every indicator's part, the greatest first; empty without a change to explain.",
  })
  indicators!: IndicatorChange[];

  @Field(() => String, {
    nullable: true,
    description: "Why there is no change to tell; null where there is one.",
  })
  reason!: string | null;
}

@ObjectType({ description: "An account's health on a day, and what it is made of." })
export class Health {
  accountId!: string;
  /** The journey whose tables it is read from; `journeyVersion` is the one that made the row. */
  version!: string;

  @Field(() => LocalDate, { description: "The day." })
  day!: string;

  @Field(() => Float, column(accountHealth, "score"))
  score!: number | null;

  @Field(() => Band, column(accountHealth, "band"))
  band!: Band;

  @Field(() => Float, column(accountHealth, "coverage"))
  coverage!: number | null;

  @Field(() => Float, column(accountHealth, "uncapped_score"))
  uncappedScore!: number | null;

  @Field(() => Cap, {
    nullable: true,
    description: "The cap in force, that is the lowest that lowers the score; null = none.",
  })
  cap!: Cap | null;

  @Field(() => Stage, { description: "The stage whose weights were used." })
  stage!: Stage;

  @Field(() => String, column(accountHealth, "journey_version"))
  journeyVersion!: string;

  @Field(() => [IndicatorScore], {
    description: "Every indicator of the journey, those without a value too.",
  })
  indicators!: IndicatorScore[];
}
