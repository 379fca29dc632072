import { Arg, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { WaymarkError } from "../errors.js";
import type { Journey } from "../journey/journey.js";
import { factsIn } from "../journey/own_facts.js";
import { pointsOf, weightOf } from "../models/health/account_indicators.js";
import { contributionsOf, explainChange, type ScoredDay } from "../models/health/explain.js";
import { Account } from "../schema/account.js";
import {
  type Band,
  Grain,
  Health,
  HealthChange,
  HealthPoint,
  type IndicatorDimension,
} from "../schema/health.js";
import { LocalDate } from "../schema/scalars.js";
import type { Context } from "./context.js";
import { intervalOf } from "./interval.js";
import { stageOf } from "./journey.js";
import { type HealthRow, valueColumn } from "./loaders.js";

@Resolver(() => Account)
export class AccountHealthResolver {
  @FieldResolver(() => Health, {
    nullable: true,
    description: "Its health on a day; null where the account has no facts that day.",
  })
  async health(
    @Root() { id }: Account,
    @Ctx() { load, reader }: Context,
    @Arg("on", () => LocalDate, {
      nullable: true,
      description: "The day; the last day of the data by default.",
    })
    on?: string | null,
  ): Promise<Health | null> {
    const [row] = await load.health.load({ id, day: on ?? reader.snapshot.dataThrough });
    return row ? healthOf(row, reader.snapshot.words.journey) : null;
  }
}

@Resolver(() => Health)
export class HealthResolver {
  @FieldResolver(() => [HealthPoint], {
    description: "Health over time. A score is a stock: a period shows its last day.",
  })
  async history(
    @Root() { accountId }: Health,
    @Ctx() { load, reader }: Context,
    @Arg("grain", () => Grain, { defaultValue: Grain.DAY, description: "Length of a period." }) grain: Grain,
    @Arg("from", () => LocalDate, {
      nullable: true,
      description: "First day; 90 days before `to` by default.",
    })
    from?: string | null,
    @Arg("to", () => LocalDate, {
      nullable: true,
      description: "First day no longer shown; the day after the last day of the data by default.",
    })
    to?: string | null,
  ): Promise<HealthPoint[]> {
    const { snapshot } = reader;
    const days = intervalOf("history", from, to, snapshot);
    const rows = await load.healthHistory.load({ id: accountId, ...days, grain });
    return rows.map((row) => ({
      period: row.period,
      day: row.day,
      score: row.score,
      band: row.band as Band,
      coverage: row.coverage,
      stage: stageOf(snapshot.words.journey, row.stage),
    }));
  }

  @FieldResolver(() => HealthChange, { description: "Why the score moved since an earlier day." })
  async change(
    @Root() { accountId, day }: Health,
    @Arg("since", () => LocalDate, { description: "The earlier day." }) since: string,
    @Ctx() { load, reader }: Context,
  ): Promise<HealthChange> {
    if (since >= day)
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `change: since ${since} must be before ${day}, the day of this health.`,
      );
    const { journey } = reader.snapshot.words;
    const [[before], [after]] = await Promise.all([
      load.health.load({ id: accountId, day: since }),
      load.health.load({ id: accountId, day }),
    ]);
    return explainChange(scoredDay(since, before, journey), scoredDay(day, after, journey));
  }
}

function healthOf(row: HealthRow, journey: Journey): Health {
  const cap = journey.health.caps.find((c) => c.id === row.cap);
  const scored = scoredDay(row.day, row, journey);
  const contributions = row.score === null ? [] : contributionsOf(scored.indicators);
  return {
    accountId: row.account_id,
    day: row.day,
    score: row.score,
    band: row.band as Band,
    coverage: row.coverage,
    uncappedScore: row.uncapped_score,
    cap: cap ? { id: cap.id, name: cap.name, atMost: cap.at_most } : null,
    stage: stageOf(journey, row.stage),
    journeyVersion: row.journey_version,
    indicators: journey.health.indicators.map((indicator, i) => ({
      id: indicator.id,
      name: indicator.name,
      dimension: indicator.dimension as IndicatorDimension,
      fact: indicator.fact,
      value: row[valueColumn(indicator.id)] ?? null,
      unit: factsIn(journey)[indicator.fact]?.unit ?? "",
      points: row[pointsOf(indicator.id)] ?? null,
      weight: row[weightOf(indicator.id)] ?? 0,
      weightShare: contributions[i]?.weightShare ?? null,
      contribution: contributions[i]?.contribution ?? null,
    })),
  };
}

const scoredDay = (day: string, row: HealthRow | undefined, journey: Journey): ScoredDay => ({
  day,
  score: row?.score ?? null,
  uncappedScore: row?.uncapped_score ?? null,
  indicators: journey.health.indicators.map(({ id, name }) => ({
    id,
    name,
    points: row?.[pointsOf(id)] ?? null,
    weight: row?.[weightOf(id)] ?? 0,
  })),
});
