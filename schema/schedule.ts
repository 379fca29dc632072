import { Field, ObjectType } from "type-graphql";
import { DateTime } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "When this server builds the tables." })
export class Schedule {
  @Field(() => String, { description: "The times: cron, in UTC." })
  cron!: string;

  @Field(() => DateTime, { description: "When a build was due last." })
  dueAt!: Date;

  @Field(() => Boolean, {
    description: "Whether none has begun since, though more than two minutes have passed.",
  })
  isMissed!: boolean;

  @Field(() => DateTime, { description: "When it builds next: as scheduled, or sooner as a further try." })
  nextAt!: Date;
}
