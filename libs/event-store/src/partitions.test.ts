import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { array, assert, integer, nat, property, tuple } from 'fast-check';
import { Redis } from 'ioredis';
import { isHyperRunError, type AnyEvent, type Position, type RepositoryId, type StreamName } from '#contracts';
import { append, collect, exact, failureOf, write } from '../test/appends.js';
import { startRedisServer, type RedisServer } from '../test/redis-server.js';
import type { EventStore } from './event-store.js';
import type { LogMark } from './log-mark.js';
import { openEventStore, type LogOptions } from './open-event-store.js';
import { PartitionOrder } from './partition-order.js';
import { partitionOfRepository } from './partitions.js';
import { RedisEventStore } from './redis-event-store.js';

const PARTITIONS = 3;
/** One repository for each partition. */
const HOMES = Array.from({ length: PARTITIONS }, (_, wanted) => {
  let number = 0;
  while (partitionOfRepository(`r-${number}`, PARTITIONS) !== wanted) number++;
  return `r-${number}` as RepositoryId;
});

describe('a log of several partitions', () => {
  let server: RedisServer;
  let redis: Redis;
  const stores: EventStore[] = [];
  let logs = 0;
  const freshPrefix = () => `log${++logs}:`;
  const open = async (prefix: string, options: Partial<LogOptions> = {}) => {
    const store = await openEventStore({ redis: { path: server.path }, prefix, partitions: PARTITIONS, ...options });
    stores.push(store);
    return store;
  };
  const ownOf = async (prefix: string, partition: number) => {
    const store = await RedisEventStore.open({ redis: { path: server.path }, prefix, partition });
    stores.push(store);
    return store;
  };
  const requested = (repositoryId: RepositoryId, sprint: string): AnyEvent =>
    ({ type: 'sprint.plan-requested', data: { sprintId: sprint, repositoryId, path: '/r', name: 'r' } }) as AnyEvent;
  let sprints = 0;
  /** A sprint of a repository, and a task that is written together with it. */
  const begin = async (store: EventStore, partition: number) => {
    const id = `s-${++sprints}`;
    const [sprint, task] = [`sprint-${id}` as StreamName, `task-t-${id}` as StreamName];
    const first = { stream: sprint, guard: exact(0), events: [requested(HOMES[partition] as RepositoryId, id)] };
    await store.append(append([first]));
    await store.append(append([{ ...write(sprint, exact(1), 'approved') }, write(task, exact(0), 'queued')]));
    return { sprint, task };
  };

  beforeAll(async () => {
    server = await startRedisServer();
    redis = new Redis({ path: server.path });
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    redis.disconnect();
    await server.end();
  });

  it('keeps the number that it was begun with, and names it to whoever comes with another one', async () => {
    const [three, one] = [freshPrefix(), freshPrefix()];
    await open(three);
    await open(one, { partitions: 1 });
    expect(await failureOf(open(three, { partitions: 1 }))).toMatchObject({
      code: 'log.partitions-fixed',
      actor: 'operator',
      message: expect.stringContaining('HYPER_RUN_PARTITIONS=3, not 1'),
    });
    expect(await failureOf(open(one))).toMatchObject({
      message: expect.stringContaining('HYPER_RUN_PARTITIONS=1, not 3'),
    });
    await open(three);
  });

  it('keeps a sprint and its tasks in the partition of their repository, and agents and the rest in the first', async () => {
    const prefix = freshPrefix();
    const store = await open(prefix);
    const begun = await Promise.all(HOMES.map((_, partition) => begin(store, partition)));
    await store.append(append([write('agent-links-1' as StreamName, exact(0), 'here')]));
    for (const [partition, { sprint, task }] of begun.entries()) {
      const catalogue = await redis.smembers(`${prefix}{p${partition}}:catalogue`);
      const rest = partition === 0 ? ['agent-links-1', 'system'] : [];
      expect(catalogue.toSorted()).toEqual([...rest, sprint, task].toSorted());
    }
    const other = await open(prefix);
    const { task } = begun[1] ?? { task: '' as StreamName };
    expect(await other.head(task)).toMatchObject({ version: 1 });
    const both = append([write(task, exact(1), 'a'), write('agent-links-1' as StreamName, exact(1), 'b')]);
    expect(await failureOf(other.append(both))).toMatchObject({ code: 'log.across-partitions' });
    expect(await other.head(task)).toMatchObject({ version: 1 });
  });

  it('tells all events in one order, the same to everybody, live and read back, with places that are dense', async () => {
    const prefix = freshPrefix();
    const [one, two] = [await open(prefix), await open(prefix)];
    const stop = new AbortController();
    const live: string[] = [];
    const following = (async () => {
      for await (const batch of two.subscribe(0 as Position, stop.signal)) {
        live.push(...batch.map(({ json }) => json));
        if (live.length >= 1 + 30 * 3) stop.abort();
      }
    })();
    await Promise.all(Array.from({ length: 30 }, (_, index) => begin(index % 2 === 0 ? one : two, index % PARTITIONS)));
    await following;
    const top = await one.top();
    expect(top).toBe(1 + 30 * 3);
    const read = await (await open(prefix)).readAll(0 as Position, 1000);
    expect(read.map(({ json }) => json)).toEqual(live);
    expect(read.map(({ position }) => position)).toEqual(Array.from({ length: top }, (_, index) => index + 1));
    expect(read.map(({ envelope, event }) => [Number(envelope.position), event.position])).toEqual(
      read.map(({ position }) => [position, position]),
    );
    for (const { json, position } of read)
      expect((JSON.parse(json) as { position: string }).position).toBe(`${position}`);
    const versions = new Map<string, number>();
    for (const { stream, version, position } of read) {
      expect(version).toBe((versions.get(stream) ?? 0) + 1);
      versions.set(stream, version);
      expect((await one.read(stream, version))[0]?.position).toBe(position);
    }
    const rest = await collect(one, 40 as Position, (entries) => entries.length >= top - 40);
    expect(rest.map(({ json }) => json)).toEqual(live.slice(40));
  });

  it('gives its place to an event whose writer ended before it did, whether somebody follows or opens later', async () => {
    const prefix = freshPrefix();
    const store = await open(prefix);
    const { task } = await begin(store, 1);
    const own = await ownOf(prefix, 1);
    const stop = new AbortController();
    const told: StreamName[] = [];
    const following = (async () => {
      for await (const batch of store.subscribe(await store.top(), stop.signal)) {
        told.push(...batch.map(({ stream }) => stream));
        stop.abort();
      }
    })();
    await own.append(append([write(task, exact(1), 'by one that ends')]));
    await following;
    expect(told).toEqual([task]);
    await store.close();
    await own.append(append([write(task, exact(2), 'while nobody is there')]));
    const later = await open(prefix);
    expect((await later.readAll(0 as Position, 100)).at(-1)).toMatchObject({ stream: task, version: 3 });
  });

  it('gives its place to an event that this program does not know', async () => {
    const prefix = freshPrefix();
    const store = await open(prefix);
    const { task } = await begin(store, 1);
    await store.close();
    await (await ownOf(prefix, 1)).append(append([write(task, exact(1), 'to be one of another program')]));
    const log = `${prefix}{p1}:log:${task}`;
    const entries = await redis.xrange(log, '-', '+');
    await redis.del(log);
    for (const [id, fields] of entries)
      await redis.xadd(log, id, ...fields.map((text) => text.replace('action.message-said', 'action.sung')));
    await redis.xtrim(`${prefix}{p1}:feed`, 'MAXLEN', 0);
    const later = await open(prefix);
    expect((await later.readAll(0 as Position, 100)).at(-1)).toMatchObject({ position: 5, stream: task, version: 2 });
    expect(await failureOf(later.read(task))).toMatchObject({ code: 'log.unknown-event' });
  });

  it('says that an event may be there which was written and did not get its place, and places it when asked again', async () => {
    const prefix = freshPrefix();
    const store = await open(prefix);
    const { task } = await begin(store, 1);
    const again = append([write(task, exact(1), 'placed later')]);
    const reach = `${prefix}{p0}:reach`;
    await redis.rename(reach, `${reach}-away`);
    await redis.set(reach, 'no hash');
    expect(await failureOf(store.append(again))).toMatchObject({ code: 'log.outcome-unknown' });
    await redis.rename(`${reach}-away`, reach);
    expect(await store.append(again)).toMatchObject({ position: 5, heads: [{ version: 2 }] });
    expect(await store.read(task)).toHaveLength(2);
  });

  it('reads back at once what was acknowledged, by itself or another, also where nobody follows', async () => {
    const prefix = freshPrefix();
    const [one, two] = [await open(prefix), await open(prefix)];
    for (const [store, top] of [
      [one, 4],
      [two, 7],
    ] as const) {
      const { task } = await begin(store, 2);
      for (const reader of [one, two]) {
        expect(await reader.readAll(0 as Position, 1000)).toHaveLength(top);
        expect((await reader.read(task))[0]?.position).toBe(top);
      }
    }
  });

  it('gives what is acknowledged at the same time its places by few entries of the order', async () => {
    const prefix = freshPrefix();
    const store = await open(prefix);
    const agents = Array.from({ length: 20 }, (_, index) => `agent-a-${index}` as StreamName);
    const appended = await Promise.all(agents.map((agent) => store.append(append([write(agent, exact(0), 'here')]))));
    expect(appended.map(({ position }) => position)).toEqual(agents.map((_, index) => 2 + index));
    expect(await redis.xlen(`${prefix}{p0}:order`)).toBeLessThan(10);
  });

  it('tells nothing before what stands before it, however much comes meanwhile, and then all of it', async () => {
    const prefix = freshPrefix();
    const [store, agent] = [await open(prefix), 'agent-many' as StreamName];
    const { task } = await begin(store, 1);
    const top = await store.top();
    const positions: number[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const batch of store.subscribe(top, stop.signal)) {
        positions.push(...batch.map(({ position }) => position));
        if (positions.length === 1 + 24 * 256) stop.abort();
      }
    })();
    // A place that is given to an event of another partition, which has not come yet.
    await redis.hset(`${prefix}{p0}:reach`, { position: top + 1, p1: 4 });
    await redis.xadd(`${prefix}{p0}:order`, `${top + 1}-0`, 'p', '1', 'n', '1');
    const texts = Array.from({ length: 256 }, () => 'much');
    for (let n = 0; n < 24; n++) await store.append(append([write(agent, exact(n * 256), ...texts)]));
    expect(positions).toEqual([]);
    const late = await store.append(append([write(task, exact(1), 'late')]));
    expect(late.position).toBe(top + 1);
    await following;
    expect(positions).toEqual(positions.map((_, index) => top + 1 + index));
  });

  it('ends for all who follow when the order over all has a gap', async () => {
    const prefix = freshPrefix();
    const store = await open(prefix);
    const following = failureOf(collect(store, await store.top(), () => false));
    await redis.xadd(`${prefix}{p0}:order`, '9-0', 'p', '0', 'n', '1');
    expect(await following).toMatchObject({ code: 'log.corrupt' });
    expect(await failureOf(store.top())).toMatchObject({ code: 'log.corrupt' });
  });

  it('is refused by name when a partition is behind, and goes on at the word of the operator in one order again', async () => {
    const prefix = freshPrefix();
    let known: LogMark | undefined;
    const store = await open(prefix, { onAcknowledged: (mark) => (known = mark) });
    const kept = await begin(store, 2);
    const keys = await redis.keys(`${prefix}{p2}:*`);
    const dumps = await Promise.all(keys.map(async (key) => [key, await redis.dumpBuffer(key)] as const));
    await begin(store, 0);
    await begin(store, 2);
    await store.close();
    await redis.del(await redis.keys(`${prefix}{p2}:*`));
    for (const [key, dump] of dumps) await redis.restore(key, 0, dump);
    const refused = await failureOf(open(prefix, { known }));
    expect(refused).toMatchObject({
      code: 'log.rewound',
      details: { known: { position: 10 }, found: { position: 7 } },
    });
    expect(await failureOf(open(prefix))).toMatchObject({ code: 'log.rewound' });
    const accepted = String(refused.details['accept']);
    const anew = await open(prefix, { known, accepted });
    expect(anew.incarnation).not.toBe(store.incarnation);
    const all = await anew.readAll(0 as Position, 100);
    expect(all.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(all.at(-1)?.event.type).toBe('system.incarnation-started');
    expect(all.map(({ event }) => event.time)).toEqual(all.map(({ event }) => event.time).toSorted((a, b) => a - b));
    expect(await anew.read(kept.sprint)).toHaveLength(2);
    expect((await open(prefix, { known, accepted })).incarnation).toBe(anew.incarnation);
  });

  it('stops by name when Redis comes back and the order over all has fallen behind', async () => {
    const prefix = freshPrefix();
    let heard: (code: string) => void;
    const trouble = new Promise<string>((resolve) => (heard = resolve));
    const store = await open(prefix, {
      onTrouble: (error) => isHyperRunError(error, 'log.rewound') && heard(error.code),
    });
    await begin(store, 1);
    await redis.hset(`${prefix}{p0}:reach`, 'position', 2);
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await trouble).toBe('log.rewound');
    expect(await failureOf(store.top())).toMatchObject({ code: 'log.rewound' });
  });

  it('stops by name when a partition falls behind while it is open', async () => {
    const prefix = freshPrefix();
    const store = await open(prefix);
    const { task } = await begin(store, 1);
    await redis.hset(`${prefix}{p1}:meta`, 'position', 1);
    expect(await failureOf(store.append(append([write(task, exact(1), 'late')])))).toMatchObject({
      code: 'log.rewound',
    });
    expect(await failureOf(store.top())).toMatchObject({ code: 'log.rewound' });
  });
});

describe('the order over partitions', () => {
  it('finds places and positions as a list of all events would', () => {
    const writes = array(tuple(nat(PARTITIONS - 1), integer({ min: 1, max: 4 })), { maxLength: 30 });
    assert(
      property(writes, nat(60), nat(20), (told, after, limit) => {
        const order = new PartitionOrder(PARTITIONS);
        const all: { partition: number; position: number }[] = [];
        for (const [partition, count] of told) {
          for (let index = 0; index < count; index++)
            all.push({ partition, position: all.filter((each) => each.partition === partition).length + 1 });
          order.add(all.length, partition, count);
        }
        for (const [index, { partition, position }] of all.entries()) {
          expect(order.placeOf(partition, position)).toBe(index + 1);
          expect(order.positionAt(partition, index + 1)).toBe(position);
        }
        const listed = order
          .after(after, limit)
          .flatMap(({ partition, position, count }) =>
            Array.from({ length: count }, (_, index) => ({ partition, position: position + index })),
          );
        expect(listed).toEqual(all.slice(after, after + limit));
        expect(order.placeOf(0, all.length + 1)).toBeUndefined();
      }),
    );
  });
});
