import type { DayRow } from "../../journey/compile.js";
import { type Condition, factsOf, leavesOf, trendsOf } from "../../journey/conditions.js";
import type { ScoredFactName } from "../../journey/facts.js";
import { type Journey, repeats } from "../../journey/journey.js";
import { allFactsIn, isScoredFact } from "../../journey/own_facts.js";
import { addDays, daysBetween, orNever, toTenDecimals, weekOf } from "../../warehouse/dialect.js";
import { join, name, type Sql, sql, text } from "../../warehouse/sql.js";
import { accountFacts, factRow } from "../daily/account_facts.js";
import { upToAgo } from "../daily/timeline.js";
import { accountHealth } from "../health/account_health.js";
import { accountMilestones, milestoneStatusOn } from "../milestones/account_milestones.js";
import { ref } from "../model.js";
import { accountStages } from "../stages/account_stages.js";
import { accountTrends } from "../trends/account_trends.js";

/** Rows of accounts and days with all that signals may ask for, and how conditions read them. */
export interface ScoredDays {
  /** The CTEs that `from` reads. */
  readonly ctes: readonly Sql[];
  readonly from: Sql;
  readonly row: DayRow;
}

/**
 * Only what the conditions ask for is joined; the facts are read once, whatever their number. Each day with facts has a
 * stage and a score, and yet they are left joins: by these DuckDB expects as many rows as there are days, by inner ones a
 * hundred times as many, for which it cuts what follows into hundreds of pieces.
 * @param back days before the first that is built again, where only a part is
 */
export function scoredDays(journey: Journey, conditions: readonly Condition[], back = 0): ScoredDays {
  const leaves = conditions.flatMap(leavesOf);
  const asked = new Set(conditions.flatMap(factsOf));
  const trends = [...new Set(conditions.flatMap(trendsOf))];
  const milestones = [...new Set(leaves.flatMap((leaf) => ("milestone" in leaf ? [leaf.milestone] : [])))];
  const again = new Set(journey.milestones.filter(repeats).map(({ id }) => id));
  const needsHealth =
    leaves.some((leaf) => "band" in leaf) ||
    (["health_score", "health_coverage", "health_change_28d"] as const).some((fact) => asked.has(fact));
  const joins = [
    ...(leaves.some((leaf) => "stage" in leaf) || asked.has("days_in_stage")
      ? [sql`left join ${ref(accountStages, back)} as s on s.account_id = f.account_id and s.day = f.day`]
      : []),
    ...(needsHealth
      ? [sql`left join ${ref(accountHealth, back)} as h on h.account_id = f.account_id and h.day = f.day`]
      : []),
    ...(asked.has("health_change_28d")
      ? [
          sql`left join ${upToAgo(28, ref(accountHealth, back + 28))} as b on b.account_id = f.account_id and b.day = ${addDays(sql`f.day`, -28)}`,
        ]
      : []),
    ...trends.map((metric) => {
      const alias = name(`trend_${metric}`);
      // The last week that is complete at the end of the day.
      const week = addDays(weekOf(addDays(sql`f.day`, 1)), -7);
      return sql`left join ${ref(accountTrends, back + 13, "week")} as ${alias} on ${alias}.account_id = f.account_id and ${alias}.metric = ${text(metric)} and ${alias}.week = ${week}`;
    }),
    ...milestones.map((milestone) => {
      const alias = name(`milestone_${milestone}`);
      const own = sql`${alias}.account_id = f.account_id and ${alias}.milestone = ${text(milestone)}`;
      // Of a milestone that begins anew, the occurrence that the day belongs to: the latest that has begun.
      const current = again.has(milestone)
        ? sql` and ${alias}.started_on <= f.day and f.day < ${orNever(sql`${alias}.next_started_on`)}`
        : sql``;
      return sql`left join milestone_spans as ${alias} on ${own}${current}`;
    }),
  ];
  const scored: Record<ScoredFactName, Sql> = {
    days_in_stage: sql`(${daysBetween(sql`s.entered_on`, sql`f.day`)} + 1)`,
    health_score: sql`h.score`,
    health_coverage: sql`h.coverage`,
    health_change_28d: toTenDecimals(sql`(h.score - b.score)`),
  };
  return {
    ctes: milestones.length > 0 ? [spansSql(milestones)] : [],
    from: sql`${ref(accountFacts, back)} as f
  ${join(joins, "\n  ")}`,
    row: {
      ...factRow(journey),
      facts: allFactsIn(journey),
      fact: (id) => (isScoredFact(id) ? scored[id] : sql`f.${name(id)}`),
      stage: sql`s.stage`,
      band: sql`h.band`,
      trend: (metric, measure) => sql`${name(`trend_${metric}`)}.${name(measure)}`,
      reachedOn: (milestone) => sql`${name(`milestone_${milestone}`)}.reached_on`,
      statusOf: (milestone) => milestoneStatusOn(sql`f.day`, name(`milestone_${milestone}`)),
    },
  };
}

/** The occurrences of milestones, each with the start of the next. */
const spansSql = (milestones: readonly string[]): Sql => sql`milestone_spans as (
  select
    account_id,
    milestone,
    started_on,
    ended_on,
    reached_on,
    due_on,
    stuck_after,
    lead(started_on) over (partition by account_id, milestone order by occurrence) as next_started_on
  from ${ref(accountMilestones)}
  where milestone in (${milestones.map(text)})
)`;
