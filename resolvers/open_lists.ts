/** How many lists may hold a connection at a time: DuckDB has eight, and others ask, too. */
const mostOpen = 4;
/** For so long nobody goes on with a list that holds one before it is closed: a slow reader holds up no others. */
const idleMs = 10_000;
/** Where it holds none: as long as timers go. */
const longestMs = 2 ** 31 - 1;

type Rows<R> = AsyncIterable<readonly R[]>;

/**
 * Lists that are read to their end, page after page: the statement of one page stays open and answers those after it,
 * so that a list of any length costs one statement, whose rows are all of one moment. Where there is no room, or a
 * slow reader has lost theirs, a page takes a statement of its own, behind the cursor. So does the first page on an
 * embedded engine, which finds a few rows long before it has sorted all: whoever waits for it doesn't wait for these.
 */
export class OpenLists {
  #open = 0;

  /** @param isEmbedded whether the engine keeps a connection for each open list, and a statement more costs next to nothing */
  constructor(private readonly isEmbedded = true) {}

  /** The lists of one who reads to the end; they are closed when the signal is aborted. */
  reading(signal: AbortSignal): Reading {
    if (!this.isEmbedded) return new Reading(signal, longestMs, false, () => () => {});
    return new Reading(signal, idleMs, true, () => {
      if (this.#open >= mostOpen) return undefined;
      this.#open++;
      return () => void this.#open--;
    });
  }
}

export class Reading {
  /** By where they stand. */
  readonly #left = new Map<string, { list: OpenList<object>; timer: NodeJS.Timeout }>();

  /** @param room takes room for a list, where there is some, and answers what gives it back */
  constructor(
    private readonly signal: AbortSignal,
    private readonly idleMs: number,
    private readonly isFirstAlone: boolean,
    private readonly room: () => (() => void) | undefined,
  ) {
    signal.addEventListener("abort", () => this.close(), { once: true });
  }

  /** The list that was left at a place, else a new one; undefined where a page is asked for by itself. */
  open<R extends object>(place: string, rows: () => Rows<R>, isFirst: boolean): OpenList<R> | undefined {
    if (isFirst && this.isFirstAlone) return undefined;
    const left = this.#left.get(place);
    if (left) {
      this.#left.delete(place);
      clearTimeout(left.timer);
      return left.list as OpenList<R>;
    }
    const giveBack = this.room();
    return giveBack && new OpenList(rows(), giveBack, (list, at) => this.#leave(list, at));
  }

  #leave(list: OpenList<object>, place: string): void {
    if (this.signal.aborted) {
      list.close();
      return;
    }
    const other = this.#left.get(place); // of the same list, asked twice in one question
    clearTimeout(other?.timer);
    other?.list.close();
    const timer = setTimeout(() => {
      this.#left.delete(place);
      list.close();
    }, this.idleMs).unref();
    this.#left.set(place, { list, timer });
  }

  close(): void {
    for (const { list, timer } of this.#left.values()) {
      clearTimeout(timer);
      list.close();
    }
    this.#left.clear();
  }
}

/** The rows of a statement, from where the last that took some has left them. */
export class OpenList<R extends object> {
  readonly #rows: AsyncIterator<readonly R[]>;
  readonly #came: R[] = [];
  #isOpen = true;

  constructor(
    rows: Rows<R>,
    private readonly onClosed: () => void,
    private readonly onLeft: (list: OpenList<object>, place: string) => void,
  ) {
    this.#rows = rows[Symbol.asyncIterator]();
  }

  /** The next rows, and whether there are more; without more, and where it fails, it is closed. */
  async take(count: number): Promise<{ rows: R[]; hasMore: boolean }> {
    let hasMore = false;
    try {
      while (this.#came.length <= count) {
        const { done, value } = await this.#rows.next();
        if (done) break;
        for (const row of value) this.#came.push(row);
      }
      const rows = this.#came.splice(0, count);
      hasMore = this.#came.length > 0;
      return { rows, hasMore };
    } finally {
      if (!hasMore) this.close();
    }
  }

  /** Leave it at a place, for whoever opens it there. */
  leave(place: string): void {
    this.onLeft(this as unknown as OpenList<object>, place);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.onClosed();
    this.#rows.return?.().catch(() => {}); // whoever waits for its rows is told what failed
  }
}
