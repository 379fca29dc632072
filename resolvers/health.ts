import { Arg, Ctx, FieldResolver, ID, Resolver, Root } from "type-graphql";
import { WaymarkError } from "../errors.js";
import type { Snapshot } from "../jobs/ledger.js";
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
import { versionOf } from "./journey.js";
import { stageOf } from "./journey_words.js";
import { type HealthRow, valueColumn } from "./loaders.js";
import { hidesIndicator, mustSee } from "./reader.js";
import type { Scope } from "./scope.js";

@Resolver(() => Account)
export class AccountHealthResolver {
  @FieldResolver(() => Health, {
    nullable: true,
    description: "Its health on a day; null where the account has no facts that day.",
  })
  async health(
    @Root() { id }: Account,
    @Ctx() context: Context,
    @Arg("on", () => LocalDate, {
      nullable: true,
      description: "The day; the last day of the data, or the last that the version scored, by default.",
    })
    on?: string | null,
    @Arg("version", () => ID, {
      nullable: true,
      description:
        "As a version of the journey scored it while it was published; the current one by default.",
    })
    version?: string | null,
  ): Promise<Health | null> {
    const scored = await scoredBy(version, context);
    const [row] = await context.load.health.load({
      id,
      day: on ?? scored.dataThrough,
      version: scored.words.journey.version,
    });
    if (!row) return null;
    const { journey } = scored.words;
    return { ...healthOf(row, journey, context.reader.scope), version: journey.version };
  }
}

@Resolver(() => Health)
export class HealthResolver {
  @FieldResolver(() => [HealthPoint], {
    description: "Health over time. A score is a stock: a period shows its last day.",
  })
  async history(
    @Root() { accountId, version }: Health,
    @Ctx() context: Context,
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
    const scored = await scoredBy(version, context);
    const days = intervalOf("history", from, to, scored);
    const rows = await context.load.healthHistory.load({ id: accountId, ...days, grain, version });
    return rows.map((row) => ({
      period: row.period,
      day: row.day,
      score: row.score,
      band: row.band as Band,
      coverage: row.coverage,
      stage: stageOf(scored.words.journey, row.stage),
    }));
  }

  @FieldResolver(() => HealthChange, { description: "Why the score moved since an earlier day." })
  async change(
    @Root() { accountId, day, version }: Health,
    @Arg("since", () => LocalDate, { description: "The earlier day." }) since: string,
    @Ctx() context: Context,
  ): Promise<HealthChange> {
    if (since >= day)
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `change: since ${since} must be before ${day}, the day of this health.`,
      );
    const { journey } = (await scoredBy(version, context)).words;
    mustSee(context.reader, "change", ["score", ...journey.health.indicators.map(({ fact }) => fact)]);
    const [[before], [after]] = await Promise.all([
      context.load.health.load({ id: accountId, day: since, version }),
      context.load.health.load({ id: accountId, day, version }),
    ]);
    return explainChange(scoredDay(since, before, journey), scoredDay(day, after, journey));
  }
}

/** The snapshot whose scores are asked for: the current one, or the last that an earlier journey made. */
async function scoredBy(version: string | null | undefined, context: Context): Promise<Snapshot> {
  const { snapshot } = context.reader;
  if (!version || version === snapshot.words.journey.version) return snapshot;
  return (await versionOf(context, version)).snapshot;
}

/** What indicators contributed is told where all are: of those that are left it would be another sum. */
function healthOf(row: HealthRow, journey: Journey, scope: Scope): Omit<Health, "version"> {
  const cap = journey.health.caps.find((c) => c.id === row.cap);
  const scored = scoredDay(row.day, row, journey);
  const isWhole = !journey.health.indicators.some((indicator) => hidesIndicator(scope, indicator));
  const contributions = row.score === null || !isWhole ? [] : contributionsOf(scored.indicators);
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
