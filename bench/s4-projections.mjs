import { Redis } from 'ioredis';
import { evolveWorld, newWorld } from '../dist/libs/domain/src/index.js';
import { keysOf, RedisEventStore } from '../dist/libs/event-store/src/index.js';
import { Checkpoints } from '../dist/src/world/checkpoints.js';
import { said } from './lib/events.mjs';
import { interleaved, ratios, row, timed } from './lib/measure.mjs';
import { startRedis } from './lib/redis.mjs';
import { startService } from './lib/service.mjs';
import { beginStory } from './lib/story.mjs';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 1_000_000);

export const title = `rebuild all projections from ${EVENTS.toLocaleString('en')} events, against bare XRANGE + JSON.parse`;

/** All go on at the same time, each with ten events an append. */
const TASKS = 50;
const BATCH = 10;
const PAGE = 1000;
const ROUNDS = 5;
const SECONDS = 120;

const fill = async (path, signal) => {
  const story = await beginStory(path, TASKS);
  const each = Math.ceil(EVENTS / TASKS / BATCH);
  await Promise.all(
    Array.from({ length: TASKS }, async (_, index) => {
      for (let batch = 0; batch < each; batch++) {
        signal?.throwIfAborted();
        await story.act(
          index + 1,
          Array.from({ length: BATCH }, (_, n) => said(batch * BATCH + n)),
        );
      }
    }),
  );
  await story.close();
};

/** Every stream of the log, page after page, as a client without a store would do it: how many records there were. */
const readBare = async (redis) => {
  const keys = keysOf('hyper:');
  let records = 0;
  for (const stream of await redis.smembers(keys.catalogue))
    for (let from = '-', more = true; more;) {
      const entries = await redis.xrange(keys.log(stream), from, '+', 'COUNT', PAGE);
      for (const [, [, header, , data]] of entries) {
        JSON.parse(header);
        JSON.parse(data);
      }
      records += entries.length;
      more = entries.length === PAGE;
      from = `(${entries.at(-1)?.[0]}`;
    }
  return records;
};

/** As the service does at its start: the world of today, and those of the past that it keeps. */
const rebuild = async (store) => {
  const world = newWorld();
  const checkpoints = new Checkpoints(10_000, 16);
  const over = new AbortController();
  const top = await store.top();
  for await (const batch of store.subscribe(0, over.signal)) {
    for (const { event } of batch) evolveWorld(world, event);
    checkpoints.keep(world);
    if (world.position >= top) break;
  }
  return world;
};

export const run = async (signal) => {
  const server = await startRedis('everysec');
  try {
    await fill(server.path, signal);
    const records = Number(await server.redis.hget(keysOf('hyper:').meta, 'position'));
    const expect = (found) => {
      if (found !== records) throw new Error(`${records} records were expected, ${found} were read.`);
    };
    const bare = async () => {
      const redis = new Redis({ path: server.path });
      await redis.ping();
      const ms = await timed(async () => expect(await readBare(redis)));
      redis.disconnect();
      return ms;
    };
    const ours = async () => {
      const store = await RedisEventStore.open({ redis: { path: server.path } });
      const ms = await timed(async () => expect((await rebuild(store)).position));
      await store.close();
      return ms;
    };
    const numbers = await interleaved({ bare, ours }, { rounds: ROUNDS, warmUp: 1, seconds: SECONDS, signal });
    const service = [];
    for (let round = 0; round < 3; round++)
      service.push(await timed(async () => (await startService(server.path)).end()));
    return [
      row('bare XRANGE + JSON.parse of the records of all streams', 'ms', numbers.bare),
      row('all projections: read in order, check, fold', 'ms', numbers.ours),
      row('  over reading and parsing', '×', ratios(numbers.ours, numbers.bare), { goal: '≤ 1.30', limit: 1.3 }),
      row(
        '  events',
        '1/s',
        numbers.ours.map((ms) => (records * 1000) / ms),
      ),
      row('start of a service on this log until it is ready, and its end', 'ms', service),
    ];
  } finally {
    await server.end();
  }
};
