import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { RedisClock } from './redis-clock.port.js';

describe('the clock of Redis', () => {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedisServer();
    redis = new Redis({ path: server.path, maxRetriesPerRequest: 0 });
    redis.on('error', () => undefined);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.end();
  });

  it('agrees with ours, within what is not known, where both are the clock of one machine', async () => {
    const { offsetMs, uncertaintyMs, measuredAt } = await new RedisClock(redis).offset();
    expect(uncertaintyMs).toBeGreaterThanOrEqual(0.5);
    expect(Math.abs(offsetMs)).toBeLessThanOrEqual(uncertaintyMs);
    expect(Math.abs(Date.now() - Date.parse(measuredAt))).toBeLessThan(60_000);
  });

  it('is asked once, however many want to know at the same time', async () => {
    const clock = new RedisClock(redis);
    const [first, second] = await Promise.all([clock.offset(), clock.offset()]);
    expect(second).toBe(first);
    expect([await clock.offset(), clock.known()]).toEqual([first, first]);
  });

  it('is known from before while Redis is away, and unknown where it was never asked', async () => {
    const clock = new RedisClock(redis);
    await clock.onApplicationBootstrap();
    await server.stop('SIGKILL');
    expect(clock.known()).toMatchObject({ offsetMs: expect.any(Number) });
    const stranger = new RedisClock(redis);
    expect(stranger.known()).toBeUndefined();
    await expect(stranger.offset()).rejects.toThrow(/max retries|closed/);
    await server.start();
  });
});
