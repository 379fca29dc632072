import { Field, ID, ObjectType } from "type-graphql";

/** What everything in a journey has. */
@ObjectType({ simpleResolvers: true })
export abstract class Named {
  @Field(() => ID, { description: "Its id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => String, { nullable: true, description: "What it means." })
  description!: string | null;
}
