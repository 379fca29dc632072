import type { Account } from "./account.js";
import { DAY_MS, type Day } from "./calendar.js";
import { type Traits, traitRules } from "./effects.js";
import { holder } from "./team.js";
import { recentEvents } from "./usage.js";

/** What the planted model sees of a customer at the end of `day`; the definitions stand in `effects`. */
export function traitsOn(account: Account, day: Day): Traits {
  const { profile, usage, voice, support, team, customerSince } = account;
  const onboardedBy = (customerSince ?? day) + traitRules.onboardingDays;
  const { events, sticky } = recentEvents(account, day);
  const endOfDay = (day + 1) * DAY_MS;
  return {
    integration_within_30d: usage.integratedOn !== null && usage.integratedOn <= onboardedBy,
    seats_active_within_30d: usage.enoughSeatsActiveOn !== null,
    executive_contact_120d: isWithin(voice.executiveContactOn, day, traitRules.executiveWindow),
    outcome_confirmed_180d: isWithin(voice.outcomeOn, day, traitRules.outcomeWindow),
    sticky_share_28d: events > 0 && sticky / events >= traitRules.stickyShare,
    urgent_open_over_7d: support.urgent.some(
      ({ openedAt, resolvedAt }) =>
        openedAt >= (day - traitRules.urgentWindow + 1) * DAY_MS &&
        Math.min(resolvedAt, endOfDay) - openedAt > traitRules.urgentOpenDays * DAY_MS,
    ),
    champion_gone: holder(account, "champion") === undefined,
    detractor_180d: team.everyone.some(
      ({ lastAnswer }) =>
        lastAnswer !== null && lastAnswer.score <= 6 && isWithin(lastAnswer.day, day, traitRules.npsWindow),
    ),
    is_enterprise: profile.segment === "enterprise",
    is_small_business: profile.segment === "small_business",
  };
}

/** In the trailing window of `days` at `today`, both ends included. */
const isWithin = (day: Day | null, today: Day, days: number): boolean => day !== null && day > today - days;
