with measured as (
  select
    l.account_id as account_id,
    date_trunc(l.day, week(monday)) as week,
    cast(l.`events_7d` as float64) as `_value_events_7d`,
    cast(l.`active_users_28d` as float64) as `_value_active_users_28d`,
    cast(l.`licence_utilisation_28d` as float64) as `_value_licence_utilisation_28d`,
    cast(l.`open_tickets` as float64) as `_value_open_tickets`,
    cast(l.`mrr` as float64) as `_value_mrr`,
    cast(l.`score` as float64) as `_value_health_score`
  from `account_period_levels` as l
  where date_diff(l.day, date_trunc(l.day, week(monday)), day) = 6 and l.account_age_days >= 6
),
every_week as (
  select account_id, day as week
  from (select account_id, min(week) as first_week, max(week) as last_week from measured group by account_id) as spans
  cross join unnest(generate_date_array(first_week, last_week, interval 7 day)) as day
),
weeks as (
  select
    e.account_id as account_id,
    e.week as week,
    div(unix_date(date_trunc(e.week, week(monday))) + 3, 7) as week_number,
    m.week is not null as has_facts,
    m.`_value_events_7d` as `_value_events_7d`,
    m.`_value_active_users_28d` as `_value_active_users_28d`,
    m.`_value_licence_utilisation_28d` as `_value_licence_utilisation_28d`,
    m.`_value_open_tickets` as `_value_open_tickets`,
    m.`_value_mrr` as `_value_mrr`,
    m.`_value_health_score` as `_value_health_score`
  from every_week as e
  left join measured as m on m.account_id = e.account_id and m.week = e.week
),
windowed as (
  select
    account_id,
    week,
    has_facts,
    `_value_events_7d`,
    count(`_value_events_7d`) over (partition by account_id order by week rows between 29 preceding and current row) as `_n_events_7d`,
    avg(`_value_events_7d`) over (partition by account_id order by week rows between 29 preceding and current row) as `_level_events_7d`,
    var_pop(`_value_events_7d`) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_y_events_7d`,
    var_pop(cast(case when `_value_events_7d` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_x_events_7d`,
    covar_pop(`_value_events_7d`, cast(case when `_value_events_7d` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_covar_events_7d`,
    `_value_active_users_28d`,
    count(`_value_active_users_28d`) over (partition by account_id order by week rows between 29 preceding and current row) as `_n_active_users_28d`,
    avg(`_value_active_users_28d`) over (partition by account_id order by week rows between 29 preceding and current row) as `_level_active_users_28d`,
    var_pop(`_value_active_users_28d`) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_y_active_users_28d`,
    var_pop(cast(case when `_value_active_users_28d` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_x_active_users_28d`,
    covar_pop(`_value_active_users_28d`, cast(case when `_value_active_users_28d` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_covar_active_users_28d`,
    `_value_licence_utilisation_28d`,
    count(`_value_licence_utilisation_28d`) over (partition by account_id order by week rows between 29 preceding and current row) as `_n_licence_utilisation_28d`,
    avg(`_value_licence_utilisation_28d`) over (partition by account_id order by week rows between 29 preceding and current row) as `_level_licence_utilisation_28d`,
    var_pop(`_value_licence_utilisation_28d`) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_y_licence_utilisation_28d`,
    var_pop(cast(case when `_value_licence_utilisation_28d` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_x_licence_utilisation_28d`,
    covar_pop(`_value_licence_utilisation_28d`, cast(case when `_value_licence_utilisation_28d` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_covar_licence_utilisation_28d`,
    `_value_open_tickets`,
    count(`_value_open_tickets`) over (partition by account_id order by week rows between 29 preceding and current row) as `_n_open_tickets`,
    avg(`_value_open_tickets`) over (partition by account_id order by week rows between 29 preceding and current row) as `_level_open_tickets`,
    var_pop(`_value_open_tickets`) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_y_open_tickets`,
    var_pop(cast(case when `_value_open_tickets` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_x_open_tickets`,
    covar_pop(`_value_open_tickets`, cast(case when `_value_open_tickets` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_covar_open_tickets`,
    `_value_mrr`,
    count(`_value_mrr`) over (partition by account_id order by week rows between 29 preceding and current row) as `_n_mrr`,
    avg(`_value_mrr`) over (partition by account_id order by week rows between 29 preceding and current row) as `_level_mrr`,
    var_pop(`_value_mrr`) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_y_mrr`,
    var_pop(cast(case when `_value_mrr` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_x_mrr`,
    covar_pop(`_value_mrr`, cast(case when `_value_mrr` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_covar_mrr`,
    `_value_health_score`,
    count(`_value_health_score`) over (partition by account_id order by week rows between 29 preceding and current row) as `_n_health_score`,
    avg(`_value_health_score`) over (partition by account_id order by week rows between 29 preceding and current row) as `_level_health_score`,
    var_pop(`_value_health_score`) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_y_health_score`,
    var_pop(cast(case when `_value_health_score` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_var_x_health_score`,
    covar_pop(`_value_health_score`, cast(case when `_value_health_score` is not null then week_number end as float64)) over (partition by account_id order by week rows between 29 preceding and current row) as `_covar_health_score`
  from weeks
),
with_before as (
  select
    w.*,
    b.`_value_events_7d` as `_previous_events_7d`,
    b.`_n_events_7d` as `_before_events_7d`,
    b.`_level_events_7d` as `_mean_events_7d`,
    b.`_var_y_events_7d` as `_var_before_events_7d`,
    b.`_value_active_users_28d` as `_previous_active_users_28d`,
    b.`_n_active_users_28d` as `_before_active_users_28d`,
    b.`_level_active_users_28d` as `_mean_active_users_28d`,
    b.`_var_y_active_users_28d` as `_var_before_active_users_28d`,
    b.`_value_licence_utilisation_28d` as `_previous_licence_utilisation_28d`,
    b.`_n_licence_utilisation_28d` as `_before_licence_utilisation_28d`,
    b.`_level_licence_utilisation_28d` as `_mean_licence_utilisation_28d`,
    b.`_var_y_licence_utilisation_28d` as `_var_before_licence_utilisation_28d`,
    b.`_value_open_tickets` as `_previous_open_tickets`,
    b.`_n_open_tickets` as `_before_open_tickets`,
    b.`_level_open_tickets` as `_mean_open_tickets`,
    b.`_var_y_open_tickets` as `_var_before_open_tickets`,
    b.`_value_mrr` as `_previous_mrr`,
    b.`_n_mrr` as `_before_mrr`,
    b.`_level_mrr` as `_mean_mrr`,
    b.`_var_y_mrr` as `_var_before_mrr`,
    b.`_value_health_score` as `_previous_health_score`,
    b.`_n_health_score` as `_before_health_score`,
    b.`_level_health_score` as `_mean_health_score`,
    b.`_var_y_health_score` as `_var_before_health_score`
  from windowed as w
  left join windowed as b on b.account_id = w.account_id and b.week = date_add(w.week, interval -7 day)
),
metrics as (
  select 'events_7d' as metric union all select 'active_users_28d' as metric union all select 'licence_utilisation_28d' as metric union all select 'open_tickets' as metric union all select 'mrr' as metric union all select 'health_score' as metric
),
long as (
  select
    w.account_id as account_id,
    w.week as week,
    m.metric as metric,
    case m.metric when 'events_7d' then w.`_value_events_7d` when 'active_users_28d' then w.`_value_active_users_28d` when 'licence_utilisation_28d' then w.`_value_licence_utilisation_28d` when 'open_tickets' then w.`_value_open_tickets` when 'mrr' then w.`_value_mrr` when 'health_score' then w.`_value_health_score` end as `value`,
    case m.metric when 'events_7d' then w.`_n_events_7d` when 'active_users_28d' then w.`_n_active_users_28d` when 'licence_utilisation_28d' then w.`_n_licence_utilisation_28d` when 'open_tickets' then w.`_n_open_tickets` when 'mrr' then w.`_n_mrr` when 'health_score' then w.`_n_health_score` end as `n`,
    case m.metric when 'events_7d' then w.`_level_events_7d` when 'active_users_28d' then w.`_level_active_users_28d` when 'licence_utilisation_28d' then w.`_level_licence_utilisation_28d` when 'open_tickets' then w.`_level_open_tickets` when 'mrr' then w.`_level_mrr` when 'health_score' then w.`_level_health_score` end as `level`,
    case m.metric when 'events_7d' then w.`_var_y_events_7d` when 'active_users_28d' then w.`_var_y_active_users_28d` when 'licence_utilisation_28d' then w.`_var_y_licence_utilisation_28d` when 'open_tickets' then w.`_var_y_open_tickets` when 'mrr' then w.`_var_y_mrr` when 'health_score' then w.`_var_y_health_score` end as `var_y`,
    case m.metric when 'events_7d' then w.`_var_x_events_7d` when 'active_users_28d' then w.`_var_x_active_users_28d` when 'licence_utilisation_28d' then w.`_var_x_licence_utilisation_28d` when 'open_tickets' then w.`_var_x_open_tickets` when 'mrr' then w.`_var_x_mrr` when 'health_score' then w.`_var_x_health_score` end as `var_x`,
    case m.metric when 'events_7d' then w.`_covar_events_7d` when 'active_users_28d' then w.`_covar_active_users_28d` when 'licence_utilisation_28d' then w.`_covar_licence_utilisation_28d` when 'open_tickets' then w.`_covar_open_tickets` when 'mrr' then w.`_covar_mrr` when 'health_score' then w.`_covar_health_score` end as `covar`,
    case m.metric when 'events_7d' then w.`_previous_events_7d` when 'active_users_28d' then w.`_previous_active_users_28d` when 'licence_utilisation_28d' then w.`_previous_licence_utilisation_28d` when 'open_tickets' then w.`_previous_open_tickets` when 'mrr' then w.`_previous_mrr` when 'health_score' then w.`_previous_health_score` end as `previous`,
    case m.metric when 'events_7d' then w.`_before_events_7d` when 'active_users_28d' then w.`_before_active_users_28d` when 'licence_utilisation_28d' then w.`_before_licence_utilisation_28d` when 'open_tickets' then w.`_before_open_tickets` when 'mrr' then w.`_before_mrr` when 'health_score' then w.`_before_health_score` end as `before`,
    case m.metric when 'events_7d' then w.`_mean_events_7d` when 'active_users_28d' then w.`_mean_active_users_28d` when 'licence_utilisation_28d' then w.`_mean_licence_utilisation_28d` when 'open_tickets' then w.`_mean_open_tickets` when 'mrr' then w.`_mean_mrr` when 'health_score' then w.`_mean_health_score` end as `mean`,
    case m.metric when 'events_7d' then w.`_var_before_events_7d` when 'active_users_28d' then w.`_var_before_active_users_28d` when 'licence_utilisation_28d' then w.`_var_before_licence_utilisation_28d` when 'open_tickets' then w.`_var_before_open_tickets` when 'mrr' then w.`_var_before_mrr` when 'health_score' then w.`_var_before_health_score` end as `var_before`
  from with_before as w
  cross join metrics as m
  where w.has_facts
),
fitted as (
  select
    account_id,
    week,
    metric,
    value,
    previous,
    case when before >= 8 then mean end as mean_30w,
    case when before >= 8 then case when sqrt(var_before) <= 1e-9 * (1 + abs(mean)) then 0e0 else sqrt(var_before * before / (before - 1)) end end as stddev_30w,
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
  (round(safe_divide(cast((value - mean_30w) as float64), cast(stddev_30w as float64)) * 1e10) / 1e10) as z,
  (round(f.slope_30w * 1e10) / 1e10) as slope_30w,
  case
    when f.slope_30w is null then null
    when f.slope_30w * f.slope_30w * var_x * (n - 2) < 3.999999996e0 * (var_y - f.slope_30w * covar) or f.slope_30w = 0e0 then 'steady'
    when f.slope_30w > 0e0 then 'rising'
    else 'falling'
  end as direction
from fitted as f
