import { z } from "zod";
import { type Fact, facts, type ScoredFactName, scoredFacts } from "./facts.js";
import { figure } from "./figures.js";

/** What an own fact may be made of: the sources whose rows happened on a day. */
export const factSources = [
  "usage_events",
  "tickets",
  "survey_responses",
  "touchpoints",
  "outcomes",
] as const;

/** Measures of rows, and those of one column of theirs. */
const ofRows = ["count", "days", "days_since_last"] as const;
const ofColumn = ["sum", "average", "min", "max", "distinct"] as const;

const scalar = z.union([z.string(), figure, z.boolean()]);

export const ownFact = (id: z.ZodString) =>
  z.strictObject({
    id,
    name: z.string().min(1).optional(),
    description: z.string().min(1),
    unit: z.string().min(1).optional().describe("What one of it is, e.g. exports; share = 0–1, shown in %."),
    from: z.enum(factSources),
    where: z
      .record(z.string(), z.union([scalar, z.array(scalar).min(1)]))
      .default({})
      .describe("Columns of the source, or user_role, and the value or values that count."),
    measure: z
      .enum([...ofRows, ...ofColumn])
      .describe(
        "count of rows, days with one, days_since_last one; or sum, average, min, max, distinct values of a column.",
      ),
    of: z.string().optional().describe("The column, for sum, average, min, max and distinct."),
    over_days: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe("A trailing window that ends with the day; all days so far without it."),
  });
export type OwnFact = z.output<ReturnType<typeof ownFact>>;

/** What stands beside the facts in tables of facts, their stores and lists of accounts, so no fact may be called so. */
export const columnsBesideFacts: readonly string[] = [
  "account_id",
  "day",
  "name",
  "created_on",
  "customer_since",
  "segment",
  "region",
  "owner",
  "stage",
  "stage_entered_on",
  "stage_days",
  "is_stuck",
  "uncapped_score",
  "cap",
  "score",
  "coverage",
  "band",
  "journey_version",
  "from_version",
  "to_version",
];

export const needsColumn = ({ measure }: OwnFact): boolean =>
  (ofColumn as readonly string[]).includes(measure);

/** Whether any of the facts tells people of a role from those of whom nobody has said a role. */
export const asksForRole = (facts: readonly OwnFact[], role: string): boolean =>
  facts.some(({ of, where }) => of === "user_role" || [where.user_role].flat().includes(role));

/** An own fact as what it is to conditions, indicators and readers. */
export function factOf(own: OwnFact): Fact {
  const isMeasurement = ["sum", "average", "min", "max"].includes(own.measure);
  const unit = own.unit ?? (own.measure.startsWith("days") ? "days" : isMeasurement ? "" : own.from);
  // A quantity has a value where it isn't mapped: 1.
  const columns = [...Object.keys(own.where), ...(own.of ? [own.of] : [])].filter(
    (column) => !(own.from === "usage_events" && column === "quantity"),
  );
  return {
    type: isMeasurement ? "number" : "integer",
    unit,
    description: own.description,
    needs: [own.from, ...columns.map((c) => (c === "user_role" ? "users.role" : `${own.from}.${c}`))],
    ...(isMeasurement ? {} : { min: 0 }),
  };
}

/** The built-in facts and the company's own. */
export const factsIn = (journey: { facts: readonly OwnFact[] }): Readonly<Record<string, Fact>> => ({
  ...facts,
  ...Object.fromEntries(journey.facts.map((own) => [own.id, factOf(own)])),
});

/** These, and what is known of a day once it is scored: what signals speak of. */
export const allFactsIn = (journey: { facts: readonly OwnFact[] }): Readonly<Record<string, Fact>> => ({
  ...factsIn(journey),
  ...scoredFacts,
});

export const isScoredFact = (id: string): id is ScoredFactName => Object.hasOwn(scoredFacts, id);
