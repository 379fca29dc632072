import { LRUCache } from "lru-cache";
import { WaymarkError } from "../errors.js";

/** Rows as a statement answered them. */
type Rows = readonly object[];

/** A statement on its way, for all who wait for it. */
interface Asked {
  readonly rows: Promise<Rows>;
  readonly stop: AbortController;
  waiting: number;
}

/** Values that are kept, of all answers together; some 100 bytes each. */
const mostValues = 1_000_000;

/**
 * What statements answered, for whoever sends the same again: the tables of a snapshot never change. The key says all
 * that decides the answer, the caller's rows and columns among it, so that nobody is told what another may see. Those
 * who ask at once wait for one statement, which is stopped when the last of them has left.
 */
export class Results {
  readonly #kept = new LRUCache<string, { rows: Rows }>({
    maxSize: mostValues,
    maxEntrySize: mostValues / 10,
    sizeCalculation: ({ rows }) => 1 + rows.length * Object.keys(rows[0] ?? {}).length,
  });
  readonly #asked = new Map<string, Asked>();

  /** @throws WaymarkError CANCELLED when the signal is aborted; whatever `ask` throws */
  async read(
    key: string,
    ask: (signal: AbortSignal) => Promise<Rows>,
    signal?: AbortSignal | undefined,
  ): Promise<Rows> {
    if (signal?.aborted) throw cancelled(signal);
    const kept = this.#kept.get(key);
    if (kept) return kept.rows;
    const asked = this.#asked.get(key) ?? this.#begin(key, ask);
    asked.waiting++;
    let leave: (() => void) | undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(cancelled(signal));
      signal?.addEventListener("abort", leave, { once: true });
    });
    try {
      return await Promise.race([asked.rows, left]);
    } finally {
      if (leave) signal?.removeEventListener("abort", leave);
      asked.waiting--;
      if (asked.waiting === 0 && this.#asked.get(key) === asked) {
        this.#asked.delete(key); // whoever comes now begins anew
        asked.stop.abort();
      }
    }
  }

  #begin(key: string, ask: (signal: AbortSignal) => Promise<Rows>): Asked {
    const stop = new AbortController();
    const forget = (): void => {
      if (this.#asked.get(key) === asked) this.#asked.delete(key);
    };
    const rows = ask(stop.signal).then(
      (answered) => {
        forget();
        for (const row of answered) Object.freeze(row); // they are everybody's
        this.#kept.set(key, { rows: answered });
        return answered;
      },
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    rows.catch(() => {}); // where everybody has left
    const asked: Asked = { rows, stop, waiting: 0 };
    this.#asked.set(key, asked);
    return asked;
  }
}

const cancelled = (signal: AbortSignal | undefined): WaymarkError =>
  new WaymarkError("CANCELLED", "The statement was cancelled.", {}, { cause: signal?.reason });
