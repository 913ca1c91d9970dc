import type { ServerResponse } from 'node:http';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HyperRunError, type Position } from '#contracts';
import type { EventStore, FeedEntry } from '#event-store';
import { CONFIG, type Config } from '../config/config.js';
import { EVENT_STORE } from '../log/log.port.js';
import { FeedTail } from './feed-tail.port.js';
import { filterKey, wants, type Filter } from './filter.js';
import { FrameRing } from './frame-ring.js';
import { toFrame, type Frame } from './frame.js';
import { SseClient, type Backlog, type Share } from './sse-client.js';

export interface HubOptions {
  /** Frames kept in memory: a minute at 500 events a second. */
  readonly ringLength: number;
  readonly heartbeatMs: number;
}

export const HUB_OPTIONS = Symbol('HUB_OPTIONS');
export const DEFAULT_HUB_OPTIONS: HubOptions = { ringLength: 32_768, heartbeatMs: 15_000 };

/** All clients of the stream in this process: each event is serialised once, each batch is one write per client. */
@Injectable()
export class SseHub implements Backlog, OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(SseHub.name);
  readonly #clients = new Map<SseClient, string>();
  #ring: FrameRing | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #stopped = false;
  #deliveries = 0;

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(FeedTail) private readonly tail: FeedTail,
    @Inject(CONFIG) private readonly config: Pick<Config, 'sseClients'>,
    @Inject(HUB_OPTIONS) private readonly options: HubOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.tail.onBatch((batch) => this.#fanOut(batch));
    this.#heartbeat = setInterval(() => this.#beat(), this.options.heartbeatMs).unref();
  }

  onModuleDestroy(): void {
    this.#stopped = true;
    clearInterval(this.#heartbeat);
    for (const client of this.#clients.keys()) client.end();
    this.#clients.clear();
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Events that went out live since the start, counted once per client. */
  get deliveries(): number {
    return this.#deliveries;
  }

  /** Bytes that wait for slow clients. */
  get pendingBytes(): number {
    return [...this.#clients.keys()].reduce((sum, client) => sum + client.pendingBytes, 0);
  }

  get newest(): Position {
    return this.#ring?.newest ?? this.tail.position;
  }

  cursorOf(position: Position): string {
    return this.store.cursorOf(position);
  }

  /** @throws HyperRunError `stream.full`, `service.stopping`: the newcomer is refused, nobody is sent away for it */
  requireRoom(): void {
    if (this.#stopped) throw new HyperRunError('service.stopping', 'The service is stopping.', {}, 'retry');
    if (this.#clients.size < this.config.sseClients) return;
    throw new HyperRunError(
      'stream.full',
      `${this.#clients.size} clients follow the stream, as many as this service takes (HYPER_RUN_SSE_CLIENTS). Try again later.`,
      {},
      'retry',
    );
  }

  /** From now on the client is told every event after the position that passes its filter. */
  join(response: ServerResponse, filter: Filter, after: Position): SseClient {
    const client = new SseClient(response, filter, this, after, (error) => {
      this.#logger.warn(`A client of the stream could not catch up: ${String(error)}`);
      response.destroy();
    });
    this.#clients.set(client, filterKey(filter));
    response.on('close', () => this.#clients.delete(client));
    client.catchUp();
    return client;
  }

  frames(after: Position, limit: number): readonly Frame[] | Promise<readonly Frame[]> {
    return this.#ring?.after(after, limit) ?? this.#fromLog(after, limit);
  }

  async #fromLog(after: Position, limit: number): Promise<readonly Frame[]> {
    const entries = await this.store.readAll(after, limit);
    return entries.map((entry) => this.#frameOf(entry));
  }

  #frameOf(entry: FeedEntry): Frame {
    return toFrame(entry, this.store.cursorOf(entry.position));
  }

  #fanOut(batch: readonly FeedEntry[]): void {
    const [first] = batch;
    if (first === undefined) return;
    this.#ring ??= new FrameRing(this.options.ringLength, (first.position - 1) as Position);
    const frames = batch.map((entry) => this.#frameOf(entry));
    for (const frame of frames) this.#ring.push(frame);
    const prepared = new Map<string, Share>();
    for (const [client, key] of this.#clients) {
      let share = prepared.get(key);
      if (share === undefined) prepared.set(key, (share = shareOf(frames, client.filter)));
      if (client.offer(share, this.#ring.newest)) this.#deliveries += share.events;
    }
  }

  #beat(): void {
    for (const client of this.#clients.keys()) client.beat();
  }
}

const shareOf = (frames: readonly Frame[], filter: Filter): Share => {
  const wanted = frames.filter((frame) => wants(filter, frame));
  return {
    bytes: Buffer.concat(wanted.map(({ bytes }) => bytes)),
    told: wanted.at(-1)?.position,
    events: wanted.length,
  };
};
