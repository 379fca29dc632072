import { Field, Float, ID, ObjectType } from "type-graphql";
import { sourceQuality } from "../models/staging/source_quality.js";
import { column } from "./describe.js";
import { Freshness } from "./freshness.js";
import { DateTime, LocalDate } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "What is wrong with some rows of a source." })
export class Defect {
  @Field(() => String, { description: "The reason." })
  defect!: string;

  @Field(() => Float, column(sourceQuality, "row_count"))
  rows!: number;

  @Field(() => Float, column(sourceQuality, "unusable_rows"))
  unusable!: number;

  @Field(() => String, column(sourceQuality, "example"))
  example!: string | null;
}

@ObjectType({ simpleResolvers: true, description: "How builds find raw rows that came, went or changed." })
export class ChangeSearch {
  @Field(() => String, { description: "What each build looks at, and how often at all days." })
  found!: string;

  @Field(() => String, {
    nullable: true,
    description: "What a build may not find before all days are compared; null where each finds all.",
  })
  missed!: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: "When all days are compared next, at the earliest; null where they never were.",
  })
  comparedNext!: Date | null;
}

@ObjectType({
  simpleResolvers: true,
  description: "A source: what came in, what counts, and what is wrong with the rest.",
})
export class SourceInfo {
  @Field(() => ID, { description: "Its name in waymark.yml." })
  name!: string;

  @Field(() => String, { description: "What a row is." })
  description!: string;

  @Field(() => Boolean, {
    description: "Whether raw data was mapped to it when the snapshot was built; if not, its facts are null.",
  })
  isMapped!: boolean;

  @Field(() => Float, { description: "Rows of different content." })
  rows!: number;

  @Field(() => Float, { description: "Those that count." })
  usable!: number;

  @Field(() => Float, column(sourceQuality, "copies"))
  copies!: number;

  @Field(() => LocalDate, column(sourceQuality, "first_day"))
  firstDay!: string | null;

  @Field(() => LocalDate, column(sourceQuality, "last_day"))
  lastDay!: string | null;

  @Field(() => Freshness, { nullable: true, description: "How old its data is; null where it isn't mapped." })
  freshness!: Freshness | null;

  @Field(() => ChangeSearch, {
    nullable: true,
    description: "How changes of its raw rows are found; null where none are mapped to it by now.",
  })
  changes!: ChangeSearch | null;

  @Field(() => [Defect], { description: "By reason, most rows first; a row may stand in several." })
  defects!: Defect[];
}
