import { sql } from "../../warehouse/sql.js";
import { accountKey, defineModel, earlier, ref, whereOfPart } from "../model.js";
import { featureDays } from "./feature_days.js";

export const featureFirsts = defineModel({
  name: "feature_firsts",
  description: "One row per account and feature that it ever used.",
  grain: ["account_id", "feature"],
  columns: {
    account_id: accountKey,
    feature: { type: "string", notNull: true, description: "The feature." },
    first_day: { type: "date", notNull: true, description: "The first day on which the account used it." },
  },
  touched: (row, fromDay) => sql`${row}.first_day >= ${fromDay}`,
  changesFrom: () => sql`min(first_day)`,
  query: () => sql`
select
  d.account_id as account_id,
  d.feature as feature,
  min(d.day) as first_day
from ${ref(featureDays, 0)} as d
${whereOfPart(
  sql``,
  sql`left join ${earlier("feature_firsts", undefined, "first_day")} as e on e.account_id = d.account_id and e.feature = d.feature
where e.account_id is null`,
)}
group by d.account_id, d.feature`,
});
