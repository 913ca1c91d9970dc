import { setTimeout as delay } from 'node:timers/promises';
import {
  HyperRunError,
  isHyperRunError,
  type Position,
  type Recorded,
  type StreamName,
  type Version,
} from '#contracts';
import { NO_PARTS, without as leaveOut } from './archived-parts.js';
import { formatCursor, parseCursor } from './cursor.js';
import { closed, outcomeUnknown } from './errors.js';
import type {
  Append,
  Appended,
  ArchivedPart,
  ArchivedParts,
  EventStore,
  FeedEntry,
  Redaction,
  StoredBytes,
} from './event-store.js';
import { follow, LiveTail } from './live-tail.js';
import { rewound, type LogMark } from './log-mark.js';
import type { Stretch } from './partition-order.js';
import { Whereabouts } from './partitions.js';
import { PlacedEntry } from './placed-entry.js';
import type { RedisEventStore } from './redis-event-store.js';
import type { RedisOrder } from './redis-order.js';

/** What an event of another process may take to be given its place; then whoever follows gives it. */
const PLACE_AFTER_MS = 50;
const PAUSE_AFTER_TROUBLE = 250;
const PAGE = 1000;
/** So many events of a partition wait at most, and the batch by which there are more, for what stands before them. */
const MOST_WAITING = 4096;
/** As scripts/append.lua ends a header. */
const POSITION = /,"position":(\d+),"time":\d+(?:,"epoch":\d+)?}$/;

export interface PartitionedOptions {
  /** Where new sprints and tasks lie that name no repository. Default 0. */
  readonly otherwise?: number;
  readonly onAcknowledged?: (mark: LogMark) => void;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * A log whose repositories are spread over partitions, each a log of its own that appends by itself. The first also keeps
 * one order over the events of all: an append is acknowledged when its events have their places there, so that whatever was
 * decided upon an acknowledged event comes after it. Positions, wherever this store tells them, are places in that order.
 */
export class PartitionedEventStore implements EventStore {
  readonly incarnation: string;
  readonly #where: Whereabouts;
  readonly #closing = new AbortController();
  readonly #tail: LiveTail;
  readonly #waiting: FeedEntry[][];
  #following = false;
  #failure: HyperRunError | undefined;

  /** @param order known up to its end; all events of the stores have their places */
  constructor(
    private readonly stores: readonly RedisEventStore[],
    private readonly order: RedisOrder,
    private readonly options: PartitionedOptions,
  ) {
    const [first] = stores;
    if (first === undefined) throw new Error('A log has at least one partition.');
    this.incarnation = first.incarnation;
    this.#where = new Whereabouts(stores, options.otherwise ?? 0);
    this.#tail = new LiveTail(order.known.top as Position);
    this.#waiting = stores.map(() => []);
  }

  async append(append: Append): Promise<Appended> {
    this.#check();
    const partition = await this.#where.ofAppend(append);
    const { position: own, heads } = await this.#carryOut(partition, append);
    const position = await this.#placeAppended(partition, own, append.commandId);
    this.options.onAcknowledged?.({ incarnation: this.incarnation, position });
    return { position, cursor: this.cursorOf(position), heads };
  }

