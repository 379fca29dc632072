import { Arg, Ctx, Float, Query, Resolver } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { coverageDaily } from "../models/daily/coverage_daily.js";
import { ref } from "../models/model.js";
import { AccountFilter } from "../schema/account.js";
import { LifetimeValue } from "../schema/lifetime.js";
import { SurvivalDimension } from "../schema/survival.js";
import { type Estimate, figure, noFigure, type Point, pointAlone } from "../stats/estimate.js";
import { type Happening, kaplanMeier, medianOf, restrictedMean, riskAt } from "../stats/survival.js";
import { addDays, cast, daysBetween, greatest, least, orNever, sumInteger } from "../warehouse/dialect.js";
import { sql } from "../warehouse/sql.js";
import type { Context } from "./context.js";
import { mustSee, type Reader } from "./reader.js";
import { isHidden } from "./scope.js";
import {
  customersIn,
  finite,
  happenedIn,
  type LivesQuestion,
  livesCtes,
  minGroup,
  nameOf,
} from "./survival.js";

const daysPerMonth = 365.25 / 12;

@Resolver()
export class LifetimeResolver {
  @Query(() => [LifetimeValue], {
    description:
      "What a customer is worth: how long customers stay, as far as that was seen, times what they pay a month; by group, in the order of their names.",
  })
  lifetimeValue(
    @Ctx() { reader }: Context,
    @Arg("grossMargin", () => Float, {
      defaultValue: 1,
      description:
        "What is left of revenue, above 0 to 1; 1 = the value is revenue, not margin. Unit: share.",
    })
    grossMargin: number,
    @Arg("by", () => SurvivalDimension, {
      nullable: true,
      description: "What to tell apart; nothing by default.",
    })
    by?: SurvivalDimension | null,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<LifetimeValue[]> {
    mustSee(reader, "lifetimeValue", by ? [by] : []);
    if (!(grossMargin > 0 && grossMargin <= 1))
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `lifetimeValue(grossMargin: ${grossMargin}): expected a share above 0 and up to 1, e.g. 0.8.`,
      );
    return lifetimesOf(reader, { by: by ?? undefined, filter: filter ?? {} }, grossMargin);
  }
}

async function lifetimesOf(
  reader: Reader,
  question: LivesQuestion,
  grossMargin: number,
): Promise<LifetimeValue[]> {
  const groups = await happenedIn(reader, "lifetimeValue", question);
  const paid = await paidIn(reader, question);
  return [...groups].map(([group, happenings]) => {
    const averageMrr = paid.get(group) ?? null;
    const whyNone = isHidden(reader.scope, "mrr") ? "their MRR is hidden from you" : "their MRR is not known";
    return lifetimeOf(group && nameOf(group, question.by), happenings, averageMrr ?? whyNone, grossMargin);
  });
}

/** What customers of each group paid a month, over all days of their lives on which it is known. */
async function paidIn(reader: Reader, question: LivesQuestion): Promise<Map<string | null, number | null>> {
  const rows = await reader.query(
    sql`
with ${livesCtes(reader, question)},
spans as (
  select account_id, day, ${orNever(sql`lead(day) over (partition by account_id order by day)`)} as next_day, paid_contracts, mrr
  from ${ref(coverageDaily)}
),
seen as (
  select
    account_id,
    life_group,
    ${addDays(sql`customer_since`, sql`entry`)} as from_day,
    ${addDays(sql`customer_since`, sql`last_day`)} as to_day
  from lives
),
paid as (
  select
    l.life_group as life_group,
    ${cast(sql`s.mrr`, "number")} as mrr,
    ${daysBetween(greatest(sql`s.day`, sql`l.from_day`), least(sql`s.next_day`, sql`l.to_day`))} as days
  from seen as l
  inner join spans as s on s.account_id = l.account_id and s.day < l.to_day and s.next_day > l.from_day
  where s.paid_contracts > 0 and s.mrr is not null
)
select life_group, sum(mrr * days) as mrr_days, ${sumInteger(sql`days`)} as days
from paid
group by life_group`,
    {
      life_group: { type: "string" },
      mrr_days: { type: "number", notNull: true },
      days: { type: "integer", notNull: true },
    },
  );
  return new Map(rows.map((row) => [row.life_group, row.days > 0 ? row.mrr_days / row.days : null]));
}

/** @param paid what they paid a month on average, or why that isn't told */
function lifetimeOf(
  group: string | null,
  happenings: readonly Happening[],
  paid: number | string,
  grossMargin: number,
): LifetimeValue {
  const averageMrr = typeof paid === "number" ? paid : null;
  const customers = customersIn(happenings);
  const churned = happenings.reduce((n, { events }) => n + events, 0);
  const horizonDays = horizonOf(happenings);
  const said = { group, customers, churned, grossMargin };
  if (customers < minGroup || horizonDays === 0) {
    const none = noFigure(`fewer than ${minGroup} customers`);
    return {
      ...said,
      horizonDays: null,
      shareAtHorizon: null,
      medianDays: none,
      meanDays: none,
      averageMrr: null,
      value: none,
      words: `Nothing can be said of ${customers} customers.`,
    };
  }
  const curve = kaplanMeier(happenings);
  const meanDays = restrictedMean(curve, horizonDays);
  const shareAtHorizon = curve.findLast(({ time }) => time <= horizonDays)?.share ?? 1;
  const value = worth(meanDays, paid, grossMargin);
  const told = { ...said, horizonDays, shareAtHorizon, meanDays, averageMrr, value };
  return { ...told, medianDays: finite(medianOf(curve)), words: inWords(told) };
}

/** The last day of life up to which a group was seen: as many as may be shown were still there just before it. */
function horizonOf(happenings: readonly Happening[]): number {
  const at = riskAt(happenings);
  const times = happenings.map(({ time }) => time).filter((time) => at(time).atRisk >= minGroup);
  return Math.max(0, ...times);
}

function worth(meanDays: Estimate | Point, paid: number | string, grossMargin: number): Estimate | Point {
  if (typeof paid === "string") return noFigure(paid);
  if (meanDays.value === null) return meanDays;
  const of = (days: number): number => (days / daysPerMonth) * paid * grossMargin;
  const { value, from, to, why } = meanDays;
  return from === null ? pointAlone(of(value), why) : figure(of(value), of(from), of(to));
}

function inWords({
  meanDays,
  horizonDays,
  shareAtHorizon,
  averageMrr,
  value,
  grossMargin,
}: Pick<
  LifetimeValue,
  "meanDays" | "horizonDays" | "shareAtHorizon" | "averageMrr" | "value" | "grossMargin"
>): string {
  const stay = `Of their first ${horizonDays} days customers stay ${meanDays.value?.toFixed(0)} on average`;
  if (value.value === null || averageMrr === null) return `${stay}; ${value.why}.`;
  const margin =
    grossMargin === 1
      ? "all of it counted, as no margin was given"
      : `${(100 * grossMargin).toFixed(0)} % of it margin`;
  const left = shareAtHorizon ?? 0;
  const more =
    left > 0
      ? `; ${(100 * left).toFixed(0)} % are still there after that, so it is worth more than this`
      : "; nobody is left after that";
  const range = value.from === null ? value.why : `${value.from.toFixed(0)}–${value.to?.toFixed(0)}`;
  return `${stay} and pay ${averageMrr.toFixed(2)} a month, ${margin}: ${value.value.toFixed(0)} (${range})${more}.`;
}
