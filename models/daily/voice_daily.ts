import { addDays, least } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";
import { stgSurveyResponses } from "../staging/stg_survey_responses.js";
import { count, levelsOfSteps, minusOne, minusOneIf, monthlyRows, one, oneIf } from "./steps.js";

/** A response speaks for its user this long, or until the next one. */
const speaksForDays = 180;

const counts = { responses: "integer", score_sum: "integer" } as const;
const levels = { respondents: "integer", promoters: "integer", detractors: "integer" } as const;

const isPromoter = sql`score >= 9`;
const isDetractor = sql`score <= 6`;

export const voiceDaily = defineModel({
  name: "voice_daily",
  description: `One row per account and day on which a survey was answered or an answer grew older than ${speaksForDays} days. ${monthlyRows}`,
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    responses: count("responses", "Answers that day."),
    score_sum: count("score", "Sum of their scores."),
    respondents: count(
      "users",
      `Users with an answer within ${speaksForDays} days; holds until the next row.`,
    ),
    promoters: count("users", "Those whose latest answer is 9–10."),
    detractors: count("users", "Those whose latest answer is 0–6."),
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
  from ${ref(stgSurveyResponses, speaksForDays)}
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
),
${levelsOfSteps("voice_daily", { counts, levels, lastDays: {} }, [
  { from: sql`answers`, day: sql`day`, adds: { responses: one, score_sum: sql`score` } },
  {
    from: sql`spoken`,
    day: sql`day`,
    adds: {
      respondents: one,
      promoters: oneIf(isPromoter),
      detractors: oneIf(isDetractor),
    },
  },
  {
    from: sql`spoken`,
    day: sql`until_day`,
    adds: {
      respondents: minusOne,
      promoters: minusOneIf(isPromoter),
      detractors: minusOneIf(isDetractor),
    },
  },
])}`,
});
