import { setImmediate as giveWay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { HyperRunError, type Position, type Sha256, type SprintId } from '#contracts';
import { copyWorld, forgetTexts, isActive, passOver, recallArchived, type TakenOut, type World } from '#domain';
import { isIn, type EventStore, type FeedEntry } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { Checkpoints } from './checkpoints.js';
import { foldEntry } from './fold-entry.js';
import { LiveWorld } from './live-world.port.js';
import { momentOf } from './moment.port.js';
import { pageWithoutGone, type GoneParts } from './readable.port.js';

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
  readonly #logger = new Logger(WorldHistory.name);
  #checkpoints = new Checkpoints(SPACING, MOST_KEPT);
  /** Folded here when somebody asks: above all of the time of which the present left out what is archived. */
  #past = new Checkpoints(SPACING, MOST_KEPT);
  /** Asked for lately, the newest last: who leafs through pages asks for the same moment again. */
  #recent: readonly World[] = [];
  #folding: Promise<unknown> = Promise.resolve();
  /** What was let go of for good, as far as a look back came upon it. */
  readonly #gone: GoneParts = new Map();
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
        this.#folding = this.#folding.then(() => this.#forgetTexts(takenOut));
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

  /**
   * The same for whoever shows agents, their records or alerts, which are made of the events of tasks.
   * @throws HyperRunError `archive.dropped` for a moment of which such events were let go of, until `sprint.archived`, which
   *   tells what they meant
   */
  async wholeAt(at: string | undefined): Promise<WorldThen> {
    const then = await this.at(at);
    for (const { sprintId, digest } of at === undefined ? [] : this.#gone.values())
      if (lacks(then.world, sprintId)) throw dropped(sprintId, digest);
    return then;
  }

  #then(world: World): WorldThen {
    const position = world.position as Position;
    return { world, position, cursor: this.store.cursorOf(position) };
  }

  async #foldTo(position: Position): Promise<World> {
    const known = this.#recent.find((world) => world.position === position);
    const world = known ?? (await this.#foldAnew(position));
    this.#recent = [...this.#recent.filter((one) => one !== world), world].slice(-RECENT);
    return world;
  }

  #kept(): World[] {
    return [...this.#checkpoints.worlds, ...this.#past.worlds, ...this.#recent];
  }

  /** It is all in the log, and folded anew when somebody asks. */
  #keepNothing(): void {
    this.#checkpoints = new Checkpoints(SPACING, MOST_KEPT);
    this.#past = new Checkpoints(SPACING, MOST_KEPT);
    this.#recent = [];
  }

  async #forgetTexts(takenOut: TakenOut): Promise<void> {
    try {
      for (const world of this.#kept()) {
        forgetTexts(world, takenOut);
        await giveWay(); // a stream may have tens of thousands of events
      }
    } catch (error) {
      this.#keepNothing();
      this.#logger.warn(`What was folded of the past is let go of: ${String(error)}`);
    }
  }

  #nearest(position: Position): World {
    const present = this.#isWhole(this.live.world) ? [this.live.world] : [];
    return [this.#checkpoints.before(position), this.#past.before(position), ...present, ...this.#recent]
      .filter((world) => world.position <= position)
      .reduce((best, world) => (world.position > best.position ? world : best));
  }

  /** Worlds of before hold parts of what it comes upon as gone, which `sprint.archived` tells as a whole: then from the beginning. */
  async #foldAnew(position: Position): Promise<World> {
    for (;;) {
      const { size } = this.#gone;
      const world = await this.#foldOn(copyWorld(this.#nearest(position)), position);
      if (this.#gone.size === size) return world;
      this.#keepNothing();
    }
  }

  async #foldOn(world: World, position: Position): Promise<World> {
    while (world.position < position) {
      this.#stopping.signal.throwIfAborted();
      const after = world.position as Position;
      for (const entry of await pageWithoutGone(this.store, after, Math.min(PAGE, position - after), this.#gone))
        this.#fold(world, entry);
      this.#past.keep(world);
    }
    return world;
  }

  /** As the present does it: events that were let go of are left out, and made good by what `sprint.archived` tells of them. */
  #fold(world: World, entry: FeedEntry): void {
    if (isIn(this.#gone, entry.stream, entry.version)) return passOver(world, entry);
    const event = foldEntry(world, entry, parkedBefore);
    if (event?.type === 'sprint.archived' && event.data.heads.some(({ stream }) => this.#gone.has(stream)))
      recallArchived(world, event.data.left);
  }

  #isWhole({ position }: World): boolean {
    return position >= this.live.wholeFrom;
  }
}

/** Whether events of the tasks of a sprint would be part of that world, and nothing stands for them yet. */
const lacks = ({ sprints }: World, sprintId: SprintId): boolean => {
  const state = sprints.get(sprintId);
  return state !== undefined && (isActive(state) || (state.status === 'completed' && state.archive === undefined));
};

const dropped = (sprintId: SprintId, digest: Sha256) =>
  new HyperRunError(
    'archive.dropped',
    `What happened in the tasks of sprint ${sprintId} at that time was let go of. Sprints, plans and repositories of it are still known.`,
    { sprintId, digest },
  );
