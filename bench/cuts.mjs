import { countOf, emit } from './lib/emit.mjs';
import { row } from './lib/measure.mjs';
import { startRedis } from './lib/redis.mjs';
import { startService } from './lib/service.mjs';
import { beginStory } from './lib/story.mjs';
import { startWorker } from './lib/worker.mjs';

export const title = '3,000 random disconnects of 60 clients at 1,000 events/s';

const CLIENTS = 60;
const LOAD = { rate: 1000, seconds: 15 };
const SEED = 7;

export const run = async () => {
  const redis = await startRedis('everysec');
  const service = await startService(redis.path);
  const readers = await startWorker('cuts-worker.mjs');
  try {
    const story = await beginStory(redis.path, 1);
    const events = countOf(LOAD);
    const where = { url: `${service.url}/events/stream`, token: service.token };
    await readers.ask({ what: 'open', count: CLIENTS, seed: SEED, events, where });
    const { rate } = await emit(story, LOAD);
    const found = await readers.ask({ what: 'result' });
    await story.close();
    return [
      row('events appended', '1/s', [rate]),
      row('disconnects', '', [found.cuts], { goal: '≥ 3,000', limit: 3000, atLeast: true }),
      row('events heard by all clients together', '', [found.heard], {
        goal: (events * CLIENTS).toLocaleString('en-US'),
        limit: events * CLIENTS,
        atLeast: true,
      }),
      row('gaps', '', [found.gaps], { goal: '0', limit: 0 }),
      row('repeats', '', [found.repeats], { goal: '0', limit: 0 }),
    ];
  } finally {
    await readers.end();
    await service.end();
    await redis.end();
  }
};
