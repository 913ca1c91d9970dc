import { Redis } from 'ioredis';
import { fold, task } from '../dist/libs/domain/src/index.js';
import { commandHash, keysOf, newId, RedisEventStore } from '../dist/libs/event-store/src/index.js';
import { payload, said } from './lib/events.mjs';
import { EVENT_STORES, LABELS, startContestants } from './lib/contestants.mjs';
import { fastestOf, interleaved, ratios, row, rowsOf, timed } from './lib/measure.mjs';

export const title =
  'rebuild one task of 10,000 events, cold, against bare XRANGE + JSON.parse, and beside event stores';

const EVENTS = 10_000;
const PAGE = 1000;
const BATCH = 200;
const ROUNDS = 11;
const STREAM = 'task-bench';

const fill = async (path) => {
  const store = await RedisEventStore.open({ redis: { path } });
  const bare = new Redis({ path });
  for (let version = 0; version < EVENTS; version += BATCH) {
    const events = Array.from({ length: BATCH }, (_, n) => said(version + n));
    await store.append({
      commandId: newId(),
      commandHash: commandHash(version),
      actor: 'worker:bench',
      writes: [{ stream: STREAM, guard: { kind: 'exact', version }, events }],
    });
    const pipeline = bare.pipeline();
    for (let n = 1; n <= BATCH; n++) pipeline.xadd('bare', `${version + n}-0`, 'd', payload(version + n));
    await pipeline.exec();
  }
  bare.disconnect();
  await store.close();
};

/** The same events in a stream of a peer; gives its name. */
const fillPeer = async (peer) => {
  const stream = peer.stream();
  for (let version = 0; version < EVENTS; version += BATCH)
    await peer.append(
      stream,
      version,
      Array.from({ length: BATCH }, (_, n) => said(version + n)),
    );
  return stream;
};

/** Page after page, as a client without a store would do it; `parse` is given the values of one entry. */
const readBare = async (redis, key, parse) => {
  const events = [];
  for (let from = '-'; ;) {
    const entries = await redis.xrange(key, from, '+', 'COUNT', PAGE);
    for (const [, fields] of entries) events.push(parse(fields));
    if (entries.length < PAGE) return events;
    from = `(${entries.at(-1)[0]}`;
  }
};

const parseRecord = ([, header, , data]) => [JSON.parse(header), JSON.parse(data)];
const parsePayload = ([, data]) => JSON.parse(data);

const expect = (found) => {
  if (found !== EVENTS) throw new Error(`${EVENTS} events were expected, ${found} were read.`);
};

export const run = async (signal) => {
  const { opened, absent, redis: server, end } = await startContestants('everysec');
  try {
    await fill(server.path);
    const withClient = async (work) => {
      const redis = new Redis({ path: server.path });
      await redis.ping();
      const ms = await timed(() => work(redis));
      redis.disconnect();
      return ms;
    };
    const contestants = {
      ours: async () => {
        const store = await RedisEventStore.open({ redis: { path: server.path } });
        const ms = await timed(async () => {
          const events = await store.read(STREAM);
          expect(events.length);
          fold(task, events);
        });
        await store.close();
        return ms;
      },
      records: () =>
        withClient(async (redis) => expect((await readBare(redis, keysOf('hyper:').log(STREAM), parseRecord)).length)),
      payloads: () => withClient(async (redis) => expect((await readBare(redis, 'bare', parsePayload)).length)),
    };
    const { ours: _, ...peers } = opened;
    for (const [name, peer] of Object.entries(peers)) {
      const stream = await fillPeer(peer);
      contestants[name] = () => timed(async () => expect(await peer.rebuild(stream)));
    }
    const numbers = await interleaved(contestants, { rounds: ROUNDS, warmUp: 2, seconds: 90, signal });
    const { ours, ...labels } = LABELS;
    const fastest = fastestOf(numbers, EVENT_STORES, Math.min);
    return [
      row('bare XRANGE + JSON.parse of a stream of payloads alone, 300 B', 'ms', numbers.payloads),
      row('bare XRANGE + JSON.parse of the records of the log', 'ms', numbers.records),
      row(`${ours}: read, check, upcast, fold`, 'ms', numbers.ours),
      row('  over reading and parsing the same records', '×', ratios(numbers.ours, numbers.records), {
        goal: '≤ 1.20',
        limit: 1.2,
      }),
      row('  over the stream of payloads alone', '×', ratios(numbers.ours, numbers.payloads)),
      ...rowsOf(numbers, absent, labels, 'ms').map((line) => ({ ...line, what: `${line.what}: read, fold` })),
      ...(fastest === undefined
        ? []
        : [
            row(`  the faster event store (${fastest.name}) over ours`, '×', ratios(fastest.values, numbers.ours), {
              goal: '≥ 1.50',
              limit: 1.5,
              atLeast: true,
            }),
          ]),
    ];
  } finally {
    await end();
  }
};
