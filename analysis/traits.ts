import { bands } from "../journey/bands.js";
import { type Condition, leavesOf } from "../journey/conditions.js";
import { type Journey, type Milestone, repeats } from "../journey/journey.js";
import { factsIn } from "../journey/own_facts.js";
import { label } from "../journey/words.js";
import { accountFacts, factAsNumber } from "../models/daily/account_facts.js";
import { accountHealth } from "../models/health/account_health.js";
import { accountMilestones } from "../models/milestones/account_milestones.js";
import { ref } from "../models/model.js";
import { accountSignals } from "../models/signals/account_signals.js";
import { type SourceName, sources } from "../models/sources/index.js";
import { accountStages } from "../models/stages/account_stages.js";
import { stageStays } from "../models/stages/stage_stays.js";
import { addDays, cast, daysBetween, least, orNever } from "../warehouse/dialect.js";
import { name, number, type Sql, sql, text } from "../warehouse/sql.js";
import { isLate } from "./arrivals.js";

export const traitKinds = [
  "milestone",
  "signal",
  "stage",
  "health",
  "fact",
  "touchpoint",
  "attribute",
] as const;
export type TraitKind = (typeof traitKinds)[number];

/** Something that can be said of every account at its landmark. */
export interface Trait {
  readonly kind: TraitKind;
  readonly id: string;
  /** What people call it; of a yes/no trait what is the case where it holds. */
  readonly name: string;
  /** Whether it holds or not, or is a number. */
  readonly isYesNo: boolean;
  /** Unit of the number; "" for yes/no. */
  readonly unit: string;
}

/** A trait as the statement reads it from a row of `wide`, `w`. */
export interface WideTrait extends Trait {
  /** Its value, yes/no as 1 and 0; null = not known. */
  readonly value: Sql;
  /** The sources that it is made of: a row of one that came late may have changed it. */
  readonly sources: readonly SourceName[];
}

/** What the journey says of an account: all but what depends on the words that its rows hold. */
export function wideTraits(journey: Journey): WideTrait[] {
  const sourcesOf = sourcesIn(journey);
  const facts = factsIn(journey);
  const ofStages = sourcesOf.stages;
  const ofHealth = sourcesOf.health;
  const yesNo = (
    kind: TraitKind,
    id: string,
    called: string,
    value: Sql,
    sources: readonly SourceName[],
  ) => ({
    kind,
    id,
    name: called,
    isYesNo: true,
    unit: "",
    value,
    sources,
  });
  const numeric = (
    kind: TraitKind,
    id: string,
    called: string,
    unit: string,
    value: Sql,
    sources: readonly SourceName[],
  ) => ({
    kind,
    id,
    name: called,
    isYesNo: false,
    unit,
    value: cast(value, "number"),
    sources,
  });
  const oneIf = (condition: Sql): Sql => sql`case when ${condition} then ${number(1)} else ${number(0)} end`;
  return [
    ...journey.milestones.flatMap((m) => [
      yesNo(
        "milestone",
        m.id,
        `${m.name}: reached`,
        cast(sql`w.${name(reached(m))}`, "number"),
        sourcesOf.milestone(m.id),
      ),
      yesNo(
        "milestone",
        `${m.id}_on_time`,
        `${m.name}: reached on time`,
        cast(sql`w.${name(onTime(m))}`, "number"),
        sourcesOf.milestone(m.id),
      ),
    ]),
    ...journey.signals.map((s) =>
      yesNo(
        "signal",
        s.id,
        `${s.name}: open`,
        sql`coalesce(${cast(sql`w.${name(signalColumn(s.id))}`, "number")}, ${number(0)})`,
        sourcesOf.condition(s.when),
      ),
    ),
    ...journey.stages.flatMap((s) => [
      yesNo("stage", s.id, `in stage ${s.name}`, oneIf(sql`w.stage = ${text(s.id)}`), ofStages),
      numeric(
        "stage",
        `${s.id}_days`,
        `days so far in stage ${s.name}`,
        "days",
        sql`coalesce(w.${name(stayColumn(s.id))}, 0)`,
        ofStages,
      ),
    ]),
    numeric("stage", "stage_days", "days in its stage", "days", sql`w.stage_days`, ofStages),
    ...bands.map((band) =>
      yesNo("health", band, `health ${band}`, oneIf(sql`w.band = ${text(band)}`), ofHealth),
    ),
    numeric("health", "health_score", "health score", "points", sql`w.score`, ofHealth),
    numeric("health", "health_coverage", "health coverage", "share", sql`w.coverage`, ofHealth),
    ...Object.entries(facts).map(([id, fact]) => ({
      kind: "fact" as const,
      id,
      name: label(id),
      isYesNo: fact.type === "boolean",
      unit: fact.type === "boolean" ? "" : fact.unit,
      value: factAsNumber(sql`w`, id),
      sources: sourcesOf.facts([id]),
    })),
  ];
}

