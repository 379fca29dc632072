with weeks as (
  select
    f.account_id as account_id,
    cast(date_trunc('week', f.day) as date) as week,
    ((date_diff('day', date '1970-01-01', cast(date_trunc('week', f.day) as date)) + 3) // 7) as week_number,
    cast(f."events_7d" as double) as "events_7d",
    cast(f."mrr" as double) as "mrr",
    case f."is_customer" when true then 1e0 when false then 0e0 end as "is_customer",
    h.score as "health_score"
  from "account_facts" as f
  inner join "account_health" as h on h.account_id = f.account_id and h.day = f.day
  where date_diff('day', cast(date_trunc('week', f.day) as date), f.day) = 6 and f.account_age_days >= 6
),
windowed as (
  select
    account_id,
    week,
    "events_7d",
    max("events_7d") over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as "events_7d_previous",
    count("events_7d") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "events_7d_n_before",
    avg("events_7d") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "events_7d_mean",
    stddev_samp("events_7d") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "events_7d_stddev",
    count("events_7d") over (partition by account_id order by week_number range between 29 preceding and current row) as "events_7d_n",
    avg("events_7d") over (partition by account_id order by week_number range between 29 preceding and current row) as "events_7d_level",
    var_pop("events_7d") over (partition by account_id order by week_number range between 29 preceding and current row) as "events_7d_var_y",
    var_pop(cast(case when "events_7d" is not null then week_number end as double)) over (partition by account_id order by week_number range between 29 preceding and current row) as "events_7d_var_x",
    covar_pop("events_7d", cast(case when "events_7d" is not null then week_number end as double)) over (partition by account_id order by week_number range between 29 preceding and current row) as "events_7d_covar",
    "mrr",
    max("mrr") over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as "mrr_previous",
    count("mrr") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "mrr_n_before",
    avg("mrr") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "mrr_mean",
    stddev_samp("mrr") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "mrr_stddev",
    count("mrr") over (partition by account_id order by week_number range between 29 preceding and current row) as "mrr_n",
    avg("mrr") over (partition by account_id order by week_number range between 29 preceding and current row) as "mrr_level",
    var_pop("mrr") over (partition by account_id order by week_number range between 29 preceding and current row) as "mrr_var_y",
    var_pop(cast(case when "mrr" is not null then week_number end as double)) over (partition by account_id order by week_number range between 29 preceding and current row) as "mrr_var_x",
    covar_pop("mrr", cast(case when "mrr" is not null then week_number end as double)) over (partition by account_id order by week_number range between 29 preceding and current row) as "mrr_covar",
    "is_customer",
    max("is_customer") over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as "is_customer_previous",
    count("is_customer") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "is_customer_n_before",
    avg("is_customer") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "is_customer_mean",
    stddev_samp("is_customer") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "is_customer_stddev",
    count("is_customer") over (partition by account_id order by week_number range between 29 preceding and current row) as "is_customer_n",
    avg("is_customer") over (partition by account_id order by week_number range between 29 preceding and current row) as "is_customer_level",
    var_pop("is_customer") over (partition by account_id order by week_number range between 29 preceding and current row) as "is_customer_var_y",
    var_pop(cast(case when "is_customer" is not null then week_number end as double)) over (partition by account_id order by week_number range between 29 preceding and current row) as "is_customer_var_x",
    covar_pop("is_customer", cast(case when "is_customer" is not null then week_number end as double)) over (partition by account_id order by week_number range between 29 preceding and current row) as "is_customer_covar",
    "health_score",
    max("health_score") over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as "health_score_previous",
    count("health_score") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "health_score_n_before",
    avg("health_score") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "health_score_mean",
    stddev_samp("health_score") over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as "health_score_stddev",
    count("health_score") over (partition by account_id order by week_number range between 29 preceding and current row) as "health_score_n",
    avg("health_score") over (partition by account_id order by week_number range between 29 preceding and current row) as "health_score_level",
    var_pop("health_score") over (partition by account_id order by week_number range between 29 preceding and current row) as "health_score_var_y",
    var_pop(cast(case when "health_score" is not null then week_number end as double)) over (partition by account_id order by week_number range between 29 preceding and current row) as "health_score_var_x",
    covar_pop("health_score", cast(case when "health_score" is not null then week_number end as double)) over (partition by account_id order by week_number range between 29 preceding and current row) as "health_score_covar"
  from weeks
),
metrics as (
  select 'events_7d' as metric union all select 'mrr' as metric union all select 'is_customer' as metric union all select 'health_score' as metric
),
long as (
  select
    w.account_id as account_id,
    w.week as week,
    m.metric as metric,
    case m.metric when 'events_7d' then w."events_7d" when 'mrr' then w."mrr" when 'is_customer' then w."is_customer" when 'health_score' then w."health_score" end as "value",
    case m.metric when 'events_7d' then w."events_7d_previous" when 'mrr' then w."mrr_previous" when 'is_customer' then w."is_customer_previous" when 'health_score' then w."health_score_previous" end as "previous",
    case m.metric when 'events_7d' then w."events_7d_n_before" when 'mrr' then w."mrr_n_before" when 'is_customer' then w."is_customer_n_before" when 'health_score' then w."health_score_n_before" end as "n_before",
    case m.metric when 'events_7d' then w."events_7d_mean" when 'mrr' then w."mrr_mean" when 'is_customer' then w."is_customer_mean" when 'health_score' then w."health_score_mean" end as "mean",
    case m.metric when 'events_7d' then w."events_7d_stddev" when 'mrr' then w."mrr_stddev" when 'is_customer' then w."is_customer_stddev" when 'health_score' then w."health_score_stddev" end as "stddev",
    case m.metric when 'events_7d' then w."events_7d_n" when 'mrr' then w."mrr_n" when 'is_customer' then w."is_customer_n" when 'health_score' then w."health_score_n" end as "n",
    case m.metric when 'events_7d' then w."events_7d_level" when 'mrr' then w."mrr_level" when 'is_customer' then w."is_customer_level" when 'health_score' then w."health_score_level" end as "level",
    case m.metric when 'events_7d' then w."events_7d_var_y" when 'mrr' then w."mrr_var_y" when 'is_customer' then w."is_customer_var_y" when 'health_score' then w."health_score_var_y" end as "var_y",
    case m.metric when 'events_7d' then w."events_7d_var_x" when 'mrr' then w."mrr_var_x" when 'is_customer' then w."is_customer_var_x" when 'health_score' then w."health_score_var_x" end as "var_x",
    case m.metric when 'events_7d' then w."events_7d_covar" when 'mrr' then w."mrr_covar" when 'is_customer' then w."is_customer_covar" when 'health_score' then w."health_score_covar" end as "covar"
  from windowed as w
  cross join metrics as m
),
fitted as (
  select
    account_id,
    week,
    metric,
    value,
    previous,
    case when n_before >= 8 then mean end as mean_30w,
    case when n_before >= 8 then case when stddev <= 1e-9 * (1 + abs(mean)) then 0e0 else stddev end end as stddev_30w,
    n,
    level,
    var_y,
    var_x,
    covar,
    case when n >= 8 then case when sqrt(var_y) <= 1e-9 * (1 + abs(level)) or abs(covar) <= 1e-12 * (1 + abs(level)) then 0e0 else (cast(covar as double) / nullif(cast(var_x as double), 0)) end end as slope_30w
  from long
)
select
  account_id,
  week,
  metric,
  value,
  previous,
  (cast((value - previous) as double) / nullif(cast(previous as double), 0)) as change,
  mean_30w,
  stddev_30w,
  (cast((value - mean_30w) as double) / nullif(cast(stddev_30w as double), 0)) as z,
  slope_30w,
  case
    when slope_30w is null then null
    when slope_30w * slope_30w * var_x * (n - 2) < 4e0 * (var_y - slope_30w * covar) or slope_30w = 0e0 then 'steady'
    when slope_30w > 0e0 then 'rising'
    else 'falling'
  end as direction
from fitted
