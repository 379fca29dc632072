import { touchpoints } from "../sources/index.js";
import { accounts } from "./accounts.js";
import { defineStaging } from "./staging.js";

export const stgTouchpoints = defineStaging({
  source: touchpoints,
  description: "Logged human contacts, one row each.",
  accounts,
  occurredAt: "happened_at",
});
