import { conditionSql } from "../../journey/compile.js";
import { daysHeld } from "../../journey/conditions.js";
import { bands } from "../../journey/journey.js";
import { nullOf, safeDivide, toTenDecimals } from "../../warehouse/dialect.js";
import { join, name, number, type Sql, sql, text } from "../../warehouse/sql.js";
import { accountFacts } from "../daily/account_facts.js";
import { evidenceRow, milestoneEvidence } from "../milestones/milestone_evidence.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";
import { accountStages } from "../stages/account_stages.js";
import { accountIndicators, pointsOf, weightOf } from "./account_indicators.js";

/** As scores are, to ten decimals. */
const threshold = (value: number): Sql => number(Math.round(value * 1e10) / 1e10);

export const accountHealth = defineModel({
  name: "account_health",
  description:
    "One row per account and day: the health score, its band and how much of the evidence was there. Too little evidence gives no score: absence of data is never good health.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    stage: { type: "string", notNull: true, description: "The stage whose weights were used." },
    uncapped_score: {
      type: "number",
      unit: "points",
      min: 0,
      max: 100,
      description:
        "Sum of weight × points / sum of weight over the indicators that have a value, to ten decimals; null below the minimum coverage.",
    },
    cap: {
      type: "string",
      description: "The cap in force, that is the lowest that lowers the score; null = none.",
    },
    score: {
      type: "number",
      unit: "points",
      min: 0,
      max: 100,
      description:
        "The health score: uncapped_score, at most what the cap allows; null below the minimum coverage.",
    },
    coverage: {
      type: "number",
      unit: "share",
      min: 0,
      max: 1,
      description:
        "Weight of the indicators that had a value / all weight, to ten decimals; null in a stage that is not scored.",
    },
    band: {
      type: "string",
      notNull: true,
      oneOf: bands,
      description:
        "poor, average or good by the journey's thresholds, lower edge included; unknown without a score.",
    },
    journey_version: {
      type: "string",
      notNull: true,
      isProvenance: true,
      description: "Hash of the journey that made the row.",
    },
  },
  byDay: true,
  query: ({ journey }) => {
    const { indicators, bands: edges, min_coverage } = journey.health;
    const caps = [...journey.health.caps].sort((a, b) => a.at_most - b.at_most);
    const back = Math.max(0, ...caps.map((cap) => daysHeld(cap.when)));
    const row = { ...evidenceRow(journey), stage: sql`s.stage` };
    const mean = toTenDecimals(safeDivide(sql`weighted_points`, sql`weight_with_value`));
    const coverage = toTenDecimals(safeDivide(sql`weight_with_value`, sql`all_weight`));
    const sum = (terms: Sql[]): Sql => join(terms, "\n      + ");
    const capCase = (cap: (typeof caps)[number]): Sql =>
      sql`when uncapped_score > ${threshold(cap.at_most)} and ${name(`cap_${cap.id}`)} then ${text(cap.id)}`;
    const limitCase = (cap: (typeof caps)[number]): Sql =>
      sql`when ${text(cap.id)} then ${threshold(cap.at_most)}`;
    return sql`
with weighed as (
  select
    s.account_id as account_id,
    s.day as day,
    s.stage as stage,
    ${sum(indicators.map((i) => sql`coalesce(i.${name(weightOf(i.id))} * i.${name(pointsOf(i.id))}, 0e0)`))} as weighted_points,
    ${sum(indicators.map((i) => sql`case when i.${name(pointsOf(i.id))} is null then 0e0 else i.${name(weightOf(i.id))} end`))} as weight_with_value,
    ${sum(indicators.map((i) => sql`i.${name(weightOf(i.id))}`))} as all_weight${caps.length > 0 ? sql`,` : sql``}
    ${caps.map((cap) => sql`${conditionSql(cap.when, row)} as ${name(`cap_${cap.id}`)}`)}
  from ${ref(accountStages, back)} as s
  inner join ${ref(accountIndicators, back)} as i on i.account_id = s.account_id and i.day = s.day
  ${caps.length > 0 ? sql`inner join ${ref(accountFacts, back)} as f on f.account_id = s.account_id and f.day = s.day\n  left join ${ref(milestoneEvidence)} as e on e.account_id = s.account_id` : sql``}
),
scored as (
  select
    account_id,
    day,
    stage,
    ${coverage} as coverage,
    case
      when weight_with_value > 0 and ${coverage} >= ${threshold(min_coverage)}
      then ${mean}
    end as uncapped_score${caps.length > 0 ? sql`,` : sql``}
    ${caps.map((cap) => name(`cap_${cap.id}`))}
  from weighed
),
capped as (
  select
    account_id,
    day,
    stage,
    coverage,
    uncapped_score,
    ${caps.length > 0 ? sql`case ${join(caps.map(capCase), " ")} end` : nullOf("string")} as cap
  from scored
),
final as (
  select
    account_id,
    day,
    stage,
    coverage,
    uncapped_score,
    cap,
    ${caps.length > 0 ? sql`case cap ${join(caps.map(limitCase), " ")} else uncapped_score end` : sql`uncapped_score`} as score
  from capped
)
select
  account_id,
  day,
  stage,
  uncapped_score,
  cap,
  score,
  coverage,
  case
    when score is null then 'unknown'
    when score < ${threshold(edges.average_from)} then 'poor'
    when score < ${threshold(edges.good_from)} then 'average'
    else 'good'
  end as band,
  ${text(journey.version)} as journey_version
from final`;
  },
});
