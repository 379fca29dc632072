import { Arg, Ctx, Int, Query, Resolver } from "type-graphql";
import type { Cohort } from "../analysis/cohorts.js";
import { compareCohorts } from "../analysis/compare.js";
import { WaymarkError } from "../errors.js";
import { CohortInput, Comparison, TermOutcome } from "../schema/comparison.js";
import { outcomesAmong } from "./backtest.js";
import type { Context } from "./context.js";
import { orNobody } from "./nobody.js";
import type { Reader } from "./reader.js";
import { within } from "./within.js";

const stayed = [TermOutcome.RENEWED, TermOutcome.EXPANDED, TermOutcome.CONTRACTED];

@Resolver()
export class ComparisonResolver {
  @Query(() => Comparison, {
    description:
      "What tells two cohorts of accounts apart, by default those that churned and those that stayed (renewed, expanded or contracted): every milestone, signal, stage, fact, contact and attribute as it stood some days before the outcome. It tells association, not cause.",
  })
  async comparison(
    @Ctx() { reader }: Context,
    @Arg("leadDays", () => Int, {
      defaultValue: 60,
      description: "Everything is read as of so many days before the outcome, 1 to 1000.",
    })
    leadDays: number,
    @Arg("minGroup", () => Int, {
      defaultValue: 5,
      description: "Groups of fewer accounts are withheld; 2 to 1000.",
    })
    minGroup: number,
    @Arg("lateDays", () => Int, {
      defaultValue: 14,
      description:
        "A row that came, or was corrected, later than so many days after that day was not known then, and what is made of it isn't compared; 0 to 10000.",
    })
    lateDays: number,
    @Arg("first", () => CohortInput, { nullable: true, description: "Those that churned by default." })
    first?: CohortInput | null,
    @Arg("second", () => CohortInput, {
      nullable: true,
      description: "Those that stayed by default: renewed, expanded or contracted.",
    })
    second?: CohortInput | null,
  ): Promise<Comparison> {
    within("comparison", { leadDays }, 1, 1000);
    within("comparison", { minGroup }, 2, 1000);
    within("comparison", { lateDays }, 0, 10_000);
    const compared = await compareCohorts(reader.query, reader.snapshot.words, {
      first: cohortOf("first", first ?? { outcomes: [TermOutcome.CHURNED] }, reader),
      second: cohortOf("second", second ?? { outcomes: stayed }, reader),
      leadDays,
      minGroup,
      lateDays,
    });
    return orNobody(reader, [first?.filter, second?.filter], compared as Comparison);
  }
}

function cohortOf(argument: string, { outcomes, ...some }: CohortInput, reader: Reader): Cohort {
  if (outcomes.length === 0)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `comparison(${argument}: { outcomes: [] }): expected at least one of CHURNED, RENEWED, EXPANDED, CONTRACTED.`,
    );
  return { outcomes, ...outcomesAmong(`comparison(${argument})`, some, reader) };
}
