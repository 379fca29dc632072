import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import { ref } from "../models/model.js";
import { accountTouchpoints } from "../models/touchpoints/account_touchpoints.js";
import { Account, AccountFilter } from "../schema/account.js";
import { AccountTouchpoint, type TouchpointStatus, TouchpointSummary } from "../schema/touchpoint.js";
import { countIf } from "../warehouse/dialect.js";
import { sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import type { Context } from "./context.js";
import { plannedOf } from "./journey_words.js";
import { ofAccounts } from "./pages.js";

@Resolver(() => Account)
export class TouchpointResolver {
  @FieldResolver(() => [AccountTouchpoint], {
    description: "The contacts that the journey plans for it, with why, by due day; those of past stays too.",
  })
  async touchpointPlan(
    @Root() { id }: Account,
    @Ctx() { load, reader }: Context,
  ): Promise<AccountTouchpoint[]> {
    const { journey } = reader.snapshot.words;
    const rows = await load.touchpoints.load(id);
    return rows.flatMap((row) => {
      const planned = journey.touchpoints.find((t) => t.id === row.touchpoint);
      if (!planned) return [];
      return {
        touchpoint: plannedOf(journey, planned),
        dueOn: row.due_on,
        doneOn: row.done_on,
        daysLate: row.days_late,
        status: row.status as TouchpointStatus,
      };
    });
  }
}

@Resolver()
export class TouchpointSummaryResolver {
  @Query(() => [TouchpointSummary], {
    description:
      "Every planned touchpoint and how it is kept to, in the journey's order; doneShare 0 = never done.",
  })
  async plannedTouchpoints(
    @Ctx() { reader }: Context,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<TouchpointSummary[]> {
    const rows = await reader.query(
      sql`
select
  touchpoint,
  ${countIf(sql`status = 'done'`)} as done,
  ${countIf(sql`status = 'done' and days_late > 0`)} as done_late,
  ${countIf(sql`status = 'due'`)} as due,
  ${countIf(sql`status = 'overdue'`)} as overdue,
  ${countIf(sql`status = 'missed'`)} as missed
from ${ref(accountTouchpoints)}
where ${ofAccounts(filter, reader, sql`account_id`)}
group by touchpoint`,
      columns,
    );
    const { journey } = reader.snapshot.words;
    return journey.touchpoints.map((planned) => {
      const row = rows.find((r) => r.touchpoint === planned.id);
      const { done = 0, done_late = 0, due = 0, overdue = 0, missed = 0 } = row ?? {};
      const fallenDue = done + overdue + missed;
      return {
        touchpoint: plannedOf(journey, planned),
        done,
        doneLate: done_late,
        due,
        overdue,
        missed,
        doneShare: fallenDue > 0 ? done / fallenDue : null,
      };
    });
  }
}

const n = { type: "integer", notNull: true } as const;
const columns = {
  touchpoint: { type: "string", notNull: true },
  done: n,
  done_late: n,
  due: n,
  overdue: n,
  missed: n,
} as const satisfies Columns;
