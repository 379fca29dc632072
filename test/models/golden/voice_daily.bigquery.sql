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
  from `stg_survey_responses`
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
    least(coalesce(next_day, date_add(least(day, date '9999-07-04'), interval 180 day)), date_add(least(day, date '9999-07-04'), interval 180 day)) as until_day
  from latest_of_day
),
changes as (
  select changes.account_id as account_id, day, `responses`, `score_sum`, `respondents`, `promoters`, `detractors`
  from (
select
  account_id,
  day,
  sum(`responses`) as `responses`,
  sum(`score_sum`) as `score_sum`,
  sum(`respondents`) as `respondents`,
  sum(`promoters`) as `promoters`,
  sum(`detractors`) as `detractors`
from (
  select account_id, day as day, 1 as `responses`, score as `score_sum`, 0 as `respondents`, 0 as `promoters`, 0 as `detractors` from answers where true and day <= (select data_through from `timeline`)
  union all
  select account_id, day as day, 0 as `responses`, 0 as `score_sum`, 1 as `respondents`, case when score >= 9 then 1 else 0 end as `promoters`, case when score <= 6 then 1 else 0 end as `detractors` from spoken where true and day <= (select data_through from `timeline`)
  union all
  select account_id, until_day as day, 0 as `responses`, 0 as `score_sum`, -1 as `respondents`, case when score >= 9 then -1 else 0 end as `promoters`, case when score <= 6 then -1 else 0 end as `detractors` from spoken where true and until_day <= (select data_through from `timeline`)
) as steps
group by account_id, day
  ) as changes
  where (`responses` <> 0 or `score_sum` <> 0 or `respondents` <> 0 or `promoters` <> 0 or `detractors` <> 0)
),
levels as (
  select
    account_id,
    day,
    `responses`,
    `score_sum`,
    sum(`respondents`) over (partition by account_id order by day rows between unbounded preceding and current row) as `respondents`,
    sum(`promoters`) over (partition by account_id order by day rows between unbounded preceding and current row) as `promoters`,
    sum(`detractors`) over (partition by account_id order by day rows between unbounded preceding and current row) as `detractors`,
    coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
  from (
    select account_id, day, `responses`, `score_sum`, `respondents`, `promoters`, `detractors` from changes
  ) as changes
)
select account_id, day, `responses`, `score_sum`, `respondents`, `promoters`, `detractors` from levels
union all
select account_id, day, 0, 0, `respondents`, `promoters`, `detractors`
from (
  select account_id, day as _since, `respondents`, `promoters`, `detractors`, _next_day
  from levels as spans
) as spans
cross join unnest(generate_date_array(date_add(date_trunc(_since, month), interval 1 month), least(date_add(_next_day, interval -1 day), (select data_through from `timeline`)), interval 1 month)) as day
