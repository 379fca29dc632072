import { createHash } from "node:crypto";
import type { Problem } from "../config/yaml.js";
import { readYaml } from "../config/yaml.js";
import { didYouMean } from "../errors.js";
import { type Condition, milestonesOf } from "./conditions.js";
import { type Journey, type JourneyText, journeySchema } from "./journey.js";

/**
 * Read and check a journey file.
 * @throws WaymarkError CONFIG_INVALID with every mistake: file, line, column, expectation, nearest word
 */
export function loadJourney(file: string): Journey {
  return versioned(readYaml(file, journeySchema, checkJourney));
}

/** A journey with the hash of its content. */
export function versioned(journey: JourneyText): Journey {
  const version = createHash("sha256")
    .update(JSON.stringify(sorted(journey)))
    .digest("hex")
    .slice(0, 12);
  return { ...journey, version };
}

/** What the shape alone can't say: ids are unique, what is named exists, scales rise, the last stage takes the rest. */
export function checkJourney(journey: JourneyText): Problem[] {
  const stages = journey.stages.map((s) => s.id);
  const milestones = journey.milestones.map((m) => m.id);
  const problems = [
    ...repeated(["stages"], stages),
    ...repeated(["milestones"], milestones),
    ...repeated(
      ["health", "indicators"],
      journey.health.indicators.map((i) => i.id),
    ),
    ...repeated(
      ["health", "caps"],
      journey.health.caps.map((c) => c.id),
    ),
  ];
  const checkCondition = (path: PropertyKey[], condition: Condition | undefined): void => {
    for (const milestone of condition ? milestonesOf(condition) : []) {
      if (!milestones.includes(milestone))
        problems.push({
          path,
          message: `unknown milestone "${milestone}".${didYouMean(milestone, milestones)}`,
        });
    }
  };

  journey.stages.forEach((stage, i) => {
    const isLast = i === journey.stages.length - 1;
    if (isLast && stage.when)
      problems.push({
        path: ["stages", i, "when"],
        message: `the last stage, "${stage.id}", takes every day that no other claims; remove its condition.`,
      });
    if (!isLast && !stage.when)
      problems.push({
        path: ["stages", i],
        message: `stage "${stage.id}" needs a condition (\`when\`): without one the stages after it are never reached.`,
      });
    checkCondition(["stages", i, "when"], stage.when);
  });
  journey.milestones.forEach((milestone, i) => {
    const path = ["milestones", i];
    if (milestonesOf(milestone.when).length > 0)
      problems.push({
        path: [...path, "when"],
        message:
          "a milestone's own condition speaks of facts only; use `starts: { milestone: … }` to count from another.",
      });
    if (milestone.stuck_after_days !== undefined && milestone.stuck_after_days <= milestone.expected_days) {
      problems.push({
        path: [...path, "stuck_after_days"],
        message: `stuck_after_days is ${milestone.stuck_after_days}, expected more than expected_days (${milestone.expected_days}).`,
      });
    }
    if (typeof milestone.starts === "string") return;
    const [kind, word, known] =
      "stage" in milestone.starts
        ? (["stage", milestone.starts.stage, stages] as const)
        : (["milestone", milestone.starts.milestone, milestones] as const);
    if (!known.includes(word))
      problems.push({
        path: [...path, "starts", kind],
        message: `unknown ${kind} "${word}".${didYouMean(word, known)}`,
      });
    else if (word === milestone.id)
      problems.push({
        path: [...path, "starts", kind],
        message: `milestone "${word}" can't start from itself.`,
      });
  });
  journey.health.indicators.forEach((indicator, i) => {
    const path = ["health", "indicators", i];
    indicator.scale.slice(1).forEach(([value], j) => {
      const before = indicator.scale[j]?.[0] ?? 0;
      if (value <= before)
        problems.push({
          path: [...path, "scale", j + 1],
          message: `the scale's values must rise: ${value} follows ${before}.`,
        });
    });
    for (const stage of Object.keys(indicator.weights ?? {})) {
      if (!stages.includes(stage))
        problems.push({
          path: [...path, "weights", stage],
          message: `unknown stage "${stage}".${didYouMean(stage, stages)}`,
        });
    }
  });
  journey.health.caps.forEach((cap, i) => {
    checkCondition(["health", "caps", i, "when"], cap.when);
  });
  for (const [i, stage] of journey.stages.entries()) {
    const weight = journey.health.indicators.reduce((sum, x) => sum + (x.weights?.[stage.id] ?? x.weight), 0);
    if (stage.is_scored && weight === 0)
      problems.push({
        path: ["stages", i],
        message: `all indicators weigh 0 in stage "${stage.id}"; give one a weight, or say is_scored: false.`,
      });
  }
  const { average_from, good_from } = journey.health.bands;
  if (average_from >= good_from)
    problems.push({
      path: ["health", "bands"],
      message: `average_from (${average_from}) must be below good_from (${good_from}).`,
    });
  return problems;
}

function repeated(path: PropertyKey[], ids: string[]): Problem[] {
  return ids.flatMap((id, i) =>
    ids.indexOf(id) < i
      ? [{ path: [...path, i, "id"], message: `"${id}" is used twice; ids must be unique.` }]
      : [],
  );
}

/** Keys in order, so that the hash doesn't depend on how the file is laid out. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}
