import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { Lease } from './lease.js';

const PERIOD_MS = 1500;

describe('the lease of a worker', () => {
  let server: RedisServer;
  let redis: Redis;
  let events: Redis;
  const leases: Lease[] = [];
  const keyOf = (name: string) => `hyper:{p0}:${name}`;
  const signOf = (lease: Lease) => keyOf(`lease:${lease.worker}`);
  const lease = () => {
    const made = new Lease(redis, keyOf, PERIOD_MS);
    leases.push(made);
    return made;
  };
  const free = async (...some: readonly Lease[]) => {
    for (const one of some) {
      await one.release();
      leases.splice(leases.indexOf(one), 1);
    }
  };
  /** Resolves when Redis has told that this happened to the key that many times. */
  const happened = (what: 'set' | 'expired', key: string, times = 1) =>
    new Promise<void>((resolve) => {
      let left = times;
      const hear = (channel: string, name: string) => {
        if (channel !== `__keyevent@0__:${what}` || name !== key) return;
        left -= 1;
        if (left > 0) return;
        events.off('message', hear);
        resolve();
      };
      events.on('message', hear);
    });

  beforeAll(async () => {
    server = await startRedisServer('--notify-keyspace-events', 'E$x');
    redis = new Redis({ path: server.path });
    events = new Redis({ path: server.path });
    await events.subscribe('__keyevent@0__:set', '__keyevent@0__:expired');
  });
  afterEach(async () => {
    await free(...leases);
    await redis.flushall();
  });
  afterAll(async () => {
    redis.disconnect();
    events.disconnect();
    await server.end();
  });

  it('gives workers that begin at the same instant different numbers, the smallest there are', async () => {
    const numbers = await Promise.all([lease(), lease(), lease()].map((one) => one.hold()));
    expect(new Set(numbers)).toEqual(new Set([0, 1, 2]));
  });

  it('gives a worker that holds it twice the same number', async () => {
    const one = lease();
    expect(await Promise.all([one.hold(), one.hold()])).toEqual([0, 0]);
    expect(await lease().hold()).toBe(1);
    await one.release();
  });

  it('is there while it is held, is renewed, and keeps its number that long', async () => {
    const one = lease();
    const number = await one.hold();
    expect(JSON.parse((await redis.get(signOf(one))) ?? '{}')).toMatchObject({ pid: process.pid });
    expect(await redis.pttl(signOf(one))).toBeGreaterThan(0);
    // The first may still be that of the beginning: four renewals take longer than it would have lasted without any.
    await happened('set', signOf(one), 5);
    expect(await redis.pttl(signOf(one))).toBeGreaterThan(0);
    expect(await redis.get(keyOf(`worker-number:${number}`))).toBe(one.worker);
  });

  it('frees its number when the last holder lets go, and not before', async () => {
    const one = lease();
    await Promise.all([one.hold(), one.hold()]);
    await one.release();
    expect(await lease().hold()).toBe(1);
    await free(one);
    expect(await lease().hold()).toBe(0);
  });

  it('leaves its sign of life to expire after the release, and renews it no more', async () => {
    const one = lease();
    await one.hold();
    await free(one);
    expect(await redis.exists(signOf(one))).toBe(1);
    await happened('expired', signOf(one));
    expect(await redis.exists(signOf(one))).toBe(0);
  });

  it('is not held by whom Redis refused it, and ends with the last one who holds it', async () => {
    const one = lease();
    await redis.config('SET', 'min-replicas-to-write', '1');
    await expect(one.hold()).rejects.toThrow('NOREPLICAS');
    await redis.config('SET', 'min-replicas-to-write', '0');
    await one.hold();
    await free(one);
    await happened('expired', signOf(one));
  });

  it('that was suspended for longer than it lasts leaves its number to whoever has it by then, and takes another', async () => {
    const late = lease();
    expect(await late.hold()).toBe(0);
    // What happens to the keys of a process that is not there to renew them, and what another worker then does.
    await redis.set(keyOf('worker-number:0'), 'w-other', 'PX', 60_000);
    await happened('set', signOf(late));
    expect(await late.hold()).toBe(1);
    await free(late, late);
    expect(await redis.get(keyOf('worker-number:0'))).toBe('w-other');
    expect(await redis.exists(keyOf('worker-number:1'))).toBe(0);
  });
});
