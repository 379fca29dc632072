import { accounts } from "../sources/index.js";
import { defineStaging } from "./staging.js";

export const stgAccounts = defineStaging({
  source: accounts,
  description: "Accounts as the company's tables have them; `accounts` is the table to read.",
  accounts: "none",
});
