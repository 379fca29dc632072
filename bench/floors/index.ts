import { accountHealth, accountIndicators } from "./account_health.js";
import type { Floor } from "./floor.js";
import { stgUsageEvents } from "./stg_usage_events.js";
import { usageDaily } from "./usage_daily.js";

/** Tables that are missing here are small, or those for which we know nothing better than the model's own statement. */
export const floors: Readonly<Record<string, Floor>> = {
  stg_usage_events: stgUsageEvents,
  usage_daily: usageDaily,
  account_indicators: accountIndicators,
  account_health: accountHealth,
};
