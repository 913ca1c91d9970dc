import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { EventStore } from '#event-store';
import { CONFIG, type Config } from '../config/config.js';
import { EVENT_STORE } from '../log/log.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { RedactEventHandler } from './redact-event.command.js';

/** In every process: what was redacted is forgotten at once. After a crash: what was asked for is carried out. */
@Injectable()
export class Redactions implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(Redactions.name);
  #forget?: () => void;
  #resuming?: Promise<void>;

  constructor(
    private readonly live: LiveWorld,
    private readonly handler: RedactEventHandler,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.#forget = this.live.onChange((batch) => {
      if (batch.some(({ event }) => event.type === 'event.redacted')) this.store.forget();
    });
    if (!this.config.roles.includes('orchestrator')) return;
    await this.live.ready();
    this.#resuming = this.#resume();
  }

  async onModuleDestroy(): Promise<void> {
    this.#forget?.();
    await this.#resuming;
  }

  async #resume(): Promise<void> {
    for (const [eventId, stream] of [...this.live.world.redactions])
      await this.handler
        .resume(stream, eventId)
        .catch((error: unknown) => this.#logger.warn(`Event ${eventId} is not redacted yet: ${String(error)}`));
  }
}
