import { setTimeout as delay } from 'node:timers/promises';
import { row } from './lib/measure.mjs';
import { startRedis } from './lib/redis.mjs';
import { startWholeService } from './lib/service.mjs';
import { processorMs } from './lib/usage.mjs';

export const title = 'a service that has nothing to do: processor time, and what it asks of Redis';

const ROUNDS = 3;
const SECONDS = 60;
/** Until what a start leaves to be done is done. */
const REST_SECONDS = 5;

/** Commands since the start of Redis, by name, without those that this bench asks with. */
const commandsOf = async (redis) => {
  const lines = [...(await redis.info('commandstats')).matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)];
  return new Map(lines.map(([, name, calls]) => [name, Number(calls)]).filter(([name]) => !name.startsWith('info')));
};

export const run = async (signal) => {
  const redis = await startRedis('always');
  const service = await startWholeService(redis.path);
  try {
    const shares = [];
    const redisShares = [];
    const commands = [];
    const names = new Map();
    await delay(REST_SECONDS * 1000, undefined, { signal });
    for (let round = 0; round < ROUNDS; round++) {
      const before = [await processorMs(service.pid), await processorMs(redis.pid), await commandsOf(redis.redis)];
      await delay(SECONDS * 1000, undefined, { signal });
      const after = [await processorMs(service.pid), await processorMs(redis.pid), await commandsOf(redis.redis)];
      shares.push((after[0] - before[0]) / (SECONDS * 10));
      redisShares.push((after[1] - before[1]) / (SECONDS * 10));
      let asked = 0;
      for (const [name, calls] of after[2]) {
        const more = calls - (before[2].get(name) ?? 0);
        asked += more;
        if (more > 0) names.set(name, (names.get(name) ?? 0) + more);
      }
      commands.push((asked * 60) / SECONDS);
    }
    const note = [...names].map(([name, calls]) => `${name} ${calls}`).join(', ');
    return [
      row('the service', '% of a core', shares, { goal: '< 0.5 %', limit: 0.5 }),
      row('commands to Redis', '1/minute', commands, { goal: '≤ 3: one blocking read is renewed', limit: 3, note }),
      row('  Redis itself', '% of a core', redisShares),
    ];
  } finally {
    await service.end();
    await redis.end();
  }
};
