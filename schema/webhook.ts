import { Field, ID, Int, ObjectType } from "type-graphql";
import { DateTime } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "How a webhook fares." })
export class Webhook {
  @Field(() => ID, { description: "Its name in waymark.yml." })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description: "Where it is, without the path; null = waymark.yml no longer has it.",
  })
  origin!: string | null;

  @Field(() => Int, { description: "Messages delivered." })
  delivered!: number;

  @Field(() => Int, { description: "Messages to be sent, or to be tried again." })
  pending!: number;

  @Field(() => Int, { description: "Messages given up." })
  dead!: number;

  @Field(() => DateTime, { nullable: true, description: "When it last took one; null = never." })
  lastDeliveredAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When the next is due; null = none is pending." })
  nextAttemptAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: "When those pending or dead last met an error; null = none did.",
  })
  lastFailedAt!: Date | null;

  @Field(() => String, { nullable: true, description: "Which error; null = none." })
  lastError!: string | null;
}

@ObjectType({ simpleResolvers: true, description: "A message that was given up." })
export class DeadLetter {
  @Field(() => ID, { description: "The message's id." })
  id!: string;

  @Field(() => ID, { description: "The webhook that did not take it." })
  webhook!: string;

  @Field(() => Int, { description: "How often it was tried." })
  attempts!: number;

  @Field(() => DateTime, { nullable: true, description: "When it was tried last." })
  lastAttemptAt!: Date | null;

  @Field(() => Int, { nullable: true, description: "The HTTP status then; null = no answer." })
  lastStatus!: number | null;

  @Field(() => String, { nullable: true, description: "What went wrong then." })
  lastError!: string | null;

  @Field(() => String, { description: "The message, as JSON text." })
  body!: string;
}
