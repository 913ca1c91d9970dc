import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isHyperRunError, type Position, type StreamName } from '#contracts';
import {
  openEventStore,
  RedisEventStore,
  type EventStore,
  type FeedEntry,
  type LogMark,
  type LogOptions,
} from '#event-store';
import { append, collect, exact, failureOf, newStream, write } from '../../../libs/event-store/test/appends.js';
import {
  cutOff,
  inSync,
  isReplicaOf,
  killInSync,
  startRedisCluster,
  takeOver,
  until,
  type RedisCluster,
  type RedisNode,
} from '../../../libs/event-store/test/redis-nodes.js';

const KEY = '{p0}';

const nameOf = (stream: StreamName, version: number): string => `${stream} ${version}`;

/** Writes one event after the other to a stream, until it is told to stop. */
const writing = (store: EventStore, stream = newStream()) => {
  const acknowledged: string[] = [];
  const stopping = new AbortController();
  let heard = () => {};
  const done = (async () => {
    for (let version = 0; !stopping.signal.aborted; version++) {
      await store.append(append([write(stream, exact(version), 'said')]));
      acknowledged.push(nameOf(stream, version + 1));
      heard();
    }
  })();
  done.catch(() => heard());
  return {
    acknowledged,
    more: async (count: number) => {
      const enough = acknowledged.length + count;
      while (acknowledged.length < enough) {
        const next = new Promise<void>((resolve) => (heard = resolve));
        await Promise.race([next, done]);
      }
    },
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
};

/** All that the log holds. */
const toldBy = async (store: EventStore): Promise<FeedEntry[]> => {
  const top = await store.top();
  return collect(store, 0 as Position, (entries) => (entries.at(-1)?.position ?? 0) >= top);
};

/** Expects every one of these events to be told once, and the order of all to be dense. */
const expectOnce = (all: readonly FeedEntry[], acknowledged: readonly string[]): void => {
  expect(all.map(({ position }) => position)).toEqual(all.map((_, index) => index + 1));
  const names = all.map(({ stream, version }) => nameOf(stream, version));
  expect(new Set(names).size).toBe(names.length);
  expect(acknowledged.filter((name) => !names.includes(name))).toEqual([]);
};

describe('the log on a Redis Cluster', () => {
  let cluster: RedisCluster;
  const stores: RedisEventStore[] = [];
  const trouble: unknown[] = [];
  const open = async () => {
    const store = await RedisEventStore.open({
      redis: { cluster: cluster.nodes },
      patience: 30_000,
      onTrouble: (error) => trouble.push(error),
    });
    stores.push(store);
    return store;
  };

  beforeAll(async () => {
    cluster = await startRedisCluster(3, true);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await cluster?.end();
  });

  it('goes on by itself while the slot of its partition moves to another master, and tells every event once', async () => {
    const [follower, store] = [await open(), await open()];
    for (let count = 0; count < 200; count++) await store.append(append([write(newStream(), exact(0), 'before')]));
    const live: FeedEntry[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const batch of follower.subscribe(await follower.top(), stop.signal)) live.push(...batch);
    })();
    const writers = [writing(store), writing(store), writing(store)];
    await writers[0]?.more(20);
    const from = await cluster.ownerOf(KEY);
    const to = cluster.masters.find((master) => master !== from) ?? from;
    await cluster.move(KEY, from, to);
    await writers[0]?.more(20);
    await cluster.move(KEY, to, from);
    await writers[0]?.more(20);
    await Promise.all(writers.map((writer) => writer.stop()));
    const all = await toldBy(store);
    expectOnce(
      all,
      writers.flatMap(({ acknowledged }) => acknowledged),
    );
    await until(async () => (live.at(-1)?.position ?? 0) >= (all.at(-1)?.position ?? 0));
    stop.abort();
    await following;
    expect(live.map(({ position }) => position)).toEqual(live.map((_, index) => (live[0]?.position ?? 0) + index));
  }, 120_000);

  it('goes on when a replica that has everything takes over from a master that is killed while it is written to', async () => {
    const store = await open();
    const [master, replica] = await cluster.pairOf(KEY);
    const writer = writing(store);
    await writer.more(20);
    await killInSync(master);
    await takeOver(replica);
    await writer.more(20);
    await writer.stop();
    expectOnce(await toldBy(store), writer.acknowledged);
    await master.start();
    await until(() => isReplicaOf(master, replica));
    await inSync(replica);
    await store.append(append([write(newStream(), exact(0), 'and again')]));
  }, 120_000);

  it('is named as behind when a replica takes over that lacks acknowledged events, before anything is written', async () => {
    const store = await open();
    const known = { incarnation: store.incarnation, position: 0 as Position };
    const [master, replica] = await cluster.pairOf(KEY);
    await store.append(append([write(newStream(), exact(0), 'kept')]));
    await inSync(master);
    await cutOff(replica, master);
    known.position = (await store.append(append([write(newStream(), exact(0), 'lost')]))).position;
    await master.kill();
    await takeOver(replica);
    const late = newStream();
    expect(await failureOf(store.append(append([write(late, exact(0), 'late')])))).toMatchObject({
      code: 'log.rewound',
      actor: 'operator',
      details: { known, found: { incarnation: known.incarnation, position: known.position - 1 } },
    });
    expect(await failureOf(store.top())).toMatchObject({ code: 'log.rewound' });
    expect(trouble).toContainEqual(expect.objectContaining({ code: 'log.rewound' }));
    const options = { redis: { cluster: cluster.nodes } };
    expect(await failureOf(RedisEventStore.open({ ...options, known }))).toMatchObject({ code: 'log.rewound' });
    const fresh = await RedisEventStore.open(options);
    stores.push(fresh);
    expect(await fresh.head(late)).toMatchObject({ version: 0 });
  }, 120_000);
});

