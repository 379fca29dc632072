import type { GraphQLResolveInfo } from "graphql";
import { Temporal } from "temporal-polyfill";
import { Arg, Ctx, FieldResolver, Info, Int, Query, Resolver, Root, Subscription } from "type-graphql";
import { didYouMean, WaymarkError } from "../errors.js";
import type { Snapshot } from "../jobs/ledger.js";
import { type RowOf, ref } from "../models/model.js";
import { accountSignals } from "../models/signals/account_signals.js";
import { Account } from "../schema/account.js";
import { AccountSignal, SignalFilter, SignalPage } from "../schema/signal.js";
import { inArray } from "../warehouse/dialect.js";
import { bind, join, name, type Sql, sql } from "../warehouse/sql.js";
import { accountNamed } from "./account.js";
import type { Context } from "./context.js";
import { tellHappenings } from "./happenings.js";
import { signalOf } from "./journey_words.js";
import { listPage } from "./lists.js";
import { openedSince } from "./news.js";
import { ofAccounts } from "./pages.js";
import { formerRows, type Reader } from "./reader.js";
import { reasonTold } from "./reasons.js";

@Resolver(() => AccountSignal)
export class SignalResolver {
  @Query(() => SignalPage, { description: "Signals of all accounts, the latest opened first." })
  async accountSignals(
    @Ctx() { reader }: Context,
    @Arg("first", () => Int, { defaultValue: 100, description: "How many, 1 to 1000." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "Go on behind this cursor." })
    after?: string | null,
    @Arg("filter", () => SignalFilter, {
      nullable: true,
      description: "Only these; the open ones by default.",
    })
    filter?: SignalFilter | null,
  ): Promise<SignalPage> {
    const { rows, pageInfo } = await listPage(
      reader,
      {
        field: "accountSignals",
        rows: sql`select ${Object.keys(accountSignals.columns).map(name)} from ${ref(accountSignals)} where ${filterSql(filter ?? { isOpen: true }, reader)}`,
        columns: accountSignals.columns,
        order: [
          { column: "opened_on", type: "date", isDescending: true },
          { column: "account_id", type: "string" },
          { column: "signal", type: "string" },
        ],
      },
      first,
      after,
    );
    return { nodes: rows.flatMap((row) => accountSignalOf(row, reader.snapshot)), pageInfo };
  }

  @Subscription(() => AccountSignal, {
    description: "Each signal that a new snapshot is the first to have open.",
    subscribe: ({ context, args: { filter } }: { context: Context; args: { filter?: SignalFilter } }) =>
      tellHappenings(context, async ({ context: { reader }, before }) => {
        if (!before) return [];
        const former = formerRows(accountSignals, before, reader.snapshot);
        const rows = await reader.query(
          sql`
select ${Object.keys(accountSignals.columns).map(name)}
from (select s.* from ${ref(accountSignals)} as s where ${openedSince(before, former)}) as opened
where ${filterSql(filter ?? {}, reader)}
order by opened_on, account_id, signal`,
          accountSignals.columns,
        );
        return rows.flatMap((row) => accountSignalOf(row, reader.snapshot));
      }),
  })
  signalOpened(
    @Root() signal: AccountSignal,
    @Arg("filter", () => SignalFilter, { nullable: true, description: "Only these." })
    _filter?: SignalFilter | null,
  ): AccountSignal {
    return signal;
  }

  @FieldResolver(() => Account, { description: "Whose it is." })
  account(
    @Root() { accountId }: AccountSignal,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Account | null> {
    return accountNamed(accountId, context, info);
  }

  @FieldResolver(() => String, {
    description:
      "Why it opened, with the values of that day: what was the case, against which bound, how long.",
  })
  async reason(
    @Root() { accountId, signal, openedOn }: AccountSignal,
    @Ctx() context: Context,
  ): Promise<string> {
    const { journey } = context.reader.snapshot.words;
    const definition = journey.signals.find((s) => s.id === signal.id);
    if (!definition) return signal.condition;
    return reasonTold(definition, { id: accountId, day: openedOn }, context);
  }
}

@Resolver(() => Account)
export class AccountSignalsResolver {
  @FieldResolver(() => [AccountSignal], { description: "Its signals, the latest opened first." })
  async signals(
    @Root() { id }: Account,
    @Ctx() { load, reader }: Context,
    @Arg("isOpen", () => Boolean, {
      defaultValue: true,
      nullable: true,
      description: "Whether they are open on the last day of the data; null = all that ever were.",
    })
    isOpen: boolean | null,
  ): Promise<AccountSignal[]> {
    const rows = await load.signals.load(id);
    return rows
      .filter((row) => isOpen === null || (row.closed_on === null) === isOpen)
      .flatMap((row) => accountSignalOf(row, reader.snapshot));
  }
}

/** A row as the API shows it; a list, as an account may have rows of signals that the journey no longer names. */
function accountSignalOf(
  row: RowOf<typeof accountSignals>,
  { words, dataThrough }: Snapshot,
): AccountSignal[] {
  const { journey } = words;
  const opened = Temporal.PlainDate.from(row.opened_on);
  const signal = journey.signals.find((s) => s.id === row.signal);
  if (!signal) return [];
  return [
    {
      accountId: row.account_id,
      signal: signalOf(journey, signal),
      heldFrom: row.held_from,
      openedOn: row.opened_on,
      closedOn: row.closed_on,
      days: row.closed_on ? opened.until(row.closed_on).days : opened.until(dataThrough).days + 1,
    },
  ];
}

function filterSql(filter: SignalFilter, reader: Reader): Sql {
  const known = reader.snapshot.words.journey.signals.map((s) => s.id);
  const unknown = filter.signal?.find((id) => !known.includes(id));
  if (unknown !== undefined)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `accountSignals: there is no signal "${unknown}".${didYouMean(unknown, known)}`,
    );
  const anyOf = (column: string, values: readonly string[] | null | undefined): Sql[] =>
    values ? [inArray(name(column), bind("string[]", values))] : [];
  return join(
    [
      ...anyOf("signal", filter.signal),
      ...anyOf("kind", filter.kind),
      ...anyOf("severity", filter.severity),
      ...(filter.isOpen === null || filter.isOpen === undefined
        ? []
        : [filter.isOpen ? sql`closed_on is null` : sql`closed_on is not null`]),
      ...(filter.openedFrom ? [sql`opened_on >= ${bind("date", filter.openedFrom)}`] : []),
      ofAccounts(filter.accounts, reader, sql`account_id`),
    ],
    " and ",
  );
}
