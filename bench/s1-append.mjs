import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { RedisEventStore } from '../dist/libs/event-store/src/index.js';
import { appendNext } from './lib/append.mjs';
import { inFlight, payload } from './lib/events.mjs';
import { interleaved, ratios, row, timed } from './lib/measure.mjs';
import { serverTime, startRedis } from './lib/redis.mjs';

export const title = 'append with guard, dedupe, feed and channel against bare XADD, 64 in flight, 300 B';

const WRITERS = 64;
const EVENTS = 20_000;
const ROUNDS = 7;

/** Events per second; beside them, what an event costs both processors, which a busy machine distorts less. */
const contestant = (redis, costs, work) => async (round) => {
  const server = await serverTime(redis);
  const client = process.cpuUsage();
  const ms = await timed(() => work(round));
  const { user, system } = process.cpuUsage(client);
  if (round >= 0)
    costs.push({ client: (user + system) / EVENTS, server: ((await serverTime(redis)) - server) / EVENTS });
  return (EVENTS / ms) * 1000;
};

/** 64 streams, one writer each, every append at the exact version that the one before it left. */
const ours = (store) => {
  const streams = Array.from({ length: WRITERS }, () => ({ name: `task-${randomUUID()}`, version: 0 }));
  return () => inFlight(WRITERS, EVENTS, (writer, n) => appendNext(store, streams[writer], n));
};

const bare = (redis) => (round) =>
  inFlight(WRITERS, EVENTS, (_, n) => redis.xadd(`bare-${round}`, '*', 'd', payload(n)));

const measure = async (appendfsync, signal) => {
  const server = await startRedis(appendfsync);
  const raw = new Redis({ path: server.path });
  const store = await RedisEventStore.open({ redis: { path: server.path } });
  try {
    const costs = { raw: [], ours: [] };
    const rates = await interleaved(
      {
        raw: contestant(server.redis, costs.raw, bare(raw)),
        ours: contestant(server.redis, costs.ours, ours(store)),
      },
      { rounds: ROUNDS, warmUp: 1, seconds: 40, signal },
    );
    return { rates, costs };
  } finally {
    await store.close();
    raw.disconnect();
    await server.end();
  }
};

export const run = async (signal) => {
  const rows = [];
  for (const appendfsync of ['everysec', 'always']) {
    const { rates, costs } = await measure(appendfsync, signal);
    const cost = (name, side) => costs[name].map((one) => one[side]);
    rows.push(
      row(`ioredis XADD, appendfsync ${appendfsync}`, 'events/s', rates.raw),
      row(`event store, appendfsync ${appendfsync}`, 'events/s', rates.ours),
      row('  of the raw rate', '×', ratios(rates.ours, rates.raw), { goal: '≥ 0.50', limit: 0.5, atLeast: true }),
      row('  processor time of the client: XADD', 'µs/event', cost('raw', 'client')),
      row('  processor time of the client: event store', 'µs/event', cost('ours', 'client')),
      row('  processor time of Redis: XADD', 'µs/event', cost('raw', 'server')),
      row('  processor time of Redis: event store', 'µs/event', cost('ours', 'server')),
    );
  }
  return rows;
};
