import type { Redis } from 'ioredis';
import type { Position, Recorded, StreamName, Version } from '#contracts';
import { corrupt, unavailable } from './errors.js';
import type { FeedEntry, StoredBytes } from './event-store.js';
import { LiveEntry, LoggedEntry } from './feed-entry.js';
import type { Keys } from './keys.js';
import { parseStored, toToday } from './record.js';

/** One entry of a Redis stream: its id and its fields, name and value in turn. */
export type Entry<T = string> = [id: T, fields: T[]];

export const PAGE = 1000;
/** Pages asked for at once: ids are dense, so that the next page is known before the one before has come. */
const PAGES_AHEAD = 4;

/** Reads of the log and of its order. Every gap is named; nothing is skipped. */
export class RedisLog {
  /** Oldest position of the feed that we know of; it only grows. */
  #oldest = 0;

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async read(stream: StreamName, from: Version, count = Infinity): Promise<Recorded[]> {
    const records: Recorded[] = [];
    for await (const entries of this.#pages(stream, from, count, (start, end, limit) =>
      this.redis.xrange(this.keys.log(stream), start, end, 'COUNT', limit),
    )) {
      for (const [, [, header = '', , data = '']] of entries) {
        const version = (from + records.length) as Version;
        records.push(toToday(parseStored(stream, version, header, data)));
      }
    }
    return records;
  }

  async *readBytes(stream: StreamName, from: Version): AsyncGenerator<StoredBytes> {
    let version: number = from;
    const pages = this.#pages(stream, from, Infinity, (start, end, limit) =>
      this.redis.xrangeBuffer(this.keys.log(stream), start, end, 'COUNT', limit),
    );
    for await (const entries of pages) {
      for (const [, [, header, , data]] of entries) {
        if (header === undefined || data === undefined) throw corrupt(stream, version, 'a field is missing.');
        yield { version: version as Version, header, data };
        version++;
      }
    }
  }

  /** Pages of a stream up to the version that it had when reading began, each checked to be without a gap. */
  async *#pages<T extends { toString(): string }>(
    stream: StreamName,
    from: number,
    count: number,
    range: (start: string, end: string, limit: number) => Promise<Entry<T>[]>,
  ): AsyncGenerator<Entry<T>[]> {
    const page = (start: number) => {
      const end = Math.min(start + PAGE, from + count) - 1;
      return range(`${start}-0`, `${end}-0`, PAGE);
    };
    const [head, first] = await ask(Promise.all([this.redis.hget(this.keys.head(stream), 'v'), page(from)]));
    const end = Math.min(Number(head ?? 0), from + count - 1);
    const ahead: Promise<Entry<T>[]>[] = [Promise.resolve(first)];
    let asked = from + PAGE;
    for (let start = from; start <= end; start += PAGE) {
      for (; asked <= end && ahead.length < PAGES_AHEAD; asked += PAGE) ahead.push(quiet(page(asked)));
      const entries = (await ask(ahead.shift() ?? page(start))).slice(0, end - start + 1);
      checkDense(stream, start, Math.min(start + PAGE - 1, end), entries);
      yield entries;
    }
  }

  async top(): Promise<Position> {
    return Number((await ask(this.redis.hget(this.keys.meta, 'position'))) ?? 0) as Position;
  }

  async readAll(after: Position, limit: number): Promise<FeedEntry[]> {
    if (limit <= 0) return [];
    const count = Math.min(limit, PAGE);
    if (after + 1 >= this.#oldest) {
      const entries = await ask(this.redis.xrange(this.keys.feed, `(${after}-0`, '+', 'COUNT', count));
      const first = entries[0];
      const position = first === undefined ? undefined : numberOf(first[0]);
      if (position === after + 1) return feedEntries(after, entries);
      if (position !== undefined) this.#oldest = position;
      else if ((await this.top()) <= after) return [];
    }
    return this.#readPointers(after, count);
  }

  /** By the pointers to every event ever: for what the feed no longer holds. */
  async #readPointers(after: Position, count: number): Promise<FeedEntry[]> {
    const pointers = await ask(this.redis.xrange(this.keys.all, `(${after}-0`, '+', 'COUNT', count));
    if (pointers.length === 0 && (await this.top()) > after) throw corrupt('all', after + 1, 'the pointer is missing.');
    checkDense('all', after + 1, after + pointers.length, pointers);
    const ranges = new Map<StreamName, { from: number; to: number }>();
    for (const [, [, stream, , version]] of pointers) {
      const name = stream as StreamName;
      const range = ranges.get(name) ?? { from: Number(version), to: 0 };
      range.to = Number(version);
      ranges.set(name, range);
    }
    const logs = new Map<StreamName, { from: number; entries: Entry[] }>();
    await ask(
      Promise.all(
        [...ranges].map(async ([stream, { from, to }]) => {
          const entries = await this.redis.xrange(this.keys.log(stream), `${from}-0`, `${to}-0`);
          checkDense(stream, from, to, entries);
          logs.set(stream, { from, entries });
        }),
      ),
    );
    return pointers.map(([, [, stream = '', , version]], index) => {
      const name = stream as StreamName;
      const log = logs.get(name);
      const fields = log?.entries[Number(version) - log.from]?.[1];
      const [, header = '', , data = ''] = fields ?? [];
      return new LoggedEntry((after + 1 + index) as Position, name, Number(version) as Version, header, data);
    });
  }
}

/** Entries of the feed after a position. @throws HyperRunError `log.corrupt` at a gap */
export const feedEntries = (after: number, entries: readonly Entry[]): FeedEntry[] => {
  checkDense('feed', after + 1, after + entries.length, entries);
  return entries.map(([, [, stream = '', , version, , json = '']], index) => {
    return new LiveEntry((after + 1 + index) as Position, stream as StreamName, Number(version) as Version, json);
  });
};

/** The number in an id `<number>-0`. */
export const numberOf = (id: { toString(): string }): number => {
  const text = id.toString();
  return text.endsWith('-0') ? Number(text.slice(0, -2)) : Number.NaN;
};

const checkDense = (
  stream: string,
  from: number,
  to: number,
  entries: readonly Entry<{ toString(): string }>[],
): void => {
  for (let index = 0; index <= to - from; index++) {
    const entry = entries[index];
    if (entry === undefined || numberOf(entry[0]) !== from + index)
      throw corrupt(stream, from + index, 'it is missing.');
  }
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
