import { Float } from "type-graphql";
import { accountPeriodLevels } from "../../models/accounts/account_period_levels.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { safeDivide } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { columnOf, Dimension, levelOf, Measure, View } from "../view.js";

@View({
  field: "voice",
  model: accountFacts,
  ends: accountPeriodLevels,
  day: "day",
  description:
    "What people say in surveys: the latest response of each within 180 days, on the last day of each period. CSAT, which tickets are rated with, is in `support`.",
})
export class VoiceView {
  @Dimension(() => Boolean, columnOf(accountFacts, "is_customer"))
  isCustomer!: boolean | null;

  @Measure(() => Float, {
    description:
      "% 9–10 − % 0–6 over the latest response per user within 180 days: everyone counts once, whatever the account. Null without responses.",
    unit: "points −100–100",
    isStock: true,
    sql: (row) =>
      safeDivide(
        row.sum(sql`${row.column("nps_180d")} * ${row.column("survey_respondents_180d")}`),
        row.sum("survey_respondents_180d"),
      ),
  })
  nps180d!: number | null;

  @Measure(() => Float, levelOf(accountFacts, "survey_respondents_180d"))
  respondents180d!: number | null;

  @Measure(() => Float, levelOf(accountFacts, "detractors_180d"))
  detractors180d!: number | null;
}
