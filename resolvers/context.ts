import { WaymarkError } from "../errors.js";
import { locateIn, readSnapshots, type Snapshot } from "../jobs/ledger.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type Loaders, loadersFor } from "./loaders.js";
import type { Reader } from "./reader.js";

/** What the resolvers of one request share. */
export interface Context {
  readonly warehouse: Warehouse;
  /** Undefined where nothing is published. */
  readonly snapshot: Snapshot | undefined;
  /** The tables that the whole request sees. @throws WaymarkError NOT_BUILT where nothing is published */
  readonly reader: Reader;
  /** As `reader`. */
  readonly load: Loaders;
}

/**
 * The context of a request: the latest snapshot, held until the answer is complete.
 * @param onStatement told of every statement before it is sent
 */
export async function contextFor(
  warehouse: Warehouse,
  signal?: AbortSignal,
  onStatement: () => void = () => {},
): Promise<Context> {
  const [snapshot] = await readSnapshots(warehouse, 1);
  if (!snapshot) return new Unpublished(warehouse);
  const locate = locateIn(snapshot.tables);
  const reader: Reader = {
    snapshot,
    query: (statement, columns) => {
      onStatement();
      return warehouse.query(statement, columns, { locate, signal });
    },
  };
  return { warehouse, snapshot, reader, load: loadersFor(reader) };
}

/**
 * Before the first build what asks for no data is answered all the same, so that an explorer shows the schema.
 * A class, because Apollo copies a context's own properties, and so would call these.
 */
class Unpublished implements Context {
  readonly snapshot = undefined;
  constructor(readonly warehouse: Warehouse) {}

  get reader(): Reader {
    throw new WaymarkError(
      "NOT_BUILT",
      "Nothing is published yet; the first build is running or has failed. `waymark build` builds and publishes.",
    );
  }

  get load(): Loaders {
    return loadersFor(this.reader);
  }
}
