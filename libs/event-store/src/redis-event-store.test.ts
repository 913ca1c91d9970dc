import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { SYSTEM_STREAM, type Position, type Sha256, type SprintId, type StreamName, type Version } from '#contracts';
import { append, collect, epoch, exact, failureOf, newStream, said, write } from '../test/appends.js';
import { startLossyProxy, type LossyProxy } from '../test/lossy-proxy.js';
import { Shelf } from '../test/shelf.js';
import { startRedisServer, type RedisServer } from '../test/redis-server.js';
import type { FeedEntry } from './event-store.js';
import type { LogMark } from './log-mark.js';
import { newId } from './new-id.js';
import { RedisEventStore, type RedisEventStoreOptions } from './redis-event-store.js';

let server: RedisServer;
let redis: Redis;
let proxy: LossyProxy;
const stores: RedisEventStore[] = [];
let prefixes = 0;
const freshPrefix = () => `t${++prefixes}:`;

const open = async (options: Partial<RedisEventStoreOptions> = {}) => {
  const store = await RedisEventStore.open({ redis: { path: server.path }, prefix: freshPrefix(), ...options });
  stores.push(store);
  return store;
};

beforeAll(async () => {
  server = await startRedisServer('--appendfsync', 'always', '--maxmemory-policy', 'noeviction');
  redis = new Redis({ path: server.path, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  proxy = await startLossyProxy(`${server.path}.proxy`, server.path);
});

afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  redis.disconnect();
  await proxy.close();
  await server.end();
});

/** An older copy of a log: what stands under its prefix now, to be put back. */
const backUp = async (prefix: string): Promise<() => Promise<void>> => {
  const dumps = await Promise.all(
    (await redis.keys(`${prefix}*`)).map(async (key) => [key, await redis.dumpBuffer(key)]),
  );
  return async () => {
    await redis.del(await redis.keys(`${prefix}*`));
    for (const [key, dump] of dumps) await redis.restore(key as string, 0, dump as Buffer);
  };
};

const count = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const positions = (entries: readonly FeedEntry[]) => entries.map((entry) => entry.position);

