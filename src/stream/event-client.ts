import type { ServerResponse } from 'node:http';
import type { Position } from '#contracts';
import { isOpen, wants, type Filter } from './filter.js';
import type { Frame } from './frame.js';

/** Above this much unsent, a client is not written to; it catches up from its cursor when it has drained. */
const HIGH_WATER_BYTES = 256 * 1024;
const PAGE = 500;

/** What of a batch passes a filter: one buffer for all clients that have it. */
export interface Share {
  readonly bytes: Buffer;
  /** Position of the last event in it; absent when there is none. */
  readonly told?: Position;
  readonly events: number;
}

/** Where frames come from that a client has missed. */
export interface Backlog {
  readonly newest: Position;
  /** At most `limit` frames after the position: from memory at once, else from the log. */
  frames(after: Position, limit: number): readonly Frame[] | Promise<readonly Frame[]>;
  cursorOf(position: Position): string;
}

/**
 * One reader of the stream. Its cursor is all there is of its past: everything up to it was written or filtered out.
 * It is either live (the next batch is its next) or catching up at its own pace; it changes from the one to the other
 * without giving way to anything else in between, so there is neither a gap nor a repeat.
 */
export class SseClient {
  #cursor: Position;
  /** The last position whose `id:` the client was told. */
  #told: Position;
  #live = false;
  #catchingUp = false;
  #gone = false;

  constructor(
    private readonly response: ServerResponse,
    readonly filter: Filter,
    private readonly backlog: Backlog,
    after: Position,
    private readonly failed: (error: unknown) => void,
  ) {
    this.#cursor = after;
    this.#told = after;
    response.on('drain', () => this.catchUp());
    response.on('close', () => (this.#gone = true));
  }

  /** Bytes that were not sent yet. */
  get pendingBytes(): number {
    return this.response.writableLength;
  }

  /** A batch has arrived: what of it passes this client's filter, and how far it reaches. True when it was written. */
  offer({ bytes, told }: Share, newest: Position): boolean {
    if (this.#live && this.#isFull()) this.#live = false;
    if (!this.#live) {
      this.catchUp();
      return false;
    }
    this.#cursor = newest;
    if (told === undefined) return false;
    this.response.write(bytes);
    this.#told = told;
    return true;
  }

  /** Keeps the connection alive, and moves the cursor of a client past what its filter left out. */
  beat(): void {
    if (this.#gone || this.#isFull()) return;
    const moved = this.#cursor > this.#told;
    this.response.write(moved ? `id: ${this.backlog.cursorOf(this.#cursor)}\n: hb\n\n` : ': hb\n\n');
    this.#told = this.#cursor;
  }

  end(): void {
    this.#live = false;
    this.#gone = true;
    this.response.end();
  }

  catchUp(): void {
    if (this.#live || this.#catchingUp || this.#gone || this.#isFull()) return;
    this.#catchingUp = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#gone && !this.#isFull()) {
        // The log may be ahead of the memory: who has read further there is not live until the batches have come so far.
        if (this.#cursor >= this.backlog.newest) {
          this.#live = this.#cursor === this.backlog.newest;
          return;
        }
        const found = this.backlog.frames(this.#cursor, PAGE);
        const frames = found instanceof Promise ? await found : found;
        if (frames.length === 0 || this.#gone) return;
        this.#send(frames);
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.#catchingUp = false;
    }
  }

  #send(frames: readonly Frame[]): void {
    const wanted = isOpen(this.filter) ? frames : frames.filter((frame) => wants(this.filter, frame));
    this.#cursor = frames.at(-1)?.position ?? this.#cursor;
    const last = wanted.at(-1);
    if (last === undefined) return;
    this.response.write(Buffer.concat(wanted.map((frame) => frame.bytes)));
    this.#told = last.position;
  }

  #isFull(): boolean {
    return this.response.writableLength > HIGH_WATER_BYTES;
  }
}
