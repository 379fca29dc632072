import { sumInteger } from "../../warehouse/dialect.js";
import { sql, text } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";
import { stgUsageEvents } from "../staging/stg_usage_events.js";
import { previousDay, withPreviousDay } from "./visits.js";

export const featureDays = defineModel({
  name: "feature_days",
  description: "One row per account, feature and day with usage; events without a feature are not here.",
  grain: ["account_id", "feature", "day"],
  columns: {
    account_id: accountKey,
    feature: { type: "string", notNull: true, description: "The feature." },
    day: dayKey,
    events: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "events",
      description: "Events on the feature that day, by quantity.",
    },
    is_sticky: {
      type: "boolean",
      notNull: true,
      description: "Whether the journey calls the feature sticky.",
    },
    previous_day: previousDay,
  },
  byDay: true,
  query: ({ journey }) =>
    withPreviousDay(
      "feature_days",
      sql`select
      account_id,
      feature,
      day,
      ${sumInteger(sql`coalesce(quantity, 1)`)} as events,
      ${journey.sticky_features.length > 0 ? sql`feature in (${journey.sticky_features.map(text)})` : sql`false`} as is_sticky
    from ${ref(stgUsageEvents, 0)}
    where is_usable and feature is not null
    group by account_id, feature, day`,
      "feature",
      ["events", "is_sticky"],
    ),
});
