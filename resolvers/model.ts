import { GraphQLJSONObject } from "graphql-scalars";
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import { didYouMean, WaymarkError } from "../errors.js";
import { modelsOf, readChecks } from "../jobs/check_results.js";
import { daysOf, type Explanation } from "../jobs/explain.js";
import { readBilled, readRuns, readTables, readWritings } from "../jobs/ledger.js";
import { models } from "../models/index.js";
import { Check } from "../schema/check.js";
import { ModelBuild, ModelInfo } from "../schema/model.js";
import { LocalDate } from "../schema/scalars.js";
import { Run } from "../schema/snapshot.js";
import { checkOf } from "./check.js";
import type { Context } from "./context.js";
import { runOf } from "./snapshot.js";

@Resolver(() => ModelInfo)
export class ModelResolver {
  @Query(() => [ModelInfo], {
    description: "The tables that Waymark builds: what they mean, what they come from, how fresh they are.",
  })
  async models(
    @Ctx() { ledger, reader, freshness }: Context,
    @Arg("names", () => [String], {
      nullable: true,
      description: "These; all, in reading order, by default.",
    })
    names?: string[] | null,
  ): Promise<ModelInfo[]> {
    const { snapshot } = reader;
    const [tables, ages] = await Promise.all([readTables(ledger("models"), snapshot), freshness()]);
    const known = models.map((m) => m.name);
    const unknown = (names ?? []).find((n) => !known.includes(n));
    if (unknown !== undefined)
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `models: there is no model "${unknown}".${didYouMean(unknown, known)}`,
      );
    return models.flatMap((model) => {
      const table = tables.get(model.name);
      if (!table || (names && !names.includes(model.name))) return [];
      return {
        name: model.name,
        description: model.description,
        grain: [...model.grain],
        columns: Object.entries(model.columnsFor(snapshot.words)).map(([name, column]) => ({
          name,
          type: column.type,
          unit: column.unit ?? null,
          description: column.description,
          isNullable: !column.notNull,
        })),
        upstream: Object.keys(table.inputs.tables),
        downstream: [...tables.values()].filter((t) => model.name in t.inputs.tables).map((t) => t.model),
        rows: table.rows,
        builtAt: table.built_at,
        dataThrough: snapshot.dataThrough,
        freshness: ages.get(model.name) ?? null,
      } as ModelInfo;
    });
  }

  @Query(() => GraphQLJSONObject, {
    description:
      "When and from what a table, or a day of it, was written, and why a build would or wouldn't write it anew, as `waymark explain --json` has it. All raw rows that it hangs on are compared with what was read, which takes its time.",
  })
  async explanation(
    @Ctx() { explanationOf }: Context,
    @Arg("model", () => String, { description: "The table, e.g. account_health." }) model: string,
    @Arg("day", () => LocalDate, { nullable: true, description: "The day; the whole table by default." })
    day?: string | null,
  ): Promise<Explanation> {
    if (explanationOf) return explanationOf(model, day ?? null);
    throw new WaymarkError(
      "FORBIDDEN",
      "explanation: you may not ask this server why tables are stale; use `waymark explain` beside the warehouse.",
    );
  }

  @FieldResolver(() => [Check], {
    description: "How its own checks stand, and those of the company that read it.",
  })
  async checks(@Root() { name }: ModelInfo, @Ctx() context: Context): Promise<Check[]> {
    const checks = await once(context, "checks", () =>
      readChecks(context.ledger("checks"), context.reader.snapshot),
    );
    return checks.filter((check) => modelsOf(check).includes(name)).map(checkOf);
  }

  @FieldResolver(() => [ModelBuild], { description: "How it was written, the latest first." })
  async builds(
    @Root() { name }: ModelInfo,
    @Ctx() context: Context,
    @Arg("last", () => Int, { defaultValue: 5, description: "At most so many, 1 to 100." }) last: number,
  ): Promise<ModelBuild[]> {
    if (last < 1 || last > 100)
      throw new WaymarkError("BAD_USER_INPUT", `builds(last: ${last}): expected 1 to 100.`);
    const { snapshot } = context.reader;
    const writings = await once(context, "writings", () => readWritings(context.ledger("builds")));
    const billed = await once(context, "billed", () => readBilled(context.ledger("builds")));
    return writings
      .filter((w) => w.model === name && w.version <= snapshot.id)
      .slice(0, last)
      .map((w) => ({
        version: w.version,
        runId: w.run_id,
        writtenAt: w.written_at,
        isWhole: w.is_whole,
        reason: w.reason,
        code: w.code,
        journeyVersion: w.journey_version,
        inputs: w.inputs.map((input) => ({
          model: input.model,
          fromVersion: input.from,
          toVersion: input.to,
          ...daysOf(input, writings),
        })),
        accounts: w.accounts,
        firstDay: w.first_day,
        lastDay: w.last_day,
        rowsAdded: w.rows_added,
        rowsEnded: w.rows_ended,
        bytesBilled: billed.find((b) => b.model === w.model && b.version === w.version)?.bytes_billed ?? null,
      }));
  }

  @FieldResolver(() => Run, { nullable: true, description: "The latest run of the build." })
  async lastRun(@Ctx() context: Context): Promise<Run | null> {
    const [run] = await once(context, "runs", () => readRuns(context.ledger("lastRun"), 1));
    return run ? runOf(run) : null;
  }
}

/** The ledger is read once per request, however many models ask. */
const answers = new WeakMap<Context, Map<string, Promise<unknown>>>();
function once<T>(context: Context, question: string, ask: () => Promise<T>): Promise<T> {
  const known = answers.get(context) ?? new Map<string, Promise<unknown>>();
  answers.set(context, known);
  const answer = (known.get(question) as Promise<T> | undefined) ?? ask();
  known.set(question, answer);
  return answer;
}
