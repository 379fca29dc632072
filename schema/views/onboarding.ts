import { Float, Int } from "type-graphql";
import { accountOnboarding } from "../../models/onboarding/account_onboarding.js";
import { safeDivide } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { OnboardingStatus } from "../onboarding.js";
import { accountsOfRows, columnOf, Dimension, equals, Measure, type RowSql, View } from "../view.js";

const onboarded = (row: RowSql) => sql`${row.column("onboarded_on")} is not null`;

@View({
  field: "onboarding",
  model: accountOnboarding,
  day: "started_on",
  description:
    "Onboarding of accounts, by the period in which they became customers, as it stands on the last day of the data.",
})
export class OnboardingView {
  @Dimension(() => OnboardingStatus, columnOf(accountOnboarding, "status"))
  status!: OnboardingStatus;

  @Measure(() => Int, {
    ...accountsOfRows,
    args: {
      status: { type: () => OnboardingStatus, nullable: true, description: "Only those of this status." },
    },
    sql: (row, { status }) => row.count(equals(row, "status", status)),
  })
  accounts!: number;

  @Measure(() => Int, {
    description: "Those that have done every step.",
    unit: "accounts",
    nullable: false,
    isAdditive: true,
    sql: (row) => row.count(onboarded(row)),
  })
  onboarded!: number;

  @Measure(() => Float, {
    description: "onboarded / accounts.",
    unit: "share",
    sql: (row) => safeDivide(row.count(onboarded(row)), row.count()),
  })
  onboardedShare!: number | null;

  @Measure(() => Float, {
    description: "Steps done / steps.",
    unit: "share",
    sql: (row) => safeDivide(row.sum("steps_done"), row.sum("steps")),
  })
  stepsDoneShare!: number | null;

  @Measure(() => Float, {
    description: "Mean days from the start to the day onboarded, of those onboarded; null without any.",
    unit: "days",
    sql: (row) => row.mean("days_to_onboard"),
  })
  averageDaysToOnboard!: number | null;

  @Measure(() => Float, {
    description: "Mean human contacts until onboarded, or so far; null where touchpoints are not mapped.",
    unit: "contacts",
    sql: (row) => row.mean("contacts"),
  })
  averageContacts!: number | null;
}
