import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import type { Position } from '#contracts';
import type { EventStore, FeedEntry } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { readEvent } from '../world/parked-events.port.js';
import { EventRecorded } from './event-recorded.port.js';

export type BatchListener = (batch: readonly FeedEntry[]) => void;

const RETRY_MS = 500;

/**
 * The live end of the log in this process: one subscription, however many listen. A listener sees every event after the
 * `position` it found when it began to listen, in order, once.
 */
@Injectable()
export class FeedTail implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(FeedTail.name);
  readonly #listeners = new Set<BatchListener>();
  readonly #stopping = new AbortController();
  #position = 0 as Position;
  #following: Promise<void> = Promise.resolve();

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventBus) private readonly eventBus: EventBus,
  ) {}

  /** Position of the last event that was told. */
  get position(): Position {
    return this.#position;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#position = await this.store.top();
    this.#following = this.#follow();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** Calls back with every batch, in the tick in which it came; returns how to stop that. A listener must not throw. */
  onBatch(listener: BatchListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An interrupted subscription is taken up again where it ended. */
  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        for await (const batch of this.store.subscribe(this.#position, signal)) this.#tell(batch);
      } catch (error) {
        if (signal.aborted) return;
        this.#logger.error(`The log cannot be followed at present: ${String(error)}`);
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #tell(batch: readonly FeedEntry[]): void {
    this.#position = batch.at(-1)?.position ?? this.#position;
    for (const listener of this.#listeners) listener(batch);
    for (const entry of batch) {
      const event = readEvent(entry);
      if (event !== undefined) void this.eventBus.publish(new EventRecorded(event));
    }
  }
}
