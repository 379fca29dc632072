import { countIf, eachText, nullOf, sumInteger } from "../../warehouse/dialect.js";
import { join, name, sql, text } from "../../warehouse/sql.js";
import { defineModel, ref } from "../model.js";
import { sources } from "../sources/index.js";
import { stgAccounts } from "./stg_accounts.js";
import { stgContracts } from "./stg_contracts.js";
import { stgOutcomes } from "./stg_outcomes.js";
import { stgSurveyResponses } from "./stg_survey_responses.js";
import { stgTickets } from "./stg_tickets.js";
import { stgTouchpoints } from "./stg_touchpoints.js";
import { stgUsageEvents } from "./stg_usage_events.js";
import { stgUsers } from "./stg_users.js";

export const stagingModels = [
  stgAccounts,
  stgContracts,
  stgUsers,
  stgUsageEvents,
  stgTickets,
  stgSurveyResponses,
  stgTouchpoints,
  stgOutcomes,
];

/** The column that dates a source's rows. */
const dayColumns: Record<string, string> = {
  accounts: "created_on",
  contracts: "starts_on",
  users: "joined_on",
};

export const sourceQuality = defineModel({
  name: "source_quality",
  description:
    "One row per source and defect, and one per source for all its rows: what came in, what counts, and what is wrong with the rest. A row with several defects counts in each.",
  grain: ["source", "defect"],
  maxAgeHours: null, // it tells of sources, however old they are
  columns: {
    source: { type: "string", notNull: true, description: "The source." },
    defect: { type: "string", description: "What is wrong with the rows; null = all rows of the source." },
    row_count: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "rows",
      description: "Rows of different content.",
    },
    unusable_rows: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "rows",
      description: "Those of them that count for nothing, for this or another defect.",
    },
    copies: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "rows",
      description: "Further raw rows that repeat one of them exactly; they are merged.",
    },
    first_day: { type: "date", description: "Their first day; null where nothing dates them." },
    last_day: { type: "date", description: "Their last day." },
    example: {
      type: "string",
      description:
        "The least id among the rows with the defect; null where the id is what is missing, and for all rows.",
    },
  },
  checks: [
    {
      check: "a source with rows has usable ones",
      expected: "at least one of its rows must be usable; `waymark check` says what is wrong with them",
      fails: sql`defect is null and row_count > 0 and unusable_rows = row_count`,
    },
    {
      check: "at most a tenth of a source's rows are left out",
      severity: "warning",
      expected:
        "at least nine tenths of its rows must be usable; `waymark check` says what is wrong with them",
      fails: sql`defect is null and unusable_rows * 10 > row_count`,
    },
  ],
  query: () =>
    join(
      stagingModels.flatMap((model) => {
        const source = sources[model.source as keyof typeof sources];
        const day = name(dayColumns[source.name] ?? "day");
        const figures = sql`
  count(*) as row_count,
  ${countIf(sql`not is_usable`)} as unusable_rows,
  coalesce(${sumInteger(sql`copies - 1`)}, 0) as copies,
  min(${day}) as first_day,
  max(${day}) as last_day`;
        return [
          sql`select ${text(source.name)} as source, ${nullOf("string")} as defect, ${figures}, ${nullOf("string")} as example
from ${ref(model)}`,
          sql`select ${text(source.name)} as source, defect, ${figures}, min(${name(source.key)}) as example
from ${ref(model)}
cross join ${eachText(sql`defects`, sql`defect`)}
where defects is not null
group by defect`,
        ];
      }),
      "\nunion all\n",
    ),
});
