import { addDays, least } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";
import { stgSurveyResponses } from "../staging/stg_survey_responses.js";
import { minusOne, minusOneIf, ofLevel, one, oneIf, sumOfSteps } from "./steps.js";

/** A response speaks for its user this long, or until the next one. */
const speaksForDays = 180;

const measures = {
  responses: "integer",
  score_sum: "integer",
  respondents_change: "integer",
  promoters_change: "integer",
  detractors_change: "integer",
} as const;

const isPromoter = sql`score >= 9`;
const isDetractor = sql`score <= 6`;

export const voiceDaily = defineModel({
  name: "voice_daily",
  description: `One row per account and day on which a survey was answered or an answer grew older than ${speaksForDays} days.`,
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    responses: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "responses",
      description: "Answers that day.",
    },
    score_sum: { type: "integer", notNull: true, min: 0, unit: "score", description: "Sum of their scores." },
    respondents_change: {
      type: "integer",
      notNull: true,
      unit: "users",
      description: `Users with an answer within ${speaksForDays} days. ${ofLevel}`,
    },
    promoters_change: {
      type: "integer",
      notNull: true,
      unit: "users",
      description: `Those whose latest answer is 9–10. ${ofLevel}`,
    },
    detractors_change: {
      type: "integer",
      notNull: true,
      unit: "users",
      description: `Those whose latest answer is 0–6. ${ofLevel}`,
    },
  },
  byDay: true,
  query: () => sql`
with answers as (
  select
    account_id,
    day,
    score,
    row_number() over (
      partition by account_id, coalesce(user_id, concat('response ', response_id)), day
      order by responded_at desc, response_id desc
    ) as rank_of_day,
    coalesce(user_id, concat('response ', response_id)) as respondent
  from ${ref(stgSurveyResponses)}
  where is_usable
),
latest_of_day as (
  select
    account_id,
    day,
    score,
    lead(day) over (partition by account_id, respondent order by day) as next_day
  from answers
  where rank_of_day = 1
),
spoken as (
  select
    account_id,
    day,
    score,
    ${least(sql`coalesce(next_day, ${addDays(sql`day`, speaksForDays)})`, addDays(sql`day`, speaksForDays))} as until_day
  from latest_of_day
)
${sumOfSteps(measures, [
  { from: sql`answers`, day: sql`day`, adds: { responses: one, score_sum: sql`score` } },
  {
    from: sql`spoken`,
    day: sql`day`,
    adds: {
      respondents_change: one,
      promoters_change: oneIf(isPromoter),
      detractors_change: oneIf(isDetractor),
    },
  },
  {
    from: sql`spoken`,
    day: sql`until_day`,
    adds: {
      respondents_change: minusOne,
      promoters_change: minusOneIf(isPromoter),
      detractors_change: minusOneIf(isDetractor),
    },
  },
])}`,
});