describe('opening', () => {
  it('begins the log exactly once, however many open it at once', async () => {
    const prefix = freshPrefix();
    const opened = await Promise.all(count(1, 5).map(() => open({ prefix })));
    expect(new Set(opened.map((store) => store.incarnation)).size).toBe(1);
    expect(await opened[0]?.read(SYSTEM_STREAM)).toHaveLength(1);
    expect(await opened[0]?.top()).toBe(1);
  });

  describe('a log that is behind what is known of it', () => {
    const restored = async () => {
      const prefix = freshPrefix();
      let known: LogMark | undefined;
      const store = await open({ prefix, onAcknowledged: (mark) => (known = mark) });
      const older = await store.append(append([write(newStream(), exact(0), 'kept')]));
      const restore = await backUp(prefix);
      await store.append(append([write(newStream(), exact(0), 'lost', 'lost')]));
      const { incarnation } = store;
      expect(known).toEqual({ incarnation, position: 4 });
      await store.close();
      await restore();
      const word = `${store.cursorOf(4 as Position)}-2`;
      return { prefix, known, incarnation, restore, word, cursor: older.cursor };
    };

    it('is refused, with where it stands', async () => {
      const { prefix, known, word } = await restored();
      expect(await failureOf(open({ prefix, known }))).toMatchObject({
        code: 'log.rewound',
        actor: 'operator',
        message: expect.stringContaining(`HYPER_RUN_ACCEPT_LOG=${word}.`),
      });
      for (const accepted of [word.replace(/\d+$/, '1'), word.replace(/\.\d+/, '.5')])
        expect(await failureOf(open({ prefix, known, accepted }))).toMatchObject({ code: 'log.rewound' });
    });

    it('goes on at the word of the operator, in a new life that old cursors are not of', async () => {
      const { prefix, known, cursor, incarnation, word } = await restored();
      const [one, other] = await Promise.all([1, 2].map(() => open({ prefix, known, accepted: word })));
      expect(one?.incarnation).not.toBe(incarnation);
      expect(other?.incarnation).toBe(one?.incarnation);
      expect((await one?.read(SYSTEM_STREAM))?.map(({ data }) => data)).toMatchObject([
        { incarnation },
        { incarnation: one?.incarnation, reason: expect.stringContaining('operator') },
      ]);
      expect(await failureOf(one?.positionOf(cursor) ?? Promise.resolve())).toMatchObject({
        code: 'cursor.other-incarnation',
      });
    });

    it('is refused where there is none at all, and begun anew at the word of the operator', async () => {
      const { known, word } = await restored();
      const prefix = freshPrefix();
      expect(await failureOf(open({ prefix, known }))).toMatchObject({ code: 'log.rewound' });
      expect(await (await open({ prefix, known, accepted: word.replace(/\d+$/, '0') })).top()).toBe(1);
    });

    it('is refused at a second loss, though the word for the first is still given', async () => {
      const { prefix, known, restore, word, incarnation } = await restored();
      const accepted = await open({ prefix, known, accepted: word });
      await accepted.append(append([write(newStream(), exact(0), 'new')]));
      const later = { incarnation: accepted.incarnation, position: await accepted.top() };
      const back = await backUp(prefix);
      await accepted.append(append([write(newStream(), exact(0), 'newer')]));
      const newest = { ...later, position: await accepted.top() };
      await accepted.close();
      await back();
      expect(await failureOf(open({ prefix, known: newest, accepted: word }))).toMatchObject({ code: 'log.rewound' });
      await restore();
      expect(await failureOf(open({ prefix, known: newest, accepted: word }))).toMatchObject({ code: 'log.rewound' });
      const again = await open({ prefix, known: newest, accepted: `${accepted.cursorOf(newest.position)}-2` });
      expect([incarnation, accepted.incarnation]).not.toContain(again.incarnation);
    });

    it('is refused where an older snapshot of Redis was put back', async () => {
      const of = await startRedisServer('--appendonly', 'no', '--dbfilename', 'log.rdb');
      try {
        const at = { redis: { path: of.path }, prefix: freshPrefix() };
        const store = await open(at);
        const stream = newStream();
        await store.append(append([write(stream, exact(0), 'kept')]));
        const snapshot = join(dirname(of.path), 'log.rdb');
        const client = new Redis({ path: of.path });
        await client.save();
        client.disconnect();
        await copyFile(snapshot, `${snapshot}.older`);
        const { position } = await store.append(append([write(stream, exact(1), 'lost')]));
        const known = { incarnation: store.incarnation, position };
        await store.close();
        await of.stop('SIGKILL');
        await copyFile(`${snapshot}.older`, snapshot);
        await of.start();
        expect(await failureOf(open({ ...at, known }))).toMatchObject({ code: 'log.rewound' });
        const accepted = `${known.incarnation}.${position}-${position - 1}`;
        const again = await open({ ...at, known, accepted });
        expect((await again.read(stream)).map(({ version }) => version)).toEqual([1]);
        await again.close();
      } finally {
        await of.end();
      }
    });

    it('is as good as ever when it is where it was, or further', async () => {
      const prefix = freshPrefix();
      const store = await open({ prefix });
      const known = { incarnation: store.incarnation, position: await store.top() };
      await store.append(append([write(newStream(), exact(0), 'more')]));
      expect((await open({ prefix, known })).incarnation).toBe(store.incarnation);
    });
  });

  it('stores and tells what is left of an event once it is masked', async () => {
    const store = await open({ mask: (data) => data.replaceAll('swordfish', '[masked]') });
    const stream = newStream();
    const request = append([write(stream, exact(0), 'with swordfish', 'without')]);
    await store.append(request);
    expect((await store.read(stream)).map(({ data }) => data)).toMatchObject([
      { text: 'with [masked]' },
      { text: 'without' },
    ]);
    expect(JSON.stringify(await store.readAll(0 as Position, 10))).not.toContain('swordfish');
    // The same command is the same, masked or not.
    await store.append(request);
    expect(await store.read(stream)).toHaveLength(2);
  });

  it('finds the log of before', async () => {
    const prefix = freshPrefix();
    const first = await open({ prefix });
    const stream = newStream();
    await first.append(append([write(stream, exact(0), 'a')]));
    await first.close();
    const second = await open({ prefix });
    expect(second.incarnation).toBe(first.incarnation);
    expect(await second.read(stream)).toHaveLength(1);
    expect((await failureOf(first.read(stream))).code).toBe('log.unavailable');
  });

  it('keeps the keys that others are promised', async () => {
    const prefix = freshPrefix();
    const store = await open({ prefix });
    const stream = newStream();
    await store.append(append([{ ...write(stream, exact(0), 'a'), raiseEpoch: true }]));
    const base = `${prefix}{p0}:`;
    expect(await redis.hgetall(`${base}head:${stream}`)).toEqual({ v: '1', e: '1', s: '0' });
    expect(await redis.hmget(`${base}meta`, 'position', 'incarnation')).toEqual(['2', store.incarnation]);
    expect(await redis.smembers(`${base}catalogue`)).toEqual(expect.arrayContaining([stream, 'system']));
    expect(await redis.xrange(`${base}all`, '2-0', '2-0')).toEqual([['2-0', ['s', stream, 'v', '1']]]);
    const [entry] = await store.readAll(1 as Position, 1);
    expect(await redis.xrange(`${base}feed`, '2-0', '2-0')).toEqual([
      ['2-0', ['stream', stream, 'version', '1', 'event', entry?.json]],
    ]);
  });

  it('publishes every event on the channel, with the prefix of the operator', async () => {
    const listener = new Redis({ path: server.path });
    const prefix = freshPrefix();
    await listener.subscribe(`${prefix}hypercode.events`);
    const message = once(listener, 'message');
    const store = await open({ prefix });
    const [, json] = (await message) as [string, string];
    expect([json]).toEqual((await store.readAll(0 as Position, 1)).map((entry) => entry.json));
    listener.disconnect();
  });

  it('publishes on hypercode.events itself when nobody set a prefix', async () => {
    const listener = new Redis({ path: server.path });
    await listener.subscribe('hypercode.events');
    const message = once(listener, 'message');
    const store = await RedisEventStore.open({ redis: { path: server.path } });
    stores.push(store);
    expect((await message)[1]).toContain('system.incarnation-started');
    listener.disconnect();
  });

  it('waits for the disk only where Redis can say when something is on it: from 7.2 on', async () => {
    const [, major = 0, minor = 0] = /redis_version:(\d+)\.(\d+)/.exec(await redis.info('server')) ?? [];
    const canWait = Number(major) + Number(minor) / 10 >= 7.2;
    const outcome = await open({ waitForDisk: 0 }).then(
      (store) => store.top(),
      ({ code }: { code: string }) => code,
    );
    expect(outcome).toBe(canWait ? 1 : 'redis.cannot-wait');
  });

  it('says that Redis is out of reach', async () => {
    const nowhere = open({ redis: { path: `${server.path}.nowhere` }, patience: 100 });
    expect((await failureOf(nowhere)).code).toBe('log.unavailable');
  });
});

