import { Field, InputType, Int } from "type-graphql";
import { LocalDate } from "./scalars.js";

@InputType({ description: "So many periods; one kind of them." })
export class LastPeriods {
  @Field(() => Int, { nullable: true, description: "Days." })
  days?: number | null;

  @Field(() => Int, { nullable: true, description: "Weeks, from Monday to Sunday." })
  weeks?: number | null;

  @Field(() => Int, { nullable: true, description: "Calendar months." })
  months?: number | null;

  @Field(() => Int, { nullable: true, description: "Calendar quarters." })
  quarters?: number | null;

  @Field(() => Int, { nullable: true, description: "Calendar years." })
  years?: number | null;
}

@InputType({
  description:
    "Days of the company's time zone, which `snapshot` tells: the last so many periods, or from a day to another.",
})
export class Range {
  @Field(() => LastPeriods, {
    nullable: true,
    description: "Up to the last complete one; up to the running one with `running`.",
  })
  last?: LastPeriods | null;

  @Field(() => LocalDate, { nullable: true, description: "First day." })
  from?: string | null;

  @Field(() => LocalDate, {
    nullable: true,
    description:
      "First day no longer counted; the day after the last day of the data by default, and at most.",
  })
  to?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      "Also the periods that are not complete: the running one, and those that `from` and `to` cut.",
  })
  running?: boolean;
}
