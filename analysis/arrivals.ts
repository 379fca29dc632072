import { type Readable, ref } from "../models/model.js";
import type { SourceName } from "../models/sources/index.js";
import { stgAccounts } from "../models/staging/stg_accounts.js";
import { stgContracts } from "../models/staging/stg_contracts.js";
import { stgOutcomes } from "../models/staging/stg_outcomes.js";
import { stgSurveyResponses } from "../models/staging/stg_survey_responses.js";
import { stgTickets } from "../models/staging/stg_tickets.js";
import { stgTouchpoints } from "../models/staging/stg_touchpoints.js";
import { stgUsageEvents } from "../models/staging/stg_usage_events.js";
import { stgUsers } from "../models/staging/stg_users.js";
import { addDays, dayOf, nullOf } from "../warehouse/dialect.js";
import { join, name, type Sql, sql } from "../warehouse/sql.js";

/** The column that is 1 where a row of the source came late. */
export const isLate = (source: SourceName): string => `${source}_late`;

/**
 * Whether a row came too late to have been known at a landmark: more than `lateDays` after it. False where `loaded_at`
 * is not known: nothing can be told then.
 */
export const cameLate = (loadedAt: Sql, landmark: Sql, lateDays: number): Sql =>
  sql`coalesce(${dayOf(loadedAt, "UTC")} > ${addDays(landmark, lateDays)}, false)`;

/**
 * The CTE `arrivals`: of each account and landmark of `landmarks` for which a row that was about days up to its landmark came, or
 * was last corrected, too late to have been known then, 1 for the sources of which there is one. What a correction
 * changed can't be told, so whatever is made of that source isn't compared for the account. A ticket that was resolved
 * later, or a person who left later, is no such row: days up to the landmark don't know of it.
 */
export const arrivalsCte = (sources: readonly SourceName[], lateDays: number): Sql => sql`arrivals as (
  select account_id, landmark, ${sources.map((s) => sql`max(${name(s)}) as ${name(isLate(s))}`)}
  from (
    ${join(
      sources.map((source) => lateRows(source, sources, lateDays)),
      "\n    union all\n    ",
    )}
  ) as late_rows
  group by account_id, landmark
)`;

function lateRows(source: SourceName, sources: readonly SourceName[], lateDays: number): Sql {
  const { table, since, added = [] } = rows[source];
  const flags = sources.map((s) => sql`${s === source ? sql`1` : sql`0`} as ${name(s)}`);
  const conditions = [
    sql`r.is_usable`,
    sql`coalesce(${since}, date '1000-01-01') <= l.landmark`,
    cameLate(sql`r.loaded_at`, sql`l.landmark`, lateDays),
    ...added.map((day) => sql`coalesce(${day} <= l.landmark, true)`),
  ];
  return sql`select l.account_id, l.landmark, ${flags}
    from landmarks as l
    inner join ${ref(table)} as r on r.account_id = l.account_id
    where ${join(conditions, " and ")}`;
}

interface Rows {
  readonly table: Readable;
  /** The day from which a row says something of an account; null = always. */
  readonly since: Sql;
  /** The days of what was added to the row since: where one lies after the landmark, that is why it was corrected. */
  readonly added?: readonly Sql[];
}

const rows: Readonly<Record<SourceName, Rows>> = {
  accounts: { table: stgAccounts, since: nullOf("date") },
  contracts: { table: stgContracts, since: sql`r.starts_on` },
  users: { table: stgUsers, since: sql`r.joined_on`, added: [sql`r.left_on`] },
  usage_events: { table: stgUsageEvents, since: sql`r.day` },
  tickets: {
    table: stgTickets,
    since: sql`r.day`,
    added: [sql`r.first_replied_at`, sql`r.resolved_at`, sql`r.reopened_at`].map((at) => dayOf(at, "UTC")),
  },
  survey_responses: { table: stgSurveyResponses, since: sql`r.day` },
  touchpoints: { table: stgTouchpoints, since: sql`r.day` },
  outcomes: { table: stgOutcomes, since: sql`r.day` },
};
