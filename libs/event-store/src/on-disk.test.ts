import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { failureOf } from '../test/appends.js';
import { requireWaiting, shared } from './on-disk.js';

/** Everything that is due happens before. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('waiting for the disk', () => {
  it('is done once for all who ask while another wait is under way, and never by one that began before they asked', async () => {
    const begun: (() => void)[] = [];
    const wait = shared(() => new Promise<void>((resolve) => begun.push(resolve)));
    const first = wait();
    await turn();
    const later = [wait(), wait()];
    expect(begun).toHaveLength(1);
    begun[0]?.();
    await first;
    await turn();
    expect(begun).toHaveLength(2);
    begun[1]?.();
    await Promise.all(later);
  });

  it('that fails fails those who shared it, and nobody after them', async () => {
    let fails = true;
    const wait = shared(() => (fails ? Promise.reject(new Error('No disk.')) : Promise.resolve()));
    await expect(Promise.all([wait(), wait()])).rejects.toThrow('No disk.');
    fails = false;
    await wait();
  });

  it('is refused at the start where Redis has no append-only file, not at every event', async () => {
    const refusing = { call: (_: string, own: number) => (own === 1 ? Promise.reject(new Error('ERR')) : [0, 0]) };
    expect(await failureOf(requireWaiting(refusing as unknown as Redis))).toMatchObject({ code: 'redis.cannot-wait' });
  });
});
