import { createHash } from "node:crypto";
import { type Problem, parseYaml, readYaml } from "../config/yaml.js";
import { checkJourney } from "./check.js";
import { type Journey, type JourneyText, journeySchema } from "./journey.js";

/** Rules of rooms above, which know what this one can't: the columns of sources. */
export type FurtherCheck = (journey: JourneyText) => Problem[];

/**
 * Read and check a journey file.
 * @throws WaymarkError CONFIG_INVALID with every mistake: file, line, column, expectation, nearest word
 */
export function loadJourney(file: string, further: FurtherCheck = () => []): Journey {
  return versioned(readYaml(file, journeySchema, validated(further)));
}

/** As `loadJourney`, for text that is at hand, where `${NAME}` stays; `name` is what the messages call it. */
export const parseJourney = (text: string, name: string, further: FurtherCheck = () => []): Journey =>
  versioned(parseYaml(text, name, journeySchema, validated(further)));

const validated =
  (further: FurtherCheck) =>
  (journey: JourneyText): Problem[] => [...checkJourney(journey), ...further(journey)];

/** A journey with the hash of its content. */
export function versioned(journey: JourneyText): Journey {
  const version = createHash("sha256")
    .update(JSON.stringify(sorted(journey)))
    .digest("hex")
    .slice(0, 12);
  return { ...journey, version };
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
