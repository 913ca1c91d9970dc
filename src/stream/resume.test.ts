import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AnyEvent } from '#contracts';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { SseReader } from '../../test/harness/sse-reader.js';
import { EventHub, HUB_OPTIONS, type HubOptions } from './event-hub.port.js';
import { SSE_OPTIONS, SseConnections, type SseOptions } from './sse-connections.port.js';
import { WorldModule } from '../world/world.module.js';
import { StreamModule } from './stream.module.js';

const TOKEN = 'a-token-for-all-of-these-rooms';
/** So small that who was away for long, or is slow, has to be served from the log. */
const RING: HubOptions = { ring: { frames: 256, bytes: 1e6 } };

const resumed = (count: number): AnyEvent[] =>
  Array.from({ length: count }, () => ({ type: 'sprint.resumed', data: {} }));
const paused = (count: number, reason: string): AnyEvent[] =>
  Array.from({ length: count }, () => ({ type: 'sprint.paused', data: { reason } }));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Whole numbers that look random and are the same for the same seed: mulberry32. */
const randomOf = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
};

describe('a stream that is taken up again', () => {
  let redis: RedisServer;
  let rooms: Rooms;
  let readers: SseReader[] = [];

  const openOn = (sse: Partial<SseOptions> = {}) =>
    openRooms({
      redis,
      imports: [WorldModule, StreamModule],
      env: { HYPER_RUN_TOKEN: TOKEN, HYPER_RUN_FEED_LENGTH: '1000' },
      replace: [
        { token: HUB_OPTIONS, value: RING },
        { token: SSE_OPTIONS, value: { heartbeatMs: 50, rotationMs: 600_000, ...sse } },
      ],
    });
  const open = async (cursor: string, query = '') => {
    const reader = await SseReader.open(`${rooms.url}/events/stream${query}`, TOKEN, { 'last-event-id': cursor });
    readers.push(reader);
    return reader;
  };
  const here = async () => rooms.store.cursorOf(await rooms.store.top());
  const connections = () => rooms.app.get(SseConnections);

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    rooms = await openOn();
  });
  afterEach(() => {
    for (const reader of readers) reader.close();
    readers = [];
  });
  afterAll(async () => {
    await rooms.close();
    await redis.end();
  });

  /** Follows to a position through cuts after so many events each; what had been sent beyond a cut is thrown away. */
  const followThrough = async (cuts: readonly number[], cursor: string, to: number): Promise<number[]> => {
    const seen: number[] = [];
    for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
      const reader = await open(cursor);
      await reader.until(() => reader.events.length >= cut || reader.positions.at(-1) === to);
      const taken = reader.events.slice(0, cut);
      seen.push(...reader.positions.slice(0, taken.length));
      cursor = taken.at(-1)?.id ?? cursor;
      reader.close();
      if (seen.at(-1) === to) break;
    }
    return seen;
  };

  it.each([1, 2, 3])('has neither gap nor repeat through a hundred random cuts in a burst (seed %d)', async (seed) => {
    const random = randomOf(seed);
    const from = (await rooms.store.top()) + 1;
    const to = from + 599;
    const cursor = await here();
    /** Many short lives, some long enough to fall out of the memory. */
    const following = Array.from({ length: 10 }, () =>
      followThrough(
        Array.from({ length: 10 }, () => 1 + random(random(5) === 0 ? 300 : 30)),
        cursor,
        to,
      ),
    );
    await rooms.append('s1', resumed(to - from + 1));
    for (const seen of await Promise.all(following)) expect(seen).toEqual(range(from, to));
  });

  it('is served from the log as far back as it goes, though the feed was trimmed', async () => {
    await rooms.append('s1', resumed(1200));
    const top = await rooms.store.top();
    const before = rooms.app.get(EventHub).deliveries.log;
    const reader = await open(rooms.store.cursorOf(0 as never));
    await reader.until(() => reader.positions.at(-1) === top);
    expect(reader.positions).toEqual(range(1, top));
    expect(rooms.app.get(EventHub).deliveries.log - before).toBeGreaterThan(top - 600);
  });

  it('goes on at its own pace where its client is slow, and nobody waits for it', async () => {
    const cursor = await here();
    const slow = await Promise.all(range(1, 3).map(() => open(cursor)));
    const live = await Promise.all(range(1, 2).map(() => open(cursor)));
    for (const reader of [...slow, ...live]) await reader.until(() => reader.messages.length > 0);
    for (const { response } of slow) response.pause();
    const from = (await rooms.store.top()) + 1;
    const to = from + 2999;
    await rooms.append('s1', paused(3000, 'x'.repeat(1900)));
    for (const reader of live) {
      await reader.until(() => reader.positions.at(-1) === to);
      expect(reader.positions).toEqual(range(from, to));
    }
    expect(rooms.app.get(EventHub).behind).toBe(3);
    expect(connections().pendingBytes).toBeLessThan(3 * 400 * 1024);
    for (const reader of slow) {
      expect(reader.events.length).toBeLessThan(3000);
      reader.response.resume();
      await reader.until(() => reader.positions.at(-1) === to);
      expect(reader.positions).toEqual(range(from, to));
    }
  });

  it('outlives a crash of Redis, and can be taken up while Redis is away', async () => {
    const cursor = await here();
    const from = (await rooms.store.top()) + 1;
    const reader = await open(cursor);
    await rooms.append('s1', resumed(20));
    await reader.until(() => reader.positions.length >= 20);
    await redis.stop('SIGKILL');
    const meanwhile = await open(cursor);
    await meanwhile.until(() => meanwhile.positions.length >= 20);
    expect(meanwhile.positions).toEqual(range(from, from + 19));
    await redis.start();
    await rooms.append('s1', resumed(20));
    for (const one of [reader, meanwhile]) {
      await one.until(() => one.positions.at(-1) === from + 39);
      expect(one.positions).toEqual(range(from, from + 39));
    }
  });

  it('goes on at another service, which has told nobody anything yet', async () => {
    const from = (await rooms.store.top()) + 1;
    const reader = await open(await here());
    await rooms.append('s1', resumed(30));
    await reader.until(() => reader.positions.length >= 30);
    await rooms.close();
    await reader.until(() => false);
    expect(reader.response.complete).toBe(true);
    rooms = await openOn();
    await rooms.append('s1', resumed(30));
    const again = await Promise.all(range(1, 5).map(() => open(reader.events[9]?.id ?? '')));
    await rooms.append('s1', resumed(30));
    for (const one of again) {
      await one.until(() => one.positions.at(-1) === from + 89);
      expect(one.positions).toEqual(range(from + 10, from + 89));
    }
  });

  it('goes on where its filter left off, without looking at all of it again', async () => {
    const reader = await open(await here(), '?sprint=s2');
    await rooms.append('s1', resumed(300));
    const top = await here();
    await reader.until(() => reader.text.includes(`id: ${top}\n: hb`));
    const { memory, log } = rooms.app.get(EventHub).deliveries;
    await rooms.append('s2', resumed(1));
    const again = await open(top, '?sprint=s2');
    await again.until(() => again.events.length > 0);
    expect(again.events.map(({ data }) => JSON.parse(data) as object)).toMatchObject([{ sprintid: 's2' }]);
    const told = rooms.app.get(EventHub).deliveries;
    expect(told.memory + told.log - memory - log).toBe(1);
  });

  it('ends after a while, at the end of a message, and its client goes on at once', async () => {
    await rooms.close();
    rooms = await openOn({ heartbeatMs: 30, rotationMs: 60 });
    const from = (await rooms.store.top()) + 1;
    let cursor = await here();
    const seen: number[] = [];
    for (let life = 0; life < 5; life++) {
      const reader = await open(cursor);
      await rooms.append('s1', resumed(7));
      await reader.until(() => false);
      expect([reader.response.complete, reader.text.slice(-2)]).toEqual([true, '\n\n']);
      seen.push(...reader.positions);
      cursor = reader.messages.at(-1)?.id ?? cursor;
    }
    const last = await open(cursor);
    const top = await rooms.store.top();
    await last.until(() => seen.length + last.positions.length >= top - from + 1);
    expect([...seen, ...last.positions]).toEqual(range(from, top));
    expect(connections().rotated).toBeGreaterThanOrEqual(5);
  });

  it('is cut off when its client does not even read the end, so that nobody holds a place for ever', async () => {
    const reader = await open(await here());
    reader.response.pause();
    await rooms.append('s1', paused(3000, 'x'.repeat(1900)));
    while (connections().size > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(reader.events.length).toBeLessThan(3000);
  });
});
