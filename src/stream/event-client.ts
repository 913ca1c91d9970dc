import type { Position } from '#contracts';
import type { Filter } from './filter.js';
import type { Shown, Wire } from './sse-connection.js';

/** What of some events passes a filter: one buffer for all clients that have it. */
export interface Share {
  readonly bytes: Buffer;
  /** Position of the last event in it; absent when there is none. */
  readonly told?: Position;
  readonly events: number;
}

/** What a client has missed, as far as one page goes. */
export interface Missed extends Share {
  readonly upTo: Position;
}

/** Where a client finds what it has missed. */
export interface Backlog {
  readonly newest: Position;
  /** What comes after the position: from memory at once, else from the log; `undefined` when there is nothing yet. */
  missed(after: Position, filter: Filter): Missed | undefined | Promise<Missed | undefined>;
  cursorOf(position: Position): string;
}

/**
 * One reader of the events. Its cursor is all there is of its past: everything up to it was written or filtered out.
 * It is either live (the next pass is its next) or catching up at its own pace; it changes from the one to the other
 * without giving way to anything else in between, so there is neither a gap nor a repeat.
 */
export class EventClient implements Shown {
  #cursor: Position;
  /** The last position whose `id:` the client was told. */
  #told: Position;
  #live = false;
  #catchingUp = false;

  constructor(
    private readonly wire: Wire,
    readonly filter: Filter,
    private readonly backlog: Backlog,
    after: Position,
    private readonly failed: (error: unknown) => void,
  ) {
    this.#cursor = after;
    this.#told = after;
  }

  get isLive(): boolean {
    return this.#live;
  }

  /** A pass: what of it passes this client's filter, and how far it reaches. True when it was written. */
  offer({ bytes, told }: Share, newest: Position): boolean {
    if (!this.wire.isReady) this.#live = false;
    if (!this.#live) {
      this.catchUp();
      return false;
    }
    this.#cursor = newest;
    if (told === undefined) return false;
    this.wire.write(bytes);
    this.#told = told;
    return true;
  }

  moved(): string | undefined {
    if (this.#cursor <= this.#told) return undefined;
    this.#told = this.#cursor;
    return this.backlog.cursorOf(this.#cursor);
  }

  catchUp(): void {
    if (this.#live || this.#catchingUp || !this.wire.isReady) return;
    this.#catchingUp = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (this.wire.isReady) {
        // The log may be ahead of the memory: who has read further there is not live until the passes have come so far.
        if (this.#cursor >= this.backlog.newest) {
          this.#live = this.#cursor === this.backlog.newest;
          return;
        }
        const found = this.backlog.missed(this.#cursor, this.filter);
        const missed = found instanceof Promise ? await found : found;
        if (missed === undefined || this.wire.isOver) return;
        this.#tell(missed);
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.#catchingUp = false;
    }
  }

  #tell({ bytes, told, upTo }: Missed): void {
    this.#cursor = upTo;
    if (told === undefined) return;
    this.wire.write(bytes);
    this.#told = told;
  }
}
