import { asksForRole } from "../../journey/own_facts.js";
import { countIf } from "../../warehouse/dialect.js";
import { type Sql, sql } from "../../warehouse/sql.js";
import { firstOfAll } from "../model.js";
import { users } from "../sources/index.js";
import { accounts as accountsModel } from "./accounts.js";
import { defineStaging } from "./staging.js";

const usable = countIf(sql`is_usable`);
const isSame = (value: Sql): Sql => sql`count(distinct case when is_usable then ${value} end) = 1`;

export const stgUsers = defineStaging({
  source: users,
  description: "People in accounts, one row per person.",
  accounts: accountsModel,
  // Who leaves does so from that day on; whatever else is new of a person is new of all days. Most people come as members,
  // of whom nothing is told but by a fact that asks for them.
  changesFrom: ({ journey }) => {
    const asked = asksForRole(journey.facts, "member")
      ? usable
      : countIf(sql`is_usable and role <> 'member'`);
    return sql`case when ${asked} = 0 then null when ${usable} = 2 and ${isSame(sql`coalesce(role, '')`)} and ${isSame(sql`coalesce(joined_on, ${firstOfAll})`)} then min(left_on) else ${firstOfAll} end`;
  },
  defects: () => [{ defect: "left_before_joined", when: sql`r.left_on < r.joined_on`, isUsable: true }],
});
