with weeks as (
  select
    f.account_id as account_id,
    date_trunc(f.day, week(monday)) as week,
    div(unix_date(date_trunc(f.day, week(monday))) + 3, 7) as week_number,
    cast(f.`events_7d` as float64) as `events_7d`,
    cast(f.`active_users_28d` as float64) as `active_users_28d`,
    cast(f.`licence_utilisation_28d` as float64) as `licence_utilisation_28d`,
    cast(f.`open_tickets` as float64) as `open_tickets`,
    cast(f.`mrr` as float64) as `mrr`,
    h.score as `health_score`
  from `account_facts` as f
  inner join `account_health` as h on h.account_id = f.account_id and h.day = f.day
  where date_diff(f.day, date_trunc(f.day, week(monday)), day) = 6 and f.account_age_days >= 6
),
windowed as (
  select
    account_id,
    week,
    `events_7d`,
    max(`events_7d`) over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as `events_7d_previous`,
    count(`events_7d`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `events_7d_n_before`,
    avg(`events_7d`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `events_7d_mean`,
    stddev_samp(`events_7d`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `events_7d_stddev`,
    count(`events_7d`) over (partition by account_id order by week_number range between 29 preceding and current row) as `events_7d_n`,
    avg(`events_7d`) over (partition by account_id order by week_number range between 29 preceding and current row) as `events_7d_level`,
    var_pop(`events_7d`) over (partition by account_id order by week_number range between 29 preceding and current row) as `events_7d_var_y`,
    var_pop(cast(case when `events_7d` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `events_7d_var_x`,
    covar_pop(`events_7d`, cast(case when `events_7d` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `events_7d_covar`,
    `active_users_28d`,
    max(`active_users_28d`) over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as `active_users_28d_previous`,
    count(`active_users_28d`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `active_users_28d_n_before`,
    avg(`active_users_28d`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `active_users_28d_mean`,
    stddev_samp(`active_users_28d`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `active_users_28d_stddev`,
    count(`active_users_28d`) over (partition by account_id order by week_number range between 29 preceding and current row) as `active_users_28d_n`,
    avg(`active_users_28d`) over (partition by account_id order by week_number range between 29 preceding and current row) as `active_users_28d_level`,
    var_pop(`active_users_28d`) over (partition by account_id order by week_number range between 29 preceding and current row) as `active_users_28d_var_y`,
    var_pop(cast(case when `active_users_28d` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `active_users_28d_var_x`,
    covar_pop(`active_users_28d`, cast(case when `active_users_28d` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `active_users_28d_covar`,
    `licence_utilisation_28d`,
    max(`licence_utilisation_28d`) over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as `licence_utilisation_28d_previous`,
    count(`licence_utilisation_28d`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `licence_utilisation_28d_n_before`,
    avg(`licence_utilisation_28d`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `licence_utilisation_28d_mean`,
    stddev_samp(`licence_utilisation_28d`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `licence_utilisation_28d_stddev`,
    count(`licence_utilisation_28d`) over (partition by account_id order by week_number range between 29 preceding and current row) as `licence_utilisation_28d_n`,
    avg(`licence_utilisation_28d`) over (partition by account_id order by week_number range between 29 preceding and current row) as `licence_utilisation_28d_level`,
    var_pop(`licence_utilisation_28d`) over (partition by account_id order by week_number range between 29 preceding and current row) as `licence_utilisation_28d_var_y`,
    var_pop(cast(case when `licence_utilisation_28d` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `licence_utilisation_28d_var_x`,
    covar_pop(`licence_utilisation_28d`, cast(case when `licence_utilisation_28d` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `licence_utilisation_28d_covar`,
    `open_tickets`,
    max(`open_tickets`) over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as `open_tickets_previous`,
    count(`open_tickets`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `open_tickets_n_before`,
    avg(`open_tickets`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `open_tickets_mean`,
    stddev_samp(`open_tickets`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `open_tickets_stddev`,
    count(`open_tickets`) over (partition by account_id order by week_number range between 29 preceding and current row) as `open_tickets_n`,
    avg(`open_tickets`) over (partition by account_id order by week_number range between 29 preceding and current row) as `open_tickets_level`,
    var_pop(`open_tickets`) over (partition by account_id order by week_number range between 29 preceding and current row) as `open_tickets_var_y`,
    var_pop(cast(case when `open_tickets` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `open_tickets_var_x`,
    covar_pop(`open_tickets`, cast(case when `open_tickets` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `open_tickets_covar`,
    `mrr`,
    max(`mrr`) over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as `mrr_previous`,
    count(`mrr`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `mrr_n_before`,
    avg(`mrr`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `mrr_mean`,
    stddev_samp(`mrr`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `mrr_stddev`,
    count(`mrr`) over (partition by account_id order by week_number range between 29 preceding and current row) as `mrr_n`,
    avg(`mrr`) over (partition by account_id order by week_number range between 29 preceding and current row) as `mrr_level`,
    var_pop(`mrr`) over (partition by account_id order by week_number range between 29 preceding and current row) as `mrr_var_y`,
    var_pop(cast(case when `mrr` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `mrr_var_x`,
    covar_pop(`mrr`, cast(case when `mrr` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `mrr_covar`,
    `health_score`,
    max(`health_score`) over (partition by account_id order by week_number range between 1 preceding and 1 preceding) as `health_score_previous`,
    count(`health_score`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `health_score_n_before`,
    avg(`health_score`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `health_score_mean`,
    stddev_samp(`health_score`) over (partition by account_id order by week_number range between 30 preceding and 1 preceding) as `health_score_stddev`,
    count(`health_score`) over (partition by account_id order by week_number range between 29 preceding and current row) as `health_score_n`,
    avg(`health_score`) over (partition by account_id order by week_number range between 29 preceding and current row) as `health_score_level`,
    var_pop(`health_score`) over (partition by account_id order by week_number range between 29 preceding and current row) as `health_score_var_y`,
    var_pop(cast(case when `health_score` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `health_score_var_x`,
    covar_pop(`health_score`, cast(case when `health_score` is not null then week_number end as float64)) over (partition by account_id order by week_number range between 29 preceding and current row) as `health_score_covar`
  from weeks
),
metrics as (
  select 'events_7d' as metric union all select 'active_users_28d' as metric union all select 'licence_utilisation_28d' as metric union all select 'open_tickets' as metric union all select 'mrr' as metric union all select 'health_score' as metric
),
long as (
  select
    w.account_id as account_id,
    w.week as week,
    m.metric as metric,
    case m.metric when 'events_7d' then w.`events_7d` when 'active_users_28d' then w.`active_users_28d` when 'licence_utilisation_28d' then w.`licence_utilisation_28d` when 'open_tickets' then w.`open_tickets` when 'mrr' then w.`mrr` when 'health_score' then w.`health_score` end as `value`,
    case m.metric when 'events_7d' then w.`events_7d_previous` when 'active_users_28d' then w.`active_users_28d_previous` when 'licence_utilisation_28d' then w.`licence_utilisation_28d_previous` when 'open_tickets' then w.`open_tickets_previous` when 'mrr' then w.`mrr_previous` when 'health_score' then w.`health_score_previous` end as `previous`,
    case m.metric when 'events_7d' then w.`events_7d_n_before` when 'active_users_28d' then w.`active_users_28d_n_before` when 'licence_utilisation_28d' then w.`licence_utilisation_28d_n_before` when 'open_tickets' then w.`open_tickets_n_before` when 'mrr' then w.`mrr_n_before` when 'health_score' then w.`health_score_n_before` end as `n_before`,
    case m.metric when 'events_7d' then w.`events_7d_mean` when 'active_users_28d' then w.`active_users_28d_mean` when 'licence_utilisation_28d' then w.`licence_utilisation_28d_mean` when 'open_tickets' then w.`open_tickets_mean` when 'mrr' then w.`mrr_mean` when 'health_score' then w.`health_score_mean` end as `mean`,
    case m.metric when 'events_7d' then w.`events_7d_stddev` when 'active_users_28d' then w.`active_users_28d_stddev` when 'licence_utilisation_28d' then w.`licence_utilisation_28d_stddev` when 'open_tickets' then w.`open_tickets_stddev` when 'mrr' then w.`mrr_stddev` when 'health_score' then w.`health_score_stddev` end as `stddev`,
    case m.metric when 'events_7d' then w.`events_7d_n` when 'active_users_28d' then w.`active_users_28d_n` when 'licence_utilisation_28d' then w.`licence_utilisation_28d_n` when 'open_tickets' then w.`open_tickets_n` when 'mrr' then w.`mrr_n` when 'health_score' then w.`health_score_n` end as `n`,
    case m.metric when 'events_7d' then w.`events_7d_level` when 'active_users_28d' then w.`active_users_28d_level` when 'licence_utilisation_28d' then w.`licence_utilisation_28d_level` when 'open_tickets' then w.`open_tickets_level` when 'mrr' then w.`mrr_level` when 'health_score' then w.`health_score_level` end as `level`,
    case m.metric when 'events_7d' then w.`events_7d_var_y` when 'active_users_28d' then w.`active_users_28d_var_y` when 'licence_utilisation_28d' then w.`licence_utilisation_28d_var_y` when 'open_tickets' then w.`open_tickets_var_y` when 'mrr' then w.`mrr_var_y` when 'health_score' then w.`health_score_var_y` end as `var_y`,
    case m.metric when 'events_7d' then w.`events_7d_var_x` when 'active_users_28d' then w.`active_users_28d_var_x` when 'licence_utilisation_28d' then w.`licence_utilisation_28d_var_x` when 'open_tickets' then w.`open_tickets_var_x` when 'mrr' then w.`mrr_var_x` when 'health_score' then w.`health_score_var_x` end as `var_x`,
    case m.metric when 'events_7d' then w.`events_7d_covar` when 'active_users_28d' then w.`active_users_28d_covar` when 'licence_utilisation_28d' then w.`licence_utilisation_28d_covar` when 'open_tickets' then w.`open_tickets_covar` when 'mrr' then w.`mrr_covar` when 'health_score' then w.`health_score_covar` end as `covar`
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
    case when n >= 8 then case when sqrt(var_y) <= 1e-9 * (1 + abs(level)) or abs(covar) <= 1e-12 * (1 + abs(level)) then 0e0 else safe_divide(cast(covar as float64), cast(var_x as float64)) end end as slope_30w
  from long
)
select
  account_id,
  week,
  metric,
  value,
  previous,
  safe_divide(cast((value - previous) as float64), cast(previous as float64)) as change,
  mean_30w,
  stddev_30w,
  safe_divide(cast((value - mean_30w) as float64), cast(stddev_30w as float64)) as z,
  slope_30w,
  case
    when slope_30w is null then null
    when slope_30w * slope_30w * var_x * (n - 2) < 4e0 * (var_y - slope_30w * covar) or slope_30w = 0e0 then 'steady'
    when slope_30w > 0e0 then 'rising'
    else 'falling'
  end as direction
from fitted
