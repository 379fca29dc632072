import { GraphQLJSONObject } from "graphql-scalars";
import { Arg, Ctx, ID, Query, Resolver } from "type-graphql";
import { didYouMean, WaymarkError } from "../errors.js";
import type { JourneyPlan } from "../jobs/journey_plan.js";
import type { JourneyVersion } from "../jobs/ledger.js";
import type { Journey, Milestone, Play } from "../journey/journey.js";
import { inWords, type Vocabulary } from "../journey/words.js";
import type { IndicatorDimension } from "../schema/health.js";
import { Journey as JourneyType } from "../schema/journey.js";
import type { Context, Edits } from "./context.js";
import { plannedOf, signalOf, stageOf, vocabularyOf } from "./journey_words.js";

/** What every question about an edit is given. */
export const editedFile = {
  description: "The text of the edited journey.yml; `${NAME}` in it stays as it is.",
};

/** @throws WaymarkError FORBIDDEN where this server, or this caller, looks at no edits; `waymark COMMAND` does */
export function editsOf({ edits, caller }: Context, command: string): Edits {
  if (edits && caller.mayWrite) return edits;
  throw new WaymarkError(
    "FORBIDDEN",
    `This server looks at no edited journeys; use \`waymark ${command}\` beside the warehouse.`,
  );
}

@Resolver()
export class JourneyResolver {
  @Query(() => JourneyType, { description: "What the company believes about its customers, or believed." })
  async journey(
    @Ctx() context: Context,
    @Arg("version", () => ID, { nullable: true, description: "A version; the current one by default." })
    version?: string | null,
  ): Promise<JourneyType> {
    return journeyType(
      await versionOf(context, version ?? context.reader.snapshot.words.journey.version),
      context,
    );
  }

  @Query(() => GraphQLJSONObject, {
    description:
      "What an edited journey would change on the data of this snapshot, as `waymark plan --json` has it. Nothing is published.",
  })
  async journeyPlan(
    @Ctx() context: Context,
    @Arg("file", () => String, editedFile) file: string,
  ): Promise<JourneyPlan> {
    return editsOf(context, "plan").plan(file);
  }

  @Query(() => [JourneyType], {
    description:
      "Every version that was published, the current one first; one that came again stands where it did so.",
  })
  async journeyVersions(@Ctx() context: Context): Promise<JourneyType[]> {
    return (await context.versions()).map((version) => journeyType(version, context));
  }
}

/**
 * A version of the journey.
 * @throws WaymarkError BAD_USER_INPUT where it was never published
 */
export async function versionOf(context: Context, version: string): Promise<JourneyVersion> {
  const versions = await context.versions();
  const found = versions.find(({ snapshot }) => snapshot.words.journey.version === version);
  if (found) return found;
  const known = versions.map(({ snapshot }) => snapshot.words.journey.version);
  throw new WaymarkError(
    "BAD_USER_INPUT",
    `There is no version "${version}" of the journey; \`journeyVersions\` lists them.${didYouMean(version, known)}`,
  );
}

function journeyType({ snapshot, firstPublishedAt, note }: JourneyVersion, { reader }: Context): JourneyType {
  const { journey } = snapshot.words;
  const { version, ...definition } = journey;
  const words = vocabularyOf(journey);
  return {
    version,
    isCurrent: version === reader.snapshot.words.journey.version,
    firstPublishedAt,
    note,
    stages: journey.stages.map((s) => ({
      ...stageOf(journey, s.id),
      expectedDays: s.expected_days ?? null,
      isScored: s.is_scored,
      condition: s.when ? inWords(s.when, words) : "every day that no other stage claims",
    })),
    milestones: journey.milestones.map((m) => ({
      id: m.id,
      name: m.name,
      description: m.description ?? null,
      starts: startInWords(m, words),
      expectedDays: m.expected_days,
      condition: inWords(m.when, words),
    })),
    indicators: journey.health.indicators.map(({ id, name, dimension, fact, scale, weight }) => ({
      id,
      name,
      dimension: dimension as IndicatorDimension,
      fact,
      scale,
      weight,
    })),
    signals: journey.signals.map((signal) => signalOf(journey, signal)),
    plays: journey.plays.map((play) => ({
      id: play.id,
      name: play.name,
      description: play.description ?? null,
      setOffBy: setOffInWords(play, journey, words),
      cooldownDays: play.cooldown_days,
      tasks: play.tasks.map((task) => task.name),
    })),
    touchpoints: journey.touchpoints.map((touchpoint) => plannedOf(journey, touchpoint)),
    definition,
  };
}

function startInWords({ starts }: Milestone, words: Vocabulary): string {
  if (starts === "customer_start") return "customer start";
  if (starts === "contract_start") return "the start of each paid contract";
  if ("milestone" in starts) return `milestone "${words.nameOfMilestone(starts.milestone)}"`;
  return "stage" in starts
    ? `first day in stage ${words.nameOfStage(starts.stage)}`
    : `first day of each stay in stage ${words.nameOfStage(starts.each_stay_in)}`;
}

function setOffInWords({ on }: Play, journey: Journey, words: Vocabulary): string {
  if ("stage" in on) return `stage ${words.nameOfStage(on.stage)} entered`;
  if ("milestone" in on) return `milestone "${words.nameOfMilestone(on.milestone)}" reached`;
  return `signal "${journey.signals.find((s) => s.id === on.signal)?.name ?? on.signal}" opened`;
}
