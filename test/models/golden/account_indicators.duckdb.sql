select
  f.account_id as account_id,
  f.day as day,
  case when f."outcomes_confirmed_365d" is null then null when cast(f."outcomes_confirmed_365d" as double) <= 0e0 then 20e0 when cast(f."outcomes_confirmed_365d" as double) < 1e0 then 20e0 + (cast(f."outcomes_confirmed_365d" as double) - 0e0) * 50e0 when cast(f."outcomes_confirmed_365d" as double) < 3e0 then 70e0 + (cast(f."outcomes_confirmed_365d" as double) - 1e0) * 15e0 else 100e0 end as "wins_points",
  case s.stage when 'former' then 0e0 when 'trial' then 0e0 when 'prospect' then 0e0 when 'onboarding' then 0e0 else 2e0 end as "wins_weight",
  case when f."active_days_28d" is null then null when cast(f."active_days_28d" as double) <= 0e0 then 0e0 when cast(f."active_days_28d" as double) < 8e0 then 0e0 + (cast(f."active_days_28d" as double) - 0e0) * 6.25e0 when cast(f."active_days_28d" as double) < 20e0 then 50e0 + (cast(f."active_days_28d" as double) - 8e0) * 4.166666666666667e0 else 100e0 end as "activity_points",
  case s.stage when 'former' then 0e0 when 'trial' then 0e0 when 'prospect' then 0e0 else 3e0 end as "activity_weight",
  case when f."active_users_change_28d" is null then null when cast(f."active_users_change_28d" as double) <= -0.5e0 then 0e0 when cast(f."active_users_change_28d" as double) < 0e0 then 0e0 + (cast(f."active_users_change_28d" as double) - -0.5e0) * 140e0 when cast(f."active_users_change_28d" as double) < 0.2e0 then 70e0 + (cast(f."active_users_change_28d" as double) - 0e0) * 150e0 else 100e0 end as "momentum_points",
  case s.stage when 'former' then 0e0 when 'trial' then 0e0 when 'prospect' then 0e0 else 1.5e0 end as "momentum_weight",
  case when f."licence_utilisation_28d" is null then 0e0 when cast(f."licence_utilisation_28d" as double) <= 0e0 then 0e0 when cast(f."licence_utilisation_28d" as double) < 0.5e0 then 0e0 + (cast(f."licence_utilisation_28d" as double) - 0e0) * 120e0 when cast(f."licence_utilisation_28d" as double) < 0.9e0 then 60e0 + (cast(f."licence_utilisation_28d" as double) - 0.5e0) * 100e0 else 100e0 end as "seats_points",
  case s.stage when 'former' then 0e0 when 'trial' then 0e0 when 'prospect' then 0e0 else 3e0 end as "seats_weight",
  case when f."nps_180d" is null then null when cast(f."nps_180d" as double) <= -100e0 then 0e0 when cast(f."nps_180d" as double) < 0e0 then 0e0 + (cast(f."nps_180d" as double) - -100e0) * 0.5e0 when cast(f."nps_180d" as double) < 50e0 then 50e0 + (cast(f."nps_180d" as double) - 0e0) * 1e0 else 100e0 end as "nps_points",
  case s.stage when 'former' then 0e0 when 'trial' then 0e0 when 'prospect' then 0e0 when 'renewal' then 4e0 else 2e0 end as "nps_weight",
  case when f."csat_90d" is null then null when cast(f."csat_90d" as double) <= 2e0 then 0e0 when cast(f."csat_90d" as double) < 4e0 then 0e0 + (cast(f."csat_90d" as double) - 2e0) * 35e0 when cast(f."csat_90d" as double) < 5e0 then 70e0 + (cast(f."csat_90d" as double) - 4e0) * 30e0 else 100e0 end as "csat_points",
  case s.stage when 'former' then 0e0 when 'trial' then 0e0 when 'prospect' then 0e0 else 1e0 end as "csat_weight",
  case when f."overdue_tickets" is null then null when cast(f."overdue_tickets" as double) <= 0e0 then 100e0 when cast(f."overdue_tickets" as double) < 3e0 then 100e0 + (cast(f."overdue_tickets" as double) - 0e0) * -33.333333333333336e0 else 0e0 end as "overdue_points",
  case s.stage when 'former' then 0e0 when 'trial' then 0e0 when 'prospect' then 0e0 else 1e0 end as "overdue_weight"
from "account_facts" as f
inner join "account_stages" as s on s.account_id = f.account_id and s.day = f.day
