import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { checkRedis, findTool, type RedisCall, type RedisHandle, startRedis } from './index.js';

let directory: string;
let handle: RedisHandle;
let client: Redis;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hr-'));
  handle = await startRedis({ directory, tool: await findTool('redis-server') });
  client = new Redis({ path: handle.socketPath });
});
afterAll(async () => {
  client.disconnect();
  await handle.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  await client.replicaof('NO', 'ONE');
  await client.config('SET', 'appendonly', 'yes', 'appendfsync', 'always', 'maxmemory-policy', 'noeviction');
});

const call: RedisCall = (command, ...args) => client.call(command, ...args);
const codes = async (redis: RedisCall = call) => (await checkRedis(redis)).problems.map(({ code }) => code);

describe('the promise of a Redis', () => {
  it('is kept by ours', async () => {
    const promise = await checkRedis(call);
    expect(promise).toMatchObject({ role: 'master', appendonly: true, appendfsync: 'always', policy: 'noeviction' });
    expect(promise).toMatchObject({ durability: 'always', problems: [], version: expect.stringMatching(/^\d+\./) });
  });

  it('is broken when it may evict', async () => {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect((await checkRedis(call)).problems).toMatchObject([{ code: 'redis.evicting', fatal: true }]);
  });

  it('is broken when nothing is written', async () => {
    await client.config('SET', 'appendonly', 'no');
    const promise = await checkRedis(call);
    expect(promise).toMatchObject({ durability: 'none', problems: [{ code: 'redis.not-persistent', fatal: true }] });
  });

  it('is weak when it is written later', async () => {
    await client.config('SET', 'appendfsync', 'everysec');
    const promise = await checkRedis(call);
    expect(promise).toMatchObject({ durability: 'everysec', problems: [{ code: 'redis.weak-fsync', fatal: false }] });
  });

  it('is broken when it is a replica', async () => {
    await client.replicaof('127.0.0.1', 1);
    expect(await codes()).toEqual(['redis.replica']);
  });

  it('is unknown when it does not tell', async () => {
    const managed: RedisCall = (command, ...args) =>
      command === 'CONFIG' ? Promise.reject(new Error("ERR unknown command 'CONFIG'")) : call(command, ...args);
    const promise = await checkRedis(managed);
    expect(promise).toMatchObject({ appendonly: true, durability: 'unknown', policy: 'noeviction' });
    expect(promise.problems).toMatchObject([{ code: 'redis.unknown-configuration', fatal: false }]);
  });

  it('is read from the replies of either protocol', async () => {
    const old = new Redis({ path: handle.socketPath, protocol: 2 });
    expect(await checkRedis((command, ...args) => old.call(command, ...args))).toEqual(await checkRedis(call));
    old.disconnect();
  });

  it('is not guessed when the connection fails', async () => {
    const closed = new Redis({ path: handle.socketPath, lazyConnect: true, enableOfflineQueue: false });
    await expect(checkRedis((command, ...args) => closed.call(command, ...args))).rejects.toThrow("isn't writeable");
    closed.disconnect();
  });
});