describe('two stores on one log', () => {
  it('never both write at one version, and see each other', async () => {
    const prefix = freshPrefix();
    const both = await Promise.all([open({ prefix }), open({ prefix })]);
    const stream = newStream();
    const refusals: string[] = [];
    const add = async (store: RedisEventStore, text: string): Promise<void> => {
      const { version } = await store.head(stream);
      await store.append(append([write(stream, exact(version), text)])).catch((error: { code: string }) => {
        refusals.push(error.code);
        return add(store, text);
      });
    };
    await Promise.all(count(1, 40).map((number) => add(both[number % 2] as RedisEventStore, String(number))));
    const events = await both[0].read(stream);
    expect(new Set(refusals)).toEqual(new Set(['log.version-conflict']));
    expect(new Set(events.map((event) => JSON.stringify(event.data))).size).toBe(40);
    expect(events.map((event) => event.version)).toEqual(count(1, 40));
  });
});

describe('a lost reply', () => {
  it.each([
    ['at an exact version', exact(1)],
    ['under an epoch', epoch(1, 1)],
  ])('of an append %s: it is done once, and answered', async (_, guard) => {
    const store = await open({ redis: { path: proxy.path } });
    const stream = newStream();
    await store.append(append([{ ...write(stream, exact(0), 'claimed'), raiseEpoch: true }]));
    const commandId = newId();
    const lost = proxy.loseReplyTo(commandId);
    const appended = await store.append(append([write(stream, guard, 'a', 'b')], commandId));
    await lost;
    expect(appended).toMatchObject({ position: 4, heads: [{ stream, version: 3, epoch: 1 }] });
    expect(await store.read(stream)).toHaveLength(3);
    expect(await store.top()).toBe(4);
  });

  it('of many that travelled together: each is done once', async () => {
    const store = await open({ redis: { path: proxy.path } });
    const lost = proxy.loseReplyTo('together');
    const appended = await Promise.all(
      count(1, 30).map((number) => store.append(append([write(newStream(), exact(0), 'together')], `c-${number}`))),
    );
    await lost;
    expect(appended.map(({ position }) => position).sort((a, b) => a - b)).toEqual(count(2, 31));
    expect(await store.top()).toBe(31);
  });

  it('that never comes is an unknown outcome, resolved by the same append', async () => {
    const store = await open({ redis: { path: proxy.path }, patience: 200 });
    const stream = newStream();
    const one = append([write(stream, exact(0), 'a')]);
    const heal = proxy.swallow();
    const error = await failureOf(store.append(one));
    heal();
    expect(error).toMatchObject({ code: 'log.outcome-unknown', actor: 'same-command' });
    const later = await open({ redis: { path: proxy.path }, prefix: `t${prefixes}:` });
    expect(await later.append(one)).toMatchObject({ position: 2, heads: [{ version: 1 }] });
    expect(await later.read(stream)).toHaveLength(1);
  });
});

