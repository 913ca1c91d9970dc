import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SYSTEM_STREAM, type AnyEvent } from '#contracts';
import { event, type Decider } from '#domain';
import { CONFIG, type Config } from '../config/config.js';
import { Decisions } from './decisions.port.js';
import { LiveWorld } from './live-world.port.js';
import { ParkedEvents, type ParkedEvent } from './parked-events.port.js';

/** Once for each place: said again under the same command id, it is in the log already. */
const alarm: Decider<null, ParkedEvent, AnyEvent> = {
  initial: null,
  decide: ({ projection, position, stream, version, error }) => {
    const text = `${projection} goes on without position ${position} of the log (${stream} ${version}). ${error}`;
    const alertId = `parked-${position}`;
    return [
      event('alert.raised', { alertId, severity: 'critical', kind: 'log.event-parked', text: text.slice(0, 2000) }),
    ];
  },
  evolve: (state) => state,
};

/** Whoever looks at the alerts hears of events that could not be read, and where they are. */
@Injectable()
export class ParkedAlerts implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(ParkedAlerts.name);
  #raising: Promise<unknown> = Promise.resolve();
  #forget?: () => void;

  constructor(
    private readonly parked: ParkedEvents,
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
    @Inject(CONFIG) private readonly config: Pick<Config, 'roles'>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.includes('orchestrator')) return;
    await this.live.ready();
    this.#forget = this.parked.onParked((one) => {
      this.#raising = this.#raiseAfter(this.#raising, one);
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.#forget?.();
    await this.#raising;
  }

  async #raiseAfter(before: Promise<unknown>, one: ParkedEvent): Promise<void> {
    await before;
    const { position, stream, version } = one;
    await this.decisions
      .make({
        stream: SYSTEM_STREAM,
        decider: alarm,
        command: one,
        issued: { id: `parked/${position}`, actor: 'system', body: { position, stream, version } },
      })
      .catch((error: unknown) => this.#logger.warn(`No alert could be raised: ${String(error)}`));
  }
}
