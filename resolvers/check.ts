import { GraphQLJSONObject } from "graphql-scalars";
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { isDeclared, isPassed, modelsOf, readFailingRows, readLatestChecks } from "../jobs/check_results.js";
import { mostKeptRows } from "../jobs/checks.js";
import type { CheckRow } from "../jobs/ledger.js";
import { Check, CheckSeverity } from "../schema/check.js";
import type { Context } from "./context.js";

@Resolver(() => Check)
export class CheckResolver {
  @Query(() => [Check], {
    description:
      "What every check found the last time, published or not: the company's own, and those of all models. Answered before anything is published too.",
  })
  async checks(
    @Ctx() { ledger }: Context,
    @Arg("isPassed", () => Boolean, { nullable: true, description: "Only those that pass, or fail." })
    passed?: boolean | null,
  ): Promise<Check[]> {
    const rows = await readLatestChecks(ledger("checks"));
    return rows.filter((row) => passed == null || isPassed(row) === passed).map(checkOf);
  }

  @FieldResolver(() => [GraphQLJSONObject], {
    description:
      "The rows that fail it, as they were when it was asked: up to 1,000 of them are kept, and for some weeks only.",
  })
  async rows(
    @Root() check: Check,
    @Ctx() { ledger }: Context,
    @Arg("first", () => Int, { defaultValue: 20, description: "How many, at most 1,000." }) first: number,
  ): Promise<Record<string, unknown>[]> {
    if (first < 0 || first > mostKeptRows)
      throw new WaymarkError("BAD_USER_INPUT", `rows: first is ${first}; expected 0 to ${mostKeptRows}.`);
    return readFailingRows(ledger("rows"), check.kept, first);
  }
}

export const checkOf = (row: CheckRow): Check => ({
  name: row.check,
  models: modelsOf(row),
  isDeclared: isDeclared(row),
  severity: row.severity === "warning" ? CheckSeverity.WARNING : CheckSeverity.ERROR,
  isPassed: isPassed(row),
  failingRows: row.failingRows,
  examples: [...row.examples],
  error: row.error,
  checkedAt: row.checkedAt,
  failingSince: row.failingSince,
  kept: row,
});
