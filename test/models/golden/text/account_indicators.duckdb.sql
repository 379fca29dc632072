select
  f.account_id as account_id,
  f.day as day,
  case when f."active_days_28d" is null then null when cast(f."active_days_28d" as double) <= 0e0 then 0e0 when cast(f."active_days_28d" as double) < 1e0 then 0e0 + (cast(f."active_days_28d" as double) - 0e0) * 40e0 when cast(f."active_days_28d" as double) < 3e0 then 40e0 + (cast(f."active_days_28d" as double) - 1e0) * 30e0 else 100e0 end as "use_points",
  case s.stage when 'gone' then 0e0 when 'new' then 1e0 else 2e0 end as "use_weight",
  case when f."nps_180d" is null then null when cast(f."nps_180d" as double) <= -100e0 then 0e0 when cast(f."nps_180d" as double) < 100e0 then 0e0 + (cast(f."nps_180d" as double) - -100e0) * 0.5e0 else 100e0 end as "voice_points",
  case s.stage when 'gone' then 0e0 else 1e0 end as "voice_weight",
  case when f."is_customer" is null then null when case f."is_customer" when true then 1e0 when false then 0e0 end <= 0e0 then 0e0 when case f."is_customer" when true then 1e0 when false then 0e0 end < 1e0 then 0e0 + (case f."is_customer" when true then 1e0 when false then 0e0 end - 0e0) * 100e0 else 100e0 end as "paying_points",
  case s.stage when 'gone' then 0e0 else 0.5e0 end as "paying_weight",
  case when f."mrr" is null then 0e0 when cast(f."mrr" as double) <= 0e0 then 0e0 when cast(f."mrr" as double) < 200e0 then 0e0 + (cast(f."mrr" as double) - 0e0) * 0.5e0 else 100e0 end as "money_points",
  case s.stage when 'gone' then 0e0 else 1e0 end as "money_weight"
from "account_facts" as f
inner join "account_stages" as s on s.account_id = f.account_id and s.day = f.day
