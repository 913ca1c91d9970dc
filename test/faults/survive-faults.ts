import { setTimeout as delay } from 'node:timers/promises';
import { RedisEventStore, type RedisEventStoreOptions } from '#event-store';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { NETWORK_FAULTS, startFaultProxy } from './fault-proxy.js';
import { checkHistory } from './history.js';
import { randomOf } from './seed.js';
import { insisted, newMoments, startFollower, Writer } from './writers.js';

export interface Ordeal {
  readonly seed: number;
  /** Ends after so many faults of all kinds. */
  readonly faults: number;
  readonly writers: number;
}

export interface Survived {
  /** What did not hold, in sentences. */
  readonly problems: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  readonly total: number;
  readonly acknowledged: number;
  readonly events: number;
  readonly conflicts: number;
  readonly unknown: number;
}

const PREFIX = 'faults:';
/** Part of the requests that meet with a fault. */
const CHANCE = 0.3;
/** One fault in so many is one of Redis itself: killed and started again, or stopped for a while. */
const OF_THE_NETWORK = 60;
const LONGEST_STOP_MS = 400;
/** Some services are so impatient that they hear of outcomes that nobody knows. */
const PATIENCE_MS = [150, 400, 1000, 2000] as const;

/**
 * Writers on several services write to one log, while everything between them and Redis goes wrong, and Redis is killed and
 * stopped. Then everything is healed, and what stands in the log is held against what each of them was answered; once more
 * after a last kill.
 */
export const surviveFaults = async ({ seed, faults, writers }: Ordeal): Promise<Survived> => {
  const counts: Record<string, number> = Object.fromEntries(NETWORK_FAULTS.map((fault) => [fault, 0]));
  const total = () => Object.values(counts).reduce((sum, count) => sum + count, 0);
  const isOver = () => total() >= faults;
  const count = (fault: string) => (counts[fault] = (counts[fault] ?? 0) + 1);
  const server = await startRedisServer('--appendfsync', 'always', '--maxmemory-policy', 'noeviction');
  const chance = () => (isOver() ? 0 : CHANCE);
  const proxy = await startFaultProxy({ target: server.path, random: randomOf(seed), chance, onFault: count });
  const open = (options: Partial<RedisEventStoreOptions>) =>
    insisted(() => RedisEventStore.open({ redis: { path: server.path }, prefix: PREFIX, ...options }));
  const stores = await Promise.all(
    PATIENCE_MS.map((patience) => open({ redis: { host: '127.0.0.1', port: proxy.port }, patience, feedLength: 1000 })),
  );
  try {
    const followers = stores.map(startFollower);
    const moments = newMoments();
    const all = Array.from({ length: writers }, (_, index) => {
      const store = stores[index % stores.length] as RedisEventStore;
      return new Writer(`w${index}`, store, randomOf(seed + 1 + index), moments);
    });
    const ordeal = tormentRedis(server, randomOf(seed - 1), total, isOver, count);
    await Promise.all([ordeal, ...all.map((writer) => writer.writeUntil(isOver))]);
    const issued = all.flatMap((writer) => writer.issued);
    const plain = await open({});
    const top = await plain.top();
    await Promise.all(followers.map((follower) => follower.reach(top)));
    const history = { issued, followed: followers.map(({ followed }) => followed) };
    const problems = await checkHistory(plain, history);
    await plain.close();
    await server.stop('SIGKILL');
    await server.start();
    const again = await open({});
    problems.push(...(await checkHistory(again, history)));
    await again.close();
    return {
      problems,
      faults: counts,
      total: total(),
      acknowledged: issued.filter(({ answers }) => answers.length > 0).length,
      events: top,
      conflicts: issued.filter(({ refused }) => refused !== undefined).length,
      unknown: all.reduce((sum, writer) => sum + writer.unknown, 0),
    };
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await proxy.close();
    await server.end();
  }
};

/** Every so many faults of the network Redis is killed, or stopped. It runs when this ends. */
const tormentRedis = async (
  server: RedisServer,
  random: () => number,
  total: () => number,
  isOver: () => boolean,
  count: (fault: string) => void,
): Promise<void> => {
  for (let next = OF_THE_NETWORK; !isOver(); next += OF_THE_NETWORK) {
    while (total() < next && !isOver()) await delay(5);
    if (isOver()) return;
    if (random() < 0.5) {
      count('Redis killed');
      await server.stop('SIGKILL');
      await delay(random() * 50);
      await server.start();
    } else {
      count('Redis stopped');
      server.signal('SIGSTOP');
      await delay(random() * LONGEST_STOP_MS);
      server.signal('SIGCONT');
    }
  }
};
