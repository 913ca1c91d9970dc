import type { StreamMessage } from './follow.js';

/** What somebody who joins those that hear the stream already is told first: from where on he hears, and how things stand. */
export class Greeting {
  #hello: Extract<StreamMessage, { kind: 'hello' }> | undefined;
  #state: StreamMessage | undefined;

  /** What the others were told just now. */
  hear(message: StreamMessage): void {
    if (message.kind === 'state') this.#state = message;
    else if (message.kind === 'hello') this.#hello = message;
    else if (this.#hello !== undefined)
      this.#hello = { ...this.#hello, hello: { ...this.#hello.hello, cursor: message.cursor } };
  }

  /** Whether the stream has said its first word. */
  get begun(): boolean {
    return this.#hello !== undefined;
  }

  get words(): readonly StreamMessage[] {
    return [this.#hello, this.#state].filter((known) => known !== undefined);
  }
}
