import { sql } from "../../warehouse/sql.js";
import { contracts } from "../sources/index.js";
import { defineStaging } from "./staging.js";
import { stgAccounts } from "./stg_accounts.js";

/** Held against `stg_accounts`, not `accounts`: an account without a sign-up day takes it from its contracts. */
export const stgContracts = defineStaging({
  source: contracts,
  description: "Contracts and trials, one row per term.",
  accounts: stgAccounts,
  // Nothing of a term lies before its first day; one without counts for nothing.
  changesFrom: () => sql`min(starts_on)`,
  defects: () => [
    { defect: "ends_before_start", when: sql`r.ends_on < r.starts_on`, isUsable: false },
    { defect: "before_account", when: sql`r.starts_on < a.created_on`, isUsable: true },
  ],
});
