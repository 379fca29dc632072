import { z } from "zod";
import { conditionSchema } from "./conditions.js";
import { type FactName, factNames } from "./facts.js";

/** Words that become column names and API values. */
const id = z.string().regex(/^[a-z][a-z0-9_]*$/, "expected a word in snake_case");
const fact = z.enum(factNames as [FactName, ...FactName[]]);
const points = z.number().min(0).max(100);
const weight = z.number().min(0);

const stage = z.strictObject({
  id,
  name: z.string().min(1),
  description: z.string().optional(),
  expected_days: z.int().min(1).optional().describe("An account that stays longer is stuck."),
  is_scored: z
    .boolean()
    .default(true)
    .describe("Whether health means anything in this stage; false for prospects and former customers."),
  when: conditionSchema
    .optional()
    .describe(
      "On which days an account is in it, unless an earlier stage claims the day; the last stage has none.",
    ),
});

const milestone = z.strictObject({
  id,
  name: z.string().min(1),
  description: z.string().optional(),
  starts: z
    .union([z.literal("customer_start"), z.strictObject({ stage: id }), z.strictObject({ milestone: id })])
    .default("customer_start")
    .describe(
      "From when days are counted: the first paid day, the first day in a stage, or the day another milestone was reached.",
    ),
  expected_days: z.int().min(0).describe("Reached later than this is late; not reached by then is behind."),
  stuck_after_days: z
    .int()
    .min(1)
    .optional()
    .describe("Not reached by then is stuck; twice the expected days by default."),
  when: conditionSchema.describe("Reached on the first day on which this holds."),
});

export const dimensions = ["outcomes", "engagement", "utilisation", "satisfaction", "support"] as const;

const indicator = z.strictObject({
  id,
  name: z.string().min(1),
  description: z.string().optional(),
  dimension: z.enum(dimensions),
  fact,
  scale: z
    .array(z.tuple([z.number(), points]))
    .min(2)
    .describe(
      "Pairs of a fact's value and its points 0–100, by rising value; straight lines between, level beyond.",
    ),
  weight: weight.default(1),
  weights: z.record(id, weight).optional().describe("Other weights in some stages."),
  missing: z
    .enum(["skip", "zero"])
    .default("skip")
    .describe(
      "What a missing value does: skip = takes no part and lowers coverage; zero = counts as 0 points.",
    ),
});

const cap = z.strictObject({
  id,
  name: z.string().min(1),
  when: conditionSchema,
  at_most: points.describe("The score is at most this while the condition holds."),
});

const health = z.strictObject({
  min_coverage: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("Below this share of weight with a value the score is null and the band unknown."),
  bands: z
    .strictObject({ average_from: points, good_from: points })
    .default({ average_from: 50, good_from: 75 })
    .describe("Lower edges, included: poor below average_from, good from good_from."),
  indicators: z.array(indicator).min(1),
  caps: z.array(cap).default([]),
});

/** The shape of `journey.yml`: what the company believes about its customers. */
export const journeySchema = z.strictObject({
  stages: z
    .array(stage)
    .min(1)
    .describe("In order of precedence: the first whose condition holds on a day is the stage of that day."),
  milestones: z.array(milestone).default([]),
  health,
  trends: z
    .array(fact)
    .default([])
    .describe("Facts whose weekly trend is kept; the health score's always is."),
  sticky_features: z.array(z.string()).default([]).describe("Features that, once adopted, keep customers."),
});

export type JourneyText = z.output<typeof journeySchema>;
export type Stage = JourneyText["stages"][number];
export type Milestone = JourneyText["milestones"][number];
export type Indicator = JourneyText["health"]["indicators"][number];
export type Cap = JourneyText["health"]["caps"][number];

export interface Journey extends JourneyText {
  /** Hash of what the file says (not of how it is written); stands in every row that it made. */
  readonly version: string;
}

export const bands = ["poor", "average", "good", "unknown"] as const;
export type Band = (typeof bands)[number];
