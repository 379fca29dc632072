import { Arg, Ctx, Int, Query, Resolver } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { ref } from "../models/model.js";
import { termOutcomes } from "../models/outcomes/term_outcomes.js";
import { AccountFilter } from "../schema/account.js";
import type { Estimate } from "../schema/estimate.js";
import { LocalDate } from "../schema/scalars.js";
import { Survival, SurvivalDimension, type SurvivalGroup } from "../schema/survival.js";
import { noFigure } from "../stats/estimate.js";
import { type Happening, kaplanMeier, logRank, medianOf, noTest, riskAt } from "../stats/survival.js";
import {
  addDays,
  ascending,
  cast,
  daysBetween,
  greatest,
  nullOf,
  periodOf,
  sumInteger,
} from "../warehouse/dialect.js";
import { bind, integer, type Sql, sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import type { Context } from "./context.js";
import { filterSql } from "./pages.js";
import { mustSee, type Reader } from "./reader.js";

/** Of fewer customers nothing is shown but how many they are. */
export const minGroup = 5;
const mostSteps = 400;
const mostGroups = 50;

@Resolver()
export class SurvivalResolver {
  @Query(() => Survival, {
    description: "How long customers stay: Kaplan–Meier curves by group, and whether the groups differ.",
  })
  survival(
    @Ctx() { reader }: Context,
    @Arg("every", () => Int, {
      defaultValue: 30,
      description: "Days between the steps that are shown, 1 or more.",
    })
    every: number,
    @Arg("by", () => SurvivalDimension, {
      nullable: true,
      description: "What to tell apart; nothing by default.",
    })
    by?: SurvivalDimension | null,
    @Arg("from", () => LocalDate, {
      nullable: true,
      description:
        "Only what was seen from this day on: customers of before enter late, so that nobody counts who had left. All by default.",
    })
    from?: string | null,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<Survival> {
    mustSee(reader, "survival", by ? [by] : []);
    return survivalOf(reader, { every, by: by ?? undefined, from: from ?? undefined, filter: filter ?? {} });
  }
}

/** Which customers' lives, told apart by what, and from when on they are seen. */
export interface LivesQuestion {
  readonly by: SurvivalDimension | undefined;
  readonly from?: string | undefined;
  readonly filter: AccountFilter;
}

interface SurvivalQuestion extends LivesQuestion {
  readonly every: number;
}

const columns = {
  life_group: { type: "string" },
  day: { type: "integer", notNull: true },
  entries: { type: "integer", notNull: true },
  events: { type: "integer", notNull: true },
  censored: { type: "integer", notNull: true },
} as const satisfies Columns;

/** One grouped statement counts who comes and who goes on each day of a customer's life; the curves are made of that. */
async function survivalOf(reader: Reader, question: SurvivalQuestion): Promise<Survival> {
  const { every, by } = question;
  if (every < 1) throw new WaymarkError("BAD_USER_INPUT", `survival: every is ${every}, expected 1 or more.`);
  const happened = await happenedIn(reader, "survival", question);
  const shown = [...happened.values()].filter((group) => customersIn(group) >= minGroup);
  const groups = [...happened].map(([group, happenings]) =>
    groupOf(group && nameOf(group, by), happenings, every),
  );
  const isWithheld = shown.length < 2 && shown.length < happened.size;
  return {
    groups,
    steps: groups.flatMap(({ steps }) => steps),
    difference: isWithheld
      ? noTest(`groups of fewer than ${minGroup} customers are withheld, and it takes two others`)
      : logRank(shown),
  };
}

/** Who came and who went on each day of a customer's life, by group. */
export async function happenedIn(
  reader: Reader,
  field: string,
  lives: LivesQuestion,
): Promise<Map<string | null, Happening[]>> {
  const rows = await reader.query(
    sql`
with ${livesCtes(reader, lives)},
happened as (
  select life_group, entry as day, 1 as entries, 0 as events, 0 as censored
  from lives
  union all
  select
    life_group,
    last_day as day,
    0 as entries,
    case when is_churned then 1 else 0 end as events,
    case when is_churned then 0 else 1 end as censored
  from lives
)
select
  life_group,
  day,
  ${sumInteger(sql`entries`)} as entries,
  ${sumInteger(sql`events`)} as events,
  ${sumInteger(sql`censored`)} as censored
from happened
group by life_group, day
order by ${ascending(sql`life_group`)}, day`,
    columns,
  );
  const groups = new Map<string | null, Happening[]>();
  for (const { life_group, day, ...counts } of rows) {
    const group = groups.get(life_group) ?? [];
    groups.set(life_group, group);
    group.push({ time: day, ...counts });
  }
  if (groups.size > mostGroups)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `${field}: there are ${groups.size} groups, expected at most ${mostGroups}. Leave some out with filter.`,
    );
  return groups;
}

/**
 * CTEs, of which `lives` has one row per customer: from the day of its life on which it was first seen (`entry`) to that
 * of its first churn, or on which it was last seen as a customer (`last_day`).
 */
export function livesCtes(reader: Reader, { by, from, filter }: LivesQuestion): Sql {
  const group: Sql = by
    ? {
        [SurvivalDimension.SEGMENT]: sql`segment`,
        [SurvivalDimension.REGION]: sql`region`,
        [SurvivalDimension.START_YEAR]: cast(periodOf(sql`customer_since`, "year"), "string"),
      }[by]
    : nullOf("string");
  const through = bind("date", reader.snapshot.dataThrough);
  const entry = from
    ? greatest(daysBetween(sql`c.customer_since`, bind("date", from)), integer(0))
    : integer(0);
  return sql`ends as (
  select
    account_id,
    min(case when outcome = 'churned' then ended_on end) as churned_on,
    min(case when outcome = 'undecided' then ended_on end) as undecided_on
  from ${ref(termOutcomes)}
  group by account_id
),
customers as (
  select account_id, customer_since, ${group} as life_group
  from ${ref(accountLatest)}
  where customer_since <= ${through} and ${filterSql(filter, reader)}
),
all_lives as (
  select
    c.account_id as account_id,
    c.customer_since as customer_since,
    c.life_group as life_group,
    ${entry} as entry,
    ${daysBetween(sql`c.customer_since`, sql`coalesce(e.churned_on, e.undecided_on, ${addDays(through, 1)})`)} as last_day,
    e.churned_on is not null as is_churned
  from customers as c
  left join ends as e on e.account_id = c.account_id
),
lives as (
  select * from all_lives where last_day > entry
)`;
}

export const customersIn = (group: readonly Happening[]): number =>
  group.reduce((n, { entries }) => n + entries, 0);

/** A year is named by its first day in SQL. */
export const nameOf = (group: string, by: SurvivalDimension | undefined): string =>
  by === SurvivalDimension.START_YEAR ? group.slice(0, 4) : group;

function groupOf(group: string | null, happenings: readonly Happening[], every: number): SurvivalGroup {
  const customers = customersIn(happenings);
  const churned = happenings.reduce((n, { events }) => n + events, 0);
  if (customers < minGroup)
    return { group, customers, churned, medianDays: noFigure(`fewer than ${minGroup} customers`), steps: [] };
  const curve = kaplanMeier(happenings);
  const at = riskAt(happenings);
  const last = Math.max(...happenings.map(({ time }) => time));
  const days = Array.from({ length: Math.min(mostSteps, Math.floor(last / every)) + 1 }, (_, i) => i * every);
  const steps = days.map((day) => {
    const { share, from, to } = curve.findLast(({ time }) => time <= day) ?? {
      share: 1,
      from: null,
      to: null,
    };
    // Nobody is at risk before day 0 is over.
    return { group, day, atRisk: at(day || 0.5).atRisk, share, from, to };
  });
  // Before the first enters, there is nobody to tell of.
  const begun = steps.findIndex(({ atRisk }) => atRisk > 0);
  return {
    group,
    customers,
    churned,
    medianDays: finite(medianOf(curve)),
    steps: begun < 0 ? [] : steps.slice(begun),
  };
}

/** What has no end is null to callers: JSON has no infinity. */
export const finite = (estimate: Estimate): Estimate => ({
  ...estimate,
  to: estimate.to === Number.POSITIVE_INFINITY ? null : estimate.to,
});