describe('connections over which nothing passes any more', () => {
  it('are made anew: appends, reads and followers go on', async () => {
    const store = await open({ redis: { path: proxy.path }, patience: 400 });
    const followed = collect(store, 0 as Position, (entries) => entries.length >= 3);
    const stream = newStream();
    await store.append(append([write(stream, exact(0), 'a')]));
    proxy.freeze();
    expect(await store.append(append([write(stream, exact(1), 'b')]))).toMatchObject({ position: 3 });
    expect(positions(await followed)).toEqual([1, 2, 3]);
    expect(await store.read(stream)).toHaveLength(2);
  });

  it('are made anew when that happens while they begin', async () => {
    const store = await open({ redis: { path: proxy.path }, patience: 2000 });
    const heal = proxy.swallow();
    proxy.cut();
    await proxy.connected(3);
    heal();
    expect(await store.append(append([write(newStream(), exact(0), 'a')]))).toMatchObject({ position: 2 });
  });
});

describe('Redis that was restarted', () => {
  it('is written to and followed again, without gap or repeat', async () => {
    const store = await open();
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const entries of store.subscribe(0 as Position, stop.signal)) {
        seen.push(...positions(entries));
        if (seen.length >= 21) stop.abort();
      }
    })();
    const stream = newStream();
    for (let version = 0; version < 10; version++) await store.append(append([write(stream, exact(version), 'a')]));
    await server.stop('SIGKILL');
    const meanwhile = store.append(append([write(stream, exact(10), 'b')]));
    await server.start();
    await meanwhile;
    for (let version = 11; version < 20; version++) await store.append(append([write(stream, exact(version), 'c')]));
    await following;
    expect(seen).toEqual(count(1, 21));
  });

  it('is refused when it came back without events that were acknowledged', async () => {
    const prefix = freshPrefix();
    const trouble: unknown[] = [];
    let noticed = (): void => {};
    const rewound = new Promise<void>((resolve) => (noticed = resolve));
    const store = await open({
      prefix,
      onTrouble: (error) => {
        trouble.push(error);
        if ((error as { code?: string }).code === 'log.rewound') noticed();
      },
    });
    const stream = newStream();
    await store.append(append([write(stream, exact(0), 'a', 'b')]));
    const following = failureOf(collect(store, 3 as Position, () => false));
    await redis.hset(`${prefix}{p0}:meta`, 'position', '2');
    await server.stop();
    await server.start();
    await rewound;
    expect((await failureOf(store.append(append([write(stream, exact(2), 'c')])))).code).toBe('log.rewound');
    expect((await following).code).toBe('log.rewound');
  });
});

