import { openEventStore, partitionOfRepository } from '../dist/libs/event-store/src/index.js';
import { appendNext } from './lib/append.mjs';
import { inFlight } from './lib/events.mjs';
import { interleaved, ratios, row, timed } from './lib/measure.mjs';
import { serverTime } from './lib/redis.mjs';
import { startMasters } from './lib/redis-masters.mjs';

export const title = 'append over partitions, each on a Redis of its own, 64 writers in one process, 300 B';

const WRITERS = 64;
const EVENTS = 10_000;
const ROUNDS = 5;
const PARTITIONS = 3;

/** Streams of so many repositories, spread over the partitions as evenly as their number allows. */
const streamsOver = (partitions) => {
  const streams = [];
  for (let number = 0; streams.length < WRITERS; number++) {
    const wanted = streams.length % partitions;
    if (partitionOfRepository(`bench-${number}`, partitions) === wanted)
      streams.push({ name: `repository-bench-${number}`, version: 0 });
  }
  return streams;
};

/** Events per second; beside them, what an event costs the client, and the Redis that has most to do. */
const contestant = (store, partitions, masters, costs) => {
  const streams = streamsOver(partitions);
  return async (round) => {
    const before = await Promise.all(masters.map(({ redis }) => serverTime(redis)));
    const client = process.cpuUsage();
    const ms = await timed(() => inFlight(WRITERS, EVENTS, (writer, n) => appendNext(store, streams[writer], n)));
    const { user, system } = process.cpuUsage(client);
    const after = await Promise.all(masters.map(({ redis }) => serverTime(redis)));
    const busiest = Math.max(...after.map((time, index) => time - before[index]));
    if (round >= 0) costs.push({ client: (user + system) / EVENTS, busiest: busiest / EVENTS });
    return (EVENTS / ms) * 1000;
  };
};

const measure = async (appendfsync, signal) => {
  const keys = Array.from({ length: PARTITIONS }, (_, partition) => `{p${partition}}`);
  const { masters, end } = await startMasters(appendfsync, keys);
  const cluster = masters.map(({ host, port }) => ({ host, port }));
  const stores = [];
  try {
    const open = async (partitions) => {
      const store = await openEventStore({ redis: { cluster }, prefix: `over-${partitions}:`, partitions });
      stores.push(store);
      return store;
    };
    const costs = { one: [], several: [] };
    const rates = await interleaved(
      {
        one: contestant(await open(1), 1, masters, costs.one),
        several: contestant(await open(PARTITIONS), PARTITIONS, masters, costs.several),
      },
      { rounds: ROUNDS, warmUp: 1, seconds: 40, signal },
    );
    return { rates, costs };
  } finally {
    await Promise.allSettled(stores.map((store) => store.close()));
    await end();
  }
};

export const run = async (signal) => {
  const rows = [];
  for (const appendfsync of ['everysec', 'always']) {
    const { rates, costs } = await measure(appendfsync, signal);
    const cost = (name, side) => costs[name].map((one) => one[side]);
    rows.push(
      row(`one partition, appendfsync ${appendfsync}`, 'events/s', rates.one),
      row(`three partitions on three Redis, appendfsync ${appendfsync}`, 'events/s', rates.several),
      row('  over one partition', '×', ratios(rates.several, rates.one)),
      row('  processor time of the client: one partition', 'µs/event', cost('one', 'client')),
      row('  processor time of the client: three partitions', 'µs/event', cost('several', 'client')),
      row('  processor time of the busiest Redis: one partition', 'µs/event', cost('one', 'busiest')),
      row('  processor time of the busiest Redis: three partitions', 'µs/event', cost('several', 'busiest')),
    );
  }
  return rows;
};
