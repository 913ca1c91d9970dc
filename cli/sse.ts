import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { HyperRunError, isHyperRunError } from '#contracts';
import { EventView } from './api.js';
import type { ServiceClient } from './client.js';
import { oneLine, parseClean } from './text.js';

export type StreamItem =
  | { readonly kind: 'event'; readonly cursor: string; readonly event: EventView; readonly json: string }
  | { readonly kind: 'control'; readonly name: string; readonly data: unknown }
  | { readonly kind: 'lost'; readonly error: unknown };

export interface Follow {
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Cursor to go on from; without it, from now. */
  readonly after?: string;
  readonly signal?: AbortSignal;
  /** How long to look for a service that went away. */
  readonly patienceMs?: number;
  readonly path?: string;
}

const RETRY_MS = 1000;

/**
 * The live stream: every event once, in order, across lost connections. The service ends each of them after a while, of
 * which nothing is told; `lost` is told once per interruption. Throws the last error when nobody answers for
 * `patienceMs`, and at once when the service refuses.
 */
export async function* follow(client: ServiceClient, options: Follow = {}): AsyncGenerator<StreamItem> {
  const { signal, patienceMs = 30_000 } = options;
  let cursor = options.after;
  let lostAt: number | undefined;
  const stopped = () => signal?.aborted === true;
  while (!stopped()) {
    let told = false;
    try {
      for await (const message of connection(client, options, cursor)) {
        told = true;
        lostAt = undefined;
        if (message.id !== undefined && message.id !== '') cursor = message.id;
        yield toItem(message, cursor ?? '');
      }
      if (!told) throw new Error('The service closed the stream.');
      await pause(RETRY_MS * Math.random(), signal);
    } catch (error) {
      if (stopped()) return;
      if (isHyperRunError(error) && error.code !== 'service.unreachable' && error.details.status !== 503) throw error;
      if (lostAt === undefined) yield { kind: 'lost', error };
      lostAt ??= Date.now();
      if (Date.now() - lostAt > patienceMs) throw error;
      await pause(RETRY_MS, signal);
    }
  }
}

async function* connection(
  client: ServiceClient,
  options: Follow,
  cursor?: string,
): AsyncGenerator<EventSourceMessage> {
  const response = await client.request(options.path ?? '/events/stream', {
    query: options.query,
    signal: options.signal,
    headers: { accept: 'text/event-stream', ...(cursor && { 'last-event-id': cursor }) },
  });
  if (response.body === null) return;
  const waiting: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => waiting.push(message) });
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* waiting.splice(0);
  }
}

const toItem = ({ event, data }: EventSourceMessage, cursor: string): StreamItem => {
  const value = parseClean(data);
  if (event !== undefined) return { kind: 'control', name: event, data: value };
  const parsed = EventView.safeParse(value);
  if (parsed.success) return { kind: 'event', cursor, event: parsed.data, json: data };
  throw new HyperRunError('service.answer', `The stream told an event without its envelope: ${oneLine(data)}`);
};

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
