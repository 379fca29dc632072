import type { BacktestOptions } from "../analysis/backtest.js";
import { WaymarkError } from "../errors.js";
import type { Due } from "../jobs/due.js";
import type { Explanation } from "../jobs/explain.js";
import type { Freshness } from "../jobs/freshness.js";
import type { JourneyBacktest } from "../jobs/journey_backtest.js";
import type { JourneyPlan } from "../jobs/journey_plan.js";
import {
  type JourneyVersion,
  readJourneyVersions,
  readLatestSnapshot,
  type Snapshot,
} from "../jobs/ledger.js";
import type { Finding } from "../jobs/plan.js";
import type { DeadLetter, Webhook } from "../schema/webhook.js";
import { Account } from "../warehouse/purpose.js";
import type { Sql, Statement } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { Costs } from "./costs.js";
import { type Loaders, loadersFor } from "./loaders.js";
import type { Reading } from "./open_lists.js";
import { type Reader, readerOf } from "./reader.js";
import type { Results } from "./results.js";
import { everything, type Scope, seesAll } from "./scope.js";

/** Who asks. */
export interface Caller {
  readonly name: string;
  /** By a key or token; else it is whoever has the machine. */
  readonly isSignedIn: boolean;
  readonly sees: Scope;
  /** Whether tasks may be completed, snoozed and dismissed, and edits of the journey planned. */
  readonly mayWrite: boolean;
  /** Whether it may see how Waymark is run: metrics, runs, checks, sources, webhooks. */
  readonly mayOperate: boolean;
  /** What the statements of one question may be billed for, where it isn't what the server says. */
  readonly bytesPerRequest?: number | undefined;
}

/** Whether a caller may see what knows of all accounts: the ledger, and the statements behind an answer. */
export const isOperator = ({ mayOperate, sees }: Caller): boolean => mayOperate && seesAll(sees);

/** Whoever has the machine: where nobody signs in, the server listens on nothing else. */
export const operator = (mayWrite: boolean): Caller => ({
  name: "operator",
  isSignedIn: false,
  sees: everything,
  mayWrite,
  mayOperate: true,
});

/** What the server knows of its webhooks, and may do with them. */
export interface Webhooks {
  overview(): Promise<Webhook[]>;
  deadLetters(): Promise<DeadLetter[]>;
  /** @param ids null = all */
  resend(ids: readonly string[] | null): Promise<number>;
}

/** What an edited journey would bring, by the text of its file. */
export interface Edits {
  readonly plan: (text: string) => Promise<JourneyPlan>;
  readonly backtest: (text: string, options: BacktestOptions) => Promise<JourneyBacktest>;
}

/** Says of a table, or of a day of it, why it is stale or fresh; its statements stop with the signal. */
export type Explain = (model: string, day: string | null, signal?: AbortSignal) => Promise<Explanation>;

/** A view that has more rows than its limit let through. */
export interface Cut {
  /** The field, by its alias. */
  readonly field: string;
  readonly limit: number;
}

/** What the resolvers of one request share. */
export interface Context {
  readonly caller: Caller;
  /**
   * The warehouse itself, for its ledger: runs and checks know of all accounts.
   * @param field who says so where the caller may not
   * @throws WaymarkError FORBIDDEN unless the caller may operate and sees everything
   */
  readonly ledger: (field: string) => Warehouse;
  /**
   * Writes down what was done with a task, and tells those who listen.
   * @throws WaymarkError FORBIDDEN unless the caller may write
   */
  readonly record: (statement: Sql, task: string) => Promise<void>;
  /** What time it is: actions are written down with it. */
  readonly now: () => Date;
  /** Undefined where nothing is published. */
  readonly snapshot: Snapshot | undefined;
  /** The tables that the whole request sees. @throws WaymarkError NOT_BUILT where nothing is published */
  readonly reader: Reader;
  /** As `reader`. */
  readonly load: Loaders;
  /** Undefined where the server looks at no edits. */
  readonly edits: Edits | undefined;
  /** Undefined where the server, or this caller, may not. */
  readonly explanationOf: Explain | undefined;
  /** Where the scheduled build stands; undefined where the server has no timetable. */
  readonly due: (() => Promise<Due>) | undefined;
  /** How changed raw rows are found by the next build; undefined where the server isn't told what is mapped. */
  readonly findings: (() => Promise<Finding[]>) | undefined;
  /** Undefined where the server sends nothing. */
  readonly webhooks: Webhooks | undefined;
  /** What questions cost so far. */
  readonly costs: Costs;
  /** What happens from now on, for whoever listens; undefined where an answer is given at once. */
  readonly happenings: (() => AsyncIterable<Happening>) | undefined;
  /** How old the data of each table is now, by model. */
  readonly freshness: () => Promise<ReadonlyMap<string, Freshness>>;
  /** What was sent for the answer; undefined unless the caller wishes and may see it. */
  readonly statements: Statement[] | undefined;
  /** Of the views that were asked those that have more rows, as they are answered. */
  readonly cut: Cut[];
  /** Every journey that was published, the current one first; read once. */
  readonly versions: () => Promise<JourneyVersion[]>;
}

