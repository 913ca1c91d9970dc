import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Position, StreamName } from '#contracts';
import { RedisEventStore, type FeedEntry } from '#event-store';
import { append, collect, exact, failureOf, newStream, write } from '../../../libs/event-store/test/appends.js';
import {
  cutOff,
  inSync,
  isReplicaOf,
  startRedisCluster,
  until,
  type RedisCluster,
  type RedisNode,
} from '../../../libs/event-store/test/redis-nodes.js';

const KEY = '{p0}';

/** Writes one event after the other, each to a stream of its own, until it is told to stop. */
const writing = (store: RedisEventStore) => {
  const acknowledged: StreamName[] = [];
  const stopping = new AbortController();
  let heard = () => {};
  const done = (async () => {
    while (!stopping.signal.aborted) {
      const stream = newStream();
      await store.append(append([write(stream, exact(0), 'said')]));
      acknowledged.push(stream);
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
  const told = async (store: RedisEventStore): Promise<FeedEntry[]> => {
    const top = await store.top();
    return collect(store, 0 as Position, (entries) => (entries.at(-1)?.position ?? 0) >= top);
  };
  const pairOf = async (): Promise<readonly [master: RedisNode, replica: RedisNode]> => {
    const master = await cluster.ownerOf(KEY);
    for (const node of cluster.nodes) if (await isReplicaOf(node, master)) return [master, node];
    throw new Error('The owner has no replica.');
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
    const all = await told(store);
    expect(all.map(({ position }) => position)).toEqual(all.map((_, index) => index + 1));
    const streams = all.map(({ stream }) => stream);
    const acknowledged = writers.flatMap((writer) => writer.acknowledged);
    expect(streams.filter((stream) => acknowledged.includes(stream)).toSorted()).toEqual(acknowledged.toSorted());
    await until(async () => (live.at(-1)?.position ?? 0) >= (all.at(-1)?.position ?? 0));
    stop.abort();
    await following;
    expect(live.map(({ position }) => position)).toEqual(live.map((_, index) => (live[0]?.position ?? 0) + index));
  }, 120_000);

  it('goes on when a replica that has everything takes over from a master that was killed', async () => {
    const store = await open();
    const [master, replica] = await pairOf();
    const writer = writing(store);
    await writer.more(20);
    await writer.stop();
    await inSync(master);
    await master.kill();
    const after = writing(store);
    await replica.client.call('CLUSTER', 'FAILOVER', 'TAKEOVER');
    await after.more(20);
    await after.stop();
    const streams = (await told(store)).map(({ stream }) => stream);
    for (const stream of [...writer.acknowledged, ...after.acknowledged])
      expect(streams.filter((one) => one === stream)).toHaveLength(1);
    await master.start();
    await until(() => isReplicaOf(master, replica));
    await inSync(replica);
    await store.append(append([write(newStream(), exact(0), 'and again')]));
  }, 120_000);

  it('is named as behind when a replica takes over that lacks acknowledged events, before anything is written', async () => {
    const store = await open();
    const known = { incarnation: store.incarnation, position: 0 as Position };
    const [master, replica] = await pairOf();
    await store.append(append([write(newStream(), exact(0), 'kept')]));
    await inSync(master);
    await cutOff(replica, master);
    known.position = (await store.append(append([write(newStream(), exact(0), 'lost')]))).position;
    await master.kill();
    await replica.client.call('CLUSTER', 'FAILOVER', 'TAKEOVER');
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