/** CTEs that end with `wide`: what is known of each row of `landmarks` as of its landmark, each table read once. */
export function wideCtes(journey: Journey): readonly Sql[] {
  const { milestones, signals, stages } = journey;
  const isOccurrence = sql`coalesce(m.started_on, m.reached_on) <= l.landmark and l.landmark < ${orNever(sql`m.ended_on`)}`;
  const ofMilestone = (m: Milestone): Sql =>
    repeats(m) ? sql`m.milestone = ${text(m.id)} and ${isOccurrence}` : sql`m.milestone = ${text(m.id)}`;
  return [
    sql`milestones_then as (
  select
    ${[
      sql`l.account_id as account_id`,
      ...milestones.flatMap((m) => [
        sql`max(case when ${ofMilestone(m)} then case when m.reached_on <= l.landmark then 1 else 0 end end) as ${name(reached(m))}`,
        // What isn't due yet can't be late.
        sql`max(case when ${ofMilestone(m)} and m.due_on < l.landmark then case when m.reached_on <= m.due_on then 1 else 0 end end) as ${name(onTime(m))}`,
      ]),
    ]}
  from landmarks as l
  inner join ${ref(accountMilestones)} as m on m.account_id = l.account_id
  group by l.account_id
)`,
    sql`signals_then as (
  select
    ${[sql`l.account_id as account_id`, ...signals.map((s) => sql`max(case when s.signal = ${text(s.id)} then 1 end) as ${name(signalColumn(s.id))}`)]}
  from landmarks as l
  inner join ${ref(accountSignals)} as s on s.account_id = l.account_id and s.opened_on <= l.landmark and l.landmark < ${orNever(sql`s.closed_on`)}
  group by l.account_id
)`,
    sql`stays_then as (
  select
    ${[
      sql`l.account_id as account_id`,
      ...stages.map(
        (s) =>
          sql`sum(case when s.stage = ${text(s.id)} then ${daysBetween(sql`s.entered_on`, least(orNever(sql`s.left_on`), addDays(sql`l.landmark`, 1)))} end) as ${name(stayColumn(s.id))}`,
      ),
    ]}
  from landmarks as l
  inner join ${ref(stageStays)} as s on s.account_id = l.account_id and s.entered_on <= l.landmark
  group by l.account_id
)`,
    sql`wide as (
  select
    ${[
      sql`l.in_first as in_first`,
      sql`l.in_second as in_second`,
      ...sourceNames.map((source) => sql`a.${name(isLate(source))} as ${name(isLate(source))}`),
      ...milestones
        .flatMap((m) => [reached(m), onTime(m)])
        .map((column) => sql`m.${name(column)} as ${name(column)}`),
      ...signals.map((s) => sql`g.${name(signalColumn(s.id))} as ${name(signalColumn(s.id))}`),
      ...stages.map((s) => sql`t.${name(stayColumn(s.id))} as ${name(stayColumn(s.id))}`),
      sql`s.stage as stage`,
      sql`${daysBetween(sql`s.entered_on`, sql`l.landmark`)} + 1 as stage_days`,
      sql`h.band as band`,
      sql`h.score as score`,
      sql`h.coverage as coverage`,
      ...Object.keys(factsIn(journey)).map((fact) => sql`f.${name(fact)} as ${name(fact)}`),
    ]}
  from landmarks as l
  inner join ${ref(accountFacts)} as f on f.account_id = l.account_id and f.day = l.landmark
  left join ${ref(accountStages)} as s on s.account_id = l.account_id and s.day = l.landmark
  left join ${ref(accountHealth)} as h on h.account_id = l.account_id and h.day = l.landmark
  left join milestones_then as m on m.account_id = l.account_id
  left join signals_then as g on g.account_id = l.account_id
  left join stays_then as t on t.account_id = l.account_id
  left join arrivals as a on a.account_id = l.account_id
)`,
  ];
}

export const sourceNames = Object.keys(sources) as SourceName[];

const reached = ({ id }: Milestone): string => `${id}_reached`;
const onTime = ({ id }: Milestone): string => `${id}_on_time`;
const signalColumn = (id: string): string => `${id}_open`;
const stayColumn = (id: string): string => `${id}_stay`;

/** From which sources the parts of a journey are made, through all that their conditions speak of. */
function sourcesIn(journey: Journey) {
  const known = factsIn(journey);
  const union = (...lists: readonly (readonly SourceName[])[]): SourceName[] => [...new Set(lists.flat())];
  const ofFact = (id: string): SourceName[] =>
    union((known[id]?.needs ?? []).map((need) => need.split(".")[0] as SourceName));
  const ofFacts = (ids: readonly string[]): SourceName[] => union(...ids.map(ofFact));
  const ofCondition = (condition: Condition): SourceName[] => union(...leavesOf(condition).map(ofLeaf));
  const ofMilestone = (id: string): SourceName[] =>
    union(["contracts"], ...journey.milestones.filter((m) => m.id === id).map((m) => ofCondition(m.when)));
  const ofLeaf = (leaf: ReturnType<typeof leavesOf>[number]): SourceName[] => {
    if ("milestone" in leaf) return ofMilestone(leaf.milestone);
    if ("stage" in leaf) return ofStages();
    if ("fact" in leaf) return leaf.fact in known ? ofFact(leaf.fact) : ofHealth();
    if ("trend" in leaf && leaf.trend in known) return ofFact(leaf.trend);
    return ofHealth();
  };
  const ofStages = (): SourceName[] =>
    union(...journey.stages.map(({ when }) => (when ? ofCondition(when) : [])));
  const ofHealth = (): SourceName[] =>
    union(
      ofStages(),
      ofFacts(journey.health.indicators.map((i) => i.fact)),
      ...journey.health.caps.map((cap) => ofCondition(cap.when)),
    );
  return {
    condition: ofCondition,
    milestone: ofMilestone,
    facts: ofFacts,
    stages: ofStages(),
    health: ofHealth(),
  };
}
