with weighed as (
  select
    s.account_id as account_id,
    s.day as day,
    s.stage as stage,
    coalesce(i."use_weight" * i."use_points", 0e0)
      + coalesce(i."voice_weight" * i."voice_points", 0e0)
      + coalesce(i."paying_weight" * i."paying_points", 0e0)
      + coalesce(i."money_weight" * i."money_points", 0e0) as weighted_points,
    case when i."use_points" is null then 0e0 else i."use_weight" end
      + case when i."voice_points" is null then 0e0 else i."voice_weight" end
      + case when i."paying_points" is null then 0e0 else i."paying_weight" end
      + case when i."money_points" is null then 0e0 else i."money_weight" end as weight_with_value,
    i."use_weight"
      + i."voice_weight"
      + i."paying_weight"
      + i."money_weight" as all_weight,
    coalesce(f."overdue_urgent_tickets" >= 1, false) as "cap_urgent", coalesce(f."champions" < 1, false) as "cap_lonely"
  from "account_stages" as s
  inner join "account_indicators" as i on i.account_id = s.account_id and i.day = s.day
  inner join "account_facts" as f on f.account_id = s.account_id and f.day = s.day
  left join "milestone_evidence" as e on e.account_id = s.account_id
),
scored as (
  select
    account_id,
    day,
    stage,
    (cast(weight_with_value as double) / nullif(cast(all_weight as double), 0)) as coverage,
    case
      when weight_with_value > 0 and weight_with_value >= 0.4e0 * all_weight
      then (cast(weighted_points as double) / nullif(cast(weight_with_value as double), 0))
    end as uncapped_score,
    "cap_urgent", "cap_lonely"
  from weighed
),
capped as (
  select
    account_id,
    day,
    stage,
    coverage,
    uncapped_score,
    case when uncapped_score > 30e0 and "cap_urgent" then 'urgent' when uncapped_score > 60e0 and "cap_lonely" then 'lonely' end as cap
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
    case cap when 'urgent' then 30e0 when 'lonely' then 60e0 else uncapped_score end as score
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
    when score < 50e0 then 'poor'
    when score < 75e0 then 'average'
    else 'good'
  end as band,
  '2b9943f545d0' as journey_version
from final
