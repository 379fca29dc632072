import { healthMetric } from "../../journey/trends.js";
import { addDays, cast, weekOf } from "../../warehouse/dialect.js";
import { sql, text } from "../../warehouse/sql.js";
import { accountLatest } from "../accounts/account_latest.js";
import { dataThrough } from "../daily/timeline.js";
import { accountHealth } from "../health/account_health.js";
import { accountKey, defineModel, ref } from "../model.js";
import { accountSignals, severities } from "../signals/account_signals.js";
import { accountTrends } from "../trends/account_trends.js";
import { bandRisk } from "./band_risk.js";

export const earlyWarnings = defineModel({
  name: "early_warnings",
  description:
    "One row per customer with an open negative signal or falling health on the last day built: who may be lost, and what is at stake.",
  grain: ["account_id"],
  columns: {
    account_id: accountKey,
    mrr: { type: "decimal", unit: "money per month", min: 0, description: "Its MRR; null = not known." },
    band: { ...accountHealth.columns.band, description: "Its health band." },
    churn_risk_90d: {
      type: "number",
      unit: "share",
      min: 0,
      max: 1,
      description:
        "The share of customers in its band that used to be gone 90 days later; null = nothing to tell it from.",
    },
    mrr_at_stake: {
      type: "number",
      unit: "money per month",
      min: 0,
      description: "mrr × churn_risk_90d; null where either is.",
    },
    negative_signals: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "signals",
      description: "Negative signals that are open.",
    },
    worst_severity: {
      type: "string",
      oneOf: severities,
      description: "Their worst severity; null = none open.",
    },
    warned_since: { type: "date", description: "Since when one has been open; null = none is." },
    is_health_falling: {
      type: "boolean",
      notNull: true,
      description: "The health score fell over the 30 weeks that end with the last complete one.",
    },
  },
  sortBy: ["account_id"],
  query: () => sql`
with open_signals as (
  select
    account_id,
    count(*) as negative_signals,
    max(case severity when 'high' then 3 when 'medium' then 2 else 1 end) as worst,
    min(opened_on) as warned_since
  from ${ref(accountSignals)}
  where kind = 'negative' and closed_on is null
  group by account_id
),
falling as (
  select w.account_id as account_id
  from ${ref(accountTrends)} as w
  where w.metric = ${text(healthMetric)} and w.direction = 'falling' and w.week = ${addDays(weekOf(addDays(dataThrough, 1)), -7)}
)
select
  a.account_id as account_id,
  a.mrr as mrr,
  a.band as band,
  r.churn_risk_90d as churn_risk_90d,
  ${cast(sql`a.mrr`, "number")} * r.churn_risk_90d as mrr_at_stake,
  coalesce(s.negative_signals, 0) as negative_signals,
  case s.worst when 3 then 'high' when 2 then 'medium' when 1 then 'low' end as worst_severity,
  s.warned_since as warned_since,
  w.account_id is not null as is_health_falling
from ${ref(accountLatest)} as a
inner join ${ref(bandRisk)} as r on r.band = a.band
left join open_signals as s on s.account_id = a.account_id
left join falling as w on w.account_id = a.account_id
where coalesce(a.is_customer, true) and (s.account_id is not null or w.account_id is not null)`,
});
