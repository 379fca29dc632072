import { eachDay } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { dayKey, defineModel, ref } from "../model.js";
import { featureFirsts } from "./feature_firsts.js";
import { timeline } from "./timeline.js";

export const featuresOffered = defineModel({
  name: "features_offered",
  description: "One row per day: how many features there were to use.",
  grain: ["day"],
  columns: {
    day: dayKey,
    features_offered: {
      type: "integer",
      min: 0,
      unit: "features",
      description: "Features that any account had used by the end of the day.",
    },
  },
  byDay: true,
  query: () => sql`
with first_days as (
  select feature, min(first_day) as day
  from ${ref(featureFirsts)}
  group by feature
)
select
  day,
  sum(first_used) over (order by day rows between unbounded preceding and current row) as features_offered
from (
  select day, count(f.feature) as first_used
  from ${ref(timeline)} as t
  cross join ${eachDay(sql`t.data_from`, sql`t.data_through`)}
  left join first_days as f using (day)
  group by day
) as days_with_firsts`,
});