describe('Redis that lacks the replicas that its operator asks for', () => {
  afterEach(() => redis.config('SET', 'min-replicas-to-write', '0'));

  it('is waited for, as at a failover: the append is carried out when they are there again', async () => {
    const store = await open();
    const stream = newStream();
    const refusals = async () =>
      Number(/errorstat_NOREPLICAS:count=(\d+)/.exec(await redis.info('errorstats'))?.[1] ?? 0);
    const before = await refusals();
    await redis.config('SET', 'min-replicas-to-write', '1');
    const appended = store.append(append([write(stream, exact(0), 'a')]));
    while ((await refusals()) === before) await redis.ping();
    await redis.config('SET', 'min-replicas-to-write', '0');
    expect((await appended).heads).toMatchObject([{ stream, version: 1 }]);
  });
});

describe('Redis whose memory is full', () => {
  afterEach(() => redis.config('SET', 'maxmemory', '0'));

  it('refuses the append wholly, by name, and carries it out when there is room again', async () => {
    const store = await open();
    const stream = newStream();
    await redis.config('SET', 'maxmemory', '1');
    const one = append([write(stream, exact(0), 'a'), write(newStream(), exact(0), 'b')]);
    expect(await failureOf(store.append(one))).toMatchObject({ code: 'log.full', actor: 'operator' });
    await redis.config('SET', 'maxmemory', '0');
    expect(await store.top()).toBe(1);
    expect((await store.append(one)).position).toBe(3);
  });

  it('takes decisions all the same, also those that travel with what it refuses', async () => {
    const store = await open();
    const [decided, said] = [newStream(), newStream()];
    await redis.config('SET', 'maxmemory', '1');
    const decision = { ...append([write(decided, exact(0), 'cancelled')]), reserve: true };
    const outcomes = await Promise.allSettled([
      store.append(append([write(said, exact(0), 'a')])),
      store.append(decision),
    ]);
    expect(outcomes).toMatchObject([{ status: 'rejected', reason: { code: 'log.full' } }, { status: 'fulfilled' }]);
    expect(await store.append(decision)).toMatchObject({ position: 2 });
    expect([(await store.read(decided)).length, (await store.read(said)).length]).toEqual([1, 0]);
  });

  it('lets go of what is archived, which is how there is room again, and takes out what must not stay', async () => {
    const store = await open();
    const stream = newStream();
    await store.append(append([write(stream, exact(0), 'a', 'b', 'c')]));
    await redis.config('SET', 'maxmemory', '1');
    const digest = 'a'.repeat(64) as Sha256;
    await store.redact({ stream, version: 3 as Version, position: 4 as Position, digest, left: '{}' });
    const part = { to: 2 as Version, digest, sprintId: 's-1' as SprintId };
    await store.trim(new Map([[stream, part]]));
    expect(await store.archived()).toEqual(new Map([[stream, part]]));
    const left = [];
    for await (const { version, redacted } of store.readBytes(stream, 3 as Version)) left.push([version, redacted]);
    expect(left).toEqual([[3, digest]]);
  });
});

