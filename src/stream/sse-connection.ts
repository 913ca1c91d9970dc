import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Above this much unsent, a client is not written to; it catches up from its cursor when it has drained. */
const HIGH_WATER_BYTES = 128 * 1024;

/** What a client is shown. */
export interface Shown {
  /** There is room again: what was missed can be told. */
  catchUp(): void;
  /** The cursor up to which everything was told or left out, when it moved since the client was told one. */
  moved(): string | undefined;
}

/** Where messages for one client go. */
export interface Wire {
  /** It can be written to: it is there, and not too much waits for it already. */
  readonly isReady: boolean;
  /** Nothing can be told it any more. */
  readonly isOver: boolean;
  /** Whole messages only. */
  write(messages: Buffer | string): void;
}

/**
 * One client that listens. Writes go to the socket itself: each costs a quarter less than through the response, and
 * nothing else does for a service that shows many clients the same. So the body ends with the connection.
 */
export class SseConnection implements Wire {
  #shown: Shown | undefined;
  #ended = false;
  #gone = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly socket: Socket,
    headers: OutgoingHttpHeaders,
  ) {
    response.on('error', () => response.destroy());
    response.on('close', () => (this.#gone = true));
    socket.on('drain', () => this.#shown?.catchUp());
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, headers);
    response.flushHeaders();
  }

  /** Bytes that were not sent yet. */
  get pendingBytes(): number {
    return this.socket.writableLength;
  }

  get isReady(): boolean {
    return !this.isOver && this.socket.writableLength <= HIGH_WATER_BYTES;
  }

  get isOver(): boolean {
    return this.#ended || this.#gone;
  }

  show(shown: Shown): void {
    this.#shown = shown;
    shown.catchUp();
  }

  onClose(callback: () => void): void {
    this.response.on('close', callback);
  }

  write(messages: Buffer | string): void {
    if (!this.isOver) this.socket.write(messages);
  }

  /** Keeps the connection alive, and moves the cursor of a client past what its filter left out. */
  beat(): void {
    if (!this.isReady) return;
    const cursor = this.#shown?.moved();
    this.write(cursor === undefined ? ': hb\n\n' : `id: ${cursor}\n: hb\n\n`);
  }

  /** After what is on its way. */
  end(last = ''): void {
    this.write(last);
    this.#ended = true;
    this.response.end();
  }

  /** At once; the client goes on after the last message that it has whole. */
  destroy(): void {
    this.response.destroy();
  }
}
