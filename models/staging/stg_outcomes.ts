import { outcomes } from "../sources/index.js";
import { accounts } from "./accounts.js";
import { defineStaging } from "./staging.js";

export const stgOutcomes = defineStaging({
  source: outcomes,
  description: "Business results that the customer confirmed, one row each.",
  accounts,
  occurredAt: "confirmed_at",
});