/** Something that a listener may be told, and what the listener may see by then. */
export interface Happening {
  /** Of the snapshot, and the rights, of that moment. */
  readonly context: Context;
  /** What was published before the context's snapshot; undefined where it is another thing that happened. */
  readonly before?: Snapshot | undefined;
  /** The task that somebody acted on; undefined where it is another thing that happened. */
  readonly task?: string | undefined;
}

interface Request {
  /** Of what the server can, it is given what the caller may. */
  caller: Caller;
  now: () => Date;
  edits?: Edits | undefined;
  explanationOf?: Explain | undefined;
  due?: Context["due"] | undefined;
  findings?: Context["findings"] | undefined;
  webhooks?: Webhooks | undefined;
  freshnessOf: (snapshot: Snapshot) => Promise<ReadonlyMap<string, Freshness>>;
  signal?: AbortSignal;
  happenings?: Context["happenings"];
  /** Told of every task that somebody acted on. */
  onActed?: ((task: string) => void) | undefined;
  /** Told of every statement. */
  onStatement?: (() => void) | undefined;
  /** Whether the caller wishes to see the statements. */
  explain?: boolean;
  /** What statements of other requests answered. */
  results?: Results;
  /** Where lists are read to their end, page after page. */
  reading?: Reading | undefined;
  /** By what name the question is known, where it is told so early. */
  query?: string | undefined;
  /** What its statements may be billed for, where the caller has no budget of its own. */
  bytesPerRequest?: number | undefined;
  costs?: Costs | undefined;
}

/** For how long a publication by another process may go unnoticed, in milliseconds: to ask costs time and money. */
const mayBeOld = 10_000;

/** The context of a request: the latest snapshot, held until the answer is complete. */
export async function contextFor(warehouse: Warehouse, request: Request): Promise<Context> {
  const { caller, now, freshnessOf, edits, due, findings, signal, onStatement, explain, results } = request;
  const { query, costs = new Costs(), reading, explanationOf, webhooks } = request;
  const bytes = caller.bytesPerRequest ?? request.bytesPerRequest;
  const snapshot = await readLatestSnapshot(warehouse, mayBeOld);
  const shared = {
    caller,
    now,
    costs,
    ledger: (field: string): Warehouse => {
      if (isOperator(caller)) return warehouse;
      throw new WaymarkError(
        "FORBIDDEN",
        `${field} tells how Waymark runs, with rows of any account: it takes a role that may operate and sees everything, and a key that isn't narrowed to less.`,
      );
    },
    record: async (statement: Sql, task: string): Promise<void> => {
      if (!caller.mayWrite) throw new WaymarkError("FORBIDDEN", "You may not change tasks here.");
      await warehouse.run(statement);
      request.onActed?.(task);
    },
    happenings: request.happenings,
    edits: isOperator(caller) ? edits : undefined,
    explanationOf:
      explanationOf && isOperator(caller)
        ? (model: string, day: string | null) => explanationOf(model, day, signal)
        : undefined,
    due,
    findings,
    webhooks: isOperator(caller) ? webhooks : undefined,
  };
  if (!snapshot) return new Unpublished(shared);
  const statements: Statement[] | undefined = explain && isOperator(caller) ? [] : undefined;
  const whose = `the budget of a question by ${caller.name}`;
  const advice =
    "Narrow the question, or ask whoever runs this server for a higher maximum_bytes_per_request.";
  const reader = readerOf(warehouse, snapshot, caller.sees, {
    caller: caller.name,
    query,
    accounts: [
      new Account(bytes === undefined ? undefined : { bytes, whose, advice }),
      ...(query === undefined ? [] : [costs.of(query)]),
    ],
    signal,
    results,
    reading,
    onStatement: (statement) => {
      onStatement?.();
      statements?.push(statement);
    },
  });
  let read: Promise<JourneyVersion[]> | undefined;
  const versions = (): Promise<JourneyVersion[]> => {
    read ??= readJourneyVersions(warehouse);
    return read;
  };
  return {
    ...shared,
    snapshot,
    statements,
    cut: [],
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
  readonly statements = undefined;
  readonly cut: Cut[] = [];
  readonly caller: Caller;
  readonly now: () => Date;
  readonly ledger: Context["ledger"];
  readonly record: Context["record"];
  readonly costs: Costs;
  readonly happenings: Context["happenings"];
  readonly edits: Context["edits"];
  readonly explanationOf: Context["explanationOf"];
  readonly due: Context["due"];
  readonly findings: Context["findings"];
  readonly webhooks: Webhooks | undefined;
  constructor(
    shared: Pick<
      Context,
      | "caller"
      | "now"
      | "ledger"
      | "record"
      | "costs"
      | "happenings"
      | "edits"
      | "explanationOf"
      | "due"
      | "findings"
      | "webhooks"
    >,
  ) {
    ({
      caller: this.caller,
      now: this.now,
      ledger: this.ledger,
      record: this.record,
      costs: this.costs,
      happenings: this.happenings,
      edits: this.edits,
      explanationOf: this.explanationOf,
      due: this.due,
      findings: this.findings,
      webhooks: this.webhooks,
    } = shared);
  }

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
