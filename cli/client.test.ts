import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { isHyperRunError } from '#contracts';
import { ServiceClient } from './client.js';
import { exitCodeOf } from './exit-codes.js';
import { follow, type StreamItem } from './sse.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | undefined;
const serve = async (answer: Answer): Promise<ServiceClient> => {
  const listening = createServer(answer);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return new ServiceClient({ url: `http://127.0.0.1:${port}`, token: 'secret' });
};
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const failure = async (promise: Promise<unknown>): Promise<unknown> => {
  const [result] = await Promise.allSettled([promise]);
  return result?.status === 'rejected' ? result.reason : undefined;
};

describe('the client', () => {
  it('says who it is, and reads every page of a list', async () => {
    const seen: string[] = [];
    const client = await serve((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`);
      response.end(JSON.stringify(request.url?.includes('after=b') ? { items: [3] } : { items: [1, 2], next: 'b' }));
    });
    const items: number[] = [];
    for await (const item of client.items(z.number(), '/numbers', { limit: 2 })) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    expect(seen).toEqual(['/numbers?limit=2 Bearer secret', '/numbers?limit=2&after=b Bearer secret']);
  });

  it('turns a problem into an error with its code, its status and a harmless sentence', async () => {
    const client = await serve((_request, response) => {
      response.writeHead(409, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({ status: 409, title: 'Conflict', detail: 'Read it \u001b[2Jagain.', code: 'plan.stale' }),
      );
    });
    const error = await failure(client.get(z.unknown(), '/x'));
    expect(isHyperRunError(error, 'plan.stale') && { message: error.message, status: error.details.status }).toEqual({
      message: 'Read it again.',
      status: 409,
    });
  });

  it('names what is not a problem document by its status', async () => {
    const client = await serve((_request, response) => response.writeHead(502).end('<html>'));
    const error = await failure(client.get(z.unknown(), '/x'));
    expect(isHyperRunError(error, 'http.502')).toBe(true);
    expect(exitCodeOf(error)).toBe(3);
  });

  it('names the field of an answer that it does not understand', async () => {
    const client = await serve((_request, response) => response.end('{"items":[{"name":7}]}'));
    const schema = z.object({ items: z.array(z.object({ name: z.string() })) });
    await expect(client.get(schema, '/x')).rejects.toThrow(/items\.0\.name/);
  });

  it('ends with 3 when nobody answers', async () => {
    const client = await serve((_request, response) => response.end());
    await new Promise((resolve) => server?.close(resolve));
    expect(exitCodeOf(await failure(client.get(z.unknown(), '/x')))).toBe(3);
  });
});

describe('the live stream', () => {
  const event = (position: number) =>
    JSON.stringify({
      id: `e${position}`,
      type: 't',
      time: '',
      stream: 'system',
      streamversion: '1',
      position: String(position),
      actor: 'system',
      data: {},
    });

  /** Tells two events after the cursor that it is given, then ends the connection. */
  const twoAtATime = async (end: (response: ServerResponse) => void) => {
    const resumed: unknown[] = [];
    const client = await serve((request, response) => {
      const last = Number(request.headers['last-event-id'] ?? 0);
      resumed.push(request.headers['last-event-id']);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: hello\ndata: {"cursor":"${last}"}\n\n`);
      const events = [last + 1, last + 2].map((position) => `id: ${position}\ndata: ${event(position)}\n\n`);
      response.write(events.join(''), () => end(response));
    });
    const items: StreamItem[] = [];
    for await (const item of follow(client)) {
      items.push(item);
      if (items.filter(({ kind }) => kind === 'event').length === 4) break;
    }
    expect(resumed).toEqual([undefined, '2']);
    return items.map((item) => (item.kind === 'event' ? item.event.id : item.kind));
  };

  it('goes on from its cursor after a lost connection, without gap or repeat', async () => {
    const told = await twoAtATime((response) => response.destroy());
    expect(told).toEqual(['control', 'e1', 'e2', 'lost', 'control', 'e3', 'e4']);
  });

  it('goes on without a word when the service ends the connection', async () => {
    const told = await twoAtATime((response) => response.end());
    expect(told).toEqual(['control', 'e1', 'e2', 'control', 'e3', 'e4']);
  });

  it('gives up at once when the service refuses', async () => {
    const client = await serve((_request, response) => response.writeHead(401).end('{}'));
    await expect(follow(client).next()).rejects.toMatchObject({ details: { status: 401 } });
  });
});
