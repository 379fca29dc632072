import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { DateTime, LocalDate } from "./scalars.js";

@ObjectType({
  simpleResolvers: true,
  description: "What readers see: all tables as they were published at once.",
})
export class SnapshotInfo {
  @Field(() => Int, { description: "Its number; every publish adds one." })
  id!: number;

  @Field(() => DateTime, { description: "When it was published." })
  publishedAt!: Date;

  @Field(() => LocalDate, {
    description: "The last day that the data covers: building again makes nothing fresher.",
  })
  dataThrough!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "The company's time zone, in which all its days are counted; null for a snapshot that an earlier Waymark published.",
  })
  timeZone!: string | null;

  @Field(() => String, { description: "Hash of the journey that made it." })
  journeyVersion!: string;
}

@ObjectType({ simpleResolvers: true, description: "One run of the build." })
export class Run {
  @Field(() => ID, { description: "Its id." })
  id!: string;

  @Field(() => String, { description: "running, succeeded, failed or interrupted." })
  status!: string;

  @Field(() => String, {
    description:
      "Who asked for it: manual, start, schedule, catch-up (it was missed), retry, journey edited; selection, apply and backfill bring only a part up to date.",
  })
  trigger!: string;

  @Field(() => DateTime, { description: "When it began." })
  startedAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: "When it ended; null while it runs, and where its process died.",
  })
  finishedAt!: Date | null;

  @Field(() => String, { nullable: true, description: "What went wrong; null where nothing did." })
  error!: string | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "What its statements were billed for, in bytes; null where the engine bills for none, and until it ends.",
  })
  bytesBilled!: number | null;
}

@ObjectType({ simpleResolvers: true, description: "Builds that failed one after the other." })
export class FailedInARow {
  @Field(() => Int, {
    description:
      "How many, 1 or more; a run that was cancelled, or refused as another journey is published, is none of them.",
  })
  count!: number;

  @Field(() => DateTime, { description: "When the first of them began." })
  since!: Date;
}

@ObjectType({
  simpleResolvers: true,
  description: "What the questions of one name cost, where the engine bills for statements.",
})
export class QueryCost {
  @Field(() => String, {
    nullable: true,
    description:
      "Of a saved query, or as callers named the operation; null for all without a name, and beyond 200 names.",
  })
  query!: string | null;

  @Field(() => Float, {
    description: "What their statements were billed for since the server began, in bytes.",
  })
  bytesBilled!: number;
}
