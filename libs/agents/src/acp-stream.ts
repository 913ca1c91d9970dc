// The wire between us and an agent: one JSON message a line. What comes in is hostile until it has a known shape.
import type { Readable, Writable } from 'node:stream';
import type { AnyMessage, Stream } from '@agentclientprotocol/sdk';
import { z } from 'zod';
import { HyperRunError } from '#contracts';
import { linesOf, type Line } from './lines.js';

/** Lines that are no messages: programs print a banner; more than this is another language. */
const MAX_GARBAGE = 100;
/** Requests of the agent that wait for an answer at the same time. */
const MAX_WAITING = 32;

const Id = z.union([z.string().max(200), z.number(), z.null()]);
const Incoming = z.looseObject({
  jsonrpc: z.literal('2.0'),
  id: Id.optional(),
  method: z.string().max(200).optional(),
  params: z.unknown().optional(),
});
type Incoming = z.infer<typeof Incoming>;
type Id = z.infer<typeof Id>;

export interface AcpWire {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Called for one update after the other; nothing further is read until it settles. */
  readonly onUpdate: (params: unknown) => Promise<void>;
  readonly onLine: (line: string) => void;
}

/** A stream for the SDK: it sees answers to what was asked and a bounded number of requests, and nothing else. */
export class AcpStream implements Stream {
  readonly readable: ReadableStream<AnyMessage>;
  readonly writable: WritableStream<AnyMessage>;
  /** Why nothing more can be read: the agent's own fault. */
  failure: HyperRunError | undefined;
  readonly #asked = new Set<Id>();
  readonly #waiting = new Set<Id>();
  #garbage = 0;

  constructor(private readonly wire: AcpWire) {
    const lines = linesOf(wire.stdout);
    this.readable = new ReadableStream<AnyMessage>(
      { pull: (controller) => this.#next(lines, controller), cancel: () => void lines.return() },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream<AnyMessage>({ write: (message) => this.#write(message) });
  }

  async #next(lines: AsyncGenerator<Line>, controller: ReadableStreamDefaultController<AnyMessage>): Promise<void> {
    try {
      for (;;) {
        const line = await lines.next();
        if (line.done === true) return controller.close();
        const message = await this.#admit(line.value);
        if (message !== undefined) return controller.enqueue(message);
      }
    } catch (error) {
      if (error instanceof HyperRunError) this.failure ??= error;
      throw error;
    }
  }

  /** The message of a line that is for the SDK. */
  async #admit({ text, cut }: Line): Promise<AnyMessage | undefined> {
    if (text.trim() === '') return undefined;
    this.wire.onLine(text);
    if (cut) throw protocol('It sent a message of more than 8 MiB.');
    const message = parse(text);
    if (message === undefined) return this.#refuseGarbage(text);
    if (message.method === 'session/update' && message.id === undefined) {
      await this.wire.onUpdate(message.params);
      return undefined;
    }
    return this.#isExpected(message) ? (message as AnyMessage) : undefined;
  }

  #isExpected({ id, method }: Incoming): boolean {
    if (id === undefined) return method !== undefined;
    if (method === undefined) return this.#asked.delete(id);
    if (this.#waiting.has(id) || this.#waiting.size >= MAX_WAITING) {
      const why = this.#waiting.has(id) ? 'This id is in use.' : `${MAX_WAITING} requests are waiting already.`;
      this.#send({ jsonrpc: '2.0', id, error: { code: -32_600, message: why } });
      return false;
    }
    this.#waiting.add(id);
    return true;
  }

  #refuseGarbage(text: string): undefined {
    this.#garbage += 1;
    if (this.#garbage <= MAX_GARBAGE) return undefined;
    throw protocol(
      `It does not speak ACP: ${this.#garbage} lines were no messages, the last one ${JSON.stringify(text.slice(0, 80))}.`,
    );
  }

  async #write(message: AnyMessage): Promise<void> {
    if ('id' in message && 'method' in message) this.#asked.add(message.id);
    else if ('id' in message) this.#waiting.delete(message.id);
    if (this.#send(message)) return;
    const { stdin } = this.wire;
    await new Promise<void>((resolve) => {
      stdin
        .once('drain', resolve)
        .once('close', resolve)
        .once('error', () => resolve());
    });
  }

  #send(message: object): boolean {
    const { stdin } = this.wire;
    if (stdin.destroyed || stdin.writableEnded) return true;
    return stdin.write(`${JSON.stringify(message)}\n`);
  }
}

const parse = (text: string): Incoming | undefined => {
  try {
    return Incoming.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON: counted as garbage
  }
};

const protocol = (message: string) => new HyperRunError('agent.protocol', message);
