import { Field, Float, Int, ObjectType } from "type-graphql";
import { earlyWarnings } from "../models/warnings/early_warnings.js";
import { PageInfo } from "./account.js";
import { column } from "./describe.js";
import { Band } from "./health.js";
import { Decimal, LocalDate } from "./scalars.js";
import { Severity } from "./signal.js";

@ObjectType({ description: "A customer that may be lost, and what is at stake." })
export class EarlyWarning {
  accountId!: string;

  @Field(() => Decimal, column(earlyWarnings, "mrr"))
  mrr!: string | null;

  @Field(() => Band, column(earlyWarnings, "band"))
  band!: Band;

  @Field(() => Float, column(earlyWarnings, "churn_risk_90d"))
  churnRisk90d!: number | null;

  @Field(() => Float, column(earlyWarnings, "mrr_at_stake"))
  mrrAtStake!: number | null;

  @Field(() => Int, column(earlyWarnings, "negative_signals"))
  negativeSignals!: number;

  @Field(() => Severity, column(earlyWarnings, "worst_severity"))
  worstSeverity!: Severity | null;

  @Field(() => LocalDate, column(earlyWarnings, "warned_since"))
  warnedSince!: string | null;

  @Field(() => Boolean, column(earlyWarnings, "is_health_falling"))
  isHealthFalling!: boolean;
}

@ObjectType({
  simpleResolvers: true,
  description: "A page of early warnings, the most money at stake first.",
})
export class EarlyWarningPage {
  @Field(() => [EarlyWarning], { description: "The warnings." })
  nodes!: EarlyWarning[];

  @Field(() => PageInfo, { description: "Where the page stands." })
  pageInfo!: PageInfo;
}
