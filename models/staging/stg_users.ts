import { sql } from "../../warehouse/sql.js";
import { users } from "../sources/index.js";
import { accounts as accountsModel } from "./accounts.js";
import { defineStaging } from "./staging.js";

export const stgUsers = defineStaging({
  source: users,
  description: "People in accounts, one row per person.",
  accounts: accountsModel,
  defects: () => [{ defect: "left_before_joined", when: sql`r.left_on < r.joined_on`, isUsable: true }],
});
