import type { Position } from '#contracts';
import type { Frame } from './frame.js';

export interface Bounds {
  readonly frames: number;
  readonly bytes: number;
}

/** The newest frames, as many as there is room for. Positions are dense, so a position is found by arithmetic. */
export class FrameRing {
  readonly #frames: (Frame | undefined)[];
  #newest: number;
  #count = 0;
  #bytes = 0;

  constructor(
    private readonly room: Bounds,
    after: Position,
  ) {
    this.#frames = Array.from<undefined>({ length: room.frames });
    this.#newest = after;
  }

  get newest(): Position {
    return this.#newest as Position;
  }

  /** What it holds. */
  get held(): Bounds {
    return { frames: this.#count, bytes: this.#bytes };
  }

  push(frame: Frame): void {
    if (this.#count === this.room.frames) this.#dropOldest();
    this.#frames[frame.position % this.room.frames] = frame;
    this.#newest = frame.position;
    this.#count++;
    this.#bytes += frame.bytes.length;
    while (this.#bytes > this.room.bytes && this.#count > 1) this.#dropOldest();
  }

  /** What comes after a position, at least one frame if there is one, at most a page; `undefined` when that is no longer here. */
  after(position: Position, page: Bounds): Frame[] | undefined {
    if (position < this.#newest - this.#count) return undefined;
    const frames: Frame[] = [];
    let bytes = 0;
    for (let wanted = position + 1; wanted <= this.#newest && frames.length < page.frames; wanted++) {
      const frame = this.#frames[wanted % this.room.frames];
      if (frame === undefined) break;
      bytes += frame.bytes.length;
      if (bytes > page.bytes && frames.length > 0) break;
      frames.push(frame);
    }
    return frames;
  }

  #dropOldest(): void {
    const index = (this.#newest - this.#count + 1) % this.room.frames;
    this.#bytes -= this.#frames[index]?.bytes.length ?? 0;
    this.#frames[index] = undefined;
    this.#count--;
  }
}
