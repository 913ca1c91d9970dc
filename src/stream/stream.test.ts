import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sprintStream, type AnyEvent, type Position, type SprintId } from '#contracts';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { SseReader } from '../../test/harness/sse-reader.js';
import { HUB_OPTIONS, SseHub } from './sse-hub.port.js';
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

  beforeAll(async () => {
    rooms = await openRooms({
      imports: [StreamModule],
      env: { HYPER_RUN_SSE_CLIENTS: '8' },
      replace: [{ token: HUB_OPTIONS, value: { ringLength: RING, heartbeatMs: 50 } }],
    });
  });
  afterEach(async () => {
    const hub = rooms.app.get(SseHub);
    for (const reader of readers.splice(0)) reader.close();
    while (hub.clients > 0) await new Promise((resolve) => setImmediate(resolve));
  });
  afterAll(() => rooms.close());

  it('greets with its cursor, then tells every event as it stands in the log', async () => {
    const reader = await open();
    await reader.until(() => reader.messages.length > 0);
    const top = await rooms.store.top();
    expect(reader.messages[0]).toMatchObject({ event: 'hello', id: rooms.store.cursorOf(top) });
    await rooms.append('s1', resumed(3));
    await reader.until(() => reader.events.length >= 3);
    const logged = await rooms.store.readAll(top, 10);
    expect(reader.events.map(({ data }) => data)).toEqual(logged.map(({ json }) => json));
    expect(reader.response.headers).toMatchObject({ 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff' });
  });

  it('resumes without gap or repeat through a burst, from memory and from the log', async () => {
    const from = (await rooms.store.top()) + 1;
    const to = from + 4999;
    const follow = async (cuts: number[]): Promise<number[]> => {
      const seen: number[] = [];
      let cursor = rooms.store.cursorOf(await rooms.store.top());
      while ((seen.at(-1) ?? 0) < to) {
        const cut = cuts.shift() ?? Number.POSITIVE_INFINITY;
        const reader = await open('', { 'last-event-id': cursor });
        await reader.until(() => reader.events.length >= cut || reader.positions.at(-1) === to);
        const taken = reader.events.slice(0, cut);
        seen.push(...reader.positions.slice(0, taken.length));
        cursor = taken.at(-1)?.id ?? cursor;
        reader.close();
      }
      return seen;
    };
    const following = [follow([1, 40, 700]), follow([300, 1, 1, 1500]), follow([RING - 1, RING, RING + 1])];
    await rooms.append('s1', resumed(5000));
    for (const seen of await Promise.all(following)) expect(seen).toEqual(range(from, to));
  });

  it('lets a slow client catch up at its own pace, and the others do not wait for it', async () => {
    const slow = await open();
    const live = await open();
    await slow.until(() => slow.messages.length > 0);
    slow.response.pause();
    const from = (await rooms.store.top()) + 1;
    const to = from + 5999;
    await rooms.append('s1', paused(6000, 'x'.repeat(1900)));
    await live.until(() => live.positions.at(-1) === to);
    expect(live.positions).toEqual(range(from, to));
    expect(slow.events.length).toBeLessThan(6000);
    expect(rooms.app.get(SseHub).pendingBytes).toBeLessThan(1_500_000);
    slow.response.resume();
    await slow.until(() => slow.positions.at(-1) === to);
    expect(slow.positions).toEqual(range(from, to));
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
    while (rooms.app.get(SseHub).clients > 7) await new Promise((resolve) => setImmediate(resolve));
    expect((await open()).status).toBe(200);
  });

  it('answers HEAD with the headers alone, also when it is full, and takes no place for it', async () => {
    const head = async () => {
      const answer = await rooms.fetch('/events/stream', { method: 'HEAD' });
      return [answer.status, answer.headers.get('content-type'), await answer.text()];
    };
    const headers = [200, 'text/event-stream; charset=utf-8', ''];
    expect(await head()).toEqual(headers);
    expect(rooms.app.get(SseHub).clients).toBe(0);
    for (let count = 0; count < 8; count++) await open();
    expect(await head()).toEqual(headers);
    expect(rooms.app.get(SseHub).clients).toBe(8);
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
      expect(await everything('limit=97')).toEqual(range(1, top));
    });

    it('leaves out what the filter does, and misses nothing', async () => {
      await rooms.append('s8', resumed(3));
      await rooms.append('s1', resumed(1500));
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

it('ends its streams when the service stops', async () => {
  const rooms = await openRooms({ imports: [StreamModule] });
  const reader = await SseReader.open(`${rooms.url}/events/stream`, rooms.token);
  await reader.until(() => reader.messages.length > 0);
  await rooms.close();
  await reader.until(() => false);
  expect(reader.response.complete).toBe(true);
});
