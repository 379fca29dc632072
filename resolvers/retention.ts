import { Temporal } from "temporal-polyfill";
import { Arg, Ctx, Int, Query, Resolver } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { coverageDaily } from "../models/daily/coverage_daily.js";
import { ref } from "../models/model.js";
import { AccountFilter } from "../schema/account.js";
import { CohortCell, RetentionDimension, RetentionGrain, RetentionRow } from "../schema/retention.js";
import { ascending, countIf, least, nullOf, orNever, periodOf, safeDivide } from "../warehouse/dialect.js";
import { bind, integer, join, name, type Sql, sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import type { Context } from "./context.js";
import { filterSql, ofAccounts } from "./pages.js";
import { mustSee, type Reader } from "./reader.js";

/** Ten years of months. */
const mostPeriods = 120;

@Resolver()
export class RetentionResolver {
  @Query(() => [RetentionRow], {
    description:
      "Churn and revenue retention by period, each a row in the order of time and then of `by`, also where nobody left. Periods are whole: the last is the one whose end the data reaches.",
  })
  retention(
    @Ctx() { reader }: Context,
    @Arg("grain", () => RetentionGrain, {
      defaultValue: RetentionGrain.MONTH,
      description: "Length of a period.",
    })
    grain: RetentionGrain,
    @Arg("periods", () => Int, {
      defaultValue: 12,
      description: `How many periods up to the last whole one, 1 to ${mostPeriods}.`,
    })
    periods: number,
    @Arg("by", () => [RetentionDimension], {
      nullable: true,
      description: "What to tell apart; none by default.",
    })
    by?: RetentionDimension[] | null,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<RetentionRow[]> {
    mustSee(reader, "retention", by ?? []);
    return retentionRows(
      reader,
      lastPeriods("retention", grain, periods, reader),
      grain,
      by ?? [],
      filter ?? {},
    );
  }

  @Query(() => [CohortCell], {
    description:
      "The triangle of cohorts: how many of those that became customers in each period are customers after each period since, in the order of cohort and age.",
  })
  cohorts(
    @Ctx() { reader }: Context,
    @Arg("grain", () => RetentionGrain, {
      defaultValue: RetentionGrain.QUARTER,
      description: "Length of a period.",
    })
    grain: RetentionGrain,
    @Arg("periods", () => Int, {
      defaultValue: 12,
      description: `How many cohorts up to the last whole period, 1 to ${mostPeriods}.`,
    })
    periods: number,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<CohortCell[]> {
    return cohortCells(reader, lastPeriods("cohorts", grain, periods, reader), grain, filter ?? {});
  }
}

interface Period {
  readonly from: string;
  readonly to: string;
}

const monthsOf: Record<RetentionGrain, number> = {
  [RetentionGrain.MONTH]: 1,
  [RetentionGrain.QUARTER]: 3,
  [RetentionGrain.YEAR]: 12,
};

/** The last whole periods, the oldest first: on the day after each the data tells who is a customer. */
function lastPeriods(field: string, grain: RetentionGrain, n: number, { snapshot }: Reader): Period[] {
  if (n < 1 || n > mostPeriods)
    throw new WaymarkError("BAD_USER_INPUT", `${field}: periods is ${n}, expected 1 to ${mostPeriods}.`);
  const months = monthsOf[grain];
  const day = Temporal.PlainDate.from(snapshot.dataThrough);
  const end = day.with({ day: 1, month: day.month - ((day.month - 1) % months) });
  return Array.from({ length: n }, (_, i) => ({
    from: end.subtract({ months: months * (n - i) }).toString(),
    to: end.subtract({ months: months * (n - i - 1) }).toString(),
  }));
}

/** Who is a customer on some days, with its MRR: a row per account and day. */
const customersOn = (days: readonly string[]): Sql => sql`
  select d.day as day, s.account_id as account_id, s.mrr as mrr
  from (${join(
    days.map((day) => sql`select ${bind("date", day)} as day`),
    " union all ",
  )}) as d
  inner join (
    select account_id, day, ${orNever(sql`lead(day) over (partition by account_id order by day)`)} as next_day, paid_contracts, mrr
    from ${ref(coverageDaily)}
  ) as s on s.day <= d.day and d.day < s.next_day
  where s.paid_contracts > 0`;

const retentionColumns = {
  from_day: { type: "date", notNull: true },
  to_day: { type: "date", notNull: true },
  segment: { type: "string" },
  region: { type: "string" },
  cohort: { type: "date" },
  customers: { type: "integer", notNull: true },
  churned: { type: "integer", notNull: true },
  churn_rate: { type: "number" },
  arrived: { type: "integer", notNull: true },
  reactivated: { type: "integer", notNull: true },
  mrr: { type: "decimal" },
  churned_mrr: { type: "decimal" },
  contraction_mrr: { type: "decimal" },
  expansion_mrr: { type: "decimal" },
  arrived_mrr: { type: "decimal" },
  reactivated_mrr: { type: "decimal" },
  net_revenue_retention: { type: "number" },
  gross_revenue_retention: { type: "number" },
  unpriced: { type: "integer", notNull: true },
} as const satisfies Columns;

/** One grouped statement over who is a customer on the first day of each period and on the first after it. */
async function retentionRows(
  reader: Reader,
  periods: readonly Period[],
  grain: RetentionGrain,
  by: readonly RetentionDimension[],
  filter: AccountFilter,
): Promise<RetentionRow[]> {
  const keys = [...new Set(by)];
  const values: Record<RetentionDimension, Sql> = {
    [RetentionDimension.SEGMENT]: sql`a.segment`,
    [RetentionDimension.REGION]: sql`a.region`,
    [RetentionDimension.COHORT]: periodOf(sql`a.customer_since`, grain),
  };
  const told = Object.values(RetentionDimension).map((key) =>
    keys.includes(key)
      ? sql`${values[key]} as ${name(key)}`
      : sql`${nullOf(retentionColumns[key].type)} as ${name(key)}`,
  );
  const days = [...new Set(periods.flatMap(({ from, to }) => [from, to]))];
  const dimensions = Object.values(RetentionDimension).map(name);
  const sumIf = (condition: Sql, value: Sql): Sql => sql`sum(case when ${condition} then ${value} end)`;
  const priced = sql`was and mrr_before is not null and (not remains or mrr_after is not null)`;
  const [stayed, left] = [sql`${priced} and remains`, sql`${priced} and not remains`];
  // A period without anybody is a row; a group without anybody is none.
  const kind = keys.length > 0 ? sql`inner` : sql`left`;
  const count = (column: string): Sql => sql`coalesce(c.${name(column)}, 0) as ${name(column)}`;
  const amount = (column: string): Sql =>
    sql`case when c.mrr is not null then coalesce(c.${name(column)}, 0) end as ${name(column)}`;
  const rows = await reader.query(
    sql`
with periods as (
  ${join(
    periods.map(
      ({ from, to }) => sql`select ${bind("date", from)} as from_day, ${bind("date", to)} as to_day`,
    ),
    " union all ",
  )}
),
customers as (${customersOn(days)}
),
ends as (
  select p.from_day as from_day, p.to_day as to_day, c.account_id as account_id, true as was, false as remains, c.mrr as mrr_before, ${nullOf("decimal")} as mrr_after
  from periods as p
  inner join customers as c on c.day = p.from_day
  union all
  select p.from_day, p.to_day, c.account_id, false, true, ${nullOf("decimal")}, c.mrr
  from periods as p
  inner join customers as c on c.day = p.to_day
),
followed as (
  select
    from_day, to_day, account_id,
    max(case when was then 1 else 0 end) = 1 as was,
    max(case when remains then 1 else 0 end) = 1 as remains,
    max(mrr_before) as mrr_before,
    max(mrr_after) as mrr_after
  from ends
  group by from_day, to_day, account_id
),
placed as (
  select
    f.from_day as from_day, f.to_day as to_day, f.was as was, f.remains as remains, f.mrr_before as mrr_before, f.mrr_after as mrr_after,
    a.customer_since >= f.from_day as is_new, ${told}
  from followed as f
  inner join ${ref(accountLatest)} as a on a.account_id = f.account_id
  where ${ofAccounts(filter, reader, sql`f.account_id`)}
),
counted as (
  select
    from_day, to_day, ${dimensions},
    ${countIf(sql`was`)} as customers,
    ${countIf(sql`was and not remains`)} as churned,
    ${countIf(sql`not was and remains and is_new`)} as arrived,
    ${countIf(sql`not was and remains and not is_new`)} as reactivated,
    ${sumIf(priced, sql`mrr_before`)} as mrr,
    ${sumIf(left, sql`mrr_before`)} as churned_mrr,
    ${sumIf(sql`${stayed} and mrr_after < mrr_before`, sql`mrr_before - mrr_after`)} as contraction_mrr,
    ${sumIf(sql`${stayed} and mrr_after > mrr_before`, sql`mrr_after - mrr_before`)} as expansion_mrr,
    ${sumIf(sql`not was and remains and is_new`, sql`mrr_after`)} as arrived_mrr,
    ${sumIf(sql`not was and remains and not is_new`, sql`mrr_after`)} as reactivated_mrr,
    ${sumIf(stayed, sql`mrr_after`)} as mrr_after,
    ${sumIf(stayed, least(sql`mrr_before`, sql`mrr_after`))} as mrr_kept,
    ${countIf(sql`was and not (${priced})`)} as unpriced
  from placed
  group by from_day, to_day, ${dimensions}
)
select
  p.from_day as from_day,
  p.to_day as to_day,
  ${dimensions.map((d) => sql`c.${d} as ${d}`)},
  ${["customers", "churned", "arrived", "reactivated", "unpriced"].map(count)},
  ${safeDivide(sql`c.churned`, sql`c.customers`)} as churn_rate,
  c.mrr as mrr,
  ${["churned_mrr", "contraction_mrr", "expansion_mrr"].map(amount)},
  c.arrived_mrr as arrived_mrr,
  c.reactivated_mrr as reactivated_mrr,
  ${safeDivide(sql`coalesce(c.mrr_after, 0)`, sql`c.mrr`)} as net_revenue_retention,
  ${safeDivide(sql`coalesce(c.mrr_kept, 0)`, sql`c.mrr`)} as gross_revenue_retention
from periods as p
${kind} join counted as c on c.from_day = p.from_day
order by p.from_day, ${dimensions.map((d) => ascending(sql`c.${d}`))}`,
    retentionColumns,
  );
  return rows.map((row) => ({
    from: row.from_day,
    to: row.to_day,
    segment: row.segment,
    region: row.region,
    cohort: row.cohort,
    customers: row.customers,
    churned: row.churned,
    churnRate: row.churn_rate,
    arrived: row.arrived,
    reactivated: row.reactivated,
    mrr: row.mrr,
    churnedMrr: row.churned_mrr,
    contractionMrr: row.contraction_mrr,
    expansionMrr: row.expansion_mrr,
    arrivedMrr: row.arrived_mrr,
    reactivatedMrr: row.reactivated_mrr,
    netRevenueRetention: row.net_revenue_retention,
    grossRevenueRetention: row.gross_revenue_retention,
    unpriced: row.unpriced,
  }));
}

const cohortColumns = {
  cohort: { type: "date", notNull: true },
  age: { type: "integer", notNull: true },
  day: { type: "date", notNull: true },
  size: { type: "integer", notNull: true },
  customers: { type: "integer", notNull: true },
  share: { type: "number", notNull: true },
  mrr: { type: "decimal" },
} as const satisfies Columns;

async function cohortCells(
  reader: Reader,
  periods: readonly Period[],
  grain: RetentionGrain,
  filter: AccountFilter,
): Promise<CohortCell[]> {
  return reader.query(
    sql`
with periods as (
  ${join(
    periods.map(
      ({ from, to }, n) =>
        sql`select ${bind("date", from)} as from_day, ${bind("date", to)} as to_day, ${integer(n)} as n`,
    ),
    " union all ",
  )}
),
cells as (
  select born.from_day as cohort, seen.to_day as day, seen.n - born.n as age
  from periods as born
  inner join periods as seen on seen.n >= born.n
),
members as (
  select account_id, ${periodOf(sql`customer_since`, grain)} as cohort
  from ${ref(accountLatest)}
  where customer_since is not null and ${filterSql(filter, reader)}
),
sizes as (
  select cohort, count(*) as size from members group by cohort
),
customers as (${customersOn(periods.map(({ to }) => to))}
),
counted as (
  select m.cohort as cohort, c.day as day, count(*) as customers, sum(c.mrr) as mrr
  from members as m
  inner join customers as c on c.account_id = m.account_id
  group by m.cohort, c.day
)
select
  e.cohort as cohort,
  e.age as age,
  e.day as day,
  s.size as size,
  coalesce(c.customers, 0) as customers,
  ${safeDivide(sql`coalesce(c.customers, 0)`, sql`s.size`)} as share,
  c.mrr as mrr
from cells as e
inner join sizes as s on s.cohort = e.cohort
left join counted as c on c.cohort = e.cohort and c.day = e.day
order by e.cohort, e.age`,
    cohortColumns,
  );
}
