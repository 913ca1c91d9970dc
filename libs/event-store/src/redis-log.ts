import type { Redis } from 'ioredis';
import type { Position, Recorded, Sha256, StreamName, Version } from '#contracts';
import { NO_PARTS, parsePart } from './archived-parts.js';
import { corrupt, unavailable } from './errors.js';
import type { Archive, ArchivedParts, FeedEntry, StoredBytes } from './event-store.js';
import { LiveEntry, LoggedEntry } from './feed-entry.js';
import { MAX_EVENTS_PER_CALL } from './group-commit.js';
import type { Keys } from './keys.js';
import { isWhole, numberOf, runsOf, type Entry, type Run } from './pointers.js';
import { parseStored, toToday } from './record.js';

export const PAGE = 1000;
/** Pages asked for at once: ids are dense, so that the next page is known before the one before has come. */
const PAGES_AHEAD = 4;

/** Reads of the log and of its order. Every gap is named; nothing is skipped. */
export class RedisLog {
  /** Oldest position of the feed that we know of; it only grows. */
  #oldest: number | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
    private readonly archive: Archive,
  ) {}

  async read(stream: StreamName, from: Version, count = Infinity): Promise<Recorded[]> {
    const records: Recorded[] = [];
    for await (const entries of this.#textPages(stream, from, count)) {
      for (const [, [, header = '', , data = '']] of entries) {
        const version = (from + records.length) as Version;
        records.push(toToday(parseStored(stream, version, header, data, records.at(-1))));
      }
    }
    return records;
  }

  #textPages(stream: StreamName, from: number, count: number): AsyncGenerator<Entry[]> {
    return this.#pages(stream, from, count, {
      range: (start, end, limit) => this.redis.xrange(this.keys.log(stream), start, end, 'COUNT', limit),
      of: (bytes) => bytes.toString(),
    });
  }

  async *readBytes(stream: StreamName, from: Version): AsyncGenerator<StoredBytes> {
    let version: number = from;
    const pages = this.#pages(stream, from, Infinity, {
      range: (start, end, limit) => this.redis.xrangeBuffer(this.keys.log(stream), start, end, 'COUNT', limit),
      of: (bytes) => bytes,
    });
    for await (const entries of pages) {
      for (const [, [, header, , data, , redacted]] of entries) {
        if (header === undefined || data === undefined) throw corrupt(stream, version, 'a field is missing.');
        const digest = redacted === undefined ? {} : { redacted: redacted.toString() as Sha256 };
        yield { version: version as Version, header, data, ...digest };
        version++;
      }
    }
  }

  /** Pages of a stream up to the version that it had when reading began, each checked to be without a gap. */
  async *#pages<T extends { toString(): string }>(
    stream: StreamName,
    from: number,
    count: number,
    source: Source<T>,
  ): AsyncGenerator<Entry<T>[]> {
    const page = (start: number) => {
      const end = Math.min(start + PAGE, from + count) - 1;
      return source.range(`${start}-0`, `${end}-0`, PAGE);
    };
    const [[head, archivedTo], first] = await ask(
      Promise.all([this.redis.hmget(this.keys.head(stream), 'v', 'archivedTo'), page(from)]),
    );
    const end = Math.min(Number(head ?? 0), from + count - 1);
    const kept = Math.max(from, Number(archivedTo ?? 0) + 1);
    if (kept > from) yield* this.#archivedPages(stream, from, Math.min(kept - 1, end), source);
    const ahead: Promise<Entry<T>[]>[] = kept === from ? [Promise.resolve(first)] : [];
    let asked = kept + ahead.length * PAGE;
    for (let start = kept; start <= end; start += PAGE) {
      for (; asked <= end && ahead.length < PAGES_AHEAD; asked += PAGE) ahead.push(quiet(page(asked)));
      const entries = (await ask(ahead.shift() ?? page(start))).slice(0, end - start + 1);
      const until = Math.min(start + PAGE - 1, end);
      if (missingIn(start, until, entries) !== undefined && (await this.#isArchived(stream, start))) {
        yield* this.#pages(stream, start, end - start + 1, source);
        return;
      }
      checkDense(stream, start, until, entries);
      yield entries;
    }
  }

  /** Whether a stream was trimmed to beyond a version while it was being read. */
  async #isArchived(stream: StreamName, version: number): Promise<boolean> {
    return Number((await ask(this.redis.hget(this.keys.head(stream), 'archivedTo'))) ?? 0) >= version;
  }

  async *#archivedPages<T extends { toString(): string }>(
    stream: StreamName,
    from: number,
    to: number,
    { of }: Source<T>,
  ): AsyncGenerator<Entry<T>[]> {
    const part = parsePart(stream, await ask(this.redis.hget(this.keys.archives, stream)));
    const text = (value: string) => of(Buffer.from(value));
    let next = from;
    let page: Entry<T>[] = [];
    for await (const { version, header, data, redacted } of this.archive.read(stream, part, from as Version)) {
      if (version !== next) break;
      const digest = redacted === undefined ? [] : [text('r'), text(redacted)];
      page.push([text(`${version}-0`), [text('h'), of(header), text('d'), of(data), ...digest]]);
      if (next++ === to) break;
      if (page.length === PAGE) yield page.splice(0);
    }
    if (next <= to) throw corrupt(stream, next, `it is missing from archive ${part.digest}.`);
    if (page.length > 0) yield page;
  }

  async top(): Promise<Position> {
    return Number((await ask(this.redis.hget(this.keys.meta, 'position'))) ?? 0) as Position;
  }

  async archived(): Promise<ArchivedParts> {
    const fields = Object.entries(await ask(this.redis.hgetall(this.keys.archives)));
    return new Map(fields.map(([name, text]) => [name as StreamName, parsePart(name as StreamName, text)]));
  }

  /** @param without parts whose events need not be read: their entries hold a place and nothing else */
  async readAll(after: Position, limit: number, without = NO_PARTS): Promise<FeedEntry[]> {
    if (limit <= 0) return [];
    const count = Math.min(limit, PAGE);
    this.#oldest ??= await this.#firstOfFeed();
    if (after + 1 >= this.#oldest) {
      const entries = await ask(this.redis.xrange(this.keys.feed, `(${after}-0`, '+', 'COUNT', count));
      const first = entries[0];
      const position = first === undefined ? undefined : numberOf(first[0]);
      if (position === after + 1) {
        const run = firstRun(entries);
        const told = feedEntries(after, run);
        return run.length === entries.length ? told : this.#readOn(after, told, count, without);
      }
      if (position !== undefined) {
        // What was redacted is in the feed no more, and stands in the log.
        if ((await this.#firstOfFeed()) <= after)
          return this.#readOn(
            after,
            await this.#readPointers(after, Math.min(count, position - after - 1), without),
            count,
            without,
          );
        this.#oldest = position;
      } else if ((await this.top()) <= after) return [];
    }
    return this.#readPointers(after, count, without);
  }

  /** Beyond a hole of the feed: a page is full as long as there is something to put on it. */
  async #readOn(after: Position, told: FeedEntry[], count: number, without: ArchivedParts): Promise<FeedEntry[]> {
    return [...told, ...(await this.readAll((after + told.length) as Position, count - told.length, without))];
  }

  async #firstOfFeed(): Promise<number> {
    const [first] = await ask(this.redis.xrange(this.keys.feed, '-', '+', 'COUNT', 1));
    return first === undefined ? 0 : numberOf(first[0]);
  }

  async #slice(stream: StreamName, from: number, to: number): Promise<Entry[]> {
    const entries = await this.redis.xrange(this.keys.log(stream), `${from}-0`, `${to}-0`);
    if (missingIn(from, to, entries) === undefined) return entries;
    const found: Entry[] = [];
    for await (const page of this.#textPages(stream, from, to - from + 1)) found.push(...page);
    return found;
  }

  /** By the pointers to every event ever: for what the feed no longer holds. */
  async #readPointers(after: Position, count: number, without: ArchivedParts): Promise<FeedEntry[]> {
    const entries = await ask(
      this.redis.xrange(this.keys.all, `(${after}-0`, `${after + count + MAX_EVENTS_PER_CALL - 1}-0`),
    );
    if (entries.length === 0 && (await this.top()) > after) throw corrupt('all', after + 1, 'the pointer is missing.');
    const runs = runsOf(entries, after, count);
    return loggedEntries(after, runs, await ask(this.#slices(rangesOf(runs, without))));
  }

  /** One question for each stream, and one write for all of them: a write costs as much as a question. */
  async #slices(ranges: readonly Run[]): Promise<Slices> {
    const { stream: connection } = this.redis;
    connection.cork();
    const asked = ranges.map(async ({ stream, from, to }) => {
      return [stream, { from, entries: await this.#slice(stream, from, to) }] as const;
    });
    connection.uncork();
    return new Map(await Promise.all(asked));
  }
}

/** Of streams: entries from a version on. */
type Slices = ReadonlyMap<StreamName, { readonly from: number; readonly entries: readonly Entry[] }>;

/** Of each stream from its first version to its last, without what is in those parts. */
const rangesOf = (runs: readonly Run[], without: ArchivedParts): Run[] => {
  const ranges = new Map<StreamName, Run>();
  for (const { stream, from, to } of runs) {
    const first = ranges.get(stream)?.from ?? Math.max(from, (without.get(stream)?.to ?? 0) + 1);
    if (first <= to) ranges.set(stream, { stream, from: first, to });
  }
  return [...ranges.values()];
};

const loggedEntries = (after: number, runs: readonly Run[], slices: Slices): FeedEntry[] => {
  const told: FeedEntry[] = [];
  for (const { stream, from, to } of runs) {
    const slice = slices.get(stream);
    for (let version = from; version <= to; version++) {
      const position = (after + 1 + told.length) as Position;
      const [, header = '', , data = ''] = slice?.entries[version - slice.from]?.[1] ?? NO_FIELDS;
      told.push(new LoggedEntry(position, stream, version as Version, header, data));
    }
  }
  return told;
};

const NO_FIELDS: readonly string[] = [];

interface Source<T> {
  readonly range: (start: string, end: string, limit: number) => Promise<Entry<T>[]>;
  readonly of: (bytes: Buffer) => T;
}

/** Entries up to the first hole. */
export const firstRun = (entries: readonly Entry[]): Entry[] => {
  const [first] = entries;
  if (first === undefined) return [];
  const hole = missingIn(numberOf(first[0]), numberOf(first[0]) + entries.length - 1, entries);
  return entries.slice(0, hole === undefined ? entries.length : hole - numberOf(first[0]));
};

/** Entries of the feed after a position. @throws HyperRunError `log.corrupt` at a gap */
export const feedEntries = (after: number, entries: readonly Entry[]): FeedEntry[] => {
  checkDense('feed', after + 1, after + entries.length, entries);
  return entries.map(([, [, stream = '', , version, , json = '']], index) => {
    return new LiveEntry((after + 1 + index) as Position, stream as StreamName, Number(version) as Version, json);
  });
};

type Entries = readonly Entry<{ toString(): string }>[];

const missingIn = (from: number, to: number, entries: Entries): number | undefined => {
  if (isDense(from, to, entries)) return undefined;
  for (let index = 0; index <= to - from; index++) {
    const entry = entries[index];
    if (entry === undefined || numberOf(entry[0]) !== from + index) return from + index;
  }
  return undefined;
};

/** Ids increase: as many whole numbers as lie between the first and the last are all of them. */
const isDense = (from: number, to: number, entries: Entries): boolean => {
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined || entries.length !== to - from + 1) return false;
  return numberOf(first[0]) === from && numberOf(last[0]) === to && entries.every(([id]) => isWhole(id));
};

const checkDense = (stream: string, from: number, to: number, entries: Entries): void => {
  const missing = missingIn(from, to, entries);
  if (missing !== undefined) throw corrupt(stream, missing, 'it is missing.');
};

/** Errors of the connection become the log's own. */
export const ask = async <T>(reply: Promise<T>): Promise<T> => {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof Error && error.name === 'HyperRunError') throw error;
    throw unavailable(`${error instanceof Error ? error.message : String(error)}.`, error);
  }
};

/** A page that was asked for ahead may fail before anybody waits for it. */
const quiet = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => undefined);
  return promise;
};
