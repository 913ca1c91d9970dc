import { fanOut } from './lib/fan-out.mjs';
import { interleaved, ratios, row } from './lib/measure.mjs';
import { startRedis } from './lib/redis.mjs';
import { beginStory } from './lib/story.mjs';

export const title = 'acknowledged append → event at each of 100 SSE clients, 100 events/s, everysec';

const CLIENTS = 100;
const LOAD = { rate: 100, seconds: 2, tickMs: 10 };
const ROUNDS = 5;

const since = (runs, start, rank) => runs.map((each) => each[start][rank]);

export const run = async (signal) => {
  const redis = await startRedis('everysec');
  try {
    const story = await beginStory(redis.path, 1);
    const to = (side, clients) => () => fanOut(side, { redis, story, clients, ...LOAD });
    const { ours, nest, better, one } = await interleaved(
      { ours: to('ours', CLIENTS), nest: to('nest', CLIENTS), better: to('better', CLIENTS), one: to('channel', 1) },
      { rounds: ROUNDS, warmUp: 1, signal },
    );
    await story.close();
    const { length } = ours;
    const goals = [
      { goal: '< 2', limit: 2 },
      { goal: '< 5', limit: 5 },
    ];
    const lines = (name, runs, [middle, tail] = []) => [
      row(`${name}: p50 since the acknowledgement`, 'ms', since(runs, 'acknowledged', 'p50'), middle),
      row('  p99', 'ms', since(runs, 'acknowledged', 'p99'), tail),
      row('  p50 since the append was called', 'ms', since(runs, 'sent', 'p50')),
      row('  p99', 'ms', since(runs, 'sent', 'p99')),
      row(
        '  processor time of a delivery',
        'µs',
        runs.map(({ microseconds }) => microseconds),
      ),
    ];
    const late = [ours, nest, better, one].map((runs) => runs.filter(({ share }) => share < 1).length);
    return [
      ...lines('ours', ours, goals),
      ...lines('Nest @Sse', nest),
      ...lines('better-sse', better),
      ...lines('one subscriber of the channel', one),
      row(
        'ours over Nest @Sse: p50 since the append was called',
        '×',
        ratios(since(ours, 'sent', 'p50'), since(nest, 'sent', 'p50')),
      ),
      row('runs in which not all was delivered, of all sides', '', late, { note: `of ${length} runs each` }),
    ];
  } finally {
    await redis.end();
  }
};
