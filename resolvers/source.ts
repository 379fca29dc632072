import { Ctx, Query, Resolver } from "type-graphql";
import { readTables } from "../jobs/ledger.js";
import { ref } from "../models/model.js";
import { sources } from "../models/sources/index.js";
import { sourceQuality } from "../models/staging/source_quality.js";
import { SourceInfo } from "../schema/source.js";
import { name, sql } from "../warehouse/sql.js";
import type { Context } from "./context.js";

@Resolver()
export class SourceResolver {
  @Query(() => [SourceInfo], {
    description: "The company's sources: what came in, what counts, and what is wrong with the rest.",
  })
  async sources(@Ctx() { ledger, reader, freshness, findings }: Context): Promise<SourceInfo[]> {
    const [rows, tables, ages, found] = await Promise.all([
      reader.query(
        sql`select ${Object.keys(sourceQuality.columns).map(name)} from ${ref(sourceQuality)} order by source, row_count desc, defect`,
        sourceQuality.columns,
      ),
      readTables(ledger("sources"), reader.snapshot),
      freshness(),
      findings?.() ?? [],
    ]);
    return Object.values(sources).map((source) => {
      const own = rows.filter((row) => row.source === source.name);
      const all = own.find((row) => row.defect === null);
      return {
        name: source.name,
        description: source.description,
        isMapped: tables.get(`stg_${source.name}`)?.inputs.isMapped === true,
        rows: all?.row_count ?? 0,
        usable: (all?.row_count ?? 0) - (all?.unusable_rows ?? 0),
        copies: all?.copies ?? 0,
        firstDay: all?.first_day ?? null,
        lastDay: all?.last_day ?? null,
        freshness: ages.get(`stg_${source.name}`) ?? null,
        changes: found.find((finding) => finding.source === source.name) ?? null,
        defects: own.flatMap(({ defect, row_count, unusable_rows, example }) =>
          defect === null ? [] : [{ defect, rows: row_count, unusable: unusable_rows, example }],
        ),
      };
    });
  }
}
