import { Arg, Ctx, Int, Query, Resolver } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { accountFacts } from "../models/daily/account_facts.js";
import { ref } from "../models/model.js";
import { termOutcomes } from "../models/outcomes/term_outcomes.js";
import { accountStages } from "../models/stages/account_stages.js";
import { stageStays } from "../models/stages/stage_stays.js";
import { AccountFilter } from "../schema/account.js";
import { StageOutcomes, StageTime, StageTransition } from "../schema/survival.js";
import { noFigure } from "../stats/estimate.js";
import { wilson } from "../stats/shares.js";
import { type Happening, kaplanMeier, medianOf } from "../stats/survival.js";
import { addDays, countIf } from "../warehouse/dialect.js";
import { sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import type { Context } from "./context.js";
import { stageOf } from "./journey_words.js";
import { ofAccounts } from "./pages.js";
import { mustSee, type Reader } from "./reader.js";
import { finite, minGroup } from "./survival.js";

const withheld = noFigure(`groups under ${minGroup} are withheld`);

/** Where journeys lead, and where they end. */
@Resolver()
export class StagePathResolver {
  @Query(() => StageOutcomes, {
    description:
      "Which stages terms that churned, and terms that didn't, came from: read so many days before the end.",
  })
  async stageOutcomes(
    @Ctx() { reader }: Context,
    @Arg("leadDays", () => Int, { defaultValue: 60, description: "How many days before the end, 1 to 730." })
    leadDays: number,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<StageOutcomes> {
    mustSee(reader, "stageOutcomes", ["stage"]);
    return stageOutcomesOf(reader, leadDays, filter ?? {});
  }

  @Query(() => [StageTime], { description: "How long accounts stay in each stage, in the journey's order." })
  async stageTimes(
    @Ctx() { reader }: Context,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<StageTime[]> {
    mustSee(reader, "stageTimes", ["stage"]);
    return stageTimesOf(reader, filter ?? {});
  }

  @Query(() => [StageTransition], {
    description: `Where accounts go from each stage, in the journey's order, the most frequent first; of a stage that ended fewer than ${minGroup} times nothing.`,
  })
  async stageTransitions(
    @Ctx() { reader }: Context,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<StageTransition[]> {
    mustSee(reader, "stageTransitions", ["stage"]);
    return stageTransitionsOf(reader, filter ?? {});
  }
}

const outcomeColumns = {
  stage: { type: "string" },
  terms: { type: "integer", notNull: true },
  churned: { type: "integer", notNull: true },
  churned_at_end: { type: "integer", notNull: true },
} as const satisfies Columns;

async function stageOutcomesOf(
  reader: Reader,
  leadDays: number,
  filter: AccountFilter,
): Promise<StageOutcomes> {
  if (leadDays < 1 || leadDays > 730)
    throw new WaymarkError("BAD_USER_INPUT", `stageOutcomes: leadDays is ${leadDays}, expected 1 to 730.`);
  const rows = await reader.query(
    sql`
with decided as (
  select
    account_id,
    ${addDays(sql`ended_on`, -leadDays)} as landmark,
    ${addDays(sql`ended_on`, -1)} as last_day,
    outcome = 'churned' as is_churned
  from ${ref(termOutcomes)}
  where outcome <> 'undecided' and ${ofAccounts(filter, reader, sql`account_id`)}
),
before as (
  select s.stage as stage, count(*) as terms, ${countIf(sql`d.is_churned`)} as churned, 0 as churned_at_end
  from decided as d
  left join ${ref(accountFacts)} as f on f.account_id = d.account_id and f.day = d.landmark and f.is_customer
  left join ${ref(accountStages)} as s on s.account_id = f.account_id and s.day = f.day
  group by s.stage
),
at_end as (
  select s.stage as stage, 0 as terms, 0 as churned, count(*) as churned_at_end
  from decided as d
  inner join ${ref(accountStages)} as s on s.account_id = d.account_id and s.day = d.last_day
  where d.is_churned
  group by s.stage
)
select stage, sum(terms) as terms, sum(churned) as churned, sum(churned_at_end) as churned_at_end
from (select * from before union all select * from at_end) as counted
group by stage`,
    outcomeColumns,
  );
  const { journey } = reader.snapshot.words;
  return {
    stages: journey.stages.flatMap(({ id }) => {
      const row = rows.find(({ stage }) => stage === id);
      if (!row) return [];
      const { terms, churned, churned_at_end: churnedAtEnd } = row;
      const churnShare = 0 < terms && terms < minGroup ? withheld : wilson({ count: churned, of: terms });
      return [{ stage: stageOf(journey, id), terms, churned, churnShare, churnedAtEnd }];
    }),
    leftOut: rows.find(({ stage }) => stage === null)?.terms ?? 0,
  };
}

const stayColumns = {
  stage: { type: "string", notNull: true },
  days: { type: "integer", notNull: true },
  ended: { type: "integer", notNull: true },
  going_on: { type: "integer", notNull: true },
} as const satisfies Columns;

async function stageTimesOf(reader: Reader, filter: AccountFilter): Promise<StageTime[]> {
  const rows = await reader.query(
    sql`
select stage, days, ${countIf(sql`left_on is not null`)} as ended, ${countIf(sql`left_on is null`)} as going_on
from ${ref(stageStays)}
where ${ofAccounts(filter, reader, sql`account_id`)}
group by stage, days`,
    stayColumns,
  );
  const { journey } = reader.snapshot.words;
  return journey.stages.flatMap(({ id }) => {
    const own = rows.filter(({ stage }) => stage === id);
    if (own.length === 0) return [];
    const ends = own.map(
      (row): Happening => ({ time: row.days, entries: 0, events: row.ended, censored: row.going_on }),
    );
    const over = own.reduce((n, row) => n + row.ended, 0);
    const stays = own.reduce((n, row) => n + row.ended + row.going_on, 0);
    const curve = kaplanMeier([{ time: 0, entries: stays, events: 0, censored: 0 }, ...ends]);
    const medianDays = stays < minGroup ? withheld : finite(medianOf(curve));
    return [{ stage: stageOf(journey, id), stays, over, medianDays }];
  });
}

const transitionColumns = {
  from_stage: { type: "string", notNull: true },
  to_stage: { type: "string" },
  stays: { type: "integer", notNull: true },
} as const satisfies Columns;

async function stageTransitionsOf(reader: Reader, filter: AccountFilter): Promise<StageTransition[]> {
  const rows = await reader.query(
    sql`
with followed as (
  select
    stage,
    left_on,
    lead(stage) over (partition by account_id order by entered_on) as next_stage,
    lead(entered_on) over (partition by account_id order by entered_on) as next_on
  from ${ref(stageStays)}
  where ${ofAccounts(filter, reader, sql`account_id`)}
),
moves as (
  select stage as from_stage, case when next_on = left_on then next_stage end as to_stage
  from followed
  where left_on is not null
)
select from_stage, to_stage, count(*) as stays
from moves
group by from_stage, to_stage`,
    transitionColumns,
  );
  const { journey } = reader.snapshot.words;
  const place = (stage: string | null): number => journey.stages.findIndex(({ id }) => id === stage);
  return journey.stages.flatMap(({ id }) => {
    const own = rows
      .filter((row) => row.from_stage === id)
      .sort((a, b) => b.stays - a.stays || place(a.to_stage) - place(b.to_stage));
    const all = own.reduce((n, { stays }) => n + stays, 0);
    if (all < minGroup) return [];
    return own.map(({ to_stage: to, stays }) => ({
      from: stageOf(journey, id),
      to: to === null ? null : stageOf(journey, to),
      stays,
      share: stays / all,
    }));
  });
}
