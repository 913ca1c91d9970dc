import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sprintStream, type AnyEvent, type Position, type SprintId } from '#contracts';
import { appendForeign } from '../../test/harness/foreign-event.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { SseReader } from '../../test/harness/sse-reader.js';
import { HUB_OPTIONS, type HubOptions } from './event-hub.port.js';
import { lifeOf, SSE_OPTIONS, SseConnections, type SseOptions } from './sse-connections.port.js';
import { WorldModule } from '../world/world.module.js';
import { StreamModule } from './stream.module.js';

const RING = 64;
const resumed = (count: number): AnyEvent[] =>
  Array.from({ length: count }, () => ({ type: 'sprint.resumed', data: {} }));
const paused = (count: number, reason: string): AnyEvent[] =>
  Array.from({ length: count }, () => ({ type: 'sprint.paused', data: { reason } }));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('the stream', () => {
  let rooms: Rooms;
  const readers: SseReader[] = [];
  const open = async (query = '', headers: Record<string, string> = {}) => {
    const reader = await SseReader.open(`${rooms.url}/events/stream${query}`, rooms.token, headers);
    readers.push(reader);
    return reader;
  };

  const head = () => `Host: ${new URL(rooms.url).host}\r\nAuthorization: Bearer ${rooms.token}\r\n`;
  /** What is answered to these bytes, as far as it is asked for. */
  const raw = async (request: string, isEnough: (text: string) => boolean): Promise<string> => {
    const socket = connect(Number(new URL(rooms.url).port), '127.0.0.1');
    socket.setEncoding('utf8').write(`${request}${head()}\r\n`);
    let text = '';
    for await (const chunk of socket) if (isEnough((text += String(chunk)))) break;
    return text;
  };

  beforeAll(async () => {
    rooms = await openRooms({
      imports: [WorldModule, StreamModule],
      env: { HYPER_RUN_SSE_CLIENTS: '8' },
      replace: [
        { token: HUB_OPTIONS, value: { ring: { frames: RING, bytes: 1e6 } } satisfies HubOptions },
        { token: SSE_OPTIONS, value: { heartbeatMs: 50, rotationMs: 600_000 } satisfies SseOptions },
      ],
    });
  });
  afterEach(async () => {
    const connections = rooms.app.get(SseConnections);
    for (const reader of readers.splice(0)) reader.close();
    while (connections.size > 0) await new Promise((resolve) => setImmediate(resolve));
  });
  afterAll(() => rooms.close());

  it('greets with its cursor, then tells every event as it stands in the log', async () => {
    const reader = await open();
    await reader.until(() => reader.messages.length > 0);
    const top = await rooms.store.top();
    expect(reader.messages[0]).toMatchObject({ event: 'hello', id: rooms.store.cursorOf(top) });
    expect(JSON.parse(reader.messages[0]?.data ?? '')).toEqual({
      cursor: rooms.store.cursorOf(top),
      oldest: rooms.store.cursorOf(0 as Position),
      serverTime: expect.stringMatching(/^\d{4}-.*Z$/),
      redisClock: { offsetMs: expect.any(Number), uncertaintyMs: expect.any(Number), measuredAt: expect.any(String) },
    });
    await rooms.append('s1', resumed(3));
    await reader.until(() => reader.events.length >= 3);
    const logged = await rooms.store.readAll(top, 10);
    expect(reader.events.map(({ data }) => data)).toEqual(logged.map(({ json }) => json));
    const { headers } = reader.response;
    expect(headers).toMatchObject({ 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff' });
    expect([headers['cache-control'], headers['content-encoding']]).toEqual(['no-cache, no-transform', undefined]);
  });

  it('goes on after an event of a type that this program does not know, and tells it as it stands in the log', async () => {
    const reader = await open();
    await reader.until(() => reader.messages.length > 0);
    const unknown = await appendForeign(rooms.redis.path, 'sprint-foreign', 'sprint.sung', '{"song":1}');
    await rooms.append('s1', resumed(1));
    const told = () => reader.events.map(({ data }) => JSON.parse(data) as { type: string; position: string });
    await reader.until(() => told().some(({ type }) => type === 'hyperrun.sprint.resumed'));
    expect(told()[0]).toMatchObject({ type: 'hyperrun.sprint.sung', data: { song: 1 }, position: `${unknown}` });
    expect(reader.positions).toEqual(reader.positions.map((_, index) => unknown + index));
  });

  it('lets connections that began together end at different times', () => {
    expect([0, 0.5, 1].map((chance) => Math.round(lifeOf(600_000, chance)))).toEqual([480_000, 600_000, 720_000]);
  });

  it('filters by sprint and type, and moves the cursor past what it left out', async () => {
    const bySprint = await open('?sprint=s2,s3');
    const byType = await open('?type=hyperrun.sprint.paused&sprint=s1');
    await rooms.append('s1', [...resumed(3), ...paused(1, 'wait')]);
    await rooms.append('s2', resumed(2));
    await rooms.append('s1', resumed(2));
    const top = rooms.store.cursorOf(await rooms.store.top());
    for (const reader of [bySprint, byType]) await reader.until(() => reader.text.includes(`id: ${top}\n: hb`));
    expect(bySprint.events.map(({ data }) => JSON.parse(data) as object)).toMatchObject([
      { sprintid: 's2' },
      { sprintid: 's2' },
    ]);
    expect(byType.events.map(({ data }) => JSON.parse(data) as object)).toMatchObject([
      { type: 'hyperrun.sprint.paused' },
    ]);
  });

  it.each([
    ['of another log', 'ffffffffff.3', 'cursor.other-incarnation'],
    ['that is none', 'yesterday', 'cursor.invalid'],
  ])('answers a cursor %s with reset, and goes on from the present', async (_, cursor, reason) => {
    const reader = await open('', { 'last-event-id': cursor });
    await rooms.append('s1', resumed(1));
    await reader.until(() => reader.events.length > 0);
    expect(reader.messages.map(({ event }) => event)).toEqual(['hello', 'reset', undefined]);
    expect(JSON.parse(reader.messages[1]?.data ?? '')).toMatchObject({ reason });
  });

  it('refuses the newcomer when it is full, and takes one when somebody has left', async () => {
    const first = await open();
    for (let count = 1; count < 8; count++) await open();
    const refused = await rooms.fetch('/events/stream');
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ type: '/errors/stream.full' });
    first.close();
    while (rooms.app.get(SseConnections).size > 7) await new Promise((resolve) => setImmediate(resolve));
    expect((await open()).status).toBe(200);
  });

  it('takes clients of HTTP/1.0, as some proxies are', async () => {
    const answer = await raw('GET /events/stream HTTP/1.0\r\n', (text) => text.includes('serverTime'));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).not.toMatch(/transfer-encoding|keep-alive/i);
    expect(answer).toContain('\r\n\r\nretry: 1000\nevent: hello\n');
  });

  it('gives no stream on a connection that is still answering something else', async () => {
    const first = 'GET /events HTTP/1.1\r\n';
    const answer = await raw(`${first}${head()}\r\nGET /events/stream HTTP/1.1\r\n`, (text) =>
      text.includes('meanwhile'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*HTTP\/1\.1 400 Bad Request\r\n[^]*"code":"request.malformed"/);
    expect(rooms.app.get(SseConnections).size).toBe(0);
  });

  it('answers HEAD with the headers alone, also when it is full, and takes no place for it', async () => {
    const head = async () => {
      const answer = await rooms.fetch('/events/stream', { method: 'HEAD' });
      return [answer.status, answer.headers.get('content-type'), await answer.text()];
    };
    const headers = [200, 'text/event-stream; charset=utf-8', ''];
    expect(await head()).toEqual(headers);
    expect(rooms.app.get(SseConnections).size).toBe(0);
    for (let count = 0; count < 8; count++) await open();
    expect(await head()).toEqual(headers);
    expect(rooms.app.get(SseConnections).size).toBe(8);
  });

  it('names a filter that cannot be', async () => {
    const answer = await rooms.fetch('/events/stream?type=sprint.invented');
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ errors: [{ field: 'type' }] });
  });

  it('tells the history page by page, filtered, to the end', async () => {
    await rooms.append('s9', resumed(5));
    const seen: unknown[] = [];
    let next: string | undefined;
    for (;;) {
      const query: string = next === undefined ? '' : `&after=${next}`;
      const page = (await (await rooms.fetch(`/events?sprint=s9&limit=2${query}`)).json()) as {
        items: unknown[];
        next: string;
      };
      seen.push(...page.items);
      if (page.next === next) break;
      next = page.next;
    }
    expect(seen).toHaveLength(5);
    expect(seen).toMatchObject(range(1, 5).map((version) => ({ streamversion: String(version), sprintid: 's9' })));
  });

  describe('read backwards', () => {
    interface Older {
      readonly items: readonly { readonly position: string }[];
      readonly next: string;
      readonly previous?: string;
    }
    const older = async (query: string) => (await (await rooms.fetch(`/events?${query}`)).json()) as Older;
    const positions = ({ items }: Older) => items.map(({ position }) => Number(position));
    const cursor = (position: number) => rooms.store.cursorOf(position as Position);
    /** All pages from the newest to the oldest, as one list. */
    const everything = async (query: string) => {
      const seen: number[] = [];
      let before: string | undefined = '';
      while (before !== undefined) {
        const page: Older = await older(`${query}&before=${before}`);
        seen.unshift(...positions(page));
        before = page.previous;
      }
      return seen;
    };

    it('gives the newest page, where to go on from it live, and older ones down to the first event ever', async () => {
      await rooms.append('s1', resumed(25));
      const top = await rooms.store.top();
      const newest = await older('before=&limit=10');
      expect(positions(newest)).toEqual(range(top - 9, top));
      expect(newest).toMatchObject({ next: cursor(top), previous: cursor(top - 9) });
      const before = await older(`before=${newest.previous}&limit=10`);
      expect(positions(before)).toEqual(range(top - 19, top - 10));
      expect(await older(`before=${cursor(3)}`)).toMatchObject({ next: cursor(2), items: [{ position: '1' }, {}] });
      expect((await older(`before=${cursor(3)}`)).previous).toBeUndefined();
      expect((await older(`before=${cursor(0)}`)).items).toEqual([]);
      expect(await everything('limit=1000')).toEqual(range(1, top));
    });

    it('leaves out what the filter does, and misses nothing', async () => {
      await rooms.append('s8', resumed(3));
      await rooms.append('s1', resumed(1100));
      await rooms.append('s8', resumed(4));
      const all = (await rooms.store.read(sprintStream('s8' as SprintId))).map(({ position }) => position);
      expect(await everything('sprint=s8&limit=2')).toEqual(all);
      expect(await everything('sprint=s8&limit=100')).toEqual(all);
      expect(await everything('sprint=nowhere')).toEqual([]);
    });

    it('refuses both directions at once', async () => {
      const answer = await rooms.fetch(`/events?before=${cursor(3)}&after=${cursor(1)}`);
      expect([answer.status, await answer.json()]).toMatchObject([422, { errors: [{ field: 'before' }] }]);
    });
  });
});

it('ends its streams when the service stops, and sends their clients back at different times', async () => {
  const rooms = await openRooms({ imports: [WorldModule, StreamModule] });
  const open = () => SseReader.open(`${rooms.url}/events/stream`, rooms.token);
  const readers = await Promise.all(Array.from({ length: 5 }, open));
  for (const reader of readers) await reader.until(() => reader.messages.length > 0);
  await rooms.close();
  for (const reader of readers) await reader.until(() => false);
  expect(readers.map(({ response }) => response.complete)).toEqual([true, true, true, true, true]);
  const waits = readers.map(({ text }) => Number(/retry: (\d+)\n\n$/.exec(text)?.[1]));
  expect(waits.filter((wait) => wait >= 1000 && wait <= 4000)).toHaveLength(5);
  expect(new Set(waits).size).toBeGreaterThan(1);
});
