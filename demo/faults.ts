import type { Account } from "./account.js";
import { DAY_MS, type Day, HOUR_MS, nextMorning } from "./calendar.js";
import { holder } from "./team.js";

/**
 * Rows that cannot be true, about one per hundred accounts, so that data checks have something to find. Each
 * appears on its account's tenth day with access, loaded the morning after.
 */
export type Fault =
  | "reply_before_opening"
  | "resolution_before_reply"
  | "event_before_sign_up"
  | "id_collision";

const faults = [
  "reply_before_opening",
  "resolution_before_reply",
  "event_before_sign_up",
  "id_collision",
] as const;
const FAULT_EVERY = 97;
const FIRST_FAULTY = 5;

export function faultOf(accountNumber: number): Fault | null {
  const index = accountNumber - 1;
  if (index % FAULT_EVERY !== FIRST_FAULTY) return null;
  return faults[Math.floor(index / FAULT_EVERY) % faults.length] ?? null;
}

/** Writes the planted row, if this is the account and the day for it. */
export function plantFault(account: Account, day: Day): void {
  if (account.accessDays !== 10) return;
  const admin = holder(account, "admin");
  const fault = faultOf(account.profile.number);
  if (!fault || !admin) return;
  const noon = day * DAY_MS + 12 * HOUR_MS;
  if (fault === "reply_before_opening")
    plantTicket(account, admin.id, day, noon, noon - 2 * HOUR_MS, noon + 3 * HOUR_MS);
  if (fault === "resolution_before_reply")
    plantTicket(account, admin.id, day, noon, noon + 5 * HOUR_MS, noon + HOUR_MS);
  if (fault === "event_before_sign_up") {
    plantEvent(account, admin.id, day, "login", null, account.profile.signedUpOn * DAY_MS - 20 * HOUR_MS);
  }
  if (fault === "id_collision") {
    plantEvent(account, admin.id, day, "use_feature", "reports", noon);
    plantEvent(account, admin.id, day, "use_feature", "alerts", noon + 60_000);
  }
}

function plantTicket(
  account: Account,
  personId: string,
  day: Day,
  openedAt: number,
  repliedAt: number,
  resolvedAt: number,
): void {
  const { profile, extract } = account;
  const id = `tkt_${String(profile.number).padStart(5, "0")}_x`;
  const who = [id, profile.id, personId, "email", "normal", "how_to"];
  const times = [new Date(openedAt), new Date(repliedAt), new Date(resolvedAt), null];
  const rest = [1, null, null, null, false, false];
  extract.revise("support_tickets", id, [...who, ...times, ...rest, nextMorning(day)]);
}

/** Both events of a collision get the same id: it depends on the account alone. */
function plantEvent(
  account: Account,
  userId: string,
  day: Day,
  event: string,
  feature: string | null,
  at: number,
): void {
  const { profile, extract } = account;
  const id = `evt_${profile.number}_x`;
  const session = `ses_${profile.number}_x`;
  const values = [id, profile.id, userId, session, event, feature, 1, new Date(at)];
  extract.append("product_events", [...values, nextMorning(day)]);
}
