import type { Position } from '#contracts';
import type { Frame } from './frame.js';

/** The newest frames. Positions are dense, so a position is found by arithmetic. */
export class FrameRing {
  readonly #frames: (Frame | undefined)[];
  #newest: number;
  #count = 0;

  constructor(
    readonly capacity: number,
    after: Position,
  ) {
    this.#frames = Array.from<undefined>({ length: capacity });
    this.#newest = after;
  }

  get newest(): Position {
    return this.#newest as Position;
  }

  push(frame: Frame): void {
    this.#frames[frame.position % this.capacity] = frame;
    this.#newest = frame.position;
    this.#count = Math.min(this.#count + 1, this.capacity);
  }

  /** At most `limit` frames after a position; `undefined` when the first of them is no longer here. */
  after(position: Position, limit: number): Frame[] | undefined {
    if (position < this.#newest - this.#count) return undefined;
    const frames: Frame[] = [];
    const end = Math.min(position + limit, this.#newest);
    for (let wanted = position + 1; wanted <= end; wanted++) {
      const frame = this.#frames[wanted % this.capacity];
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }
}
