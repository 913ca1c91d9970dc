import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';

export interface SseMessage {
  readonly id: string;
  readonly event?: string;
  readonly data: string;
}

/** A reader of an SSE stream that keeps everything it was told, and can stop reading for a while. */
export class SseReader {
  readonly messages: SseMessage[] = [];
  /** Events of the log, without control messages. */
  readonly events: SseMessage[] = [];
  /** Their positions, which are part of their cursors. */
  readonly positions: number[] = [];
  /** The newest of what was sent, as it came. */
  text = '';
  #waiting: (() => void)[] = [];

  private constructor(readonly response: IncomingMessage) {
    const parser = createParser({
      onEvent: ({ id = '', event, data }) => this.#take({ id, event, data }),
    });
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      this.text = (this.text + chunk).slice(-65_536);
      parser.feed(chunk);
      this.#wake();
    });
    response.on('close', () => this.#wake());
    response.on('error', () => this.#wake());
  }

  static async open(url: string, token: string, headers: Readonly<Record<string, string>> = {}): Promise<SseReader> {
    const request = get(url, { headers: { authorization: `Bearer ${token}`, ...headers }, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return new SseReader(response);
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  /** Resolves when the condition holds or the stream has ended. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.response.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.response.destroy();
  }

  #take(message: SseMessage): void {
    this.messages.push(message);
    if (message.event !== undefined) return;
    this.events.push(message);
    this.positions.push(Number(message.id.split('.')[1]));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
