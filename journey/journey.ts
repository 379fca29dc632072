import { z } from "zod";
import { conditionSchema } from "./conditions.js";
import { factNames } from "./facts.js";
import { days, figure } from "./figures.js";
import { ownFact } from "./own_facts.js";

export { type Band, bands } from "./bands.js";

/** Words that become column names, API values and keys of objects, all of which have a `constructor`. */
const id = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, "expected a word in snake_case")
  .refine((word) => !(word in Object.prototype), "this word is taken; choose another");
/** Editors offer the built-in ones; the company's own are as good. */
const fact = z.string().meta({ anyOf: [{ enum: factNames }, { type: "string" }] });
const points = figure.min(0).max(100);
const weight = figure.min(0);
const named = { id, name: z.string().min(1), description: z.string().optional() };

const stage = z.strictObject({
  ...named,
  expected_days: days(1).optional().describe("An account that stays longer is stuck."),
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
  ...named,
  starts: z
    .union([
      z.enum(["customer_start", "contract_start"]),
      z.strictObject({ stage: id }),
      z.strictObject({ each_stay_in: id }),
      z.strictObject({ milestone: id }),
    ])
    .default("customer_start")
    .describe(
      "From when days are counted: the first paid day, the first day in a stage, or the day another milestone was reached. contract_start and each_stay_in begin anew with every paid contract or stay, and ask for evidence from that time.",
    ),
  expected_days: days(0).describe("Reached later than this is late; not reached by then is behind."),
  stuck_after_days: days(1)
    .optional()
    .describe("Not reached by then is stuck; twice the expected days by default."),
  when: conditionSchema.describe("Reached on the first day on which this holds."),
});

export const dimensions = ["outcomes", "engagement", "utilisation", "satisfaction", "support"] as const;

const indicator = z.strictObject({
  ...named,
  dimension: z.enum(dimensions),
  fact,
  scale: z
    .array(z.tuple([figure, points]))
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

const touchpoint = z.strictObject({
  ...named,
  why: z.string().min(1).describe("What the contact is for; shown beside it."),
  stage: id.describe("In which stage it is due."),
  kind: z
    .union([z.string(), z.array(z.string()).min(1)])
    .describe("Which logged contacts count: values of touchpoints.kind."),
  due_in_days: days(0).describe("Due on this day of the stage, counted from its first."),
  repeat_every_days: days(1).optional().describe("Due again as long as the account stays."),
});

const onboarding = z
  .strictObject({
    checklist: z
      .array(id)
      .min(1)
      .describe("Milestones; an account is onboarded on the day on which the last of them is reached."),
    expected_days: days(1).describe("From customer start to onboarded."),
  })
  .describe("What onboarding is made of.");

const signal = z.strictObject({
  ...named,
  kind: z.enum(["negative", "positive"]),
  severity: z.enum(["low", "medium", "high"]).default("medium"),
  when: conditionSchema,
  for_days: days(1).default(1).describe("Opens once the condition has held for so many days."),
  clear_days: days(1).default(1).describe("Closes once it has not held for so many days."),
});

const task = z.strictObject({
  ...named,
  owner: z
    .string()
    .min(1)
    .default("account_owner")
    .describe("A person or team; account_owner = who looks after the account."),
  due_in_days: days(0).describe("Days from what set it off."),
});

const play = z.strictObject({
  ...named,
  on: z
    .union([z.strictObject({ signal: id }), z.strictObject({ stage: id }), z.strictObject({ milestone: id })])
    .describe("What sets it off: a signal that opens, a stage entered, a milestone reached."),
  cooldown_days: days(0)
    .default(30)
    .describe("Not set off again for an account within so many days of the last time."),
  tasks: z.array(task).min(1),
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
  facts: z.array(ownFact(id)).default([]).describe("The company's own facts, beside the built-in ones."),
  stages: z
    .array(stage)
    .min(1)
    .describe("In order of precedence: the first whose condition holds on a day is the stage of that day."),
  milestones: z.array(milestone).default([]),
  onboarding: onboarding.optional(),
  touchpoints: z.array(touchpoint).default([]).describe("The contacts that are due in each stage, and why."),
  health,
  trends: z
    .array(fact)
    .default([])
    .describe("Facts whose weekly trend is kept; the health score's always is."),
  signals: z.array(signal).default([]),
  plays: z.array(play).default([]).describe("What to do when something happens."),
  tasks: z
    .strictObject({
      open_per_owner: z
        .int()
        .min(1)
        .default(25)
        .describe("An owner has at most so many open tasks; the rest wait, the most urgent first."),
      expire_after_days: days(1)
        .default(30)
        .describe("A task that nobody touched expires so many days after it was due."),
    })
    .default({ open_per_owner: 25, expire_after_days: 30 }),
  churn: z
    .strictObject({
      gap_days: days(0)
        .default(31)
        .describe("A customer whose coverage ends and goes on within so many days has renewed, not churned."),
    })
    .default({ gap_days: 31 }),
  sticky_features: z.array(z.string()).default([]).describe("Features that, once adopted, keep customers."),
  key_events: z.array(z.string()).default([]).describe("Events that show value, for key_events_28d."),
});

export type JourneyText = z.output<typeof journeySchema>;
export type Stage = JourneyText["stages"][number];
export type Milestone = JourneyText["milestones"][number];
export type PlannedTouchpoint = JourneyText["touchpoints"][number];
export type Indicator = JourneyText["health"]["indicators"][number];
export type Cap = JourneyText["health"]["caps"][number];
export type Signal = JourneyText["signals"][number];
export type Play = JourneyText["plays"][number];

export interface Journey extends JourneyText {
  /** Hash of what the file says (not of how it is written); stands in every row that it made. */
  readonly version: string;
}

/** Whether a milestone begins anew, with every paid contract or stay in a stage. */
export const repeats = ({ starts }: Milestone): boolean =>
  starts === "contract_start" || (typeof starts === "object" && "each_stay_in" in starts);
