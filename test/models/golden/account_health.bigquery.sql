with weighed as (
  select
    s.account_id as account_id,
    s.day as day,
    s.stage as stage,
    coalesce(i.`wins_weight` * i.`wins_points`, 0e0)
      + coalesce(i.`activity_weight` * i.`activity_points`, 0e0)
      + coalesce(i.`momentum_weight` * i.`momentum_points`, 0e0)
      + coalesce(i.`seats_weight` * i.`seats_points`, 0e0)
      + coalesce(i.`nps_weight` * i.`nps_points`, 0e0)
      + coalesce(i.`csat_weight` * i.`csat_points`, 0e0)
      + coalesce(i.`overdue_weight` * i.`overdue_points`, 0e0) as weighted_points,
    case when i.`wins_points` is null then 0e0 else i.`wins_weight` end
      + case when i.`activity_points` is null then 0e0 else i.`activity_weight` end
      + case when i.`momentum_points` is null then 0e0 else i.`momentum_weight` end
      + case when i.`seats_points` is null then 0e0 else i.`seats_weight` end
      + case when i.`nps_points` is null then 0e0 else i.`nps_weight` end
      + case when i.`csat_points` is null then 0e0 else i.`csat_weight` end
      + case when i.`overdue_points` is null then 0e0 else i.`overdue_weight` end as weight_with_value,
    i.`wins_weight`
      + i.`activity_weight`
      + i.`momentum_weight`
      + i.`seats_weight`
      + i.`nps_weight`
      + i.`csat_weight`
      + i.`overdue_weight` as all_weight,
    coalesce(f.`overdue_urgent_tickets` >= 1, false) as `cap_urgent`, (coalesce(f.`champions` = 0, false) and coalesce(f.`champions_left` > 0, false)) as `cap_alone`
  from `account_stages` as s
  inner join `account_indicators` as i on i.account_id = s.account_id and i.day = s.day
  inner join `account_facts` as f on f.account_id = s.account_id and f.day = s.day
  left join `milestone_evidence` as e on e.account_id = s.account_id
),
scored as (
  select
    account_id,
    day,
    stage,
    (round(safe_divide(cast(weight_with_value as float64), cast(all_weight as float64)) * 1e10) / 1e10) as coverage,
    case
      when weight_with_value > 0 and (round(safe_divide(cast(weight_with_value as float64), cast(all_weight as float64)) * 1e10) / 1e10) >= 0.5e0
      then (round(safe_divide(cast(weighted_points as float64), cast(weight_with_value as float64)) * 1e10) / 1e10)
    end as uncapped_score,
    `cap_urgent`, `cap_alone`
  from weighed
),
capped as (
  select
    account_id,
    day,
    stage,
    coverage,
    uncapped_score,
    case when uncapped_score > 40e0 and `cap_urgent` then 'urgent' when uncapped_score > 60e0 and `cap_alone` then 'alone' end as cap
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
    case cap when 'urgent' then 40e0 when 'alone' then 60e0 else uncapped_score end as score
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
    when score < 45e0 then 'poor'
    when score < 70.5e0 then 'average'
    else 'good'
  end as band,
  '852f38e16416' as journey_version
from final
