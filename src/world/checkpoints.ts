import { copyWorld, newWorld, type World } from '#domain';

/** Worlds of the past: never more than so many, evenly spread over the log however long it gets. */
export class Checkpoints {
  #kept: readonly World[] = [];

  constructor(
    private spacing: number,
    private readonly most: number,
  ) {}

  get positions(): readonly number[] {
    return this.#kept.map(({ position }) => position);
  }

  get worlds(): readonly World[] {
    return this.#kept;
  }

  /** Keeps a copy of a world that is being folded, when it has gone on far enough since the last one. */
  keep(world: World): void {
    if (world.position - (this.#kept.at(-1)?.position ?? 0) < this.spacing) return;
    this.#kept = [...this.#kept, copyWorld(world)];
    if (this.#kept.length <= this.most) return;
    this.#kept = this.#kept.filter((_, index) => index % 2 === 1);
    this.spacing *= 2;
  }

  /** The newest one that had not gone beyond a position. It must not be changed. */
  before(position: number): World {
    return this.#kept.findLast((world) => world.position <= position) ?? newWorld();
  }
}