describe('a log of four partitions, spread over three masters', () => {
  /** The first two share a master. */
  const PARTITIONS = 4;
  let cluster: RedisCluster;
  let logs = 0;
  const stores: EventStore[] = [];
  const openerOf = () => {
    const prefix = `log-${++logs}:`;
    /** @param otherwise the partition in which new tasks begin */
    return async (otherwise: number, options: Partial<LogOptions> = {}) => {
      const redis = { cluster: cluster.nodes };
      const where = { redis, prefix, partitions: PARTITIONS, otherwise, patience: 30_000 };
      const store = await openEventStore({ ...where, ...options });
      stores.push(store);
      return store;
    };
  };
  const tagOf = (partition: number) => `{p${partition}}`;
  /** The former master follows its successor. */
  const rejoin = async (master: RedisNode, successor: RedisNode): Promise<void> => {
    await master.start();
    await until(() => isReplicaOf(master, successor));
  };

  beforeAll(async () => {
    cluster = await startRedisCluster(3, true);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await cluster?.end();
  });

  it('loses nothing and keeps its one order while one master after the other is killed and its replica takes over', async () => {
    const open = openerOf();
    const own = await Promise.all([0, 1, 2, 3].map((partition) => open(partition)));
    const owners = await Promise.all(own.map((_, partition) => cluster.ownerOf(tagOf(partition))));
    expect(new Set(owners).size).toBe(3);
    const follower = await open(0);
    const live: FeedEntry[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const batch of follower.subscribe(0 as Position, stop.signal)) live.push(...batch);
    })();
    const writers = own.map((store) => writing(store));
    const more = (some: typeof writers, count: number) => Promise.all(some.map((writer) => writer.more(count)));
    await more(writers, 20);
    for (const partition of [2, 0, 3]) {
      const [master, replica] = await cluster.pairOf(tagOf(partition));
      await killInSync(master);
      // All need the first, which keeps the order. Without another one, the rest goes on.
      if (partition !== 0) await more([...writers.slice(0, partition), ...writers.slice(partition + 1)], 5);
      await takeOver(replica);
      await more(writers, 20);
      await rejoin(master, replica);
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    const all = await toldBy(await open(0));
    expectOnce(
      all,
      writers.flatMap(({ acknowledged }) => acknowledged),
    );
    await until(async () => live.length >= all.length);
    stop.abort();
    await following;
    const placesOf = (entries: readonly FeedEntry[]) =>
      entries.map(({ position, stream, version }) => [position, nameOf(stream, version)]);
    expect(placesOf(live)).toEqual(placesOf(all));
  }, 120_000);

  it.each([
    { cut: 2, lost: 2, next: 2 },
    { cut: 2, lost: 2, next: 3 },
    { cut: 0, lost: 0, next: 0 },
    // Only its place is gone: the order is in the first.
    { cut: 0, lost: 2, next: 2 },
    { cut: 0, lost: 2, next: 3 },
  ])(
    'stops by name when what takes over in partition $cut lacks what is known of an event of partition $lost; an append to $next is refused',
    async ({ cut, lost, next }) => {
      const open = openerOf();
      let known: LogMark | undefined;
      let noticed: (error: unknown) => void = () => undefined;
      const notice = new Promise((resolve) => (noticed = resolve));
      const onAcknowledged = (mark: LogMark) => (known = mark);
      const onTrouble = (error: unknown) => isHyperRunError(error, 'log.rewound') && noticed(error);
      const store = await open(lost, { onAcknowledged });
      const other = await open(next, { onTrouble });
      const told: FeedEntry[] = [];
      const following = (async () => {
        for await (const batch of other.subscribe(0 as Position, new AbortController().signal)) told.push(...batch);
      })();
      following.catch(() => undefined);
      const [kept, begun] = [newStream(), newStream()];
      await store.append(append([write(kept, exact(0), 'kept')]));
      await other.append(append([write(begun, exact(0), 'begun')]));
      const [master, replica] = await cluster.pairOf(tagOf(cut));
      await inSync(master);
      await cutOff(replica, master);
      await store.append(append([write(kept, exact(1), 'lost')]));
      await until(async () => told.length === 4);
      await master.kill();
      await takeOver(replica);
      if (next !== cut) await notice;
      const refused = { code: 'log.rewound', actor: 'operator' };
      expect(await failureOf(other.append(append([write(begun, exact(1), 'late')])))).toMatchObject(refused);
      expect(await failureOf(other.top())).toMatchObject(refused);
      expect(await failureOf(following)).toMatchObject(refused);
      await Promise.all([store.close(), other.close()]);

      const named = await failureOf(open(0, { known }));
      expect(named).toMatchObject({ ...refused, details: { known: { position: 4 }, found: { position: 3 } } });
      const anew = await open(0, { known, accepted: String(named.details['accept']) });
      expect(anew.incarnation).not.toBe(known?.incarnation);
      const stays = [nameOf(kept, 1), nameOf(begun, 1), ...(cut === lost ? [] : [nameOf(kept, 2)])];
      const all = await toldBy(anew);
      expectOnce(all, stays);
      expect(all).toHaveLength(stays.length + 2);
      await rejoin(master, replica);
    },
    120_000,
  );
});