describe('a log that was damaged', () => {
  const damaged = async () => {
    const prefix = freshPrefix();
    const store = await open({ prefix });
    const stream = newStream();
    await store.append(append([write(stream, exact(0), ...count(1, 5).map(String))]));
    return { store, stream, log: `${prefix}{p0}:log:${stream}`, base: `${prefix}{p0}:` };
  };

  it.each([2, 1, 5])('names the version that is missing: %i', async (version) => {
    const { store, stream, log } = await damaged();
    await redis.xdel(log, `${version}-0`);
    const error = await failureOf(store.read(stream));
    expect(error).toMatchObject({ code: 'log.corrupt', actor: 'operator', details: { stream, version } });
  });

  it('is still read where it is whole', async () => {
    const { store, stream, log } = await damaged();
    await redis.xdel(log, '2-0');
    expect(await store.read(stream, 3 as Version)).toHaveLength(3);
  });

  it('names the position that is missing from the order of all', async () => {
    const { store, base } = await damaged();
    await store.append(append([write(newStream(), exact(0), 'later')]));
    await redis.del(`${base}feed`);
    await redis.xdel(`${base}all`, '6-0');
    const error = await failureOf(store.readAll(0 as Position, 10));
    expect(error).toMatchObject({ code: 'log.corrupt', details: { stream: 'all', version: 2 } });
  });

  it('names a record that is not JSON, or of another place', async () => {
    const { store, base } = await damaged();
    for (const [name, header] of [
      ['task-broken', '{'],
      ['task-foreign', '{"stream":"task-other","version":1,"schemaVersion":1}'],
    ] as const) {
      await redis.xadd(`${base}log:${name}`, '1-0', 'h', header, 'd', '{}');
      await redis.hset(`${base}head:${name}`, 'v', '1');
      expect(await failureOf(store.read(name as StreamName))).toMatchObject({
        code: 'log.corrupt',
        details: { stream: name, version: 1 },
      });
    }
  });

  it('names an event that this program does not know', async () => {
    const { store, base } = await damaged();
    const header = '{"stream":"task-new","version":1,"schemaVersion":1,"type":"task.sung"}';
    await redis.xadd(`${base}log:task-new`, '1-0', 'h', header, 'd', '{}');
    await redis.hset(`${base}head:task-new`, 'v', '1');
    expect((await failureOf(store.read('task-new' as StreamName))).code).toBe('log.unknown-event');
  });
});