  async read(stream: StreamName, from?: Version): Promise<Recorded[]> {
    this.#check();
    const partition = await this.#where.of(stream);
    if (partition === undefined) return [];
    const records = await this.#of(partition).read(stream, from);
    await this.#knowPlaces(partition, records.at(-1)?.position ?? 0);
    return records.map((record) => ({ ...record, position: this.#placeOf(partition, record.position) }));
  }

  async *readBytes(stream: StreamName, from?: Version): AsyncGenerator<StoredBytes> {
    this.#check();
    const partition = await this.#where.of(stream);
    if (partition === undefined) return;
    for await (const record of this.#of(partition).readBytes(stream, from)) {
      const own = Number(POSITION.exec(record.header.toString())?.[1] ?? 0) as Position;
      await this.#knowPlaces(partition, own);
      yield { ...record, position: this.#placeOf(partition, own) };
    }
  }

  async head(stream: StreamName) {
    this.#check();
    return this.#of((await this.#where.of(stream)) ?? 0).head(stream);
  }

  async streams(category?: string): Promise<StreamName[]> {
    this.#check();
    return (await Promise.all(this.stores.map((store) => store.streams(category)))).flat();
  }

  async readAll(after: Position, limit: number, without = NO_PARTS): Promise<FeedEntry[]> {
    return this.#readAll(after, limit, without);
  }

  async top(): Promise<Position> {
    this.#check();
    return this.order.top();
  }

  async *subscribe(after: Position, signal: AbortSignal, without = NO_PARTS): AsyncGenerator<readonly FeedEntry[]> {
    this.#check();
    await this.positionOf(this.cursorOf(after));
    this.#startFollowing();
    const read = (position: Position, limit: number) => this.#readAll(position, limit, without);
    yield* leaveOut(follow(this.#tail, read, after, signal), without);
  }

  async archived(): Promise<ArchivedParts> {
    this.#check();
    const parts = await Promise.all(this.stores.map((store) => store.archived()));
    return new Map(parts.flatMap((each) => [...each]));
  }

  /** Of each partition all or nothing; the streams of a sprint lie in one. */
  async trim(parts: ArchivedParts): Promise<void> {
    this.#check();
    const shares = this.stores.map(() => new Map<StreamName, ArchivedPart>());
    for (const [stream, part] of parts) shares[(await this.#where.of(stream)) ?? 0]?.set(stream, part);
    for (const [partition, share] of shares.entries()) if (share.size > 0) await this.#of(partition).trim(share);
  }

  /** The feed of a partition counts by itself: its own position stands in the record. */
  async redact(redaction: Redaction): Promise<void> {
    this.#check();
    const { stream, version } = redaction;
    const store = this.#of((await this.#where.of(stream)) ?? 0);
    for await (const { header } of store.readBytes(stream, version)) {
      const position = Number(POSITION.exec(header.toString())?.[1] ?? 0) as Position;
      await store.redact({ ...redaction, position });
      break;
    }
    this.forget();
  }

  forget(): void {
    this.#tail.forget();
    for (const store of this.stores) store.forget();
  }

  cursorOf(position: Position): string {
    return formatCursor(this.incarnation, position);
  }

  async positionOf(cursor: string): Promise<Position> {
    this.#check();
    const { known } = this.order;
    return parseCursor(cursor, this.incarnation, (position) =>
      position <= known.top ? (known.top as Position) : this.order.top(),
    );
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#tail.fail(closed());
    await Promise.all(this.stores.map((store) => store.close()));
    this.order.close();
  }

  async #carryOut(partition: number, append: Append): Promise<Appended> {
    try {
      return await this.#of(partition).append(append);
    } catch (error) {
      throw isHyperRunError(error, 'log.rewound') ? this.lost(partition, error) : error;
    }
  }

  /** It is written: that its place is not known must not be told as if nothing had been. */
  async #placeAppended(partition: number, own: Position, commandId: string): Promise<Position> {
    try {
      const place = await this.order.place(partition, own);
      await this.order.safe?.();
      return place;
    } catch (error) {
      throw isHyperRunError(error, 'log.unavailable') ? outcomeUnknown(commandId, error) : error;
    }
  }

  /** Nothing may go on: a partition is behind what is known of it. Where the log stands as a whole, its next start finds out. */
  lost(partition: number, cause: HyperRunError): HyperRunError {
    const text = `Partition ${partition} lost events that were acknowledged. Start again: the start says where the log stands, and the ways out.`;
    const failure = new HyperRunError('log.rewound', text, { partition }, 'operator', { cause });
    return this.#stop(failure);
  }

  #stop(failure: HyperRunError): HyperRunError {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = failure;
    this.options.onTrouble(failure);
    this.#tail.fail(failure);
    return failure;
  }

  /** Nothing may go on: the order is behind what is known of it. */
  fail(found: LogMark | undefined): HyperRunError {
    const known = { incarnation: this.incarnation, position: this.order.known.top as Position };
    return this.#stop(rewound(known, found));
  }

  async #readAll(after: Position, limit: number, without: ArchivedParts): Promise<FeedEntry[]> {
    this.#check();
    if (limit <= 0) return [];
    const { known } = this.order;
    const count = Math.min(limit, PAGE);
    if (known.top < after + count) await this.order.refresh();
    const stretches = known.after(after, count);
    const entries = await Promise.all(this.stores.map((_, partition) => this.#readOwn(partition, stretches, without)));
    const next = entries.map(() => 0);
    return stretches.flatMap(({ partition, place, count }) => {
      const from = next[partition] ?? 0;
      next[partition] = from + count;
      const own = entries[partition]?.slice(from, from + count) ?? [];
      return own.map((entry, index) => new PlacedEntry((place + index) as Position, entry));
    });
  }

  /** What a partition has of these stretches, which follow each other in it. */
  async #readOwn(partition: number, stretches: readonly Stretch[], without: ArchivedParts): Promise<FeedEntry[]> {
    const own = stretches.filter((stretch) => stretch.partition === partition);
    const count = own.reduce((sum, stretch) => sum + stretch.count, 0);
    const entries: FeedEntry[] = [];
    let after = (own[0]?.position ?? 1) - 1;
    while (entries.length < count) {
      const page = await this.#of(partition).readAll(after as Position, count - entries.length, without);
      if (page.length === 0) throw new Error(`Partition ${partition} does not tell what stands after ${after}.`);
      entries.push(...page);
      after += page.length;
    }
    return entries;
  }

  #startFollowing(): void {
    if (this.#following) return;
    this.#following = true;
    const { known } = this.order;
    const from = this.stores.map((_, partition) => known.positionAt(partition, this.#tail.position));
    void this.order.follow(() => this.#tell()).catch((error: HyperRunError) => this.#stop(error));
    for (const [partition, after] of from.entries())
      void this.#follow(partition, after as Position).catch((error: HyperRunError) => {
        if (!this.#closing.signal.aborted) this.#stop(error);
      });
  }

  async #follow(partition: number, after: Position): Promise<void> {
    const { signal } = this.#closing;
    let last = after;
    while (!signal.aborted) {
      try {
        for await (const batch of this.#of(partition).subscribe(last, signal)) {
          last = batch.at(-1)?.position ?? last;
          this.#waiting[partition]?.push(...batch);
          this.#tell();
          if (this.order.known.reached(partition) < last) this.#placeSoon(partition, last);
          await this.#makeRoom(partition);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isHyperRunError(error, 'log.unavailable')) throw error;
        this.options.onTrouble(error);
        await delay(PAUSE_AFTER_TROUBLE, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Its writer does so, unless it has ended in between. */
  #placeSoon(partition: number, position: number): void {
    setTimeout(() => {
      if (this.#closing.signal.aborted || this.order.known.reached(partition) >= position) return;
      this.#knowPlaces(partition, position).then(() => this.#tell(), this.options.onTrouble);
    }, PLACE_AFTER_MS).unref();
  }

  /** What stands before it in the order may be long in coming: until then, what is further is left in its partition. */
  async #makeRoom(partition: number): Promise<void> {
    while ((this.#waiting[partition]?.length ?? 0) >= MOST_WAITING && this.#canGoOn())
      await new Promise<void>((resolve) => {
        const forget = this.#tail.onChange(() => {
          forget();
          resolve();
        });
      });
  }

  /** Tells what has both come from its partition and got its place, in order. */
  #tell(): void {
    for (let told = this.#next(); told.length > 0; told = this.#next()) this.#tail.push(told);
  }

  #next(): FeedEntry[] {
    const told: FeedEntry[] = [];
    const stretches = this.order.known.after(this.#tail.position, PAGE);
    for (const { partition, place, position, count } of stretches) {
      const waiting = this.#waiting[partition] ?? [];
      let number = 0;
      while (number < count && waiting[number]?.position === position + number) number++;
      const own = waiting.splice(0, number);
      told.push(...own.map((entry, index) => new PlacedEntry((place + index) as Position, entry)));
      if (number < count) break;
    }
    return told;
  }

  async #knowPlaces(partition: number, position: number): Promise<void> {
    const isKnown = () => this.order.known.reached(partition) >= position;
    if (isKnown()) return;
    await this.order.refresh();
    if (isKnown()) return;
    await this.order.place(partition, position);
    await this.order.refresh();
  }

  #placeOf(partition: number, position: Position): Position {
    const place = this.order.known.placeOf(partition, position);
    if (place === undefined) throw new Error(`Event ${position} of partition ${partition} has no place.`);
    return place as Position;
  }

  #of(partition: number): RedisEventStore {
    const store = this.stores[partition];
    if (store === undefined) throw new Error(`There is no partition ${partition}.`);
    return store;
  }

  #canGoOn(): boolean {
    return !this.#closing.signal.aborted && this.#failure === undefined;
  }

  #check(): void {
    if (this.#closing.signal.aborted) throw closed();
    if (this.#failure !== undefined) throw this.#failure;
  }
}
