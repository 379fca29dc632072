import { z } from "zod";
import { by, integer, join, name, number, type Sql, sql, text } from "../warehouse/sql.js";
import { type FactName, factNames, facts } from "./facts.js";

/**
 * A condition on the facts of one day. A comparison with a missing fact doesn't hold; so `not` of it does.
 * `{ fact: days_to_renewal, at_most: 90 }` · `{ milestone: activated }` · `{ all: […] }` · `{ any: […] }` · `{ not: … }`
 */
export type Condition =
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | { milestone: string }
  | ({ fact: FactName } & Comparison);

export interface Comparison {
  at_least?: number | undefined;
  above?: number | undefined;
  at_most?: number | undefined;
  below?: number | undefined;
  equals?: number | boolean | undefined;
  is_missing?: boolean | undefined;
}

const comparisons = ["at_least", "above", "at_most", "below", "equals", "is_missing"] as const;

const factCondition = z
  .strictObject({
    fact: z.enum(factNames as [FactName, ...FactName[]]),
    at_least: z.number().optional(),
    above: z.number().optional(),
    at_most: z.number().optional(),
    below: z.number().optional(),
    equals: z.union([z.number(), z.boolean()]).optional(),
    is_missing: z.boolean().optional(),
  })
  .superRefine((condition, context) => {
    const said = comparisons.filter((c) => condition[c] !== undefined);
    if (said.length === 0) context.addIssue(`compare the fact with one of ${comparisons.join(", ")}`);
    const isBoolean = facts[condition.fact]?.type === "boolean";
    const wrong = said.find((c) => c !== "is_missing" && (typeof condition[c] === "boolean") !== isBoolean);
    if (wrong)
      context.addIssue(
        `${condition.fact} is ${isBoolean ? "yes/no: use equals: true or false" : "a number: use at_least, above, at_most, below or equals with one"}`,
      );
  });

export const conditionSchema: z.ZodType<Condition, Condition> = z.lazy(() =>
  z.union([
    factCondition,
    z.strictObject({ milestone: z.string().describe("A milestone that has been reached by that day.") }),
    z.strictObject({ all: z.array(conditionSchema).min(1) }),
    z.strictObject({ any: z.array(conditionSchema).min(1) }),
    z.strictObject({ not: conditionSchema }),
  ]),
);

/** Every milestone that a condition speaks of. */
export const milestonesOf = (condition: Condition): string[] =>
  leavesOf(condition).flatMap((leaf) => ("milestone" in leaf ? [leaf.milestone] : []));

/** Every fact that a condition speaks of. */
export const factsOf = (condition: Condition): FactName[] =>
  leavesOf(condition).flatMap((leaf) => ("fact" in leaf ? [leaf.fact] : []));

function leavesOf(
  condition: Condition,
): Exclude<Condition, { all: unknown } | { any: unknown } | { not: unknown }>[] {
  if ("all" in condition) return condition.all.flatMap(leavesOf);
  if ("any" in condition) return condition.any.flatMap(leavesOf);
  return "not" in condition ? leavesOf(condition.not) : [condition];
}

/**
 * SQL that is true or false, never null. Facts are columns of `row`; `reached` gives the day on which a
 * milestone was reached as SQL, null if it never was.
 */
export function conditionSql(condition: Condition, row: Sql, reached: (milestone: string) => Sql): Sql {
  const inner = (c: Condition): Sql => conditionSql(c, row, reached);
  if ("all" in condition) return sql`(${join(condition.all.map(inner), " and ")})`;
  if ("any" in condition) return sql`(${join(condition.any.map(inner), " or ")})`;
  if ("not" in condition) return sql`(not ${inner(condition.not)})`;
  if ("milestone" in condition) return sql`coalesce(${reached(condition.milestone)} <= ${row}.day, false)`;
  const fact = sql`${row}.${name(condition.fact)}`;
  const parts = comparisons.flatMap((c) => {
    const bound = condition[c];
    if (bound === undefined) return [];
    if (c === "is_missing") return [bound ? sql`${fact} is null` : sql`${fact} is not null`];
    return [sql`coalesce(${fact} ${operators[c]} ${literal(bound, condition.fact)}, false)`];
  });
  return parts.length === 1 ? (parts[0] as Sql) : sql`(${join(parts, " and ")})`;
}

const operators = { at_least: sql`>=`, above: sql`>`, at_most: sql`<=`, below: sql`<`, equals: sql`=` };

function literal(value: number | boolean, fact: FactName): Sql {
  if (typeof value === "boolean") return value ? sql`true` : sql`false`;
  if (facts[fact].type === "decimal") {
    return by({
      duckdb: sql`cast(${text(String(value))} as decimal(38, 9))`,
      bigquery: sql`numeric ${text(String(value))}`,
    });
  }
  return Number.isInteger(value) ? integer(value) : number(value);
}

/** A condition in words, e.g. "licence utilisation 28d below 0.5 and not milestone activated". */
export function inWords(condition: Condition): string {
  if ("all" in condition) return condition.all.map(inWords).join(" and ");
  if ("any" in condition) return `(${condition.any.map(inWords).join(" or ")})`;
  if ("not" in condition) return `not (${inWords(condition.not)})`;
  if ("milestone" in condition) return `milestone ${condition.milestone} reached`;
  const said = comparisons.flatMap((c) => {
    const bound = condition[c];
    if (bound === undefined) return [];
    return c === "is_missing" ? [bound ? "missing" : "known"] : [`${c.replace("_", " ")} ${bound}`];
  });
  return `${condition.fact.replaceAll("_", " ")} ${said.join(" and ")}`;
}
