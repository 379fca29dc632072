import { closest, distance } from "fastest-levenshtein";

/**
 * Every failure that a caller can act on. Codes are part of the public contract: GraphQL answers carry
 * them in `extensions.code`, and `waymark` maps them to exit codes (see `exitCodes`).
 */
export type ErrorCode =
  | "CONFIG_INVALID"
  | "SOURCE_INVALID"
  | "MODEL_INVALID"
  | "CHECK_FAILED"
  | "NOT_BUILT"
  | "WAREHOUSE_IN_USE"
  | "WAREHOUSE_FAILED"
  | "WAREHOUSE_UNAVAILABLE"
  | "OVER_BUDGET"
  | "RUN_IN_PROGRESS"
  | "LEASE_LOST"
  | "JOURNEY_CONFLICT"
  | "UNAUTHENTICATED"
  | "SIGN_IN_UNAVAILABLE"
  | "FORBIDDEN"
  | "BAD_USER_INPUT"
  | "NOT_FOUND"
  | "CANCELLED"
  | "PORT_IN_USE"
  | "WEBHOOK_FAILED";

/** What `waymark` exits with; 0 is success and 1 an unexpected failure. */
export const exitCodes: Record<ErrorCode, number> = {
  BAD_USER_INPUT: 2,
  NOT_FOUND: 2,
  CONFIG_INVALID: 2,
  SOURCE_INVALID: 2,
  MODEL_INVALID: 2,
  CHECK_FAILED: 3,
  WAREHOUSE_IN_USE: 4,
  WAREHOUSE_FAILED: 4,
  WAREHOUSE_UNAVAILABLE: 4,
  OVER_BUDGET: 4,
  RUN_IN_PROGRESS: 4,
  LEASE_LOST: 4,
  JOURNEY_CONFLICT: 4,
  UNAUTHENTICATED: 4,
  SIGN_IN_UNAVAILABLE: 4,
  FORBIDDEN: 4,
  PORT_IN_USE: 4,
  WEBHOOK_FAILED: 4,
  NOT_BUILT: 5,
  CANCELLED: 130,
};

/** Faults that pass by themselves, so that the same call may succeed in a while. */
export const transientCodes: readonly ErrorCode[] = [
  "WAREHOUSE_IN_USE",
  "WAREHOUSE_UNAVAILABLE",
  "RUN_IN_PROGRESS",
  "LEASE_LOST",
];

export const isTransient = (error: unknown): boolean =>
  error instanceof WaymarkError && transientCodes.includes(error.code);

/**
 * The one error class. The message names thing, place, value, what was expected and the next step;
 * `details` carries the same for machines.
 */
export class WaymarkError extends Error {
  override readonly name = "WaymarkError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** ` Did you mean "seats"?` when a known word is near, else the list of what is known, else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const near = closest(word, known);
  const meant =
    distance(word, near) <= Math.max(2, Math.floor(word.length / 3))
      ? near
      : known.find((other) => isShortFor(word, other));
  if (meant !== undefined) return ` Did you mean "${meant}"?`;
  return known.length <= 12 ? ` Known: ${known.join(", ")}.` : "";
}

/** Whether a word is another with its parts cut short, as `min_group` is `minimum_group`. */
function isShortFor(word: string, other: string): boolean {
  const [parts, whole] = [word.split("_"), other.split("_")];
  return (
    parts.length === whole.length && parts.every((part, i) => part.length > 2 && whole[i]?.startsWith(part))
  );
}