describe('a feed that was trimmed', () => {
  it('is completed from the log, with the same bytes', async () => {
    const prefix = freshPrefix();
    const whole = await open({ prefix });
    const streams = count(1, 7).map(() => newStream());
    for (let version = 0; version < 100; version++)
      await whole.append(append(streams.map((stream) => write(stream, exact(version), `${version} é`))));
    const before = (await whole.readAll(0 as Position, 1000)).map((entry) => [entry.json, entry.event, entry.envelope]);
    const short = await open({ prefix, feedLength: 100 });
    await short.append(append([write(newStream(), exact(0), 'last')]));
    expect(await redis.xlen(`${prefix}{p0}:feed`)).toBeLessThan(400);
    const after = await collect(short, 0 as Position, (entries) => entries.length >= 702);
    expect(after.slice(0, 701).map((entry) => [entry.json, entry.event, entry.envelope])).toEqual(before);
    expect(positions(after)).toEqual(count(1, 702));
    expect(positions(await short.readAll(650 as Position, 1000))).toEqual(count(651, 702));
  });

  it('is completed from any position, also within what one append wrote', async () => {
    const prefix = freshPrefix();
    const store = await open({ prefix, feedLength: 1 });
    const [one, two, three] = [newStream(), newStream(), newStream()];
    await store.append(append([write(one, exact(0), 'a', 'b', 'c'), write(two, exact(0), 'd')]));
    await store.append(append([write(one, exact(3), 'e'), write(three, exact(0)), write(two, exact(1), 'f', 'g')]));
    await redis.del(`${prefix}{p0}:feed`);
    const places = [[one, 1], [one, 2], [one, 3], [two, 1], [one, 4], [two, 2], [two, 3]]; // prettier-ignore
    for (const after of count(0, 6))
      for (const limit of [1, 3, 9]) {
        const entries = await store.readAll((1 + after) as Position, limit);
        expect(positions(entries)).toEqual(count(2 + after, Math.min(1 + after + limit, 8)));
        expect(entries.map(({ stream, version }) => [stream, version])).toEqual(places.slice(after, after + limit));
      }
  });
});

describe('an archived stream on Redis', () => {
  it('is told from the archive where the feed no longer reaches, page after page, and left out where that is wanted', async () => {
    const prefix = freshPrefix();
    const shelf = new Shelf();
    const store = await open({ prefix, archive: shelf, feedLength: 100 });
    const [gone, kept] = [newStream(), newStream()];
    const texts = count(1, 250).map(String);
    for (let version = 0; version < 1250; version += 250)
      await store.append(append([write(gone, exact(version), ...texts)]));
    await store.append(append([write(kept, exact(0), ...texts)]));
    const before = (await collect(store, 0 as Position, (entries) => entries.length >= 1501)).map(({ json }) => json);
    await shelf.take(store, gone);
    expect(await redis.xlen(`${prefix}{p0}:log:${gone}`)).toBe(0);
    expect(await redis.exists(`${prefix}{p0}:log:${gone}`)).toBe(1);
    await redis.xtrim(`${prefix}{p0}:feed`, 'MAXLEN', 0);
    const fresh = await open({ prefix, archive: shelf });
    const after = await collect(fresh, 0 as Position, (entries) => entries.length >= 1501);
    expect(after.map(({ json }) => json)).toEqual(before);
    shelf.burn();
    const stop = new AbortController();
    const rest: number[] = [];
    for await (const entries of fresh.subscribe(0 as Position, stop.signal, await fresh.archived())) {
      rest.push(...positions(entries));
      if (rest.length >= 251) stop.abort();
    }
    expect(rest).toEqual([1, ...count(1252, 1501)]);
  });
});

describe('a long stream', () => {
  it('is read whole, in order, over many pages', async () => {
    const store = await open();
    const stream = newStream();
    for (let version = 0; version < 5120; version += 256)
      await store.append(append([{ stream, guard: exact(version), events: count(1, 256).map(() => said('x')) }]));
    const events = await store.read(stream);
    expect(events.map((event) => event.version)).toEqual(count(1, 5120));
    expect(await store.read(stream, 4999 as Version)).toEqual(events.slice(4998));
  });
});

describe('time', () => {
  it('is that of Redis, and never goes back', async () => {
    const prefix = freshPrefix();
    const store = await open({ prefix });
    const ahead = Date.UTC(2096, 1, 29, 23, 59, 59, 7);
    await redis.hset(`${prefix}{p0}:meta`, 'time', String(ahead));
    const stream = newStream();
    await store.append(append([write(stream, exact(0), 'a')]));
    const [event] = await store.read(stream);
    expect(event?.time).toBe(ahead);
    const [entry] = await store.readAll(1 as Position, 1);
    expect(entry?.envelope.time).toBe('2096-02-29T23:59:59.007Z');
  });
});
