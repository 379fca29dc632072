with first_days as (
  select
    account_id,
    min(starts_on) as first_contract_on,
    min(case when coalesce(is_trial, false) or ends_on = starts_on then null else starts_on end) as customer_since
  from `stg_contracts`
  where is_usable
  group by account_id
)
select
  s.account_id as account_id,
  coalesce(s.name, s.account_id) as name,
  coalesce(s.created_on, f.first_contract_on) as created_on,
  f.customer_since as customer_since,
  s.segment as segment,
  s.region as region,
  s.owner as owner, s.`attribute_industry` as `attribute_industry`, s.`attribute_employees` as `attribute_employees`
from `stg_accounts` as s
left join first_days as f on f.account_id = s.account_id
where s.is_usable
