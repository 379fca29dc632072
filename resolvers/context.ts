import { WaymarkError } from "../errors.js";
import type { Due } from "../jobs/due.js";
import type { Freshness } from "../jobs/freshness.js";
import type { JourneyPlan } from "../jobs/journey_plan.js";
import {
  type JourneyVersion,
  locateIn,
  readJourneyVersions,
  readSnapshots,
  type Snapshot,
} from "../jobs/ledger.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type Loaders, loadersFor } from "./loaders.js";
import type { Reader } from "./reader.js";
import { everything, type Scope } from "./scope.js";
import type { Webhooks } from "./webhook.js";

/** Who asks. */
export interface Caller {
  readonly name: string;
  /** Whether tasks may be completed, snoozed and dismissed, and edits of the journey planned. */
  readonly mayWrite: boolean;
  /** Whether it may see how Waymark is run: metrics, runs, checks, sources, webhooks. */
  readonly mayOperate: boolean;
}

/** What the resolvers of one request share. */
export interface Context {
  readonly warehouse: Warehouse;
  readonly caller: Caller;
  /** What the caller may see. */
  readonly scope: Scope;
  /** Undefined where nothing is published. */
  readonly snapshot: Snapshot | undefined;
  /** The tables that the whole request sees. @throws WaymarkError NOT_BUILT where nothing is published */
  readonly reader: Reader;
  /** As `reader`. */
  readonly load: Loaders;
  /** Plans the text of an edited journey; undefined where the server can't. */
  readonly plan: ((text: string) => Promise<JourneyPlan>) | undefined;
  /** Where the scheduled build stands; undefined where the server has no timetable. */
  readonly due: (() => Promise<Due>) | undefined;
  /** Undefined where the server sends nothing. */
  readonly webhooks: Webhooks | undefined;
  /** How old the data of each table is now, by model. */
  readonly freshness: () => Promise<ReadonlyMap<string, Freshness>>;
  /** Every journey that was published, the current one first; read once. */
  readonly versions: () => Promise<JourneyVersion[]>;
}

interface Request {
  caller: Caller;
  plan?: Context["plan"] | undefined;
  due?: Context["due"] | undefined;
  webhooks?: Webhooks | undefined;
  freshnessOf: (snapshot: Snapshot) => Promise<ReadonlyMap<string, Freshness>>;
  signal?: AbortSignal;
  /** Told of every statement before it is sent. */
  onStatement?: () => void;
}

/** The context of a request: the latest snapshot, held until the answer is complete. */
export async function contextFor(
  warehouse: Warehouse,
  { caller, plan, freshnessOf, due, webhooks, signal, onStatement = () => {} }: Request,
): Promise<Context> {
  const [snapshot] = await readSnapshots(warehouse, 1);
  if (!snapshot) return new Unpublished(warehouse, caller, plan, due, webhooks);
  const reader: Reader = {
    snapshot,
    query: (statement, columns, tables = snapshot.tables) => {
      onStatement();
      const labels = { caller: caller.name, snapshot: String(snapshot.id) };
      return warehouse.query(statement, columns, { locate: locateIn(tables), signal, labels });
    },
  };
  let read: Promise<JourneyVersion[]> | undefined;
  const versions = (): Promise<JourneyVersion[]> => {
    read ??= readJourneyVersions(warehouse);
    return read;
  };
  return {
    warehouse,
    caller,
    scope: everything,
    plan,
    due,
    webhooks,
    snapshot,
    reader,
    load: loadersFor(reader, versions),
    freshness: () => freshnessOf(snapshot),
    versions,
  };
}

/**
 * Before the first build what asks for no data is answered all the same, so that an explorer shows the schema.
 * A class, because Apollo copies a context's own properties, and so would call these.
 */
class Unpublished implements Context {
  readonly snapshot = undefined;
  readonly scope = everything;
  constructor(
    readonly warehouse: Warehouse,
    readonly caller: Caller,
    readonly plan: Context["plan"],
    readonly due: Context["due"],
    readonly webhooks: Webhooks | undefined,
  ) {}

  get reader(): Reader {
    throw new WaymarkError(
      "NOT_BUILT",
      "Nothing is published yet; the first build is running or has failed. `waymark build` builds and publishes.",
    );
  }

  get load(): Loaders {
    return loadersFor(this.reader, this.versions);
  }

  readonly freshness = async (): Promise<ReadonlyMap<string, Freshness>> => new Map();
  readonly versions = async (): Promise<JourneyVersion[]> => [];
}
