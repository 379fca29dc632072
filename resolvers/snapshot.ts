import { Ctx, Query, Resolver, Root, Subscription } from "type-graphql";
import { readFailedInARow } from "../jobs/failures.js";
import { type Run as LedgerRun, readRuns, type Snapshot } from "../jobs/ledger.js";
import { FailedInARow, QueryCost, Run, SnapshotInfo } from "../schema/snapshot.js";
import type { Context } from "./context.js";
import { tellHappenings } from "./happenings.js";

@Resolver()
export class SnapshotResolver {
  @Query(() => SnapshotInfo, { description: "The snapshot that this answer is read from." })
  snapshot(@Ctx() { reader }: Context): SnapshotInfo {
    return snapshotOf(reader.snapshot);
  }

  @Subscription(() => SnapshotInfo, {
    description: "The snapshot that is published, and each one after it.",
    subscribe: ({ context }: { context: Context }) =>
      tellHappenings(context, async ({ context: { snapshot }, task }) =>
        snapshot && task === undefined ? [snapshotOf(snapshot)] : [],
      ),
  })
  snapshotPublished(@Root() snapshot: SnapshotInfo): SnapshotInfo {
    return snapshot;
  }

  @Query(() => Run, {
    nullable: true,
    description: "The latest run of the build, whether it published or failed.",
  })
  async lastRun(@Ctx() { ledger }: Context): Promise<Run | null> {
    const [run] = await readRuns(ledger("lastRun"), 1);
    return run ? runOf(run) : null;
  }

  @Query(() => FailedInARow, {
    nullable: true,
    description:
      "How often builds have failed since one succeeded last; null where the last one that ended did. Steps of a backfill that succeed are passed over.",
  })
  failedInARow(@Ctx() { ledger }: Context): Promise<FailedInARow | null> {
    return readFailedInARow(ledger("failedInARow"));
  }

  @Query(() => [QueryCost], {
    description:
      "What questions cost since the server began, by their names, the most expensive first; none where the engine bills for no statements. What a build cost stands in `lastRun` and `models { builds }`.",
  })
  queryCosts(@Ctx() { ledger, costs }: Context): QueryCost[] {
    ledger("queryCosts"); // names tell what others ask
    return costs.list();
  }
}

export const snapshotOf = ({ id, publishedAt, dataThrough, words }: Snapshot): SnapshotInfo => ({
  id,
  publishedAt,
  dataThrough,
  timeZone: words.timeZone ?? null,
  journeyVersion: words.journey.version,
});

export const runOf = (run: LedgerRun): Run => ({
  id: run.run_id,
  status: run.status,
  trigger: run.trigger,
  startedAt: run.started_at,
  finishedAt: run.finished_at,
  error: run.error,
  bytesBilled: run.bytes_billed,
});
