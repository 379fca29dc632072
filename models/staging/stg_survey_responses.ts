import { surveyResponses } from "../sources/index.js";
import { accounts } from "./accounts.js";
import { defineStaging } from "./staging.js";

export const stgSurveyResponses = defineStaging({
  source: surveyResponses,
  description: "NPS answers, one row per answer.",
  accounts,
  occurredAt: "responded_at",
});
