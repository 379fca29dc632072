import { sql } from "../../warehouse/sql.js";
import { accountKey, defineModel, earlier, ref, whereOfPart } from "../model.js";
import { userDays } from "./user_days.js";

export const userFirsts = defineModel({
  name: "user_firsts",
  description: "One row per account and user that was ever seen in usage.",
  grain: ["account_id", "user_id"],
  columns: {
    account_id: accountKey,
    user_id: { type: "string", notNull: true, description: "The user." },
    first_day: { type: "date", notNull: true, description: "The first day on which the user was seen." },
  },
  touched: (row, fromDay) => sql`${row}.first_day >= ${fromDay}`,
  changesFrom: () => sql`min(first_day)`,
  query: () => sql`
select
  d.account_id as account_id,
  d.user_id as user_id,
  min(d.day) as first_day
from ${ref(userDays, 0)} as d
${whereOfPart(
  sql``,
  sql`left join ${earlier("user_firsts", undefined, "first_day")} as e on e.account_id = d.account_id and e.user_id = d.user_id
where e.account_id is null`,
)}
group by d.account_id, d.user_id`,
});
