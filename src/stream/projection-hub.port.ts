import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isHyperRunError, type Position } from '#contracts';
import type { EventStore } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ProjectionTopic, type Projection, type ProjectionFilter } from './projection-topic.js';
import { SseConnections, type StreamKind } from './sse-connections.port.js';

export type { Entity, Projection, ProjectionFilter } from './projection-topic.js';

/** Who wants to listen, and the cursor that it has from before. */
export interface Listener {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly cursor?: string;
}

export interface Topic {
  readonly stream: StreamKind;
  /** The same for all that are shown the same. */
  readonly name: string;
  /** Called in the same tick, unless somebody looks at the topic already. */
  readonly open: () => Projection;
}

interface Held {
  readonly topic: ProjectionTopic;
  holders: number;
}

/** How long a client waits for this process to have folded what another one told it. */
const REACH_MS = 5000;

/** Projections of the log for clients without our reducers: a snapshot, then every entity that changes, whole. */
@Injectable()
export class ProjectionHub implements OnApplicationBootstrap, OnModuleDestroy {
  /** Topics that somebody looks at. */
  readonly #topics = new Map<string, Held>();
  #forget: readonly (() => void)[] = [];

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly live: LiveWorld,
    private readonly connections: SseConnections,
  ) {}

  onApplicationBootstrap(): void {
    this.#forget = [
      this.live.onChange((batch) => {
        for (const { topic } of this.#topics.values()) topic.take(batch);
      }),
      this.live.onTakenOut((...takenOut) => {
        for (const { topic } of this.#topics.values()) topic.forgetTexts(...takenOut);
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const forget of this.#forget) forget();
    for (const { topic } of this.#topics.values()) topic.stop();
  }

  /**
   * Shows a topic until its listener leaves: from its cursor on, or, where that cannot be served, after a snapshot.
   * @throws HyperRunError `stream.full`, `service.stopping`, `request.malformed`, `log.unavailable`
   */
  async follow(topic: Topic, filter: ProjectionFilter, listener: Listener): Promise<void> {
    const { request, reply, cursor } = listener;
    if (this.connections.answersHead(request, reply)) return;
    this.connections.requireRoom();
    const held = this.#hold(topic);
    let followed = false;
    try {
      followed = this.#show(topic, held, filter, listener, await this.#placeOf(cursor));
    } finally {
      if (!followed) this.#release(topic, held);
    }
  }

  /** False when the listener has gone meanwhile. */
  #show(
    about: Topic,
    held: Held,
    filter: ProjectionFilter,
    { request, reply }: Listener,
    place: Position | undefined,
  ): boolean {
    const { topic } = held;
    topic.look();
    const after = place ?? topic.position;
    const connection = this.connections.open(about.stream, request, reply, after);
    if (connection === undefined) return false;
    if (place === undefined) connection.write(topic.snapshot(filter));
    const client = topic.join(connection, filter, after);
    connection.onClose(() => {
      topic.leave(client);
      this.#release(about, held);
    });
    connection.show(client);
    return true;
  }

  /** `undefined`: a snapshot is needed. */
  async #placeOf(cursor: string | undefined): Promise<Position | undefined> {
    if (cursor === undefined || cursor === '') return undefined;
    try {
      const position = await this.store.positionOf(cursor);
      await this.live.reached(position, AbortSignal.timeout(REACH_MS)).catch(() => undefined);
      return position;
    } catch (error) {
      if (isHyperRunError(error) && error.code.startsWith('cursor.')) return undefined;
      throw error;
    }
  }

  #hold({ name, open }: Topic): Held {
    const held = this.#topics.get(name) ?? this.#open(name, open());
    held.holders++;
    return held;
  }

  #release({ name }: Topic, held: Held): void {
    if (--held.holders > 0) return;
    held.topic.stop();
    this.#topics.delete(name);
  }

  #open(name: string, projection: Projection): Held {
    const place = {
      position: () => this.live.world.position,
      cursorOf: (position: number) => this.store.cursorOf(position as Position),
    };
    const held = { topic: new ProjectionTopic(projection, place), holders: 0 };
    this.#topics.set(name, held);
    return held;
  }
}
