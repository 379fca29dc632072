import { addDays, nullOf } from "../../warehouse/dialect.js";
import { asLiteral, bind, join, type Sql, sql } from "../../warehouse/sql.js";
import { type Company, defineModel, has, ref } from "../model.js";
import { accounts } from "../staging/accounts.js";
import { stgSurveyResponses } from "../staging/stg_survey_responses.js";
import { stgTickets } from "../staging/stg_tickets.js";
import { stgUsageEvents } from "../staging/stg_usage_events.js";

export const timeline = defineModel({
  name: "timeline",
  description:
    "One row: the days over which tables are built. The last one is the data's, not the clock's: building again makes nothing fresher.",
  grain: ["data_through"],
  columns: {
    data_from: { type: "date", description: "First day of the oldest account; null without accounts." },
    data_through: {
      type: "date",
      notNull: true,
      description:
        "The declared last day, else the last day with usage, a ticket or a survey response, at most yesterday.",
    },
  },
  changesFrom: () => addDays(sql`min(data_through)`, 1),
  query: (company) => {
    const through = company.dataThrough ?? company.yesterday;
    const cap = bind("date", through);
    return sql`
with last_days as (
  ${join(lastDays(company), "\n  union all\n  ")}
)
select
  (select min(created_on) from ${ref(accounts)}) as data_from,
  ${company.dataThrough ? cap : sql`coalesce((select max(day) from last_days where day <= ${cap}), ${cap})`} as data_through`;
  },
});

/** The last day built, in another model's statement: a literal where it is known by then. */
export const dataThrough: Sql = asLiteral("dataThrough", sql`(select data_through from ${ref(timeline)})`);

/** Of rows with days those of so many days before the last day built, and of all before: what follows so much later is built. */
export const upToAgo = (days: number, rows: Sql): Sql =>
  sql`(select * from ${rows} as rows_so_far where day <= ${addDays(dataThrough, -days)})`;

function lastDays(company: Company): Sql[] {
  const models = [
    ["usage_events", stgUsageEvents],
    ["tickets", stgTickets],
    ["survey_responses", stgSurveyResponses],
  ] as const;
  const mapped = models.filter(([source]) => has(company, source));
  return mapped.length === 0
    ? [sql`select ${nullOf("date")} as day`]
    : mapped.map(([, model]) => sql`select day from ${ref(model)} where is_usable`);
}
