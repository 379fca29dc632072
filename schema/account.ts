import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import type { accountLatest } from "../models/accounts/account_latest.js";
import type { RowOf } from "../models/model.js";
import { accounts } from "../models/staging/accounts.js";
import { column, fact } from "./describe.js";
import { Band } from "./health.js";
import { Decimal, LocalDate } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "An attribute that the company has given its accounts." })
export class Attribute {
  @Field(() => String, { description: "Its name in waymark.yml." })
  name!: string;

  @Field(() => String, { nullable: true, description: "The account's current value." })
  value!: string | null;
}

@ObjectType({ simpleResolvers: true, description: "A fact of an account on the last day of the data." })
export class FactValue {
  @Field(() => String, { description: "The fact, by the name that journeys use." })
  name!: string;

  @Field(() => Float, {
    nullable: true,
    description: "Its value, yes/no as 1/0; null = not measured, or a source it needs is not mapped.",
  })
  value!: number | null;

  @Field(() => String, { description: "Its unit." })
  unit!: string;

  @Field(() => String, { description: "What it means." })
  description!: string;
}

@ObjectType({
  description: "A customer or prospect, with its facts, stage and health on the last day of the data.",
})
export class Account {
  /** The row behind it; fields that need more ask the loaders. */
  row!: RowOf<typeof accountLatest> & Record<string, unknown>;

  @Field(() => ID, column(accounts, "account_id"))
  id!: string;

  @Field(() => String, column(accounts, "name"))
  name!: string;

  @Field(() => LocalDate, column(accounts, "created_on"))
  createdOn!: string | null;

  @Field(() => LocalDate, column(accounts, "customer_since"))
  customerSince!: string | null;

  @Field(() => String, column(accounts, "segment"))
  segment!: string | null;

  @Field(() => String, column(accounts, "region"))
  region!: string | null;

  @Field(() => String, column(accounts, "owner"))
  owner!: string | null;

  @Field(() => Boolean, fact("is_customer"))
  isCustomer!: boolean | null;

  @Field(() => Decimal, fact("mrr"))
  mrr!: string | null;

  @Field(() => Int, fact("seats"))
  seats!: number | null;

  @Field(() => Int, fact("days_to_renewal"))
  daysToRenewal!: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description: "An account in a list, with the place from which the list goes on.",
})
export class AccountEdge {
  @Field(() => String, { description: "Give it as `after` to go on behind this account." })
  cursor!: string;

  @Field(() => Account, { description: "The account." })
  node!: Account;
}

@ObjectType({ simpleResolvers: true, description: "Where a page stands in its list." })
export class PageInfo {
  @Field(() => Boolean, { description: "Whether more accounts follow." })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: "Whether the page begins behind a cursor." })
  hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: "Cursor of the page's first account; null on an empty page.",
  })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Cursor of its last account: the next page's `after`.",
  })
  endCursor!: string | null;
}

@ObjectType({ description: "A page of accounts, as the Relay connection specification has it." })
export class AccountConnection {
  filter!: AccountFilter;

  @Field(() => [AccountEdge], { description: "The accounts with their cursors." })
  edges!: AccountEdge[];

  @Field(() => [Account], { description: "The accounts." })
  nodes!: Account[];

  @Field(() => PageInfo, { description: "Where the page stands." })
  pageInfo!: PageInfo;
}

@InputType({ description: "The account's own attribute has one of these values." })
export class AttributeFilter {
  @Field(() => String, { description: "Its name in waymark.yml." })
  name!: string;

  @Field(() => [String], { description: "The values." })
  in!: string[];
}

@InputType({ description: "Accounts that fulfil all that is given; a list means any of its values." })
export class AccountFilter {
  @Field(() => [ID], { nullable: true, description: "These accounts." })
  ids?: string[] | null;

  @Field(() => String, { nullable: true, description: "Part of the name, in any case." })
  search?: string | null;

  @Field(() => [String], { nullable: true, description: "In one of these stages, by id." })
  stage?: string[] | null;

  @Field(() => [Band], { nullable: true, description: "In one of these bands." })
  band?: Band[] | null;

  @Field(() => [String], { nullable: true, description: "In one of these segments." })
  segment?: string[] | null;

  @Field(() => [String], { nullable: true, description: "In one of these regions." })
  region?: string[] | null;

  @Field(() => [String], { nullable: true, description: "Looked after by one of these." })
  owner?: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      "Whether a paid contract covers the last day; an account without facts that day counts as no.",
  })
  isCustomer?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: "Whether it is longer in its stage than expected." })
  isStuck?: boolean | null;

  @Field(() => Float, { nullable: true, description: "A score of at least this." })
  minScore?: number | null;

  @Field(() => Float, { nullable: true, description: "A score of at most this." })
  maxScore?: number | null;

  @Field(() => [AttributeFilter], { nullable: true, description: "By the company's own attributes." })
  attributes?: AttributeFilter[] | null;
}

export enum AccountOrderField {
  NAME = "name",
  SCORE = "score",
  MRR = "mrr",
  CREATED_ON = "created_on",
  RENEWAL = "days_to_renewal",
}
registerEnumType(AccountOrderField, { name: "AccountOrderField", description: "What a list is ordered by." });

export enum OrderDirection {
  ASC = "asc",
  DESC = "desc",
}
registerEnumType(OrderDirection, { name: "OrderDirection", description: "Which end comes first." });

@InputType({
  description: "Order of a list. Accounts without a value come last either way; equal ones follow by id.",
})
export class AccountOrder {
  @Field(() => AccountOrderField, { description: "By what.", defaultValue: AccountOrderField.NAME })
  field!: AccountOrderField;

  @Field(() => OrderDirection, { description: "Which end first.", defaultValue: OrderDirection.ASC })
  direction!: OrderDirection;
}
