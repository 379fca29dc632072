import { sumInteger } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";
import { stgUsageEvents } from "../staging/stg_usage_events.js";
import { previousDay, withPreviousDay } from "./visits.js";

export const userDays = defineModel({
  name: "user_days",
  description: "One row per account, user and day with usage; events without a user are not here.",
  grain: ["account_id", "user_id", "day"],
  columns: {
    account_id: accountKey,
    user_id: { type: "string", notNull: true, description: "The user." },
    day: dayKey,
    events: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "events",
      description: "Events of the user that day, by quantity.",
    },
    previous_day: previousDay,
  },
  byDay: true,
  query: () =>
    withPreviousDay(
      "user_days",
      sql`select
      account_id,
      user_id,
      day,
      ${sumInteger(sql`coalesce(quantity, 1)`)} as events
    from ${ref(stgUsageEvents, 0)}
    where is_usable and user_id is not null
    group by account_id, user_id, day`,
      "user_id",
      ["events"],
    ),
});
