import type { Redis } from 'ioredis';
import { isHyperRunError, type Position } from '#contracts';
import type { EventStore } from './event-store.js';
import { DEFAULT_PREFIX, keysOf, orderKeysOf, tagOf } from './keys.js';
import { holds, renew, rewound, wordFor, type LogMark } from './log-mark.js';
import { PartitionedEventStore } from './partitioned-event-store.js';
import { partitionsDiffer } from './partitions.js';
import { openRedis } from './redis-client.js';
import { RedisEventStore, type RedisEventStoreOptions } from './redis-event-store.js';
import { ask } from './redis-log.js';
import { RedisOrder } from './redis-order.js';

export interface LogOptions extends Omit<RedisEventStoreOptions, 'partition'> {
  /** Over how many partitions repositories are spread. Kept from the birth of the log. Default 1. */
  readonly partitions?: number;
  /** Where new sprints and tasks lie that name no repository. Default 0. */
  readonly otherwise?: number;
}

const PATIENCE_MS = 10_000;

/** The number that a log was begun with; a log of before there were several has one. */
const FIX = `local n = redis.call('HGET', KEYS[1], 'partitions')
if not n then
  n = redis.call('HEXISTS', KEYS[1], 'incarnation') == 1 and '1' or ARGV[1]
  redis.call('HSET', KEYS[1], 'partitions', n)
end
return n`;

/**
 * Opens the log, or begins it.
 * @throws HyperRunError `log.partitions-fixed` (operator), and what opening a store throws
 */
export const openEventStore = async ({ partitions = 1, ...options }: LogOptions): Promise<EventStore> => {
  const { redis, prefix = DEFAULT_PREFIX, patience = PATIENCE_MS, onTrouble = () => undefined } = options;
  const client = openRedis(redis, tagOf(0), { maxRetriesPerRequest: null, commandTimeout: patience });
  client.on('error', onTrouble);
  try {
    const found = Number(await ask(client.eval(FIX, 1, keysOf(prefix).meta, partitions)));
    if (found !== partitions) throw partitionsDiffer(partitions, found);
    if (partitions === 1) return await RedisEventStore.open(options);
    return await openPartitions(client, { ...options, prefix, patience, onTrouble, partitions });
  } finally {
    client.disconnect();
  }
};

type Wanted = LogOptions & Required<Pick<LogOptions, 'partitions' | 'prefix' | 'patience' | 'onTrouble'>>;

const openPartitions = async (client: Redis, wanted: Wanted): Promise<PartitionedEventStore> => {
  const { partitions, accepted, onAcknowledged, otherwise = 0, ...each } = wanted;
  const { onTrouble } = each;
  let store: PartitionedEventStore | undefined;
  const open = (partition: number) =>
    RedisEventStore.open({
      ...each,
      partition,
      // How far the log has got is known of the whole, and is looked at below.
      known: undefined,
      onTrouble: (error) => (isHyperRunError(error, 'log.rewound') ? store?.lost(partition, error) : onTrouble(error)),
    });
  const stores = await Promise.all(Array.from({ length: partitions }, (_, partition) => open(partition)));
  const closing: (() => unknown)[] = [() => Promise.all(stores.map((store) => store.close()))];
  try {
    const lost = await lossOf(client, wanted, stores);
    if (lost !== undefined) {
      const word = wordFor(lost.known, lost.found);
      if (accepted !== word) throw rewound(lost.known, lost.found);
      const { meta, reach, order } = orderKeysOf(each.prefix);
      await renew(client, [meta, reach, order], lost.found.incarnation, word);
      await stores[0]?.close();
      stores[0] = await open(0);
    }
    const incarnation = stores[0]?.incarnation ?? '';
    const onRewound = (found: LogMark) =>
      store?.fail(found) ?? rewound({ incarnation, position: 0 as Position }, found);
    const order = new RedisOrder({ ...each, partitions, incarnation, onRewound });
    closing.push(() => order.close());
    await giveMissingPlaces(order, stores);
    await order.refresh();
    store = new PartitionedEventStore(stores, order, {
      onTrouble,
      otherwise,
      ...(onAcknowledged === undefined ? {} : { onAcknowledged }),
    });
    return store;
  } catch (error) {
    await Promise.all(closing.map((close) => close()));
    throw error;
  }
};

interface Loss {
  readonly known: LogMark;
  readonly found: LogMark;
}

/** What is known to have been there, by the mark or by the order itself, and is no more, in a partition or in the order. */
const lossOf = async (
  client: Redis,
  { prefix, partitions, known, accepted }: Wanted,
  stores: readonly RedisEventStore[],
): Promise<Loss | undefined> => {
  const { reach, meta } = orderKeysOf(prefix);
  const fields = Array.from({ length: partitions }, (_, partition) => `p${partition}`);
  const [position, ...reached] = (await ask(client.hmget(reach, 'position', ...fields))).map(Number);
  const tops = await Promise.all(stores.map((store) => store.top()));
  const missing = tops.reduce((sum: number, top, partition) => sum + Math.max(0, (reached[partition] ?? 0) - top), 0);
  const [incarnation = '', word] = await ask(client.hmget(meta, 'incarnation', 'accepted'));
  const placed = { incarnation: incarnation ?? '', position: (position ?? 0) as Position };
  const found = { ...placed, position: (placed.position - missing) as Position };
  const isAccepted = accepted !== undefined && accepted === word;
  const told = known === undefined || isAccepted || holds(placed, known) ? placed : known;
  return holds(found, told) ? undefined : { known: told, found };
};

/** Events of a writer that ended before it gave them their places; after a loss, all, by their time. */
const giveMissingPlaces = async (order: RedisOrder, stores: readonly RedisEventStore[]): Promise<void> => {
  const reached = await order.reached();
  const unplaced = stores.map((store, partition) => timesAfter(store, reached[partition] ?? 0));
  const heads = await Promise.all(unplaced.map((times) => times.next()));
  const timeOf = (partition: number): number => {
    const head = heads[partition];
    return head === undefined || head.done === true ? Infinity : head.value.time;
  };
  for (;;) {
    const first = stores.reduce((least, _, partition) => (timeOf(partition) < timeOf(least) ? partition : least), 0);
    if (timeOf(first) === Infinity) return;
    const until = Math.min(...stores.map((_, partition) => (partition === first ? Infinity : timeOf(partition))));
    let last = 0;
    for (let head = heads[first]; head?.done === false && head.value.time <= until; head = heads[first]) {
      last = head.value.position;
      heads[first] = (await unplaced[first]?.next()) ?? head;
    }
    await order.place(first, last);
  }
};

const timesAfter = async function* (store: RedisEventStore, reached: number) {
  const top = await store.top();
  for (let after = reached; after < top;) {
    const page = await store.readAll(after as Position, 1000);
    // As it is stored: an event has its place whether this program knows it or not.
    for (const { position, json } of page)
      yield { position, time: Date.parse((JSON.parse(json) as { readonly time: string }).time) };
    after += page.length;
  }
};
