import type { Journey } from "../journey/journey.js";
import type { Stage } from "../schema/stage.js";

/** A stage by its id, named as the journey that made the snapshot names it. */
export function stageOf(journey: Journey, id: string): Stage {
  const stage = journey.stages.find((s) => s.id === id);
  return { id, name: stage?.name ?? id, description: stage?.description ?? null };
}
