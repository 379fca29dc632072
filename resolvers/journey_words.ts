import { listOf } from "../journey/conditions.js";
import type { Journey, PlannedTouchpoint, Signal } from "../journey/journey.js";
import { allFactsIn } from "../journey/own_facts.js";
import { inWords, type Vocabulary } from "../journey/words.js";
import type { Severity, SignalKind, Signal as SignalType } from "../schema/signal.js";
import type { Stage } from "../schema/stage.js";
import type { PlannedTouchpoint as PlannedTouchpointType } from "../schema/touchpoint.js";

/** A stage by its id, named as the journey that made the snapshot names it. */
export function stageOf(journey: Journey, id: string): Stage {
  const stage = journey.stages.find((s) => s.id === id);
  return { id, name: stage?.name ?? id, description: stage?.description ?? null };
}

/** Each is put into words once: a list of signals names the same few again and again. */
const known = new WeakMap<Signal, SignalType>();

/** A signal of a journey. */
export function signalOf(journey: Journey, signal: Signal): SignalType {
  const told = known.get(signal) ?? {
    id: signal.id,
    name: signal.name,
    description: signal.description ?? null,
    kind: signal.kind as SignalKind,
    severity: signal.severity as Severity,
    condition: inWords(signal.when, vocabularyOf(journey)),
    forDays: signal.for_days,
    clearDays: signal.clear_days,
  };
  known.set(signal, told);
  return told;
}

export const plannedOf = (journey: Journey, planned: PlannedTouchpoint): PlannedTouchpointType => ({
  id: planned.id,
  name: planned.name,
  why: planned.why,
  stage: stageOf(journey, planned.stage),
  kinds: [...listOf(planned.kind)],
  dueInDays: planned.due_in_days,
  repeatEveryDays: planned.repeat_every_days ?? null,
});

/** What a journey's conditions are said with. */
export const vocabularyOf = (journey: Journey): Vocabulary => ({
  facts: allFactsIn(journey),
  nameOfStage: (id) => stageOf(journey, id).name,
  nameOfMilestone: (id) => journey.milestones.find((m) => m.id === id)?.name ?? id,
});
