import { dayOf } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { has, ref } from "../model.js";
import { usageEvents } from "../sources/index.js";
import { accounts } from "./accounts.js";
import { defineStaging } from "./staging.js";
import { stgContracts } from "./stg_contracts.js";

/** Usage may hang on contracts instead of accounts: the account is then the contract's. */
export const stgUsageEvents = defineStaging({
  source: usageEvents,
  description: "What people did in the product, one row per event.",
  accounts,
  occurredAt: "occurred_at",
  accountId: (company) =>
    has(company, "usage_events.contract_id")
      ? {
          value: sql`coalesce(r.account_id, k.account_id)`,
          joins: sql`left join ${ref(stgContracts)} as k on k.contract_id = r.contract_id and k.occurrence = 1`,
        }
      : undefined,
  derived: {
    counts_for: {
      type: "integer",
      description:
        "How many events it counts for: its quantity, 1 where none is given; null where what is given can't be.",
      sql: sql`case when quantity is not null then quantity when strpos(unusual, '_quantity') > 0 then null else 1 end`,
    },
  },
  defects: (company) =>
    has(company, "usage_events.contract_id")
      ? [
          {
            defect: "unknown_contract",
            when: sql`r.contract_id is not null and k.contract_id is null`,
            isUsable: true,
          },
          {
            defect: "before_contract",
            when: sql`${dayOf(sql`r.occurred_at`, company.timeZone)} < k.starts_on`,
            isUsable: true,
          },
        ]
      : [],
});
