import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { DateTime } from "./scalars.js";

export enum CheckSeverity {
  ERROR = "error",
  WARNING = "warning",
}
registerEnumType(CheckSeverity, {
  name: "CheckSeverity",
  description: "What a failing check brings about.",
  valuesConfig: {
    ERROR: { description: "Nothing is published." },
    WARNING: { description: "It is told, and the tables are published all the same." },
  },
});

@ObjectType({ description: "What a data check found." })
export class Check {
  /** By which its failing rows are found again; not part of the API. */
  kept!: { readonly keptIn: string; readonly model: string | null; readonly check: string };

  @Field(() => String, { description: "What was checked." })
  name!: string;

  @Field(() => [ID], { description: "The models whose tables it holds." })
  models!: string[];

  @Field(() => Boolean, { description: "Whether waymark.yml declares it; else it is Waymark's own." })
  isDeclared!: boolean;

  @Field(() => CheckSeverity, { description: "What its failing brings about." })
  severity!: CheckSeverity;

  @Field(() => Boolean, { description: "Whether it was asked, and no row fails it." })
  isPassed!: boolean;

  @Field(() => Int, {
    description:
      "Rows that fail it; 0 = none. Rows that fail an error are not published. Of a model's own rules: of the rows that the latest build of its table made.",
  })
  failingRows!: number;

  @Field(() => [String], { description: "Some of these rows, up to five, in words." })
  examples!: string[];

  @Field(() => String, { nullable: true, description: "Why it could not be asked; null where it was." })
  error!: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      "When it was asked; its result stands until the tables change. Null for what an earlier Waymark checked.",
  })
  checkedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "Since when it fails; null where it passes." })
  failingSince!: Date | null;
}
