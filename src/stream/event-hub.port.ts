import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { isHyperRunError, type Position } from '#contracts';
import type { EventStore, FeedEntry } from '#event-store';
import { CONFIG, type Config } from '../config/config.js';
import { EVENT_STORE } from '../log/log.port.js';
import { EventClient, type Backlog, type Missed, type Share } from './event-client.js';
import { FanOut } from './fan-out.js';
import { FeedTail } from './feed-tail.port.js';
import { filterKey, wants, type Filter } from './filter.js';
import { FrameRing, type Bounds } from './frame-ring.js';
import { resetFrame, toFrame, type Frame } from './frame.js';
import { outlineOf } from './outline.js';
import type { SseConnection } from './sse-connection.js';

export interface HubOptions {
  /** What is kept in memory for who was away or is slow. */
  readonly ring: Bounds;
}

export const HUB_OPTIONS = Symbol('HUB_OPTIONS');
/** A minute at 1,000 events a second of the usual size. */
export const DEFAULT_HUB_OPTIONS: HubOptions = { ring: { frames: 65_536, bytes: 64 * 1024 * 1024 } };

/** What a client that catches up is written at a time, from memory and from the log. */
const PAGE: Bounds = { frames: 500, bytes: 64 * 1024 };
const LOG_PAGE = 200;
/** What a live client is written at a time: however much a pass brings, no more than this comes on top of what it has not read. */
const PART_BYTES = 256 * 1024;

/** Clients with the same filter: what they are written is made once. */
interface Audience {
  readonly filter: Filter;
  readonly clients: Set<EventClient>;
}

/** Events told since the start, counted once per client, by where they came from. */
export interface Deliveries {
  live: number;
  memory: number;
  log: number;
}

/** All that follow the events in this process: each event is serialised once, each pass is one write per client. */
@Injectable()
export class EventHub implements Backlog, OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(EventHub.name);
  readonly #audiences = new Map<string, Audience>();
  readonly #fanOut = new FanOut(() => this.#pass());
  readonly #deliveries: Deliveries = { live: 0, memory: 0, log: 0 };
  /** Pages that are being read from the log, by where they begin: after a restart many ask for the same. */
  readonly #reading = new Map<Position, Promise<readonly FeedEntry[]>>();
  #untold: FeedEntry[] = [];
  #ring: FrameRing | undefined;

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(FeedTail) private readonly tail: FeedTail,
    @Inject(HUB_OPTIONS) private readonly options: HubOptions,
    @Inject(CONFIG) private readonly config: Pick<Config, 'roles'>,
  ) {}

  onApplicationBootstrap(): void {
    // Nobody follows a process that does not listen: nothing is gathered for them.
    if (!this.config.roles.includes('api')) return;
    this.tail.onBatch((batch) => {
      this.#untold.push(...batch);
      this.#fanOut.ask();
    });
  }

  onModuleDestroy(): void {
    this.#fanOut.stop();
  }

  get deliveries(): Readonly<Deliveries> {
    return this.#deliveries;
  }

  /** Clients that catch up at their own pace. */
  get behind(): number {
    return [...this.#audiences.values()]
      .flatMap(({ clients }) => [...clients])
      .reduce((count, client) => (client.isLive ? count : count + 1), 0);
  }

  /** How long the last pass over all clients took, and for how long events are gathered until the next, in milliseconds. */
  get lastPass(): { readonly passMs: number; readonly windowMs: number } {
    return this.#fanOut;
  }

  get memory(): Bounds {
    return this.#ring?.held ?? { frames: 0, bytes: 0 };
  }

  get newest(): Position {
    return this.#ring?.newest ?? this.tail.position;
  }

  cursorOf(position: Position): string {
    return this.store.cursorOf(position);
  }

  /** From now on the client is told every event after the position that passes its filter. */
  join(connection: SseConnection, filter: Filter, after: Position): void {
    const client = new EventClient(connection, filter, this, after, (error) => {
      this.#logger.warn(`A client of the stream could not catch up: ${String(error)}`);
      connection.destroy();
    });
    const key = filterKey(filter);
    const audience = this.#audiences.get(key) ?? { filter, clients: new Set() };
    this.#audiences.set(key, audience);
    audience.clients.add(client);
    connection.onClose(() => {
      audience.clients.delete(client);
      if (audience.clients.size === 0) this.#audiences.delete(key);
    });
    connection.show(client);
  }

  missed(after: Position, filter: Filter): Missed | undefined | Promise<Missed | undefined> {
    const frames = this.#ring?.after(after, PAGE);
    if (frames === undefined) return this.#fromLog(after, filter);
    const share = shareOf(frames, filter);
    this.#deliveries.memory += share.events;
    return { ...share, upTo: frames.at(-1)?.position ?? after };
  }

  async #fromLog(after: Position, filter: Filter): Promise<Missed | undefined> {
    const entries = await this.#page(after).catch((error: unknown) => {
      if (isHyperRunError(error, 'archive.dropped')) return error.code;
      throw error;
    });
    if (typeof entries === 'string') return this.#beyond(entries);
    const upTo = entries.at(-1)?.position;
    if (upTo === undefined) return undefined;
    const wanted = entries.filter((entry) => wants(filter, outlineOf(entry)));
    const share = shareOf(this.#framesOf(wanted), filter);
    this.#deliveries.log += share.events;
    return { ...share, upTo };
  }

  /** What was let go of cannot be told, and is not passed over in silence. */
  #beyond(reason: string): Missed {
    const { newest } = this;
    return { bytes: Buffer.from(resetFrame(this.store, reason, newest)), told: newest, events: 0, upTo: newest };
  }

  #page(after: Position): Promise<readonly FeedEntry[]> {
    const underWay = this.#reading.get(after);
    if (underWay !== undefined) return underWay;
    const page = this.store.readAll(after, LOG_PAGE).finally(() => this.#reading.delete(after));
    this.#reading.set(after, page);
    return page;
  }

  #framesOf(entries: readonly FeedEntry[]): Frame[] {
    return entries.map((entry) => toFrame(entry, this.store.cursorOf(entry.position)));
  }

  #pass(): void {
    const frames = this.#framesOf(this.#untold);
    this.#untold = [];
    // What was redacted may be among what is kept in memory. Who is away reads it from the log, as it is now.
    if (frames.some(({ type }) => type === 'event.redacted')) this.#ring = undefined;
    for (const part of partsOf(frames)) this.#tell(part);
  }

  #tell(frames: readonly Frame[]): void {
    const [first] = frames;
    if (first === undefined) return;
    this.#ring ??= new FrameRing(this.options.ring, (first.position - 1) as Position);
    for (const frame of frames) this.#ring.push(frame);
    for (const { filter, clients } of this.#audiences.values()) {
      const share = shareOf(frames, filter);
      for (const client of clients) if (client.offer(share, this.#ring.newest)) this.#deliveries.live += share.events;
    }
  }
}

/** The frames in order, cut where they come to more than one write may hold. */
const partsOf = (frames: readonly Frame[]): Frame[][] => {
  const parts: Frame[][] = [];
  let bytes = Infinity;
  for (const frame of frames) {
    bytes += frame.bytes.length;
    if (bytes > PART_BYTES) {
      parts.push([]);
      bytes = frame.bytes.length;
    }
    parts.at(-1)?.push(frame);
  }
  return parts;
};

const shareOf = (frames: readonly Frame[], filter: Filter): Share => {
  const wanted = frames.filter((frame) => wants(filter, frame));
  return {
    bytes: Buffer.concat(wanted.map(({ bytes }) => bytes)),
    told: wanted.at(-1)?.position,
    events: wanted.length,
  };
};
