import { accountHealth, accountIndicators } from "./account_health.js";
import type { Floor } from "./floor.js";
import { stgUsageEvents } from "./stg_usage_events.js";
import { usageDaily } from "./usage_daily.js";

/**
 * Tables that are missing here are small, or those for which we know nothing that takes clearly less than the model's own
 * statement. For account_facts, account_trends, support_daily and user_days whatever was tried, joins by one number and
 * windows that stream among it, took as long.
 */
export const floors: Readonly<Record<string, Floor>> = {
  stg_usage_events: stgUsageEvents,
  usage_daily: usageDaily,
  account_indicators: accountIndicators,
  account_health: accountHealth,
};
