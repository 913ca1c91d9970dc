import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { isHyperRunError, type Position } from '#contracts';
import { forgetTexts, newWorld, recallArchived, type TakenOut, type World } from '#domain';
import { NO_PARTS, type ArchivedParts, type EventStore, type FeedEntry } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { foldEntry } from './fold-entry.js';
import { ParkedEvents } from './parked-events.port.js';

type Listener = (batch: readonly FeedEntry[]) => void;
type TakenOutListener = (takenOut: TakenOut, position: Position) => void;

/**
 * The present, kept up to date in this process: a fold of the log with its position. Thrown away and rebuilt at every
 * start. Reading it may lag the log by milliseconds; who needs to see an append waits for its position with `reached`.
 */
@Injectable()
export class LiveWorld implements OnApplicationBootstrap, OnModuleDestroy {
  readonly world: World = newWorld();
  readonly #logger = new Logger(LiveWorld.name);
  readonly #listeners = new Set<Listener>();
  readonly #ofTakenOut = new Set<TakenOutListener>();
  readonly #stopping = new AbortController();
  #following?: Promise<void>;
  #leftOut: ArchivedParts = NO_PARTS;
  #wholeFrom = 0;

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly parked: ParkedEvents,
  ) {
    setMaxListeners(0, this.#stopping.signal); // one for each who waits
  }

  onApplicationBootstrap(): Promise<void> {
    return this.ready();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** Resolves when everything that was in the log at the first call has been folded. Archives are not read for it. */
  async ready(): Promise<void> {
    const top = await this.store.top();
    this.#following ??= this.#follow(top);
    await this.reached(top);
  }

  /**
   * From this position on the world is what a fold of all events would be. Before it, what is archived was left out, and
   * made good only when the fold came to `sprint.archived`.
   */
  get wholeFrom(): number {
    return this.#wholeFrom;
  }

  /** Calls back with each batch of events, without those that nobody here can read, after it was folded; returns how to stop that. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Calls back when texts of an event were taken out, after the world has let go of them, with the position of
   * `event.redacted`: whoever keeps something made of that stream lets go of them too. Returns how to stop that.
   */
  onTakenOut(listener: TakenOutListener): () => void {
    this.#ofTakenOut.add(listener);
    return () => this.#ofTakenOut.delete(listener);
  }

  /** Resolves when the event at this position has been folded; rejects when the signal aborts. */
  reached(position: Position, signal?: AbortSignal): Promise<void> {
    return this.until(() => this.world.position >= position, signal);
  }

  /**
   * Resolves as soon as the condition holds, looking again after each batch; rejects at the signal or at shutdown.
   * @throws HyperRunError `log.rewound`
   */
  until(condition: (world: World) => boolean, signal?: AbortSignal): Promise<void> {
    if (condition(this.world)) return Promise.resolve();
    const ends = signal === undefined ? this.#stopping.signal : AbortSignal.any([signal, this.#stopping.signal]);
    return new Promise((resolve, reject) => {
      const stop = (settle: () => void) => {
        forget();
        ends.removeEventListener('abort', onAbort);
        settle();
      };
      const onAbort = () => {
        const { reason } = ends as { readonly reason: unknown };
        stop(() => reject(isHyperRunError(reason) ? reason : new Error('Stopped waiting.', { cause: reason })));
      };
      const forget = this.onChange(() => condition(this.world) && stop(resolve));
      ends.addEventListener('abort', onAbort, { once: true });
      if (ends.aborted) onAbort();
    });
  }

  /** Whether the event could be read. */
  #fold(entry: FeedEntry): boolean {
    const event = foldEntry(this.world, entry, (part, one, error) => this.parked.park(part, one, error));
    if (event?.type === 'sprint.archived') this.#recall(event);
    return event !== undefined;
  }

  #recall(event: Extract<FeedEntry['event'], { type: 'sprint.archived' }>): void {
    const { heads, left } = event.data;
    if (heads.some(({ stream }) => stream !== event.stream && this.#leftOut.has(stream)))
      recallArchived(this.world, left);
  }

  async #follow(top: Position): Promise<void> {
    try {
      this.#leftOut = await this.store.archived();
      if (this.#leftOut.size > 0) this.#wholeFrom = top;
      for await (const batch of this.store.subscribe(0 as Position, this.#stopping.signal, this.#leftOut)) {
        const read = batch.filter((entry) => this.#fold(entry));
        const takenOut = await this.#forgetTexts(read, top);
        for (const listener of [...this.#listeners]) listener(read);
        for (const each of takenOut) for (const listener of [...this.#ofTakenOut]) listener(...each);
      }
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#logger.fatal(`The log cannot be followed any more: ${String(error)}`);
      // The log refuses everything from now on, by name. Of whatever else it is, nobody knows what would go on: the process ends.
      if (!isHyperRunError(error, 'log.rewound')) throw error;
      this.#stopping.abort(error);
    }
  }

  /** Of what was taken out before this process began to read, it has read nothing. */
  async #forgetTexts(read: readonly FeedEntry[], before: Position): Promise<Parameters<TakenOutListener>[]> {
    const told = read.flatMap(({ event }) => (event.type === 'event.redacted' && event.position > before ? event : []));
    const takenOut: Parameters<TakenOutListener>[] = [];
    for (const { stream, position, data } of told) {
      try {
        const each = { stream, eventId: data.eventId, events: await this.store.read(stream) };
        forgetTexts(this.world, each, position);
        takenOut.push([each, position]);
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        this.#logger.warn(
          `What was taken out of event ${data.eventId} stays in memory until a start: ${String(error)}`,
        );
      }
    }
    return takenOut;
  }
}
