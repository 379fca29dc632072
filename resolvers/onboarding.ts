import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import { repeats } from "../journey/journey.js";
import { accountMilestones } from "../models/milestones/account_milestones.js";
import { ref } from "../models/model.js";
import { accountOnboarding } from "../models/onboarding/account_onboarding.js";
import { Account, AccountFilter } from "../schema/account.js";
import { AccountMilestone } from "../schema/milestone.js";
import { Onboarding, OnboardingCohort, type OnboardingStatus } from "../schema/onboarding.js";
import { countIf } from "../warehouse/dialect.js";
import { sql } from "../warehouse/sql.js";
import type { Context } from "./context.js";
import { milestonesOf } from "./milestone.js";
import { ofAccounts } from "./pages.js";

@Resolver(() => Account)
export class AccountOnboardingResolver {
  @FieldResolver(() => Onboarding, {
    nullable: true,
    description:
      "How far it is with onboarding; null where the journey has no checklist, or it never had facts.",
  })
  async onboarding(@Root() { id }: Account, @Ctx() { load }: Context): Promise<Onboarding | null> {
    const row = await load.onboarding.load(id);
    return (
      row && {
        accountId: id,
        status: row.status as OnboardingStatus,
        startedOn: row.started_on,
        dueOn: row.due_on,
        onboardedOn: row.onboarded_on,
        daysToOnboard: row.days_to_onboard,
        contacts: row.contacts,
        steps: row.steps,
        stepsDone: row.steps_done,
      }
    );
  }
}

@Resolver(() => Onboarding)
export class OnboardingResolver {
  @FieldResolver(() => [AccountMilestone], { description: "The checklist's milestones, in its order." })
  async checklist(
    @Root() { accountId }: Onboarding,
    @Ctx() { load, reader }: Context,
  ): Promise<AccountMilestone[]> {
    const { journey } = reader.snapshot.words;
    const milestones = milestonesOf(await load.milestones.load(accountId), journey);
    return (journey.onboarding?.checklist ?? []).flatMap((id) => milestones.filter((m) => m.id === id));
  }

  @Query(() => [OnboardingCohort], {
    description:
      "Onboarding compared over the months in which accounts became customers, the first month first.",
  })
  async onboardingCohorts(
    @Ctx() { reader }: Context,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<OnboardingCohort[]> {
    const chosen = ofAccounts(filter, reader, sql`o.account_id`);
    const [cohorts, milestones] = await Promise.all([
      reader.query(
        sql`
select
  o.start_month as start_month,
  count(*) as accounts,
  ${countIf(sql`o.onboarded_on is not null`)} as onboarded,
  ${countIf(sql`o.status = 'on_time'`)} as on_time,
  avg(o.days_to_onboard) as mean_days,
  avg(o.contacts) as mean_contacts
from ${ref(accountOnboarding)} as o
where o.start_month is not null and o.status <> 'not_started' and ${chosen}
group by o.start_month
order by start_month`,
        {
          start_month: { type: "date", notNull: true },
          accounts: { type: "integer", notNull: true },
          onboarded: { type: "integer", notNull: true },
          on_time: { type: "integer", notNull: true },
          mean_days: { type: "number" },
          mean_contacts: { type: "number" },
        },
      ),
      reader.query(
        sql`
select
  o.start_month as start_month,
  m.milestone as milestone,
  ${countIf(sql`m.reached_on is not null`)} as reached,
  avg(m.days_to_reach) as mean_days
from ${ref(accountOnboarding)} as o
inner join ${ref(accountMilestones)} as m on m.account_id = o.account_id
where o.start_month is not null and o.status <> 'not_started' and ${chosen}
group by o.start_month, m.milestone`,
        {
          start_month: { type: "date", notNull: true },
          milestone: { type: "string", notNull: true },
          reached: { type: "integer", notNull: true },
          mean_days: { type: "number" },
        },
      ),
    ]);
    const once = reader.snapshot.words.journey.milestones.filter((m) => !repeats(m));
    return cohorts.map((cohort) => ({
      month: cohort.start_month,
      accounts: cohort.accounts,
      onboarded: cohort.onboarded,
      onTime: cohort.on_time,
      meanDaysToOnboard: cohort.mean_days,
      meanContacts: cohort.mean_contacts,
      milestones: once.map(({ id, name }) => {
        const row = milestones.find((m) => m.start_month === cohort.start_month && m.milestone === id);
        return { id, name, reached: row?.reached ?? 0, meanDays: row?.mean_days ?? null };
      }),
    }));
  }
}
