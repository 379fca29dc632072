import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from "type-graphql";
import { didYouMean, WaymarkError } from "../errors.js";
import { factsIn } from "../journey/own_facts.js";
import { attributeColumn } from "../models/sources/source.js";
import {
  Account,
  AccountConnection,
  AccountFilter,
  AccountOrder,
  AccountOrderField,
  Attribute,
  FactValue,
  OrderDirection,
} from "../schema/account.js";
import { Contract } from "../schema/contract.js";
import type { Context } from "./context.js";
import type { AccountRow } from "./loaders.js";
import { accountPage, countAccounts } from "./pages.js";
import { selectionOf } from "./selection.js";

@Resolver(() => Account)
export class AccountResolver {
  @Query(() => Account, { nullable: true, description: "One account; null where there is none of this id." })
  async account(
    @Arg("id", () => ID, { description: "The account's id." }) id: string,
    @Ctx() { load }: Context,
  ): Promise<Account | null> {
    const row = await load.account.load(id);
    return row && accountOf(row);
  }

  @FieldResolver(() => [Attribute], {
    description: "All attributes that the company has given its accounts.",
  })
  attributes(@Root() { row }: Account, @Ctx() { reader }: Context): Attribute[] {
    return reader.snapshot.words.attributes.map((name) => ({ name, value: attributeIn(row, name) }));
  }

  @FieldResolver(() => String, { nullable: true, description: "One attribute's value." })
  attribute(
    @Arg("name", () => String, { description: "Its name in waymark.yml." }) name: string,
    @Root() { row }: Account,
    @Ctx() { reader }: Context,
  ): string | null {
    const known = reader.snapshot.words.attributes;
    if (!known.includes(name))
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `attribute: accounts have no attribute "${name}".${didYouMean(name, known)}`,
      );
    return attributeIn(row, name);
  }

  @FieldResolver(() => [FactValue], { description: "Facts on the last day of the data." })
  facts(
    @Root() { row }: Account,
    @Ctx() { reader }: Context,
    @Arg("names", () => [String], {
      nullable: true,
      description: "These, built-in or of the journey; all by default.",
    })
    names?: string[] | null,
  ): FactValue[] {
    const facts = factsIn(reader.snapshot.words.journey);
    return (names ?? Object.keys(facts)).map((name) => {
      const fact = facts[name];
      if (!fact)
        throw new WaymarkError(
          "BAD_USER_INPUT",
          `facts: there is no fact "${name}".${didYouMean(name, Object.keys(facts))}`,
        );
      return { name, value: numberOf(row[name]), unit: fact.unit, description: fact.description };
    });
  }

  @FieldResolver(() => [Contract], { description: "Its contracts and trials, by first day." })
  async contracts(@Root() { id }: Account, @Ctx() { load }: Context): Promise<Contract[]> {
    const rows = await load.contracts.load(id);
    return rows.map((row) => ({
      id: row.contract_id,
      startsOn: row.starts_on,
      endsOn: row.ends_on,
      renewsOn: row.renews_on,
      seats: row.seats,
      mrr: row.mrr,
      isTrial: row.is_trial,
      plan: row.plan,
      isCurrent: row.is_current,
    }));
  }
}

@Resolver(() => AccountConnection)
export class AccountConnectionResolver {
  @Query(() => AccountConnection, { description: "Accounts, a page at a time." })
  async accounts(
    @Arg("first", () => Int, { defaultValue: 20, description: "How many, 1 to 1000." }) first: number,
    @Ctx() { reader, load }: Context,
    @Arg("after", () => String, {
      nullable: true,
      description: "Go on behind this cursor; with the same orderBy.",
    })
    after?: string | null,
    @Arg("filter", () => AccountFilter, { nullable: true, description: "Only these." })
    filter?: AccountFilter | null,
    @Arg("orderBy", () => AccountOrder, { nullable: true, description: "By name by default." })
    orderBy?: AccountOrder | null,
  ): Promise<AccountConnection> {
    const order = orderBy ?? { field: AccountOrderField.NAME, direction: OrderDirection.ASC };
    const { rows, cursors, hasNextPage } = await accountPage(
      reader,
      filter ?? {},
      order,
      first,
      after ?? null,
    );
    for (const row of rows) load.account.prime(row.account_id, row);
    const nodes = rows.map(accountOf);
    return {
      filter: filter ?? {},
      nodes,
      edges: nodes.map((node, i) => ({ node, cursor: cursors[i] ?? "" })),
      pageInfo: {
        hasNextPage,
        hasPreviousPage: Boolean(after),
        startCursor: cursors[0] ?? null,
        endCursor: cursors.at(-1) ?? null,
      },
    };
  }

  @FieldResolver(() => Int, { description: "Accounts that fulfil the filter, on all pages." })
  totalCount(@Root() { filter }: AccountConnection, @Ctx() { reader }: Context): Promise<number> {
    return countAccounts(reader, filter);
  }
}

/**
 * The account that a row is about; null without one.
 * @param info where the row's account is sure to be there: what is asked of it, for its id alone is no reason to read it
 */
export async function accountNamed(
  id: string | null,
  { load }: Context,
  info?: GraphQLResolveInfo,
): Promise<Account | null> {
  if (id === null) return null;
  if (info && asksForIdAlone(info)) return { id } as Account;
  const row = await load.account.load(id);
  return row && accountOf(row);
}

/** By the nodes of a selection, which all rows of a list share, and no two executions. */
const idsAlone = new WeakMap<GraphQLResolveInfo["fieldNodes"], boolean>();

function asksForIdAlone(info: GraphQLResolveInfo): boolean {
  const known = idsAlone.get(info.fieldNodes) ?? selectionOf(info).every(({ name }) => name === "id");
  idsAlone.set(info.fieldNodes, known);
  return known;
}

export const accountOf = (row: AccountRow): Account => ({
  row,
  id: row.account_id,
  name: row.name,
  createdOn: row.created_on,
  customerSince: row.customer_since,
  segment: row.segment,
  region: row.region,
  owner: row.owner,
  isCustomer: row.is_customer,
  mrr: row.mrr,
  seats: row.seats,
  daysToRenewal: row.days_to_renewal,
});

const attributeIn = (row: AccountRow, attribute: string): string | null =>
  (row[attributeColumn(attribute)] as string | null | undefined) ?? null;

const numberOf = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value);
