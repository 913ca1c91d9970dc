import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';

const PATIENCE_MS = 30_000;

interface Packet {
  readonly id: string;
  readonly err?: unknown;
  readonly response?: unknown;
  readonly isDisposed?: boolean;
}

export interface RpcAnswer {
  readonly response?: unknown;
  readonly error?: unknown;
}

/** A program in any language that speaks the Nest Redis transport: publishes a packet, and hears every instance answer. */
export class MessageClient {
  readonly #publisher: Redis;
  readonly #subscriber: Redis;

  constructor(path: string) {
    this.#publisher = new Redis({ path });
    this.#subscriber = new Redis({ path });
  }

  /** Sends one message that so many instances hear, and collects the answers of so many of them: of all, unless told otherwise. */
  async ask(pattern: string, data: unknown, instances: number, expected = instances): Promise<RpcAnswer[]> {
    const id = randomUUID();
    const answers: RpcAnswer[] = [];
    const reply = `${pattern}.reply`;
    let heard = () => {};
    const complete = new Promise<void>((resolve) => (heard = resolve));
    const listen = (channel: string, text: string) => {
      const packet = JSON.parse(text) as Packet;
      if (channel !== reply || packet.id !== id) return;
      if (packet.err !== undefined && packet.err !== null) answers.push({ error: packet.err });
      else if (packet.response !== undefined) answers.push({ response: packet.response });
      if (answers.length === expected) heard();
    };
    this.#subscriber.on('message', listen);
    await this.#subscriber.subscribe(reply);
    const receivers = await this.#publisher.publish(pattern, JSON.stringify({ pattern, data, id }));
    if (receivers !== instances) throw new Error(`${receivers} instances heard ${pattern}, not ${instances}.`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const say = () => reject(new Error(`${answers.length} of ${expected} answered ${pattern}.`));
      timer = setTimeout(say, PATIENCE_MS);
    });
    try {
      await Promise.race([complete, late]);
    } finally {
      clearTimeout(timer);
      this.#subscriber.off('message', listen);
    }
    return answers;
  }

  close(): void {
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
  }
}
