import { countOf, emit } from './lib/emit.mjs';
import { openListeners } from './lib/listeners.mjs';
import { interleaved, ratios, row } from './lib/measure.mjs';
import { startRedis } from './lib/redis.mjs';
import { startService } from './lib/service.mjs';
import { beginStory } from './lib/story.mjs';
import { residentMiB } from './lib/usage.mjs';

export const title = '100 stalled clients beside 50 live ones, 1,000 events/s of 1.9 kB';

const LIVE = 50;
const STALLED = 100;
const LOAD = { rate: 1000, seconds: 5, bytes: 1900 };
const ROUNDS = 5;

const of = (runs, take) => runs.map(take);

export const run = async (signal) => {
  const redis = await startRedis('everysec');
  try {
    const story = await beginStory(redis.path, 1);
    /** A service of its own for each round: its memory is that of one run. */
    const measure = async (stalled) => {
      const service = await startService(redis.path);
      const where = { url: `${service.url}/events/stream`, token: service.token };
      const live = await openListeners(LIVE, where);
      const others = stalled > 0 ? await openListeners(stalled, { ...where, stalled: true }) : undefined;
      try {
        await live.begin(countOf(LOAD));
        const before = await residentMiB(service.pid);
        const { acknowledged } = await emit(story, LOAD);
        const found = await live.result({ acknowledged });
        if (found.wrong > 0) throw new Error(`${found.wrong} gaps or repeats were seen.`);
        const metrics = await fetch(`${service.url}/metrics`, {
          headers: { authorization: `Bearer ${service.token}` },
        });
        return {
          ...found.acknowledged,
          share: found.share,
          grown: (await residentMiB(service.pid)) - before,
          waiting: pendingOf(await metrics.text()) / 2 ** 20,
        };
      } finally {
        await others?.end();
        await live.end();
        await service.end();
      }
    };
    const { alone, beside } = await interleaved(
      { alone: () => measure(0), beside: () => measure(STALLED) },
      { rounds: ROUNDS, warmUp: 1, signal },
    );
    await story.close();
    return [
      row(
        'live clients alone: p50',
        'ms',
        of(alone, ({ p50 }) => p50),
      ),
      row(
        'live clients alone: p99',
        'ms',
        of(alone, ({ p99 }) => p99),
      ),
      row(
        'beside 100 stalled ones: p50',
        'ms',
        of(beside, ({ p50 }) => p50),
      ),
      row(
        'beside 100 stalled ones: p99',
        'ms',
        of(beside, ({ p99 }) => p99),
      ),
      row(
        '  p99 over p99 alone',
        '×',
        ratios(
          of(beside, ({ p99 }) => p99),
          of(alone, ({ p99 }) => p99),
        ),
        {
          goal: '≤ 1.20',
          limit: 1.2,
        },
      ),
      row(
        '  delivered to the live ones',
        '%',
        of(beside, ({ share }) => share * 100),
        {
          goal: '100 %',
          limit: 100,
          atLeast: true,
        },
      ),
      row(
        'memory of the service grew meanwhile: alone',
        'MiB',
        of(alone, ({ grown }) => grown),
      ),
      row(
        'memory of the service grew meanwhile: beside 100 stalled ones',
        'MiB',
        of(beside, ({ grown }) => grown),
      ),
      row(
        'bytes that wait in it for the stalled ones',
        'MiB',
        of(beside, ({ waiting }) => waiting),
        {
          goal: '< 20',
          limit: 20,
        },
      ),
    ];
  } finally {
    await redis.end();
  }
};

const pendingOf = (metrics) => {
  const [, bytes] = /stream_pending_bytes (\d+)/.exec(metrics) ?? [];
  if (bytes === undefined) throw new Error('The service does not tell how much waits for slow clients.');
  return Number(bytes);
};
