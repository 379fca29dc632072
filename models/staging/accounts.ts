import { name, sql } from "../../warehouse/sql.js";
import { attributeColumns, defineModel, firstOfAll, ref } from "../model.js";
import { stgAccounts } from "./stg_accounts.js";
import { stgContracts } from "./stg_contracts.js";

export const accounts = defineModel({
  name: "accounts",
  description:
    "One row per account, with its current attributes and the days from which its life is counted.",
  grain: ["account_id"],
  columns: {
    account_id: { type: "string", notNull: true, description: "Identifies the account." },
    name: {
      type: "string",
      notNull: true,
      description: "What people call it; the id where the source has no name.",
    },
    created_on: {
      type: "date",
      description:
        "Sign-up, else the first contract's first day; null without either, and then the account has no facts.",
    },
    customer_since: {
      type: "date",
      description: "First day covered by a paid contract; null for prospects.",
    },
    segment: { type: "string", description: "The company's own grouping." },
    region: { type: "string", description: "Where the account is." },
    owner: { type: "string", description: "Who looks after it." },
  },
  companyColumns: attributeColumns,
  // Nothing of an account lies before its first day.
  changesFrom: () => sql`coalesce(min(created_on), ${firstOfAll})`,
  query: (company) => sql`
with first_days as (
  select
    account_id,
    min(starts_on) as first_contract_on,
    min(case when coalesce(is_trial, false) or ends_on = starts_on then null else starts_on end) as customer_since
  from ${ref(stgContracts)}
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
  ${[sql`s.owner as owner`, ...Object.keys(attributeColumns(company)).map((column) => sql`s.${name(column)} as ${name(column)}`)]}
from ${ref(stgAccounts)} as s
left join first_days as f on f.account_id = s.account_id
where s.is_usable`,
});
