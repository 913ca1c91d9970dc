import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Position } from '#contracts';
import { copyWorld, forgetTexts, type World } from '#domain';
import type { EventStore } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { Checkpoints } from './checkpoints.js';
import { foldEntry } from './fold-entry.js';
import { LiveWorld } from './live-world.port.js';
import { momentOf } from './moment.port.js';

/** The world at a moment. The present one goes on: it is to be read in this very tick. */
export interface WorldThen {
  readonly world: World;
  readonly position: Position;
  readonly cursor: string;
}

const SPACING = 10_000;
const MOST_KEPT = 16;
const RECENT = 4;
/** The present parked it, and told of it. */
const parkedBefore = (): void => undefined;
const PAGE = 1000;

/**
 * The world as it was. Past ones are kept while the log is folded, and what lies between is folded anew, so that a look
 * back costs the folding of an eighth of the log at most. One at a time: it must not hold up the present.
 */
@Injectable()
export class WorldHistory implements OnModuleDestroy {
  readonly #checkpoints = new Checkpoints(SPACING, MOST_KEPT);
  /** Of the time of which the present left out what is archived: folded here from all events when somebody asks. */
  readonly #past = new Checkpoints(SPACING, MOST_KEPT);
  /** Asked for lately, the newest last: who leafs through pages asks for the same moment again. */
  #recent: readonly World[] = [];
  #folding: Promise<unknown> = Promise.resolve();
  readonly #stopping = new AbortController();
  readonly #forget: readonly (() => void)[];

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly live: LiveWorld,
  ) {
    const keep = () => {
      if (this.#isWhole(live.world)) this.#checkpoints.keep(live.world);
    };
    this.#forget = [
      live.onChange(keep),
      live.onTakenOut((takenOut) => {
        // After what is being folded just now, which may have read the texts before.
        this.#folding = this.#folding.then(() => this.#kept().forEach((world) => forgetTexts(world, takenOut)));
      }),
    ];
  }

  async onModuleDestroy(): Promise<void> {
    for (const forget of this.#forget) forget();
    this.#stopping.abort();
    await this.#folding;
  }

  /**
   * @param at a cursor or an RFC 3339 time; without it, the present
   * @throws HyperRunError as `momentOf`
   */
  async at(at: string | undefined): Promise<WorldThen> {
    if (at === undefined) return this.#then(this.live.world);
    const position = await momentOf(this.store, at);
    await this.live.reached(position, this.#stopping.signal);
    const folded = this.#folding.then(() => this.#foldTo(position));
    this.#folding = folded.catch(() => undefined);
    return this.#then(await folded);
  }

  #then(world: World): WorldThen {
    const position = world.position as Position;
    return { world, position, cursor: this.store.cursorOf(position) };
  }

  async #foldTo(position: Position): Promise<World> {
    const known = this.#recent.find((world) => world.position === position);
    const world = known ?? (await this.#foldOn(copyWorld(this.#nearest(position)), position));
    this.#recent = [...this.#recent.filter((one) => one !== world), world].slice(-RECENT);
    return world;
  }

  #kept(): World[] {
    return [...this.#checkpoints.worlds, ...this.#past.worlds, ...this.#recent];
  }

  #nearest(position: Position): World {
    const present = this.#isWhole(this.live.world) ? [this.live.world] : [];
    return [this.#checkpoints.before(position), this.#past.before(position), ...present, ...this.#recent]
      .filter((world) => world.position <= position)
      .reduce((best, world) => (world.position > best.position ? world : best));
  }

  async #foldOn(world: World, position: Position): Promise<World> {
    while (world.position < position) {
      this.#stopping.signal.throwIfAborted();
      const after = world.position as Position;
      for (const entry of await this.store.readAll(after, Math.min(PAGE, position - after)))
        foldEntry(world, entry, parkedBefore);
      if (!this.#isWhole(world)) this.#past.keep(world);
    }
    return world;
  }

  #isWhole({ position }: World): boolean {
    return position >= this.live.wholeFrom;
  }
}
