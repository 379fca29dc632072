import { Field, Float, ID, Int, ObjectType } from "type-graphql";
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

@ObjectType({ simpleResolvers: true, description: "An input of which rows were read to write a table." })
export class BuildInput {
  @Field(() => ID, { description: "The model." })
  model!: string;

  @Field(() => Int, {
    nullable: true,
    description: "Rows were read that differ since this version; null = all rows.",
  })
  fromVersion!: number | null;

  @Field(() => Int, { description: "The version that was read." })
  toVersion!: number;

  @Field(() => LocalDate, {
    nullable: true,
    description: "First day of the rows that differ; null where all were read, or rows have no day.",
  })
  firstDay!: string | null;

  @Field(() => LocalDate, { nullable: true, description: "Last day of these rows; null as `firstDay`." })
  lastDay!: string | null;
}

@ObjectType({ simpleResolvers: true, description: "What was written of a table when, from what and why." })
export class ModelBuild {
  @Field(() => Int, {
    description: "The version of the table; the snapshot that shows it has this number or a later one.",
  })
  version!: number;

  @Field(() => ID, { description: "The run that wrote it." })
  runId!: string;

  @Field(() => DateTime, { description: "When." })
  writtenAt!: Date;

  @Field(() => Boolean, {
    description: "Whether all of the table was written, or only what followed from changes.",
  })
  isWhole!: boolean;

  @Field(() => String, { description: "Why, e.g. changed: usage_daily." })
  reason!: string;

  @Field(() => String, { description: "Hash of the table's definition." })
  code!: string;

  @Field(() => String, { description: "Hash of the journey." })
  journeyVersion!: string;

  @Field(() => [BuildInput], { description: "What it was written from." })
  inputs!: BuildInput[];

  @Field(() => Float, {
    nullable: true,
    description: "Accounts of which rows came or went; null where rows are no account's.",
  })
  accounts!: number | null;

  @Field(() => LocalDate, {
    nullable: true,
    description: "First day of the rows that came or went; null where rows have no day.",
  })
  firstDay!: string | null;

  @Field(() => LocalDate, { nullable: true, description: "Last day of these rows; null as `firstDay`." })
  lastDay!: string | null;

  @Field(() => Float, { description: "Rows that came." })
  rowsAdded!: number;

  @Field(() => Float, { description: "Rows that went." })
  rowsEnded!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      "What its statements were billed for, checks included, in bytes; null where the engine bills for none.",
  })
  bytesBilled!: number | null;
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

  @Field(() => [ModelBuild], { description: "How it was written, the latest first." })
  builds!: ModelBuild[];

  @Field(() => Run, { nullable: true, description: "The latest run of the build that considered it." })
  lastRun!: Run | null;
}
