import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HyperRunError, type Position } from '#contracts';
import type { EventStore } from '#event-store';
import { CONFIG, type Config } from '../config/config.js';
import { EVENT_STORE } from '../log/log.port.js';
import { RedisClock } from '../log/redis-clock.port.js';
import { controlFrame } from './frame.js';
import { SseConnection } from './sse-connection.js';
import type { Hello } from '../http/stream.schema.js';

export interface SseOptions {
  readonly heartbeatMs: number;
  /** About how long a connection lasts. Then it ends, and its client comes back: to whom it is let in, and elsewhere. */
  readonly rotationMs: number;
}

export const SSE_OPTIONS = Symbol('SSE_OPTIONS');
export const DEFAULT_SSE_OPTIONS: SseOptions = { heartbeatMs: 15_000, rotationMs: 600_000 };

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** What a client waits before it comes back after a lost connection, in milliseconds; after the end of the service, up to four times that. */
const RETRY_MS = 1000;
/** Each connection has its turn once per heartbeat; they are spread so that not all are written to at once. */
const TURNS = 15;

export const STREAMS = ['events', 'agents', 'sprint'] as const;
export type StreamKind = (typeof STREAMS)[number];

interface Place {
  readonly stream: StreamKind;
  readonly turn: number;
  readonly until: number;
}

/** How long a connection lasts, by a chance from 0 to 1: those that came together do not come back together. */
export const lifeOf = (rotationMs: number, chance: number): number => rotationMs * (0.8 + 0.4 * chance);

/** All that listen in this process, whatever they are shown: one limit, one heartbeat, one rotation, one end. */
@Injectable()
export class SseConnections implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #open = new Map<SseConnection, Place>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #turn = 0;
  #admitted = 0;
  #refused = 0;
  #rotated = 0;

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(RedisClock) private readonly clock: RedisClock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'roles' | 'sseClients'>,
    @Inject(SSE_OPTIONS) private readonly options: SseOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.roles.includes('api')) return;
    this.#timer = setInterval(() => this.#nextTurn(), this.options.heartbeatMs / TURNS).unref();
  }

  onModuleDestroy(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const connection of this.#open.keys()) {
      const retry = Math.round(RETRY_MS * (1 + 3 * Math.random()));
      connection.end(`retry: ${retry}\n\n`);
    }
  }

  get size(): number {
    return this.#open.size;
  }

  count(stream: StreamKind): number {
    return [...this.#open.values()].filter((place) => place.stream === stream).length;
  }

  /** Newcomers that found no room since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Connections that ended because they had lasted long enough. */
  get rotated(): number {
    return this.#rotated;
  }

  /** Bytes that wait for slow clients. */
  get pendingBytes(): number {
    return [...this.#open.keys()].reduce((sum, connection) => sum + connection.pendingBytes, 0);
  }

  /** @throws HyperRunError `stream.full`, `service.stopping`: the newcomer is refused, nobody is sent away for it */
  requireRoom(): void {
    if (this.#stopped) throw new HyperRunError('service.stopping', 'The service is stopping.', {}, 'retry');
    if (this.#open.size < this.config.sseClients) return;
    this.#refused++;
    throw new HyperRunError(
      'stream.full',
      `${this.#open.size} clients follow the stream, as many as this service takes (HYPER_RUN_SSE_CLIENTS). Try again later.`,
      {},
      'retry',
    );
  }

  /** Answers HEAD with the headers alone; true when that was asked for. */
  answersHead(request: FastifyRequest, reply: FastifyReply): boolean {
    if (request.method !== 'HEAD') return false;
    void reply.headers(HEADERS).send();
    return true;
  }

  /**
   * Takes the answer over and greets with the cursor after which the client is shown what happens. `undefined`: the
   * client has gone.
   * @throws HyperRunError as `requireRoom`; `request.malformed`
   */
  open(stream: StreamKind, request: FastifyRequest, reply: FastifyReply, after: Position): SseConnection | undefined {
    this.requireRoom();
    const { socket } = reply.raw;
    if (reply.raw.destroyed || request.raw.socket.destroyed) return undefined;
    if (socket === null)
      throw new HyperRunError('request.malformed', 'A stream needs a connection that answers nothing else meanwhile.');
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    const connection = new SseConnection(reply.raw, socket, HEADERS);
    const lifeMs = lifeOf(this.options.rotationMs, Math.random());
    this.#open.set(connection, { stream, turn: this.#admitted++ % TURNS, until: performance.now() + lifeMs });
    connection.onClose(() => this.#open.delete(connection));
    connection.write(`retry: ${RETRY_MS}\n${this.#hello(after)}`);
    return connection;
  }

  #hello(after: Position): string {
    const cursor = this.store.cursorOf(after);
    const data: Hello = {
      cursor,
      oldest: this.store.cursorOf(0 as Position),
      serverTime: new Date().toISOString(),
      redisClock: this.clock.known(),
    };
    return controlFrame('hello', cursor, JSON.stringify(data));
  }

  #nextTurn(): void {
    this.#turn = (this.#turn + 1) % TURNS;
    const now = performance.now();
    for (const [connection, { turn, until }] of this.#open) {
      if (turn !== this.#turn) continue;
      if (connection.isOver) connection.destroy();
      else if (now < until) connection.beat();
      else this.#rotate(connection);
    }
  }

  /** Whoever does not read the end either is cut off at the next turn. */
  #rotate(connection: SseConnection): void {
    this.#rotated++;
    connection.end();
  }
}
