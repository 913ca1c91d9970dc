import type { Position } from '#contracts';
import type { FeedEntry } from './event-store.js';

const MAX_ENTRIES = 8192;
const MAX_CHARACTERS = 32 * 1024 * 1024;

/**
 * The newest entries of the feed, shared by all who follow it. A follower keeps nothing but its position: whoever is too
 * slow for what is held here reads on from the log, so that nobody holds up anybody and nothing grows.
 */
export class LiveTail {
  #entries: FeedEntry[] = [];
  #characters = 0;
  #followers = new Set<() => void>();
  #failure: unknown;

  /** @param top position from which on this tail is fed */
  constructor(private top: Position) {}

  get position(): Position {
    return this.top;
  }

  /** Entries follow `position` densely; after a hole (the feed was trimmed past us) the tail begins anew. */
  push(entries: readonly FeedEntry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    if (first.position !== this.top + 1) this.#clear();
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#characters += entry.json.length;
      this.top = entry.position;
    }
    this.#evict();
    this.#wake();
  }

  /** What is new after a position: nothing yet, some of it, or `undefined`, when it has to be read from the log. */
  after(position: Position, limit: number): readonly FeedEntry[] | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (position >= this.top) return [];
    const first = this.#entries[0]?.position;
    if (first === undefined || position + 1 < first) return undefined;
    const index = position + 1 - first;
    return this.#entries.slice(index, index + limit);
  }

  /** Calls back after every change, until the returned function is called. */
  onChange(callback: () => void): () => void {
    this.#followers.add(callback);
    return () => this.#followers.delete(callback);
  }

  /** Whoever follows reads on from the log. */
  forget(): void {
    this.#clear();
  }

  /** Ends it for all followers. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#clear();
    this.#wake();
  }

  #evict(): void {
    let drop = 0;
    if (this.#entries.length > MAX_ENTRIES * 1.25) drop = this.#entries.length - MAX_ENTRIES;
    let held = this.#characters;
    for (let index = 0; index < drop; index++) held -= this.#entries[index]?.json.length ?? 0;
    while (held > MAX_CHARACTERS && drop < this.#entries.length - 1) held -= this.#entries[drop++]?.json.length ?? 0;
    if (drop === 0) return;
    this.#entries = this.#entries.slice(drop);
    this.#characters = held;
  }

  #clear(): void {
    this.#entries = [];
    this.#characters = 0;
  }

  #wake(): void {
    for (const follower of this.#followers) follower();
  }
}

const BATCH = 1000;
/**
 * Pages of the log asked for at once: positions are dense, so that the next page is known before the one before has come.
 * Not more: Redis is faster than whoever folds, and what waits for long outlives the young generation of the heap.
 */
const PAGES_AHEAD = 2;

type ReadAll = (after: Position, limit: number) => Promise<FeedEntry[]>;

/** Reads on from a position, page after page, up to a position that the log is known to have reached. */
class ReadAhead {
  #pages: { readonly after: number; readonly entries: Promise<FeedEntry[]> }[] = [];

  constructor(private readonly readAll: ReadAll) {}

  next(after: Position, top: Position): Promise<FeedEntry[]> {
    if (this.#pages[0]?.after !== after) this.#pages = [];
    let from = (this.#pages.at(-1)?.after ?? after - BATCH) + BATCH;
    for (; this.#pages.length < PAGES_AHEAD && (from < top || from === after); from += BATCH)
      this.#pages.push({ after: from, entries: quiet(this.readAll(from as Position, BATCH)) });
    return this.#pages.shift()?.entries ?? this.readAll(after, BATCH);
  }
}

/** Catches up by `readAll`, then follows the tail; joins it by position alone, hence without gap or repeat. */
export async function* follow(
  tail: LiveTail,
  readAll: ReadAll,
  after: Position,
  signal: AbortSignal,
): AsyncGenerator<readonly FeedEntry[]> {
  let position = after;
  const ahead = new ReadAhead(readAll);
  let wake = (): void => {};
  const forget = tail.onChange(() => wake());
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      const entries = tail.after(position, BATCH) ?? (await ahead.next(position, tail.position));
      const last = entries.at(-1);
      if (last === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      if (signal.aborted) return;
      position = last.position;
      yield entries;
    }
  } finally {
    forget();
    signal.removeEventListener('abort', onAbort);
  }
}

/** A page that was asked for ahead may fail before anybody waits for it. */
const quiet = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => undefined);
  return promise;
};
