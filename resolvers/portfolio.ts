import { Ctx, Query, Resolver } from "type-graphql";
import { bands } from "../journey/journey.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { ref } from "../models/model.js";
import type { Band } from "../schema/health.js";
import { Portfolio } from "../schema/portfolio.js";
import { sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import type { Context } from "./context.js";
import { stageOf } from "./journey_words.js";

@Resolver()
export class PortfolioResolver {
  @Query(() => Portfolio, { description: "All accounts by stage and band, with the MRR at each." })
  async portfolio(@Ctx() { reader }: Context): Promise<Portfolio> {
    // The total is summed with its parts, in the warehouse: exact decimals don't add up in floats.
    const rows = await reader.query(
      sql`
with cells as (
  select stage, band, count(*) as accounts, sum(mrr) as mrr
  from ${ref(accountLatest)}
  where stage is not null
  group by stage, band
)
select stage, band, accounts, mrr from cells
union all
select null as stage, null as band, coalesce(sum(accounts), 0) as accounts, sum(mrr) as mrr from cells`,
      columns,
    );
    const { journey } = reader.snapshot.words;
    const total = rows.find((row) => row.stage === null);
    const cells = rows.flatMap(({ stage, band, accounts, mrr }) =>
      stage === null
        ? []
        : [{ stage: stageOf(journey, stage), band: (band ?? "unknown") as Band, accounts, mrr }],
    );
    const place = (cell: (typeof cells)[number]): number =>
      journey.stages.findIndex((s) => s.id === cell.stage.id) * bands.length + bands.indexOf(cell.band);
    return {
      accounts: total?.accounts ?? 0,
      mrr: total?.mrr ?? null,
      cells: cells.sort((a, b) => place(a) - place(b)),
    };
  }
}

const columns = {
  stage: { type: "string" },
  band: { type: "string" },
  accounts: { type: "integer", notNull: true },
  mrr: { type: "decimal" },
} as const satisfies Columns;
