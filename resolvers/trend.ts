import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from "type-graphql";
import { didYouMean, WaymarkError } from "../errors.js";
import { trendMetrics } from "../journey/trends.js";
import { Account } from "../schema/account.js";
import { type Direction, TrendWeek } from "../schema/trend.js";
import type { Context } from "./context.js";
import { mustSee } from "./reader.js";

const maxWeeks = 260;

@Resolver(() => Account)
export class TrendResolver {
  @FieldResolver(() => [TrendWeek], { description: "A metric over complete weeks, the latest first." })
  async trend(
    @Root() { id }: Account,
    @Arg("metric", () => String, {
      description: "health_score, or a fact that the journey keeps the trend of.",
    })
    metric: string,
    @Arg("weeks", () => Int, { defaultValue: 30, description: "How many weeks back, 1 to 260." })
    weeks: number,
    @Ctx() { load, reader }: Context,
  ): Promise<TrendWeek[]> {
    const known = trendMetrics(reader.snapshot.words.journey);
    if (!known.includes(metric)) {
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `trend: no trend of "${metric}" is kept.${didYouMean(metric, known)} The journey's \`trends\` say which are.`,
      );
    }
    if (weeks < 1 || weeks > maxWeeks)
      throw new WaymarkError("BAD_USER_INPUT", `trend: weeks is ${weeks}, expected 1 to ${maxWeeks}.`);
    mustSee(reader, "trend", [metric]);
    const rows = await load.trend.load({ id, metric, weeks });
    return rows.map((row) => ({
      week: row.week,
      value: row.value,
      previous: row.previous,
      change: row.change,
      mean30w: row.mean_30w,
      stddev30w: row.stddev_30w,
      z: row.z,
      slope30w: row.slope_30w,
      direction: row.direction as Direction | null,
    }));
  }
}
