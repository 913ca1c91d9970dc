import { randomUUID } from 'node:crypto';
import { RedisEventStore } from '../dist/libs/event-store/src/index.js';
import { appendNext } from './lib/append.mjs';
import { inFlight } from './lib/events.mjs';
import { row } from './lib/measure.mjs';
import { startRedis } from './lib/redis.mjs';

export const title = 'Redis memory per event beyond the bytes of the record, feed at steady state';

const FEED = 5000;
const EVENTS = 20_000;
const WRITERS = 64;
const ROUNDS = 5;

const usedMemory = async (redis) => Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))[1]);

/** So many events, each stream with `length` of them; gives the streams. */
const append = async (store, count, length) => {
  const streams = [];
  const heads = [];
  await inFlight(WRITERS, count, async (writer, n) => {
    let head = heads[writer];
    if (head === undefined || head.version === length) {
      head = heads[writer] = { name: `task-${randomUUID()}`, version: 0 };
      streams.push(head.name);
    }
    await appendNext(store, head, n);
  });
  return streams;
};

const recordsOf = async (store, streams) => {
  const records = [];
  for (const stream of streams)
    for await (const { version, header, data } of store.readBytes(stream))
      records.push({ stream, version, header, data });
  return records;
};

/** What an event costs beyond its header and data: in the log, and in bare streams of the same records. */
const measure = async (length) => {
  const server = await startRedis('no');
  try {
    const store = await RedisEventStore.open({ redis: { path: server.path }, feedLength: FEED });
    await append(store, 2 * FEED, length);
    const before = await usedMemory(server.redis);
    const streams = await append(store, EVENTS, length);
    const after = await usedMemory(server.redis);
    const records = await recordsOf(store, streams);
    await store.close();
    const bytes = records.reduce((sum, { header, data }) => sum + header.length + data.length, 0);
    await server.redis.flushall();
    const empty = await usedMemory(server.redis);
    let pipeline = server.redis.pipeline();
    for (const [n, { stream, version, header, data }] of records.entries()) {
      pipeline.xadd(
        length === Infinity ? 'bare' : stream,
        `${length === Infinity ? n + 1 : version}-0`,
        'h',
        header,
        'd',
        data,
      );
      if (pipeline.length < 1000) continue;
      await pipeline.exec();
      pipeline = server.redis.pipeline();
    }
    await pipeline.exec();
    const bare = (await usedMemory(server.redis)) - empty;
    return {
      record: bytes / EVENTS,
      ours: (after - before - bytes) / EVENTS,
      bare: (bare - bytes) / EVENTS,
    };
  } finally {
    await server.end();
  }
};

export const run = async (signal) => {
  const rows = [];
  for (const [length, name, goal] of [
    [1000, 'streams of 1,000 events', { goal: '≤ 120 B', limit: 120 }],
    [100, 'streams of 100 events', { goal: '≤ 120 B', limit: 120 }],
    [10, 'streams of 10 events', {}],
  ]) {
    const found = [];
    for (let round = 0; round < ROUNDS; round++) {
      signal.throwIfAborted();
      found.push(await measure(length));
    }
    if (rows.length === 0)
      rows.push(
        row(
          'bytes of the record (header and data)',
          'B',
          found.map(({ record }) => record),
        ),
      );
    rows.push(
      row(
        `bare XADD of the same records, ${name}`,
        'B',
        found.map(({ bare }) => bare),
      ),
      row(
        `event store, ${name}`,
        'B',
        found.map(({ ours }) => ours),
        goal,
      ),
    );
  }
  return rows;
};
