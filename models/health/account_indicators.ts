import type { Indicator, Journey } from "../../journey/journey.js";
import { join, name, number, type Sql, sql, text } from "../../warehouse/sql.js";
import { accountFacts, factAsNumber } from "../daily/account_facts.js";
import { accountKey, dayKey, defineModel, type ModelColumns, ref } from "../model.js";
import { accountStages } from "../stages/account_stages.js";

export const pointsOf = (indicator: string): string => `${indicator}_points`;
export const weightOf = (indicator: string): string => `${indicator}_weight`;

/** Wide, with weights beside points: a score explains itself from its row alone, whatever the journey says by then. */
export const accountIndicators = defineModel({
  name: "account_indicators",
  description:
    "One row per account and day with the points of every indicator and its weight in the account's stage. A contribution to the score is weight × points / sum of the weights that have points.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
  },
  companyColumns: ({ journey }): ModelColumns =>
    Object.fromEntries(
      journey.health.indicators.flatMap((i) => [
        [
          pointsOf(i.id),
          {
            type: "number",
            unit: "points",
            min: 0,
            max: 100,
            description: `${i.name}: points for ${i.fact}; null = no value.`,
          },
        ],
        [
          weightOf(i.id),
          {
            type: "number",
            notNull: true,
            unit: "weight",
            min: 0,
            description: `${i.name}: its weight in the account's stage that day; 0 where the stage is not scored.`,
          },
        ],
      ]),
    ),
  byDay: true,
  isHashed: true,
  query: ({ journey }) => sql`
select
  f.account_id as account_id,
  f.day as day,
  ${join(
    journey.health.indicators.flatMap((i) => [
      sql`${pointsSql(i)} as ${name(pointsOf(i.id))}`,
      sql`${weightSql(i, journey)} as ${name(weightOf(i.id))}`,
    ]),
    ",\n  ",
  )}
from ${ref(accountFacts, 0)} as f
inner join ${ref(accountStages, 0)} as s on s.account_id = f.account_id and s.day = f.day`,
});

/** Points for the fact of a row `f` of facts: straight lines between the scale's points, level beyond its ends. */
export function pointsSql({
  fact,
  scale,
  missing,
}: Pick<Indicator, "fact" | "missing"> & {
  readonly scale: readonly (readonly [value: number, points: number])[];
}): Sql {
  const value = factAsNumber(sql`f`, fact);
  const pieces = scale.slice(1).map(([x, points], i) => {
    const [x0, points0] = scale[i] as Indicator["scale"][number];
    return sql`when ${value} < ${number(x)} then ${number(points0)} + (${value} - ${number(x0)}) * ${number((points - points0) / (x - x0))}`;
  });
  const [first, last] = [scale[0] as [number, number], scale.at(-1) as [number, number]];
  return sql`case when f.${name(fact)} is null then ${missing === "zero" ? number(0) : sql`null`} when ${value} <= ${number(first[0])} then ${number(first[1])} ${join(pieces, " ")} else ${number(last[1])} end`;
}

function weightSql(indicator: Indicator, { stages }: Journey): Sql {
  const special = stages.flatMap((stage) => {
    const weight = stage.is_scored ? (indicator.weights?.[stage.id] ?? indicator.weight) : 0;
    return weight === indicator.weight ? [] : [sql`when ${text(stage.id)} then ${number(weight)}`];
  });
  return special.length > 0
    ? sql`case s.stage ${join(special, " ")} else ${number(indicator.weight)} end`
    : number(indicator.weight);
}
